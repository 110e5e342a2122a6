"""Tries drafts on past questions, outside the request that asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from assistant.ports.outside import Refused
from assistant.ports.store import Event, OutboxEntry, UnitOfWork
from assistant.workflows.errands import DONE, Call, Ended
from kb.drafts import NotNow, Overtaken, Trial


class Tries(Protocol):
    """What tries a draft; handed in, because what decides about answers stands beside."""

    def run(self, draft_id: str, version: int) -> Trial:
        """Try a draft and store what came of it."""

    def fail(self, unit: UnitOfWork, draft_id: str, version: int, why: str) -> None:
        """Note that a trial came to nothing."""


@dataclass(frozen=True, slots=True)
class TryDraft:
    """``article.try``. A second call does the whole again, which changes nothing but the time it takes."""

    tries: Tries
    patience: timedelta = timedelta(minutes=30)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        del unit, entry, at
        return None

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Of what was tried nothing stays in the outbox."""
        try:
            self.tries.run(call.entry.body["draft"], call.entry.body["version"])
        except Overtaken:
            return {"overtaken": True}
        except NotNow as why:
            raise Refused(str(why)) from None
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        del at
        if ended.state != DONE:
            self.tries.fail(unit, entry.body["draft"], entry.body["version"], str(ended.result.get("why", "")))
        return []
