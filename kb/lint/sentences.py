"""Cuts the Markdown of a passage into sentences that know where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^\s*(```|~~~)")
_OWN_LINE = re.compile(r"^\s*(?:[-*+]\s+|\d{1,3}[.)]\s+|#{1,6}\s+|\|)")
"""A list item, a heading or a row of a table: it never goes on the line before."""
_LEAD = re.compile(r"^\s*(?:>\s*)*(?:[-*+]\s+|\d{1,3}[.)]\s+)?(?:\[[ xX]\]\s+)?")
_HEADING = re.compile(r"^\s*#{1,6}\s")
_RULE = re.compile(r"^[\s|:=*_-]*$")
_END = re.compile(r"(?<=[.!?])[\"”’)\]*_`]*\s+(?=[\"“‘(\[*_`]*[A-Z0-9])")
_SHORT = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|cf|resp|Dr|Mr|Mrs|Ms|No|Nr|Inc|Ltd|Ext|Tel|St)|\b[A-Z]|^\W*\d{1,2})\.$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_PATH = re.compile(r"\*\*([^*]+ > [^*]+)\*\*|(\*\*[^*]+\*\*(?:\s*>\s*\*\*[^*]+\*\*)+)")
"""A menu path in bold, as a whole or item by item: its ends are kept as word joiners, which no reader sees."""
_QUOTED = re.compile(r"\n\s*(?:>\s?)+")
_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)|\\(?=[^\w\s])")
_SCHEME = re.compile(r"^(?:mailto|tel|https?):(?://)?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: ``start`` and ``end`` are offsets in the text it was cut from, ``plain`` is it without Markdown."""

    start: int
    end: int
    plain: str


def sentences(text: str) -> list[Sentence]:
    """Return the sentences of a passage's Markdown in order; headings, code blocks and lines without a word are left out."""
    found = []
    for start, end in _blocks(text):
        for first, last in _cuts(text, start, end):
            plain = plain_words(text[first:last])
            if re.search(r"[^\W\d_]{2}", plain):
                found.append(Sentence(first, last, plain))
    return found


def plain_words(markdown: str) -> str:
    """Return Markdown as plain words; a link keeps its address when its text does not already say it."""
    text = _PATH.sub(lambda found: f"\u2060{found[1] or found[2]}\u2060", _LINK.sub(_link, _IMAGE.sub(r"\1", _QUOTED.sub("\n", markdown))))
    return " ".join(_MARKS.sub("", text).replace("|", " ; ").strip(" ;").split())


def _link(found: re.Match[str]) -> str:
    words, address = found[1], _SCHEME.sub("", found[2])
    return words if not address or address.startswith("#") or address.rstrip("/") in words else f"{words} ({address})"


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of paragraphs, list items and table rows."""
    begun, at, fenced = -1, 0, False
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        fence = bool(_FENCE.match(line))
        outside = fence or fenced or bool(_HEADING.match(line)) or bool(_RULE.match(line))
        fenced ^= fence
        if begun >= 0 and (outside or _OWN_LINE.match(line)):
            yield begun, start
            begun = -1
        if not outside and begun < 0:
            begun = start + len(_lead(line))
    if begun >= 0:
        yield begun, at


def _lead(line: str) -> str:
    found = _LEAD.match(line)
    return found[0] if found else ""


def _cuts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the sentences in a block, without blanks around them."""
    first = start
    for gap in (*_END.finditer(text, start, end), None):
        last = gap.start() + len(gap[0].rstrip()) if gap else end
        if gap and _SHORT.search(text[first : gap.start()]):
            continue
        body = text[first:last]
        if body.strip():
            yield first + len(body) - len(body.lstrip()), first + len(body.rstrip())
        first = gap.end() if gap else end
