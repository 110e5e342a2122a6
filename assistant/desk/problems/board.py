"""What a page shows of a problem: its tickets, whom it hits, and tickets that may belong to it too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from assistant.desk.problems.relating import Side, confidence
from assistant.domain.problem import WISH, How, Link, Problem, Trace
from assistant.domain.ticket import Ticket
from assistant.governance.problem_rules import ProblemRules
from assistant.ports.store import UnitOfWork

NEAR, NEAR_FROM = 8, 0.35
"""So many tickets are offered at most, from this confidence up: a person decides about them."""


@dataclass(frozen=True, slots=True)
class Member:
    """A ticket of a problem; the ticket itself is None when it is gone."""

    link: Link
    ticket: Ticket | None
    trace: Trace | None
    site: str = ""
    """Where its person was when it was looked at, or else is now; "" where neither is known."""

    @property
    def came(self) -> datetime:
        """When the ticket was opened; of one that is gone, when it came to the problem."""
        return self.ticket.opened_at if self.ticket is not None else self.link.at


@dataclass(frozen=True, slots=True)
class Summary:
    """Whom a problem hits."""

    tickets: int
    people: int
    open: int
    """Tickets that are not closed."""
    told: int
    """People who asked in a conversation and were told instead of filing."""
    sites: tuple[tuple[str, int], ...]
    asked: int
    solved: int
    not_solved: int


def members(unit: UnitOfWork, problem: Problem, sites: Mapping[str, str]) -> list[Member]:
    """Return the tickets of a problem, oldest first, with those that were removed; ``sites`` are where people are now."""
    traces = {trace.ticket: trace for trace in unit.problems.traces_of(problem.id)}
    found = [_member(unit, link, traces.get(link.ticket), sites) for link in unit.problems.links(problem.id)]
    return sorted(found, key=lambda one: (one.came, one.link.ticket))


def _member(unit: UnitOfWork, link: Link, trace: Trace | None, sites: Mapping[str, str]) -> Member:
    then = trace.site if trace is not None else ""
    return Member(link, unit.tickets.ticket(link.ticket), trace, then or sites.get(link.person, ""))


def summary(found: Sequence[Member]) -> Summary:
    """Return whom a problem hits; tickets that were removed do not count."""
    mine = [one for one in found if not one.link.removed]
    sites = Counter(one.site for one in mine if one.site)
    asked = [one.link for one in mine if one.link.asked_at is not None]
    return Summary(
        tickets=len(mine),
        people=len({one.link.person for one in mine if one.link.person}),
        open=sum(one.ticket is not None and one.ticket.status.is_open for one in mine),
        told=len({one.link.person for one in mine if one.link.how is How.CHAT}),
        sites=tuple(sites.most_common()),
        asked=len(asked),
        solved=sum(link.answer == "yes" for link in asked),
        not_solved=sum(link.answer == "no" for link in asked),
    )


def around(unit: UnitOfWork, problem: Problem, rules: ProblemRules, found: Sequence[Member]) -> list[Member]:
    """Return tickets of the time around a problem that belong to none and are like its own, those most like it first."""
    mine, known = [one.trace for one in found if one.trace is not None and not one.link.removed], {one.link.ticket for one in found}
    if not mine:
        return []
    near = unit.problems.traces(problem.since - rules.window, rules.most)
    scored = [(trace, _nearest(trace, mine)) for trace in near if trace.ticket not in known and trace.manner != WISH]
    best = sorted((pair for pair in scored if pair[1] >= NEAR_FROM), key=lambda pair: -pair[1])
    free = [(trace, sure) for trace, sure in best[: 4 * NEAR] if unit.problems.link_of(trace.ticket) is None][:NEAR]
    links = [Link(problem.id, trace.ticket, trace.person, trace.at, How.FOUND, confidence=sure) for trace, sure in free]
    return [Member(link, unit.tickets.ticket(link.ticket), trace, trace.site) for link, (trace, _) in zip(links, free, strict=True)]


def _nearest(trace: Trace, mine: Sequence[Trace]) -> float:
    side = Side.of_trace(trace)
    return max(confidence(side, Side.of_trace(one)) for one in mine)
