"""What people say about answers: taken from those who got them, kept without secrets, shown to those who write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.service import LocalService, firstline, served_here

QUESTION = "I cannot connect to the VPN"


@pytest.fixture
def here(demo_home: Callable[[str], Path]) -> Iterator[LocalService]:
    with served_here(demo_home("home"), messages_per_minute=10_000) as service:
        yield service


def answered(client: httpx.Client, message: str = "m-1") -> dict[str, Any]:
    reply: dict[str, Any] = client.post("/v1/conversations", json={"text": QUESTION, "id": message}).json()
    assert reply["kind"] == "answer"
    return reply


def said(client: httpx.Client, conversation: str, **changes: str) -> httpx.Response:
    return client.post(f"/v1/conversations/{conversation}/feedback", json={"message": "m-1", "verdict": "unhelpful", **changes})


def events(client: httpx.Client, conversation: str) -> list[dict[str, Any]]:
    found = client.get(f"/v1/conversations/{conversation}/events").json()
    return [one["event"] for one in found if one["event"]["type"] == "feedback"]


def test_the_latest_word_counts_and_the_same_again_is_said_once(here: LocalService) -> None:
    with here.client("maria.santos") as maria:
        conversation = answered(maria)["conversation"]
        for body in ({"reason": "wrong"}, {"reason": "wrong"}, {"verdict": "helpful"}):
            assert said(maria, conversation, **body).status_code == 204
        assert events(maria, conversation) == [
            {"type": "feedback", "message": "m-1", "verdict": "unhelpful", "reason": "wrong"},
            {"type": "feedback", "message": "m-1", "verdict": "helpful", "reason": ""},
        ]
    with here.assistant.store.read() as unit:
        kept = unit.feedback.of_answer(conversation, "m-1")
        lines = [line.facts for line in unit.audit.lines() if line.facts.get("step") == "feedback"]
    assert kept is not None and kept.helpful and kept.articles
    assert [(line["decision"], line["actor"], line["message"]) for line in lines] == [
        ("unhelpful", "maria.santos", "m-1"),
        ("helpful", "maria.santos", "m-1"),
    ]


def test_only_answers_in_ones_own_conversation_can_be_judged(here: LocalService) -> None:
    with here.client("maria.santos") as maria, here.client("wei.zhang") as wei:
        conversation = answered(maria)["conversation"]
        maria.post(f"/v1/conversations/{conversation}/messages", json={"choice": "yes", "id": "m-2"})
        assert said(wei, conversation).status_code == 404
        assert said(maria, conversation, message="m-2").status_code == 404
        assert said(maria, conversation, message="nothing").status_code == 404
        assert events(maria, conversation) == []


@pytest.mark.parametrize(
    "body", [{"verdict": "maybe"}, {"reason": "boring"}, {"verdict": "helpful", "reason": "wrong"}, {"note": "x" * 1_001}, {"extra": "x"}]
)
def test_what_is_no_opinion_is_refused(here: LocalService, body: dict[str, str]) -> None:
    with here.client("maria.santos") as maria:
        assert said(maria, "c_0", **body).status_code == 422


def test_secrets_are_taken_out_of_a_note_before_it_is_stored(here: LocalService) -> None:
    with here.client("maria.santos") as maria:
        conversation = answered(maria)["conversation"]
        assert said(maria, conversation, reason="wrong", note="It did not take my password: Tr0ub4dor&3 today").status_code == 204
    with here.assistant.store.read() as unit:
        kept = unit.feedback.of_answer(conversation, "m-1")
    assert kept is not None and "Tr0ub4dor" not in kept.note and kept.note.startswith("It did not take my password")


def test_authors_see_the_article_its_counts_and_the_notes_without_a_name_until_it_is_edited(here: LocalService) -> None:
    with here.client("maria.santos") as maria:
        reply = answered(maria)
        said(maria, reply["conversation"], reason="outdated", note="The menu has <b>moved</b>.")
    title = reply["citations"][0]["title"]
    with here.client(Cookie=f"firstline_session={here.token('elin.berg')}") as author:
        page = author.get("/console/gaps").text
    section = page[page.index("What people said about answers") :]
    assert title in section and "1 × outdated" in section and "The menu has &lt;b&gt;moved&lt;/b&gt;." in section
    assert "Maria" not in section


def test_the_command_lists_the_same(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    with served_here(home) as here, here.client("maria.santos") as maria:
        reply = answered(maria)
        said(maria, reply["conversation"], reason="wrong", note="Nothing there.")
    shown = json.loads(firstline(home, "gaps", "--json").stdout)["doubted"]
    assert {row["article"] for row in shown} == {view["article"] for view in reply["citations"]}
    assert all((row["reasons"], row["notes"], row["helpful"]) == ({"wrong": 1}, ["Nothing there."], 0) for row in shown)
    assert "1 x wrong" in firstline(home, "gaps").stdout


def test_where_nothing_is_kept_the_reason_stays_and_the_note_does_not(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home"), zero_persistence=True) as here, here.client("maria.santos") as maria:
        conversation = answered(maria)["conversation"]
        said(maria, conversation, reason="wrong", note="canary words")
        with here.assistant.store.read() as unit:
            kept = unit.feedback.of_answer(conversation, "m-1")
    assert kept is not None and (kept.reason, kept.note) == ("wrong", "")
