"""Citations: the proof of a passage, and passages with their markers for display."""

from __future__ import annotations

import re
from datetime import date

from markdown_it import MarkdownIt

from kb.model import Citation, Passage

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
_LITERAL_MARKER = re.compile(r"\[(\d{1,2})\]")


def cite(passage: Passage, today: date) -> Citation:
    """Return the citation of a whole passage."""
    article = passage.article
    return Citation(
        article=article.id,
        revision=article.revision,
        title=article.title,
        heading=passage.heading,
        quote=passage.text,
        start=passage.start,
        end=passage.end,
        owner=article.owner,
        updated=article.updated_at.date().isoformat(),
        review_by=article.review_by.isoformat() if article.review_by else "",
        overdue=article.overdue(today),
        platforms=tuple(sorted(platform.value for platform in article.platforms)),
    )


def marked(text: str, number: int) -> str:
    """Return a passage's Markdown with ``[number]`` at the end of every paragraph and list item.

    The words stay the author's; a literal ``[1]`` among them becomes ``(1)`` so that it cannot pass for a citation.
    """
    lines = _LITERAL_MARKER.sub(r"(\1)", text).split("\n")
    for token in _PARSER.parse("\n".join(lines)):
        if token.type == "inline" and token.map and lines[token.map[1] - 1].strip() and not _is_table_row(lines[token.map[1] - 1]):
            last = token.map[1] - 1
            lines[last] = f"{lines[last].rstrip()} [{number}]"
    return "\n".join(lines)


def _is_table_row(line: str) -> bool:
    return line.strip().startswith("|")
