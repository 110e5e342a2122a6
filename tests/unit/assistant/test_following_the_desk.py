"""What people do in the other system comes back: once, whichever way it comes, and to the right places."""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.memory.ticket_desk import MemoryTicketDesk
from assistant.desk.following import WORDS_SHOWN, follow_desk, note_changed, note_reported, take_over
from assistant.domain.conversation import Conversation, Episode, State
from assistant.domain.ticket import Ticket, TicketBody, TicketDraft, TicketStatus
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import Event, OutsideTicket, UnitOfWork
from assistant.ports.ticketing import Changed, DeskChange, DeskTicket, OutgoingTicket, UnknownTicket

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
A_WHILE = timedelta(seconds=10)
PAT = "Pat Desk"


class House:
    """A store with one filed ticket, and the desk that works it."""

    def __init__(self, desk: type[MemoryTicketDesk] = MemoryTicketDesk) -> None:
        self.clock = FixedClock(MONDAY)
        self.store = MemoryStore(0.72)
        self.desk = desk(self.clock.now, {"endpoint"})
        self.deliveries = 0
        follow_desk(self.store, self.desk, self.clock.now())
        self.ticket, self.outside = self.file("c_1", "scanner is jammed")
        take_over(self.store, self.desk, self.later())

    def file(self, conversation: str, subject: str) -> tuple[str, str]:
        """File a ticket from a conversation; return its id here and there."""
        now = self.clock.now()
        with self.store.write() as unit:
            draft = TicketDraft(conversation, "ana", subject, "endpoint", "printing", TicketBody("b"), origin=conversation)
            ticket = unit.tickets.file(unit.tickets.create(draft, now).id, TicketBody("b"), "endpoint", now)
            episode = Episode(1, now, ticket=ticket.id)
            unit.conversations.begin(Conversation(conversation, "ana", "web", State.FILED, State.OPEN, now, now, 0, episode, {}))
        made = self.desk.create(OutgoingTicket(subject, "b", "ana@x.test", "Ana", "endpoint", "printing", ticket.id), f"file:{ticket.id}")
        with self.store.write() as unit:
            unit.outside.add(OutsideTicket(ticket.id, self.desk.name, made.id, made.url, made.key, now))
        return ticket.id, made.id

    def later(self) -> datetime:
        return self.clock.advance(A_WHILE)

    def report(self, outside: str = "", delivery: str = "") -> bool:
        """Deliver a report as the webhook does."""
        self.deliveries += 1
        with self.store.write() as unit:
            return note_reported(unit, self.desk.name, outside or self.outside, delivery or f"d{self.deliveries}", self.clock.now())

    def kept(self, ticket: str = "") -> Ticket:
        with self.store.read() as unit:
            found = unit.tickets.ticket(ticket or self.ticket)
        assert found is not None
        return found

    def events(self, conversation: str = "c_1") -> list[Event]:
        with self.store.read() as unit:
            return unit.conversations.events(conversation)

    def said(self, conversation: str = "c_1") -> list[str]:
        return [event.body["text"] if event.body["type"] == "person" else event.body["reply"]["text"] for event in self.events(conversation)]


@pytest.fixture
def house() -> House:
    return House()


def test_a_public_note_stands_in_our_ticket_and_in_the_conversation(house: House) -> None:
    house.desk.write(house.outside, PAT, "Did you <b>restart</b> it?\n\nSee https://evil.test")
    pushed = follow_desk(house.store, house.desk, house.later())
    note = house.kept().notes[-1]
    assert (note.author, note.text, note.public) == (PAT, "Did you <b>restart</b> it?\n\nSee https://evil.test", True)
    [event] = house.events()
    assert pushed == [event]
    assert event.body["type"] == "person"
    assert event.body["person"] == {"id": "", "name": PAT}
    assert event.body["html"] == "<p>Did you &lt;b&gt;restart&lt;/b&gt; it?</p><p>See https://evil.test</p>"


def test_a_private_note_stands_only_in_our_ticket(house: House) -> None:
    house.desk.write(house.outside, PAT, "she is always like that", public=False)
    assert follow_desk(house.store, house.desk, house.later()) == []
    assert (house.kept().notes[-1].text, house.kept().notes[-1].public) == ("she is always like that", False)
    assert house.events() == []


@pytest.mark.parametrize("status", [TicketStatus.RESOLVED, TicketStatus.CLOSED])
def test_what_is_closed_there_is_closed_here_and_the_conversation_says_so(house: House, status: TicketStatus) -> None:
    house.desk.set_status(house.outside, PAT, status)
    follow_desk(house.store, house.desk, house.later())
    assert house.kept().status is status
    [event] = house.events()
    reply = event.body["reply"]
    assert (event.body["type"], reply["kind"], reply["conversation"]) == ("reply", "status", "c_1")
    assert (reply["ticket"]["id"], reply["ticket"]["status"]) == (house.ticket, status.value)
    assert house.ticket in reply["text"]
    with house.store.read() as unit:
        audit = unit.audit.read()
    assert [(record.number, house.ticket in record.body) for record in audit] == [(1, True)]


