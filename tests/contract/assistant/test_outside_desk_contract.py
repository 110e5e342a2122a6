"""What every system of tickets promises: the one in memory, Zendesk behind its own description, and a real Request Tracker."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.ticket_desk import MemoryTicketDesk
from assistant.adapters.ticketing.request_tracker import RequestTracker
from assistant.adapters.ticketing.zendesk import Zendesk
from assistant.domain.ticket import TicketStatus
from assistant.ports.outside import Refused
from assistant.ports.ticketing import DeskFile, OutgoingTicket, TicketDesk, UnknownTicket
from tests.support import request_tracker_server as rt
from tests.support import zendesk_server as zd

QUEUES = {"service-desk": "IT", "network": "Network"}
CATEGORIES = {"vpn": "vpn_remote", "printing": "print"}
OURS = {theirs: ours for ours, theirs in (QUEUES | CATEGORIES).items()}
NOBODY = "999999"
LONG = "ä漢 x" * 25_000


@dataclass
class Place:
    """A desk, and what people do there. ``settle`` lets the time pass that the system needs before it tells of a change."""

    desk: TicketDesk
    writes: Callable[[str, str, bool], None]
    sets: Callable[[str, TicketStatus], None]
    puts: Callable[[str, str, str], None]
    """Puts a ticket into one of their queues, or with "" under one of their categories."""
    file: Callable[[str, str], bytes]
    """The content of a file of a ticket, by its name."""
    settle: Callable[[], None] = lambda: None


class Ticking:
    """A clock that moves by a second whenever it is read."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 12, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


@pytest.fixture(scope="session")
def tracker() -> Iterator[rt.RequestTracker]:
    """A Request Tracker of this run's own."""
    if why := rt.missing():
        pytest.skip(why)
    with rt.request_tracker() as running:
        yield running


def memory_place(_stack: ExitStack, _request: pytest.FixtureRequest) -> Place:
    desk = MemoryTicketDesk(Ticking().now, QUEUES)
    return Place(
        desk,
        lambda ticket, text, public: desk.write(ticket, "Pat Desk", text, public),
        lambda ticket, status: desk.set_status(ticket, "Pat", status),
        lambda ticket, queue, category: desk.put(ticket, "Pat", queue=queue and OURS[queue], category=category and OURS[category]),
        lambda ticket, name: desk.held[ticket].files[name],
    )


def zendesk_place(stack: ExitStack, _request: pytest.FixtureRequest) -> Place:
    url, state = stack.enter_context(zd.zendesk_server())
    desk = Zendesk(url, zd.TOKEN, zd.ACCOUNT, QUEUES, category_field=str(zd.CATEGORY_FIELD), categories=CATEGORIES, timeout_seconds=5)
    theirs = {TicketStatus.RESOLVED: "solved", TicketStatus.WAITING: "pending", TicketStatus.IN_PROGRESS: "open"}

    def settle() -> None:
        state.seconds += 3 * zd.EXPORT_LAG

    def puts(ticket: str, queue: str, category: str) -> None:
        group = {"group_id": zd.GROUPS[queue]} if queue else {}
        field = {"custom_fields": [{"id": zd.CATEGORY_FIELD, "value": category}]} if category else {}
        state.change(int(ticket), zd.PERSON, group | field)

    return Place(
        desk,
        lambda ticket, text, public: state.write(int(ticket), zd.PERSON, text, public),
        lambda ticket, status: state.change(int(ticket), zd.PERSON, {"status": theirs[status]}) and None,
        puts,
        lambda _ticket, name: state.files[name],
        settle,
    )


