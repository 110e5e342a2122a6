"""What the review finds in a week's numbers: when a change is clear, which articles mislead, who waits, and what became of decisions."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from assistant.desk.review.articles import Showings, Shown, at_least, find_harmful, find_overdue, find_unused, harmful, showings
from assistant.desk.review.found import Found, Subject, changed, compared, counted
from assistant.desk.review.people import find_waiting, find_waits, median
from assistant.desk.review.weeks import find_costs, find_measures
from assistant.domain.conversation import Outcome
from assistant.domain.figure import Figure
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.domain.measures import Cell, Change, Rate
from assistant.domain.model_use import LedgerLine
from assistant.domain.outcome import Judged
from assistant.domain.review import Kind, Severity
from assistant.domain.week import Week
from kb.model import Article, Audience

END = datetime(2026, 11, 22, 23, tzinfo=UTC)
WEEK = Week.parse("2026-W47")
DAY = timedelta(days=1)


def article(name: str, edited: datetime = END - 200 * DAY, review_by: date | None = None, owner: str = "Network") -> Article:
    return Article(
        id=name,
        title=f"The article {name}",
        owner=owner,
        audience=Audience(),
        platforms=frozenset(),
        review_by=review_by,
        tags=(),
        source="",
        path=f"{name}.md",
        revision=1,
        content_hash="",
        updated_at=edited,
    )


def cell(**counts: int) -> Cell:
    return Cell({}, {Outcome[name]: number for name, number in counts.items()})


def judged(name: str, right: bool | None, at: datetime = END - DAY, step: str = "answer") -> Judged:
    return Judged("c_1", 1, "m", at, step, 0.9, "auto", (name,) if step == "answer" else (), right)


class TestMeasures:
    def test_a_small_difference_is_no_clear_change(self) -> None:
        assert changed(Change(Rate(22, 40), Rate(24, 40))) == "no clear change (−16.0 to +25.4 points)"

    def test_a_difference_whose_interval_leaves_out_nothing_is_said(self) -> None:
        text = changed(Change(Rate(600, 1000), Rate(500, 1000)))
        assert text.startswith("10.0 points less than the week before (")

    def test_a_week_after_nothing_has_nothing_to_compare_with(self) -> None:
        assert changed(Change(Rate(0, 0), Rate(3, 4))) == "nothing to compare with"

    @pytest.mark.parametrize(
        ("before", "now", "text"),
        [
            (100, 100, "as many as the week before"),
            (100, 110, "10 more than the week before, no clear change"),
            (100, 200, "100 more than the week before"),
            (9, 0, "9 fewer than the week before"),
            (0, 0, "as many as the week before"),
        ],
    )
    def test_counts_of_two_weeks_are_compared_as_counts(self, before: int, now: int, text: str) -> None:
        assert counted(before, now) == text

    def test_only_a_clear_fall_of_confirmed_resolution_is_something_to_do(self) -> None:
        worse, same = Found(), Found()
        find_measures(worse, WEEK, cell(RESOLVED_CONFIRMED=300, UNRESOLVED=700), cell(RESOLVED_CONFIRMED=600, UNRESOLVED=400))
        find_measures(same, WEEK, cell(RESOLVED_CONFIRMED=59, UNRESOLVED=41), cell(RESOLVED_CONFIRMED=60, UNRESOLVED=40))
        assert [one.subject for one in worse.findings if one.todo] == ["confirmed_resolution"]
        assert [one.severity for one in worse.findings if one.todo] == [Severity.WEEK]
        assert [one for one in same.findings if one.todo] == []

    def test_two_weeks_of_the_same_service_rarely_raise_an_alarm(self) -> None:
        draw, alarms = random.Random(7), 0
        for _ in range(400):
            weeks = [sum(draw.random() < 0.6 for _ in range(150)) for _ in range(2)]
            found = Found()
            find_measures(found, WEEK, *(cell(RESOLVED_CONFIRMED=n, UNRESOLVED=150 - n) for n in weeks))
            alarms += any(one.todo for one in found.findings)
        assert alarms <= 0.05 * 400

    def test_an_empty_week_is_said_and_not_divided_by(self) -> None:
        found = Found()
        find_measures(found, WEEK, cell(), cell())
        assert found.findings[0].text == "0 conversations ended and stand, as many as the week before."
        assert all("none to count" in one.text for one in found.findings[1:])

    def test_costs_are_said_only_where_models_were_called(self) -> None:
        quiet, found = Found(), Found()
        find_costs(quiet, WEEK, [], [], 5)
        find_costs(found, WEEK, [LedgerLine("answer", "m", 10, 1, 5, 5, 0.4, 1.0)], [], 5)
        assert quiet.findings == []
        assert found.findings[0].text.startswith("10 calls to models cost 0.40, 0.0800 for each confirmed resolution (5); 0.00 the week before.")


class TestHarmfulArticles:
    def test_an_article_that_is_followed_by_no_much_more_than_others_is_found_with_its_interval(self) -> None:
        verdicts = {"bad": Shown(40, 5, 20), "good": Shown(100, 80, 10), "fine": Shown(50, 40, 5)}
        found = Found()
        find_harmful(found, Showings(verdicts, frozenset(verdicts), END), {name: article(name) for name in verdicts})
        assert [one.subject for one in found.findings] == ["bad"]
        one = found.findings[0]
        assert "80 % of 25, 61-91 %" in one.text
        assert "11 % of 135" in one.text
        assert one.severity is Severity.NOW
        assert set(found.gauges) == {"harmful:bad", "harmful:good", "harmful:fine"}

    def test_among_many_alike_articles_a_false_alarm_is_rare(self) -> None:
        draw, alarms = random.Random(11), 0
        for _ in range(200):
            verdicts = {f"a{n}": Shown(20, 0, 0) for n in range(80)}
            for row in verdicts.values():
                row.wrong = sum(draw.random() < 0.25 for _ in range(12))
                row.right = 12 - row.wrong
            alarms += bool(harmful(verdicts))
        assert alarms <= 0.08 * 200

    def test_silence_and_few_verdicts_make_no_article_harmful(self) -> None:
        verdicts = {"quiet": Shown(500, 0, 0), "one": Shown(3, 0, 1), "good": Shown(100, 90, 10)}
        assert harmful(verdicts) == []

    def test_the_only_article_with_verdicts_has_nothing_to_be_compared_with(self) -> None:
        assert harmful({"alone": Shown(50, 0, 50)}) == []

    def test_an_article_that_its_reader_lost_or_that_was_deleted_is_not_named(self) -> None:
        found = Found()
        find_harmful(found, Showings({"gone": Shown(40, 0, 30), "good": Shown(90, 80, 5)}, frozenset(), END), {})
        assert found.findings == []

    @pytest.mark.parametrize(
        ("hits", "total", "chance", "tail"), [(0, 5, 0.3, 1.0), (5, 5, 0.5, 1 / 32), (1, 2, 0.5, 0.75), (3, 3, 0.0, 0.0), (0, 3, 1.0, 1.0)]
    )
    def test_the_binomial_tail_is_exact(self, hits: int, total: int, chance: float, tail: float) -> None:
        assert at_least(hits, total, chance) == pytest.approx(tail)

    def test_the_binomial_tail_of_thousands_is_a_number(self) -> None:
        assert 0.45 < at_least(1_500, 3_000, 0.5) < 0.55


class TestShowings:
    def test_what_was_said_before_the_last_edit_is_about_another_text(self) -> None:
        rows = [judged("a", False, END - 3 * DAY), judged("a", True, END - DAY)]
        assert showings(rows, {"a": END - 2 * DAY}, END, END).verdicts["a"] == Shown(1, 1, 0)

    def test_what_is_older_than_four_weeks_does_not_count_but_was_cited(self) -> None:
        seen = showings([judged("a", False, END - 40 * DAY)], {}, END, END)
        assert seen.verdicts == {}
        assert seen.cited == {"a"}

    def test_silence_is_shown_and_no_verdict_and_other_steps_show_nothing(self) -> None:
        seen = showings([judged("a", None), judged("a", True, step="understand")], {}, END, END)
        assert seen.verdicts == {"a": Shown(1, 0, 0)}
        assert seen.verdicts["a"].rejected.share is None


class TestOwnersAndUnusedArticles:
    def test_each_owner_has_one_finding_with_the_article_that_is_late_longest(self) -> None:
        rows = [
            article("late", review_by=END.date() - 30 * DAY),
            article("later", review_by=END.date() - 90 * DAY),
            article("mine", review_by=END.date() - 5 * DAY, owner="Maria"),
            article("good", review_by=END.date() + DAY),
        ]
        found = Found()
        find_overdue(found, rows, END, Showings({"later": Shown(7, 0, 0)}, frozenset(), END))
        assert [one.subject for one in found.findings] == ["mine", "later"]
        assert "and 1 more: past the review date by up to 90 days" in found.findings[1].text
        assert found.findings[1].weight == 7

    def test_articles_that_no_answer_cited_are_listed_when_ninety_days_are_known(self) -> None:
        rows = [article("a"), article("b"), article("new", END - 10 * DAY)]
        known, young = Found(), Found()
        find_unused(known, rows, END, Showings({}, frozenset({"a"}), END - 95 * DAY))
        find_unused(young, rows, END, Showings({}, frozenset({"a"}), END - 20 * DAY))
        assert [(one.figures[0].text, one.articles) for one in known.findings] == [("33 % of 3, 6-79 %", ("b",))]
        assert young.findings == []


class TestPeopleWhoWait:
    def test_those_who_wait_are_counted_by_why_and_nobody_is_named(self) -> None:
        requested, distress = HandoffReason.REQUESTED, HandoffReason.DISTRESS
        rows = [Handoff("c_1", 1, requested, END - 3 * DAY), Handoff("c_2", 1, requested, END), Handoff("c_3", 1, distress, END - DAY)]
        found = Found()
        find_waiting(found, rows, END)
        assert [(one.subject, one.weight) for one in found.findings] == [("requested", 2), ("distress", 1)]
        assert "2 people wait for somebody of the desk, the longest for 3 days." in found.findings[0].text
        assert "1 person waits for somebody of the desk, the longest for 24 hours." in found.findings[1].text

    def test_waits_are_told_with_their_median_and_the_longest_tenth(self) -> None:
        rows = [Handoff("c", 1, HandoffReason.REQUESTED, END, ended_at=END + timedelta(minutes=m), taken_by="fay") for m in range(1, 21)]
        rows += [Handoff("c", 1, HandoffReason.REQUESTED, END), Handoff("c", 1, HandoffReason.NO_ARTICLE, END, waits=False)]
        found = Found()
        find_waits(found, rows, [])
        text = found.findings[0].text
        assert text.startswith("21 people were left waiting for somebody of the desk, 21 more than the week before; taken were 95 % of 21")
        assert "Half of them waited 10 minutes or less (6 to 15), one in ten 19 or more." in text

    def test_a_week_without_handoffs_says_nothing_of_waits(self) -> None:
        found = Found()
        find_waits(found, [Handoff("c", 1, HandoffReason.NO_ARTICLE, END, waits=False)], [])
        assert found.findings == []

    def test_the_interval_of_a_median_covers_it_as_often_as_it_says(self) -> None:
        draw, covered = random.Random(3), 0
        for _ in range(600):
            low, high = median(sorted(draw.expovariate(1.0) for _ in range(25)))[1:]
            covered += low <= 0.6931 <= high
        assert covered >= 0.93 * 600

    def test_the_median_of_few_waits_has_the_whole_range_as_interval(self) -> None:
        assert median([1.0, 2.0, 9.0]) == (2.0, 1.0, 9.0)
        assert median([4.0]) == (4.0, 4.0, 4.0)


class TestComparisonsOfDecisions:
    def test_rates_then_and_now_are_compared_with_their_interval(self) -> None:
        text = compared(Figure.rate("No", Rate(80, 100)), Figure.rate("No", Rate(20, 100)))
        assert text.startswith("60.0 points less than the week before")

    def test_counts_then_and_now_are_compared_as_counts(self) -> None:
        assert compared(Figure(name="x", value=40), Figure(name="x", value=5)) == "35 fewer than the week before"

    def test_other_numbers_stand_beside_one_another(self) -> None:
        assert compared(Figure(name="x", value=2.5, unit="minutes"), Figure(name="x", value=1.5, unit="minutes")) == "2.5 minutes, now 1.5 minutes"

    def test_without_a_number_nothing_is_claimed(self) -> None:
        assert compared(None, Figure(name="x", value=1)) == "there is no number to compare"
        assert compared(Figure(name="x"), Figure(name="x", value=1)) == "there is no number to compare"


def test_findings_name_things_by_key_and_their_first_figure_is_what_is_checked() -> None:
    found = Found()
    found.add(Kind.GAP, Severity.WEEK, "{about}", (Figure(name="n", value=3),), Subject("g_1", "vpn", "Maria"))
    assert found.findings[0].about == "n1"
    assert found.gauges == {"gap:g_1": Figure(name="n", value=3)}
