"""PDF files with text: lines and their sizes become headings, paragraphs and lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingest.parse.draft import Draft, Fields, Parsed, Unreadable
from ingest.parse.pdf_lines import Line, document_lines
from kb.text import clean, humanise, one_line, same_words

TITLE_BLOCKS = 6
PAGE_LINES = 5
HEADING_RATIO = 1.15
HEADING_WORDS = 20
BOLD_HEADING_WORDS = 12
PARAGRAPH_GAP = 1.45
_ITEM = re.compile(r"^(?:(?P<bullet>[•‣◦▪●○■\u2013*\uf0b7-])|(?P<number>\d{1,3})[.)])(?:\s+(?P<rest>.*)|$)")
_SENTENCE_END = re.compile(r"[.!?:;]['\")\]]*$")
_BACKSLASH = r"\\"
_MARKDOWN_START = re.compile(r"^(?=[#>+]|[-*]\s|\d+[.)]\s)")


@dataclass(frozen=True, slots=True)
class _Block:
    """``level`` is 1 to 3 for a heading and 0 else; ``mark`` is ``- `` or ``4. `` for a list item."""

    text: str
    level: int = 0
    mark: str = ""
    indent: float = 0.0


def parse_pdf(raw: bytes, path: str) -> Parsed:
    """Read one article from a PDF file.

    Headings are lines in larger or bold type; the title is the one largest line if it is near the top, else from the file's properties or name.

    Raises:
        Unreadable: it is no PDF, protected, damaged, or holds pictures of pages only.
    """
    if b"%PDF-" not in raw[:1024]:
        raise Unreadable("is not a PDF file, whatever its name says")
    metadata_title, lines = document_lines(raw)
    if not lines:
        raise Unreadable("has no text; it seems to hold pictures of pages, so run text recognition (OCR) on it first")
    blocks = _blocks(_without_repeats(lines))
    title = _title(blocks) or _usable(metadata_title) or humanise(path)
    body = [block for block in blocks if not (block.level and same_words(block.text, title))]
    return Parsed((Draft(title, clean(_markdown(body)), Fields()),))


def _title(blocks: Sequence[_Block]) -> str:
    """Return the one largest heading if it is near the top."""
    largest = [block.text for block in blocks if block.level == 1]
    return one_line(largest[0]) if len(largest) == 1 and largest[0] in (block.text for block in blocks[:TITLE_BLOCKS]) else ""


def _usable(title: str) -> str:
    """Return a title from the file's properties, unless a program put its own words there."""
    title = one_line(title)
    return "" if re.search(r"untitled|microsoft word|\.(docx?|pdf|indd|tex)$|^\W*$", title, re.IGNORECASE) else title


def _without_repeats(lines: Sequence[Line]) -> list[Line]:
    """Drop headers and footers: small first and last lines that most pages share but for their numbers."""
    body_size = _body_size(lines)
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    edges = {id(line) for page in pages.values() if len(page) >= PAGE_LINES for line in (*page[:2], *page[-2:]) if line.size <= body_size}
    counts = Counter(_edge(line) for line in lines if id(line) in edges)
    return [line for line in lines if not (id(line) in edges and counts[_edge(line)] >= max(3, 0.6 * len(pages)))]


def _body_size(lines: Sequence[Line]) -> float:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    return weights.most_common(1)[0][0]


def _edge(line: Line) -> str:
    return re.sub(r"\d+", "#", line.text.strip())


def _blocks(lines: Sequence[Line]) -> list[_Block]:
    levels, body_size = _levels(lines)
    pitch = _pitch(lines)
    blocks: list[_Block] = []
    before: Line | None = None
    for line in lines:
        apart = before is None or line.page != before.page or before.y - line.y > PARAGRAPH_GAP * pitch or line.y > before.y + 1
        block = _block(line, levels, body_size, apart)
        if before and blocks and _continues(blocks[-1], block, line, before, apart):
            blocks[-1] = replace(blocks[-1], text=_join(blocks[-1].text, block.text))
        else:
            blocks.append(block)
        before = line
    return blocks


def _levels(lines: Sequence[Line]) -> tuple[dict[float, int], float]:
    """Return the heading level of each size of type that is larger than the body's, and the body's size."""
    body = _body_size(lines)
    larger = sorted({line.size for line in lines if line.size >= body * HEADING_RATIO}, reverse=True)
    return {size: min(position + 1, 3) for position, size in enumerate(larger)}, body


def _pitch(lines: Sequence[Line]) -> float:
    gaps = [one.y - two.y for one, two in pairwise(lines) if one.page == two.page and one.size == two.size and one.y > two.y]
    return median(gaps) if gaps else lines[0].size * 1.2


def _block(line: Line, levels: dict[float, int], body_size: float, apart: bool) -> _Block:
    words = len(line.text.split())
    item = _ITEM.match(line.text)
    if line.size in levels and words <= HEADING_WORDS and any(letter.isalpha() for letter in line.text):
        return _Block(line.text, level=levels[line.size])
    if item:
        mark = "- " if item["bullet"] else f"{item['number']}. "
        return _Block(item["rest"] or "", mark=mark, indent=line.left)
    if line.bold and apart and line.size >= body_size and words <= BOLD_HEADING_WORDS and not _SENTENCE_END.search(line.text):
        return _Block(line.text, level=min(3, max(levels.values(), default=1) + 1))
    return _Block(line.text, indent=line.left)


def _continues(last: _Block, block: _Block, line: Line, before: Line, apart: bool) -> bool:
    """Say whether a line goes on with the block before it."""
    if block.level or last.level:
        return bool(block.level and block.level == last.level and not apart and before.size == line.size)
    if block.mark:
        return False
    if not last.text:
        return True
    if apart and line.page == before.page:
        return False
    if apart:
        return not _SENTENCE_END.search(last.text) and block.text[:1].islower()
    return not last.mark or line.left >= last.indent - 1


def _join(one: str, two: str) -> str:
    """Join two lines; a hyphen that pdfium marked as made by line breaking disappears."""
    if one.endswith(("\x02", "\ufffe", "\xad")):
        return one[:-1] + two
    return f"{one} {two}" if one and not one.endswith("-") else one + two


def _markdown(blocks: Sequence[_Block]) -> str:
    highest = min((block.level for block in blocks if block.level), default=1)
    return re.sub(r"\n{3,}", "\n\n", "".join(_pieces(blocks, 2 - highest)))


def _pieces(blocks: Sequence[_Block], deeper: int) -> Iterator[str]:
    for block in blocks:
        text = block.text.strip()
        if not text:
            continue
        if block.level:
            yield f"\n\n{'#' * (block.level + deeper)} {text}\n\n"
        elif block.mark:
            yield f"{block.mark}{text}\n"
        else:
            yield "\n\n" + _MARKDOWN_START.sub(_BACKSLASH, text) + "\n\n"
