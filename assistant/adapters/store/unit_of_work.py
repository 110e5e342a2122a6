"""Units of work over one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, Engine

from assistant.adapters.memory.volatile import HeldTickets, Memory, Remembered
from assistant.adapters.store.actions import SqlActions, SqlApprovals
from assistant.adapters.store.alerts import SqlAlerts
from assistant.adapters.store.attachments import SqlAttachments, SqlFeedbacks
from assistant.adapters.store.audit import SqlAudit
from assistant.adapters.store.challenges import SqlChallenges, SqlSecondFactors
from assistant.adapters.store.changes import SqlChanges, SqlCompliance
from assistant.adapters.store.channels import SqlInbox, SqlPosts, SqlThreads
from assistant.adapters.store.conversations import SqlConversations
from assistant.adapters.store.glance import SqlGlance
from assistant.adapters.store.handoffs import SqlHandoffs
from assistant.adapters.store.joiners import SqlJoinerCases
from assistant.adapters.store.ledger import SqlModelLedger, SqlShadows
from assistant.adapters.store.outbox import SqlOutbox
from assistant.adapters.store.outcomes import SqlOutcomes
from assistant.adapters.store.outside_tickets import SqlOutsideTickets
from assistant.adapters.store.problems import SqlProblems
from assistant.adapters.store.reviews import SqlReviews
from assistant.adapters.store.rollout import SqlRollout
from assistant.adapters.store.tickets import BuiltinDesk
from assistant.adapters.store.triage import SqlTriages
from assistant.adapters.store.tuning import SqlExperiments, SqlTuningLog
from assistant.adapters.store.wordless import WordlessAudit, WordlessFeedbacks, WordlessIntents, WordlessOutbox, WordlessOutcomes
from assistant.ports.channels import Inbox, Threads
from assistant.ports.store import Conversations, Event, Outbox
from assistant.ports.ticketing import Tickets
from kb.adapters.store.drafts import SqlDrafts, SqlTrials
from kb.adapters.store.engine import reading, writing
from kb.adapters.store.gaps import SqlGaps
from kb.adapters.store.intents import SqlIntentLog
from kb.adapters.store.revising import SqlArticleWriter
from kb.ports import IntentLog


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """The repositories of one transaction."""

    conversations: Conversations
    tickets: Tickets
    own_tickets: BuiltinDesk
    outside: SqlOutsideTickets
    audit: SqlAudit
    intents: IntentLog
    actions: SqlActions
    approvals: SqlApprovals
    outbox: SqlOutbox
    handoffs: SqlHandoffs
    challenges: SqlChallenges
    second_factors: SqlSecondFactors
    model_calls: SqlModelLedger
    shadows: SqlShadows
    inbox: Inbox
    threads: SqlThreads
    posts: SqlPosts
    attachments: SqlAttachments
    feedback: SqlFeedbacks
    drafts: SqlDrafts
    gaps: SqlGaps
    articles: SqlArticleWriter
    trials: SqlTrials
    outcomes: SqlOutcomes
    experiments: SqlExperiments
    tuning: SqlTuningLog
    reviews: SqlReviews
    rollout: SqlRollout
    joiners: SqlJoinerCases
    glance: SqlGlance
    alerts: SqlAlerts
    problems: SqlProblems
    triage: SqlTriages
    changes: SqlChanges
    compliance: SqlCompliance


def kept_here(tickets: Tickets, _outbox: Outbox) -> Tickets:
    """Return the tickets as they are: nobody else has to hear of them."""
    return tickets


def nobody_follows(_threads: Threads, _outbox: Outbox) -> Callable[[Event], None]:
    """Return what hears of events and does nothing: no channel but the socket is there."""
    return lambda _event: None


@dataclass(frozen=True, slots=True)
class SqlStore:
    """The ``Store`` protocol over SQLAlchemy. ``passed_on`` wraps the tickets so that a desk elsewhere hears of what happens to them;
    ``followed`` makes what hears of every event in its transaction, so that channels can show it.

    With ``memory``, conversations and what only the assistant works on live there, and the tables hold nothing that somebody wrote but
    what they asked to be filed.
    """

    engine: Engine
    same_issue: float
    passed_on: Callable[[Tickets, Outbox], Tickets] = kept_here
    memory: Memory | None = None
    followed: Callable[[Threads, Outbox], Callable[[Event], None]] = nobody_follows

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """See the port. What is in memory changes when the tables were committed, or not at all."""
        if self.memory is None:
            with writing(self.engine) as connection:
                yield self._unit(connection)
        else:
            with self.memory.writing() as remembered, writing(self.engine) as connection:
                yield self._wordless(connection, remembered, self.memory.window)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """See the port."""
        with reading(self.engine) as connection:
            yield self._unit(connection) if self.memory is None else self._wordless(connection, self.memory.reading(), self.memory.window)

    def _wordless(self, connection: Connection, remembered: Remembered, window: timedelta) -> SqlUnitOfWork:
        whole, outbox = self._unit(connection), WordlessOutbox(connection)
        return replace(
            whole,
            conversations=replace(
                remembered.conversations,
                emitted=self.followed(whole.threads, outbox),
                counted=whole.outcomes.count,
                reopened=whole.outcomes.reopen,
            ),
            inbox=remembered.inbox,
            tickets=HeldTickets(remembered.tickets, self.passed_on(whole.own_tickets, outbox), window),
            audit=WordlessAudit(connection),
            intents=WordlessIntents(SqlIntentLog(connection)),
            outbox=outbox,
            feedback=WordlessFeedbacks(connection),
            outcomes=WordlessOutcomes(connection),
        )

    def _unit(self, connection: Connection) -> SqlUnitOfWork:
        own, outbox, threads = BuiltinDesk(connection, self.same_issue), SqlOutbox(connection), SqlThreads(connection)
        return SqlUnitOfWork(
            conversations=SqlConversations(connection, self.followed(threads, outbox)),
            tickets=self.passed_on(own, outbox),
            own_tickets=own,
            outside=SqlOutsideTickets(connection),
            audit=SqlAudit(connection),
            intents=SqlIntentLog(connection),
            actions=SqlActions(connection),
            approvals=SqlApprovals(connection),
            outbox=outbox,
            handoffs=SqlHandoffs(connection),
            challenges=SqlChallenges(connection),
            second_factors=SqlSecondFactors(connection),
            model_calls=SqlModelLedger(connection),
            shadows=SqlShadows(connection),
            inbox=SqlInbox(connection),
            threads=threads,
            posts=SqlPosts(connection),
            attachments=SqlAttachments(connection),
            feedback=SqlFeedbacks(connection),
            drafts=SqlDrafts(connection),
            gaps=SqlGaps(connection),
            articles=SqlArticleWriter(connection),
            trials=SqlTrials(connection),
            outcomes=SqlOutcomes(connection),
            experiments=SqlExperiments(connection),
            tuning=SqlTuningLog(connection),
            reviews=SqlReviews(connection),
            rollout=SqlRollout(connection),
            joiners=SqlJoinerCases(connection),
            glance=SqlGlance(connection),
            alerts=SqlAlerts(connection),
            problems=SqlProblems(connection),
            triage=SqlTriages(connection),
            changes=SqlChanges(connection),
            compliance=SqlCompliance(connection),
        )
