"""A conversation as a state machine: one employee, one issue, one or more episodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a conversation stands."""

    OPEN = "open"
    """Nothing was asked yet, or everything asked was answered in passing."""
    ANSWERING = "answering"
    """A message was accepted and its reply is not stored yet."""
    CLARIFYING = "clarifying"
    """The assistant asked its one question."""
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    """An answer was given; did it solve the problem?"""
    OFFERING_TICKET = "offering_ticket"
    """No answer was found and a ticket was offered."""
    CONFIRMING_ACTION = "confirming_action"
    """A card shows what would be done; it waits for the person's press."""
    ACTING = "acting"
    """An action waits for a code or an approval, or is being carried out."""
    RESOLVED = "resolved"
    """Confirmed by the person, or assumed after silence."""
    FILED = "filed"
    """A ticket is with the service desk."""
    HANDED_OFF = "handed_off"
    """A person was asked for and takes over."""
    ABANDONED = "abandoned"
    """The person stopped before anything was settled."""
    WITH_PERSON = "with_person"
    """Somebody of the desk has the conversation: the assistant does not speak."""


class Happening(StrEnum):
    """What moves a conversation."""

    MESSAGE = "message accepted"
    ANSWERED = "answered"
    ASKED = "asked one question"
    OFFERED = "offered a ticket"
    CONFIRMED = "confirmed as solved"
    FILED = "ticket filed"
    HANDED_OFF = "handed to a person"
    DECLINED = "ticket declined"
    CONVERSED = "replied in passing"
    PROPOSED = "proposed an action"
    STARTED = "went on with an action"
    ACTED = "an action was done"
    DROPPED = "did not want the action"
    FAILED = "a step failed"
    SILENCE = "nothing was heard"
    TAKEN = "taken by a person"
    GIVEN_BACK = "given back"
    LAPSED = "left waiting by a person"


class Outcome(StrEnum):
    """How an episode ended, as the ledger counts it."""

    RESOLVED_CONFIRMED = "RESOLVED_CONFIRMED"
    RESOLVED_ASSUMED = "RESOLVED_ASSUMED"
    TICKET_FILED = "TICKET_FILED"
    HANDED_OFF = "HANDED_OFF"
    UNRESOLVED = "UNRESOLVED"
    ABANDONED = "ABANDONED"


class IllegalTransition(ValueError):
    """That happening is not possible in that state."""


CLOSED = frozenset({State.RESOLVED, State.FILED, State.HANDED_OFF, State.ABANDONED})
BACK = None
"""Stands for: the state the conversation was in before the message."""

TRANSITIONS: dict[tuple[State, Happening], State | None] = {
    **{(state, Happening.MESSAGE): State.ANSWERING for state in State if state not in (State.ANSWERING, State.WITH_PERSON)},
    **{(state, Happening.TAKEN): State.WITH_PERSON for state in State if state is not State.WITH_PERSON},
    (State.WITH_PERSON, Happening.MESSAGE): State.WITH_PERSON,
    (State.WITH_PERSON, Happening.GIVEN_BACK): State.OPEN,
    (State.WITH_PERSON, Happening.LAPSED): State.HANDED_OFF,
    (State.ANSWERING, Happening.ANSWERED): State.AWAITING_CONFIRMATION,
    (State.ANSWERING, Happening.ASKED): State.CLARIFYING,
    (State.ANSWERING, Happening.OFFERED): State.OFFERING_TICKET,
    (State.ANSWERING, Happening.CONFIRMED): State.RESOLVED,
    (State.ANSWERING, Happening.FILED): State.FILED,
    (State.ANSWERING, Happening.HANDED_OFF): State.HANDED_OFF,
    (State.ANSWERING, Happening.DECLINED): State.ABANDONED,
    (State.ANSWERING, Happening.PROPOSED): State.CONFIRMING_ACTION,
    (State.ANSWERING, Happening.STARTED): State.ACTING,
    (State.ANSWERING, Happening.DROPPED): State.ABANDONED,
    (State.CONFIRMING_ACTION, Happening.SILENCE): State.ABANDONED,
    (State.ACTING, Happening.ACTED): State.AWAITING_CONFIRMATION,
    (State.ACTING, Happening.FILED): State.FILED,
    (State.ACTING, Happening.DROPPED): State.ABANDONED,
    (State.ANSWERING, Happening.CONVERSED): BACK,
    (State.ANSWERING, Happening.FAILED): BACK,
    (State.AWAITING_CONFIRMATION, Happening.SILENCE): State.RESOLVED,
    (State.CLARIFYING, Happening.SILENCE): State.ABANDONED,
    (State.OFFERING_TICKET, Happening.SILENCE): State.ABANDONED,
}

OUTCOMES: dict[tuple[State, Happening], Outcome] = {
    (State.ANSWERING, Happening.CONFIRMED): Outcome.RESOLVED_CONFIRMED,
    (State.ANSWERING, Happening.FILED): Outcome.TICKET_FILED,
    (State.ANSWERING, Happening.HANDED_OFF): Outcome.HANDED_OFF,
    (State.ANSWERING, Happening.DECLINED): Outcome.UNRESOLVED,
    (State.ANSWERING, Happening.DROPPED): Outcome.ABANDONED,
    (State.ACTING, Happening.DROPPED): Outcome.ABANDONED,
    (State.ACTING, Happening.FILED): Outcome.TICKET_FILED,
    (State.CONFIRMING_ACTION, Happening.SILENCE): Outcome.ABANDONED,
    (State.AWAITING_CONFIRMATION, Happening.SILENCE): Outcome.RESOLVED_ASSUMED,
    (State.CLARIFYING, Happening.SILENCE): Outcome.ABANDONED,
    (State.OFFERING_TICKET, Happening.SILENCE): Outcome.ABANDONED,
}


def advance(state: State, happening: Happening, before: State = State.OPEN) -> State:
    """Return the next state; ``before`` is where the conversation stood when the message was accepted.

    Raises:
        IllegalTransition: the table has no such step.
    """
    try:
        target = TRANSITIONS[state, happening]
    except KeyError:
        raise IllegalTransition(f"'{happening}' cannot happen to a conversation that is {state}") from None
    return before if target is BACK else target


def outcome_of(state: State, happening: Happening) -> Outcome | None:
    """Return the outcome with which this step ends an episode, None when the episode goes on."""
    return OUTCOMES.get((state, happening))


@dataclass(frozen=True, slots=True)
class Episode:
    """One try at one issue. ``reopened`` deducts its outcome: the person came back about it."""

    number: int
    opened_at: datetime
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    reopened: bool = False
    ticket: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The head of a conversation. ``version`` grows with every change and guards against concurrent turns."""

    id: str
    person: str
    channel: str
    state: State
    before: State
    opened_at: datetime
    changed_at: datetime
    version: int
    episode: Episode
    memory: dict[str, object]
