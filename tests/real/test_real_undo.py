"""Actions and their undo through the whole path against a real directory and a real desk: the state there is as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.adapters.ticketing.request_tracker import RequestTracker
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.mirroring import PassedOn
from assistant.domain.action import Status
from assistant.domain.ticket import TicketStatus
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support import request_tracker_server as rt
from tests.support.offices import ldap_directory
from tests.support.slapd_server import FIRST_PASSWORD, Slapd, person_dn, running_slapd
from tests.support.workshop import WORDS, Workshop

pytestmark = pytest.mark.real
QUEUES = {"service-desk": "IT", "network": "Network", "identity": "IT"}
HOUR = timedelta(hours=1)


def tables(folder: Path, **more: Any) -> SqlStore:
    engine = open_engine(f"sqlite:///{folder / 'firstline.db'}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    return SqlStore(engine, 0.78, **more)


class TestTheDirectory:
    @pytest.fixture(scope="class")
    def slapd(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
        with running_slapd(tmp_path_factory.mktemp("slapd")) as server:
            for person in ("bo", "cy", "fay"):
                server.add_person(person, person.title(), mail=f"{person}@x.example")
            server.add_person("ann", "Ann Berg", mail="ann@x.example", labeledURI="ann@home.example", manager=person_dn("bo"))
            for group, members in (("ledger", []), ("finance", ["ann"]), ("it-desk", ["fay"])):
                server.add_group(group, *members)
            yield server

    @pytest.fixture
    def workshop(self, slapd: Slapd, tmp_path: Path) -> Iterator[Workshop]:
        made = Workshop(tables(tmp_path), ldap_directory(slapd.url))
        yield made
        made.close()

    def test_unlocking_is_taken_back_by_a_lock_that_the_server_keeps(self, workshop: Workshop, slapd: Slapd) -> None:
        slapd.lock("ann")
        action = workshop.does("unlock_account")
        assert (action.status, action.result["changed"]) == (Status.DONE, True)
        assert slapd.signs_in("ann", FIRST_PASSWORD)
        workshop.undo(action)
        workshop.carry()
        assert workshop.action(action.id).status is Status.REVERTED
        assert not slapd.signs_in("ann", FIRST_PASSWORD)
        workshop.directory.unlock("ann")
        assert slapd.signs_in("ann", FIRST_PASSWORD)

    @pytest.mark.parametrize(("tool", "labels"), [("grant_access", {"group": "Ledger", "days": "7"}), ("give_up_access", {"group": "Finance"})])
    def test_a_membership_is_as_before(self, workshop: Workshop, tool: str, labels: dict[str, str]) -> None:
        before = workshop.directory.account("ann").groups
        action = workshop.does(tool, **labels)
        assert workshop.directory.account("ann").groups != before
        workshop.undo(action)
        workshop.carry()
        assert workshop.action(action.id).status is Status.REVERTED
        assert workshop.directory.account("ann").groups == before

    def test_a_grant_ends_although_the_server_is_down_when_its_time_is_over(self, workshop: Workshop, slapd: Slapd) -> None:
        action = workshop.does("grant_access", group="Ledger", days="1")
        assert "ledger" in workshop.directory.account("ann").groups
        slapd.stop()
        workshop.clock.advance(timedelta(days=1))
        workshop.carry()
        workshop.clock.advance(timedelta(minutes=11))
        workshop.carry()
        slapd.start()
        assert workshop.undone(action).status is Status.FAILED
        assert "ledger" in workshop.directory.account("ann").groups
        workshop.clock.advance(HOUR)
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups
        assert workshop.action(action.id).status is Status.REVERTED

    def test_a_reset_password_reaches_the_second_channel_and_nothing_else(self, workshop: Workshop, slapd: Slapd, tmp_path: Path) -> None:
        action = workshop.does("reset_password")
        assert action.status is Status.DONE
        (letter,) = [one for key, one in workshop.notifier.sent.items() if "-password-" in key]
        assert letter.secret is not None
        temporary = letter.secret.reveal()
        assert slapd.signs_in("ann", temporary)
        assert not any(temporary.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


class TestTheDesk:
    @pytest.fixture(scope="class")
    def running(self) -> Iterator[rt.RequestTracker]:
        if rt.missing():
            pytest.skip(rt.missing())
        with rt.request_tracker() as tracker:
            yield tracker

    @pytest.fixture
    def workshop(self, running: rt.RequestTracker, tmp_path: Path) -> Iterator[Workshop]:
        desk = RequestTracker(
            running.url, running.token, rt.ACCOUNT, QUEUES, key_field=rt.KEY_FIELD, category_field="", categories={}, timeout_seconds=20
        )
        made = Workshop(tables(tmp_path, passed_on=PassedOn), desk=desk)
        yield made
        made.close()

    def outside(self, workshop: Workshop, ticket: str) -> str:
        assert workshop.desk is not None
        with workshop.store.read() as unit:
            link = unit.outside.of_ticket(workshop.desk.name, ticket)
        assert link is not None, ticket
        return link.outside

    def status(self, workshop: Workshop, number: str) -> TicketStatus:
        assert workshop.desk is not None
        found = workshop.desk.ticket(number)
        assert found is not None
        return found.status

    def row(self, running: rt.RequestTracker, number: str) -> dict[str, Any]:
        with running.person() as client:
            answer: dict[str, Any] = client.get(f"ticket/{number}").raise_for_status().json()
        return answer

    @pytest.mark.parametrize("status", [TicketStatus.OPEN, TicketStatus.WAITING])
    def test_a_closed_ticket_is_open_there_again(self, workshop: Workshop, running: rt.RequestTracker, status: TicketStatus) -> None:
        ticket = workshop.ticket()
        with workshop.store.write() as unit:
            unit.tickets.change_status(ticket, status, "fay", "", workshop.clock.now())
        workshop.carry()
        number = self.outside(workshop, ticket)
        assert self.status(workshop, number) is status
        action = workshop.does("close_ticket", ticket=ticket)
        assert self.row(running, number)["Status"] == "resolved"
        workshop.undo(action)
        workshop.carry()
        assert workshop.action(action.id).status is Status.REVERTED
        again = self.status(workshop, number)
        assert again is status or (status is TicketStatus.OPEN and again is TicketStatus.IN_PROGRESS), "it says open, not new, of what was reopened"

    def test_a_reopened_ticket_is_closed_there_again(self, workshop: Workshop, running: rt.RequestTracker) -> None:
        ticket = workshop.ticket()
        workshop.carry()
        workshop.does("close_ticket", ticket=ticket)
        action = workshop.does("reopen_ticket", ticket=ticket)
        number = self.outside(workshop, ticket)
        assert self.row(running, number)["Status"] == "open"
        workshop.undo(action)
        workshop.carry()
        assert self.row(running, number)["Status"] == "resolved"

    def test_a_moved_ticket_is_in_its_queue_there_again(self, workshop: Workshop, running: rt.RequestTracker) -> None:
        ticket = workshop.ticket()
        workshop.carry()
        number = self.outside(workshop, ticket)
        before = self.row(running, number)["Queue"]["id"]
        action = workshop.does("update_ticket", ticket=ticket, category="access")
        assert self.row(running, number)["Queue"]["id"] != before
        workshop.undo(action)
        workshop.carry()
        assert self.row(running, number)["Queue"]["id"] == before

    def test_an_opened_ticket_is_closed_there_and_a_note_withdrawn(self, workshop: Workshop, running: rt.RequestTracker) -> None:
        action = workshop.does("create_ticket", category="vpn")
        ticket = str(action.result["ticket"])
        number = self.outside(workshop, ticket)
        noted = workshop.does("comment_ticket", ticket=ticket)
        workshop.undo(noted)
        workshop.undo(action)
        workshop.carry()
        assert self.row(running, number)["Status"] == "resolved"
        assert workshop.desk is not None
        told = [note.text for note in workshop.desk.notes(number)]
        said, withdrawn = (next(i for i, text in enumerate(told) if words in text) for words in (WORDS, "Please disregard my note"))
        assert said < withdrawn
