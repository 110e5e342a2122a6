"""Why a conversation or a ticket went to people, and who has a conversation now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kb.model import FailureClass


class HandoffReason(StrEnum):
    """Why people were given something. One reason each: the one that decided."""

    REQUESTED = "requested"
    NO_ARTICLE = "no_article"
    REJECTED = "rejected"
    NOT_PERMITTED = "not_permitted"
    ACTION_FAILED = "action_failed"
    NEEDS_PERSON = "needs_person"
    SENSITIVE = "sensitive"
    DISTRESS = "distress"
    FAILURE = "failure"
    APPROVAL_ENDED = "approval_ended"
    PEOPLE_FIRST = "people_first"
    STEPPED_IN = "stepped_in"
    LAPSED = "lapsed"
    KNOWN_INCIDENT = "known_incident"

    @property
    def label(self) -> str:
        """The reason as people read it."""
        return _LABELS[self]


_LABELS = {
    HandoffReason.REQUESTED: "Asked for a person or a ticket",
    HandoffReason.NO_ARTICLE: "No article answers it",
    HandoffReason.REJECTED: "The answers did not help",
    HandoffReason.NOT_PERMITTED: "The article is not open to this person",
    HandoffReason.ACTION_FAILED: "An action failed, or its outcome is not known",
    HandoffReason.NEEDS_PERSON: "The policy wants a person to decide",
    HandoffReason.SENSITIVE: "A sensitive subject",
    HandoffReason.DISTRESS: "Distressed or angry",
    HandoffReason.FAILURE: "The assistant failed",
    HandoffReason.APPROVAL_ENDED: "The approval was refused or ran out",
    HandoffReason.PEOPLE_FIRST: "People answer first here",
    HandoffReason.STEPPED_IN: "Somebody of the desk stepped in",
    HandoffReason.LAPSED: "Whoever had it fell silent",
    HandoffReason.KNOWN_INCIDENT: "Attached to a known problem",
}
_BY_FAILURE = {
    FailureClass.NO_ARTICLE: HandoffReason.NO_ARTICLE,
    FailureClass.NOT_RETRIEVED: HandoffReason.NO_ARTICLE,
    FailureClass.REJECTED: HandoffReason.REJECTED,
    FailureClass.STALE: HandoffReason.REJECTED,
    FailureClass.TOOL_MISSING: HandoffReason.NO_ARTICLE,
    FailureClass.NOT_PERMITTED: HandoffReason.NOT_PERMITTED,
    FailureClass.ERROR: HandoffReason.FAILURE,
}


def reason_of_rule(rule: str) -> HandoffReason | None:
    """Return why people get what a rule of the policy left to them; None when the policy had no say."""
    if not rule:
        return None
    return HandoffReason.SENSITIVE if rule.startswith("people only") else HandoffReason.NEEDS_PERSON


def reason_for(failure: FailureClass | None) -> HandoffReason:
    """Return the reason that a failure gives; REQUESTED when nothing failed."""
    return _BY_FAILURE.get(failure, HandoffReason.REQUESTED) if failure is not None else HandoffReason.REQUESTED


@dataclass(frozen=True, slots=True)
class Handoff:
    """One time that people were given an episode. ``waits``: somebody stays in the conversation for them; else they have a ticket to work."""

    conversation: str
    episode: int
    reason: HandoffReason
    at: datetime
    ticket: str = ""
    waits: bool = True
    ended_at: datetime | None = None
    """When the waiting ended, None while it goes on."""
    taken_by: str = ""
    """Who took the conversation; "" while nobody has, or when it went on without."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Somebody of the desk has a conversation: until it is given back, the assistant does not speak in it."""

    conversation: str
    person: str
    since: datetime
    heard_at: datetime
    """When they last said or did something in it."""
