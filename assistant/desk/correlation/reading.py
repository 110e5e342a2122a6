"""Reads an alert for comparison: its fields as one writes them, the words of its text, and the names in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from assistant.domain.alert import FIELDS, Report

TOKEN = re.compile(r"[^\W_](?:[\w.:/\\-]*[^\W_])?")
COMMON_LENGTH = 3
"""Shorter words say nothing of a cause."""
NAMES, WORDS, OTHERS = 24, 40, 16
"""Of one alert no more are compared."""
VALUE_LENGTH = 120
_NUMBER = re.compile(r"[\d.,:%/-]+[a-z]{0,3}")
_VERSION = re.compile(r"v?\d+(\.\d+){2,}")
_PREFIX = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Signature:
    """What of an alert is compared. ``at`` is in Unix seconds; values are casefolded."""

    alert: str
    at: float
    fields: Mapping[str, str]
    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    """What looks like the name of a thing: hosts, codes, patches, addresses; also the values of other fields."""
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> frozenset[str]:
        """Return what others would call this alert's thing."""
        return frozenset(value for name in ("item", "service") if (value := self.fields.get(name, "")))

    def plain(self) -> list[Any]:
        """Return plain values."""
        return [self.alert, self.at, dict(self.fields), sorted(self.words), sorted(self.names), dict(self.others)]

    @classmethod
    def of_plain(cls, row: list[Any]) -> Signature:
        """Read plain values."""
        alert, at, fields, words, names, others = row
        return cls(alert, at, fields, frozenset(words), frozenset(names), others)


def signature_of(alert: str, report: Report) -> Signature:
    """Return the signature of a report."""
    fields = {name: value.strip().casefold()[:VALUE_LENGTH] for name in FIELDS if (value := getattr(report, name))}
    words, names = _said(report.text)
    coded = _said(report.reason) if report.reason else (frozenset(), frozenset())
    words, names = words | coded[0], names - coded[1]  # a code of a reason is compared as one, and names no thing
    others = {name: value.strip().casefold()[:VALUE_LENGTH] for name, value in report.fields[:OTHERS] if value.strip()}
    named = {value for value in others.values() if _is_name(value)} | names
    return Signature(alert, report.at.timestamp(), fields, words, frozenset(sorted(named)[:NAMES]) - {fields.get("item", "")}, others)


@lru_cache(maxsize=8192)
def _said(text: str) -> tuple[frozenset[str], frozenset[str]]:
    words: set[str] = set()
    names: set[str] = set()
    for token in TOKEN.findall(text.casefold()):
        if _is_name(token):
            names.add(token)
        elif len(token) >= COMMON_LENGTH and not _NUMBER.fullmatch(token):
            words.add(token)
    return frozenset(sorted(words)[:WORDS]), frozenset(sorted(names)[:NAMES])


def _is_name(token: str) -> bool:
    """Say whether a token looks like a name: letters with digits, or parts joined by signs; no plain number, percentage or time."""
    if len(token) < COMMON_LENGTH or len(token) > VALUE_LENGTH or " " in token:
        return False
    if _NUMBER.fullmatch(token):
        return _VERSION.fullmatch(token) is not None
    return any(one.isdigit() for one in token) or any(sign in token for sign in ".-_:/\\")


def prefix_of(item: str) -> str:
    """Return the letters that a device's name begins with, "" where it begins otherwise."""
    found = _PREFIX.match(item)
    return found.group() if found is not None and len(found.group()) > 1 else ""
