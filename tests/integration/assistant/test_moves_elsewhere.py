"""Where people put a ticket in their own desk corrects triage: once, as it is at last, and not where we or a rule of theirs put it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.desk.following import note_reported
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.desk.triage.columns import guessed
from assistant.desk.triage.exports import Read, header_of, read_export
from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.domain.triage import Field, Route, Triage
from assistant.domain.week import Week
from assistant.service import Service
from assistant.workflows.triage_section import TriageSection
from tests.support import zendesk_server as zd
from tests.support.ticket_history import history, written
from tests.support.world import World, opened_world

MARIA, AGENT = "maria.santos", "sam.oduya"
TEXT = "the vpn client asks again since this morning, please help"
MINUTES = 3 * zd.EXPORT_LAG


@dataclass
class Place:
    """A service that files with a Zendesk, and one ticket that triage put into the queue of the network there."""

    world: World
    zendesk: zd.ZendeskState
    ticket: str = ""

    @property
    def there(self) -> int:
        """The number of the ticket there."""
        [(number, _)] = self.zendesk.tickets.items()
        return number

    def moves(self, group: str = "", category: str = "", author: int = zd.PERSON) -> None:
        """Put the ticket elsewhere there."""
        field = {"custom_fields": [{"id": zd.CATEGORY_FIELD, "value": category}]} if category else {}
        self.zendesk.change(self.there, author, ({"group_id": zd.GROUPS[group]} if group else {}) | field)

    def polls(self) -> None:
        """Let the export catch up, ask what happened as a service that was just started does, and do what came of it."""
        self.zendesk.seconds += MINUTES
        self.world.clock.advance(timedelta(seconds=MINUTES))
        Service(self.world.assistant, "http://test").follow_desk()
        self.world.assistant.carrier.drain()

    def reported(self, delivery: str) -> None:
        """Deliver a report, as the webhook does."""
        with self.world.assistant.store.write() as unit:
            assert note_reported(unit, "Zendesk", str(self.there), delivery, self.world.clock.now())

    def triage(self) -> Triage:
        with self.world.assistant.store.read() as unit:
            found = unit.triage.load(self.ticket)
        assert found is not None
        return found

    def decided(self) -> list[str]:
        """What was decided about the ticket in triage, in order."""
        with self.world.assistant.store.read() as unit:
            found = [json.loads(record.body) for record in unit.audit.read(limit=10_000)]
        return [one["decision"] for one in found if one["step"] == "triage" and one.get("detail", {}).get("ticket") == self.ticket]

    def stands(self) -> tuple[str, str]:
        """Category and queue of our ticket."""
        found = self.world.ticket(self.ticket)
        return found.category, found.queue


@pytest.fixture
def place(demo_home: Path, tmp_path: Path) -> Iterator[Place]:
    with zd.zendesk_server() as (url, zendesk):
        settings: dict[str, Any] = {
            "desk": "zendesk",
            "desk_url": url,
            "desk_account": zd.ACCOUNT,
            "desk_token": zd.TOKEN,
            "desk_queues": {"service-desk": "IT", "network": "Network"},
            "desk_category_field": str(zd.CATEGORY_FIELD),
            "desk_categories": {"vpn": "vpn_remote"},
        }
        with opened_world(demo_home, **settings) as world:
            made = Place(world, zendesk)
            zendesk.seconds = int(world.clock.now().timestamp())
            path = written(tmp_path / "export.csv", history(600))
            read = read_export(path, guessed(header_of(path)), Read())
            assert world.assistant.practices.triage.learn(read, "export.csv", "operator", embed=False).taken
            made.polls()
            with world.assistant.store.write() as unit:
                body = TicketBody(TEXT)
                draft = TicketDraft(TEXT, MARIA, TEXT, "service-desk", "general", body)
                made.ticket = unit.tickets.create(draft, world.clock.now()).id
                unit.tickets.file(made.ticket, body, "service-desk", world.clock.now())
            world.assistant.carrier.drain()
            assert (made.triage().route, made.stands()) == (Route.AUTO, ("vpn", "network"))
            assert zendesk.tickets[made.there]["group_id"] == zd.GROUPS["Network"]
            yield made


def test_a_move_there_corrects_triage_once_however_often_it_is_told(place: Place) -> None:
    with place.world.assistant.store.read() as unit:
        before = unit.outside.cursor("Zendesk")
    place.moves("IT")
    place.polls()
    for delivery in ("d1", "d2"):
        place.reported(delivery)
        place.polls()
    with place.world.assistant.store.write() as unit:
        unit.outside.move_cursor("Zendesk", before)
    place.polls()
    made = place.triage()
    assert (made.settled, made.settled_by, made.misrouted) == (("vpn", "service-desk"), "Zendesk", True)
    assert place.decided() == ["auto", "corrected"]
    assert place.stands() == ("vpn", "service-desk")
    assert [note.author for note in place.world.ticket(place.ticket).notes if note.text == "Moved to vpn, queue service-desk."] == ["Pat Desk"]
    assert place.zendesk.tickets[place.there]["group_id"] == zd.GROUPS["IT"]
    assert place.world.audit_faults() == []


def test_a_move_there_shows_in_the_misroutes_of_its_week_and_is_learnt_from(place: Place) -> None:
    routed_at = place.triage().at
    place.moves("IT")
    place.polls()
    later, found = place.world.clock.advance(timedelta(weeks=3)), Found()
    store, triage = place.world.assistant.store, place.world.assistant.practices.triage
    with store.read() as unit:
        TriageSection(triage.triaging.policy)(unit, Period(Week.of(routed_at, "UTC").later(2), "UTC", later), [], found)
        rows = triage.corrections(unit)
    [finding] = found.findings
    assert (finding.figures[0].hits, finding.figures[0].total) == (1, 1)
    assert [row.labels[Field.QUEUE] for row in rows] == ["service-desk"]
    assert "vpn client" in rows[0].example.text


def test_a_move_there_and_back_ends_as_what_it_is_at_last(place: Place) -> None:
    place.moves("IT")
    place.polls()
    place.moves("Network")
    place.polls()
    assert (place.triage().settled, place.triage().misrouted) == (("vpn", "network"), False)
    assert place.decided() == ["auto", "corrected", "accepted"]
    assert place.stands() == ("vpn", "network")


def test_a_move_there_and_back_between_two_looks_is_nothing(place: Place) -> None:
    place.moves("IT")
    place.moves("Network")
    place.polls()
    assert (place.triage().settled_at, place.stands()) == (None, ("vpn", "network"))


def test_where_our_people_put_a_ticket_is_not_told_to_triage_again_from_there(place: Place) -> None:
    place.world.assistant.practices.triage.settle(place.ticket, "vpn", "service-desk", AGENT)
    place.polls()
    assert place.zendesk.tickets[place.there]["group_id"] == zd.GROUPS["IT"]
    place.reported("d1")
    place.polls()
    assert (place.triage().settled_by, place.decided()) == (AGENT, ["auto", "corrected"])


def test_another_category_there_corrects_triage_too(place: Place) -> None:
    place.moves(category="wifi")
    place.polls()
    assert (place.triage().settled, place.triage().misrouted, place.stands()) == (("wifi", "network"), True, ("wifi", "network"))


def test_what_nobody_did_there_corrects_nothing(place: Place) -> None:
    place.moves("IT", author=-1)
    place.polls()
    assert (place.triage().settled_at, place.stands()) == (None, ("vpn", "network"))
    place.zendesk.write(place.there, zd.PERSON, "I look into it", True)
    place.polls()
    assert place.triage().settled_at is None


def test_a_queue_there_that_is_none_of_ours_is_a_misroute_and_nothing_is_put_into_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(zd.GROUPS, "Facilities", 503)
    place.moves("Facilities")
    place.polls()
    assert (place.triage().misrouted, place.stands()) == (True, ("vpn", "Facilities"))
    [row] = place.world.assistant.practices.triage.history()
    assert row.labels[Field.QUEUE] == "Facilities"


def test_a_move_of_ours_that_waits_does_not_undo_what_people_did_there_meanwhile(place: Place) -> None:
    place.world.assistant.practices.triage.settle(place.ticket, "wifi", "network", AGENT)
    place.moves("IT")
    place.zendesk.seconds += MINUTES
    place.world.clock.advance(timedelta(seconds=MINUTES))
    Service(place.world.assistant, "http://test").follow_desk()
    place.world.assistant.carrier.drain()
    assert place.stands() == ("wifi", "service-desk")
    assert place.zendesk.tickets[place.there]["group_id"] == zd.GROUPS["IT"]
    assert place.triage().settled == ("wifi", "service-desk")
