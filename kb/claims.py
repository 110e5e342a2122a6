"""An answer read as claims: which sentence rests on which citation, and the answer without some of them.

An answer is Markdown in which ``[n]`` after a sentence, or at the end of its paragraph or list item, names the citation
it rests on. A table or code block without a marker rests on what the nearest marked text of its section rests on.
A paragraph without any marker claims nothing of an article: these are the assistant's own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BLOCKS = MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")
_MARKER = re.compile(r"\[(\d{1,2})\]")
_END = re.compile(r"(?:(?<!\be\.g)(?<!\bi\.e)[.!?][\"”'’)*_]*(?:\s*\[\d{1,2}\])*|(?:\[\d{1,2}\])+)\s+(?=[\"“'(*_`\[]*[^\W\d_a-z]|[\"“(*_`]*\d)")
_PREFIX = re.compile(r"^(?:\s*(?:\d{1,9}[.)]|[-*+]|>)\s+|\s+|>)*")
_LINE_END = re.compile(r"\r\n?")
_SECTION_ENDS = frozenset({"heading_open", "hr"})


class Kind(StrEnum):
    """What a claim stands in."""

    SENTENCE = "sentence"
    STEP = "step"
    """A numbered step, or a list item with more below it: taken out, it would leave a hole."""
    HEADING = "heading"
    BLOCK = "block"
    """A table or code block, as a whole."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of an answer: its words, the citations it rests on, and where it stands (with its markers)."""

    text: str
    numbers: tuple[int, ...]
    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    kind: Kind
    start: int
    end: int
    section: int
    claims: tuple[Claim, ...] = field(default=())

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(number for claim in self.claims for number in claim.numbers))


def claims(text: str) -> list[Claim]:
    """Return the claims of an answer in order, those of its own words (without ``numbers``) and its headings included."""
    return [claim for block in _blocks(_LINE_END.sub("\n", text)) for claim in block.claims]


def rewritten(text: str, note_for: Callable[[Claim], str | None], keep_steps: bool) -> str:
    """Return an answer in which some claims are replaced.

    ``note_for`` is asked about every claim: None keeps it, a text stands in its place, and "" takes it out. The same note
    is not repeated from block to block. With ``keep_steps`` a step keeps its number and has the note for its words. A
    heading goes also when something was replaced under it and nothing cited is left there.
    """
    text = _LINE_END.sub("\n", text)
    blocks = _blocks(text)
    noted = [[note_for(claim) for claim in block.claims] for block in blocks]
    bare = _bare_sections(blocks, noted)
    made, at, last = "", 0, ""
    for block, notes in zip(blocks, noted, strict=True):
        gone = None not in notes or (block.kind is Kind.HEADING and block.section in bare)
        made, at = made + text[at : block.start], block.start
        if not gone:
            made, at = made + _partly(text, block, notes), block.end
            last = ""
            continue
        at, note = block.end, "" if block.kind is Kind.HEADING else next((note for note in notes if note), "")
        if keep_steps and block.kind is Kind.STEP and note:
            made += f"{text[block.start : block.claims[0].start]}{note}"
        elif note and note != last:
            made = f"{made.rstrip()}\n\n{note}\n\n".lstrip()
        last = note or last
    return re.sub(r"\n{3,}", "\n\n", made + text[at:]).strip()


def _bare_sections(blocks: Sequence[_Block], noted: Sequence[Sequence[str | None]]) -> set[int]:
    """Return the sections of which nothing cited is left; one that holds nothing but its heading goes with the next."""
    pairs = list(zip(blocks, noted, strict=True))
    left = {b.section for b, notes in pairs for claim, note in zip(b.claims, notes, strict=True) if claim.numbers and note is None}
    bare = {b.section for b, notes in pairs if any(note is not None for note in notes)} - left
    filled = {block.section for block in blocks if block.kind is not Kind.HEADING}
    for section in range(max((block.section for block in blocks), default=0) - 1, 0, -1):
        if section not in filled and section + 1 in bare:
            bare.add(section)
    return bare


def _partly(text: str, block: _Block, notes: Sequence[str | None]) -> str:
    """Return a block without those of its sentences that got a note; a note stands there once."""
    made, at, last = "", block.start, ""
    for claim, note in zip(block.claims, notes, strict=True):
        made += text[at : claim.start]
        made += text[claim.start : claim.end] if note is None else f"{note} " if note and note != last else ""
        at, last = claim.end, note or last
    return (made + text[at : block.end]).rstrip()


# -- reading -----------------------------------------------------------------------------------------------------------


def _blocks(text: str) -> list[_Block]:
    """Return the blocks of a text; those without markers that cannot have any rest on their neighbours' citations."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found = [_block(text, starts[a], starts[b] - 1, kind, section) for kind, a, b, section in _places(_BLOCKS.parse(text), lines)]
    return [replace(block, claims=_leaning(block, found, i)) if block.kind is Kind.BLOCK else block for i, block in enumerate(found)]


def _places(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[tuple[Kind, int, int, int]]:
    """Yield kind, first line, line after the last, and section of every block that holds words."""
    lists: list[str] = []
    items: list[int] = []
    section = 0
    for token in tokens:
        section += token.type in _SECTION_ENDS
        if token.type.endswith("_list_open"):
            lists.append(token.type)
        elif token.type.endswith("_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and token.map:
            items.append(_last_written(lines, token.map[0], token.map[1]))
        elif token.type == "list_item_close":
            items.pop()
        if token.map and (kind := _kind(token, lists, items)) is not None:
            yield kind, token.map[0], _last_written(lines, token.map[0], token.map[1]), section


def _kind(token: Token, lists: Sequence[str], items: Sequence[int]) -> Kind | None:
    if token.type == "heading_open":
        return Kind.HEADING
    if token.type in ("fence", "code_block", "table_open", "html_block"):
        return Kind.BLOCK
    if token.type != "paragraph_open" or not token.map:
        return None
    holds_more = bool(items) and items[-1] > token.map[1]
    return Kind.STEP if lists and (lists[-1] == "ordered_list_open" or holds_more) else Kind.SENTENCE


def _last_written(lines: Sequence[str], first: int, after: int) -> int:
    while after > first + 1 and not lines[after - 1].strip():
        after -= 1
    return after


def _block(text: str, start: int, end: int, kind: Kind, section: int) -> _Block:
    if kind in (Kind.BLOCK, Kind.HEADING):
        return _Block(kind, start, end, section, (Claim(text[start:end].lstrip("# ").strip(), (), kind, start, end),))
    prefix = _PREFIX.match(text[start:end])
    begin = start + (prefix.end() if prefix else 0)
    pieces, at = [], begin
    for match in _END.finditer(text, begin, end):
        pieces.append((at, match.end()))
        at = match.end()
    spans = [*pieces, (at, end)] if at < end or not pieces else pieces
    own = [tuple(int(number) for number in _MARKER.findall(text[a:b])) for a, b in spans]
    told = [next((later for later in own[i:] if later), ()) for i in range(len(own))]
    made = tuple(Claim(_MARKER.sub("", text[a:b]).strip(), numbers, kind, a, b) for (a, b), numbers in zip(spans, told, strict=True))
    return _Block(kind, start, end, section, made)


def _leaning(block: _Block, found: Sequence[_Block], place: int) -> tuple[Claim, ...]:
    before = (other.numbers for other in reversed(found[:place]) if other.section == block.section and other.numbers)
    after = (other.numbers for other in found[place:] if other.section == block.section and other.numbers)
    numbers = next(before, None) or next(after, ())
    return tuple(replace(claim, numbers=numbers) for claim in block.claims)
