"""What alerts are reached by, from webhooks, pages and the command line."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.workflows.alert_judging import AlertJudging
from assistant.workflows.alerting import Alerting
from assistant.workflows.alerts_errands import Retuning


@dataclass(frozen=True, slots=True)
class AlertDesk:
    """What happens to alerts by itself, what operators do with it, and what is learned from that."""

    alerting: Alerting
    judging: AlertJudging
    retuning: Retuning
