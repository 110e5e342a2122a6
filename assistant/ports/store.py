"""Durable state of conversations. One unit of work is one transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from assistant.domain.action import Action, Status
from assistant.domain.approval import Approval
from assistant.domain.conversation import Conversation, Episode, State
from assistant.ports.alerts import Alerts
from assistant.ports.attachments import Attachments, Feedbacks
from assistant.ports.audit import Audit
from assistant.ports.changes import Changes, Compliance
from assistant.ports.channels import Inbox, Posts, Threads
from assistant.ports.glance import Glance
from assistant.ports.handoffs import Handoffs
from assistant.ports.ledger import ModelLedger, Shadows
from assistant.ports.onboarding import JoinerCases
from assistant.ports.outcomes import Outcomes
from assistant.ports.problems import Problems
from assistant.ports.reviews import Reviews
from assistant.ports.rollout import Rollout
from assistant.ports.step_up import Challenges, SecondFactors
from assistant.ports.ticketing import Tickets
from assistant.ports.triage import Triages
from assistant.ports.tuning import Experiments, TuningLog
from kb.ports import ArticleWriter, Drafts, Gaps, IntentLog, Trials


class ConversationChanged(Exception):
    """Another turn changed the conversation meanwhile; load it again."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was accepted. ``reply`` is its stored reply envelope, None while it is pending."""

    id: str
    conversation: str
    text: str
    choice: str
    device: str
    at: datetime
    reply: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One numbered event of a conversation, as channels resume from it."""

    number: int
    conversation: str
    at: datetime
    body: dict[str, Any]


class Conversations(Protocol):
    """Conversations, their messages and their events."""

    def begin(self, conversation: Conversation) -> None:
        """Store a new conversation with its first episode."""

    def load(self, conversation_id: str) -> Conversation | None:
        """Return a conversation with its current episode, or None."""

    def of_person(self, person: str, limit: int = 50, before: datetime | None = None) -> list[Conversation]:
        """Return a person's conversations, last changed first; ``before`` leaves those that changed before it."""

    def save(self, conversation: Conversation) -> None:
        """Store a changed conversation and its current episode, raising its version by one.

        Raises:
            ConversationChanged: its version is not the stored one.
        """

    def under_way(self, before: datetime) -> int:
        """Return how many conversations that began before a moment have an episode that has not ended."""

    def silent_since(self, state: State, moment: datetime) -> list[Conversation]:
        """Return the conversations in a state that have not changed since the moment."""

    def accept(self, message: Message) -> Message:
        """Store a message, or return the stored one when its id was accepted before."""

    def pending(self) -> list[Message]:
        """Return the messages without a reply, oldest first."""

    def message(self, conversation_id: str, message_id: str) -> Message | None:
        """Return one message or None."""

    def message_of(self, person: str, message_id: str) -> Message | None:
        """Return the message that a person sent under this id in any of their conversations, or None."""

    def answer(self, message: Message, reply: dict[str, Any]) -> None:
        """Store the reply of a message."""

    def emit(self, conversation_id: str, at: datetime, body: dict[str, Any]) -> Event:
        """Append an event with the conversation's next number."""

    def events(self, conversation_id: str, after: int = 0) -> list[Event]:
        """Return the events after a number, in order."""

    def episodes(self, conversation_id: str) -> list[Episode]:
        """Return all episodes of a conversation, in order."""

    def mark_reopened(self, conversation_id: str, number: int, at: datetime) -> None:
        """Deduct the outcome of an episode: the person came back."""


class LinkedOtherwise(Exception):
    """One of the two tickets is linked to another one already."""


@dataclass(frozen=True, slots=True)
class OutsideTicket:
    """Which ticket of another system stands for a ticket of ours. ``key`` is the one it was created with."""

    ticket: str
    system: str
    outside: str
    url: str
    key: str
    created_at: datetime


