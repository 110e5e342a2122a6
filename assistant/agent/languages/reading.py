"""What a message says in English: a short answer as the plain English phrase, everything else as English search words from the glossary.

The reading is for searching and for the local patterns, which are written in English. It is no translation and is never shown to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from assistant.agent.languages.known import DEFAULT, LANGUAGES
from assistant.agent.languages.recognise import language_of
from assistant.agent.languages.words import Words, flat, forms, words_in, words_of
from assistant.agent.steps.facts import KNOWN

SAID = {
    "yes": "yes",
    "no": "no",
    "thanks": "thank you",
    "greeting": "hello",
    "solved": "it works now",
    "not_solved": "it did not work",
    "person": "I want to talk to a person",
    "file": "please open a ticket",
    "status": "what is the status of my ticket?",
}
SIGN_WORDS = 12
"""A longer message tells a story; a phrase in it is no request of its own."""
COMPOUNDING = frozenset({"de", "nl", "sv"})
SHORTEST_PART = 3
_PIECE = re.compile(r"[^\W_]+(?:[-.:@/][^\W_]+)*")
_MARKS = re.compile("[\u0640\u064b-\u0652\u0670]")
"""Arabic vowel signs and the line that only widens a word."""
_NAMES = frozenset(word for name in KNOWN for word in words_in(name))


@dataclass(frozen=True, slots=True)
class Reading:
    """A message in English.

    ``said`` is the phrase that a short answer stands for, "" where it is none; ``understood`` is the share (0 to 1) of the words with a
    content that the glossary knows or that are names.
    """

    english: str
    said: str = ""
    understood: float = 1.0


@lru_cache(4_096)
def read(text: str, language: str) -> Reading:
    """Read a text of one of the ten languages; an English one comes back as it is."""
    if language == DEFAULT or language not in LANGUAGES:
        return Reading(text, _said_elsewhere(text))
    words = words_of(language)
    said = _said(text, words)
    english, understood = _glossed(text, words)
    return Reading(english, SAID.get(said, ""), understood)


def in_full(texts: Sequence[str], heard: str) -> Reading:
    """Read several texts of one person together, each in its own language; ``heard`` is the one where that is not sure.

    What was understood is the least share of any of them.
    """
    read_each = [read(text, language_of(text, heard)) for text in texts if text.strip()]
    return Reading(". ".join(one.english for one in read_each), "", min((one.understood for one in read_each), default=1.0))


def in_english(text: str, heard: str) -> str:
    """Return the English search words of a text whose language is the one that it reads like, else ``heard``."""
    return read(text, language_of(text, heard)).english


def _said_elsewhere(text: str) -> str:
    """Return what a one-word answer in another language stands for in an English conversation: "oui", "danke"."""
    if len(text.split()) > 1:
        return ""
    found = {_said(text, words_of(language)) for language in LANGUAGES if language != DEFAULT} - {""}
    return SAID[found.pop()] if len(found) == 1 else ""


def _said(text: str, words: Words) -> str:
    """Return which sign a message is; "" for none. A success is one only if nothing else is said: closing wrongly is the worse mistake."""
    plain = " ".join(flat(text, words.language))
    if not plain:
        return ""
    if plain in words.fillers and plain in _flat_ok(words):
        return "yes"
    for kinds, courtesies in _WHOLE:
        if _whole(words, (*kinds, *courtesies)).fullmatch(plain):
            found = next((kind for kind in kinds if _anywhere(words, kind).search(plain)), "")
            if found:
                return found
    return _request(plain, words)


_WHOLE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("not_solved", "no"), ("thanks", "fillers")),
    (("solved", "yes", "thanks"), ("fillers",)),
    (("greeting",), ("fillers",)),
)
"""Kinds of answers that make up a whole message together, the weightier first, and the courtesies around them."""


def _flat_ok(words: Words) -> frozenset[str]:
    return frozenset(" ".join(flat(word, words.language)) for word in ("ok", "okay", "okej", "oke", "d'accord", "vale", "va bene", "حسنا", "تمام"))


def _request(plain: str, words: Words) -> str:
    if len(plain.split()) > SIGN_WORDS:
        return ""
    return next((kind for kind in ("person", "file", "status") if _anywhere(words, kind).search(plain)), "")


@cache
def _whole(words: Words, kinds: tuple[str, ...]) -> re.Pattern[str]:
    phrases = [phrase for kind in kinds for phrase in _phrases(words, kind)]
    either = "|".join(_escaped(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(rf"(?:(?:{either})(?: |$))+")


@cache
def _anywhere(words: Words, kind: str) -> re.Pattern[str]:
    either = "|".join(_escaped(phrase) for phrase in _phrases(words, kind)) or r"(?!)"
    return re.compile(rf"(?<!\S)(?:{either})(?!\S)")


def _phrases(words: Words, kind: str) -> tuple[str, ...]:
    return words.fillers if kind == "fillers" else words.signs[kind]


def _escaped(phrase: str) -> str:
    return re.escape(phrase).replace(r"\ \.\.\ ", r"(?: \S+){0,3} ").replace(r" \.\. ", r"(?: \S+){0,3} ")


# -- search words -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a message: its folded forms, the piece that it stands in as it is written, and whether that reads like a name."""

    forms: tuple[str, ...]
    piece: str
    is_name: bool


