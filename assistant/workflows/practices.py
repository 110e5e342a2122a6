"""The practices of the service desk that work by themselves, as one set of ready parts for every way in."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.desk.problems.working import Working
from assistant.workflows.alert_desk import AlertDesk
from assistant.workflows.changing import ChangePractice
from assistant.workflows.joining import Joiners
from assistant.workflows.rolling import Ladder
from assistant.workflows.triaging import Triages


@dataclass(frozen=True, slots=True)
class Practices:
    """What each practice is reached by: from pages, webhooks, the command line and a turn."""

    rollout: Ladder
    """How much the assistant does by itself in each category."""
    joiners: Joiners
    """Who joins and who leaves."""
    changes: ChangePractice
    alerts: AlertDesk
    """Alerts of monitoring, and their incidents."""
    problems: Working
    """Tickets that have one cause."""
    triage: Triages
