"""Markdown files with YAML front matter."""

from __future__ import annotations

from ingest.parse.draft import Draft, Parsed, Unreadable
from ingest.parse.fields import read_fields
from ingest.parse.text import decode
from kb.markdown import BadFrontMatter, front_matter, title_and_text


def parse_markdown(raw: bytes, path: str) -> Parsed:
    """Read one article from a Markdown file.

    Raises:
        Unreadable: it is no text, or its front matter cannot be read (which may have named an audience).
    """
    text, warnings = decode(raw)
    try:
        declared, body = front_matter(text)
    except BadFrontMatter as problem:
        raise Unreadable(str(problem)) from problem
    fields, notes = read_fields(declared)
    title, body = title_and_text(declared, body, fields.title, path)
    return Parsed((Draft(title, body, fields),), warnings=warnings + notes)
