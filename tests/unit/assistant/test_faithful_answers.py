"""Composed answers say only what their passages say: made-up sentences, as a language model would write them."""

from __future__ import annotations

from datetime import date

from assistant.agent import wording
from assistant.agent.steps.answer import Composed, faithful
from kb.model import Citation

QUOTE = "1. Open Company Portal.\n2. Choose **Sync** and wait 15 minutes.\n3. Sign in again.\n\nCall extension 4357 if it fails."
CITATION = Citation("portal", 1, "Synchronise a laptop", "Do it", QUOTE, 0, len(QUOTE), updated=date(2026, 1, 1).isoformat())
OTHER = Citation("hours", 4, "When the desk is open", "", "The desk is open 07:00-18:00 CET.", 0, 33)


def told(text: str) -> Composed:
    return faithful(Composed(text, (CITATION, OTHER), ("a", "b")))


def test_a_faithful_answer_stays_as_it_is() -> None:
    text = "### Do it\n\n1. Open Company Portal. [1]\n2. Choose **Sync** and wait 15 minutes. [1]\n\nThe desk is open 07:00-18:00 CET. [2]"
    assert told(text) == Composed(text, (CITATION, OTHER), ("a", "b"))


def test_an_unsupported_sentence_is_taken_out_and_the_reason_kept() -> None:
    made = told("Open Company Portal. [1] The password is emailed to you. [1]\n\nCall extension 4911. [1]")
    assert made.text == "Open Company Portal. [1]"
    assert len(made.unsupported) == 2
    assert "figure 4911" in made.unsupported[1]


def test_a_step_that_is_not_in_the_source_leaves_its_place() -> None:
    made = told("1. Open Company Portal. [1]\n2. Choose **Erase** and wait 15 minutes. [1]\n3. Sign in again. [1]")
    assert made.text == f"1. Open Company Portal. [1]\n2. {wording.unconfirmed_step()}\n3. Sign in again. [1]"


def test_the_source_has_to_be_the_one_that_is_cited() -> None:
    assert told("The desk is open 07:00-18:00 CET. [1]").text == ""
    assert told("The desk is open 07:00-18:00 CET. [1][2]").text != "", "both together say it"


def test_what_cites_nothing_or_something_that_is_not_there_is_taken_out() -> None:
    made = told("Open Company Portal.\n\nOpen Company Portal. [7]\n\nSign in again. [1]")
    assert made.text == "Sign in again. [1]"


def test_an_invented_heading_is_taken_out() -> None:
    assert "4911" not in told("### Call extension 4911\n\nSign in again. [1]").text


def test_nothing_supported_is_no_answer() -> None:
    made = told("### Do it\n\n1. Format the disk. [1]\n2. Call Petra. [1]")
    assert made.text == ""
    assert len(made.unsupported) == 2
