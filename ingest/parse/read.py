"""Reads one file: the function that runs in a child process."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath

from ingest.parse.draft import Draft, Parsed, RowFailure, Unreadable
from kb.model import Document, Section
from kb.split import split
from kb.text import slug, stem

MAX_CHARACTERS = 2_000_000
_PARSERS = {
    ".md": ("markdown", "parse_markdown"),
    ".markdown": ("markdown", "parse_markdown"),
    ".html": ("html", "parse_html"),
    ".htm": ("html", "parse_html"),
    ".pdf": ("pdf", "parse_pdf"),
    ".docx": ("docx", "parse_docx"),
    ".csv": ("table", "parse_csv"),
}


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article ready to publish but for its source. ``declared`` says that its author chose the id."""

    document: Document
    sections: tuple[Section, ...]
    declared: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file gave. ``failure`` is the reason why the whole file could not be taken in, else empty."""

    articles: tuple[ReadArticle, ...] = ()
    rows: tuple[RowFailure, ...] = ()
    warnings: tuple[str, ...] = ()
    failure: str = ""


def read_file(location: str, path: str, limit_bytes: int, kind: str = "") -> Reading:
    """Read, parse and split a file of a kind (``.html``; by default the suffix of its path).

    Never raises for what is in the file: the reason is in the reading.
    """
    try:
        parsed = _parser(kind or PurePosixPath(path).suffix.lower())(_bytes(location, limit_bytes), path)
        return _reading(parsed, path)
    except Unreadable as reason:
        return Reading(failure=str(reason))
    except RecursionError:
        return Reading(failure="is nested too deeply to be read")
    except MemoryError:
        return Reading(failure="needs more memory to be read than is allowed")
    except OSError as error:
        return Reading(failure=f"cannot be opened ({error.strerror or error})")
    except Exception as error:
        return Reading(failure=f"could not be read ({type(error).__name__}: {str(error)[:200]})")


def _parser(kind: str) -> Callable[[bytes, str], Parsed]:
    module, name = _PARSERS[kind]
    parser: Callable[[bytes, str], Parsed] = getattr(import_module(f"ingest.parse.{module}"), name)
    return parser


def _bytes(location: str, limit: int) -> bytes:
    """Read a regular file that is no link and has not grown over the limit since it was listed."""
    descriptor = os.open(location, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("is not a regular file")
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise Unreadable("has grown over the size limit")
    return raw


def _reading(parsed: Parsed, path: str) -> Reading:
    total = sum(len(draft.text) for draft in parsed.drafts)
    if total > MAX_CHARACTERS:
        raise Unreadable(f"has {total:,} characters of text, the limit is {MAX_CHARACTERS:,}; split it")
    articles = tuple(_article(draft, path) for draft in parsed.drafts)
    if not parsed.failures and not any(article.sections for article in articles):
        raise Unreadable("has no text")
    return Reading(articles, parsed.failures, parsed.warnings)


def _article(draft: Draft, path: str) -> ReadArticle:
    own = slug(stem(path))
    fields = draft.fields
    document = Document(
        article_id=slug(fields.id) if fields.id else f"{own}-{draft.row}" if draft.row else own,
        source="",
        path=path,
        title=draft.title,
        text=draft.text,
        owner=fields.owner,
        audience=fields.audience,
        platforms=fields.platforms,
        review_by=fields.review_by,
        tags=fields.tags,
    )
    return ReadArticle(document, tuple(split(draft.text)), bool(fields.id))