def test_what_is_opened_again_there_is_open_here(house: House) -> None:
    for status in (TicketStatus.CLOSED, TicketStatus.IN_PROGRESS):
        house.desk.set_status(house.outside, PAT, status)
        follow_desk(house.store, house.desk, house.later())
    assert house.kept().status is TicketStatus.IN_PROGRESS
    assert len(house.events()) == 2


def test_where_people_put_a_ticket_there_it_stands_here_and_who_listens_hears_it_once(house: House) -> None:
    heard = list[tuple[str, str, str]]()

    def hears(_unit: UnitOfWork, ticket: Ticket, system: str, _at: datetime) -> None:
        heard.append((ticket.category, ticket.queue, system))

    house.desk.put(house.outside, PAT, queue="network")
    house.desk.put(house.outside, PAT, category="vpn")
    for _ in range(2):
        house.report()
        assert follow_desk(house.store, house.desk, house.later(), hears) == []
    kept = house.kept()
    assert (kept.category, kept.queue, kept.notes[-1].author) == ("vpn", "network", PAT)
    assert heard == [("vpn", "network", house.desk.name)]
    with house.store.read() as unit:
        assert [house.ticket in record.body for record in unit.audit.read()] == [True]


def test_only_what_people_changed_there_is_taken_over(house: House) -> None:
    with house.store.write() as unit:
        unit.own_tickets.move(house.ticket, "toner", "endpoint", "sam", house.clock.now())
    house.desk.put(house.outside, PAT, queue="network")
    follow_desk(house.store, house.desk, house.later())
    assert (house.kept().category, house.kept().queue) == ("toner", "network")


def test_going_from_resolved_to_closed_is_nothing_to_tell(house: House) -> None:
    for status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        house.desk.set_status(house.outside, PAT, status)
        follow_desk(house.store, house.desk, house.later())
    assert house.kept().status is TicketStatus.CLOSED
    assert len(house.events()) == 1


def test_our_own_doings_there_change_nothing_here(house: House) -> None:
    before = house.kept()
    house.desk.comment(house.outside, "from the person who asked", "k1")
    house.desk.change_status(house.outside, TicketStatus.CLOSED, "k2")
    house.report()
    assert follow_desk(house.store, house.desk, house.later()) == []
    assert house.kept() == before


def test_the_outcome_of_a_quick_back_and_forth_is_told_once(house: House) -> None:
    for status in (TicketStatus.CLOSED, TicketStatus.IN_PROGRESS, TicketStatus.RESOLVED):
        house.desk.set_status(house.outside, PAT, status)
    follow_desk(house.store, house.desk, house.later())
    assert house.kept().status is TicketStatus.RESOLVED
    assert len(house.events()) == 1


def test_a_report_is_news_once_and_only_for_tickets_of_ours(house: House) -> None:
    assert house.report(delivery="d")
    assert not house.report(delivery="d")
    assert not house.report(outside="999")


def test_a_report_that_comes_before_its_change_can_be_read_loses_nothing(house: House) -> None:
    house.report()
    assert take_over(house.store, house.desk, house.clock.now()) == []
    house.desk.write(house.outside, PAT, "just now")
    assert len(take_over(house.store, house.desk, house.later())) == 1
    assert take_over(house.store, house.desk, house.later()) == []


def test_what_happened_before_the_link_was_stored_is_not_lost(house: House) -> None:
    now = house.clock.now()
    with house.store.write() as unit:
        draft = TicketDraft("late", "ana", "another", "endpoint", "printing", TicketBody("b"))
        ticket = unit.tickets.create(draft, now)
    made = house.desk.create(OutgoingTicket("another", "b", "ana@x.test", "Ana", "endpoint", "printing", ticket.id), "file:late")
    house.desk.write(made.id, PAT, "I was quick")
    follow_desk(house.store, house.desk, house.later())
    with house.store.write() as unit:
        unit.outside.add(OutsideTicket(ticket.id, house.desk.name, made.id, made.url, made.key, now))
    follow_desk(house.store, house.desk, house.later())
    assert house.kept(ticket.id).notes[-1].text == "I was quick"


def test_a_conversation_that_joined_the_ticket_hears_of_it_too(house: House) -> None:
    now = house.clock.now()
    with house.store.write() as unit:
        for name, person in (("c_2", "ana"), ("c_3", "bo")):
            episode = Episode(1, now, ticket=house.ticket)
            unit.conversations.begin(Conversation(name, person, "web", State.FILED, State.OPEN, now, now, 0, episode, {}))
    house.desk.write(house.outside, PAT, "hello")
    follow_desk(house.store, house.desk, house.later())
    assert (house.said("c_1"), house.said("c_2"), house.said("c_3")) == (["hello"], ["hello"], [])


