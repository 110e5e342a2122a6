"""What people in the other system get to read: everything, in plain text, in an order that helps."""

from __future__ import annotations

from datetime import UTC, datetime

from assistant.desk.filing import as_text, outgoing
from assistant.domain.configuration import Person
from assistant.domain.ticket import Ticket, TicketBody, TicketStatus, Tried

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA = Person("ana", "Ana Silva", "ana.silva@x.test")
BODY = TicketBody(
    "Asked: the scanner is jammed\nTried: “Clear a jam” (did not solve it)",
    (
        ("Ana Silva", "es klemmt – 紙詰まり 🙂\n\n- <b>roller 2</b> & *tray*", "2026-03-02T12:00:00+00:00"),
        ("Firstline", "Try this. [1]", "2026-03-02T14:00:01+02:00"),
    ),
    (Tried("printing-jam", "Clear a jam", 3, "did not solve it"), Tried("", "an article that is not available to you", 0, "no verdict")),
    "LT-1 (LT-1), Windows 11",
    (("Requester", "Ana Silva, Buyer"), ("Category", "printing")),
    0.625,
)
TICKET = Ticket("T-1001", "ana", "Scanner is jammed", TicketStatus.OPEN, "endpoint", "printing", "", NOON, NOON, body=TicketBody("another body"))


def test_a_ticket_is_sent_with_everything_that_is_known_of_it() -> None:
    sent = outgoing(TICKET, BODY, ANA, "asked for a person")
    assert (sent.subject, sent.requester, sent.requester_name) == ("Scanner is jammed", "ana.silva@x.test", "Ana Silva")
    assert (sent.queue, sent.category, sent.reference) == ("endpoint", "printing", "T-1001")
    assert sent.text == as_text(BODY, "T-1001", "endpoint", "asked for a person")
    assert "another body" not in sent.text


def test_the_text_holds_all_parts_in_their_order() -> None:
    assert as_text(BODY, "T-1001", "endpoint", "asked for a person").splitlines() == [
        "SUMMARY",
        "Asked: the scanner is jammed",
        "Tried: “Clear a jam” (did not solve it)",
        "Handed over because: asked for a person",
        "",
        "FACTS",
        "Device: LT-1 (LT-1), Windows 11",
        "Requester: Ana Silva, Buyer",
        "Category: printing",
        "Confidence of the assistant: 62%",
        "Suggested queue: endpoint",
        "Ticket in Firstline: T-1001",
        "",
        "ARTICLES TRIED",
        "1. Clear a jam (printing-jam, revision 3): did not solve it",
        "2. an article that is not available to you: no verdict",
        "",
        "TRANSCRIPT",
        "[2026-03-02 12:00 UTC] Ana Silva:",
        "es klemmt – 紙詰まり 🙂",
        "",
        "- <b>roller 2</b> & *tray*",
        "",
        "[2026-03-02 12:00 UTC] Firstline:",
        "Try this. [1]",
    ]


def test_what_was_said_stands_at_the_time_of_the_organisation() -> None:
    sent = outgoing(TICKET, BODY, ANA, zone="Europe/Stockholm")
    assert "[2026-03-02 13:00 CET] Ana Silva:" in sent.text
    assert "UTC" not in sent.text


def test_what_is_not_known_is_said_to_be_missing() -> None:
    text = as_text(TicketBody("It is jammed."), "T-1", "q")
    assert "Handed over" not in text
    assert "Device: not stated" in text
    assert "Confidence of the assistant: not stated" in text
    assert "None answered it." in text
    assert "Nothing was said." in text
