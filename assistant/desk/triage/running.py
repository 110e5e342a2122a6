"""Triages a ticket in the transaction of its errand, and takes what people decide about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assistant.desk.triage.deciding import KEEPS_ITS_QUEUE, Decided, decide
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Queue
from assistant.domain.ticket import ASSISTANT, Ticket
from assistant.domain.triage import TURN, Field, Route, Suggested, Triage
from assistant.governance.policy import Disposition, Policy
from assistant.ports.store import UnitOfWork

STEP = "triage"
Allowed = Callable[[UnitOfWork, str], Disposition]
"""The most that the rollout lets triage do in a category."""


class CannotSettle(ValueError):
    """The ticket cannot be settled so; the message says why."""


def everything(_unit: UnitOfWork, _category: str) -> Disposition:
    """Allow what the bands say."""
    return Disposition.AUTO


@dataclass(frozen=True, slots=True)
class Triaging:
    """Decides by the policy in force. ``queues`` are those of the organisation."""

    policy: Callable[[UnitOfWork], Policy]
    queues: Callable[[], tuple[Queue, ...]]
    allowed: Allowed = everything

    def triage(self, unit: UnitOfWork, ticket_id: str, fields: Mapping[Field, Suggested], failed: str, at: datetime) -> Triage | None:
        """Store what triage says of a ticket and do what the policy lets it; None when the ticket is gone or was triaged before.

        ``failed`` names what kept it from being read; then it is left to a person.
        """
        ticket = unit.tickets.ticket(ticket_id)
        if ticket is None or unit.triage.load(ticket_id) is not None:
            return None
        policy, before = self.policy(unit), (ticket.category, ticket.queue)
        decided = self._decided(unit, policy, ticket, fields, failed)
        made = Triage(ticket_id, at, decided.route, decided.rule, dict(fields), _model(fields), policy.version, before)
        if not ticket.status.is_open and made.route in (Route.AUTO, Route.REVIEW):
            made = replace(made, route=Route.KEPT, rule="it was closed before triage came to it")
        unit.triage.add(made)
        if made.route is Route.AUTO and made.suggested != before:
            unit.tickets.move(ticket_id, *made.suggested, ASSISTANT, at)
        unit.audit.append([_entry(made, ASSISTANT, made.route.value, at)])
        return made

    def _decided(self, unit: UnitOfWork, policy: Policy, ticket: Ticket, fields: Mapping[Field, Suggested], failed: str) -> Decided:
        if failed and ticket.origin not in KEEPS_ITS_QUEUE:
            return Decided(Route.ESCALATE, f"it could not be read: {failed}")
        category = fields[Field.CATEGORY].value if Field.CATEGORY in fields else ticket.category
        return decide(policy, fields, (ticket.category, ticket.queue), ticket.origin, self.allowed(unit, category))

    def settle(self, unit: UnitOfWork, ticket_id: str, category: str, queue: str, by: str, at: datetime) -> Triage:
        """Put a ticket where a person says, and keep that as what is right.

        Raises:
            CannotSettle: the ticket was not triaged, is closed, or there is no such queue.
            TriageChanged: somebody settled it meanwhile.
        """
        known, ticket = unit.triage.load(ticket_id), unit.tickets.ticket(ticket_id)
        if known is None or ticket is None:
            raise CannotSettle(f"there is no triaged ticket {ticket_id}")
        queues = self.queues()
        if queues and queue not in {one.id for one in queues}:
            raise CannotSettle(f"there is no queue {queue}; there are {', '.join(one.id for one in queues)}")
        if not category:
            raise CannotSettle("a category is needed")
        made = replace(known, settled=(category, queue), settled_at=at, settled_by=by)
        unit.triage.save(made)
        if (ticket.category, ticket.queue) != made.settled:
            unit.tickets.move(ticket_id, category, queue, by, at)
        unit.audit.append([_entry(made, by, "accepted" if made.settled == known.suggested else "corrected", at)])
        return made

    def undo(self, unit: UnitOfWork, ticket_id: str, by: str, at: datetime) -> Triage:
        """Take back what was done without anybody looking: the ticket goes where it was before.

        Raises:
            CannotSettle: nothing was done, or somebody decided about it since.
        """
        known = unit.triage.load(ticket_id)
        if known is None or known.route is not Route.AUTO:
            raise CannotSettle(f"{ticket_id} was not moved by triage")
        if known.settled_at is not None:
            raise CannotSettle(f"somebody has decided about {ticket_id} since; look at it again")
        return self.settle(unit, ticket_id, *known.before, by, at)

    def moved(self, unit: UnitOfWork, ticket_id: str, category: str, queue: str, by: str, at: datetime) -> Triage | None:
        """Note that somebody moved a triaged ticket in the desk; None where that is known or nothing was triaged."""
        known = unit.triage.load(ticket_id)
        if known is None or known.settled == (category, queue) or (known.settled_at is not None and known.settled_at > at):
            return None
        made = replace(known, settled=(category, queue), settled_at=at, settled_by=by)
        unit.triage.save(made)
        unit.audit.append([_entry(made, by, "accepted" if made.settled == known.suggested else "corrected", at)])
        return made


def _model(fields: Mapping[Field, Suggested]) -> str:
    """Return the version that read the fields which decide; that of the turn where nothing was learnt."""
    learnt = [one.by for name, one in fields.items() if name in (Field.CATEGORY, Field.QUEUE)]
    return next((by for by in learnt if by != TURN), TURN)


def _entry(made: Triage, actor: str, decision: str, at: datetime) -> AuditEntry:
    category, queue = made.settled if made.settled_at is not None else made.suggested
    detail: dict[str, Any] = {"ticket": made.ticket, "from": list(made.before), "category": category, "queue": queue}
    detail["fields"] = {name.value: [one.value, round(one.confidence, 4), one.by] for name, one in made.fields.items()}
    return AuditEntry(
        at,
        actor,
        STEP,
        decision,
        confidence=made.confidence,
        model=made.model,
        policy=made.policy,
        outcome=made.route.value,
        rule=made.rule,
        detail=detail,
    )
