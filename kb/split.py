"""Cuts an article's Markdown into passages that each stand on their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from kb.blocks import BULLETS, MOST_WORDS, ORDERED, PARAGRAPH, TARGET_WORDS, Block, Part, Span, parts
from kb.model import Section

SMALL_WORDS = 40
SHORT_SECTION_WORDS = 15
LEAD_IN_WORDS = 60
INTERRUPTION = 6
SEPARATOR = " > "
_BELONGS_TO_LEAD = frozenset({BULLETS, "table_open", "fence", "code_block", "blockquote_open"})


def split(text: str) -> list[Section]:
    """Cut Markdown into sections, in order and without overlap, that cover everything but headings and blank lines.

    A section follows the headings and has about 130 words. A procedure (an ordered list with all that belongs to its
    steps, and the paragraph that leads in to it), a code block and a table are never cut, whatever their length. A
    section of fewer than 15 words joins a neighbour under the same heading. ``heading`` is the path of headings, joined
    with `` > ``. Offsets count code points; ``text[start:end]`` neither starts nor ends with a blank.
    """
    passages = [passage for part in parts(text) for passage in _passages(part)]
    return [_section(text, ordinal, one) for ordinal, one in enumerate(_merge_short(passages))]


def _section(text: str, ordinal: int, one: _Passage) -> Section:
    """Leave out blanks at both ends: a document may begin with some, and a joined passage begins where its document does."""
    part = text[one.start : one.end]
    start = one.start + len(part) - len(part.lstrip())
    return Section(ordinal, SEPARATOR.join(one.path), start, start + len(part.strip()))


@dataclass(frozen=True, slots=True)
class _Passage:
    """A section in the making, with the part it came from; ``up`` and ``down`` as in ``Part``."""

    part: Part
    path: tuple[str, ...]
    up: tuple[int, ...]
    down: tuple[int, ...]
    start: int
    end: int
    words: int


def _passages(part: Part) -> list[_Passage]:
    return [_Passage(part, part.path, part.up, part.down, span.start, span.end, span.words) for span in _fill(_units(part.blocks))]


def _units(blocks: Sequence[Block]) -> Iterable[Span]:
    """Yield what must stay together: procedures, and a lead-in with what it leads in to."""
    at = 0
    while at < len(blocks):
        end = _unit_end(blocks, at)
        group = [block.span for block in blocks[at:end]]
        unit = _union(group)
        cuttable = group[-1].pieces
        if len(group) == 2 and blocks[end - 1].kind == BULLETS and cuttable:
            yield from (_union([group[0], cuttable[0]]), *cuttable[1:])
        elif len(group) == 1 and cuttable:
            yield from cuttable
        else:
            yield unit
        at = end


def _unit_end(blocks: Sequence[Block], at: int) -> int:
    """Return the position after the unit that starts with this block."""
    head = blocks[at]
    following = blocks[at + 1] if at + 1 < len(blocks) else None
    if head.kind == ORDERED:
        return _procedure_end(blocks, at)
    if head.kind == PARAGRAPH and following:
        if following.kind == ORDERED and (head.leads_in or head.span.words <= LEAD_IN_WORDS):
            return _procedure_end(blocks, at + 1)
        if following.kind in _BELONGS_TO_LEAD and head.leads_in and not head.span.pieces:
            return at + 2
    return at + 1


def _procedure_end(blocks: Sequence[Block], at: int) -> int:
    """Return the position after an ordered list and what interrupts it or belongs to its last step."""
    end = at + 1
    while (resumed := _resumes(blocks, end)) is not None:
        end = resumed + 1
    while end < len(blocks) and blocks[end].indented and blocks[end].kind != ORDERED:
        end += 1
    return end


def _resumes(blocks: Sequence[Block], end: int) -> int | None:
    """Return where the ordered list that ended just before goes on, None when it does not."""
    later = next((at for at in range(end, min(len(blocks), end + INTERRUPTION + 1)) if blocks[at].kind == ORDERED), None)
    if later is None:
        return None
    between = blocks[end:later]
    counts_on = blocks[later].first > 1
    belongs = bool(between) and all(block.indented or block.kind in ("fence", "code_block") for block in between)
    every_step_is_one = blocks[end - 1].items == 1 and len(between) <= 2 and not any(block.leads_in for block in between)
    return later if counts_on or belongs or every_step_is_one else None


def _union(spans: Sequence[Span]) -> Span:
    return Span(spans[0].start, spans[-1].end, sum(span.words for span in spans))


def _fill(units: Iterable[Span]) -> list[Span]:
    """Merge units to about 130 words; none is cut."""
    filled: list[Span] = []
    for unit in units:
        last = filled[-1] if filled else None
        if last and (last.words < SMALL_WORDS or (last.words < TARGET_WORDS and last.words + unit.words <= MOST_WORDS)):
            filled[-1] = _union([last, unit])
        else:
            filled.append(unit)
    if len(filled) > 1 and filled[-1].words < SMALL_WORDS:
        filled[-2:] = [_union(filled[-2:])]
    return filled


def _merge_short(passages: Sequence[_Passage]) -> list[_Passage]:
    merged: list[_Passage] = []
    for passage in passages:
        if merged and merged[-1].words < SHORT_SECTION_WORDS and _neighbours(merged[-1], passage):
            merged[-1] = _merge(merged[-1], passage)
        else:
            merged.append(passage)
    final: list[_Passage] = []
    for passage in merged:
        if final and passage.words < SHORT_SECTION_WORDS and _neighbours(final[-1], passage):
            final[-1] = _merge(final[-1], passage)
        else:
            final.append(passage)
    return final


def _neighbours(one: _Passage, two: _Passage) -> bool:
    return one.down == two.up or one.part is two.part


def _merge(one: _Passage, two: _Passage) -> _Passage:
    """Join two passages under the heading of the longer; the heading of the first is kept in the text if need be."""
    named = one if one.words >= two.words else two
    covered = named.path[: len(one.path)] == one.path
    start = one.start if covered else one.part.start
    return replace(one, path=named.path, down=two.down, start=start, end=two.end, words=one.words + two.words)
