"""Composes problems: what looks at filed tickets, what people do with problems, and what tells everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.agent.incidents import embedding, reading_over, said_to
from assistant.desk.problems.gathering import Placing
from assistant.desk.problems.working import Working
from assistant.domain.conversation import Conversation
from assistant.domain.problem import Kind, LastChange, Problem
from assistant.domain.reply import Reply
from assistant.domain.ticket import Ticket
from assistant.ports.store import UnitOfWork
from assistant.practising.ready import Ready
from assistant.workflows.errands import Errand
from assistant.workflows.problem_errands import LookAtFiled, TellPerson, problem_errands


def compose(ready: Ready) -> tuple[Working, dict[str, Errand]]:
    """Return what pages and commands do with problems, and their errands."""
    outward, settings = ready.outward, ready.settings

    def change(unit: UnitOfWork, service: str, before: datetime) -> LastChange | None:
        return last_change(unit, [service, *(one.id for one in outward.workplace.services() if one.name == service)], before)

    placing = Placing(ready.in_force.of, change)
    reading = reading_over(outward.workplace.services, embedding(ready.knowledge))
    look = LookAtFiled(ready.store, outward.directory, outward.fleet.devices_of, ready.clock, reading, placing)

    def words(conversation: Conversation, problem: Problem, kind: Kind, text: str, ticket: Ticket | None) -> Reply:
        company = outward.workplace.company()
        return said_to(conversation, problem, kind, text, ticket, (company.domain, *settings.link_hosts), company.timezone)

    system = outward.desk.name if outward.desk is not None else ""
    tell = TellPerson(ready.store, outward.directory, outward.notifier, words, system, lambda: settings.url)
    return Working(placing), problem_errands(look, tell)


def last_change(unit: UnitOfWork, names: Sequence[str], before: datetime) -> LastChange | None:
    """Return the last change on a service, under any of its names, before a moment; None when none is recorded."""
    found = [one for one in (unit.changes.last_on(name, before) for name in dict.fromkeys(names)) if one is not None]
    made = [LastChange(one.id, one.title, one.at, one.by) for one in found if one.at is not None]
    return max(made, key=lambda one: one.at, default=None)
