"""Problems in dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from assistant.adapters.memory.desk import MemoryDesk
from assistant.domain.problem import ACTIVE, Link, Problem, ProblemState, Said, Trace
from assistant.domain.ticket import ASSISTANT
from assistant.ports.problems import Filed, ProblemChanged

FIRST_NUMBER = 1_001


@dataclass(slots=True)
class MemoryProblems:
    """The ``Problems`` protocol. ``desk`` holds the tickets."""

    kept: dict[str, Problem] = field(default_factory=dict)
    linked: dict[tuple[str, str], Link] = field(default_factory=dict)
    told: dict[str, Said] = field(default_factory=dict)
    traced: dict[str, Trace] = field(default_factory=dict)
    desk: MemoryDesk | None = None

    def copy(self) -> MemoryProblems:
        """Return the same problems, of which each set may change without the other."""
        return MemoryProblems(dict(self.kept), dict(self.linked), dict(self.told), dict(self.traced))

    def add(self, problem: Problem) -> Problem:
        """See the port."""
        made = replace(problem, id=f"P-{FIRST_NUMBER + len(self.kept)}", version=0)
        self.kept[made.id] = made
        return made

    def load(self, problem_id: str) -> Problem | None:
        """See the port."""
        return self.kept.get(problem_id)

    def save(self, problem: Problem) -> None:
        """See the port."""
        stored = self.kept.get(problem.id)
        if stored is None or stored.version != problem.version:
            raise ProblemChanged(problem.id)
        self.kept[problem.id] = replace(problem, version=problem.version + 1)

    def listed(self, states: Collection[ProblemState], limit: int, after: str = "") -> list[Problem]:
        """See the port."""
        found = [one for one in self.kept.values() if one.state in states and (not after or _number(one.id) < _number(after))]
        return sorted(found, key=lambda one: -_number(one.id))[:limit]

    def counts(self) -> dict[ProblemState, int]:
        """See the port."""
        return dict(Counter(one.state for one in self.kept.values()))

    def active(self, limit: int = 50) -> list[Problem]:
        """See the port."""
        return self.listed(ACTIVE, limit)

    def changed_between(self, start: datetime, end: datetime) -> list[Problem]:
        """See the port."""

        def within(one: Problem) -> bool:
            return any(at is not None and start <= at < end for at in (one.made_at, one.opened_at, one.resolved_at))

        return sorted((one for one in self.kept.values() if within(one)), key=lambda one: _number(one.id))

    def link(self, link: Link) -> None:
        """See the port."""
        self.linked[link.problem, link.ticket] = link

    def links(self, problem_id: str) -> list[Link]:
        """See the port."""
        return _in_order(link for link in self.linked.values() if link.problem == problem_id)

    def sizes(self, problem_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """See the port."""
        mine = {one: [link for link in self.links(one) if not link.removed] for one in problem_ids}
        return {one: (len(found), len({link.person for link in found if link.person})) for one, found in mine.items()}

    def link_of(self, ticket_id: str) -> Link | None:
        """See the port."""
        found = _in_order(link for link in self.linked.values() if link.ticket == ticket_id and not link.removed)
        return found[-1] if found else None

    def linked_between(self, start: datetime, end: datetime) -> list[Link]:
        """See the port."""
        return _in_order(link for link in self.linked.values() if start <= link.at < end)

    def say(self, said: Said) -> bool:
        """See the port."""
        return self.told.setdefault(said.key, said) is said

    def said(self, problem_id: str) -> list[Said]:
        """See the port."""
        return sorted((one for one in self.told.values() if one.problem == problem_id), key=lambda one: (one.at, one.key))

    def said_between(self, start: datetime, end: datetime) -> list[Said]:
        """See the port."""
        return sorted((one for one in self.told.values() if start <= one.at < end), key=lambda one: (one.at, one.key))

    def untraced(self, since: datetime, limit: int) -> list[Filed]:
        """See the port."""
        assert self.desk is not None, "the unit hands its tickets in"
        held = [one for one in self.desk.held.values() if one.ticket.id not in self.traced]
        wanted = [one for one in held if one.ticket.opened_at >= since and one.ticket.assignee != ASSISTANT]
        return [Filed(replace(one.ticket, notes=()), one.vector) for one in sorted(wanted, key=lambda one: one.ticket.opened_at)][:limit]

    def trace(self, trace: Trace) -> None:
        """See the port."""
        self.traced[trace.ticket] = trace

    def trace_of(self, ticket_id: str) -> Trace | None:
        """See the port."""
        return self.traced.get(ticket_id)

    def traces(self, since: datetime, limit: int) -> list[Trace]:
        """See the port."""
        found = sorted((one for one in self.traced.values() if one.at >= since), key=lambda one: one.ticket)
        return sorted(found, key=lambda one: one.at, reverse=True)[:limit]

    def traces_of(self, problem_id: str) -> list[Trace]:
        """See the port."""
        mine = {link.ticket for link in self.links(problem_id) if not link.removed}
        return sorted((one for one in self.traced.values() if one.ticket in mine), key=lambda one: (one.at, one.ticket))


def _in_order(found: Iterable[Link]) -> list[Link]:
    return sorted(found, key=lambda link: (link.at, link.ticket))


def _number(problem_id: str) -> int:
    return int(problem_id.removeprefix("P-"))
