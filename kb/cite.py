"""Citations: the proof of a passage, and passages with their markers for display."""

from __future__ import annotations

import re
from datetime import date

from markdown_it import MarkdownIt

from kb.model import Citation, Passage

# Where blocks begin and end is all that is needed here; what stands inside them is not parsed.
_BLOCKS = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")
_OPEN, _CLOSE = r"(?:\[|&#0*91;|&#[xX]0*5[bB];|&lbrack;|&lsqb;)", r"(?:\]|&#0*93;|&#[xX]0*5[dD];|&rbrack;|&rsqb;)"
_LITERAL_MARKER = re.compile(rf"\\?{_OPEN}(\d{{1,2}})\\?{_CLOSE}")
_CODE_SPAN = re.compile(r"(`[^`]+`)")
_LINE_END = re.compile(r"\r\n?")


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

    A passage that has neither, such as a lone table, is followed by its marker. The words stay the author's; a literal
    ``[1]`` among them, outside code, becomes ``(1)`` so that it cannot pass for a citation.
    """
    text = _LINE_END.sub("\n", text)
    lines = (_without_literal_markers(text) if _LITERAL_MARKER.search(text) else text).split("\n")
    tokens = _BLOCKS.parse("\n".join(lines))
    ends = [token.map[1] - 1 for token in tokens if token.type == "paragraph_open" and token.map]
    for last in ends:
        lines[last] = f"{lines[last].rstrip()} [{number}]"
    return "\n".join(lines if ends else [*lines, "", f"[{number}]"])


def _without_literal_markers(text: str) -> str:
    tokens = _BLOCKS.parse(text)
    code = {row for token in tokens if token.type in ("fence", "code_block") and token.map for row in range(*token.map)}
    return "\n".join(line if row in code else _outside_code_spans(line) for row, line in enumerate(text.split("\n")))


def _outside_code_spans(line: str) -> str:
    parts = _CODE_SPAN.split(line)
    return "".join(part if i % 2 else _LITERAL_MARKER.sub(r"(\1)", part) for i, part in enumerate(parts))
