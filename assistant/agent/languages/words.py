"""The words of a language: what it is recognised by, what short answers mean in it, and its glossary to English. One file each."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
SIGNS = ("yes", "no", "thanks", "greeting", "solved", "not_solved", "person", "file", "status")
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "œ": "oe", "æ": "ae", "ى": "ي", "ة": "ه", "ـ": None})
_ARABIC_ARTICLE = re.compile(r"^[وف]?(?:بال|كال|لل|ال)(?=..)")
_ARABIC_LETTER = re.compile(r"^[وفبلكس](?=...)")
Term = tuple[tuple[str, bool], ...]
"""The words of a term, each with whether it stands for every word that begins so."""


def fold(text: str) -> str:
    """Return a text in small letters without accents, vowel signs and the other ways to write one letter."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_PLAIN)


def words_in(text: str) -> list[str]:
    """Return the folded words of a text."""
    return re.findall(r"[^\W_]+", fold(text))


def forms(word: str, language: str) -> tuple[str, ...]:
    """Return a folded word with the other forms under which it may stand in the files: without the Arabic article, with umlauts written out."""
    if language == "ar":
        bare = _ARABIC_ARTICLE.sub("", word)
        return tuple(dict.fromkeys((bare, _ARABIC_LETTER.sub("", bare))))
    if language == "de" and re.search("[aou]e", word):
        return (word, re.sub("([aou])e", r"\1", word))
    return (word,)


@dataclass(frozen=True, slots=True)
class Found:
    """A term's English, how many words of the text it takes, and how many letters of a single word stand after it."""

    english: str
    taken: int
    rest: int


NONE = Found("", 0, 0)


@dataclass(frozen=True)
class Glossary:
    """Terms of a language with their English search words. A term of several words goes before a shorter one."""

    language: str
    terms: Mapping[str, tuple[tuple[Term, str], ...]] = field(repr=False)
    """By the first letters of their first word, longest first."""

    KEY = 2

    @classmethod
    def of(cls, language: str, entries: Mapping[str, str]) -> Glossary:
        """Build from the file's table: English to a list of terms, separated by commas; ``*`` ends a word that stands for all that begin so."""
        found: dict[str, list[tuple[Term, str]]] = {}
        for english, listed in entries.items():
            for term in listed.split(","):
                made = _term(term, language)
                if made:
                    found.setdefault(made[0][0][: cls.KEY], []).append((made, english))
        return cls(language, {key: tuple(sorted(terms, key=_weight, reverse=True)) for key, terms in found.items()})

    def at(self, words: list[tuple[str, ...]], start: int) -> Found:
        """Return the term that begins at a word, ``NONE`` where none does."""
        for form in words[start]:
            for term, english in self.terms.get(form[: self.KEY], ()):
                if len(term) <= len(words) - start and all(_is(part, words[start + i]) for i, part in enumerate(term)):
                    return Found(english, len(term), len(form) - len(term[0][0]) if len(term) == 1 else 0)
        return NONE

    def single(self, word: str) -> str:
        """Return the English of one folded word, "" where it is none of the glossary's."""
        return next((english for term, english in self.terms.get(word[: self.KEY], ()) if len(term) == 1 and _is(term[0], (word,))), "")


def _term(text: str, language: str) -> Term:
    pieces = re.findall(r"[^\W_]+\*?", fold(text))
    return tuple((forms(piece.rstrip("*"), language)[0], piece.endswith("*")) for piece in pieces)


def _weight(entry: tuple[Term, str]) -> tuple[int, int, bool]:
    term = entry[0]
    return len(term), sum(len(word) for word, _ in term), not any(open_ended for _, open_ended in term)


def _is(part: tuple[str, bool], word: Iterable[str]) -> bool:
    text, open_ended = part
    return any(form.startswith(text) if open_ended else form == text for form in word)


@dataclass(frozen=True)
class Wish:
    """How people ask for an answer in another language."""

    before: frozenset[str]
    verbs: frozenset[str]
    names: Mapping[str, tuple[str, ...]]
    fillers: frozenset[str]


@dataclass(frozen=True, eq=False)
class Words:
    """Everything of a language's file. ``function`` holds words as they are written, everything else is folded."""

    language: str
    function: frozenset[str]
    glossary: Glossary
    signs: Mapping[str, tuple[str, ...]]
    fillers: tuple[str, ...]
    wish: Wish


@cache
def words_of(language: str) -> Words:
    """Return the words of one of the ten languages."""
    file = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    signs, wish = file.get("signs", {}), file["wish"]
    return Words(
        language,
        frozenset(file["function"].lower().split()),
        Glossary.of(language, file.get("glossary", {})),
        {name: _phrases(signs[name], language) for name in SIGNS if name in signs},
        _phrases(signs.get("fillers", ""), language),
        Wish(
            frozenset(piece for word in wish["before"] for piece in words_in(word)),
            frozenset(piece for word in wish["verbs"] for piece in words_in(word)),
            {code: tuple(words_in(names)) for code, names in wish["names"].items()},
            frozenset(piece for word in wish["fillers"] for piece in words_in(word)),
        ),
    )


def _phrases(listed: str, language: str) -> tuple[str, ...]:
    """Return phrases in the form of the search, longest first; ``..`` stays and stands for up to three words."""
    made = {" ".join(part if part == ".." else " ".join(flat(part, language)) for part in phrase.split()) for phrase in listed.split(",")}
    return tuple(sorted((phrase for phrase in made if phrase), key=len, reverse=True))


def flat(text: str, language: str) -> list[str]:
    """Return the words of a text in the one form in which phrases are compared."""
    return [forms(word, language)[0] for word in words_in(text)]
