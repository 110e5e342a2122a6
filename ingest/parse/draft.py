"""What a parser hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kb.model import Audience, Platform


class Unreadable(Exception):
    """A file that cannot be taken in; the message says why, in words for its author."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What the author declared about an article, from front matter, meta tags or columns."""

    id: str = ""
    title: str = ""
    owner: str = ""
    audience: Audience = field(default_factory=Audience)
    platforms: frozenset[Platform] = frozenset()
    review_by: date | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """One article as found in a file: a title of one line, Markdown text, and the declared fields.

    ``row`` is the slug of the row for files that hold many articles, else empty.
    """

    title: str
    text: str
    fields: Fields = field(default_factory=Fields)
    row: str = ""


@dataclass(frozen=True, slots=True)
class RowFailure:
    """A row of a list that could not be taken in; ``title`` is its question, if it has one."""

    row: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The articles of one file, the rows that failed, and what its author should know."""

    drafts: tuple[Draft, ...]
    failures: tuple[RowFailure, ...] = ()
    warnings: tuple[str, ...] = ()