class OutsideTickets(Protocol):
    """Tickets in other systems, and what of their changes has been taken over. Names of systems come first."""

    def add(self, link: OutsideTicket) -> None:
        """Link two tickets, and note that the other one is to be looked at. The same link again changes nothing.

        Raises:
            LinkedOtherwise: one of them has another partner in that system.
        """

    def of_ticket(self, system: str, ticket: str) -> OutsideTicket | None:
        """Return the link of a ticket of ours, or None."""

    def of_outside(self, system: str, outside: str) -> OutsideTicket | None:
        """Return the link of a ticket of the other system, or None."""

    def deliver(self, system: str, delivery: str, at: datetime) -> bool:
        """Remember a delivery; return whether it is the first with this id."""

    def look_at(self, system: str, outside: str, at: datetime) -> None:
        """Note that something may have happened in a ticket of the other system."""

    def to_look_at(self, system: str, until: datetime) -> list[tuple[str, datetime]]:
        """Return the tickets that are to be looked at since ``until`` or before, with that time, those that wait longest first."""

    def looked_at(self, system: str, outside: str, since: datetime) -> None:
        """Strike a ticket off, unless it was noted again after ``since``."""

    def known(self, system: str, outside: str) -> frozenset[str]:
        """Return the ids of the changes of a ticket that were taken over."""

    def take_over(self, system: str, outside: str, change: str, at: datetime) -> bool:
        """Remember a change; return whether it is the first with this id."""

    def cursor(self, system: str) -> str:
        """Return the stored cursor, "" before the first."""

    def move_cursor(self, system: str, cursor: str) -> None:
        """Store a cursor."""


class ActionChanged(Exception):
    """Somebody changed the action or its approval meanwhile; load it again."""


class Actions(Protocol):
    """Actions, from the proposal to the end."""

    def add(self, action: Action) -> None:
        """Store a new action.

        Raises:
            ActionChanged: there is one of this id, which somebody stored meanwhile.
        """

    def load(self, action_id: str) -> Action | None:
        """Return an action, or None."""

    def save(self, action: Action) -> None:
        """Store a changed action, raising its version by one.

        Raises:
            ActionChanged: its version is not the stored one.
        """

    def of_conversation(self, conversation_id: str) -> list[Action]:
        """Return the actions of a conversation, oldest first."""

    def of_actor(self, actor: str, since: datetime) -> list[Action]:
        """Return the actions that a person began since a moment, oldest first."""

    def between(self, start: datetime, end: datetime) -> list[Action]:
        """Return the actions that were begun in [start, end), oldest first."""

    def latest(self, limit: int = 200, status: Status | None = None, after: str = "") -> list[Action]:
        """Return a page of actions, those changed last first; ``after`` is the last action of the page before."""


class Approvals(Protocol):
    """Approvals with their votes."""

    def open(self, approval: Approval) -> None:
        """Store a new approval, without votes."""

    def load(self, action_id: str) -> Approval | None:
        """Return the approval of an action with its votes, or None."""

    def save(self, approval: Approval) -> None:
        """Store a changed approval with the votes that it has beyond those stored, raising its version by one.

        Raises:
            ActionChanged: its version is not the stored one.
        """

    def undecided(self) -> list[Approval]:
        """Return the open approvals, oldest first."""

    def between(self, start: datetime, end: datetime) -> list[Approval]:
        """Return the approvals that were asked for in [start, end), oldest first."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Something to be done outside the transaction that decided it. ``key`` is its idempotency key, fixed for ever."""

    key: str
    kind: str
    body: dict[str, Any]
    created_at: datetime
    due_at: datetime
    state: str = "waiting"
    """``waiting``; or how it ended: ``done``, ``failed``, or ``unknown`` when a person has to look."""
    done_at: datetime | None = None
    result: dict[str, Any] = field(default_factory=dict)


