"""The outbox, in memory and in tables: what is due, in which order, and who carries it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from assistant.ports.store import OutboxEntry, Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MANY = 1_000


def put(store: Store, *entries: tuple[str, str, datetime]) -> None:
    """Put entries: key, ticket ("" for none), due."""
    with store.write() as unit:
        for key, ticket, due in entries:
            unit.outbox.put(OutboxEntry(key, "desk.comment", {"ticket": ticket} if ticket else {"action": key}, NOON, due))


def due(store: Store, until: datetime = NOON, limit: int = MANY) -> list[str]:
    with store.read() as unit:
        return [entry.key for entry in unit.outbox.due(until, limit)]


class TestWhatIsDue:
    def test_it_comes_in_order_and_what_is_due_later_does_not(self, store: Store) -> None:
        put(store, ("c", "", NOON), ("later", "", NOON + MINUTE), ("a", "", NOON - MINUTE), ("b", "", NOON))
        assert due(store) == ["c", "a", "b"]
        assert due(store, limit=2) == ["c", "a"]
        assert due(store, NOON + MINUTE) == ["c", "later", "a", "b"]

    def test_of_a_ticket_only_what_was_put_first(self, store: Store) -> None:
        put(store, ("file", "T-1", NOON), ("other", "T-2", NOON), ("word", "T-1", NOON), ("close", "T-1", NOON), ("free", "", NOON))
        assert due(store) == ["file", "other", "free"]
        with store.write() as unit:
            unit.outbox.postpone("file", NOON + MINUTE, {"attempt": 1})
        assert due(store) == ["other", "free"], "what comes after waits too"
        with store.write() as unit:
            unit.outbox.finish("file", "done", NOON, {})
        assert due(store) == ["other", "word", "free"]

    def test_each_knows_what_is_ahead_of_it(self, store: Store) -> None:
        put(store, ("file", "T-1", NOON), ("other", "T-2", NOON), ("word", "T-1", NOON), ("free", "", NOON))
        with store.read() as unit:
            ahead = {}
            for key in ("file", "other", "word", "free"):
                entry = unit.outbox.load(key)
                assert entry is not None
                first = unit.outbox.ahead_of(entry)
                ahead[key] = first.key if first else ""
        assert ahead == {"file": "", "other": "", "word": "file", "free": ""}


class TestWhoCarries:
    def test_one_process_holds_an_entry_until_it_lets_go_or_its_time_is_over(self, store: Store) -> None:
        put(store, ("a", "", NOON))
        with store.write() as unit:
            assert unit.outbox.hold("a", "here", NOON, NOON + MINUTE)
            assert not unit.outbox.hold("a", "there", NOON, NOON + MINUTE)
            assert unit.outbox.hold("a", "here", NOON, NOON + MINUTE), "again after a crash"
            assert not unit.outbox.hold("nothing", "here", NOON, NOON + MINUTE)
        with store.write() as unit:
            assert not unit.outbox.hold("a", "there", NOON + MINUTE / 2, NOON + MINUTE)
            assert unit.outbox.hold("a", "there", NOON + MINUTE, NOON + 2 * MINUTE)
            assert not unit.outbox.hold("a", "here", NOON + MINUTE, NOON + 2 * MINUTE)

    def test_what_is_postponed_is_free_unless_it_is_to_stay_held(self, store: Store) -> None:
        put(store, ("a", "", NOON))
        with store.write() as unit:
            assert unit.outbox.hold("a", "here", NOON, NOON + MINUTE)
            unit.outbox.postpone("a", NOON, {"open": True}, held=True)
            assert not unit.outbox.hold("a", "there", NOON, NOON + MINUTE)
            unit.outbox.postpone("a", NOON, {"open": True})
            assert unit.outbox.hold("a", "there", NOON, NOON + MINUTE)

    def test_what_has_ended_is_held_by_nobody(self, store: Store) -> None:
        put(store, ("a", "", NOON))
        with store.write() as unit:
            assert unit.outbox.hold("a", "here", NOON, NOON + MINUTE)
            unit.outbox.finish("a", "done", NOON, {})
            assert not unit.outbox.hold("a", "here", NOON, NOON + MINUTE)
