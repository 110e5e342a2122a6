"""What changed between two texts, as people read it."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from kb.difference import LONGEST, Kind, Piece, difference
from tests.support.kb_properties import examples

WORDY = st.lists(st.sampled_from(["open", "the", "flap", "\n", "\n\n", " ", ".", "1."]), max_size=30).map("".join)


def side(lines: list[list[Piece]], kind: Kind) -> str:
    return "".join(piece.text for line in lines for piece in line if piece.kind in (Kind.SAME, kind))


@examples(200)
@given(WORDY, WORDY)
def test_what_stays_and_what_goes_out_is_the_old_text_and_what_stays_and_comes_in_the_new_one(old: str, new: str) -> None:
    lines = difference(old, new)
    if any(piece.kind is Kind.SKIPPED for line in lines for piece in line):
        assert old != new or all(piece.kind is Kind.SKIPPED for line in lines for piece in line)
        return
    assert side(lines, Kind.OUT) == old.replace("\n", "")
    assert side(lines, Kind.IN) == new.replace("\n", "")


def test_inside_a_changed_line_only_the_changed_words_are_marked() -> None:
    [line] = difference("Open the side flap first.", "Open the left flap first.")
    assert line == [Piece(Kind.SAME, "Open the "), Piece(Kind.OUT, "side"), Piece(Kind.IN, "left"), Piece(Kind.SAME, " flap first.")]


def test_lines_far_from_a_change_are_left_out_and_counted() -> None:
    old = "\n".join(f"line {number}" for number in range(12))
    lines = difference(old, old.replace("line 6", "line six"))
    assert [line[0] for line in lines if line[0].kind is Kind.SKIPPED] == [Piece(Kind.SKIPPED, "4"), Piece(Kind.SKIPPED, "3")]
    assert len(lines) == 7


def test_equal_texts_have_nothing_to_show_but_their_length() -> None:
    assert difference("a\nb", "a\nb") == [[Piece(Kind.SKIPPED, "2")]]


def test_two_long_texts_without_a_line_in_common_are_compared_at_once() -> None:
    old, new = " ".join(f"a{n}" for n in range(LONGEST)), " ".join(f"b{n}" for n in range(LONGEST))
    began = time.monotonic()
    lines = difference(old, new)
    assert [piece.kind for line in lines for piece in line] == [Kind.OUT, Kind.IN]
    assert time.monotonic() - began < 5
