"""Repositories that write down what was decided and nothing of what was said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import update

from assistant.adapters.memory.volatile import HELD
from assistant.adapters.store.attachments import SqlFeedbacks
from assistant.adapters.store.audit import SqlAudit
from assistant.adapters.store.outbox import SqlOutbox
from assistant.adapters.store.outcomes import SqlOutcomes
from assistant.adapters.store.tables import outbox
from assistant.domain.audit import AuditEntry
from assistant.domain.outcome import Asked, Judged
from assistant.ports.attachments import Feedback
from kb.adapters.store.intents import SqlIntentLog
from kb.model import UnresolvedIntent

NOT_KEPT = "(not kept)"
_PLAIN_ID = re.compile(r"[0-9a-fA-F-]{1,64}")
_CHOICES = frozenset({"yes", "no", "person", "file", "not_now", "retry", "again", "topic", "platform", "device", "that", "fine", "still", "other"})


class WordlessAudit(SqlAudit):
    """The audit, without what a sender is free to choose: a message's id becomes a digest, of a choice only its kind stays."""

    __slots__ = ()

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """See the port."""
        super().append([_wordless(entry) for entry in entries])


def _own(message: str) -> str:
    """Return a message's id if it says nothing, else its digest."""
    return message if _PLAIN_ID.fullmatch(message) else sha256(message.encode()).hexdigest()[:16] if message else ""


def _wordless(entry: AuditEntry) -> AuditEntry:
    message = _own(entry.message)
    detail = dict(entry.detail)
    if isinstance(detail.get("choice"), str):
        kind = detail["choice"].partition(":")[0]
        detail["choice"] = kind if kind in _CHOICES else ""
    detail.pop("unsupported", None)
    return replace(entry, message=message, detail=detail)


class WordlessOutbox(SqlOutbox):
    """The outbox; of an entry that is done only its key stays."""

    __slots__ = ()

    def finish(self, key: str, state: str, at: datetime, result: dict[str, Any]) -> None:
        """See the port."""
        super().finish(key, state, at, result)
        self.connection.execute(update(outbox).where(outbox.c.key == key, outbox.c.state == "done").values(body={}, result={}))


class WordlessFeedbacks(SqlFeedbacks):
    """What people said about answers: that it helped or not and why, without what they wrote."""

    __slots__ = ()

    def record(self, feedback_given: Feedback) -> None:
        """See the port."""
        super().record(replace(feedback_given, note=""))


@dataclass(frozen=True, slots=True)
class WordlessIntents:
    """The ``IntentLog`` port: counts what was not resolved; its words stay only with a ticket, because the person asked for one."""

    log: SqlIntentLog

    def record(self, intent: UnresolvedIntent) -> None:
        """See the port."""
        kept = bool(intent.ticket) and not intent.ticket.startswith(HELD)
        self.log.record(intent if kept else replace(intent, question=NOT_KEPT, nearest=(), vector=()))

    def between(self, start: datetime, end: datetime) -> list[UnresolvedIntent]:
        """See the port."""
        return self.log.between(start, end)

    def first_asked(self) -> datetime | None:
        """See the port."""
        return self.log.first_asked()

    def learn_vector(self, intent_id: str, vector: Sequence[float]) -> None:
        """See the port; words that were kept with a ticket have their vector too."""
        self.log.learn_vector(intent_id, vector)


class WordlessOutcomes(SqlOutcomes):
    """The outcome ledger, which keeps nothing of what was asked."""

    __slots__ = ()

    def ask(self, asked_: Asked) -> None:
        """See the port: nothing is kept."""

    def judge(self, judged_: Judged) -> None:
        """See the port; a message's id that its sender was free to choose becomes a digest."""
        super().judge(replace(judged_, message=_own(judged_.message)))
