"""Plays generated weeks through the product's own functions, and counts what came of them."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations

from assistant.adapters.memory.store import MemoryStore
from assistant.agent.incidents import reading_over
from assistant.desk.problems.gathering import Placing
from assistant.desk.problems.relating import Side, matched
from assistant.desk.problems.tracing import Reading, error_codes, manner_of
from assistant.domain.configuration import Service
from assistant.domain.problem import WISH, Event, Problem, ProblemState, Trace, advance
from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.governance.policy import Disposition, Policy
from assistant.governance.problem_rules import CHAT, rules_of
from assistant.ports.store import UnitOfWork
from evals.problems.scenes import Said, Week
from evals.problems.words import SERVICES
from evals.report import Metric, bootstrap, exact

Embed = Callable[[str], tuple[float, ...]]
SAME_ISSUE = 0.78


@dataclass(slots=True)
class Counts:
    """What came of one week."""

    together: int = 0
    """Pairs of tickets in one problem that have one cause."""
    apart: int = 0
    """Pairs in one problem that have none in common."""
    missed: int = 0
    """Pairs of one cause that could be found and are not in one problem."""
    found: int = 0
    outages: int = 0
    told: int = 0
    asked: int = 0
    related: int = 0
    """Questions about an outage that a problem was open for."""
    wrongly_told: int = 0
    wrongly_asked: int = 0
    others: int = 0
    """Questions about something else, asked while problems were open."""
    tickets: int = 0
    seconds: float = 0.0
    confidences: list[tuple[float, bool]] = field(default_factory=list)


def reading(embed: Embed) -> Reading:
    """Return what reads the texts of the generated organisation."""
    services = [Service(key, name, "operational", category=category) for key, name, category in SERVICES if category]
    return reading_over(lambda: services, embed)


def play(week: Week, policy: Policy, embed: Embed) -> Counts:
    """Play a week: its tickets in order, what is found is opened as an agent would, and then everything that people ask while it is open."""
    store, counts, reads = MemoryStore(SAME_ISSUE), Counts(), reading(embed)
    placing = Placing(lambda _unit: policy, lambda _unit, _service, _before: None)
    labels: dict[str, str] = {}
    with store.write() as unit:
        for said in week.tickets:
            trace = _traced(unit, reads, said)
            labels[trace.ticket] = said.incident
            began = time.perf_counter()
            unit.problems.trace(trace)
            placing.place(unit, trace, said.at, placing.known(unit, trace.at))
            counts.seconds += time.perf_counter() - began
        counts.tickets = len(week.tickets)
        grouped = _grouped(unit)
        _pairs(grouped, labels, week, policy, counts)
        _asks(_accepted(unit, grouped, labels), grouped, labels, week, policy, reads, counts)
    return counts


def _traced(unit: UnitOfWork, reads: Reading, said: Said) -> Trace:
    draft = TicketDraft(said.id, said.person, said.text[:90], "desk", said.category, TicketBody(said.text), assignee="")
    return reads.trace(unit.tickets.create(draft, said.at), (), said.site)


def _grouped(unit: UnitOfWork) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for problem in unit.problems.listed(set(ProblemState), 1_000):
        grouped[problem.id] = [link.ticket for link in unit.problems.links(problem.id) if not link.removed]
    return grouped


def _pairs(grouped: dict[str, list[str]], labels: dict[str, str], week: Week, policy: Policy, counts: Counts) -> None:
    home = {ticket: problem for problem, tickets in grouped.items() for ticket in tickets}
    for tickets in grouped.values():
        same = [bool(labels[one]) and labels[one] == labels[other] for one, other in combinations(tickets, 2)]
        counts.together += sum(same)
        counts.apart += len(same) - sum(same)
    for label, tickets in _outages(week, labels, rules_of(policy).people).items():
        pairs = [home.get(one) is not None and home.get(one) == home.get(other) for one, other in combinations(tickets, 2)]
        counts.missed += len(pairs) - sum(pairs)
        counts.outages += bool(label)
        counts.found += any(pairs)


def _outages(week: Week, labels: dict[str, str], people: int) -> dict[str, list[str]]:
    """Return the tickets of each outage that enough people reported to be found."""
    who: dict[str, set[str]] = defaultdict(set)
    for said in week.tickets:
        who[said.incident].add(said.person)
    found: dict[str, list[str]] = defaultdict(list)
    for ticket, label in labels.items():
        if label and len(who[label]) >= people:
            found[label].append(ticket)
    return found


def _accepted(unit: UnitOfWork, grouped: dict[str, list[str]], labels: dict[str, str]) -> list[Problem]:
    """Return the problems as an agent opens them, who sees what they are: not those whose tickets mostly have no cause in common."""
    found = [one for one in unit.problems.listed(set(ProblemState), 1_000) if _cause(grouped[one.id], labels)]
    return [replace(one, state=advance(one.state, Event.ACCEPT)) for one in found]


def _cause(tickets: Sequence[str], labels: dict[str, str]) -> str:
    """Return the outage that most of these tickets are about; "" for none."""
    label, number = Counter(labels[ticket] for ticket in tickets).most_common(1)[0]
    return label if 2 * number > len(tickets) else ""


def _asks(
    problems: Sequence[Problem],
    grouped: dict[str, list[str]],
    labels: dict[str, str],
    week: Week,
    policy: Policy,
    reads: Reading,
    counts: Counts,
) -> None:
    about = {one.id: _cause(grouped[one.id], labels) for one in problems}
    ends = {outage.id: outage.start + timedelta(hours=outage.hours) for outage in week.outages}
    for said in week.asks:
        active = [one for one in problems if one.since <= said.at <= ends.get(about[one.id], one.made_at) + timedelta(hours=2)]
        open_for = {about[one.id] for one in active}
        if not active:
            continue
        decided, sure, right = _decided(active, about, said, policy, reads)
        if said.incident and said.incident in open_for:
            counts.related += 1
            counts.told += decided is Disposition.AUTO and right
            counts.asked += decided is Disposition.REVIEW and right
        else:
            counts.others += 1
        counts.wrongly_told += decided is Disposition.AUTO and not right
        counts.wrongly_asked += decided is Disposition.REVIEW and not right
        counts.confidences.append((sure, right))


def _decided(active: Sequence[Problem], about: dict[str, str], said: Said, policy: Policy, reads: Reading) -> tuple[Disposition, float, bool]:
    manner = manner_of(said.text)
    if manner == WISH:
        return Disposition.ESCALATE, 0.0, False
    sites = frozenset({said.site} - {""})
    mine = Side(reads.service_of([said.text]), "", frozenset(error_codes([said.text])), sites, manner, said.at, reads.embed(said.text[:90]))
    best = matched(active, mine, policy, said.at)
    if best is None:
        return Disposition.ESCALATE, 0.0, False
    return policy.decide(CHAT, best[1]), best[1], bool(said.incident) and about[best[0].id] == said.incident


def figures(played: Sequence[Counts]) -> dict[str, Metric]:
    """Return the figures over all weeks; intervals are over weeks, which are what was drawn independently."""

    def share(part: Callable[[Counts], int], whole: Callable[[Counts], int]) -> Metric:
        def ratio(rows: Sequence[Counts]) -> float:
            total = sum(map(whole, rows))
            return sum(map(part, rows)) / total if total else float("nan")

        return bootstrap(list(played), ratio)

    precision = share(lambda one: one.together, lambda one: one.together + one.apart)
    recall = share(lambda one: one.together, lambda one: one.together + one.missed)
    asks: Callable[[Counts], int] = lambda one: one.related + one.others  # noqa: E731
    return {
        "precision": precision,
        "recall": recall,
        "outages_found": share(lambda one: one.found, lambda one: one.outages),
        "told": share(lambda one: one.told, lambda one: one.related),
        "told_or_asked": share(lambda one: one.told + one.asked, lambda one: one.related),
        "false_attaches": share(lambda one: one.wrongly_told, asks),
        "wrong_when_told": share(lambda one: one.wrongly_told, lambda one: one.told + one.wrongly_told),
        "wrongly_asked": share(lambda one: one.wrongly_asked, asks),
        "questions": exact(sum(map(asks, played))),
        "tickets": exact(sum(one.tickets for one in played)),
        "ms_per_ticket": exact(1000 * sum(one.seconds for one in played) / max(sum(one.tickets for one in played), 1)),
    }
