"""Problems in tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from assistant.adapters.store.problem_tables import problem_links as links
from assistant.adapters.store.problem_tables import problem_messages as messages
from assistant.adapters.store.problem_tables import problem_traces as traces
from assistant.adapters.store.problem_tables import problems
from assistant.adapters.store.tables import tickets
from assistant.adapters.store.tickets import ticket_of
from assistant.domain.problem import ACTIVE, How, Kind, KnownError, LastChange, Link, Problem, ProblemState, Said, Trace
from assistant.domain.ticket import ASSISTANT
from assistant.ports.problems import Filed, ProblemChanged

FIRST_NUMBER = 1_001
NUMBERING_LOCK = 0x464C50
"""Any number that is the same in every process."""


@dataclass(frozen=True, slots=True)
class SqlProblems:
    """The ``Problems`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, problem: Problem) -> Problem:
        """See the port. Those who add at the same time wait for one another (SQLite has one writer anyway)."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(select(func.pg_advisory_xact_lock(NUMBERING_LOCK)))
        number = max(self.connection.execute(select(func.max(problems.c.number))).scalar() or 0, FIRST_NUMBER - 1) + 1
        made = replace(problem, id=f"P-{number}", version=0)
        self.connection.execute(insert(problems).values(number=number, **_row(made)))
        return made

    def load(self, problem_id: str) -> Problem | None:
        """See the port."""
        row = self.connection.execute(select(problems).where(problems.c.id == problem_id)).mappings().first()
        return _problem(row) if row else None

    def save(self, problem: Problem) -> None:
        """See the port."""
        same = (problems.c.id == problem.id, problems.c.version == problem.version)
        changed = update(problems).where(*same).values(**_row(replace(problem, version=problem.version + 1)))
        if self.connection.execute(changed).rowcount != 1:
            raise ProblemChanged(problem.id)

    def listed(self, states: Collection[ProblemState], limit: int, after: str = "") -> list[Problem]:
        """See the port."""
        query = select(problems).where(problems.c.state.in_([one.value for one in states])).order_by(problems.c.number.desc()).limit(limit)
        if after:
            query = query.where(problems.c.number < select(problems.c.number).where(problems.c.id == after).scalar_subquery())
        return [_problem(row) for row in self.connection.execute(query).mappings()]

    def counts(self) -> dict[ProblemState, int]:
        """See the port."""
        query = select(problems.c.state, func.count()).group_by(problems.c.state)
        return {ProblemState(state): number for state, number in self.connection.execute(query)}

    def active(self, limit: int = 50) -> list[Problem]:
        """See the port."""
        return self.listed(ACTIVE, limit)

    def changed_between(self, start: datetime, end: datetime) -> list[Problem]:
        """See the port."""
        moments = (problems.c.made_at, problems.c.opened_at, problems.c.resolved_at)
        within = or_(*(and_(column >= start, column < end) for column in moments))
        return [_problem(row) for row in self.connection.execute(select(problems).where(within).order_by(problems.c.number)).mappings()]

    def link(self, link: Link) -> None:
        """See the port."""
        same = (links.c.problem == link.problem, links.c.ticket == link.ticket)
        self.connection.execute(delete(links).where(*same))
        self.connection.execute(insert(links).values(**asdict(link) | {"how": link.how.value}))

    def links(self, problem_id: str) -> list[Link]:
        """See the port."""
        return self._links(links.c.problem == problem_id)

    def sizes(self, problem_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """See the port."""
        people = func.count(func.distinct(func.nullif(links.c.person, "")))
        query = select(links.c.problem, func.count(), people).where(links.c.problem.in_(problem_ids), links.c.removed.is_(False))
        found = {problem: (number, who) for problem, number, who in self.connection.execute(query.group_by(links.c.problem))}
        return {one: found.get(one, (0, 0)) for one in problem_ids}

    def link_of(self, ticket_id: str) -> Link | None:
        """See the port."""
        found = self._links(and_(links.c.ticket == ticket_id, links.c.removed.is_(False)))
        return found[-1] if found else None

    def linked_between(self, start: datetime, end: datetime) -> list[Link]:
        """See the port."""
        return self._links(and_(links.c.at >= start, links.c.at < end))

    def _links(self, where: Any) -> list[Link]:
        rows = self.connection.execute(select(links).where(where).order_by(links.c.at, links.c.ticket)).mappings()
        return [Link(**{**row, "how": How(row["how"])}) for row in rows]

    def say(self, said: Said) -> bool:
        """See the port. Of two at once the second fails as a whole: the key is the table's."""
        if self.connection.execute(select(messages.c.key).where(messages.c.key == said.key)).scalar() is not None:
            return False
        self.connection.execute(insert(messages).values(**asdict(said) | {"kind": said.kind.value}))
        return True

    def said(self, problem_id: str) -> list[Said]:
        """See the port."""
        return self._said(messages.c.problem == problem_id)

    def said_between(self, start: datetime, end: datetime) -> list[Said]:
        """See the port."""
        return self._said(and_(messages.c.at >= start, messages.c.at < end))

    def _said(self, where: Any) -> list[Said]:
        rows = self.connection.execute(select(messages).where(where).order_by(messages.c.at, messages.c.key)).mappings()
        return [Said(**{**row, "kind": Kind(row["kind"])}) for row in rows]

    def untraced(self, since: datetime, limit: int) -> list[Filed]:
        """See the port."""
        traced = select(traces.c.ticket).where(traces.c.ticket == tickets.c.id).exists()
        query = select(tickets).where(tickets.c.opened_at >= since, tickets.c.assignee != ASSISTANT, ~traced)
        rows = self.connection.execute(query.order_by(tickets.c.opened_at, tickets.c.number).limit(limit)).mappings()
        return [Filed(ticket_of(row), _floats(row["vector"])) for row in rows]

    def trace(self, trace: Trace) -> None:
        """See the port."""
        self.connection.execute(delete(traces).where(traces.c.ticket == trace.ticket))
        row = {**asdict(trace), "codes": list(trace.codes), "vector": _bytes(trace.vector)}
        self.connection.execute(insert(traces).values(**row))

    def trace_of(self, ticket_id: str) -> Trace | None:
        """See the port."""
        row = self.connection.execute(select(traces).where(traces.c.ticket == ticket_id)).mappings().first()
        return _trace(row) if row else None

    def traces(self, since: datetime, limit: int) -> list[Trace]:
        """See the port."""
        query = select(traces).where(traces.c.at >= since).order_by(traces.c.at.desc(), traces.c.ticket).limit(limit)
        return [_trace(row) for row in self.connection.execute(query).mappings()]

    def traces_of(self, problem_id: str) -> list[Trace]:
        """See the port."""
        mine = (links.c.problem == problem_id, links.c.removed.is_(False))
        query = select(traces).join(links, links.c.ticket == traces.c.ticket).where(*mine).order_by(traces.c.at, traces.c.ticket)
        return [_trace(row) for row in self.connection.execute(query).mappings()]


def _bytes(vector: Sequence[float]) -> bytes:
    return np.asarray(vector, dtype=np.float32).tobytes()


@lru_cache(maxsize=2_048)
def _floats(stored: bytes) -> tuple[float, ...]:
    return tuple(np.frombuffer(stored, dtype=np.float32).tolist())


def _trace(row: Any) -> Trace:
    return Trace(**{**row, "codes": tuple(row["codes"]), "vector": _floats(row["vector"])})


def _row(problem: Problem) -> dict[str, Any]:
    change = problem.change
    row = {name: getattr(problem, name) for name in Problem.__slots__ if name not in ("known", "change")}
    return row | {
        "state": problem.state.value,
        "codes": list(problem.codes),
        "why": list(problem.why),
        "concerns": list(problem.concerns),
        "vector": _bytes(problem.vector),
        "cause": problem.known.cause,
        "workaround": problem.known.workaround,
        "change": {"id": change.id, "title": change.title, "at": change.at.isoformat(), "by": change.by} if change else {},
    }


def _problem(row: Any) -> Problem:
    change = row["change"]
    kept = {name: row[name] for name in Problem.__slots__ if name not in ("known", "change")}
    return Problem(
        **kept
        | {
            "state": ProblemState(row["state"]),
            "codes": tuple(row["codes"]),
            "why": tuple(row["why"]),
            "concerns": tuple(row["concerns"]),
            "vector": _floats(row["vector"]),
            "known": KnownError(row["cause"], row["workaround"]),
            "change": LastChange(change["id"], change["title"], datetime.fromisoformat(change["at"]), change["by"]) if change else None,
        }
    )


def refresh_vectors(connection: Connection, problem_ids: Collection[str]) -> None:
    """Make the vectors of problems anew from the tickets that they have now: nothing of a ticket that is gone stays in them."""
    repository = SqlProblems(connection)
    for problem_id in problem_ids:
        held = [trace.vector for trace in repository.traces_of(problem_id) if trace.vector]
        vector = tuple(np.mean(held, axis=0).tolist()) if held else ()
        connection.execute(update(problems).where(problems.c.id == problem_id).values(vector=_bytes(vector), version=problems.c.version + 1))


def forget_tickets(connection: Connection, ticket_ids: Sequence[str]) -> None:
    """Forget what problems know of tickets that are being deleted."""
    touched = set(connection.execute(select(links.c.problem).where(links.c.ticket.in_(ticket_ids))).scalars())
    connection.execute(delete(links).where(links.c.ticket.in_(ticket_ids)))
    connection.execute(delete(traces).where(traces.c.ticket.in_(ticket_ids)))
    refresh_vectors(connection, touched)
