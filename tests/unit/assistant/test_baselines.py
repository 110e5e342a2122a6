"""Baselines: the right cycle, the right denominators, nothing guessed, and frozen so that a change shows."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest

from assistant.desk.baselines import MEAN, OWN, SMALL, Costs, baseline_of_export, baseline_of_own, own_cycle
from assistant.desk.exports.decoding import ExportUnreadable
from assistant.desk.exports.reading import Export, look_through
from assistant.domain.baseline import Baseline, Cycle, NoWholeCycle, compare, cycle_holding, last_whole
from assistant.domain.measured import BASELINE, freeze
from assistant.domain.measures_of_tickets import COST, ESCALATED, FIRST_CONTACT, FIRST_RESPONSE, MTTR, SLA, TICKET_DEFINITIONS, average, middle
from assistant.domain.ticket import ASSISTANT, Ticket, TicketNote, TicketStatus

HEAD = "number,category,opened,responded,resolved,made_sla,reassignments,reopens,time_spent\n"


def export(rows: str, head: str = HEAD) -> Export:
    return look_through(lambda: io.BytesIO((head + rows).encode()))


def quarter(category: str = "vpn", days: range = range(92), **fields: str) -> str:
    """One ticket a day of the third quarter of 2026, answered after an hour and resolved after a day."""
    said = {"sla": "true", "moved": "0", "again": "0", "minutes": "30", **fields}
    rows = []
    for day in days:
        opened = datetime(2026, 7, 1, 9) + timedelta(days=day)
        resolved = said.get("resolved", (opened + timedelta(days=1)).isoformat())
        rows.append(
            f"{category}{day},{category},{opened.isoformat()},{(opened + timedelta(hours=1)).isoformat()},{resolved},"
            f"{said['sla']},{said['moved']},{said['again']},{said['minutes']}\n"
        )
    return "".join(rows)


def numbers(made: Baseline, category: str = "") -> dict[str, tuple[float | None, str]]:
    row = made.row(category) if category else made.whole
    assert row is not None
    return {one.name: (one.value, one.text) for one in row.figures}


def test_each_measure_is_counted_over_its_own_denominator() -> None:
    rows = quarter() + quarter("mfa", range(0, 20), sla="false", moved="2", resolved="")
    made = baseline_of_export(export(rows), "quarter", Costs(60, "EUR"))
    whole, vpn = numbers(made), numbers(made, "vpn")
    assert (made.cycle, made.start, made.end, made.whole.tickets) == ("2026-Q3", "2026-07-01", "2026-10-01", 112)
    assert (vpn[FIRST_RESPONSE][0], vpn[MTTR][0], vpn[MEAN][0], vpn[COST][0]) == (1.0, 24.0, 24.0, 30.0)
    assert whole[FIRST_CONTACT][1].startswith("100 % of 92")  # those that are not resolved yet are in no share of what was resolved
    assert whole[SLA][1].startswith("82 % of 112")
    assert whole[ESCALATED][1].startswith("18 % of 112")
    assert whole[MTTR][1].endswith("24.0 to 24.0") and "of 92" in whole[MTTR][1]


def test_tickets_outside_of_the_cycle_are_not_counted() -> None:
    made = baseline_of_export(export(quarter(days=range(-40, 92))), "quarter", Costs())
    assert made.whole.tickets == 92


def test_what_no_column_says_is_not_known_and_the_baseline_says_why() -> None:
    head, rows = "number,category,opened\n", "".join(f"{day},vpn,{date(2026, 7, 1) + timedelta(days=day)}\n" for day in range(92))
    made = baseline_of_export(export(rows, head), "quarter", Costs())
    assert all(value is None for value, _ in numbers(made).values())
    assert all(said.startswith("not known") for _, said in made.counted_as)


def test_times_before_the_opening_and_odd_facts_count_as_not_known_and_are_told() -> None:
    made = baseline_of_export(export(quarter(resolved="2020-01-01", sla="perhaps")), "quarter", Costs())
    assert numbers(made)[MTTR][0] is None and numbers(made)[SLA][0] is None
    assert "92 times lie before the opening" in " ".join(made.notes) and "sla: 92 values mean neither yes nor no" in " ".join(made.notes)


def test_minutes_that_are_assumed_give_a_cost_without_an_interval() -> None:
    made = baseline_of_export(export(quarter(minutes="")), "quarter", Costs(60, "EUR", {"*": 15}))
    figure = next(one for one in made.whole.figures if one.name == COST)
    assert (figure.value, figure.low) == (None, None)  # the column of minutes is there and empty: nothing is assumed in its place
    head = HEAD.replace("time_spent", "colour")
    figure = next(
        one for one in baseline_of_export(export(quarter(), head), "quarter", Costs(60, "EUR", {"*": 15})).whole.figures if one.name == COST
    )
    assert (figure.value, figure.low, figure.unit) == (15.0, None, "EUR (assumed)")


def test_categories_with_few_tickets_stand_together() -> None:
    made = baseline_of_export(export(quarter() + quarter("ceo", range(2)) + quarter("cfo", range(10, 12))), "quarter", Costs())
    assert [(row.category, row.tickets) for row in made.categories] == [("vpn", 92), (SMALL, 4)]


@pytest.mark.parametrize(
    ("kind", "first", "last", "cycle"),
    [
        ("quarter", date(2026, 7, 1), date(2026, 9, 30), "2026-Q3"),
        ("quarter", date(2026, 7, 3), date(2026, 9, 28), "2026-Q3"),
        ("quarter", date(2026, 1, 5), date(2026, 9, 12), "2026-Q2"),
        ("month", date(2026, 1, 1), date(2026, 3, 15), "2026-02"),
        ("month", date(2025, 12, 1), date(2026, 1, 3), "2025-12"),
        ("year", date(2024, 12, 1), date(2026, 3, 1), "2025"),
    ],
)
def test_the_last_whole_cycle_is_taken(kind: str, first: date, last: date, cycle: str) -> None:
    assert last_whole(kind, first, last).name == cycle


def test_a_time_that_is_too_short_is_refused_by_name_with_a_way_on() -> None:
    with pytest.raises(NoWholeCycle, match=r"52 days: that is no whole quarter \(the last would be 2016-Q1\).* use --cycle month"):
        last_whole("quarter", date(2016, 2, 29), date(2016, 4, 20))
    with pytest.raises(NoWholeCycle, match=r"no whole month \(the last would be 2026-10\)\.$"):
        last_whole("month", date(2026, 10, 10), date(2026, 11, 5))
    with pytest.raises(ValueError, match="no business cycle"):
        cycle_holding("fortnight", date(2026, 1, 1))


def test_an_export_without_categories_or_dates_is_refused() -> None:
    with pytest.raises(ExportUnreadable, match="No column for opened was found, which a baseline needs"):
        baseline_of_export(export("1,vpn\n", "number,category\n"), "month", Costs())
    with pytest.raises(ExportUnreadable, match="No ticket of the export says when"):
        baseline_of_export(export("1,vpn,?\n", "number,category,opened\n"), "month", Costs())


def test_weeks_without_a_ticket_are_told() -> None:
    made = baseline_of_export(export(quarter(days=range(0, 30)) + quarter(days=range(60, 92))), "quarter", Costs())
    assert "No ticket was opened in 3 weeks of the cycle, first 2026-W32." in made.notes


def test_the_same_export_freezes_under_the_same_hash_and_another_number_under_another() -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    first, same = (freeze(BASELINE, "q", baseline_of_export(export(quarter()), "quarter", Costs()), "a", noon) for _ in range(2))
    other = freeze(BASELINE, "q", baseline_of_export(export(quarter(moved="1")), "quarter", Costs()), "a", noon)
    assert first.hash == same.hash != other.hash
    assert first.read(Baseline).definitions == tuple((one.name, one.formula) for one in TICKET_DEFINITIONS)


def test_a_later_baseline_is_clearly_better_only_when_the_intervals_say_so() -> None:
    before = baseline_of_export(export(quarter(moved="1")), "quarter", Costs())
    later = baseline_of_export(export(quarter(moved="0")), "quarter", Costs())
    found = {(one.category, one.name): one.verdict for one in compare(before, later)}
    assert (found["", ESCALATED], found["vpn", ESCALATED], found["", MTTR]) == ("clearly less", "clearly less", "no clear change")
    assert {one.verdict for one in compare(before, before) if one.now and one.now.value is not None} == {"no clear change"}


def test_the_interval_of_a_median_holds_it_and_needs_six_values() -> None:
    found = middle([float(number) for number in range(1, 101)])
    assert found is not None and (found.value, found.low, found.high) == (50.5, 40.0, 61.0)
    few = middle([1.0, 2.0, 3.0])
    assert few is not None and (few.value, few.low) == (2.0, None)
    assert middle([]) is None and average([]) is None


# -- our own tickets --------------------------------------------------------------------------------------------------------

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def own(number: int, assignee: str, status: TicketStatus, *notes: TicketNote) -> Ticket:
    return Ticket(f"T-{number}", "maria", "s", status, "network", "vpn", assignee, AT, AT, notes=(TicketNote(AT, "maria", "Opened."), *notes))


def test_own_tickets_count_people_and_the_assistant_apart() -> None:
    solved = own(1, ASSISTANT, TicketStatus.CLOSED, TicketNote(AT + timedelta(hours=1), "maria", "Closed: solved"))
    worked = own(
        2,
        "sam",
        TicketStatus.RESOLVED,
        TicketNote(AT, ASSISTANT, "Filed with the queue network."),
        TicketNote(AT + timedelta(hours=2), "sam", "I look at it"),
        TicketNote(AT + timedelta(hours=5), "sam", "Resolved: new certificate"),
        TicketNote(AT + timedelta(hours=9), "maria", "thanks"),
    )
    waiting = own(3, "", TicketStatus.OPEN, TicketNote(AT, ASSISTANT, "Filed with the queue network."))
    rows = [one for one in (solved, worked, waiting) for _ in range(2)]
    made = baseline_of_own(rows, Cycle("weeks", "w", date(2026, 10, 26), date(2026, 11, 9)), UTC, Costs())
    found = numbers(made, "vpn")
    assert made.source == OWN
    assert (found[FIRST_RESPONSE][0], found[MTTR][0]) == (1.0, 3.0)
    assert found[ESCALATED][1].startswith("67 % of 6") and found[FIRST_CONTACT][1].startswith("50 % of 4")


def test_own_weeks_that_are_too_few_or_not_covered_are_refused() -> None:
    today = date(2026, 11, 18)
    assert own_cycle(4, today, date(2026, 10, 20)).name == "2026-W43 to 2026-W46"
    for weeks, first, why in (
        (3, date(2026, 1, 1), "no business cycle"),
        (8, date(2026, 11, 1), "not covered: the first ticket"),
        (8, None, "no ticket"),
    ):
        with pytest.raises(NoWholeCycle, match=why):
            own_cycle(weeks, today, first)
