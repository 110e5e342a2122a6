"""Reads what a row asks for out of its words: numbers with units, headers, names, claims."""

from __future__ import annotations

import re

ALICE, BOB, BOSS, AGENT = "maria.santos", "jonas.weber", "ingrid.lindqvist", "sam.oduya"
PEOPLE = {"alice": ALICE, "bob": BOB, "ceo": BOSS, "boss": BOSS, "admin": AGENT, "agent": AGENT}
SECONDS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3_600, "hour": 3_600, "d": 86_400, "day": 86_400, "year": 31_536_000}
BYTES = {"b": 1, "byte": 1, "kb": 1_000, "kib": 1_024, "mb": 1_000_000, "mib": 1_048_576, "gb": 1_000_000_000}
_HEADER = re.compile(r"\b((?:[A-Z][\w]*-)*[A-Z][\w]*):[ \t]*((?:https?://|wss?://|file://)?[^\s/,;]+(?:/[\w./?=%-]*)?)")
_NUMBER = r"(\d[\d ,_]*(?:\.\d+)?)\s*"


def number(text: str) -> float:
    """Return a number that may be grouped by blanks."""
    return float(re.sub(r"[ ,_]", "", text))


def duration(words: str) -> float | None:
    """Return the first length of time in seconds, None when there is none."""
    found = re.search(rf"{_NUMBER}({'|'.join(sorted(SECONDS, key=len, reverse=True))})s?\b", words, re.IGNORECASE)
    return number(found[1]) * SECONDS[found[2].lower()] if found else None


def size(words: str) -> int | None:
    """Return the first size in bytes, None when there is none."""
    found = re.search(rf"{_NUMBER}({'|'.join(sorted(BYTES, key=len, reverse=True))})s?\b", words, re.IGNORECASE)
    return int(number(found[1]) * BYTES[found[2].lower()]) if found else None


def rate(words: str) -> tuple[int, float] | None:
    """Return how many a second and for how many seconds: ``200 messages per second for 10 s``."""
    found = re.search(
        rf"{_NUMBER}(?:messages?|frames?|pings?|hellos?)\s*(?:per second|a second|/\s*s(?:ec)?\b)(.*)", words, re.IGNORECASE | re.DOTALL
    )
    if not found:
        return None
    return int(number(found[1])), duration(found[2]) or 5.0


def depth(words: str) -> int | None:
    """Return how deep something is nested."""
    found = re.search(rf"{_NUMBER}(?:levels?\s+)?deep", words, re.IGNORECASE) or re.search(
        rf"nest\w*\s+(?:[a-z]+\s+)?{_NUMBER}", words, re.IGNORECASE
    )
    return int(number(found[1])) if found else None


def headers(words: str) -> list[tuple[str, str]]:
    """Return the headers that are written out: ``X-User-ID: ceo / X-Forwarded-User: ceo``; people by their ids here."""
    return [(name, PEOPLE.get(value.lower(), value)) for name, value in _HEADER.findall(words)]


def claims(words: str) -> dict[str, str]:
    """Return what is written as ``name=value``, names in lower case."""
    found = re.findall(r"\b([a-z][\w-]*)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s,;:]+(?::[^\s,;]+)?)", words, re.IGNORECASE)
    return {name.lower(): value.strip("\"'").rstrip(".") for name, value in found}


def objects(words: str) -> str:
    """Return the JSON object that is written out, empty when there is none."""
    start = words.find("{")
    level = 0
    for place in range(start, len(words) if start >= 0 else 0):
        level += {"{": 1, "}": -1}.get(words[place], 0)
        if level == 0:
            return words[start : place + 1]
    return ""
