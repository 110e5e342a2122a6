"""Keeps what was refused at the door in the audit: counted without loss, written slowly enough that a flood cannot fill the disk."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock

from assistant.domain.audit import AuditEntry
from assistant.governance.redaction import redact
from assistant.ports.clock import Clock
from assistant.ports.store import Store

STEP = "refuse"
KINDS_WAITING = 256
RECORDS_AT_ONCE = 240
RECORDS_PER_MINUTE = 30.0
LENGTH = 160
FURTHER = "further refusals, counted together"
log = logging.getLogger("firstline.security")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: what was asked for (never its query), the status or close code, why, and who asked, if that is known."""

    asked: str
    status: int
    reason: str
    actor: str = ""

    def bounded(self) -> Refusal:
        """Return the same with nothing in it that looks like a secret, and of bounded length."""
        return replace(self, asked=_short(self.asked), reason=_short(self.reason), actor=self.actor[:LENGTH])


def _short(text: str) -> str:
    return redact(text[: 4 * LENGTH])[:LENGTH].encode("utf-8", "replace").decode()


@dataclass(slots=True)
class _Allowance:
    """How many records may be written now: a burst, refilled steadily."""

    left: float = RECORDS_AT_ONCE
    counted: float = field(default_factory=time.monotonic)

    def take(self, wanted: int) -> int:
        now = time.monotonic()
        self.left = min(RECORDS_AT_ONCE, self.left + (now - self.counted) * RECORDS_PER_MINUTE / 60)
        self.counted = now
        granted = min(wanted, int(self.left))
        self.left -= granted
        return granted


class Refusals:
    """Collects refusals from any thread and writes them when asked to.

    The same refusal again before it is written raises a count. At most 256 kinds wait; the rest is one count. At most
    240 records are written at once and 30 a minute from then on; what has to wait keeps counting. A write that fails
    loses nothing: it waits for the next.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        """Write to this store's audit, dated by this clock."""
        self._store = store
        self._clock = clock
        self._lock = Lock()
        self._waiting: OrderedDict[Refusal, tuple[datetime, int]] = OrderedDict()
        self._records = _Allowance()
        self._lines = _Allowance()

    def note(self, refusal: Refusal) -> None:
        """Remember one refusal. Never blocks on the store and never raises."""
        kept = refusal.bounded()
        with self._lock:
            fresh = kept not in self._waiting
            if fresh and len(self._waiting) >= KINDS_WAITING:
                kept = Refusal(FURTHER, 0, FURTHER)
            first, times = self._waiting.get(kept, (self._clock.now(), 0))
            self._waiting[kept] = (first, times + 1)
            said = fresh and self._lines.take(1)
        if said:
            log.warning("refused %s: %s (%s)", kept.asked, kept.reason, kept.status)

    def write(self) -> None:
        """Append what waits to the audit, as much as is allowed now.

        Raises whatever the store raises; then everything still waits.
        """
        with self._lock:
            chosen = list(self._waiting.items())[: self._records.take(len(self._waiting))]
            for refusal, _ in chosen:
                del self._waiting[refusal]
        if not chosen:
            return
        try:
            with self._store.write() as unit:
                unit.audit.append([_entry(refusal, first, times) for refusal, (first, times) in chosen])
        except BaseException:
            with self._lock:
                for refusal, (first, times) in chosen:
                    _, since = self._waiting.get(refusal, (first, 0))
                    self._waiting[refusal] = (first, times + since)
            raise


def _entry(refusal: Refusal, first: datetime, times: int) -> AuditEntry:
    said = {"asked": refusal.asked, "status": refusal.status, "reason": refusal.reason, "times": times}
    return AuditEntry(at=first, actor=refusal.actor, step=STEP, decision="refused", detail=said)
