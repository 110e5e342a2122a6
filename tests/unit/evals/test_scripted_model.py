"""The scripted model plays its part deterministically, and spoils what it is told to spoil."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from assistant.agent.asking import PACKAGED, read_prompt
from assistant.agent.steps.answer_with_model import WORDS
from assistant.agent.steps.understand_with_model import Reading
from evals.scripted.mind import asked, spoken
from evals.scripted.spoiling import FAILS, WAYS, Spoiler, spoiled

PASSAGES = [
    {"handle": "p1", "title": "Install the VPN", "heading": "", "text": "Harbour Connect is the VPN client. It is on every laptop."},
    {"handle": "p2", "title": "Install the VPN", "heading": "Steps", "text": "1. Open Shelf.\n2. Choose **Get**.\n3. Restart the laptop."},
    {"handle": "p3", "title": "Printers", "heading": "", "text": "Each printer has a label."},
]


def body(prompt: str, shown: dict[str, Any], given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A request as the service words it."""
    lines = read_prompt(PACKAGED / f"{prompt}.j2").lines(shown, given)
    return {"model": "m", "messages": [{"role": line.role, "content": line.text} for line in lines], **more}


def understanding(message: str, state: str = "open", issue: str = "") -> dict[str, Any]:
    return body("understand", {"intents": []}, {"message": message, "state": state, "issue": issue})


def answering(question: str, *, quotes: bool = False) -> dict[str, Any]:
    given = {"question": question, "before": [], "system": "", "language": "English", "passages": PASSAGES}
    return body("answer", {"language": "English", "quotes": quotes, "words": WORDS}, given)


READINGS = [
    (
        "Hi, could you please help me: my VPN drops on Windows",
        "open",
        "",
        {"intent": "question", "system": "windows", "search": "my VPN drops on Windows"},
    ),
    ("This is ridiculous!! The VPN is down, I cannot work", "open", "", {"intent": "question", "mood": "upset", "urgent": True}),
    ("It still does not connect", "awaiting_confirmation", "vpn", {"intent": "not_solved", "mood": "annoyed"}),
    ("That worked, great", "awaiting_confirmation", "vpn", {"intent": "solved"}),
    ("and on my iPhone", "clarifying", "set up the VPN", {"intent": "follow_up", "system": "ios", "search": "set up the VPN and on my iPhone"}),
    ("Can I talk to a person", "open", "", {"intent": "person", "search": ""}),
    ("What is the weather in Paris", "open", "", {"intent": "out_of_scope"}),
]


@pytest.mark.parametrize(("message", "state", "issue", "expected"), READINGS)
def test_messages_are_read_by_simple_rules(message: str, state: str, issue: str, expected: dict[str, Any]) -> None:
    made = Reading.model_validate_json(spoken(understanding(message, state, issue)).text).model_dump()
    assert {name: made[name] for name in expected} == expected


def test_an_answer_copies_what_fits_with_the_handle_of_each_statement() -> None:
    said = spoken(answering("How do I install the VPN client Harbour Connect?"))
    assert (said.step, said.text.splitlines()) == (
        "answer",
        [
            "Harbour Connect is the VPN client. [p1]",
            "It is on every laptop. [p1]",
            "1. Open Shelf. [p2]",
            "2. Choose **Get**. [p2]",
            "3. Restart the laptop. [p2]",
        ],
    )


def test_what_the_passages_do_not_hold_is_not_answered() -> None:
    assert spoken(answering("Where are my payslips kept?")).text == "NOTHING"


def test_for_another_language_each_statement_has_its_words() -> None:
    first = spoken(answering("Wie installiere ich das VPN?", quotes=True)).text.splitlines()[0]
    assert first == 'Harbour Connect is the VPN client. [p1: "Harbour Connect is the VPN client."]'


def test_a_wish_becomes_a_call_with_the_handle_that_was_offered() -> None:
    tools = [{"type": "function", "function": {"name": "close_ticket"}}, {"type": "function", "function": {"name": "unlock_account"}}]
    offered = [{"handle": "h_7f", "kind": "ticket", "label": "T-12"}]
    request = body("act", {"shown": False}, {"message": "Please close ticket T-12", "issue": "", "offered": offered}, tools=tools)
    assert spoken(request).calls == (("close_ticket", {"ticket": "h_7f"}),)
    assert spoken({**request, "tools": tools[1:]}).text == "NOTHING"


def test_a_summary_and_a_draft_hold_what_was_said() -> None:
    transcript = [{"who": "employee", "what": "My VPN drops. It began today"}, {"who": "assistant", "what": "Try this."}]
    assert spoken(body("summarise", {}, {"transcript": transcript, "device": "", "tried": []})).text == "My VPN drops. It began today."
    tickets = [{"handle": "t1", "subject": "VPN drops", "asked": "It drops.", "solved": "Update the driver. Restart."}]
    draft = spoken(body("draft", {}, {"tickets": tickets})).text
    assert draft.splitlines()[-2:] == ["1. Update the driver. [t1]", "2. Restart. [t1]"]


def test_a_request_for_repair_is_answered_like_the_first() -> None:
    first = answering("How do I install the VPN?")
    again = {**first, "messages": [*first["messages"], {"role": "assistant", "content": "x"}, {"role": "user", "content": "That cannot be used"}]}
    assert spoken(again) == spoken(first)


@pytest.mark.parametrize(
    "messages", [[], [{"role": "user", "content": "hello"}], [{"role": "user", "content": "[1]"}], [{"role": "system", "content": None}]]
)
def test_other_requests_are_answered_with_one_sentence(messages: list[dict[str, Any]]) -> None:
    assert asked({"messages": messages}) == {}
    assert spoken({"messages": messages}).step == "other"


class TestSpoiling:
    def test_the_share_is_kept_and_the_seed_decides(self) -> None:
        requests = [understanding(f"question number {number}") for number in range(2_000)]
        ways = [[Spoiler(0.1, seed).way(request) for request in requests] for seed in (1, 1, 2)]
        assert ways[0] == ways[1] != ways[2]
        share = sum(1 for way in ways[0] if way) / len(requests)
        assert 0.08 < share < 0.12
        assert set(Counter(filter(None, ways[0]))) == set(WAYS)

    def test_the_same_request_again_is_drawn_anew(self) -> None:
        spoiler = Spoiler(0.5, 1)
        assert len({spoiler.way(understanding("the same")) != "" for _ in range(40)}) == 2

    def test_nothing_is_spoiled_where_nothing_is_to_be(self) -> None:
        spoiler = Spoiler(0.0, 1)
        assert {spoiler.way(understanding(str(number))) for number in range(200)} == {""}

    @pytest.mark.parametrize("way", [way for way in WAYS if way not in FAILS])
    def test_each_way_changes_an_answer(self, way: str) -> None:
        good = spoken(answering("How do I install the VPN?"))
        assert spoiled(good, way) != good

    def test_a_cut_object_is_no_json(self) -> None:
        with pytest.raises(ValueError, match="Unterminated|Expecting"):
            json.loads(spoiled(spoken(understanding("VPN")), "cut").text)
