"""A ticket that a model wished for and a person pressed holds what any handed-over ticket holds (E1), here and elsewhere."""

from __future__ import annotations

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.desk.filing import outgoing
from assistant.domain.handoff import HandoffReason
from tests.support.workshop import WORDS, Workshop

SAME_ISSUE = 0.72


@pytest.fixture
def shop() -> Workshop:
    return Workshop(MemoryStore(SAME_ISSUE))


def test_it_holds_the_transcript_the_facts_the_reason_and_the_team(shop: Workshop) -> None:
    done = shop.does("create_ticket", category="vpn")
    assert done.status.value == "done"
    with shop.store.read() as unit:
        ticket = unit.tickets.ticket(done.result["ticket"])
        (handoff,) = unit.handoffs.of_conversation(done.conversation)
        (filed,) = [line.facts for line in unit.audit.lines() if line.facts["step"] == "file"]
    assert ticket is not None
    facts = dict(ticket.body.facts)
    assert facts["Why it came to people"] == HandoffReason.REQUESTED.label
    assert facts["Suggested team"] == "Network"
    assert WORDS in ticket.body.summary
    assert (ticket.body.transcript[0][0], ticket.body.transcript[0][1]) == ("Ann Berg", WORDS)
    assert (handoff.reason, handoff.ticket, handoff.waits) == (HandoffReason.REQUESTED, ticket.id, False)
    assert (filed["detail"]["reason"], filed["context"]["lines"]) == ("requested", len(ticket.body.transcript))


def test_what_goes_elsewhere_has_all_of_it(shop: Workshop) -> None:
    done = shop.does("create_ticket", category="vpn")
    with shop.store.read() as unit:
        ticket = unit.tickets.ticket(done.result["ticket"])
    assert ticket is not None
    sent = outgoing(ticket, ticket.body, shop.person("ann")).text
    for part in ("SUMMARY", "FACTS", "ARTICLES TRIED", "TRANSCRIPT", WORDS, "Why it came to people: Asked for a person or a ticket"):
        assert part in sent


@pytest.mark.parametrize(
    ("tool", "labels", "said"),
    [
        ("update_ticket", {"category": "vpn"}, "was under vpn already"),
        ("reopen_ticket", {}, "was open already"),
        ("close_ticket", {}, "was closed already"),
    ],
)
def test_what_was_so_already_is_said_to_be_so_and_has_no_undo(shop: Workshop, tool: str, labels: dict[str, str], said: str) -> None:
    ticket = shop.ticket()
    if tool == "close_ticket":
        shop.does(tool, ticket=ticket)
    done = shop.does(tool, ticket=ticket, **labels)
    assert done.result["changed"] is False
    with shop.store.read() as unit:
        last = [event.body["reply"] for event in unit.conversations.events(done.conversation) if event.body["type"] == "reply"][-1]
    assert f"Ticket {ticket} {said}" in last["text"]
    assert not [choice for choice in last["choices"] if choice["label"] == "Undo"]