def _glossed(text: str, words: Words) -> tuple[str, float]:
    found = list(_words(text, words))
    functions = _functions(words)
    english: list[str] = []
    known = unknown = position = 0
    while position < len(found):
        term, word = words.glossary.at([one.forms for one in found], position), found[position]
        if term.taken:
            english += (_parts(word, words) if term.rest > SHORTEST_PART else []) or [term.english]
            known += 1
            position += term.taken
            continue
        position += 1
        if word.is_name:
            if not english or english[-1] != word.piece:
                english.append(word.piece)
            known += 1
        elif not functions.intersection(word.forms):
            parts = _parts(word, words)
            english += parts or ([word.piece] if _capital(word, words.language) else [])
            known, unknown = known + bool(parts), unknown + (not parts)
    return " ".join(english), known / (known + unknown) if known + unknown else 0.0


def _words(text: str, words: Words) -> Iterator[_Word]:
    shouted = text.isupper()
    for number, match in enumerate(_PIECE.finditer(_MARKS.sub("", text))):
        piece = match.group()
        inner = words_in(piece)
        for word in inner:
            yield _Word(forms(word, words.language), piece, _is_name(piece, word, first=number == 0, shouted=shouted, language=words.language))


def _is_name(piece: str, word: str, *, first: bool, shouted: bool, language: str) -> bool:
    """Say whether a word is a product, a code or another name. German nouns all have a capital, so there it says nothing."""
    digits = sum(letter.isdigit() for letter in piece)
    if digits >= SHORTEST_PART or (digits and not piece.isdigit()) or re.search("[a-z][A-Z]", piece) or word in _NAMES:
        return True
    if shouted or piece.isdigit():
        return False
    if language == "ar":
        return piece.isascii()
    return (piece.isupper() and len(piece) > 1) or (piece[0].isupper() and not first and language != "de")


def _capital(word: _Word, language: str) -> bool:
    return language == "de" and word.piece[0].isupper()


def _parts(word: _Word, words: Words) -> list[str]:
    """Return the English of the parts of a compound, [] where it has none: ``Druckerproblem``."""
    if words.language not in COMPOUNDING:
        return []
    for form in word.forms:
        for cut in range(len(form) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            left, right = _left_part(form[:cut], words), words.glossary.single(form[cut:])
            if left and right:
                return [left, right]
    return []


def _left_part(text: str, words: Words) -> str:
    """Return the English of the first part of a compound, which may end in a letter that only joins."""
    candidates: Sequence[str] = (text, *(text[: -len(end)] for end in ("s", "n", "en", "es", "e") if text.endswith(end)))
    return next((found for part in candidates if len(part) >= SHORTEST_PART and (found := words.glossary.single(part))), "")


@cache
def _functions(words: Words) -> frozenset[str]:
    return frozenset(form for word in words.function for piece in words_in(word) for form in forms(piece, words.language))
