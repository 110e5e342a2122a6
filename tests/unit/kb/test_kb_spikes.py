"""Spikes are found within the hour, and quiet weeks stay quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import nbinom

from kb.model import Asking
from kb.spikes import A_WEEK, HISTORY, HOUR, WEEK, Usual, labels, spikes, usual

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
BEGUN = NOON - 8 * WEEK
FIVE = timedelta(minutes=5)
NAMES = labels({"g_vpn": "VPN drops"})


def at(minutes_ago: float, gap: str = "g_vpn", category: str = "vpn") -> Asking:
    return Asking(gap, category, NOON - timedelta(minutes=minutes_ago))


def outage(count: int) -> list[Asking]:
    """So many questions, evenly over the last half hour."""
    return [at(30 - 30 * n / count) for n in range(count)]


def weekly(count: int, weeks: tuple[int, ...] = (4, 3, 2, 1)) -> list[Asking]:
    """So many questions in this hour of each of these weeks ago."""
    return [at(week * 7 * 24 * 60 + 50 - 40 * n / max(count, 1)) for week in weeks for n in range(count)]


@pytest.mark.parametrize(("mean", "size", "count"), [(0.2, 2, 5), (3, 50, 12), (40, 4, 90), (1e-3, 2, 5), (7, 3, 6)])
def test_the_chance_is_that_of_the_negative_binomial_law(mean: float, size: float, count: int) -> None:
    expected = float(nbinom.sf(count - 1, size, size / (size + mean))) if count > mean else 1.0
    assert Usual(mean, size).chance(count) == pytest.approx(expected, rel=1e-6)


def test_many_questions_where_none_are_usual_are_a_spike_of_the_gap_and_of_its_category() -> None:
    found = spikes(outage(10), NOON, BEGUN, NAMES)
    assert {(one.subject, one.label, one.count) for one in found} == {("gap:g_vpn", "VPN drops", 10), ("category:vpn", "vpn", 10)}
    assert all(one.since == NOON - timedelta(minutes=30) and one.seen_at == NOON for one in found)


def test_as_many_as_every_week_at_this_hour_are_none() -> None:
    assert spikes([*weekly(10), *outage(10)], NOON, BEGUN, NAMES) == []
    assert spikes([*weekly(10), *outage(60)], NOON, BEGUN, NAMES) != []


def test_an_outage_a_week_ago_does_not_hide_the_one_today() -> None:
    assert spikes([*weekly(25, (1,)), *outage(12)], NOON, BEGUN, NAMES) != []


def three_hours(*counts: int) -> list[datetime]:
    """So many questions in this hour of the weeks before, the latest week last, and in the hours on either side of it."""
    weeks = range(len(counts), 0, -1)
    found = [
        at(week * 7 * 24 * 60 + shift + 30).at for week, count in zip(weeks, counts, strict=True) for shift in (-60, 0, 60) for _ in range(count)
    ]
    return sorted(found)


def test_a_kind_whose_counts_jump_about_needs_more() -> None:
    steady, wild = usual(three_hours(4, 4, 4, 4), NOON, BEGUN), usual(three_hours(0, 12, 0, 12), NOON, BEGUN)
    assert steady.mean == pytest.approx(wild.mean, abs=0.5)
    assert wild.size < steady.size
    assert wild.chance(20) > 100 * steady.chance(20)


def test_few_questions_are_never_a_spike() -> None:
    assert spikes(outage(4), NOON, BEGUN, NAMES) == []


def test_where_counting_has_just_begun_nothing_is_known_of_what_is_usual() -> None:
    assert spikes(outage(30), NOON, NOON - timedelta(hours=40), NAMES) == []
    assert spikes(outage(30), NOON, NOON - timedelta(days=3), NAMES) != []


def test_questions_without_a_category_spike_as_a_gap_alone() -> None:
    found = spikes([at(30 - n, category="") for n in range(15)], NOON, BEGUN, NAMES)
    assert [one.subject for one in found] == ["gap:g_vpn"]


def played(weeks: int, seed: int, kinds: int = 40, outage_at: datetime | None = None, rate: float = 0.0) -> list[Asking]:
    """Questions of a company: by the hour of the day and the day of the week, over-dispersed, kinds of very different size."""
    drawn = np.random.default_rng(seed)
    start = NOON - timedelta(weeks=weeks)
    found = []
    for kind in range(kinds):
        scale = 3.0 / (kind + 1)
        for hour in range(weeks * 168):
            when = start + timedelta(hours=hour)
            busy = (when.weekday() < 5) * (8 <= when.hour < 18)
            number = drawn.poisson(scale * busy * drawn.gamma(5.0, 1 / 5.0))
            found += [Asking(f"g_{kind}", f"c{kind % 8}", when + timedelta(minutes=float(m))) for m in drawn.uniform(0, 60, number)]
    if outage_at is not None:
        number = drawn.poisson(rate * 2)
        found += [Asking("g_30", "c6", outage_at + timedelta(minutes=float(m))) for m in drawn.uniform(0, 120, number)]
    return sorted(found, key=lambda one: one.at)


def alarms(askings: list[Asking], start: datetime, end: datetime, step: timedelta = FIVE) -> list[tuple[datetime, str]]:
    """Look every few minutes, as the service does; a spike that goes on counts once."""
    found: list[tuple[datetime, str]] = []
    last: dict[str, datetime] = {}
    times = np.array([one.at.timestamp() for one in askings])
    now = start
    while now < end:
        low, high = np.searchsorted(times, [(now - HISTORY).timestamp(), now.timestamp()])
        for one in spikes(askings[low:high], now, BEGUN, str):
            if one.subject not in last or now - last[one.subject] > HOUR:
                found.append((now, one.subject))
            last[one.subject] = now
        now += step
    return found


def test_quiet_weeks_have_hardly_any_false_alarm() -> None:
    counts = [len(alarms(played(6, seed), NOON - WEEK, NOON, timedelta(minutes=20))) for seed in range(3)]
    assert sum(counts) / 3 <= 5 * A_WEEK + 0.5, counts


@pytest.mark.parametrize("seed", range(3))
def test_an_outage_is_flagged_within_the_hour(seed: int) -> None:
    began = NOON - timedelta(hours=3)
    found = [when for when, subject in alarms(played(6, 10 + seed, outage_at=began, rate=15), began, began + 2 * HOUR) if subject == "gap:g_30"]
    assert found
    assert found[0] - began <= HOUR
