"""Declared fields, tolerant of spelling; strict only where a mistake would show an article to the wrong people."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date, datetime

from ingest.parse.draft import Fields, Unreadable
from kb.model import Audience, Platform
from kb.text import one_line

KEYS = ("id", "title", "owner", "audience", "platforms", "platform", "review_by", "tags", "category", "description")
_ANY = frozenset({"any", "all", "none", ""})
_PREFIXES = (
    ("windows", Platform.WINDOWS),
    ("macos", Platform.MACOS),
    ("mac", Platform.MACOS),
    ("osx", Platform.MACOS),
    ("linux", Platform.LINUX),
    ("ubuntu", Platform.LINUX),
    ("ios", Platform.IOS),
    ("iphone", Platform.IOS),
    ("ipad", Platform.IOS),
    ("android", Platform.ANDROID),
)


def read_fields(declared: Mapping[object, object]) -> tuple[Fields, tuple[str, ...]]:
    """Read what an author declared; unknown platforms and dates become warnings.

    Raises:
        Unreadable: the audience is missing its value, is no list of names, or is misspelt.
    """
    values = {str(key).strip().lower().replace("-", "_").replace(" ", "_"): value for key, value in declared.items()}
    warnings: list[str] = []
    platforms = _platforms([*_names(values.get("platforms")), *_names(values.get("platform"))], warnings)
    fields = Fields(
        id=one_line(_word(values.get("id"))),
        title=one_line(_word(values.get("title"))),
        owner=one_line(", ".join(_names(values.get("owner")))),
        audience=_audience(values),
        platforms=platforms,
        review_by=_date(values.get("review_by"), warnings),
        tags=tuple(dict.fromkeys(tag.lower() for tag in [*_names(values.get("category")), *_names(values.get("tags"))])),
    )
    return fields, tuple(warnings)


def _word(value: object) -> str:
    return str(value) if isinstance(value, str | int | float | date) else ""


def _names(value: object) -> list[str]:
    """Return names from a list or from text with commas."""
    if isinstance(value, list | tuple | set):
        return [name for item in value if (name := one_line(_word(item)))]
    return [name for item in _word(value).split(",") if (name := one_line(item))]


def _audience(values: Mapping[str, object]) -> Audience:
    if "audience" not in values:
        for key in values:
            if key not in KEYS and difflib.get_close_matches(key, ["audience"], cutoff=0.75):
                raise Unreadable(f"has a field '{key}'; if it says who may read the article, write 'audience'")
        return Audience()
    value = values["audience"]
    names = _names(value)
    if not names or (isinstance(value, list | tuple) and len(names) != len(value)):
        raise Unreadable("has an audience that names nobody; write 'everyone' or the names of groups")
    return Audience.of(names)


def _platforms(names: list[str], warnings: list[str]) -> frozenset[Platform]:
    found: set[Platform] = set()
    for name in names:
        word = name.lower().replace(" ", "").replace("-", "")
        match = next((platform for prefix, platform in _PREFIXES if word.startswith(prefix)), None)
        if match:
            found.add(match)
        elif word in _ANY:
            return frozenset()
        else:
            warnings.append(f"names an unknown platform '{name}'; known are {', '.join(Platform)} and any")
    return frozenset(found)


def _date(value: object, warnings: list[str]) -> date | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(_word(value).strip())
    except ValueError:
        warnings.append(f"has a review date '{one_line(str(value))}' that is no date; write it as 2026-01-31")
        return None
