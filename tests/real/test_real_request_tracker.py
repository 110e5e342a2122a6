"""What only a real Request Tracker shows: refusals with 200, versions, rich text, merged tickets, and its reports to us."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.adapters.ticketing.request_tracker import RequestTracker
from assistant.desk.following import follow_desk
from assistant.desk.mirroring import filing_key
from assistant.domain.conversation import Conversation, Episode, State
from assistant.domain.ticket import TicketBody, TicketDraft, TicketStatus
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import OutsideTicket, Store
from assistant.ports.ticketing import DeskTicket, OutgoingTicket
from kb.adapters.store.engine import open_engine
from tests.support import request_tracker_server as rt
from tests.support.service import Service, copy_demo, free_port

pytestmark = [pytest.mark.real, pytest.mark.skipif(bool(rt.missing()), reason=rt.missing() or "it is there")]
QUEUES = {"service-desk": "IT", "network": "Network", "endpoint": "IT"}
MARIA = "maria.santos"


@pytest.fixture(scope="module")
def hook_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def running(hook_port: int) -> Iterator[rt.RequestTracker]:
    with rt.request_tracker(f"http://127.0.0.1:{hook_port}/webhooks/desk") as tracker:
        yield tracker


def opened(running: rt.RequestTracker, kind: type[RequestTracker] = RequestTracker, **changes: str) -> RequestTracker:
    token, key_field = changes.get("token", running.token), changes.get("key_field", rt.KEY_FIELD)
    return kind(running.url, token, rt.ACCOUNT, QUEUES, key_field=key_field, category_field="", categories={}, timeout_seconds=20)


@pytest.fixture
def desk(running: rt.RequestTracker) -> RequestTracker:
    return opened(running)


@pytest.fixture
def person(running: rt.RequestTracker) -> Iterator[httpx.Client]:
    with running.person() as client:
        yield client


def made(reference: str = "T-1") -> OutgoingTicket:
    return OutgoingTicket("VPN drops", "It drops.", "ana@people.test", "Ana Silva", "service-desk", "vpn", reference)


def key() -> str:
    return f"k.{secrets.token_hex(6)}"


@pytest.fixture
def ticket(desk: RequestTracker) -> DeskTicket:
    return desk.create(made(), key())


def test_a_change_that_is_refused_with_200_is_refused(desk: RequestTracker, ticket: DeskTicket, person: httpx.Client) -> None:
    other = desk.create(made(), key())
    person.put(f"ticket/{ticket.id}", json={"AddDependsOn": [other.id]}).raise_for_status()
    with pytest.raises(Refused, match="unresolved dependencies"):
        desk.change_status(ticket.id, TicketStatus.CLOSED, key())
    found = desk.ticket(ticket.id)
    assert found is not None
    assert found.status.is_open


def test_a_wrong_token_is_refused_without_being_told(running: rt.RequestTracker, caplog: pytest.LogCaptureFixture) -> None:
    wrong = "1-14-deadbeefdeadbeefdeadbeefdeadbeef"
    with pytest.raises(Refused, match="credentials") as caught:
        opened(running, token=wrong).create(made(), key())
    assert wrong not in f"{caught.value!r} {caplog.text}"


def test_a_queue_without_the_key_field_is_refused_before_anything_is_made(running: rt.RequestTracker, desk: RequestTracker) -> None:
    before = [found.id for found in desk.open_of("ana@people.test")]
    with pytest.raises(Refused, match="no custom field 'Other Key' for tickets"):
        opened(running, key_field="Other Key").create(made(), key())
    assert [found.id for found in desk.open_of("ana@people.test")] == before


def test_a_comment_that_could_not_carry_its_key_is_not_written(running: rt.RequestTracker, desk: RequestTracker, ticket: DeskTicket) -> None:
    with pytest.raises(Refused, match="no custom field 'Other Key'"):
        opened(running, key_field="Other Key").comment(ticket.id, "hello", key())
    assert len(desk.notes(ticket.id)) == 1


class Interrupted(RequestTracker):
    """Somebody changes the ticket whenever we have read it, as often as ``times`` says."""

    times = 0
    person: httpx.Client

    def _state(self, ticket_id: str) -> tuple[str, str]:
        found = super()._state(ticket_id)
        if self.times:
            self.times -= 1
            self.person.put(f"ticket/{ticket_id}", json={"Subject": secrets.token_hex(4)}).raise_for_status()
        return found


def interrupted(running: rt.RequestTracker, person: httpx.Client, times: int) -> Interrupted:
    desk = opened(running, Interrupted)
    assert isinstance(desk, Interrupted)
    desk.times, desk.person = times, person
    return desk


def test_a_change_beside_somebody_elses_is_made_on_what_they_left(running: rt.RequestTracker, ticket: DeskTicket, person: httpx.Client) -> None:
    changed = interrupted(running, person, 1).change_status(ticket.id, TicketStatus.RESOLVED, key())
    assert changed.status is TicketStatus.RESOLVED
    assert changed.subject != ticket.subject


def test_a_ticket_that_keeps_changing_is_left_for_later(
    running: rt.RequestTracker, desk: RequestTracker, ticket: DeskTicket, person: httpx.Client
) -> None:
    with pytest.raises(Unavailable, match="keeps changing"):
        interrupted(running, person, 99).change_status(ticket.id, TicketStatus.RESOLVED, key())
    found = desk.ticket(ticket.id)
    assert found is not None
    assert found.status is TicketStatus.OPEN


def test_words_from_a_rich_text_editor_come_as_plain_text(desk: RequestTracker, ticket: DeskTicket, person: httpx.Client) -> None:
    markup = "<p>Please <b>restart</b> it &amp; tell me.</p><ul><li>one</li><li>two – 紙</li></ul><script>alert(1)</script>"
    person.post(f"ticket/{ticket.id}/correspond", json={"Content": markup, "ContentType": "text/html"}).raise_for_status()
    [change] = desk.changes_of(ticket.id, ())
    assert change.note == "Please restart it & tell me.\none\ntwo – 紙"


def test_a_file_beside_the_words_does_not_hide_them(desk: RequestTracker, ticket: DeskTicket, person: httpx.Client) -> None:
    file = {"FileName": "log.txt", "FileType": "text/plain", "FileContent": "c2VjcmV0IGxvZw=="}
    body = {"Content": "see the log", "ContentType": "text/plain", "Attachments": [file]}
    person.post(f"ticket/{ticket.id}/correspond", json=body).raise_for_status()
    assert [change.note.strip() for change in desk.changes_of(ticket.id, ())] == ["see the log"]


def test_a_ticket_that_was_merged_is_answered_as_the_one_it_became(desk: RequestTracker, person: httpx.Client) -> None:
    first, second = desk.create(made(), key()), desk.create(made(), key())
    person.put(f"ticket/{first.id}", json={"MergeInto": second.id}).raise_for_status()
    found = desk.ticket(first.id)
    assert found is not None
    assert found.id in (first.id, second.id)
    assert found.status.is_open


def test_a_deleted_ticket_counts_as_closed(desk: RequestTracker, ticket: DeskTicket, person: httpx.Client) -> None:
    assert "deleted" in person.put(f"ticket/{ticket.id}", json={"Status": "deleted"}).json()[0]
    found = desk.ticket(ticket.id)
    assert found is not None
    assert found.status is TicketStatus.CLOSED


def test_a_requester_without_an_address_does_not_make_the_ticket_ours(desk: RequestTracker) -> None:
    nobody = OutgoingTicket("s", "t", "", "Ana Silva", "service-desk", "vpn", "T-1")
    assert desk.create(nobody, key()).status is TicketStatus.OPEN
    assert desk.open_of("svc-firstline@desk.test") == []


def linked(store: Store, desk: RequestTracker, name: str) -> tuple[str, str]:
    """File a ticket of a new conversation with the desk; return its id here and there."""
    now = datetime.now(UTC)
    with store.write() as unit:
        body = TicketBody("It drops.")
        mine = unit.own_tickets.create(TicketDraft(name, MARIA, "VPN drops", "service-desk", "vpn", body, origin=name), now)
        unit.own_tickets.file(mine.id, body, "service-desk", now)
        episode = Episode(1, now, ticket=mine.id)
        unit.conversations.begin(Conversation(name, MARIA, "rest", State.FILED, State.OPEN, now, now, 0, episode, {}))
    theirs = desk.create(made(mine.id), f"file:{name}")
    with store.write() as unit:
        unit.outside.add(OutsideTicket(mine.id, desk.name, theirs.id, theirs.url, theirs.key, now))
    return mine.id, theirs.id


def test_a_poll_brings_words_and_status_home(desk: RequestTracker, person: httpx.Client) -> None:
    store = MemoryStore(0.72)
    follow_desk(store, desk, datetime.now(UTC))
    mine, theirs = linked(store, desk, "c_poll")
    person.post(f"ticket/{theirs}/correspond", json={"Content": "Restart it.", "ContentType": "text/plain"}).raise_for_status()
    person.put(f"ticket/{theirs}", json={"Status": "resolved"}).raise_for_status()
    person.put(f"ticket/{theirs}", json={"Queue": "Network"}).raise_for_status()
    for _ in range(2):
        follow_desk(store, desk, datetime.fromtimestamp(time.time() + 10, UTC))
    with store.read() as unit:
        ticket, events = unit.tickets.ticket(mine), unit.conversations.events("c_poll")
    assert ticket is not None
    assert (ticket.status, ticket.queue) == (TicketStatus.RESOLVED, "network")
    assert [event.body["type"] for event in events] == ["person", "reply"]
    assert events[0].body["text"].strip() == "Restart it."


@pytest.fixture
def service(running: rt.RequestTracker, hook_port: int, model_home: Path, tmp_path: Path) -> Iterator[Service]:
    """A service that is told of changes by Request Tracker, and asks by itself only once an hour."""
    settings = {
        "desk": "request-tracker",
        "desk_url": running.url,
        "desk_account": rt.ACCOUNT,
        "desk_token": running.token,
        "desk_queues": json.dumps(QUEUES),
        "desk_hook_secret": rt.HOOK_SECRET,
        "desk_follow_seconds": "3600",
    }
    serving = Service(copy_demo(tmp_path / "home", model_home), hook_port, settings)
    try:
        serving.start()
        yield serving
    finally:
        serving.close()


def test_a_move_there_is_reported(service: Service, desk: RequestTracker, person: httpx.Client) -> None:
    engine = open_engine(f"sqlite:///{service.home / 'firstline.db'}")
    try:
        store = SqlStore(engine, 0.72)
        mine, theirs = linked(store, desk, "c_moved")
        person.put(f"ticket/{theirs}", json={"Queue": "Network"}).raise_for_status()

        def stands() -> str:
            with store.read() as unit:
                found = unit.own_tickets.ticket(mine)
            return found.queue if found is not None else ""

        until(lambda: stands() == "network")
    finally:
        engine.dispose()


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def test_what_a_person_does_there_is_reported_and_shows_in_the_conversation(
    service: Service, desk: RequestTracker, person: httpx.Client, running: rt.RequestTracker
) -> None:
    log = running.home / "log" / "server.log"
    said_before = len(log.read_text())
    engine = open_engine(f"sqlite:///{service.home / 'firstline.db'}")
    try:
        mine, theirs = linked(SqlStore(engine, 0.72), desk, "c_told")
    finally:
        engine.dispose()
    person.post(f"ticket/{theirs}/correspond", json={"Content": "Restart it – 紙.", "ContentType": "text/plain"}).raise_for_status()
    person.post(f"ticket/{theirs}/comment", json={"Content": "internal", "ContentType": "text/plain"}).raise_for_status()
    person.put(f"ticket/{theirs}", json={"Status": "resolved"}).raise_for_status()
    with service.client(MARIA) as maria:

        def events() -> list[dict[str, object]]:
            return [item["event"] for item in maria.get("/v1/conversations/c_told/events").json()]

        until(lambda: any(event["type"] == "reply" for event in events()))
        shown = events()
    assert [event["type"] for event in shown].count("person") == 1
    assert "internal" not in json.dumps(shown)
    last = shown[-1]["reply"]
    assert isinstance(last, dict)
    assert (last["kind"], last["ticket"]["id"], last["ticket"]["status"]) == ("status", mine, "resolved")
    assert "Firstline was not told" not in log.read_text()[said_before:]
    assert running.token not in service.log.read_text()
    assert rt.HOOK_SECRET not in service.log.read_text()


def key_of(service: Service, ticket_id: str) -> str:
    """Return the key with which a ticket of ours is created elsewhere."""
    engine = open_engine(f"sqlite:///{service.home / 'firstline.db'}")
    with SqlStore(engine, 1.0).read() as unit:
        ticket = unit.own_tickets.ticket(ticket_id)
    engine.dispose()
    assert ticket is not None
    return filing_key(ticket)


def test_a_ticket_filed_in_a_conversation_is_made_there_and_closed_from_there(service: Service, desk: RequestTracker, person: httpx.Client) -> None:
    with service.client(MARIA) as maria:
        begun = maria.post("/v1/conversations", json={"text": "The label printer in the warehouse prints everything twice – 紙"}).json()
        filed = maria.post(f"/v1/conversations/{begun['conversation']}/messages", json={"choice": "person"}).json()
        mine = filed["ticket"]["id"]
        key = key_of(service, mine)
        until(lambda: len(desk.find(key)) == 1)
        [theirs] = desk.find(key)
        [first, *_] = desk.notes(theirs.id)
        for part in (
            "SUMMARY",
            "prints everything twice – 紙",
            "TRANSCRIPT",
            "Maria Santos:",
            f"Ticket in Firstline: {mine}",
            "Handed over because:",
        ):
            assert part in first.text
        person.put(f"ticket/{theirs.id}", json={"Status": "resolved"}).raise_for_status()

        def told() -> list[str]:
            events = maria.get(f"/v1/conversations/{begun['conversation']}/events").json()
            return [item["event"]["reply"]["text"] for item in events if item["event"]["type"] == "reply"]

        until(lambda: told()[-1] == f"Ticket {mine} was resolved. If it is not solved, write it here.")
    assert len(desk.find(key)) == 1


def test_a_ticket_that_was_filed_by_telephone_is_linked_with_the_one_of_a_conversation(
    service: Service, desk: RequestTracker, person: httpx.Client
) -> None:
    def phones(subject: str) -> str:
        body = {"Queue": "IT", "Subject": subject, "Requestor": "maria.santos@lindqvist.example", "Content": "She called."}
        return str(person.post("ticket", json=body).raise_for_status().json()["id"])

    badge, plotter = phones("My badge does not open the garage"), phones("Plotter cuts the paper twice")
    with service.client(MARIA) as maria:
        begun = maria.post("/v1/conversations", json={"text": "The plotter keeps cutting the paper twice"}).json()
        mine = maria.post(f"/v1/conversations/{begun['conversation']}/messages", json={"choice": "person"}).json()["ticket"]["id"]
    key = key_of(service, mine)
    until(lambda: len(desk.find(key)) == 1)
    [theirs] = desk.find(key)

    def linked_to() -> str:
        return json.dumps(person.get(f"ticket/{theirs.id}/links").json()) + json.dumps(person.get(f"ticket/{theirs.id}").json()["_hyperlinks"])

    until(lambda: f"/ticket/{plotter}" in linked_to())
    assert f"/ticket/{badge}" not in linked_to()
    engine = open_engine(f"sqlite:///{service.home / 'firstline.db'}")
    with SqlStore(engine, 1.0).read() as unit:
        ticket = unit.own_tickets.ticket(mine)
    engine.dispose()
    assert ticket is not None
    assert [f"ticket {plotter} open in Request Tracker" in note.text for note in ticket.notes if "seems to be about the same" in note.text] == [True]
