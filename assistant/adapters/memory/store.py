"""A store in memory whose transactions commit as a whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

from assistant.adapters.memory.actions import MemoryActions, MemoryApprovals, MemoryOutbox
from assistant.adapters.memory.alerts import MemoryAlerts
from assistant.adapters.memory.audit import MemoryAudit
from assistant.adapters.memory.challenges import MemoryChallenges, MemorySecondFactors
from assistant.adapters.memory.changes import MemoryChanges, MemoryCompliance
from assistant.adapters.memory.channels import MemoryAttachments, MemoryFeedbacks, MemoryInbox, MemoryPosts, MemoryThreads
from assistant.adapters.memory.desk import MemoryDesk
from assistant.adapters.memory.glance import MemoryGlance
from assistant.adapters.memory.handoffs import MemoryHandoffs
from assistant.adapters.memory.joiners import MemoryJoinerCases
from assistant.adapters.memory.ledger import MemoryModelLedger, MemoryShadows
from assistant.adapters.memory.outcomes import MemoryOutcomes
from assistant.adapters.memory.outside_tickets import MemoryOutsideTickets
from assistant.adapters.memory.problems import MemoryProblems
from assistant.adapters.memory.reviews import MemoryReviews
from assistant.adapters.memory.rollout import MemoryRollout
from assistant.adapters.memory.triage import MemoryTriages
from assistant.adapters.memory.tuning import MemoryExperiments, MemoryTuningLog
from assistant.domain.conversation import Conversation, Episode, State
from assistant.ports.store import ConversationChanged, Event, Message
from kb.adapters.memory import MemoryIntentLog
from kb.adapters.memory_drafts import MemoryArticleWriter, MemoryDrafts, MemoryTrials
from kb.adapters.memory_gaps import MemoryGaps

WAIT_SECONDS = 5.0


def _plain(stored: Any) -> Any:
    """Return what a JSON column would give back; refuses what cannot be stored."""
    return json.loads(json.dumps(stored))


@dataclass(slots=True)
class MemoryConversations:
    """The ``Conversations`` protocol over dictionaries. ``emitted`` is told of every event."""

    heads: dict[str, Conversation] = field(default_factory=dict)
    tries: dict[tuple[str, int], Episode] = field(default_factory=dict)
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    said: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    emitted: Callable[[Event], None] = lambda _event: None
    counted: Callable[[Conversation], None] = lambda _conversation: None
    """Told of every conversation that is kept, for the ledger."""
    reopened: Callable[[str, int, datetime], None] = lambda _conversation, _episode, _at: None

    def copy(self) -> MemoryConversations:
        """Return the same conversations, of which each set may change without the other."""
        return MemoryConversations(dict(self.heads), dict(self.tries), dict(self.messages), dict(self.said))

    def without(self, ids: Collection[str]) -> MemoryConversations:
        """Return the conversations but those of these ids."""
        return MemoryConversations(
            {key: head for key, head in self.heads.items() if key not in ids},
            {key: episode for key, episode in self.tries.items() if key[0] not in ids},
            {key: message for key, message in self.messages.items() if key[0] not in ids},
            {key: events for key, events in self.said.items() if key not in ids},
        )

    def begin(self, conversation: Conversation) -> None:
        """See the port."""
        self._keep(conversation)

    def load(self, conversation_id: str) -> Conversation | None:
        """See the port."""
        head = self.heads.get(conversation_id)
        if head is None:
            return None
        return replace(head, episode=self.tries[head.id, head.episode.number], memory=_plain(head.memory))

    def of_person(self, person: str, limit: int = 50, before: datetime | None = None) -> list[Conversation]:
        """See the port."""
        found = (c for c in self._loaded() if c.person == person and (before is None or c.changed_at < before))
        mine = sorted(sorted(found, key=lambda c: c.id), key=lambda c: c.changed_at, reverse=True)
        return mine[:limit]

    def save(self, conversation: Conversation) -> None:
        """See the port."""
        stored = self.heads.get(conversation.id)
        if stored is None or stored.version != conversation.version:
            raise ConversationChanged(conversation.id)
        self._keep(replace(conversation, version=conversation.version + 1))

    def under_way(self, before: datetime) -> int:
        """See the port."""
        return sum(one.opened_at < before and one.episode.closed_at is None for one in self._loaded())

    def silent_since(self, state: State, moment: datetime) -> list[Conversation]:
        """See the port."""
        return [c for c in self._loaded() if c.state is state and c.changed_at <= moment]

    def accept(self, message: Message) -> Message:
        """See the port."""
        known = self.message(message.conversation, message.id)
        if known is not None:
            return known
        self.messages[message.conversation, message.id] = message
        return message

    def pending(self) -> list[Message]:
        """See the port."""
        return [message for message in self.messages.values() if message.reply is None]

    def message(self, conversation_id: str, message_id: str) -> Message | None:
        """See the port."""
        found = self.messages.get((conversation_id, message_id))
        return replace(found, reply=_plain(found.reply)) if found is not None else None

    def message_of(self, person: str, message_id: str) -> Message | None:
        """See the port."""
        mine = (key for key in self.messages if key[1] == message_id and self.heads[key[0]].person == person)
        return next((self.message(*key) for key in mine), None)

    def answer(self, message: Message, reply: dict[str, Any]) -> None:
        """See the port."""
        key = message.conversation, message.id
        if key in self.messages:
            self.messages[key] = replace(self.messages[key], reply=_plain(reply))

    def emit(self, conversation_id: str, at: datetime, body: dict[str, Any]) -> Event:
        """See the port."""
        before = self.said.get(conversation_id, ())
        self.said[conversation_id] = (*before, Event(len(before) + 1, conversation_id, at, _plain(body)))
        event = self.said[conversation_id][-1]
        self.emitted(event)
        return event

    def events(self, conversation_id: str, after: int = 0) -> list[Event]:
        """See the port."""
        return [replace(event, body=_plain(event.body)) for event in self.said.get(conversation_id, ()) if event.number > after]

    def episodes(self, conversation_id: str) -> list[Episode]:
        """See the port."""
        mine = [episode for (owner, _), episode in self.tries.items() if owner == conversation_id]
        return sorted(mine, key=lambda episode: episode.number)

    def mark_reopened(self, conversation_id: str, number: int, at: datetime) -> None:
        """See the port."""
        key = conversation_id, number
        if key in self.tries:
            self.tries[key] = replace(self.tries[key], reopened=True)
            self.reopened(conversation_id, number, at)

    def _keep(self, conversation: Conversation) -> None:
        self.heads[conversation.id] = replace(conversation, memory=_plain(conversation.memory))
        self.tries[conversation.id, conversation.episode.number] = conversation.episode
        self.counted(conversation)

    def _loaded(self) -> list[Conversation]:
        return [found for key in self.heads if (found := self.load(key)) is not None]


@dataclass(slots=True)
class MemoryUnit:
    """The repositories of one transaction."""

    tickets: MemoryDesk
    conversations: MemoryConversations = field(default_factory=MemoryConversations)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    intents: MemoryIntentLog = field(default_factory=MemoryIntentLog)
    actions: MemoryActions = field(default_factory=MemoryActions)
    approvals: MemoryApprovals = field(default_factory=MemoryApprovals)
    outbox: MemoryOutbox = field(default_factory=MemoryOutbox)
    handoffs: MemoryHandoffs = field(default_factory=MemoryHandoffs)
    outside: MemoryOutsideTickets = field(default_factory=MemoryOutsideTickets)
    challenges: MemoryChallenges = field(default_factory=MemoryChallenges)
    second_factors: MemorySecondFactors = field(default_factory=MemorySecondFactors)
    model_calls: MemoryModelLedger = field(default_factory=MemoryModelLedger)
    shadows: MemoryShadows = field(default_factory=MemoryShadows)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    threads: MemoryThreads = field(default_factory=MemoryThreads)
    posts: MemoryPosts = field(default_factory=MemoryPosts)
    attachments: MemoryAttachments = field(default_factory=MemoryAttachments)
    feedback: MemoryFeedbacks = field(default_factory=MemoryFeedbacks)
    drafts: MemoryDrafts = field(default_factory=MemoryDrafts)
    gaps: MemoryGaps = field(default_factory=MemoryGaps)
    articles: MemoryArticleWriter = field(default_factory=MemoryArticleWriter)
    trials: MemoryTrials = field(default_factory=MemoryTrials)
    outcomes: MemoryOutcomes = field(default_factory=MemoryOutcomes)
    experiments: MemoryExperiments = field(default_factory=MemoryExperiments)
    tuning: MemoryTuningLog = field(default_factory=MemoryTuningLog)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)
    problems: MemoryProblems = field(default_factory=MemoryProblems)
    rollout: MemoryRollout = field(default_factory=MemoryRollout)
    triage: MemoryTriages = field(default_factory=MemoryTriages)
    joiners: MemoryJoinerCases = field(default_factory=MemoryJoinerCases)
    changes: MemoryChanges = field(default_factory=MemoryChanges)
    compliance: MemoryCompliance = field(default_factory=MemoryCompliance)

    def __post_init__(self) -> None:
        """Let the ledger hear of what it counts, and let the gaps see the intents."""
        self.conversations.counted, self.conversations.reopened = self.outcomes.count, self.outcomes.reopen
        self.handoffs.explained = self.outcomes.explain
        self.gaps.log = self.intents
        self.rollout.outcomes = self.outcomes
        self.problems.desk = self.tickets

    @property
    def glance(self) -> MemoryGlance:
        """Sums for pages."""
        return MemoryGlance(self.outcomes)

    @property
    def own_tickets(self) -> MemoryDesk:
        """See the port; nothing is passed on from here."""
        return self.tickets

    def copy(self) -> MemoryUnit:
        """Return a unit that holds the same and changes by itself."""
        return MemoryUnit(
            self.tickets.copy(),
            self.conversations.copy(),
            self.audit.copy(),
            MemoryIntentLog(list(self.intents.intents)),
            MemoryActions(dict(self.actions.kept)),
            MemoryApprovals(dict(self.approvals.kept)),
            MemoryOutbox(dict(self.outbox.kept), dict(self.outbox.holds)),
            handoffs=self.handoffs.copy(),
            outside=self.outside.copy(),
            challenges=self.challenges.copy(),
            second_factors=self.second_factors.copy(),
            model_calls=self.model_calls.copy(),
            shadows=self.shadows.copy(),
            inbox=self.inbox.copy(),
            threads=self.threads.copy(),
            posts=self.posts.copy(),
            attachments=self.attachments.copy(),
            feedback=self.feedback.copy(),
            drafts=self.drafts.copy(),
            gaps=self.gaps.copy(),
            articles=self.articles.copy(),
            trials=self.trials.copy(),
            outcomes=self.outcomes.copy(),
            experiments=self.experiments.copy(),
            tuning=self.tuning.copy(),
            reviews=self.reviews.copy(),
            alerts=self.alerts.copy(),
            problems=self.problems.copy(),
            rollout=self.rollout.copy(),
            triage=self.triage.copy(),
            joiners=self.joiners.copy(),
            changes=self.changes.copy(),
            compliance=self.compliance.copy(),
        )


class MemoryStore:
    """The ``Store`` protocol: one writer at a time works on a copy, which takes the place of the original when its block ends well."""

    def __init__(self, same_issue: float) -> None:
        """Begin empty; ``same_issue`` is the desk's."""
        self._unit = MemoryUnit(MemoryDesk(same_issue))
        self._writer = Lock()

    @contextmanager
    def write(self) -> Iterator[MemoryUnit]:
        """See the port. Waits five seconds for another writer, then raises TimeoutError."""
        if not self._writer.acquire(timeout=WAIT_SECONDS):
            raise TimeoutError("another transaction is writing")
        try:
            unit = self._unit.copy()
            yield unit
            self._unit = unit
        finally:
            self._writer.release()

    @contextmanager
    def read(self) -> Iterator[MemoryUnit]:
        """See the port."""
        yield self._unit.copy()
