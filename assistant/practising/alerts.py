"""Composes what happens to alerts."""

from __future__ import annotations

from assistant.governance.correlation_rules import CorrelationRules, rules_of
from assistant.practising.ready import Ready
from assistant.workflows.alert_desk import AlertDesk
from assistant.workflows.alert_judging import AlertJudging
from assistant.workflows.alerting import Alerting
from assistant.workflows.alerts_errands import RETUNE, Retune, Retuning
from assistant.workflows.errands import Errand


def compose(ready: Ready) -> tuple[AlertDesk, dict[str, Errand]]:
    """Return what alerts are worked on with, and its errands."""
    rules = rules_of(ready.policy)

    def in_force() -> CorrelationRules:
        return rules

    place = ready.outward.workplace
    alerting = Alerting(ready.store, ready.clock, in_force, lambda: ready.policy.version, place, ready.settings.zero_persistence)
    retuning = Retuning(ready.store, ready.clock, lambda: place.company().timezone)
    return AlertDesk(alerting, AlertJudging(ready.store, ready.clock, alerting), retuning), {RETUNE: Retune(retuning)}
