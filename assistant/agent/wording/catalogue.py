"""The catalogue of everything that the assistant says: one file per language, plural forms and moments, and the language of this moment.

What is stored stays English: plans, results, reasons. ``known`` finds such a sentence in the English file and returns it in the language
that is spoken now; what it does not know, such as an organisation's own words, comes back as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assistant.agent.languages.known import DEFAULT, LANGUAGES
from assistant.domain.local_time import zone_name

FOLDER = Path(__file__).parent / "sentences"
KNOWN_LENGTH = 2_000
"""Longer texts are not looked for among the known sentences."""
_PLACE = re.compile(r"\{(\w+)\}")
_NUMBERS = frozenset({"days", "number"})
_NESTED = frozenset({"title", "status"})
"""Placeholders that may hold a known sentence themselves."""
_now: ContextVar[str] = ContextVar("spoken_language", default=DEFAULT)
Entry = str | Mapping[str, str]


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything inside the block in this language; one that is unknown is English."""
    token = _now.set(language if language in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _now.reset(token)


def spoken() -> str:
    """Return the code of the language that is spoken now."""
    return _now.get()


@cache
def catalogue(language: str) -> dict[str, Any]:
    """Return the file of a language."""
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def say(name: str, /, **values: object) -> str:
    """Return a sentence in the language that is spoken now, with its placeholders filled."""
    language = spoken()
    return _filled(language, catalogue(language)["sentences"][name], values)


def word(section: str, name: str) -> str:
    """Return an entry of another section in the language that is spoken now."""
    return str(catalogue(spoken())[section][name])


def moment(at: datetime, zone: str) -> str:
    """Return a moment as the clocks of a time zone show it, as the language writes it.

    The day is always named: what is said is kept, and read again in mails and in earlier conversations.
    """
    form, here = catalogue(spoken())["form"], at.astimezone(ZoneInfo(zone))
    name = zone_name(here)
    own = dict(zip(catalogue(DEFAULT)["form"]["zones"], form["zones"], strict=True))
    return str(form["moment"]).format(day=f"{here:%d}", month=form["months"][here.month - 1], time=f"{here:%H:%M}", zone=own.get(name, name))


def amount(number: int) -> str:
    """Return a whole number with the language's separator of thousands."""
    return f"{number:,}".replace(",", str(catalogue(spoken())["form"]["thousands"]))


def known(english: str) -> str:
    """Return a stored English sentence in the language that is spoken now; as it is where it is none of the catalogue's."""
    language = spoken()
    return english if language == DEFAULT or len(english) > KNOWN_LENGTH else _known(english, language)


def category(language: str, number: float) -> str:
    """Return the plural category of a number: the rules of CLDR for the ten languages, for numbers without an exponent."""
    whole = number == int(number)
    if language == "ar":
        return _arabic(int(number)) if whole else "other"
    if language == "pl":
        return _polish(int(number)) if whole else "other"
    if language in ("fr", "pt"):
        return "one" if 0 <= number < 2 else "other"
    return "one" if number == 1 else "other"


def _arabic(number: int) -> str:
    if number in (0, 1, 2):
        return ("zero", "one", "two")[number]
    rest = number % 100
    return "few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other"


def _polish(number: int) -> str:
    if number == 1:
        return "one"
    return "few" if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14) else "many"


def _filled(language: str, entry: Entry, values: Mapping[str, object]) -> str:
    if not isinstance(entry, str):
        entry = entry.get(category(language, float(str(values[entry["count"]]))), entry["other"])
    return entry.format_map(values)


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a known English sentence; ``literal`` counts its own letters."""

    section: str
    name: str
    pattern: re.Pattern[str]
    literal: int


@cache
def _forms() -> tuple[_Form, ...]:
    """Return the forms of all known sentences, those with most words of their own first."""
    made = []
    for section, entries in catalogue(DEFAULT)["known"].items():
        for name, entry in entries.items():
            forms = [entry] if isinstance(entry, str) else [form for kind, form in entry.items() if kind != "count"]
            made += [_Form(section, name, _pattern(form), len(_PLACE.sub("", form))) for form in forms]
    return tuple(sorted(made, key=lambda form: -form.literal))


def _pattern(form: str) -> re.Pattern[str]:
    parts = _PLACE.split(form)
    wild = (rf"(?P<{part}>\d+)" if part in _NUMBERS else rf"(?P<{part}>.+?)" for part in parts[1::2])
    literals = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(piece for pair in zip(literals, [*wild, ""], strict=True) for piece in pair), re.DOTALL)


@lru_cache(2_048)
def _known(english: str, language: str) -> str:
    for form in _forms():
        found = form.pattern.fullmatch(english)
        if found is not None:
            values = {name: _known(value, language) if name in _NESTED else value for name, value in found.groupdict().items()}
            return _filled(language, catalogue(language)["known"][form.section][form.name], values)
    return english
