"""Words of a question that no passage has: a sign that the knowledge base does not cover it."""

from __future__ import annotations

import pytest

from kb.support import unheard

PASSAGES = ("# Slow laptop\nRestart the laptop and close programs that you do not need.", "Macros in Excel are switched off.")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("My laptops are slow", ()),
        ("The fan of my laptop rattles", ("fan", "rattl")),
        ("Excel macro", ()),
        ("", ()),
        ("rattles, rattling and rattled", ("rattl",)),
    ],
)
def test_a_word_is_unheard_when_no_passage_has_any_form_of_it(question: str, expected: tuple[str, ...]) -> None:
    assert unheard(question, PASSAGES) == expected


def test_with_no_passage_every_word_is_unheard() -> None:
    assert len(unheard("the printer jams", ())) == 2
