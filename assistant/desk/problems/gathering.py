"""Puts tickets that belong together into problems: a new ticket is compared with those of the window, and joins a problem or makes a candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from assistant.desk.problems.relating import Side, confidence, likely, mean_of, most_common, reasons
from assistant.domain.audit import AuditEntry
from assistant.domain.problem import ACTIVE, WISH, Event, How, LastChange, Link, Problem, ProblemState, Trace, advance
from assistant.governance.policy import Disposition, Policy
from assistant.governance.problem_rules import CHAT, STEP, band_of, rules_of
from assistant.ports.store import Store, UnitOfWork

SERVICE = "firstline"
STEP_NAME = "problem"
COMPARED = 3
"""A ticket joins a problem by the mean of so many of its tickets, those that it is most like."""
RELATED, LIKELY = 40, 0.65
"""As many tickets are looked at closer, those that probably have one cause with the new one."""
CODES = 4
GROWS = ACTIVE | {ProblemState.CANDIDATE}
Changes = Callable[[UnitOfWork, str, datetime], LastChange | None]


@dataclass(frozen=True, slots=True)
class Placing:
    """Places tickets. ``changes`` gives the last change on a service before a moment."""

    policy: Callable[[UnitOfWork], Policy]
    changes: Changes

    def policy_of(self, store: Store) -> Policy:
        """Return the policy in force."""
        with store.read() as unit:
            return self.policy(unit)

    def known(self, unit: UnitOfWork, first: datetime) -> list[Trace]:
        """Return what tickets from this moment on are compared with, the latest first."""
        rules = rules_of(self.policy(unit))
        return unit.problems.traces(first - rules.window, rules.most)

    def place(self, unit: UnitOfWork, trace: Trace, at: datetime, known: Sequence[Trace]) -> Problem | None:
        """Put a traced ticket where it belongs; return the problem that it joined or made, None when it stands alone.

        In the transaction of its caller. A ticket that belongs to a problem stays there. ``known`` are the traces to compare it with, as the method
        of that name returns them for it or for an earlier one.
        """
        policy = self.policy(unit)
        if unit.problems.link_of(trace.ticket) is not None or trace.manner == WISH:
            return None
        since = trace.at - rules_of(policy).window
        related = _related(trace, [one for one in known if one.ticket != trace.ticket and one.manner != WISH and one.at >= since])
        joined, waits = self._join(unit, trace, related, policy, at)
        return joined if joined is not None or waits else self._begin(unit, trace, related, policy, at)

    def _join(
        self, unit: UnitOfWork, trace: Trace, related: Sequence[tuple[Trace, float]], policy: Policy, at: datetime
    ) -> tuple[Problem | None, bool]:
        """Return the problem that the ticket joined; or None, and whether it waits on the page of an open one for an agent to add it."""
        mine: dict[str, Problem] = {}
        for one, _ in related:
            link = unit.problems.link_of(one.ticket)
            problem = unit.problems.load(link.problem) if link is not None and link.problem not in mine else None
            if problem is not None and problem.state in GROWS and not _was_removed(unit, problem.id, trace.ticket):
                mine[problem.id] = problem
        sure = {key: _fit(trace, unit.problems.traces_of(key)) for key in mine}
        for key in sorted(sure, key=lambda one: -sure[one]):
            problem = mine[key]
            needed = band_of(policy, CHAT).auto if problem.state in ACTIVE else band_of(policy, STEP).review
            if sure[key] >= needed:
                unit.problems.link(Link(key, trace.ticket, trace.person, at, How.FOUND, SERVICE, sure[key]))
                _audit(unit, SERVICE, "ticket added", problem.id, at, sure[key], ticket=trace.ticket)
                return self.refresh(unit, problem.id, at), False
        least = band_of(policy, STEP).review
        return None, any(sure[key] >= least for key in mine)

    def _begin(self, unit: UnitOfWork, trace: Trace, related: Sequence[tuple[Trace, float]], policy: Policy, at: datetime) -> Problem | None:
        free = [one for one, _ in related if unit.problems.link_of(one.ticket) is None]
        if len(_people([trace, *free])) < rules_of(policy).people:
            return None
        certain = _of_one_cause(trace, free)
        tickets = sorted((one for one in (trace, *free) if one.ticket in certain), key=lambda one: (one.at, one.ticket))
        people, sure = _people(tickets), sum(certain.values()) / max(len(certain), 1)
        if len(people) < rules_of(policy).people or band_of(policy, STEP).of(sure) is Disposition.ESCALATE:
            return None
        drawn = _drawn(Problem("", ProblemState.CANDIDATE, "", "", "", (), (), sure, trace.at, at, at), tickets)
        made = unit.problems.add(replace(drawn, change=self._change(unit, drawn)))
        for one in tickets:
            unit.problems.link(Link(made.id, one.ticket, one.person, at, How.FOUND, SERVICE, certain[one.ticket]))
        _audit(unit, SERVICE, "candidate", made.id, at, sure, policy=policy, tickets=len(tickets), people=len(people))
        if band_of(policy, STEP).of(sure) is Disposition.AUTO:
            opened = replace(made, state=advance(made.state, Event.ACCEPT), opened_by=SERVICE, opened_at=at, changed_at=at)
            unit.problems.save(opened)
            _audit(unit, SERVICE, Event.ACCEPT.value, made.id, at, sure, policy=policy)
        return unit.problems.load(made.id)

    def refresh(self, unit: UnitOfWork, problem_id: str, at: datetime) -> Problem:
        """Draw what a problem is about anew from its tickets; what people said of it stays."""
        problem = unit.problems.load(problem_id)
        assert problem is not None, "it was loaded in this transaction"
        drawn = replace(_drawn(problem, unit.problems.traces_of(problem_id)), changed_at=at)
        drawn = replace(drawn, change=self._change(unit, drawn))
        unit.problems.save(drawn)
        return replace(drawn, version=drawn.version + 1)

    def _change(self, unit: UnitOfWork, problem: Problem) -> LastChange | None:
        return self.changes(unit, problem.service, problem.since) if problem.service else None


def title_of(service: str, codes: Sequence[str], category: str) -> str:
    """Return a title of names and codes only."""
    about = service or (category if category not in ("", "general") else "Several tickets")
    return f"{about}: {codes[0]}" if codes else about


def _drawn(problem: Problem, tickets: Sequence[Trace]) -> Problem:
    if not tickets:
        return problem
    common = [code for code, count in Counter(code for one in tickets for code in one.codes).most_common(CODES) if count > 1]
    service, category = most_common([one.service for one in tickets])[0], most_common([one.category for one in tickets])[0]
    own = problem.title not in ("", title_of(problem.service, problem.codes, problem.category))
    return replace(
        problem,
        title=problem.title if own else title_of(service, common, category),
        service=service,
        category=category,
        codes=tuple(common),
        why=reasons(tickets),
        since=min(one.at for one in tickets),
        vector=mean_of(tickets),
    )


def _people(tickets: Sequence[Trace]) -> set[str]:
    return {one.person for one in tickets} - {""}


def _related(trace: Trace, near: Sequence[Trace]) -> list[tuple[Trace, float]]:
    found = likely(Side.of_trace(trace), ((one, Side.of_trace(one)) for one in near), LIKELY)
    return sorted(found, key=lambda pair: -pair[1])[:RELATED]


def _of_one_cause(trace: Trace, others: Sequence[Trace]) -> dict[str, float]:
    """Return those that more likely than not have one cause with the others of them, by ticket, each with the mean of that confidence.

    Whoever fits least goes first, until all fit: what is like the new ticket alone is not like the rest. {} when the new ticket itself goes.
    """
    sides = {one.ticket: Side.of_trace(one) for one in (trace, *others)}
    pairs = {(one, other): confidence(sides[one], sides[other]) for one in sides for other in sides if one < other}
    left = sorted(sides)
    while len(left) > 1:
        means = {one: sum(pairs[min(one, other), max(one, other)] for other in left if other != one) / (len(left) - 1) for one in left}
        worst = min(left, key=lambda one: (means[one], one))
        if means[worst] >= LIKELY:
            return means if trace.ticket in means else {}
        left.remove(worst)
    return {}


def _fit(trace: Trace, members: Sequence[Trace]) -> float:
    mine = Side.of_trace(trace)
    best = sorted((confidence(mine, Side.of_trace(one)) for one in members), reverse=True)[:COMPARED]
    return sum(best) / len(best) if best else 0.0


def _was_removed(unit: UnitOfWork, problem_id: str, ticket_id: str) -> bool:
    return any(link.ticket == ticket_id and link.removed for link in unit.problems.links(problem_id))


def _audit(
    unit: UnitOfWork, actor: str, decision: str, problem: str, at: datetime, sure: float | None = None, policy: Policy | None = None, **detail: object
) -> None:
    entry = AuditEntry(at, actor, STEP_NAME, decision, confidence=sure, detail={"problem": problem, **detail})
    if policy is not None and sure is not None:
        facts = {"step": STEP, "confidence": sure}
        entry = replace(entry, policy=policy.version, rule=f"steps.{STEP}", facts=facts, verdict=policy.decide(STEP, sure).value)
    unit.audit.append([entry])
