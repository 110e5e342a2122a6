"""Changes: what is done to services and devices, on whose authority, when, and how it went device by device."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from assistant.domain.window import Window


class ChangeStatus(StrEnum):
    """Where a change stands."""

    AWAITING = "awaiting"
    """Opened; its authority is asked."""
    SCHEDULED = "scheduled"
    """Authorised; it waits for its window."""
    RUNNING = "running"
    HALTED = "halted"
    """It began and was ended before its last device: by its stop rule, or by an operator."""
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RECORDED = "recorded"
    """Made elsewhere; somebody wrote it down."""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more will begin by itself."""
        return self not in (ChangeStatus.AWAITING, ChangeStatus.SCHEDULED, ChangeStatus.RUNNING)

    @property
    def took_place(self) -> bool:
        """Say whether something was changed, or may have been."""
        return self in (ChangeStatus.RUNNING, ChangeStatus.HALTED, ChangeStatus.DONE, ChangeStatus.RECORDED)


C = ChangeStatus
NEXT: dict[ChangeStatus, frozenset[ChangeStatus]] = {
    C.AWAITING: frozenset({C.SCHEDULED, C.REFUSED, C.CANCELLED, C.EXPIRED}),
    C.SCHEDULED: frozenset({C.RUNNING, C.REFUSED, C.CANCELLED}),
    C.RUNNING: frozenset({C.HALTED, C.DONE}),
}


class IllegalChange(ValueError):
    """A change cannot go from the one status to the other."""


def moved(status: ChangeStatus, target: ChangeStatus) -> ChangeStatus:
    """Return ``target`` if a change may go there from ``status``.

    Raises:
        IllegalChange: the table has no such step.
    """
    if target not in NEXT.get(status, frozenset()):
        raise IllegalChange(f"a change that is {status} cannot become {target}")
    return target


@dataclass(frozen=True, slots=True)
class Terms:
    """What a change was authorised for. They are fixed when it is opened; nothing of the policy that changes later reaches it."""

    check: str
    """What failed."""
    remedy: str
    """What is done about it, as the policy and the fleet call it."""
    does: str
    """What that is, in words."""
    risk: str
    authority: str
    """The tool whose rule of the policy names who authorises it."""
    windows: tuple[Window, ...] = ()
    """() for a change that begins as soon as it is authorised."""
    longest_hours: float = 24.0
    """Of a change without windows."""
    waves: tuple[int, ...] = (1,)
    """How many devices each wave has; the last number is that of all further ones."""
    at_once: int = 1
    settle_minutes: float = 0.0
    """Between a remedy and the look whether it worked."""
    stop_share: float = 0.0
    """A wave of which more than this share failed is the last."""
    rollback: str = ""
    """The remedy that takes this one back, "" where nothing does."""
    queue: str = ""
    """Where the tickets about devices go on which it did not work."""

    def facts(self) -> dict[str, Any]:
        """Return plain values to be stored."""
        return asdict(self)

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Terms:
        """Read back what ``facts`` returned."""
        windows = tuple(Window(tuple(one["days"]), one["start"], one["end"], one["zone"]) for one in facts["windows"])
        return cls(**{**facts, "windows": windows, "waves": tuple(facts["waves"])})


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``terms`` is None for one that was made elsewhere."""

    id: str
    title: str
    service: str
    status: ChangeStatus
    by: str
    """Who made it or wants it: a person's id, or ``firstline``."""
    opened_at: datetime
    changed_at: datetime
    at: datetime | None = None
    """When it took effect or began to; None while it has not."""
    terms: Terms | None = None
    action: str = ""
    """The action that carries its approval."""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    """The window that it is carried out in, once it is authorised."""
    ended_at: datetime | None = None
    wave: int = -1
    """The wave that is under way or was last; -1 before the first."""
    why: str = ""
    """Why it ended as it did, where that has to be said."""


class StepState(StrEnum):
    """Where a change stands on one device."""

    WAITING = "waiting"
    APPLYING = "applying"
    """Handed to the fleet."""
    VERIFYING = "verifying"
    FIXED = "fixed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    """The device did not answer while the window was open; nothing was done to it."""
    UNKNOWN = "unknown"
    """It cannot be told whether it is as it should be; a person has to look."""
    LEFT = "left"
    """The change ended before its turn."""
    TAKING_BACK = "taking_back"
    TAKEN_BACK = "taken_back"
    STUCK = "stuck"
    """Taking it back did not work; a person has to look."""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more happens to the device by itself."""
        return self not in (StepState.WAITING, StepState.APPLYING, StepState.VERIFYING, StepState.TAKING_BACK)

    @property
    def went_wrong(self) -> bool:
        """Say whether it counts for the stop rule: something was done and did not help, or nobody can tell."""
        return self in (StepState.FAILED, StepState.UNKNOWN, StepState.TAKING_BACK, StepState.TAKEN_BACK, StepState.STUCK)


@dataclass(frozen=True, slots=True)
class DeviceStep:
    """What a change does to one device. (``change``, ``number``) is its key, fixed when the change is opened."""

    change: str
    number: int
    device: str
    name: str
    wave: int
    state: StepState
    changed_at: datetime
    before: str = ""
    """What failed there when the change was opened."""
    after: str = ""
    """What was seen there last."""
    why: str = ""
    ticket: str = ""
    undone_by: str = ""
    """Who had it taken back: ``firstline`` where it did not help, a person's id, or "" while nobody did."""


def waves_of(count: int, sizes: Sequence[int]) -> list[int]:
    """Return the number of the wave of each of ``count`` devices, in order; the last size repeats."""
    found: list[int] = []
    wave = 0
    while len(found) < count:
        size = sizes[min(wave, len(sizes) - 1)]
        found += [wave] * min(size, count - len(found))
        wave += 1
    return found


def digest_of(title: str, service: str, terms: Terms, devices: Iterable[tuple[str, int]]) -> str:
    """Return the SHA-256 of everything that is authorised: terms, and the devices with their waves."""
    agreed = [title, service, terms.facts(), sorted(devices)]
    return sha256(json.dumps(agreed, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many devices of a change, or of one of its waves, stand where."""

    states: Counter[StepState]

    @classmethod
    def of(cls, steps: Iterable[DeviceStep]) -> Tally:
        """Count steps."""
        return cls(Counter(step.state for step in steps))

    @property
    def count(self) -> int:
        """How many there are."""
        return self.states.total()

    @property
    def fixed(self) -> int:
        """How many are as they should be."""
        return self.states[StepState.FIXED]

    @property
    def unfinished(self) -> int:
        """How many something will still happen to."""
        return sum(number for state, number in self.states.items() if not state.is_over)

    @property
    def begun(self) -> int:
        """How many something was done to, or may have been."""
        return self.count - sum(self.states[state] for state in (StepState.WAITING, StepState.LEFT, StepState.UNREACHABLE))

    @property
    def wrong(self) -> int:
        """How many it went wrong on."""
        return sum(number for state, number in self.states.items() if state.went_wrong)

    def stops(self, share: float) -> bool:
        """Say whether more than this share of those that something was done to went wrong."""
        return self.begun > 0 and self.wrong > share * self.begun
