"""The outcome ledger: each episode that ended stands in one cell, and what was reopened stands in none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.adapters.memory.outcomes import MemoryOutcomes
from assistant.domain.conversation import Conversation, Episode, Outcome, State
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.domain.measures import total
from assistant.domain.outcome import Asked, Judged, Wanted, settled
from assistant.ports.store import Store

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
MONDAY, TUESDAY, NEXT = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 23)


def conversation(name: str, channel: str = "widget", category: str = "vpn", intent: str = "question") -> Conversation:
    memory = {"category": category, "intent": intent, "platform": "windows"}
    return Conversation(name, "maria.santos", channel, State.ANSWERING, State.OPEN, NOON, NOON, 0, Episode(1, NOON), memory)


def ended(store: Store, begun: Conversation, outcome: Outcome, at: datetime = NOON) -> Conversation:
    with store.write() as unit:
        unit.conversations.begin(begun)
        unit.conversations.save(replace(begun, episode=replace(begun.episode, closed_at=at, outcome=outcome)))
        found = unit.conversations.load(begun.id)
    assert found is not None
    return found


def test_an_episode_is_counted_when_its_conversation_is_saved_with_its_outcome(store: Store) -> None:
    ended(store, conversation("c_1"), Outcome.RESOLVED_CONFIRMED)
    with store.read() as unit:
        [cell] = unit.outcomes.cells(MONDAY, TUESDAY, ("day", "channel", "category", "intent"))
        [row] = unit.outcomes.rows(MONDAY, TUESDAY)
    assert cell.keys == {"day": "2026-11-16", "channel": "widget", "category": "vpn", "intent": "question"}
    assert (cell.counts[Outcome.RESOLVED_CONFIRMED], cell.demand, row.conversation, row.closed_at) == (1, 1, "c_1", NOON)


def test_an_episode_that_goes_on_is_not_counted(store: Store) -> None:
    with store.write() as unit:
        unit.conversations.begin(conversation("c_1"))
    with store.read() as unit:
        assert unit.outcomes.cells(MONDAY, NEXT)[0].demand == 0
        assert unit.outcomes.cells(MONDAY, NEXT, ("day",)) == []


def test_a_conversation_that_is_saved_again_is_counted_once(store: Store) -> None:
    saved = ended(store, conversation("c_1"), Outcome.RESOLVED_ASSUMED)
    with store.write() as unit:
        unit.conversations.save(replace(saved, changed_at=NOON + timedelta(days=1)))
    with store.read() as unit:
        assert unit.outcomes.cells(MONDAY, NEXT)[0].demand == 1


def test_a_reopened_episode_leaves_the_cell_where_it_was_counted_and_its_successor_counts_where_it_ends(store: Store) -> None:
    saved = ended(store, conversation("c_1"), Outcome.RESOLVED_CONFIRMED)
    later = NOON + timedelta(days=8)
    with store.write() as unit:
        unit.conversations.mark_reopened("c_1", 1, later)
        unit.conversations.save(replace(saved, episode=Episode(2, later, later, Outcome.TICKET_FILED)))
    with store.read() as unit:
        first, second = unit.outcomes.cells(MONDAY, date(2026, 11, 30), ("week",))
        assert unit.outcomes.rows(MONDAY, NEXT) == []
        assert [row.episode for row in unit.outcomes.rows(MONDAY, NEXT, reopened=True)] == [1]
    assert (first.keys, first.demand, first.reopened, first.reopened_resolved) == ({"week": "2026-W47"}, 0, 1, 1)
    assert (second.keys, second.counts[Outcome.TICKET_FILED], second.reopened) == ({"week": "2026-W48"}, 1, 0)


@pytest.mark.parametrize("before", [True, False], ids=["the reason is known first", "the outcome is known first"])
def test_a_handoff_is_counted_with_its_reason(store: Store, before: bool) -> None:
    begun = conversation("c_1")
    handoff = Handoff("c_1", 1, HandoffReason.REQUESTED, NOON, "T-1")
    with store.write() as unit:
        unit.conversations.begin(begun)
        if before:
            unit.handoffs.record(handoff)
        unit.conversations.save(replace(begun, episode=replace(begun.episode, closed_at=NOON, outcome=Outcome.HANDED_OFF)))
        if not before:
            unit.handoffs.record(handoff)
        unit.handoffs.record(replace(handoff, reason=HandoffReason.LAPSED))
    with store.read() as unit:
        [cell] = unit.outcomes.cells(MONDAY, NEXT, ("category",))
        assert [row.reason for row in unit.outcomes.rows(MONDAY, NEXT, {"reason": "requested"})] == ["requested"]
    assert cell.reasons == {"requested": 1}


def test_rows_are_the_latest_first_and_come_in_pages(store: Store) -> None:
    for number in range(5):
        ended(store, conversation(f"c_{number}"), Outcome.ABANDONED, NOON + timedelta(minutes=number))
    with store.read() as unit:
        assert [row.conversation for row in unit.outcomes.rows(MONDAY, NEXT, limit=2, skip=2)] == ["c_2", "c_1"]


def test_an_unknown_axis_is_refused(store: Store) -> None:
    with store.read() as unit:
        for call in (lambda: unit.outcomes.cells(MONDAY, NEXT, ("person",)), lambda: unit.outcomes.rows(MONDAY, NEXT, {"person": "x"})):
            with pytest.raises(ValueError, match="not cut by person"):
                call()


def test_the_first_question_of_an_episode_stays_and_knows_how_it_ended(store: Store) -> None:
    asked = Asked("c_1", 1, "How do I connect?", (0.6, 0.8), "windows", "maria.santos", NOON)
    with store.write() as unit:
        unit.outcomes.ask(asked)
        unit.outcomes.ask(replace(asked, question="And on my phone?"))
    ended(store, conversation("c_1"), Outcome.UNRESOLVED)
    with store.read() as unit:
        [found] = unit.outcomes.asked(NOON, NOON + timedelta(days=1))
        assert unit.outcomes.asked(NOON + timedelta(seconds=1), NOON + timedelta(days=1)) == []
    assert (found.question, found.outcome, found.reopened) == ("How do I connect?", Outcome.UNRESOLVED, False)
    assert found.vector == pytest.approx((0.6, 0.8), abs=1e-3)


def test_a_verdict_is_noted_once_and_for_the_article_that_it_is_about(store: Store) -> None:
    first = Judged("c_1", 1, "m1", NOON, "answer", 0.7, "auto", ("vpn", "wifi"))
    second = Judged("c_1", 1, "m2", NOON + timedelta(minutes=1), "answer", 0.4, "auto", ("wifi",))
    with store.write() as unit:
        unit.outcomes.judge(first)
        unit.outcomes.judge(second)
        unit.outcomes.decide("c_1", 1, "answer", False, "vpn")
        unit.outcomes.decide("c_1", 1, "answer", True, "wifi")
        unit.outcomes.decide("c_1", 1, "answer", False)
    with store.read() as unit:
        assert [(one.message, one.right) for one in unit.outcomes.judged(NOON, NOON + timedelta(hours=1))] == [("m1", False), ("m2", True)]


def test_the_decisions_behind_a_number_are_found_by_step_band_confidence_and_verdict(store: Store) -> None:
    rows = [
        Judged("c_1", 1, "m1", NOON, "answer", 0.7, "steps.answer:auto", ("vpn",), True),
        Judged("c_2", 1, "m1", NOON + timedelta(minutes=1), "answer", 0.4, "steps.answer:auto", ("vpn",), False),
        Judged("c_3", 1, "m1", NOON + timedelta(minutes=2), "answer", 0.2, "steps.answer:review"),
        Judged("c_4", 1, "m1", NOON + timedelta(minutes=3), "answer", 0.5, "steps.second_answer:auto", ("wifi",)),
        Judged("c_5", 1, "m1", NOON + timedelta(minutes=4), "act", 0.9, "card shown", (), True),
    ]
    with store.write() as unit:
        for row in rows:
            unit.outcomes.judge(row)
    end = NOON + timedelta(hours=1)

    def found(*wanted: object, limit: int = 50, skip: int = 0) -> list[str]:
        with store.read() as unit:
            return [one.conversation for one in unit.outcomes.decisions_like(Wanted(*wanted), NOON, end, limit, skip)]  # type: ignore[arg-type]

    assert found("answer") == ["c_4", "c_3", "c_2", "c_1"]
    assert found("answer", "steps.answer") == ["c_3", "c_2", "c_1"]
    assert found("answer", "steps.answer", 0.4) == ["c_2", "c_1"]
    assert found("answer", "steps.answer", 0.0, "wrong") == ["c_2"]
    assert found("answer", "", 0.0, "right") == ["c_1"]
    assert found("answer", "", 0.0, "said") == ["c_2", "c_1"]
    assert found("answer", "", 0.0, "silent") == ["c_4", "c_3"]
    assert found("act") == ["c_5"]
    assert found("answer", limit=2, skip=1) == ["c_3", "c_2"]
    with store.read() as unit:
        assert unit.outcomes.decisions_like(Wanted("answer"), NOON + timedelta(minutes=3), end)[0].conversation == "c_4"
        assert unit.outcomes.decisions_like(Wanted("answer"), end, end + timedelta(days=1)) == []


ends = st.tuples(
    st.integers(0, 8),
    st.sampled_from(["widget", "slack"]),
    st.sampled_from(["vpn", "email", ""]),
    st.sampled_from(["question", "reset_password"]),
    st.sampled_from(list(Outcome)),
    st.booleans(),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ends, max_size=30))
def test_the_six_outcomes_sum_to_demand_in_every_cell(episodes: list[tuple[int, str, str, str, Outcome, bool]]) -> None:
    ledger = MemoryOutcomes()
    for number, (day, channel, category, intent, outcome, reopened) in enumerate(episodes):
        at = NOON + timedelta(days=day)
        begun = conversation(f"c_{number}", channel, category, intent)
        ledger.count(replace(begun, episode=Episode(1, at, at, outcome)))
        if reopened:
            ledger.reopen(begun.id, 1, at)
    start, end = MONDAY, MONDAY + timedelta(days=9)
    whole = ledger.cells(start, end)[0]
    assert whole.demand == sum(not one[-1] for one in episodes)
    assert whole.reopened == sum(one[-1] for one in episodes)
    for by in (("day",), ("channel", "intent"), ("day", "channel", "category", "intent")):
        cells = ledger.cells(start, end, by)
        assert all(total(cells).of(outcome) == whole.of(outcome) for outcome in Outcome)
        for cell in cells:
            assert cell.demand == sum(cell.counts.values()) == len(ledger.rows(start, end, dict(cell.keys), limit=100))
            assert sum(cell.reasons.values()) == cell.of(Outcome.HANDED_OFF)


def test_an_episode_without_an_outcome_is_nothing_for_the_ledger() -> None:
    assert settled(conversation("c_1")) is None
