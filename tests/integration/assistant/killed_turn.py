"""Run as a script: takes one turn in a state folder, at the tests' time, and is killed, as by a power cut, at a named moment of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.store.audit import SqlAudit
from assistant.agent.state import Inbound
from assistant.bootstrap import open_assistant
from assistant.domain.audit import AuditEntry
from assistant.ports.store import Event
from assistant.settings import Settings
from tests.support.world import MONDAY


def die() -> None:
    """End this process without any chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_event(kind: str) -> object:
    """Return a subscriber that dies when an event of this kind was committed."""

    def heard(events: Sequence[Event]) -> None:
        if any(event.body["type"] == kind for event in events):
            die()

    return heard


def inside_the_transaction(_self: SqlAudit, _entries: Sequence[AuditEntry]) -> None:
    """Stand in for the audit: dies after everything else of the turn was written and before it is committed."""
    die()


if __name__ == "__main__":
    home, moment, person, message, text = sys.argv[1:]
    assistant = open_assistant(Settings(home=Path(home)), FixedClock(MONDAY))
    assistant.knowledge_base.keeper.own()
    if moment == "accepted":
        assistant.subscribers.append(at_event("message"))  # type: ignore[arg-type]
    elif moment == "answering":
        SqlAudit.append = inside_the_transaction  # type: ignore[method-assign]
    elif moment == "answered":
        assistant.subscribers.append(at_event("reply"))  # type: ignore[arg-type]
    assistant.turns.take(person, None, Inbound(message, text), "test")
    print("survived")
