"""Every tool that says it can be taken back is taken back, through the whole path: wish, card, press, approval, outbox, undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.agent.tools.registry import TOOLS
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.domain.action import Status
from assistant.domain.ticket import TicketStatus
from assistant.governance.audit import verify
from assistant.ports.store import Store
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import WORDS, Workshop

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def empty_tables(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("tables") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, empty_tables: bytes, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore(0.78)
    path = tmp_path / "firstline.db"
    path.write_bytes(empty_tables)
    return SqlStore(open_engine(f"sqlite:///{path}"), 0.78)


@pytest.fixture
def workshop(store: Store) -> Iterator[Workshop]:
    made = Workshop(store)
    yield made
    with made.store.read() as unit:
        assert verify(unit.audit.read(0, 10_000)) == []
    made.close()


def account(workshop: Workshop, _ticket: str) -> Any:
    state = workshop.directory.account("ann")
    return state.locked, state.groups


def ticket(workshop: Workshop, ticket_id: str) -> Any:
    return workshop.ticket_state(ticket_id)


def locked(workshop: Workshop) -> str:
    workshop.directory.lock("ann")
    return ""


def status(wanted: TicketStatus) -> Callable[[Workshop], str]:
    def prepare(workshop: Workshop) -> str:
        made = workshop.ticket()
        if wanted is not TicketStatus.OPEN:
            with workshop.store.write() as unit:
                unit.tickets.change_status(made, wanted, "fay", "", workshop.clock.now())
        return made

    return prepare


def nothing(_workshop: Workshop) -> str:
    return ""


CASES: dict[str, tuple[Callable[[Workshop], str], dict[str, str], Callable[[Workshop, str], Any]]] = {
    "unlock_account": (locked, {}, account),
    "grant_access": (nothing, {"group": "Ledger", "days": "7"}, account),
    "give_up_access": (nothing, {"group": "Finance"}, account),
    "close_ticket": (status(TicketStatus.OPEN), {"ticket": "T"}, ticket),
    "close_ticket in progress": (status(TicketStatus.IN_PROGRESS), {"ticket": "T"}, ticket),
    "close_ticket waiting": (status(TicketStatus.WAITING), {"ticket": "T"}, ticket),
    "reopen_ticket": (status(TicketStatus.CLOSED), {"ticket": "T"}, ticket),
    "reopen_ticket resolved": (status(TicketStatus.RESOLVED), {"ticket": "T"}, ticket),
    "update_ticket": (status(TicketStatus.OPEN), {"ticket": "T", "category": "access"}, ticket),
}


def labels_of(labels: dict[str, str], ticket_id: str) -> dict[str, str]:
    return {name: ticket_id if label == "T" else label for name, label in labels.items()}


@pytest.mark.parametrize("case", CASES)
def test_what_was_done_is_taken_back_and_everything_is_as_before(workshop: Workshop, case: str) -> None:
    prepare, labels, state = CASES[case]
    ticket_id = prepare(workshop)
    before = state(workshop, ticket_id)
    action = workshop.does(case.split()[0], **labels_of(labels, ticket_id))
    assert action.status is Status.DONE
    assert state(workshop, ticket_id) != before
    workshop.clock.advance(HOUR)
    workshop.undo(action)
    workshop.carry()
    assert workshop.undone(action).status is Status.DONE
    assert workshop.action(action.id).status is Status.REVERTED
    assert state(workshop, ticket_id) == before
    workshop.undo(action)
    workshop.carry()
    assert state(workshop, ticket_id) == before


def test_a_ticket_that_was_opened_is_withdrawn(workshop: Workshop) -> None:
    action = workshop.does("create_ticket", category="vpn")
    made = str(action.result["ticket"])
    assert workshop.ticket_state(made)[0].is_open
    workshop.undo(action)
    workshop.carry()
    assert workshop.ticket_state(made)[0] is TicketStatus.CLOSED
    assert workshop.action(action.id).status is Status.REVERTED


def test_a_note_is_withdrawn_by_a_second_one(workshop: Workshop) -> None:
    ticket_id = workshop.ticket()
    action = workshop.does("comment_ticket", ticket=ticket_id)
    assert workshop.notes(ticket_id)[-1] == WORDS
    workshop.undo(action)
    workshop.carry()
    assert workshop.notes(ticket_id)[-1].startswith("Please disregard my note of 23 November 2026 09:15 UTC;")


def test_every_tool_that_declares_an_undo_is_tried_here() -> None:
    declared = {name for name, tool in TOOLS.items() if tool.undo is not None and tool.offered}
    assert declared == {case.split()[0] for case in CASES} | {"create_ticket", "comment_ticket"}


def test_what_changed_nothing_is_not_taken_back(workshop: Workshop) -> None:
    action = workshop.does("unlock_account")
    assert (action.status, action.result["changed"]) == (Status.DONE, False)
    assert "not locked" in workshop.said(action.conversation)[-1]
    workshop.undo(action)
    workshop.carry()
    assert not workshop.directory.account("ann").locked


def test_after_a_day_only_an_agent_takes_back_and_nobody_else_ever(workshop: Workshop) -> None:
    action = workshop.does("grant_access", group="Ledger", days="30")
    workshop.clock.advance(timedelta(hours=25))
    workshop.undo(action)
    workshop.carry()
    assert "ledger" in workshop.directory.account("ann").groups
    with pytest.raises(Exception, match="Only an agent"):
        workshop.deciding.undo(action.id, workshop.person("cy"))
    workshop.deciding.undo(action.id, workshop.person("fay"))
    workshop.carry()
    assert "ledger" not in workshop.directory.account("ann").groups


def test_a_password_that_was_reset_is_not_taken_back(workshop: Workshop) -> None:
    action = workshop.does("reset_password")
    assert action.status is Status.DONE
    with pytest.raises(Exception, match="cannot be taken back"):
        workshop.deciding.undo(action.id, workshop.person("fay"))
    assert TOOLS["reset_password"].undo is None


class TestTimedGrants:
    def test_a_grant_ends_by_itself_when_its_time_is_over(self, workshop: Workshop) -> None:
        action = workshop.does("grant_access", group="Ledger", days="7")
        workshop.clock.advance(timedelta(days=7) - HOUR)
        workshop.carry()
        assert "ledger" in workshop.directory.account("ann").groups
        workshop.clock.advance(2 * HOUR)
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups
        assert workshop.action(action.id).status is Status.REVERTED
        assert workshop.said(action.conversation)[-1] == "The access has ended."

    def test_a_grant_that_was_given_up_and_granted_anew_ends_when_the_new_one_does(self, workshop: Workshop) -> None:
        workshop.does("grant_access", group="Ledger", days="7")
        workshop.clock.advance(HOUR)
        workshop.does("give_up_access", group="Ledger")
        workshop.clock.advance(timedelta(hours=25))
        workshop.does("grant_access", group="Ledger", days="30")
        workshop.clock.advance(timedelta(days=8))
        workshop.carry()
        assert "ledger" in workshop.directory.account("ann").groups
        workshop.clock.advance(timedelta(days=30))
        workshop.carry()
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_a_grant_of_what_somebody_had_already_ends_nothing(self, workshop: Workshop) -> None:
        action = workshop.wants("grant_access", group="Ledger", days="1")
        workshop.press(action)
        workshop.directory.grant("ann", "ledger")
        workshop.approve(action, "bo", "cy")
        workshop.carry()
        assert workshop.action(action.id).result["changed"] is False
        workshop.clock.advance(timedelta(days=2))
        workshop.carry()
        assert "ledger" in workshop.directory.account("ann").groups
