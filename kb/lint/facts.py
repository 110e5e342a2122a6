"""What a sentence claims in a form that can be compared: quantities, addresses, numbers to call, versions, menu paths, yes or no."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from kb.evidence import words


class FactKind(StrEnum):
    """What two sentences can disagree about; the value is what reports show."""

    QUANTITY = "quantity"
    HOST = "host name"
    EMAIL = "e-mail address"
    PHONE = "telephone number"
    PORT = "port"
    VERSION = "version"
    HOURS = "hours"
    MENU = "menu path"
    POLARITY = "yes or no"


@dataclass(frozen=True, slots=True)
class Fact:
    """One claim. Facts of the same kind and ``measure`` compare by ``value``; ``start`` and ``end`` are offsets in the plain sentence."""

    kind: FactKind
    measure: str
    value: str
    shown: str
    start: int
    end: int


WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
_ENDINGS = (
    "com org net edu gov int mil info biz io co dev app cloud ai eu uk us de at ch se no dk fi fr es it pt nl be pl cz ie ca au nz jp in br za"
    " example local internal lan corp test intranet"
)
_HOST = rf"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{'|'.join(_ENDINGS.split())})(?![\w-]|\.\w)"
_NAMES = re.compile(rf"(?P<email>[\w.+-]+@{_HOST})|(?:https?://)?(?P<host>{_HOST})(?:/[^\s)\]]*)?", re.IGNORECASE)
_PHONE = re.compile(r"\b(?:ext(?:ension|\.)?|dial|phone|call|tel\.?)\s*:?\s*(?P<short>\d{3,6})\b|(?P<long>\+?\(?\d[\d ()/-]{7,}\d)", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4}")
_CLOCK = r"\d{1,2}[:.]\d{2}(?:\s?[ap]\.?m\.?)?|\d{1,2}\s?[ap]\.?m\.?"
_HOURS = re.compile(rf"(?:{_CLOCK})\s?(?:-|–|to|and|until)\s?(?:{_CLOCK})", re.IGNORECASE)
_PORT = re.compile(r"\bports?\s+(?:number\s+)?(?:(?:tcp|udp)\s+)?(\d{1,5})\b(?!\s*(?:,|and|or|-|–|to)\s*\d)", re.IGNORECASE)
_VERSION = re.compile(r"\b(?:version|release|build|v\.?)\s*(\d+(?:\.\d+)*)\b(?!\s*(?:-|–|to|and|or)\s*\d)", re.IGNORECASE)
_ITEM = r"[A-Z&+][\w&'’+-]*(?: [A-Z&(+][\w&'’+-]*| (?:and|of|or|for|to|in|the|with) [A-Z][\w-]*){0,4}"
_MENU = re.compile(rf"\u2060(?P<marked>[^\u2060]{{2,60}}(?: > [^\u2060>]{{1,60}})+)\u2060|(?P<bare>{_ITEM}(?: > {_ITEM})+)")
_VERB = re.compile(r"^(?:go to|open|select|choose|click|tap|press|run|check|under|in|see|use|if|on|then|from)\s+", re.IGNORECASE)
_NUMBER = r"\d{1,3}(?:[,\u00a0 ]\d{3})+(?!\d)|\d+(?:\.\d+)?"
_QUANTITY = re.compile(
    rf"(?P<before>[^\W\d]+|[$€£])?[ \u00a0]?(?<![\w.:/-])(?P<number>{_NUMBER}|{'|'.join(WORDS['numbers'])})(?![\w:/]|\.\d)"
    r"(?:(?:[ \u00a0]|-)?(?:(?:working|business|calendar|full|whole) )?(?P<unit>[%$€£]|[^\W\d_]+(?:/s)?))?",
    re.IGNORECASE,
)
_NAMING, _NOT_UNITS = frozenset(WORDS["naming"].split()), frozenset(WORDS["not_units"].split())
_BOUNDS = {name: re.compile(rf"\b(?:{'|'.join(words)})\W*(?:the |a )?$", re.IGNORECASE) for name, words in WORDS["bounds"].items()}


def facts(plain: str) -> list[Fact]:
    """Return the facts of a plain sentence in their order; what one rule took, the next does not see."""
    found: list[Fact] = []
    taken = plain
    numbers = bool(re.search(r"\d", plain))
    for rule, needed in ((_menus, " > " in plain), (_names, "." in plain), *((rule, numbers) for rule in _NUMBERED), (_quantities, True)):
        for fact in rule(taken) if needed else ():
            found.append(fact)
            taken = taken[: fact.start] + "\0" * (fact.end - fact.start) + taken[fact.end :]
    return sorted(found, key=lambda fact: fact.start)


def without(plain: str, found: list[Fact]) -> str:
    """Return the sentence with its facts blanked, so that only what they are about remains."""
    for fact in found:
        plain = plain[: fact.start] + " " * (fact.end - fact.start) + plain[fact.end :]
    return plain


def _fact(kind: FactKind, match: re.Match[str], measure: str, value: str, group: int | str = 0) -> Fact:
    return Fact(kind, measure, value, match[group], match.start(group), match.end(group))


def _menus(text: str) -> Iterator[Fact]:
    for match in _MENU.finditer(text):
        group = "marked" if match["marked"] else "bare"
        path = _VERB.sub("", match[group]).lower()
        yield _fact(FactKind.MENU, match, "menu", " > ".join(part.strip(" .,:;") for part in path.split(" > ")), group)


def _names(text: str) -> Iterator[Fact]:
    for match in _NAMES.finditer(text):
        if match["email"]:
            yield _fact(FactKind.EMAIL, match, "email", match["email"].lower(), "email")
        elif match["host"] == match["host"].lower():
            yield _fact(FactKind.HOST, match, "host", match["host"])


def _hours(text: str) -> Iterator[Fact]:
    for match in _HOURS.finditer(text):
        yield _fact(FactKind.HOURS, match, "hours", " ".join(re.findall(r"\d+|[ap](?=\.?m)", match[0].lower())))


def _phones(text: str) -> Iterator[Fact]:
    for match in _PHONE.finditer(text):
        group = "short" if match["short"] else "long"
        digits = re.sub(r"\D", "", match[group])
        if group == "short" or (8 <= len(digits) <= 15 and not _DATE.search(match[group])):
            yield _fact(FactKind.PHONE, match, group, digits, group)


def _ports(text: str) -> Iterator[Fact]:
    for match in _PORT.finditer(text):
        yield _fact(FactKind.PORT, match, "port", match[1], 1)


def _versions(text: str) -> Iterator[Fact]:
    for match in _VERSION.finditer(text):
        before = words(text[: match.start()])
        yield _fact(FactKind.VERSION, match, f"version {before[-1] if before else ''}", match[1], 1)


def _quantities(text: str) -> Iterator[Fact]:
    for match in _QUANTITY.finditer(text):
        before, unit = (match["before"] or "").lower(), (match["unit"] or "").lower()
        measured = _measured(_number(match["number"]), unit, before)
        if measured is None:
            continue
        measure, value = measured
        start, end = match.start("number"), match.end("number" if not unit or measure.startswith("count of ") else "unit")
        yield Fact(FactKind.QUANTITY, f"{measure} {_bound(text[:start])}".strip(), value, text[start:end].strip(), start, end)


_NUMBERED = (_hours, _phones, _ports, _versions)


def _number(text: str) -> float:
    return float(WORDS["numbers"].get(text.lower()) or re.sub(r"[,\u00a0 ]", "", text))


def _measured(number: float, unit: str, before: str) -> tuple[str, str] | None:
    """Return what a number measures and its comparable value, or None when it only names something."""
    single = unit[:-1] if unit.endswith("s") and len(unit) > 2 else unit
    for measure in ("time", "size", "rate"):
        scale = WORDS[measure].get(single) or WORDS[measure].get(unit)
        if scale:
            return measure, f"{number * scale:g}"
    if unit in ("%", "percent"):
        return "percent", f"{number:g}"
    currency = WORDS["money"].get(unit) or WORDS["money"].get(single) or WORDS["money"].get(before)
    if currency:
        return f"money {currency}", f"{number:g}"
    if before in _NAMING or len(unit) < 3 or unit in _NOT_UNITS or 1990 <= number <= 2035:
        return None
    return f"count of {words(unit)[0] if words(unit) else unit}", f"{number:g}"


def _bound(before: str) -> str:
    return next((name for name, pattern in _BOUNDS.items() if pattern.search(before)), "")