def tracker_place(_stack: ExitStack, request: pytest.FixtureRequest) -> Place:
    running: rt.RequestTracker = request.getfixturevalue("tracker")
    desk = RequestTracker(
        running.url,
        running.token,
        rt.ACCOUNT,
        QUEUES,
        key_field=rt.KEY_FIELD,
        category_field="Category",
        categories=CATEGORIES,
        timeout_seconds=20,
    )
    theirs = {TicketStatus.RESOLVED: "resolved", TicketStatus.WAITING: "stalled", TicketStatus.IN_PROGRESS: "open"}

    def writes(ticket: str, text: str, public: bool) -> None:
        with running.person() as person:
            path = f"ticket/{ticket}/{'correspond' if public else 'comment'}"
            person.post(path, json={"Content": text, "ContentType": "text/plain"}).raise_for_status()

    def sets(ticket: str, status: TicketStatus) -> None:
        with running.person() as person:
            assert "changed" in person.put(f"ticket/{ticket}", json={"Status": theirs[status]}).json()[0]

    def puts(ticket: str, queue: str, category: str) -> None:
        wanted = ({"Queue": queue} if queue else {}) | ({"CustomFields": {"Category": category}} if category else {})
        with running.person() as person:
            person.put(f"ticket/{ticket}", json=wanted).raise_for_status()

    def file(ticket: str, name: str) -> bytes:
        with running.person() as person:
            rows = person.get(f"ticket/{ticket}/attachments", params={"fields": "Filename", "per_page": 100}).json()["items"]
            number = next(row["id"] for row in rows if row.get("Filename") == name)
            return base64.b64decode(person.get(f"attachment/{number}").json()["Content"])

    return Place(desk, writes, sets, puts, file)


PLACES = {"memory": memory_place, "zendesk": zendesk_place, "request-tracker": tracker_place}


