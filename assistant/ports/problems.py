"""Problems, their tickets, what was told, and what tickets are about."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.domain.problem import Link, Problem, ProblemState, Said, Trace
from assistant.domain.ticket import Ticket


class ProblemChanged(Exception):
    """Somebody changed the problem meanwhile; load it again."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A filed ticket of which nothing is known yet but itself. ``vector`` is the one that it was opened with, () for none."""

    ticket: Ticket
    vector: tuple[float, ...]


class Problems(Protocol):
    """Problems and what belongs to them."""

    def add(self, problem: Problem) -> Problem:
        """Store a new problem under the next number; its own id does not count. Return it as it is stored."""

    def load(self, problem_id: str) -> Problem | None:
        """Return a problem, or None."""

    def save(self, problem: Problem) -> None:
        """Store a changed problem, raising its version by one.

        Raises:
            ProblemChanged: its version is not the stored one.
        """

    def listed(self, states: Collection[ProblemState], limit: int, after: str = "") -> list[Problem]:
        """Return a page of problems, the latest first; ``after`` is the last problem of the page before."""

    def counts(self) -> dict[ProblemState, int]:
        """Return how many problems are in which state; states without any are left out."""

    def active(self, limit: int = 50) -> list[Problem]:
        """Return the problems that people are told of, the latest first."""

    def changed_between(self, start: datetime, end: datetime) -> list[Problem]:
        """Return the problems that were made, opened or resolved within a time, oldest first."""

    def link(self, link: Link) -> None:
        """Store a ticket of a problem, in place of what was stored of the two."""

    def links(self, problem_id: str) -> list[Link]:
        """Return the tickets of a problem, oldest first, with those that were removed."""

    def sizes(self, problem_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return how many tickets and how many people each of these problems has, without those that were removed."""

    def link_of(self, ticket_id: str) -> Link | None:
        """Return how a ticket belongs to a problem: the latest that was not removed, or None."""

    def linked_between(self, start: datetime, end: datetime) -> list[Link]:
        """Return the tickets that came to a problem within a time, oldest first."""

    def say(self, said: Said) -> bool:
        """Store a message; return False, and store nothing, when there is one of this key."""

    def said(self, problem_id: str) -> list[Said]:
        """Return the messages of a problem, oldest first."""

    def said_between(self, start: datetime, end: datetime) -> list[Said]:
        """Return the messages of all problems within a time, oldest first."""

    def untraced(self, since: datetime, limit: int) -> list[Filed]:
        """Return tickets that were opened since then, that people work on and that have no trace, oldest first."""

    def trace(self, trace: Trace) -> None:
        """Store what a ticket is about, in place of what was stored."""

    def trace_of(self, ticket_id: str) -> Trace | None:
        """Return what a ticket is about, or None."""

    def traces(self, since: datetime, limit: int) -> list[Trace]:
        """Return what the tickets opened since then are about, the latest first."""

    def traces_of(self, problem_id: str) -> list[Trace]:
        """Return what the tickets of a problem are about, oldest first, without those that were removed."""
