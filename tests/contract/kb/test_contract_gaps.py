"""What every ``Gaps`` promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kb.model import Asking, FailureClass, Gap, GapState, Spike
from tests.support.kb_samples import MONDAY, intent

Opens = Callable[[bool], Any]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BASE = Gap("g_1", "Pool car booking", MONDAY)
NINE = intent(0, "").asked_at


def filled(gap_log: Opens, *members: Any, gap: Gap = BASE) -> None:
    """Store a gap with members."""
    with gap_log(True) as (log, gaps):
        for one in members:
            log.record(one)
        gaps.save(gap)
        gaps.place([one.id for one in members], gap.id, MONDAY)


def test_a_gap_comes_back_with_all_that_was_decided(gap_log: Opens) -> None:
    decided = Gap(
        "g_9", "Zoom führt 🙂", MONDAY, GapState.DISMISSED, True, "vpn", "ana", date(2026, 12, 1), "a/1.md", "not ours", centroid=(0.25, -0.5)
    )
    with gap_log(True) as (_, gaps):
        gaps.save(decided)
    with gap_log(False) as (_, gaps):
        assert gaps.load("g_9") == decided
        assert gaps.all() == [decided]
        assert gaps.load("g_none") is None


def test_saving_again_takes_the_place_of_what_was_stored(gap_log: Opens) -> None:
    with gap_log(True) as (_, gaps):
        gaps.save(BASE)
        gaps.save(replace(BASE, name="Cars", state=GapState.PUBLISHED))
        assert [(gap.name, gap.state) for gap in gaps.all()] == [("Cars", GapState.PUBLISHED)]


def test_what_is_counted_comes_from_the_members(gap_log: Opens) -> None:
    filled(
        gap_log,
        intent(1, "a", asker="ana", ticket="T-1"),
        intent(2, "b", FailureClass.REJECTED, asker="ana", ticket="T-1"),
        intent(3, "c", asker="ben"),
    )
    with gap_log(False) as (_, gaps):
        gap = gaps.load("g_1")
    assert gap.failures == {FailureClass.NO_ARTICLE: 2, FailureClass.REJECTED: 1}
    assert (gap.demand, gap.people, gap.tickets, gap.failure) == (3, 2, 1, FailureClass.NO_ARTICLE)
    assert (gap.first_asked, gap.last_asked) == (NINE + MINUTE, NINE + 3 * MINUTE)


def test_a_span_counts_what_was_asked_in_it_and_leaves_out_the_others(gap_log: Opens) -> None:
    filled(gap_log, intent(1, "a", asker="ana"), intent(30, "b", asker="ben"))
    filled(gap_log, intent(59, "c"), gap=replace(BASE, id="g_2"))
    with gap_log(False) as (_, gaps):
        found = gaps.all(NINE + 30 * MINUTE, NINE + 59 * MINUTE)
    assert [(gap.id, gap.demand, gap.people) for gap in found] == [("g_1", 1, 1)]


def test_an_intent_is_placed_once_and_stays_until_a_person_moves_it(gap_log: Opens) -> None:
    filled(gap_log, intent(1, "a"))
    with gap_log(True) as (_, gaps):
        gaps.save(replace(BASE, id="g_2"))
        assert gaps.place(["intent-001", "intent-999"], "g_2", MONDAY) == 0
        assert gaps.gap_of("intent-001") == "g_1"
        assert gaps.move(["intent-001", "intent-999"], "g_2", MONDAY) == 1
        assert gaps.gap_of("intent-001") == "g_2"
        assert gaps.gap_of("intent-999") == ""
        assert gaps.move(["intent-001"], "g_2", MONDAY) == 0


def test_homeless_intents_are_given_oldest_first_until_they_have_a_gap(gap_log: Opens) -> None:
    filled(gap_log, intent(5, "placed"))
    with gap_log(True) as (log, gaps):
        for number in (9, 2, 7):
            log.record(intent(number, f"q{number}"))
        assert [one.id for one in gaps.homeless(2)] == ["intent-002", "intent-007"]
        before = gaps.waiting()
        gaps.place(["intent-002"], "g_1", MONDAY)
        assert [one.id for one in gaps.homeless(9)] == ["intent-007", "intent-009"]
        assert (before, gaps.waiting()) == (3, 2)


def test_members_are_given_the_latest_first_and_page_by_page(gap_log: Opens) -> None:
    filled(gap_log, *(intent(number, f"q{number}", vector=(0.5, 0.25)) for number in range(5)))
    with gap_log(False) as (_, gaps):
        assert [one.id[-1] for one in gaps.members("g_1")] == ["4", "3", "2", "1", "0"]
        assert [one.id[-1] for one in gaps.members("g_1", limit=2, skip=1)] == ["3", "2"]
        assert gaps.members("g_1", limit=1)[0].vector == (0.5, 0.25)
        assert gaps.members("g_none") == []


def test_the_latest_members_of_every_gap_come_at_once(gap_log: Opens) -> None:
    filled(gap_log, *(intent(number, f"q{number}", vector=(0.5, 0.25)) for number in range(4)))
    filled(gap_log, intent(20, "z"), gap=replace(BASE, id="g_2"))
    with gap_log(False) as (_, gaps):
        assert {key: [one.id[-2:] for one in some] for key, some in gaps.recent(2).items()} == {"g_1": ["03", "02"], "g_2": ["20"]}
        assert all(one.vector for one in gaps.recent(2)["g_1"])
        assert not any(one.vector for one in gaps.recent(2, vectors=False)["g_1"])
        assert {key: [one.id[-2:] for one in some] for key, some in gaps.recent(9, NINE, NINE + 2 * MINUTE).items()} == {"g_1": ["01", "00"]}


@pytest.mark.parametrize("failure", list(FailureClass))
def test_a_class_that_is_known_later_counts_and_the_record_stays(gap_log: Opens, failure: FailureClass) -> None:
    filled(gap_log, intent(1, "a"))
    with gap_log(True) as (log, gaps):
        gaps.classify("intent-001", failure)
        assert gaps.load("g_1").failures == {failure: 1}
        assert [one.failure for one in gaps.members("g_1")] == [failure]
        assert [one.failure for one in log.between(NINE, NINE + HOUR)] == [FailureClass.NO_ARTICLE]


def test_a_gap_with_members_cannot_be_removed(gap_log: Opens) -> None:
    filled(gap_log, intent(1, "a"))
    with gap_log(True) as (_, gaps):
        with pytest.raises(ValueError, match="has members"):
            gaps.remove("g_1")
        gaps.save(replace(BASE, id="g_2"))
        gaps.move(["intent-001"], "g_2", MONDAY)
        gaps.remove("g_1")
        gaps.remove("g_1")
        assert [gap.id for gap in gaps.all()] == ["g_2"]


def test_when_members_were_asked_is_told_in_order_with_their_category(gap_log: Opens) -> None:
    filled(gap_log, intent(5, "a", category="wifi"), intent(1, "b"))
    filled(gap_log, intent(3, "c"), gap=replace(BASE, id="g_2"))
    with gap_log(False) as (_, gaps):
        assert gaps.askings(NINE, NINE + 5 * MINUTE) == [Asking("g_1", "vpn", NINE + MINUTE), Asking("g_2", "vpn", NINE + 3 * MINUTE)]
        assert [one.category for one in gaps.askings(NINE, NINE + HOUR, "g_1")] == ["vpn", "wifi"]


def test_a_spike_is_new_once_and_goes_on_until_an_hour_is_quiet(gap_log: Opens) -> None:
    first = Spike("gap:g_1", "VPN", MONDAY, MONDAY, 9, 1.5, 1e-6)
    with gap_log(True) as (_, gaps):
        assert gaps.flag(first)
        assert not gaps.flag(replace(first, since=MONDAY + HOUR, seen_at=MONDAY + HOUR, count=14))
        assert gaps.flag(replace(first, subject="category:vpn"))
        assert gaps.flag(replace(first, since=MONDAY + 3 * HOUR, seen_at=MONDAY + 3 * HOUR))
        found = gaps.spikes(MONDAY)
    assert [(one.subject, one.since, one.count) for one in found] == [
        ("gap:g_1", MONDAY + 3 * HOUR, 9),
        ("gap:g_1", MONDAY, 14),
        ("category:vpn", MONDAY, 9),
    ]


def test_the_words_of_a_gap_go_with_its_intents(gap_log: Opens) -> None:
    filled(gap_log, intent(1, "a"))
    with gap_log(True) as (log, gaps):
        log.learn_vector("intent-001", (1.0, 0.0))
        assert gaps.members("g_1")[0].vector == (1.0, 0.0)


def test_the_heads_of_gaps_know_their_demand_and_neither_people_nor_dates(gap_log: Opens) -> None:
    filled(gap_log, *(intent(number, f"q{number}") for number in range(3)))
    with gap_log(True) as (_, gaps):
        gaps.save(replace(BASE, id="g_2"))
    with gap_log(False) as (_, gaps):
        full, empty = gaps.heads()
        whole = gaps.load("g_1")
    assert whole is not None
    assert (full.demand, full.failures, empty.demand) == (3, whole.failures, 0)
    assert full == replace(whole, people=0, tickets=0, first_asked=None, last_asked=None)
