"""Composes the practices of the service desk over ready parts, one module for each."""

from __future__ import annotations

from assistant.practising import alerts, changes, joiners, problems, rollout, triage
from assistant.practising.ready import Ready
from assistant.workflows.errands import Errand
from assistant.workflows.practices import Practices


def practices_of(ready: Ready) -> tuple[Practices, dict[str, Errand]]:
    """Return the practices, and the errands of the outbox that are theirs."""
    ladder, of_ladder = rollout.compose(ready)
    of_joiners, errands_of_joiners = joiners.compose(ready)
    alerting, of_alerts = alerts.compose(ready)
    changing, of_changes = changes.compose(ready)
    of_problems, errands_of_problems = problems.compose(ready)
    triages, of_triage = triage.compose(ready)
    practices = Practices(
        triage=triages,
        alerts=alerting,
        changes=changing,
        problems=of_problems,
        joiners=of_joiners,
        rollout=ladder,
    )
    errands = {
        **of_triage,
        **of_alerts,
        **of_changes,
        **errands_of_problems,
        **errands_of_joiners,
        **of_ladder,
    }
    return practices, errands
