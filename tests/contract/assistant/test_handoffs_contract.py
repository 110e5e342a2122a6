"""What every store promises of handoffs and holdings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assistant.domain.handoff import Handoff, HandoffReason, Holding
from assistant.ports.store import Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REQUESTED, NO_ARTICLE = HandoffReason.REQUESTED, HandoffReason.NO_ARTICLE


def given(store: Store, *handoffs: Handoff) -> None:
    with store.write() as unit:
        for handoff in handoffs:
            unit.handoffs.record(handoff)


def test_those_who_wait_longest_come_first_and_tickets_alone_wait_for_nobody(store: Store) -> None:
    late, early = Handoff("c_1", 1, REQUESTED, NOON + MINUTE, "T-1"), Handoff("c_2", 3, REQUESTED, NOON, "T-2")
    given(store, late, early, Handoff("c_3", 1, NO_ARTICLE, NOON, "T-3", waits=False))
    with store.read() as unit:
        assert unit.handoffs.waiting() == [early, late]


def test_waiting_ends_in_one_conversation_and_is_kept(store: Store) -> None:
    given(store, Handoff("c_1", 1, REQUESTED, NOON), Handoff("c_2", 1, REQUESTED, NOON), Handoff("c_1", 1, NO_ARTICLE, NOON, waits=False))
    with store.write() as unit:
        unit.handoffs.end("c_1", NOON + MINUTE, "sam")
        unit.handoffs.end("c_1", NOON + 2 * MINUTE, "laura")
    with store.read() as unit:
        assert [one.conversation for one in unit.handoffs.waiting()] == ["c_2"]
        assert [(one.ended_at, one.taken_by) for one in unit.handoffs.of_conversation("c_1")] == [(NOON + MINUTE, "sam"), (None, "")]
        assert unit.handoffs.of_conversation("c_9") == []


@pytest.mark.parametrize("reason", list(HandoffReason))
def test_every_reason_comes_back_as_it_was_stored(store: Store, reason: HandoffReason) -> None:
    made = Handoff("c_1", 2, reason, NOON, "T-7", waits=False)
    given(store, made)
    with store.read() as unit:
        assert unit.handoffs.of_conversation("c_1") == [made]


def test_reasons_are_counted_between_two_moments_the_start_included_and_the_end_not(store: Store) -> None:
    before, after = NOON - MINUTE, NOON + MINUTE
    given(store, *(Handoff("c_1", 1, reason, at) for reason, at in ((REQUESTED, before), (NO_ARTICLE, NOON), (REQUESTED, NOON), (REQUESTED, after))))
    with store.read() as unit:
        assert unit.handoffs.counts(NOON, after) == {NO_ARTICLE: 1, REQUESTED: 1}
        assert list(unit.handoffs.counts(before, after + MINUTE).items()) == [(REQUESTED, 3), (NO_ARTICLE, 1)]
        assert unit.handoffs.counts(after + MINUTE, after + 2 * MINUTE) == {}


def test_handoffs_of_a_time_come_oldest_first_the_start_included_and_the_end_not(store: Store) -> None:
    late, early = Handoff("c_1", 1, REQUESTED, NOON + MINUTE), Handoff("c_2", 1, NO_ARTICLE, NOON, waits=False)
    given(store, late, early, Handoff("c_3", 1, REQUESTED, NOON - MINUTE))
    with store.read() as unit:
        assert unit.handoffs.between(NOON, NOON + 2 * MINUTE) == [early, late]
        assert unit.handoffs.between(NOON, NOON + MINUTE) == [early]


def test_one_conversation_has_one_holder(store: Store) -> None:
    mine = Holding("c_1", "sam", NOON, NOON)
    with store.write() as unit:
        unit.handoffs.hold(mine)
    with pytest.raises(Exception, match="(?i)c_1|unique"), store.write() as unit:
        unit.handoffs.hold(Holding("c_1", "laura", NOON, NOON))
    with store.read() as unit:
        assert unit.handoffs.holding("c_1") == mine
        assert unit.handoffs.holding("c_2") is None


def test_a_holder_is_heard_and_let_go(store: Store) -> None:
    with store.write() as unit:
        unit.handoffs.hold(Holding("c_2", "sam", NOON + MINUTE, NOON + MINUTE))
        unit.handoffs.hold(Holding("c_1", "laura", NOON, NOON))
        unit.handoffs.heard("c_1", NOON + 5 * MINUTE)
    with store.read() as unit:
        assert unit.handoffs.held() == [Holding("c_1", "laura", NOON, NOON + 5 * MINUTE), Holding("c_2", "sam", NOON + MINUTE, NOON + MINUTE)]
    with store.write() as unit:
        unit.handoffs.release("c_1")
        unit.handoffs.release("c_9")
    with store.read() as unit:
        assert [holding.conversation for holding in unit.handoffs.held()] == ["c_2"]


class Stop(Exception):
    """Something goes wrong in the middle."""


def test_what_a_failed_transaction_did_is_gone(store: Store) -> None:
    given(store, Handoff("c_1", 1, REQUESTED, NOON))
    with pytest.raises(Stop), store.write() as unit:
        unit.handoffs.end("c_1", NOON, "sam")
        unit.handoffs.hold(Holding("c_1", "sam", NOON, NOON))
        unit.handoffs.record(Handoff("c_2", 1, REQUESTED, NOON))
        raise Stop
    with store.read() as unit:
        assert [one.conversation for one in unit.handoffs.waiting()] == ["c_1"]
        assert unit.handoffs.held() == []
