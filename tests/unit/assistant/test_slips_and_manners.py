"""Slips of the finger, and manners or anger around a request: the same is understood."""

from __future__ import annotations

import pytest

from assistant.agent.steps.understand_spelling import Spelling
from assistant.agent.steps.understand_words import words_of
from assistant.agent.steps.understand_wrapping import unwrapped

KNOWN = words_of("reset password printer ticket status form from please with what is the of my on floor works")
SPELLING = Spelling.of(KNOWN, ["reset my password", "the printer", "status of the ticket", "it works", "from the floor"])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("pasword reset please", "password reset please"),
        ("what is the staus of my tiket", "what is the status of my ticket"),
        ("my prniter on the floor", "my printer on the floor"),
        ("it wroks with my printer", "it works with my printer"),
        ("Passwrod of my printer", "password of my printer"),
        ("the form is on my floor", "the form is on my floor"),
        ("what is SAPgui on my floor", "what is SAPgui on my floor"),
        ("mein drucker druckt nicht mehr", "mein drucker druckt nicht mehr"),
        ("", ""),
    ],
)
def test_a_slip_is_read_as_the_word_of_the_examples_and_nothing_else_is_touched(written: str, read: str) -> None:
    assert SPELLING.corrected(written) == read


def test_without_a_vocabulary_nothing_is_taken_for_a_slip() -> None:
    assert Spelling.of([], ["reset my password"]).corrected("pasword reset") == "pasword reset"


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("hi, could you please open a ticket, thanks in advance", "open a ticket"),
        ("for god's sake, get me a human right now!", "get me a human"),
        ("this is ridiculous! talk to a person", "talk to a person"),
        ("good morning dear team, sorry to bother you, please, open a ticket. kind regards", "open a ticket"),
    ],
)
def test_manners_and_anger_come_off(text: str, core: str) -> None:
    assert list(unwrapped(text))[-1] == core


@pytest.mark.parametrize("text", ["hello", "thanks", "please", "hi, thanks", "open a ticket"])
def test_manners_alone_stay_what_they_are(text: str) -> None:
    assert next(unwrapped(text)) == text
    assert all(any(letter.isalnum() for letter in one) for one in unwrapped(text))
