"""Finds and deletes records whose time is over. A call deletes one batch, on a connection whose owner commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, delete, exists, func, insert, select, update

from assistant.adapters.store import alerts_tables as alarmed
from assistant.adapters.store import change_tables as made
from assistant.adapters.store import tables as t
from assistant.adapters.store import tuning_tables as tuned
from assistant.adapters.store.erasing_drafts import forget_drafts
from assistant.adapters.store.joiners_tables import joiner_cases, joiner_steps
from assistant.adapters.store.problems import forget_tickets
from assistant.adapters.store.review_tables import review_names, reviews
from assistant.adapters.store.triage_tables import triages
from assistant.domain.action import Status
from assistant.domain.alert import Standing
from assistant.domain.change import ChangeStatus, StepState
from assistant.domain.conversation import State
from assistant.domain.onboarding import CaseStatus
from assistant.domain.ticket import TicketStatus
from assistant.governance.retention import Kind
from kb.adapters.store.gaps import forget_centroids
from kb.adapters.store.tables import unresolved_intents

BATCH = 200
OVER = [status.value for status in Status if status.is_over and status is not Status.UNKNOWN]
ENDED_CASES = [status.value for status in CaseStatus if not status.is_open]
ENDED_CHANGES = [status.value for status in ChangeStatus if status.is_over]
UNSETTLED_STEPS = [one.value for one in (StepState.APPLYING, StepState.VERIFYING, StepState.TAKING_BACK, StepState.UNKNOWN, StepState.STUCK)]
CLOSED_TICKETS = [status.value for status in TicketStatus if not status.is_open]
ABOUT = t.feedback.c.conversation + "/" + t.feedback.c.message
DELIVERIES = timedelta(days=30)
"""Deliveries of webhooks are remembered this much longer than errands, so that no repeated one counts as new."""


@dataclass(frozen=True, slots=True)
class SqlRetention:
    """What of our tables is past its time, and its deletion."""

    connection: Connection

    def count(self, kind: Kind, before: datetime) -> int:
        """Return how many records of a kind are past their time."""
        return self.connection.execute(select(func.count()).select_from(self._expired(kind, before).subquery())).scalar() or 0

    def delete_batch(self, kind: Kind, before: datetime) -> int:
        """Delete up to a batch of records of a kind with everything that hangs on them; return how many records that were."""
        ids = list(self.connection.execute(self._expired(kind, before).limit(BATCH)).scalars())
        if ids:
            _DELETE[kind](self.connection, ids)
        return len(ids)

    def forget_deliveries(self, before: datetime) -> None:
        """Delete what only guards against repetition and is older than anything that could be repeated."""
        for table in (t.outside_deliveries, t.outside_looks, t.channel_posts):
            self.connection.execute(delete(table).where(table.c.at < before - DELIVERIES))
        handled = t.channel_inbox.c.state != "waiting"
        self.connection.execute(delete(t.channel_inbox).where(t.channel_inbox.c.at < before - DELIVERIES, handled))
        self.connection.execute(delete(t.challenges).where(t.challenges.c.expires_at < before - DELIVERIES))
        self.connection.execute(delete(t.retention_passes).where(t.retention_passes.c.at < before - 12 * DELIVERIES))

    def forget_review_words(self, before: datetime) -> int:
        """Delete, beside reviews made before then, what was named by what people asked; return how many names those were. The reviews stay."""
        old = exists().where(reviews.c.week == review_names.c.week, reviews.c.version == review_names.c.version, reviews.c.made_at < before)
        return self.connection.execute(delete(review_names).where(review_names.c.words.is_(True), old)).rowcount

    def forget_drafts(self, before: datetime) -> None:
        """Delete what is left of drafts that are over, and their trials on past questions."""
        forget_drafts(self.connection, before)

    def forget_cases(self, before: datetime) -> None:
        """Delete cases of joining and leaving that ended before then; the laptop that somebody got stays theirs."""
        old = select(joiner_cases.c.id).where(joiner_cases.c.status.in_(ENDED_CASES), joiner_cases.c.changed_at < before)
        delete_cases(self.connection, list(self.connection.execute(old).scalars()))

    def passed(self, day: str) -> dict[str, int] | None:
        """Return what the pass of a day deleted, None when there was none."""
        return self.connection.execute(select(t.retention_passes.c.counts).where(t.retention_passes.c.day == day)).scalar()

    def note_pass(self, day: str, at: datetime, counts: dict[str, int]) -> None:
        """Remember that the pass of a day came to its end."""
        self.connection.execute(delete(t.retention_passes).where(t.retention_passes.c.day == day))
        self.connection.execute(insert(t.retention_passes).values(day=day, at=at, counts=counts))

    def _expired(self, kind: Kind, before: datetime) -> Select[Any]:
        column, where = _EXPIRED[kind](before)
        return select(column).where(where)


Expired = tuple[ColumnElement[Any], ColumnElement[bool]]


def _conversations(before: datetime) -> Expired:
    mine = and_(t.episodes.c.conversation == t.conversations.c.id, t.tickets.c.id == t.episodes.c.ticket, t.tickets.c.status.not_in(CLOSED_TICKETS))
    held = exists().where(t.holdings.c.conversation == t.conversations.c.id)
    settled = t.conversations.c.state != State.ANSWERING.value
    return t.conversations.c.id, and_(t.conversations.c.changed_at < before, settled, ~exists().where(mine), ~held)


def _tickets(before: datetime) -> Expired:
    newest = select(func.max(t.tickets.c.number)).scalar_subquery()
    return t.tickets.c.id, and_(t.tickets.c.updated_at < before, t.tickets.c.status.in_(CLOSED_TICKETS), t.tickets.c.number < newest)


def _intents(before: datetime) -> Expired:
    return unresolved_intents.c.id, unresolved_intents.c.asked_at < before


def _feedback(before: datetime) -> Expired:
    return ABOUT, t.feedback.c.at < before


def _actions(before: datetime) -> Expired:
    waiting = exists().where(t.outbox.c.state == "waiting", t.outbox.c.key.contains(t.actions.c.id))
    return t.actions.c.id, and_(t.actions.c.changed_at < before, t.actions.c.status.in_(OVER), ~waiting)


def _errands(before: datetime) -> Expired:
    return t.outbox.c.key, and_(t.outbox.c.state.in_(("done", "failed")), t.outbox.c.done_at < before)


def _reports(before: datetime) -> Expired:
    return alarmed.reports.c.number, and_(alarmed.reports.c.received_at < before, alarmed.reports.c.standing != "waiting")


def _alerts(before: datetime) -> Expired:
    kept = (Standing.CANDIDATE.value, Standing.INCIDENT.value)
    return alarmed.groups.c.id, and_(alarmed.groups.c.last_at < before, alarmed.groups.c.standing.not_in(kept))


def _changes(before: datetime) -> Expired:
    there = made.change_devices.c.change == made.changes.c.id
    looked_at = exists().where(there, made.change_devices.c.state.in_(UNSETTLED_STEPS))
    taken_up = exists().where(made.findings.c.change == made.changes.c.id, made.findings.c.closed_at.is_(None))
    over = made.changes.c.status.in_(ENDED_CHANGES)
    return made.changes.c.id, and_(made.changes.c.changed_at < before, over, ~looked_at, ~taken_up)


def _findings(before: datetime) -> Expired:
    return made.findings.c.id, and_(made.findings.c.closed_at.is_not(None), made.findings.c.closed_at < before)


def _delete_intents(connection: Connection, ids: Sequence[str]) -> None:
    forget_centroids(connection, unresolved_intents.c.id.in_(ids))
    connection.execute(delete(unresolved_intents).where(unresolved_intents.c.id.in_(ids)))


def _delete_feedback(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(t.feedback).where(ABOUT.in_(ids)))


def _delete_errands(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(t.outbox).where(t.outbox.c.key.in_(ids)))


def delete_cases(connection: Connection, ids: Sequence[str]) -> None:
    """Delete cases of joining and leaving with their steps."""
    connection.execute(delete(joiner_steps).where(joiner_steps.c.case.in_(ids)))
    connection.execute(delete(joiner_cases).where(joiner_cases.c.id.in_(ids)))


def _delete_reports(connection: Connection, ids: Sequence[str]) -> None:

    connection.execute(delete(alarmed.reports).where(alarmed.reports.c.number.in_(ids)))


def _delete_alerts(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(alarmed.alerts).where(alarmed.alerts.c.in_group.in_(ids)))
    connection.execute(delete(alarmed.groups).where(alarmed.groups.c.id.in_(ids)))


def _delete_changes(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(made.change_devices).where(made.change_devices.c.change.in_(ids)))
    connection.execute(delete(made.changes).where(made.changes.c.id.in_(ids)))


def _delete_findings(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(delete(made.findings).where(made.findings.c.id.in_(ids)))


def delete_conversations(connection: Connection, ids: Sequence[str]) -> None:
    """Delete conversations with all that was said in them; files that went to a ticket stay with it."""
    kept_with = (t.events, t.messages, t.episodes, t.handoffs, t.holdings, t.shadow_turns, t.feedback, t.channel_threads, t.asked)
    for table in (*kept_with, tuned.experiment_rows):
        connection.execute(delete(table).where(table.c.conversation.in_(ids)))
    connection.execute(delete(t.attachments).where(t.attachments.c.conversation.in_(ids), t.attachments.c.ticket == ""))
    # What the calls cost still counts, for nobody.
    connection.execute(update(t.model_calls).where(t.model_calls.c.conversation.in_(ids)).values(conversation="", message=""))
    connection.execute(delete(t.conversations).where(t.conversations.c.id.in_(ids)))


def delete_links(connection: Connection, ids: Sequence[str]) -> None:
    """Delete what is known of tickets in other systems: nothing that is reported there comes back to them."""
    there = select(t.outside_tickets.c.system, t.outside_tickets.c.outside).where(t.outside_tickets.c.ticket.in_(ids))
    for system, outside in connection.execute(there).all():
        for table in (t.outside_changes, t.outside_looks):
            connection.execute(delete(table).where(table.c.system == system, table.c.outside == outside))
    connection.execute(delete(t.outside_tickets).where(t.outside_tickets.c.ticket.in_(ids)))


def delete_tickets(connection: Connection, ids: Sequence[str]) -> None:
    """Delete tickets with their notes, their files and what is known of them in other systems."""
    delete_links(connection, ids)
    connection.execute(delete(t.attachments).where(t.attachments.c.ticket.in_(ids)))
    connection.execute(delete(t.ticket_notes).where(t.ticket_notes.c.ticket.in_(ids)))
    forget_tickets(connection, ids)
    connection.execute(delete(triages).where(triages.c.ticket.in_(ids)))
    connection.execute(delete(t.tickets).where(t.tickets.c.id.in_(ids)))


def delete_actions(connection: Connection, ids: Sequence[str]) -> None:
    """Delete actions with their approvals, votes and challenges."""
    for table in (t.votes, t.approvals, t.challenges):
        connection.execute(delete(table).where(table.c.action.in_(ids)))
    connection.execute(delete(t.actions).where(t.actions.c.id.in_(ids)))


_EXPIRED: dict[Kind, Callable[[datetime], Expired]] = {
    Kind.CONVERSATIONS: _conversations,
    Kind.TICKETS: _tickets,
    Kind.INTENTS: _intents,
    Kind.FEEDBACK: _feedback,
    Kind.ACTIONS: _actions,
    Kind.ERRANDS: _errands,
    Kind.REPORTS: _reports,
    Kind.ALERTS: _alerts,
    Kind.FINDINGS: _findings,
    Kind.CHANGES: _changes,
}
_DELETE: dict[Kind, Callable[[Connection, Sequence[str]], None]] = {
    Kind.CONVERSATIONS: delete_conversations,
    Kind.TICKETS: delete_tickets,
    Kind.INTENTS: _delete_intents,
    Kind.FEEDBACK: _delete_feedback,
    Kind.ACTIONS: delete_actions,
    Kind.ERRANDS: _delete_errands,
    Kind.REPORTS: _delete_reports,
    Kind.ALERTS: _delete_alerts,
    Kind.FINDINGS: _delete_findings,
    Kind.CHANGES: _delete_changes,
}
STORED = tuple(_EXPIRED)
"""The kinds that are rows."""


def wipe_free_space(engine: Engine) -> None:
    """Leave nothing of deleted rows in the database's files: SQLite is written anew and its log emptied, PostgreSQL reclaims the space.

    Raises:
        OperationalError: others kept the database busy for too long; nothing was lost, and the call can be repeated.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            for statement in ("COMMIT", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.exec_driver_sql(statement)
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM FULL")


def empty_log(engine: Engine) -> bool:
    """Bring what is in SQLite's log into the database and empty the log; return whether nobody was still reading from it."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    return not busy
