"""Incidents that alerts made take part: who asks about one is asked whether it is that, and from the first who says yes it is a problem like any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assistant.desk.problems.gathering import SERVICE, STEP_NAME, title_of
from assistant.domain.alert import AlertGroup, Standing
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Device, Person, Service
from assistant.domain.problem import Event, How, Link, Problem, ProblemState, advance
from assistant.ports.store import UnitOfWork

MOST = 10
"""As many open incidents are looked at, the latest."""
BY_DEVICE, DEVICES = 5, 200
"""Of incidents that name no service so many are asked for their devices, and for so many of these."""
RAISED = "raised from an incident"


def standing_for(unit: UnitOfWork, person: Person, devices: Sequence[Device], services: Sequence[Service], at: datetime) -> list[Problem]:
    """Return the open incidents that may be what a person asks about, each as the problem that it would be. They are not stored.

    An incident counts when it names a service of the organisation, or one of the person's devices and what it is about. What an alert says is never
    taken over: names are the organisation's own. One that became a problem already is that problem.
    """
    mine = {name.casefold() for device in devices for name in (device.id, device.name)}
    made = [(group, _problem(group, services, at)) for group in unit.alerts.groups((Standing.INCIDENT,), MOST)]
    named = [(group, one) for group, one in made if one is not None and one.service]
    others = [(group, one) for group, one in made if one is not None and not one.service][:BY_DEVICE]
    hit = [(group, one) for group, one in others if mine & {name.casefold() for name in unit.alerts.devices_of(group.id, DEVICES)}]
    return [one for group, one in (*named, *hit) if _is_free(unit, group) and (not group.site or group.site == person.location)]


def raise_problem(unit: UnitOfWork, group_id: str, services: Sequence[Service], at: datetime) -> Problem | None:
    """Return the problem of an incident: the one that its ticket belongs to, or a new one that is open; None when the incident is over."""
    group = unit.alerts.group(group_id)
    made = _problem(group, services, at) if group is not None and group.standing is Standing.INCIDENT else None
    if group is None or made is None:
        return None
    known = unit.problems.link_of(group.ticket)
    before = unit.problems.load(known.problem) if known is not None else None
    if before is not None:
        return _opened(unit, before, group, at)
    stored = unit.problems.add(replace(made, opened_by=SERVICE, opened_at=at))
    unit.problems.link(Link(stored.id, group.ticket, "", at, How.FOUND, SERVICE, group.confidence))
    unit.audit.append([AuditEntry(at, SERVICE, STEP_NAME, RAISED, detail={"problem": stored.id, "incident": group.id, "ticket": group.ticket})])
    return stored


def _is_free(unit: UnitOfWork, group: AlertGroup) -> bool:
    """Say whether an incident is no problem yet: its ticket is in none, or in one that nobody has decided about."""
    link = unit.problems.link_of(group.ticket)
    known = unit.problems.load(link.problem) if link is not None else None
    return known is None or known.state is ProblemState.CANDIDATE


def _opened(unit: UnitOfWork, known: Problem, group: AlertGroup, at: datetime) -> Problem:
    """Open a candidate that the ticket of an incident belongs to: that it is one was decided with the incident."""
    if known.state is not ProblemState.CANDIDATE:
        return known
    opened = replace(known, state=advance(known.state, Event.ACCEPT), opened_by=SERVICE, opened_at=at, changed_at=at)
    unit.problems.save(opened)
    unit.audit.append([AuditEntry(at, SERVICE, STEP_NAME, RAISED, detail={"problem": known.id, "incident": group.id, "ticket": group.ticket})])
    return replace(opened, version=opened.version + 1)


def _problem(group: AlertGroup, services: Sequence[Service], at: datetime) -> Problem | None:
    named = next((one for one in services if group.service and group.service.casefold() in (one.id.casefold(), one.name.casefold())), None)
    category = group.category if any(one.category == group.category for one in services) else ""
    if not group.ticket or not (named or category):
        return None
    service = named.name if named is not None else ""
    sites = (f"site:{group.site}",) if group.site else ()
    why = (f"Monitoring reported it: {group.alerts} alerts on {group.items} devices make one incident.",)
    return Problem(
        id=group.id,
        state=ProblemState.OPEN,
        title=title_of(service, (), category),
        service=service,
        category=category,
        codes=(),
        why=why,
        confidence=group.confidence,
        since=group.first_at,
        made_at=at,
        changed_at=at,
        concerns=sites,
    )
