"""Where a group stands: single, candidate, incident, resolved. And who gets it."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.desk.correlation.profile import Profile
from assistant.domain.alert import AlertGroup, Standing
from assistant.domain.configuration import Queue, Service, queue_for
from assistant.governance.correlation_rules import CorrelationRules
from assistant.governance.policy import Disposition

CANDIDATE_FROM = 2


def confidence_of(profile: Profile) -> float:
    """Return how sure it is that the alerts are one incident: the mean probability with which they joined, times 1 - 2^(1 - n) for n alerts.

    One alert is no evidence that something goes on; each further one halves what is left of the doubt.
    """
    return profile.mean_likeness * (1 - 0.5 ** (profile.size - 1)) if profile.size else 0.0


def standing_of(group: AlertGroup, calm_firing: int, rules: CorrelationRules) -> Standing:
    """Return where an open group stands now, given how many of its alerts fire and do not flap.

    Nobody is told of a group of which everything flaps or is over: it is shown as a candidate at most.
    """
    if group.standing in (Standing.INCIDENT, Standing.DISMISSED, Standing.MERGED):
        return group.standing
    if group.standing is Standing.RESOLVED:
        return (Standing.INCIDENT if group.ticket else Standing.CANDIDATE) if calm_firing else Standing.RESOLVED
    disposition = rules.band.of(group.confidence)
    if group.alerts < CANDIDATE_FROM or disposition is Disposition.ESCALATE:
        return group.standing
    return Standing.INCIDENT if disposition is Disposition.AUTO and calm_firing else Standing.CANDIDATE


def assigned(rules: CorrelationRules, group: AlertGroup, said: str, queues: Sequence[Queue], services: Sequence[Service]) -> tuple[str, str]:
    """Return category and queue: by the policy's rules in their order, else by the service, else the service desk's.

    A rule that names a queue which is not there gives the category, and the queue that takes it.
    """
    known = {queue.id for queue in queues}
    for rule in rules.assigned:
        if rule.covers(group.check, group.service, said):
            return rule.category, rule.queue if rule.queue in known else queue_for(rule.category, tuple(queues))
    named = group.service.casefold()
    category = next((one.category for one in services if named and named in (one.id.casefold(), one.name.casefold())), "")
    return category or "other", queue_for(category, tuple(queues))
