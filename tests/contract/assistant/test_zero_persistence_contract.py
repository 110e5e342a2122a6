"""Conversations that live in memory beside tables keep every promise of stored ones, and nothing of them is in the tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from assistant.adapters.memory.volatile import Memory
from assistant.adapters.store import tables
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.domain.conversation import Conversation, Episode, State
from assistant.domain.ticket import TicketBody, TicketDraft, TicketStatus
from assistant.ports.store import Message, Store
from tests.contract.assistant import test_store_contract as promises

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAME_ISSUE = 0.72
IN_MEMORY = ("conversations", "episodes", "messages", "events", "tickets", "ticket_notes")


@pytest.fixture
def store(engine_of: Callable[[str], Engine]) -> Store:
    """An empty store that keeps words in memory."""
    return SqlStore(engine_of("sqlite"), SAME_ISSUE, memory=Memory(SAME_ISSUE, timedelta(days=14)))


class TestConversations(promises.TestConversations):
    """The promises about conversations."""


class TestEpisodes(promises.TestEpisodes):
    """The promises about episodes."""


class TestMessages(promises.TestMessages):
    """The promises about messages."""


class TestEvents(promises.TestEvents):
    """The promises about events."""


def draft(key: str = "k", subject: str = "Scanner is jammed", assignee: str = "firstline") -> TicketDraft:
    return TicketDraft(key, "ana", subject, "endpoint", "printing", TicketBody(subject), "c_1", assignee, (1.0, 0.0))


def test_a_block_that_raises_changes_neither_memory_nor_tables(store: Store) -> None:
    with pytest.raises(promises.Stop), store.write() as unit:
        unit.conversations.begin(Conversation("c_1", "ana", "web", State.OPEN, State.OPEN, NOON, NOON, 0, Episode(1, NOON), {}))
        unit.tickets.create(draft(), NOON)
        unit.tickets.create(draft("k2", assignee=""), NOON)
        unit.audit.append([promises.entry("auto")])
        raise promises.Stop
    with store.read() as unit:
        assert unit.conversations.load("c_1") is None
        assert unit.tickets.all() == []
        assert unit.audit.head() is None


def test_a_commit_of_the_tables_that_fails_leaves_the_memory_as_it_was(store: Store) -> None:
    assert isinstance(store, SqlStore)
    with pytest.raises(Exception, match="FOREIGN KEY|NOT NULL"), store.write() as unit:
        unit.conversations.begin(Conversation("c_1", "ana", "web", State.OPEN, State.OPEN, NOON, NOON, 0, Episode(1, NOON), {}))
        unit.own_tickets.comment(unit.own_tickets.create(draft("k2", assignee=""), NOON).id, None, "no author", NOON)  # type: ignore[arg-type]
    with store.read() as unit:
        assert unit.conversations.load("c_1") is None


def test_the_tables_hold_nothing_of_a_conversation(store: Store) -> None:
    assert isinstance(store, SqlStore)
    with store.write() as unit:
        unit.conversations.begin(Conversation("c_1", "ana", "web", State.OPEN, State.OPEN, NOON, NOON, 0, Episode(1, NOON), {"issue": "x"}))
        unit.conversations.accept(Message("m", "c_1", "hello", "", "", NOON))
        unit.conversations.emit("c_1", NOON, {"type": "message"})
        unit.tickets.create(draft(), NOON)
    with store.engine.connect() as connection:
        counts = {name: connection.execute(select(func.count()).select_from(tables.metadata.tables[name])).scalar() for name in IN_MEMORY}
    assert set(counts.values()) == {0}


def test_a_held_ticket_gets_its_number_when_it_is_filed(store: Store) -> None:
    with store.write() as unit:
        held = unit.tickets.create(draft(), NOON)
        assert unit.tickets.create(draft(), NOON).id == held.id, "the same key is the same ticket"
        assert unit.tickets.find_open_like("ana", "x", (1.0, 0.0), NOON) is not None
        unit.tickets.comment(held.id, "ana", "more", NOON)
        unit.tickets.describe(held.id, TicketBody("fuller"), NOON)
    with store.write() as unit:
        filed = unit.tickets.file(held.id, TicketBody("whole"), "network", NOON)
    assert (held.id[:2], filed.id[:2]) == ("D-", "T-")
    with store.read() as unit:
        assert unit.tickets.ticket(held.id) is None
        kept = unit.tickets.ticket(filed.id)
    assert kept is not None
    assert (kept.body, kept.queue, kept.assignee, kept.status) == (TicketBody("whole"), "network", "", TicketStatus.OPEN)


def test_what_is_filed_twice_goes_to_the_ticket_that_people_work_on(store: Store) -> None:
    with store.write() as unit:
        first = unit.tickets.file(unit.tickets.create(draft("k1"), NOON).id, TicketBody("one"), "network", NOON)
        held = unit.tickets.create(draft("k2"), NOON)
        assert unit.tickets.file(held.id, TicketBody("two"), "network", NOON).id == first.id
        assert len(unit.tickets.all()) == 1
