"""How long each kind of record is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What is kept for a time. The audit is not among them: it holds no words, and erasing a person removes who its records were about."""

    CONVERSATIONS = "conversations"
    """With messages, events, episodes, handoffs, files that went to no ticket; as long as a ticket of theirs is open they stay."""
    TICKETS = "tickets"
    """Closed or resolved ones, with their notes, their files and their links to other systems."""
    INTENTS = "unresolved questions"
    FEEDBACK = "feedback"
    """What people said about answers; it goes with its conversation if that goes first."""
    ACTIONS = "actions"
    """Those that are over, with approvals, votes and challenges."""
    ERRANDS = "errands"
    """Outbox entries that ended; what a person still has to look at stays."""
    REPORTS = "reports of alerts"
    """As they came; those that wait to be worked on stay."""
    ALERTS = "alerts"
    """With their groups, when those are over or were never more than single alerts; open incidents stay, judgements stay as numbers."""
    CHANGES = "changes"
    """Those that are over, with their devices; not while somebody has to look at one of these, or a finding that they took up is open."""
    FINDINGS = "findings"
    """Of compliance, closed ones; the runs that saw them stay, as numbers."""
    NOTICES = "notices"
    """Files of the folder that takes the place of a mail server."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Days for which each kind is kept after it was last changed."""

    days: Mapping[Kind, float]

    def cutoff(self, kind: Kind, now: datetime) -> datetime:
        """Return the moment before which a record of this kind was last changed when it may go."""
        return now - timedelta(days=self.days[kind])
