"""Which of the ten languages a message is in, without a model or a download.

Every word gives evidence by its letters in threes, as they are frequent in the project's own sentences and glossaries of each language, and
more if it is one of a language's own small words. Names of products and codes say nothing. Who is not sure keeps the language from before.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from assistant.agent.languages.known import DEFAULT, LANGUAGES
from assistant.agent.languages.words import Wish, Words, words_in, words_of
from assistant.agent.steps.facts import KNOWN

SENTENCES = Path(__file__).parent.parent / "wording" / "sentences"
EXAMPLES = Path(__file__).parent.parent / "understand.toml"
VERB_WITHIN = 4
"""Words between the name of a language and the verb that asks for it."""
READ = 400
"""Characters from the beginning that are looked at."""
SMOOTHING, KINDS_OF_THREES = 0.4, 12_000
TEMPER = 0.55
"""Letters in threes overlap, so that their evidence counts for about half."""
OWN_WORD, SEEN_WORD = 1.8, 1.0
"""What one of a language's small words is worth beyond its letters, and another word of the project's own texts in it."""
BEFORE, PRESUMED = 2.0, 0.7
"""How much the language from before is preferred, in nats (about seven to one), and one that was only presumed."""
SURE = 0.8
_ARABIC = re.compile(r"[\u0620-\u064a]")
_LETTER = re.compile(r"[^\W\d_]")
_TECHNICAL = re.compile(r"\S*(?:\d|@|://|\\|_|\.\w)\S*|\b\w*[a-z][A-Z]\w*\b")
_NAMES = re.compile(r"\b(?:" + "|".join(re.escape(name) for name in sorted(KNOWN, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_TECHNICAL_WORDS = frozenset({"question", "words"})
"""Parts of the examples whose words ("password", "update failed") people write in every language."""
_EVERYWHERE = frozenset(
    (
        *("vpn", "wifi", "wi-fi", "wlan", "laptop", "email", "e-mail", "mail", "app", "apps", "login", "online", "offline", "internet", "server"),
        *("software", "pdf", "usb", "pc", "sim", "mfa", "2fa", "it", "ok", "okay", "windows", "macos", "mac", "iphone", "ipad", "android", "linux"),
        *("ubuntu", "update", "badge", "team", "teams", "router", "link", "browser", "approve", "ticket", "tickets", "error"),
    )
)
"""Words that people of all ten languages write."""


@dataclass(frozen=True)
class _Profile:
    """How often letters in threes stand in a language's texts, as logarithms; ``rare`` is for those that never do."""

    log: Mapping[str, float]
    rare: float
    seen: frozenset[str]


def language_of(text: str, otherwise: str = "") -> str:
    """Return the code of the language that a text is written in, ``otherwise`` where that is not sure; "" presumes English."""
    return _recognised(text[:READ], otherwise if otherwise in LANGUAGES else "")


@lru_cache(4_096)
def _recognised(text: str, before: str) -> str:
    letters, arabic = len(_LETTER.findall(text)), len(_ARABIC.findall(text))
    if arabic >= 2 and arabic * 4 >= letters:
        return "ar"
    evidence = list(_evidence(text))
    if not evidence:
        return before or DEFAULT
    scores = {language: sum(_weight(word, language) for word in evidence) for language in LANGUAGES if language != "ar"}
    expected = before or DEFAULT
    if expected in scores:
        scores[expected] += BEFORE if before else PRESUMED
    best = max(scores, key=lambda language: scores[language])
    mass = sum(math.exp(score - scores[best]) for score in scores.values())
    return best if 1 / mass >= SURE and _has_own_word(evidence, best, expected) else expected


def _has_own_word(evidence: list[str], language: str, expected: str) -> bool:
    """Say whether a word of the language is none of the expected one: letters alone change no language."""
    return language == expected or expected == "ar" or any(_seen(word, language) and not _seen(word, expected) for word in evidence)


def _seen(word: str, language: str) -> bool:
    words = words_of(language)
    return word in words.function or word in _profile(language).seen or any(words.glossary.single(piece) for piece in words_in(word))


def _evidence(text: str) -> Iterator[str]:
    """Return the words that may tell a language, as they are written, in small letters."""
    plain = _NAMES.sub(" ", _TECHNICAL.sub(" ", text.replace("’", "'")))
    return (word for word in re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*'?", plain.lower()) if word not in _EVERYWHERE)


def _weight(word: str, language: str) -> float:
    profile, words = _profile(language), words_of(language)
    score = TEMPER * sum(profile.log.get(three, profile.rare) for three in _threes(word))
    return score + (OWN_WORD if word in words.function else SEEN_WORD if word in profile.seen else 0.0)


def _threes(word: str) -> Iterator[str]:
    padded = f" {word} "
    return (padded[i : i + 3] for i in range(len(padded) - 2))


@cache
def _profile(language: str) -> _Profile:
    counts: Counter[str] = Counter()
    texts = list(_texts(language))
    for word in texts:
        counts.update(_threes(word))
    total = sum(counts.values()) + SMOOTHING * KINDS_OF_THREES
    logarithms = {three: math.log((n + SMOOTHING) / total) for three, n in counts.items()}
    return _Profile(logarithms, math.log(SMOOTHING / total), frozenset(texts))


def _texts(language: str) -> Iterator[str]:
    words = words_of(language)
    yield from words.function
    for text in _strings(_toml(SENTENCES / f"{language}.toml")):
        yield from _evidence(re.sub(r"\{\w+\}", " ", text))
    yield from _vocabulary(words)


def _vocabulary(words: Words) -> Iterator[str]:
    """Return the words of the glossary as they are written; for English its other side, and the examples of what people write."""
    from_file = _toml(Path(__file__).parent / "words" / f"{words.language}.toml")
    if words.language != DEFAULT:
        for listed in (*from_file["glossary"].values(), *from_file["signs"].values()):
            yield from _evidence(listed.replace("*", " "))
        return
    for english in _toml(Path(__file__).parent / "words" / "de.toml")["glossary"]:
        yield from _evidence(english)
    for text in _strings([texts for intent, texts in _toml(EXAMPLES).items() if intent not in _TECHNICAL_WORDS]):
        yield from _evidence(text)


def _strings(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for value in found.values() if isinstance(found, dict) else found:
            yield from _strings(value)


@cache
def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def wished(text: str) -> tuple[str, bool]:
    """Return the language in which somebody asks to be answered, and whether they say nothing else; "" and False where they do not ask.

    "Please answer in English" and "auf Deutsch bitte" ask; "my Outlook is in French" does not.
    """
    words = words_in(text[:READ])
    for position, word in enumerate(words):
        for code, wish in _named().get(word, ()):
            led = position > 0 and words[position - 1] in wish.before
            others = [other for other in (*words[:position], *words[position + 1 :]) if other not in wish.fillers and other not in wish.before]
            if all(other in wish.verbs for other in others):
                return code, True
            around = (*words[max(0, position - VERB_WITHIN) : position], *words[position + 1 : position + VERB_WITHIN])
            if (led or not wish.before) and any(other in wish.verbs for other in around):
                return code, False
    return "", False


@cache
def _named() -> dict[str, list[tuple[str, Wish]]]:
    """Return the names of the ten languages in the ten languages, each with how one asks for it there."""
    found: dict[str, list[tuple[str, Wish]]] = {}
    for language in LANGUAGES:
        wish = words_of(language).wish
        for code, names in wish.names.items():
            for name in names:
                found.setdefault(name, []).append((code, wish))
    return found
