"""What changed between two texts, line by line and inside a changed line word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

AROUND = 2
"""So many unchanged lines are shown on each side of a change."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LONGEST = 4_000
"""A changed stretch with more words on either side is shown as taken out and put in: comparing its words would take long and read badly."""


class Kind(StrEnum):
    """What happened to a piece of text."""

    SAME = "same"
    OUT = "out"
    IN = "in"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line; for ``SKIPPED`` the text is the number of lines that are left out."""

    kind: Kind
    text: str


def difference(old: str, new: str) -> list[list[Piece]]:
    """Return the lines of both texts as pieces; joined, what is SAME or OUT is ``old`` and what is SAME or IN is ``new``, but for skipped lines."""
    before, after = old.split("\n"), new.split("\n")
    lines: list[list[Piece]] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [[Piece(Kind.SAME, line)] for line in before[a:b]]
        else:
            lines += _changed("\n".join(before[a:b]) if b > a else None, "\n".join(after[c:d]) if d > c else None)
    return list(_folded(lines))


def _changed(old: str | None, new: str | None) -> list[list[Piece]]:
    if old is None or new is None:
        kind, text = (Kind.IN, new) if old is None else (Kind.OUT, old)
        return [[Piece(kind, line)] for line in (text or "").split("\n")]
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > LONGEST:
        return [[Piece(Kind.OUT, line)] for line in old.split("\n")] + [[Piece(Kind.IN, line)] for line in new.split("\n")]
    pieces: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(Kind.SAME, "".join(before[a:b])))
            continue
        pieces += [Piece(kind, "".join(words)) for kind, words in ((Kind.OUT, before[a:b]), (Kind.IN, after[c:d])) if words]
    return _in_lines(pieces)


def _in_lines(pieces: Sequence[Piece]) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    for piece in pieces:
        first, *others = piece.text.split("\n")
        if first:
            lines[-1].append(Piece(piece.kind, first))
        for text in others:
            lines.append([Piece(piece.kind, text)] if text else [])
    return lines


def _folded(lines: Sequence[list[Piece]]) -> Iterator[list[Piece]]:
    """Leave out unchanged lines that are far from any change."""
    touched = [number for number, line in enumerate(lines) if any(piece.kind is not Kind.SAME for piece in line)]
    near = {number for one in touched for number in range(one - AROUND, one + AROUND + 1)}
    skipped = 0
    for number, line in enumerate(lines):
        if number not in near:
            skipped += 1
            continue
        if skipped:
            yield [Piece(Kind.SKIPPED, str(skipped))]
            skipped = 0
        yield line
    if skipped:
        yield [Piece(Kind.SKIPPED, str(skipped))]
