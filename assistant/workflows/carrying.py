"""Carries out outbox entries: begin, call, end. What may be repeated after a crash is repeated with the same key; nothing else is."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from assistant.governance.redaction import redact
from assistant.ports.clock import Clock
from assistant.ports.identity import NoSuchAccount
from assistant.ports.onboarding import CaseChanged
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import ActionChanged, ConversationChanged, Event, OutboxEntry, Store
from assistant.ports.ticketing import UnknownTicket
from assistant.workflows.errands import DONE, FAILED, UNKNOWN, WAITING, Call, Ended, Errand, Errands

T = TypeVar("T")
log = logging.getLogger("firstline.workflows")
MOST_CALLS = 12
LONGEST_PAUSE = 300.0
LONGEST_WISH = 3_600.0
"""How long another system may tell us to stay away, in seconds."""
ATTEMPTS = 4
"""How often a transaction is tried that somebody else's got in the way of."""
DOUBT = timedelta(seconds=90)
"""How long it is tried to find out whether a call took effect, before a person has to."""
BEHIND_SECONDS = 0.5
SOON = timedelta(minutes=1)
MOST_AT_ONCE = 500
HELD = timedelta(minutes=3)
"""How long a process keeps an entry for itself around a call: longer than any call takes."""
OVER: dict[str, Any] = {"state": WAITING, "over": True}
"""How a call ended that was not made: somebody else's turn, or nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """Does what the outbox says. The three steps of one attempt may each be repeated; together they are one attempt."""

    store: Store
    errands: Errands
    clock: Clock
    notify: Callable[[Sequence[Event]], None]
    doubt: timedelta = DOUBT
    holder: str = field(default_factory=lambda: secrets.token_hex(8), kw_only=True)
    """Who carries. Two that serve one database must differ; what serves again after a crash goes on at once under the name that it had."""

    def due(self) -> list[OutboxEntry]:
        """Return what is due within a minute, in order, but nothing that has to wait for something else; at most 500 entries."""
        until = self.clock.now() + SOON
        with self.store.read() as unit:
            return unit.outbox.due(until, MOST_AT_ONCE)

    def begin(self, key: str) -> bool:
        """Check that the entry still has to be done, and do what touches only our records; return whether a call is needed."""
        try:
            return _again(lambda: self._begin(key))
        except (Refused, Unavailable) as error:
            self._put_off(key, error)
            return False

    def _put_off(self, key: str, error: Refused | Unavailable) -> None:
        """Wait for the directory: without it nothing can be checked, so nothing is done."""
        at = self.clock.now()
        with self.store.write() as unit:
            entry = unit.outbox.load(key)
            if entry is not None and entry.state == WAITING:
                tries = int(entry.result.get("unchecked", 0)) + 1
                pause = timedelta(seconds=min(0.5 * 2 ** min(tries, 10), LONGEST_PAUSE))
                unit.outbox.postpone(key, at + pause, {**entry.result, "unchecked": tries, "why": _plain(error)})

    def _begin(self, key: str) -> bool:
        at = self.clock.now()
        with self.store.write() as unit:
            entry = unit.outbox.load(key)
            if entry is None or entry.state != WAITING:
                return False
            errand = self.errands.kinds.get(entry.kind)
            if errand is None:
                unit.outbox.finish(key, FAILED, at, {"why": f"nothing here does {entry.kind}"})
                return False
            first = unit.outbox.ahead_of(entry)
            if first is not None:
                unit.outbox.postpone(key, max(first.due_at, at + timedelta(seconds=BEHIND_SECONDS)), entry.result)
                return False
            if not unit.outbox.hold(key, self.holder, at, at + HELD):
                return False
            events = errand.begin(unit, entry, at)
            if events is not None:
                unit.outbox.finish(key, DONE, at, entry.result)
        if events:
            self.notify(events)
        return events is None

    def call(self, key: str) -> dict[str, Any]:
        """Make one call; return how it ended: a final ``state``, or ``after`` how many seconds to try again."""
        at = self.clock.now()
        with self.store.read() as unit:
            entry = unit.outbox.load(key)
        if entry is None or entry.state != WAITING:
            return OVER
        known = entry.result
        first = {"first": known.get("first", at.isoformat())}
        if "before" not in known:
            found = self._judged(entry, 1, False, lambda errand: errand.look(entry))
            if found["state"] != DONE:
                mine = self._mark(key, {**known, **first, "calls": int(known.get("calls", 0)) + 1})
                return {**found, "open": False} if mine else OVER
            known = {**known, "before": found["result"]}
        calls, uncertain = int(known.get("calls", 0)) + 1, bool(known.get("open"))
        if not self._mark(key, {**known, **first, "calls": calls, "open": True}):
            return OVER
        return self._judged(entry, calls, uncertain, lambda errand: errand.call(Call(entry, uncertain, at, known["before"])))

    def _mark(self, key: str, known: dict[str, Any]) -> bool:
        """Store what is known before a call, so that a repeat after a crash knows it too; return False when another process carries the entry."""
        at = self.clock.now()
        with self.store.write() as unit:
            entry = unit.outbox.load(key)
            if entry is None or not unit.outbox.hold(key, self.holder, at, at + HELD):
                return False
            unit.outbox.postpone(key, entry.due_at, known, held=True)
        return True

    def _judged(self, entry: OutboxEntry, calls: int, uncertain: bool, do: Callable[[Errand], dict[str, Any]]) -> dict[str, Any]:
        try:
            return {"state": DONE, "result": do(self.errands.kinds[entry.kind])}
        except (Refused, UnknownTicket, NoSuchAccount) as error:
            return {"state": FAILED, "result": {"why": _plain(error)}}
        except Unavailable as error:
            own = min(0.5 * 2 ** min(calls, 10), LONGEST_PAUSE)
            pause = own if error.retry_after is None else min(max(error.retry_after, 0.0), LONGEST_WISH)
            return {"state": "", "after": pause, "open": uncertain, "why": _plain(error)}
        except Uncertain as error:
            return {"state": "", "after": min(0.5 * 2 ** min(calls, 10), 15.0), "open": True, "why": _plain(error)}
        except Exception as error:
            log.exception("an errand failed: %s", entry.kind)
            return {"state": "", "after": min(0.5 * 2 ** min(calls, 10), 15.0), "open": True, "why": type(error).__name__}

    def end(self, key: str, called: dict[str, Any]) -> None:
        """Store how the call ended, or when to try again."""
        if not called.get("over"):
            _again(lambda: self._end(key, called))

    def _end(self, key: str, called: dict[str, Any]) -> None:
        at = self.clock.now()
        with self.store.write() as unit:
            entry = unit.outbox.load(key)
            if entry is None or entry.state != WAITING:
                return
            state, result = called["state"], called.get("result", {})
            errand = self.errands.kinds[entry.kind]
            known = {**entry.result, **_doubts(entry, called, at)}
            if not state:
                state = self._given_up(known, called, errand.patience, at)
                result = {"why": called["why"]}
            if not state:
                known |= {"open": called["open"], "why": called["why"], "attempt": int(entry.result.get("attempt", 0)) + 1}
                unit.outbox.postpone(key, at + timedelta(seconds=called["after"]), known)
                return
            events = errand.end(unit, entry, Ended(state, result), at)
            unit.outbox.finish(key, state, at, {**entry.result, **result})
        if events:
            self.notify(events)

    def _given_up(self, known: dict[str, Any], called: dict[str, Any], patience: timedelta, at: datetime) -> str:
        if called["open"]:
            doubtful = at - datetime.fromisoformat(known["doubtful"])
            return UNKNOWN if doubtful > self.doubt or known["doubts"] >= MOST_CALLS else ""
        return FAILED if at - datetime.fromisoformat(known["first"]) > patience else ""

    def drain(self) -> None:
        """Carry out here what is due now; for commands that run without the service."""
        tried = Counter[str]()
        while True:
            now = self.clock.now()
            due = [entry.key for entry in self.due() if entry.due_at <= now and tried[entry.key] < MOST_CALLS]
            if not due:
                return
            tried.update(due)
            for key in due:
                if self.begin(key):
                    self.end(key, self.call(key))


def _again(transaction: Callable[[], T]) -> T:
    for _ in range(ATTEMPTS - 1):
        with suppress(ActionChanged, ConversationChanged, CaseChanged):
            return transaction()
    return transaction()


def _doubts(entry: OutboxEntry, called: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return since when, and after how many calls, it is not known whether the entry took effect."""
    if not called.get("open"):
        return {"doubtful": "", "doubts": 0}
    return {"doubtful": entry.result.get("doubtful") or at.isoformat(), "doubts": int(entry.result.get("doubts", 0)) + 1}


def _plain(error: Exception) -> str:
    return redact(str(error))[:300]
