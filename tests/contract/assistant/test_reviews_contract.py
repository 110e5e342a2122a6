"""Reviews and decisions keep their promises in memory and in tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from assistant.domain.review import Status
from assistant.ports.reviews import DecisionChanged, ReviewExists
from assistant.ports.store import Store
from tests.support.reviewed import MADE, decision, named_review


def test_a_frozen_review_comes_back_as_it_was_with_its_names(store: Store) -> None:
    made = named_review()
    with store.write() as unit:
        unit.reviews.freeze(made)
    with store.read() as unit:
        found = unit.reviews.latest("2026-W47")
    assert found == made
    assert found is not None
    assert found.faults() == []
    assert found.review.findings[0].text == made.review.findings[0].text


def test_a_week_that_was_not_reviewed_has_no_review(store: Store) -> None:
    with store.read() as unit:
        assert unit.reviews.latest("2026-W47") is None
        assert unit.reviews.load("2026-W47", 1) is None
        assert unit.reviews.heads() == []


def test_a_second_review_of_the_same_version_is_refused_and_the_first_stays(store: Store) -> None:
    first = named_review(about="the first")
    with store.write() as unit:
        unit.reviews.freeze(first)
    with pytest.raises(ReviewExists), store.write() as unit:
        unit.reviews.freeze(named_review(about="the second"))
    with store.read() as unit:
        assert unit.reviews.latest("2026-W47") == first


def test_a_new_version_stands_beside_the_first(store: Store) -> None:
    one, two = named_review(), named_review(version=2, about="seen again")
    for made in (one, two):
        with store.write() as unit:
            unit.reviews.freeze(made)
    with store.read() as unit:
        assert unit.reviews.latest("2026-W47") == two
        assert unit.reviews.load("2026-W47", 1) == one
        assert [(head.week, head.version) for head in unit.reviews.heads()] == [("2026-W47", 2), ("2026-W47", 1)]


def test_reviews_are_listed_from_the_latest_week_on_also_over_a_new_year(store: Store) -> None:
    for week in ("2026-W53", "2026-W09", "2027-W01"):
        with store.write() as unit:
            unit.reviews.freeze(named_review(week))
    with store.read() as unit:
        assert [head.week for head in unit.reviews.heads()] == ["2027-W01", "2026-W53", "2026-W09"]
        assert [head.week for head in unit.reviews.heads(limit=1, before="2027-W01")] == ["2026-W53"]
        newest = unit.reviews.latest("2027-W01")
        assert newest is not None
        assert unit.reviews.heads(1)[0].hash == newest.hash


def test_a_decision_changes_under_a_lock(store: Store) -> None:
    with store.write() as unit:
        unit.reviews.add(decision())
    with store.read() as unit:
        seen = unit.reviews.decision("d_1")
    assert seen == decision()
    with store.write() as unit:
        unit.reviews.save(replace(decision(), status=Status.DONE, due=None))
    with pytest.raises(DecisionChanged), store.write() as unit:
        unit.reviews.save(replace(decision(), status=Status.DROPPED))
    with store.read() as unit:
        assert unit.reviews.decision("d_1") == replace(decision(), status=Status.DONE, due=None, version=2)


def test_a_decision_that_nobody_made_cannot_be_changed(store: Store) -> None:
    with pytest.raises(DecisionChanged), store.write() as unit:
        unit.reviews.save(decision())
    with store.read() as unit:
        assert unit.reviews.decision("d_1") is None


def test_decisions_are_listed_by_week_and_the_open_ones_by_when_they_are_due(store: Store) -> None:
    rows = [
        decision("d_late", made_at=MADE + timedelta(hours=1), due=None),
        decision("d_next", due=date(2026, 12, 4)),
        decision("d_first", made_at=MADE + timedelta(minutes=1)),
        decision("d_done", status=Status.DONE, week="2026-W46"),
    ]
    with store.write() as unit:
        for one in rows:
            unit.reviews.add(one)
    with store.read() as unit:
        assert [one.id for one in unit.reviews.decisions("2026-W47")] == ["d_next", "d_first", "d_late"]
        assert [one.id for one in unit.reviews.decisions("2026-W46")] == ["d_done"]
        assert [one.id for one in unit.reviews.open_decisions()] == ["d_first", "d_next", "d_late"]