class Outbox(Protocol):
    """What has to be done outside, stored with the decision."""

    def put(self, entry: OutboxEntry) -> None:
        """Store an entry; one with the same key is left as it is."""

    def load(self, key: str) -> OutboxEntry | None:
        """Return an entry, or None."""

    def waiting(self) -> list[OutboxEntry]:
        """Return everything that has not ended, in the order in which it was put."""

    def due(self, until: datetime, limit: int) -> list[OutboxEntry]:
        """Return what waits and is due by then, in the order in which it was put; about one ticket or in one thread only the first."""

    def ahead_of(self, entry: OutboxEntry) -> OutboxEntry | None:
        """Return the first entry that waits, is about the same ticket, or in the same thread, and was put before; None when there is none."""

    def hold(self, key: str, holder: str, at: datetime, until: datetime) -> bool:
        """Keep an entry that waits for one process until then; return False when another process holds it now, or it does not wait."""

    def postpone(self, key: str, due_at: datetime, result: dict[str, Any], held: bool = False) -> None:
        """Let an entry wait until another time, with what is known of it so far. Nobody holds it then, unless it is to stay ``held``."""

    def finish(self, key: str, state: str, at: datetime, result: dict[str, Any]) -> None:
        """Say how an entry ended."""

    def unsettled(self) -> list[OutboxEntry]:
        """Return the entries that ended ``unknown`` or ``failed``, newest first."""


class UnitOfWork(Protocol):
    """The repositories of one transaction."""

    @property
    def conversations(self) -> Conversations:
        """Conversations, messages, events."""

    @property
    def tickets(self) -> Tickets:
        """Our own record of tickets; what happens to a filed one is passed on to the desk, if there is another system."""

    @property
    def own_tickets(self) -> Tickets:
        """The same, for what the desk reports: nothing of it is passed on to the desk again."""

    @property
    def outside(self) -> OutsideTickets:
        """Which tickets stand in another system."""

    @property
    def audit(self) -> Audit:
        """The audit."""

    @property
    def actions(self) -> Actions:
        """Actions."""

    @property
    def approvals(self) -> Approvals:
        """Approvals."""

    @property
    def outbox(self) -> Outbox:
        """What has to be done outside."""

    @property
    def challenges(self) -> Challenges:
        """Questions for one-time codes."""

    @property
    def second_factors(self) -> SecondFactors:
        """Registered authenticator apps."""

    @property
    def handoffs(self) -> Handoffs:
        """Handoffs to people, and who has a conversation now."""

    @property
    def model_calls(self) -> ModelLedger:
        """The ledger of calls to language models."""

    @property
    def shadows(self) -> Shadows:
        """What candidates would have done."""

    @property
    def inbox(self) -> Inbox:
        """What arrived from channels."""

    @property
    def threads(self) -> Threads:
        """Where people talk."""

    @property
    def posts(self) -> Posts:
        """What was posted where."""

    @property
    def attachments(self) -> Attachments:
        """Files of conversations."""

    @property
    def feedback(self) -> Feedbacks:
        """What people said about answers."""

    @property
    def outcomes(self) -> Outcomes:
        """The outcome ledger."""

    @property
    def experiments(self) -> Experiments:
        """What published articles changed."""

    @property
    def tuning(self) -> TuningLog:
        """Decisions about thresholds and the ranking."""

    @property
    def glance(self) -> Glance:
        """Sums for pages."""

    @property
    def reviews(self) -> Reviews:
        """Weekly reviews and what is decided on them."""

    @property
    def alerts(self) -> Alerts:
        """Alerts and what they are grouped into."""

    @property
    def problems(self) -> Problems:
        """Problems and what belongs to them."""

    @property
    def rollout(self) -> Rollout:
        """The rungs of the ladder, and frozen baselines and predictions."""

    @property
    def triage(self) -> Triages:
        """What triage said of tickets."""

    @property
    def joiners(self) -> JoinerCases:
        """Cases of joiners and leavers."""

    @property
    def changes(self) -> Changes:
        """Changes and what they did to devices."""

    @property
    def compliance(self) -> Compliance:
        """Findings of compliance and the looks at the fleet."""

    @property
    def intents(self) -> IntentLog:
        """Unresolved intents."""

    @property
    def gaps(self) -> Gaps:
        """The gaps that unresolved intents make."""

    @property
    def drafts(self) -> Drafts:
        """Working copies of articles."""

    @property
    def articles(self) -> ArticleWriter:
        """Articles, as far as they are published inside this transaction."""

    @property
    def trials(self) -> Trials:
        """Trials of drafts on past questions."""


class Store(Protocol):
    """Opens units of work."""

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a transaction; commits at the end of the block, rolls back when the block raises."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Begin a consistent read; nothing is committed."""
