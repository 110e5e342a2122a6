"""The outermost blocks of a Markdown text, with their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from kb.markdown import block_tokens, plain_heading

if TYPE_CHECKING:
    from markdown_it.token import Token

TARGET_WORDS = 130
MOST_WORDS = 195
HUGE_WORDS = 260
ORDERED, BULLETS, PARAGRAPH = "ordered_list_open", "bullet_list_open", "paragraph_open"

_LINE_END = re.compile(r"\r\n?|\n")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)\]*_]*\s+|(?<=[\u3002\uff01\uff1f])|\n")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in code points; ``pieces`` is where it may be cut because it is too long, else empty."""

    start: int
    end: int
    words: int
    pieces: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """An outermost block: ``first`` and ``items`` describe a list, ``leads_in`` a text that ends with a colon."""

    kind: str
    span: Span
    indented: bool = False
    leads_in: bool = False
    first: int = 1
    items: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What lies between two headings.

    ``path`` names the headings above. ``up`` and ``down`` identify the heading that this part belongs under, seen from
    the part before and from the part after; ``start`` is where its own heading begins.
    """

    path: tuple[str, ...]
    up: tuple[int, ...]
    down: tuple[int, ...]
    start: int
    blocks: tuple[Block, ...]


def word_count(text: str) -> int:
    """Count words; in scripts without spaces two characters count as a word."""
    return len(text.split()) + len(_WIDE.findall(text)) // 2


def parts(text: str) -> Iterator[Part]:
    """Yield the parts of a text in order; together their blocks cover every line that is neither heading nor blank."""
    reader = _Reader(text)
    tokens = reader.tokens
    marks = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    levels = [0, *(int(tokens[at].tag[1:]) for at in marks)]
    titled = levels[1:2] == [1] and levels.count(1) == 1
    trail: list[tuple[int, int, str]] = []
    for number, level in enumerate(levels):
        mark = marks[number - 1] if number else None
        if mark is not None:
            trail = [*(above for above in trail if above[0] < level), (level, number, plain_heading(tokens[mark + 1].content))]
        following = marks[number] if number < len(marks) else None
        ids = tuple(above[1] for above in trail)
        has_children = number + 1 < len(levels) and levels[number + 1] > level
        named = trail[1:] if titled and len(trail) > 1 and trail[0][0] == 1 else trail
        yield Part(
            path=tuple(name for _, _, name in named if name),
            up=ids[:-1],
            down=ids if has_children else ids[:-1],
            start=reader.starts[_lines(tokens[mark])[0]] if mark is not None else 0,
            blocks=tuple(_blocks(reader, mark, following)),
        )


class _Reader:
    """A text with the offsets of its lines and the tokens of its blocks."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self.tokens = block_tokens(text)

    def span(self, first: int, after: int) -> Span | None:
        """Return the lines [first, after) without blank ends, None when nothing is left."""
        return self.trimmed(self.offset(first), self.offset(after))

    def offset(self, line: int) -> int:
        """Return where a line starts; a line after the last starts at the end."""
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def trimmed(self, start: int, end: int) -> Span | None:
        part = self.text[start:end]
        inside = part.strip()
        start += len(part) - len(part.lstrip())
        return Span(start, start + len(inside), word_count(inside)) if inside else None


def _lines(token: Token) -> tuple[int, int]:
    first, after = token.map or (0, 0)
    return first, after


def _blocks(reader: _Reader, mark: int | None, following: int | None) -> Iterator[Block]:
    """Yield the blocks between two headings; each reaches to the start of the next, so that no line is lost."""
    first = _lines(reader.tokens[mark])[1] if mark is not None else 0
    until = _lines(reader.tokens[following])[0] if following is not None else len(reader.starts)
    inside = reader.tokens[mark + 3 if mark is not None else 0 : following]
    tops = [at for at, token in enumerate(inside) if token.level == 0 and token.nesting >= 0 and token.map]
    starts = [first, *(_lines(inside[at])[0] for at in tops[1:]), until]
    if not tops and (span := reader.span(first, until)):
        yield Block(PARAGRAPH, span)
    for number, at in enumerate(tops):
        tokens = inside[at : tops[number + 1] if number + 1 < len(tops) else len(inside)]
        if span := reader.span(starts[number], starts[number + 1]):
            yield _block(reader, tokens, span)


def _block(reader: _Reader, tokens: Sequence[Token], span: Span) -> Block:
    head = tokens[0]
    items = [_lines(token)[0] for token in tokens if token.type == "list_item_open" and token.level == 1]
    if head.type == BULLETS and span.words > HUGE_WORDS:
        span = replace(span, pieces=_cut(reader, [span.start, *(reader.starts[line] for line in items[1:]), span.end]))
    elif head.type == PARAGRAPH and span.words > MOST_WORDS:
        span = replace(span, pieces=_cut(reader, list(_sentence_ends(reader.text, span))))
    return Block(
        kind=head.type,
        span=span,
        indented=reader.text[reader.starts[_lines(head)[0]]] in " \t",
        leads_in=reader.text[span.start : span.end].rstrip("*_").endswith((":", "\uff1a")),
        first=int(head.attrGet("start") or 1),
        items=len(items),
    )


def _cut(reader: _Reader, cuts: Sequence[int]) -> tuple[Span, ...]:
    pieces = (reader.trimmed(start, end) for start, end in pairwise(cuts))
    return tuple(piece for piece in pieces if piece)


def _sentence_ends(text: str, span: Span) -> Iterable[int]:
    """Return where a paragraph may be cut: after sentences and lines, and inside a sentence longer than a passage."""
    part = text[span.start : span.end]
    yield span.start
    last = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(part)), len(part)]:
        words = [match.start() for match in re.finditer(r"\S+", part[last:end])]
        if len(words) > MOST_WORDS:
            yield from (span.start + last + words[at] for at in range(TARGET_WORDS, len(words), TARGET_WORDS))
        last = end
        yield span.start + end
