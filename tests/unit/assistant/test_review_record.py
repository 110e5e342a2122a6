"""The record of a weekly review: its week, its one text and hash, the names beside it, and which three things come first."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.audit import ERASED
from assistant.domain.figure import POINTS, Figure
from assistant.domain.measures import Rate
from assistant.domain.review import Kind, Names, Severity, Status, first_things, frozen
from assistant.domain.week import Week
from tests.support.reviewed import GAP, decision, finding, named_review, review_of


class TestWeeks:
    @pytest.mark.parametrize("text", ["2026-W47", "2026-W01", "2026-W53", "2020-W53"])
    def test_a_week_is_written_as_it_was_read(self, text: str) -> None:
        assert str(Week.parse(text)) == text

    @pytest.mark.parametrize("text", ["", "2026-47", "2026W47", "2026-W00", "2026-W54", "2025-W53", "26-W47", "2026-w47", "2026-W47 ", "2026-11-16"])
    def test_what_is_no_week_is_refused_with_the_reason(self, text: str) -> None:
        with pytest.raises(ValueError, match="week"):
            Week.parse(text)

    def test_a_week_begins_on_the_organisations_monday(self) -> None:
        start, end = Week.parse("2026-W43").bounds("Europe/Stockholm")
        assert (start.astimezone(UTC), end.astimezone(UTC)) == (datetime(2026, 10, 18, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))
        assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(days=7, hours=1)

    def test_a_moment_lies_in_the_week_of_the_organisations_day(self) -> None:
        sunday = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
        assert str(Week.of(sunday, "Europe/Stockholm")) == "2026-W48"
        assert str(Week.of(sunday, "America/New_York")) == "2026-W47"

    @given(st.dates(date(2000, 1, 3), date(2100, 1, 1)), st.integers(-60, 60))
    def test_weeks_follow_one_another_over_every_new_year(self, day: date, weeks: int) -> None:
        week = Week.of(datetime.combine(day, datetime.min.time(), ZoneInfo("UTC")), "UTC")
        assert week.later(weeks).monday == week.monday + timedelta(weeks=weeks)
        assert week.later(weeks).later(-weeks) == week
        assert week.monday <= day < week.later().monday


class TestFreezing:
    def test_no_name_and_no_word_of_anybody_is_in_the_frozen_text(self) -> None:
        made = named_review(owner="Maria Santos", about="vpn in hotels")
        assert "Maria" not in made.body
        assert "hotel" not in made.body
        one = made.review.findings[0]
        assert made.said(one.text, one) == "vpn in hotels was asked 12 times and answered never. Maria Santos has it."
        assert made.owner(one) == "Maria Santos"

    def test_the_text_is_canonical_so_the_same_review_has_the_same_hash(self) -> None:
        salted = [frozen(review_of(), Names(salt=lambda: "salt")) for _ in range(2)]
        assert salted[0].hash == salted[1].hash
        assert json.dumps(json.loads(salted[0].body), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == salted[0].body

    @pytest.mark.parametrize("change", [{"body": "{}"}, {"hash": "0" * 64}, {"body": named_review().body.replace("12 times", "11 times")}])
    def test_a_text_that_was_changed_shows(self, change: dict[str, str]) -> None:
        assert replace(named_review(), **change).faults()

    def test_a_name_that_was_exchanged_shows(self) -> None:
        made = named_review()
        names = {key: replace(name, text="Somebody Else") if name.text == "Maria Santos" else name for key, name in made.names.items()}
        assert replace(made, names=names).faults() == ["the name n2 is not the one that was frozen"]

    def test_an_erased_name_is_no_fault_and_its_seal_leads_to_nobody(self) -> None:
        made = named_review()
        names = {key: replace(name, text=ERASED, salt="") if name.text == "Maria Santos" else name for key, name in made.names.items()}
        erased = replace(made, names=names)
        assert erased.faults() == []
        assert erased.owner(erased.review.findings[0]) == ERASED
        kept = {key: replace(name, text=ERASED) if name.text == "Maria Santos" else name for key, name in made.names.items()}
        assert replace(made, names=kept).faults()

    def test_words_whose_time_is_over_leave_the_id_in_their_place(self) -> None:
        made = named_review()
        left = replace(made, names={key: name for key, name in made.names.items() if not name.words})
        one = left.review.findings[0]
        assert left.faults() == []
        assert left.said(one.text, one).startswith("g_1 was asked")
        assert GAP not in left.said(one.text, one)

    def test_a_finding_that_nobody_has_is_the_roles(self) -> None:
        made = frozen(review_of(), Names())
        assert made.owner(made.review.findings[0]) == "the authors"


class TestFigures:
    def test_a_rate_is_read_with_its_denominator_and_interval(self) -> None:
        assert Figure.rate("x", Rate(260, 418)).text == "62 % of 418, 57-67 %"
        assert Figure.rate("x", Rate(0, 0)).text == "none to count"

    @pytest.mark.parametrize(
        ("figure", "text"),
        [
            (Figure(name="x", value=1234, unit="conversations"), "1,234 conversations"),
            (Figure(name="x", value=4.25, low=-1.0, high=9.4, unit=POINTS), "+4.2 points, −1.0 to +9.4"),
            (Figure(name="x", value=-3.0, low=-6.5, high=0.5, unit=POINTS), "−3.0 points, −6.5 to +0.5"),
            (Figure(name="x", value=14.5), "14.5"),
            (Figure(name="x"), "none to count"),
        ],
    )
    def test_other_numbers_are_read_with_unit_and_interval(self, figure: Figure, text: str) -> None:
        assert figure.text == text


class TestFirstThings:
    def test_what_cannot_wait_comes_before_what_concerns_many(self) -> None:
        rows = (
            finding(Kind.GAP, "g_big", weight=90),
            finding(Kind.GAP, "g_small", weight=3),
            finding(Kind.WAITING, "requested", severity=Severity.NOW, weight=1),
            finding(Kind.OVERDUE, "a", weight=7),
            finding(Kind.COST, "", todo="", weight=500),
        )
        assert first_things(rows) == ("waiting:requested", "gap:g_big", "overdue:a")

    def test_of_equals_the_one_that_stands_first_in_the_record_is_first(self) -> None:
        assert first_things((finding(subject="g_2"), finding(subject="g_1"))) == ("gap:g_2", "gap:g_1")

    def test_a_week_in_which_nothing_is_to_do_has_no_first_thing(self) -> None:
        assert first_things((finding(todo=""),)) == ()


@pytest.mark.parametrize(
    ("due", "status", "late"),
    [
        (date(2026, 11, 27), Status.OPEN, True),
        (date(2026, 11, 28), Status.OPEN, False),
        (None, Status.OPEN, False),
        (date(2026, 11, 1), Status.DONE, False),
    ],
)
def test_a_decision_is_late_when_its_day_is_over_and_it_is_open(due: date | None, status: Status, late: bool) -> None:
    assert decision(due=due, status=status).overdue(date(2026, 11, 28)) is late