def test_very_long_words_are_shortened_in_the_conversation_only(house: House) -> None:
    house.desk.write(house.outside, PAT, "x" * 50_000)
    follow_desk(house.store, house.desk, house.later())
    assert len(house.kept().notes[-1].text) == 50_000
    assert len(house.said()[0]) == WORDS_SHOWN + 1


class Failing(MemoryTicketDesk):
    """A desk that fails when it is told to."""

    broken: Exception | None = None
    gone = False

    def changed_since(self, cursor: str) -> Changed:
        if self.broken is not None:
            raise self.broken
        return super().changed_since(cursor)

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        if self.gone:
            raise UnknownTicket(ticket_id)
        if self.broken is not None:
            raise self.broken
        return super().changes_of(ticket_id, known)

    def ticket(self, ticket_id: str) -> DeskTicket | None:
        return None if self.gone else super().ticket(ticket_id)


@pytest.mark.parametrize("error", [Unavailable("away"), Refused("no")])
def test_a_desk_that_cannot_be_asked_is_asked_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    house = House(Failing)
    house.desk.write(house.outside, PAT, "are you there")
    house.report()
    house.desk.broken = error  # type: ignore[attr-defined]
    assert follow_desk(house.store, house.desk, house.later()) == []
    assert "Memory desk" in caplog.text
    house.desk.broken = None  # type: ignore[attr-defined]
    follow_desk(house.store, house.desk, house.later())
    assert house.said() == ["are you there"]


def test_a_ticket_that_was_removed_there_is_said_once_in_ours() -> None:
    house = House(Failing)
    house.desk.gone = True  # type: ignore[attr-defined]
    for _ in range(2):
        house.report()
        assert follow_desk(house.store, house.desk, house.later()) == []
    gone = [note for note in house.kept().notes if "does not exist any more" in note.text]
    assert [note.public for note in gone] == [False]
    assert house.kept().status is TicketStatus.OPEN


class Cut(Exception):
    """The power went."""


class Interleaved(MemoryTicketDesk):
    """A desk during whose answer something else happens, once."""

    meanwhile: Callable[[], object] | None = None

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        answer, act = super().changes_of(ticket_id, known), self.meanwhile
        self.meanwhile = None
        if act is not None:
            act()
        return answer


def test_two_who_follow_at_the_same_time_take_a_change_over_once() -> None:
    house = House(Interleaved)
    house.desk.write(house.outside, PAT, "hello")
    house.report()
    now = house.later()
    house.desk.meanwhile = lambda: take_over(house.store, house.desk, now)  # type: ignore[attr-defined]
    take_over(house.store, house.desk, now)
    assert house.said() == ["hello"]
    assert [note.text for note in house.kept().notes].count("hello") == 1


def test_a_report_that_comes_while_its_ticket_is_read_is_not_struck_off() -> None:
    house = House(Interleaved)
    house.report()
    house.later()

    def meanwhile() -> None:
        house.desk.write(house.outside, PAT, "too late for this look")
        house.report()

    house.desk.meanwhile = meanwhile  # type: ignore[attr-defined]
    assert take_over(house.store, house.desk, house.clock.now()) == []
    take_over(house.store, house.desk, house.later())
    assert house.said() == ["too late for this look"]


def cut_off(house: House) -> None:
    """Begin to take over what happened, and end before it is stored."""
    with pytest.raises(Cut), house.store.write() as unit:
        for change in house.desk.changes_of(house.outside, unit.outside.known(house.desk.name, house.outside)):
            unit.outside.take_over(house.desk.name, house.outside, change.id, house.clock.now())
        raise Cut


DOINGS: dict[str, Callable[[House], object]] = {
    "close": lambda house: house.desk.set_status(house.outside, PAT, TicketStatus.CLOSED),
    "open": lambda house: house.desk.set_status(house.outside, PAT, TicketStatus.IN_PROGRESS),
    "away": lambda house: house.desk.put(house.outside, PAT, queue="network"),
    "back": lambda house: house.desk.put(house.outside, PAT, queue="endpoint"),
    "report": lambda house: house.report(),
    "again": lambda house: house.report(delivery="same"),
    "note": lambda house: note_changed(house.store, house.desk, house.clock.now()),
    "take": lambda house: take_over(house.store, house.desk, house.clock.now()),
    "crash": cut_off,
    "wait": lambda house: house.later(),
}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["write", "private", *DOINGS]), max_size=40))
def test_each_change_comes_once_however_reports_polls_and_crashes_mix(steps: list[str]) -> None:
    house, written = House(), list[str]()
    for number, step in enumerate(steps):
        if step in DOINGS:
            DOINGS[step](house)
        else:
            written.append(f"{step} {number}")
            house.desk.write(house.outside, PAT, written[-1], public=step == "write")
    follow_desk(house.store, house.desk, house.later())
    assert [note.text for note in house.kept().notes if note.text in written] == written
    assert [words for words in house.said() if words in written] == [words for words in written if words.startswith("write")]
    there = house.desk.ticket(house.outside)
    assert there is not None
    assert house.kept().status is there.status or not {"close", "open"} & set(steps)
    assert house.kept().queue == there.queue
