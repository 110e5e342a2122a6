"""What a person who takes over is told: the issue, what was added, what was tried, and every word that was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.agent.state import Memory, Offered
from assistant.agent.steps.summarise import summary_of, ticket_body, transcript_of
from assistant.domain.configuration import Device, Person
from assistant.domain.ticket import Tried
from assistant.ports.store import Event, Message
from kb.model import Abstention, FailureClass, Platform

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANA = Person("ana", "Ana Silva", title="Buyer", department="Purchasing", location="Leeds")
LAPTOP = Device("LT-1", "ana", "ThinkPad", Platform.WINDOWS, "Windows 11", compliant=False)
MEMORY = Memory(
    issue="The scanner is jammed",
    details=("It is the one in the lab", "error 12"),
    category="printing",
    confidence=0.42,
    offered=(Offered("scanner-jam", "Clear a jam", 3, "did not solve it"), Offered("scanner-order", "Order a scanner", 1)),
    nearest=("scanner-jam", "printer-jam"),
)


def said(number: int, kind: str, text: str, **more: object) -> Event:
    body = {"type": "message", "message": f"m{number}", "text": text, **more} if kind == "message" else {"type": "reply", "reply": {"text": text}}
    return Event(number, "c_1", NOON + timedelta(minutes=number), body)


def message(name: str, text: str, choice: str = "") -> Message:
    return Message(name, "c_1", text, choice, "", NOON + timedelta(hours=1))


def test_a_summary_holds_issue_details_and_what_was_tried() -> None:
    assert summary_of(MEMORY).splitlines() == [
        "Asked: The scanner is jammed",
        "Added: It is the one in the lab",
        "Added: error 12",
        "Tried: “Clear a jam” (did not solve it), “Order a scanner” (no verdict yet)",
    ]
    assert summary_of(Memory(issue="x")).splitlines() == ["Asked: x", "No article answered it."]


def test_a_summary_of_a_very_long_issue_stays_short() -> None:
    assert len(summary_of(Memory(issue="a" * 9_000, details=("b" * 9_000,)))) < 1_000


def test_a_transcript_is_verbatim_and_in_order() -> None:
    odd = "  <b>ünï</b>\n\n*x* 🙂 שלום "
    events = [said(1, "message", odd), said(2, "reply", "Which one?"), said(3, "message", "the lab")]
    lines = transcript_of(events, ANA, message("m3", "the lab"))
    assert [(who, words) for who, words, _ in lines] == [("Ana Silva", odd), ("Firstline", "Which one?"), ("Ana Silva", "the lab")]
    assert [at for _, _, at in lines] == [event.at.isoformat() for event in events]


def test_the_current_message_is_there_once() -> None:
    events = [said(1, "message", "one")]
    assert [words for _, words, _ in transcript_of(events, ANA, message("m1", "one"))] == ["one"]
    assert [words for _, words, _ in transcript_of(events, ANA, message("m2", "two"))] == ["one", "two"]


def test_a_pressed_choice_is_part_of_what_was_said() -> None:
    events = [said(1, "message", "one"), said(2, "reply", "Did this solve it?"), said(3, "message", "Yes, solved", choice="yes")]
    assert [words for _, words, _ in transcript_of(events, ANA, message("m3", "", "yes"))] == ["one", "Did this solve it?", "Yes, solved"]
    assert [words for _, words, _ in transcript_of(events[:2], ANA, message("m3", "", "yes"))][-1] == "yes"


def test_a_ticket_body_is_complete() -> None:
    transcript = (("Ana Silva", "one", NOON.isoformat()),)
    body = ticket_body(MEMORY, transcript, ANA, LAPTOP, 0.42)
    assert body.summary == summary_of(MEMORY)
    assert body.transcript == transcript
    assert body.tried == (Tried("scanner-jam", "Clear a jam", 3, "did not solve it"), Tried("scanner-order", "Order a scanner", 1, "no verdict"))
    assert body.device == "ThinkPad (LT-1), Windows 11"
    assert body.confidence == 0.42
    facts = dict(body.facts)
    assert facts["Requester"] == "Ana Silva, Buyer, Purchasing, Leeds"
    assert facts["Category"] == "printing"
    assert facts["Device management"] == "not compliant"
    assert facts["Nearest articles"] == "scanner-jam, printer-jam"


def test_a_ticket_without_a_device_says_the_system_or_nothing() -> None:
    assert ticket_body(Memory(issue="x", platform="linux"), (), ANA, None, None).device == "linux"
    bare = ticket_body(Memory(issue="x"), (), ANA, None, None)
    assert (bare.device, bare.tried, dict(bare.facts)["Category"]) == ("", (), "unknown")


def test_a_memory_survives_storage() -> None:
    assert Memory.load(MEMORY.dump()) == MEMORY
    assert Memory.load({}) == Memory()


def test_a_verdict_goes_to_what_has_none() -> None:
    assert [item.verdict for item in MEMORY.with_verdict("solved").offered] == ["did not solve it", "solved"]
    assert MEMORY.tried == ("scanner-jam", "scanner-order")


def test_the_question_is_the_issue_with_the_latest_details() -> None:
    memory = Memory(issue="i", details=("a", "b", "c"))
    assert memory.question == "i. b. c"
    assert len(Memory(issue="i" * 9_000).question) == 4_000


def test_why_it_failed_is_kept_with_what_was_near() -> None:
    abstained = MEMORY.abstained(Abstention(FailureClass.NO_ARTICLE, 0.1, ("x",)))
    assert (abstained.failure, abstained.nearest, abstained.confidence) == ("no article", ("x",), 0.1)