@pytest.fixture(params=["memory", "zendesk", pytest.param("request-tracker", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with ExitStack() as stack:
        yield PLACES[request.param](stack, request)


@pytest.fixture
def desk(place: Place) -> TicketDesk:
    return place.desk


def fresh(word: str = "key") -> str:
    return f"{word}.{secrets.token_hex(6)}"


def made(**changes: str) -> OutgoingTicket:
    plain = {
        "subject": "VPN drops every ten minutes",
        "text": "SUMMARY\nThe VPN drops.",
        "requester": f"{fresh('ana')}@people.test",
        "requester_name": "Ana Silva",
        "queue": "service-desk",
        "category": "vpn",
        "reference": "T-1001",
    }
    return OutgoingTicket(**{**plain, **changes})


class TestCreating:
    def test_a_ticket_holds_what_was_sent(self, desk: TicketDesk) -> None:
        key = fresh()
        ticket = desk.create(made(queue="network"), key)
        assert (ticket.subject, ticket.queue, ticket.key, ticket.status) == ("VPN drops every ten minutes", "network", key, TicketStatus.OPEN)
        assert ticket.id.isdigit()
        assert ticket.id in ticket.url
        assert ticket.updated_at.tzinfo is not None
        assert desk.ticket(ticket.id) == ticket
        [note] = desk.notes(ticket.id)
        assert (note.text.strip(), note.public, note.ours) == ("SUMMARY\nThe VPN drops.", True, True)

    def test_twice_with_one_key_makes_one_ticket(self, desk: TicketDesk) -> None:
        key, sent = fresh(), made()
        first = desk.create(sent, key)
        again = desk.create(made(subject="Something else"), key)
        assert again.id == first.id
        assert [found.id for found in desk.find(key)] == [first.id]
        assert [found.id for found in desk.open_of(sent.requester)] == [first.id]

    def test_another_key_makes_another_ticket(self, desk: TicketDesk) -> None:
        sent = made()
        first, second = desk.create(sent, fresh()), desk.create(sent, fresh())
        assert first.id != second.id
        assert [found.id for found in desk.open_of(sent.requester)] == [second.id, first.id]

    def test_an_unknown_key_finds_nothing(self, desk: TicketDesk) -> None:
        assert desk.find(fresh()) == []

    def test_an_unknown_queue_is_refused_and_nothing_is_made(self, desk: TicketDesk) -> None:
        key, sent = fresh(), made(queue="no-such-queue")
        with pytest.raises(Refused):
            desk.create(sent, key)
        assert desk.find(key) == []
        assert desk.open_of(sent.requester) == []

    def test_words_of_all_languages_come_back_whole(self, desk: TicketDesk) -> None:
        text = "Zeile 1 – „quoted“ 紙詰まり 🙂\nline 2 <b>&amp;</b> 'DROP TABLE' \\ %s {x}"
        ticket = desk.create(made(subject="Büro: 紙詰まり 🙂 'x' \"y\" <z>", text=text), fresh())
        assert ticket.subject == "Büro: 紙詰まり 🙂 'x' \"y\" <z>"
        assert desk.notes(ticket.id)[0].text.strip() == text

    def test_a_hundred_thousand_characters_come_back_whole(self, desk: TicketDesk) -> None:
        ticket = desk.create(made(text=LONG), fresh())
        assert desk.notes(ticket.id)[0].text.strip() == LONG


class TestReading:
    def test_a_missing_ticket_is_none_and_cannot_be_changed(self, desk: TicketDesk) -> None:
        assert desk.ticket(NOBODY) is None
        for act in (
            lambda: desk.comment(NOBODY, "hello", fresh()),
            lambda: desk.change_status(NOBODY, TicketStatus.CLOSED, fresh()),
            lambda: desk.update(NOBODY, fresh(), subject="x"),
            lambda: desk.link(NOBODY, NOBODY, fresh()),
            lambda: desk.notes(NOBODY),
            lambda: desk.changes_of(NOBODY, ()),
        ):
            with pytest.raises(UnknownTicket):
                act()

    @pytest.mark.parametrize("odd", ["", "abc", "1/../2", "-1", "1?x=y", "٣"])
    def test_what_is_no_ticket_number_is_no_ticket(self, desk: TicketDesk, odd: str) -> None:
        assert desk.ticket(odd) is None
        with pytest.raises(UnknownTicket):
            desk.comment(odd, "hello", fresh())

    def test_a_stranger_has_no_open_tickets(self, desk: TicketDesk) -> None:
        assert desk.open_of("nobody.o'neil@people.test") == []


class TestChanging:
    def test_a_comment_is_written_once_for_its_key(self, desk: TicketDesk) -> None:
        ticket, key = desk.create(made(), fresh()), fresh()
        desk.comment(ticket.id, "Still broken – 紙", key)
        desk.comment(ticket.id, "Still broken – 紙", key)
        desk.comment(ticket.id, "Internal", fresh(), public=False)
        notes = desk.notes(ticket.id)[1:]
        assert [(note.text.strip(), note.public, note.ours) for note in notes] == [("Still broken – 紙", True, True), ("Internal", False, True)]

    def test_a_note_carries_its_files_once_for_its_key(self, place: Place) -> None:
        desk, key = place.desk, fresh()
        ticket = desk.create(made(), fresh())
        name = f"Fehler – 紙 {key}.png"
        file = DeskFile(name, "image/png", bytes(range(256)) * 4_000)
        for _ in range(2):
            desk.comment(ticket.id, f"Attached: {name}", key, public=False, files=[file])
        notes = desk.notes(ticket.id)[1:]
        assert [(note.text.strip(), note.public, note.files) for note in notes] == [(f"Attached: {name}", False, (name,))]
        assert place.file(ticket.id, name) == file.content

    def test_the_same_words_with_another_key_are_said_again(self, desk: TicketDesk) -> None:
        ticket = desk.create(made(), fresh())
        for _ in range(2):
            desk.comment(ticket.id, "yes", fresh())
        assert [note.text.strip() for note in desk.notes(ticket.id)[1:]] == ["yes", "yes"]

    def test_a_closed_ticket_is_opened_again(self, desk: TicketDesk) -> None:
        sent = made()
        ticket = desk.create(sent, fresh())
        assert not desk.change_status(ticket.id, TicketStatus.CLOSED, fresh()).status.is_open
        assert desk.open_of(sent.requester) == []
        assert not desk.change_status(ticket.id, TicketStatus.CLOSED, fresh()).status.is_open
        assert desk.change_status(ticket.id, TicketStatus.OPEN, fresh()).status.is_open
        found = desk.ticket(ticket.id)
        assert found is not None
        assert found.status.is_open
        assert [one.id for one in desk.open_of(sent.requester)] == [ticket.id]

    @pytest.mark.parametrize("status", [TicketStatus.IN_PROGRESS, TicketStatus.WAITING, TicketStatus.RESOLVED])
    def test_a_status_that_every_system_has_is_kept(self, desk: TicketDesk, status: TicketStatus) -> None:
        ticket = desk.create(made(), fresh())
        assert desk.change_status(ticket.id, status, fresh()).status is status

    def test_only_the_given_fields_change(self, desk: TicketDesk) -> None:
        ticket = desk.create(made(), fresh())
        assert desk.update(ticket.id, fresh(), subject="Another subject – 紙").subject == "Another subject – 紙"
        moved = desk.update(ticket.id, fresh(), queue="network", category="printing")
        assert (moved.subject, moved.queue, moved.key) == ("Another subject – 紙", "network", ticket.key)
        assert desk.update(ticket.id, fresh()).queue == "network"

    def test_a_move_to_an_unknown_queue_is_refused_and_changes_nothing(self, desk: TicketDesk) -> None:
        ticket = desk.create(made(), fresh())
        with pytest.raises(Refused):
            desk.update(ticket.id, fresh(), queue="no-such-queue", subject="x")
        found = desk.ticket(ticket.id)
        assert found is not None
        assert (found.queue, found.subject) == (ticket.queue, ticket.subject)

    def test_tickets_are_linked_once_and_never_to_themselves(self, desk: TicketDesk) -> None:
        first, second = desk.create(made(), fresh()), desk.create(made(), fresh())
        key = fresh()
        desk.link(second.id, first.id, key)
        desk.link(second.id, first.id, key)
        with pytest.raises(Refused):
            desk.link(first.id, first.id, fresh())
        with pytest.raises(UnknownTicket):
            desk.link(first.id, NOBODY, fresh())


class TestFollowing:
    def test_what_a_person_does_is_told_and_what_we_do_is_not(self, place: Place) -> None:
        desk = place.desk
        start = desk.changed_since("").cursor
        quiet, busy = desk.create(made(), fresh()), desk.create(made(), fresh())
        for ticket in (quiet, busy):
            desk.comment(ticket.id, "ours", fresh())
            desk.change_status(ticket.id, TicketStatus.WAITING, fresh())
        place.writes(busy.id, "Did you restart – 紙?", True)
        place.writes(busy.id, "internal thought", False)
        place.sets(busy.id, TicketStatus.RESOLVED)
        place.settle()
        changed = desk.changed_since(start)
        assert busy.id in changed.tickets
        assert quiet.id not in changed.tickets
        changes = desk.changes_of(busy.id, ())
        assert [(change.note.strip(), change.public, change.status) for change in changes] == [
            ("Did you restart – 紙?", True, None),
            ("internal thought", False, None),
            ("", False, TicketStatus.RESOLVED),
        ]
        assert all(change.ticket == busy.id and change.author for change in changes)
        assert len({change.id for change in changes}) == 3
        assert desk.changes_of(quiet.id, ()) == []

    def test_where_a_person_puts_a_ticket_is_told_and_where_we_put_it_is_not(self, place: Place) -> None:
        desk, start = place.desk, place.desk.changed_since("").cursor
        ours, theirs, named = (desk.create(made(), fresh()) for _ in range(3))
        desk.update(ours.id, fresh(), queue="network", category="printing")
        place.puts(theirs.id, "Network", "")
        place.puts(named.id, "", "print")
        place.settle()
        changed = desk.changed_since(start).tickets
        assert {theirs.id, named.id} <= set(changed)
        assert ours.id not in changed
        assert [(one.requeued, one.recategorised) for ticket in (ours, theirs, named) for one in desk.changes_of(ticket.id, ())] == [
            (True, False),
            (False, True),
        ]
        found = [desk.ticket(ticket.id) for ticket in (ours, theirs, named)]
        assert [(one.queue, one.category) for one in found if one] == [("network", "printing"), ("network", "vpn"), ("service-desk", "printing")]
        told = {one.id for one in desk.changes_of(theirs.id, ())}
        place.puts(theirs.id, "IT", "")
        [back] = desk.changes_of(theirs.id, told)
        assert (back.requeued, back.author != "", back.note, back.status) == (True, True, "", None)

    def test_known_changes_are_not_told_again(self, place: Place) -> None:
        desk = place.desk
        ticket = desk.create(made(), fresh())
        place.writes(ticket.id, "one", True)
        [first] = desk.changes_of(ticket.id, ())
        place.writes(ticket.id, "two", True)
        assert [change.note.strip() for change in desk.changes_of(ticket.id, {first.id})] == ["two"]
        assert [change.id for change in desk.changes_of(ticket.id, ())][0] == first.id

    def test_no_change_is_left_out_from_one_cursor_to_the_next(self, place: Place) -> None:
        desk, cursor, told = place.desk, place.desk.changed_since("").cursor, set[str]()
        tickets = [desk.create(made(), fresh()) for _ in range(3)]
        for ticket in tickets:
            place.writes(ticket.id, "hello", True)
            place.settle()
            changed = desk.changed_since(cursor)
            told |= set(changed.tickets)
            cursor = changed.cursor
        assert {ticket.id for ticket in tickets} <= told
