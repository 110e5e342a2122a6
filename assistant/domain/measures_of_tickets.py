"""The measures of a service desk's tickets, each defined once: what baselines count, and later reports compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from statistics import fmean, median, stdev

from assistant.domain.measures import Definition, Z

FIRST_RESPONSE, FIRST_CONTACT, MTTR, SLA, ESCALATED, COST = (
    "first_response",
    "first_contact_resolution",
    "mean_time_to_resolution",
    "sla_compliance",
    "desk_escalation",
    "cost_per_ticket",
)

TICKET_DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        FIRST_RESPONSE,
        "Time to first response",
        "Hours from the opening of a ticket to the first answer of a person or of the assistant, by the clock, nights and weekends included. The "
        "median with its 95 % interval; tickets without a first response are counted beside it and not in it.",
        "median of (first response - opened)",
        better=-1,
    ),
    Definition(
        FIRST_CONTACT,
        "First-contact resolution",
        "The share of resolved tickets that the first who had them resolved: what the desk notes as such; or else those that were never passed on to "
        "another group and never opened again. Of the assistant's own tickets: those that no person had to work.",
        "resolved at first contact / resolved",
        better=1,
    ),
    Definition(
        MTTR,
        "Time to resolution",
        "Hours from the opening of a ticket to its resolution (or to its closing, where no resolution is noted), by the clock. The median with its "
        "95 % interval, and beside it the mean (MTTR) with the normal interval of a mean: a few old tickets move the mean and not the median.",
        "median and mean of (resolved - opened)",
        better=-1,
    ),
    Definition(
        SLA,
        "SLA compliance",
        "The share of tickets that met their service level, of those for which the desk notes whether they did. No level is assumed.",
        "met / (met + breached)",
        better=1,
    ),
    Definition(
        ESCALATED,
        "Escalation rate of tickets",
        "The share of tickets that were escalated: what the desk notes as such; or else those that were passed on to another group at least once. Of "
        "the assistant's own tickets: those that were given to people.",
        "escalated / tickets",
        better=-1,
    ),
    Definition(
        COST,
        "Cost per ticket",
        "What a ticket costs: its noted cost; or its noted minutes at the cost of an hour; or minutes assumed for its category, and then "
        "there is no interval. Only people's work at the desk counts, not the time of whoever waits.",
        "mean of cost, or of minutes x cost of an hour / 60",
        better=-1,
    ),
)

FEWEST_FOR_INTERVAL = 6
"""The median of fewer values lies outside of all of them in more than 5 % of cases, so there is no interval."""


@dataclass(frozen=True, slots=True)
class Middle:
    """A middle with its 95 % interval; ``low`` and ``high`` are None where too few values are known for one."""

    value: float
    low: float | None
    high: float | None
    count: int


def middle(values: Sequence[float]) -> Middle | None:
    """Return the median with its interval from order statistics (Conover 1999, 3.2), None of nothing."""
    if not values:
        return None
    order, number = sorted(values), len(values)
    if number < FEWEST_FOR_INTERVAL:
        return Middle(median(order), None, None, number)
    half = Z * sqrt(number) / 2
    low, high = max(0, floor(number / 2 - half) - 1), min(number - 1, ceil(number / 2 + half))
    return Middle(median(order), order[low], order[high], number)


def average(values: Sequence[float]) -> Middle | None:
    """Return the mean with the normal interval of a mean, None of nothing."""
    if not values:
        return None
    mean = fmean(values)
    if len(values) < FEWEST_FOR_INTERVAL:
        return Middle(mean, None, None, len(values))
    half = Z * stdev(values) / sqrt(len(values))
    return Middle(mean, mean - half, mean + half, len(values))
