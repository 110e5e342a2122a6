"""Joiners and leavers: a case for one person, and the steps of its checklist, each with a state machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class CaseKind(StrEnum):
    """Whether somebody comes or goes."""

    JOIN = "join"
    LEAVE = "leave"


class CaseStatus(StrEnum):
    """Where a case stands."""

    RUNNING = "running"
    DONE = "done"
    """Every step has ended well, or was left out."""
    WITHDRAWING = "withdrawing"
    """The person will not come, or stays after all: what was done is being taken back."""
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        """Say whether something is still to happen."""
        return self in (CaseStatus.RUNNING, CaseStatus.WITHDRAWING)


class StepKind(StrEnum):
    """What a step does."""

    LAPTOP = "laptop"
    """Keeps a device of the stock for the person."""
    ACCOUNT = "account"
    """Opens the account."""
    GROUPS = "groups"
    """Makes the person a member of groups, all of which the manager approves at once."""
    POLICIES = "policies"
    """Has the person acknowledge documents."""
    NOTIFY = "notify"
    READINESS = "readiness"
    """Looks whether everything is there on the first day."""
    TASK = "task"
    """A ticket for people."""
    ACCESS = "access"
    """Ends every membership."""
    DISABLE = "disable"
    """Switches the account off."""
    RETURN = "return"
    """A ticket for the devices to come back, which then are in stock again."""
    HANDOVER = "handover"
    """Says on the person's open tickets who answers for them now."""


class StepStatus(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    """For its time, or for the steps that it needs."""
    DOING = "doing"
    ASKED = "asked"
    """Somebody has to decide, or to do it."""
    DONE = "done"
    FAILED = "failed"
    """It did not come about; somebody has to look."""
    SKIPPED = "skipped"
    UNDOING = "undoing"
    UNDONE = "undone"
    KEPT = "kept"
    """It could not be taken back; somebody has to look."""

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is expected of it."""
        return self in (StepStatus.DONE, StepStatus.SKIPPED, StepStatus.UNDONE)


S = StepStatus
NEXT: Mapping[StepStatus, frozenset[StepStatus]] = {
    S.WAITING: frozenset({S.DOING, S.ASKED, S.DONE, S.FAILED, S.SKIPPED}),
    S.DOING: frozenset({S.ASKED, S.DONE, S.FAILED, S.SKIPPED}),
    S.ASKED: frozenset({S.DOING, S.DONE, S.FAILED, S.SKIPPED, S.UNDOING}),
    S.FAILED: frozenset({S.WAITING, S.DONE, S.SKIPPED, S.UNDOING}),
    S.DONE: frozenset({S.UNDOING, S.UNDONE}),
    S.UNDOING: frozenset({S.UNDONE, S.KEPT}),
    S.KEPT: frozenset({S.UNDOING, S.UNDONE}),
    S.UNDONE: frozenset({S.WAITING}),
    S.SKIPPED: frozenset({S.WAITING}),
}


class IllegalStep(ValueError):
    """A step cannot go from the one status to the other."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something that people have to know of."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of a checklist. Who is named is ``manager``, ``joiner`` (the person), ``group:NAME`` or ``person:ID``."""

    id: str
    title: str
    kind: StepKind
    days: int = 0
    """Working days after the first day (or the last), negative for before."""
    hour: int = 8
    """Of that day, where the person works."""
    leaving: bool = False
    """Due at the moment of leaving, to the minute; ``days`` and ``hour`` do not count."""
    needs: tuple[str, ...] = ()
    owner: str = ""
    late_days: int = 0
    """Working days after which it is late; 0 with ``late_minutes``."""
    late_minutes: int = 0
    escalate_to: str = ""
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Department, location and title of those for whom it is done; of each that is named, one has to fit."""
    groups: tuple[str, ...] = ()
    platform: str = ""
    documents: tuple[Document, ...] = ()
    to: tuple[str, ...] = ()
    text: str = ""
    queue: str = ""

    def facts(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        made = asdict(self)
        return made | {"kind": self.kind.value, "only": {name: list(values) for name, values in self.only.items()}}

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> PlannedStep:
        """Read back what ``facts`` wrote."""
        lists = {name: tuple(facts[name]) for name in ("needs", "groups", "to")}
        documents = tuple(Document(**one) for one in facts["documents"])
        only = {name: tuple(values) for name, values in facts["only"].items()}
        return cls(**{**facts, **lists, "kind": StepKind(facts["kind"]), "documents": documents, "only": only})


@dataclass(frozen=True, slots=True)
class StepState:
    """How far a step is. ``generation`` rises whenever it gets another time or is tried again: what was planned before counts no more."""

    step: str
    status: StepStatus
    due_at: datetime
    late_at: datetime | None = None
    generation: int = 0
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    by: str = ""
    """Who did it, "" for Firstline."""
    action: str = ""
    ticket: str = ""
    why: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    reminded_at: datetime | None = None
    escalated_at: datetime | None = None

    def moved(self, status: StepStatus, at: datetime, **changes: Any) -> StepState:
        """Return the step in another status.

        Raises:
            IllegalStep: the table has no such step.
        """
        if status not in NEXT[self.status]:
            raise IllegalStep(f"a step that is {self.status} cannot become {status}")
        begun = self.begun_at or (at if status not in (S.WAITING, S.SKIPPED) else None)
        ended = at if status.is_over or status in (S.FAILED, S.KEPT) else None
        return replace(self, **{"status": status, "begun_at": begun, "ended_at": ended, "why": "", **changes})


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is known of the person of a case beside the id. It came from HR: it fills fields and decides nothing."""

    name: str
    email: str = ""
    private: str = ""
    """Private address, for what has to arrive before the first day."""
    title: str = ""
    department: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Somebody who joins or leaves."""

    id: str
    kind: CaseKind
    status: CaseStatus
    employee: str
    """HR's number for the person."""
    person: str
    """Id of the account."""
    manager: str
    who: Newcomer
    day: date
    """The first day, or the last."""
    moment: datetime
    """The first day at its beginning, or the moment of leaving."""
    zone: str
    started_by: str
    source: str
    """``hr``, ``form`` or ``command``."""
    told_at: datetime
    """When HR last said something about it: what was said before counts no more."""
    created_at: datetime
    changed_at: datetime
    checklist: str
    """Version of the checklist."""
    planned: tuple[PlannedStep, ...] = ()
    steps: tuple[StepState, ...] = ()
    version: int = 0

    def plan(self, step: str) -> PlannedStep:
        """Return a step as the checklist has it."""
        return next(one for one in self.planned if one.id == step)

    def state(self, step: str) -> StepState:
        """Return how far a step is."""
        return next(one for one in self.steps if one.step == step)

    def has(self, step: str) -> bool:
        """Say whether there is such a step in this case."""
        return any(one.step == step for one in self.steps)

    def key(self, step: str) -> str:
        """Return what a step's effect outside is known by; the same however often it is tried."""
        return f"joiner:{self.id}:{step}"

    def with_step(self, changed: StepState, at: datetime) -> Case:
        """Return the case with one step changed."""
        return replace(self, steps=tuple(changed if one.step == changed.step else one for one in self.steps), changed_at=at)

    def met(self, step: str) -> bool:
        """Say whether everything that a step needs is done. What this case does not have is not waited for."""
        needed = [one for one in self.steps if one.step in self.plan(step).needs]
        return all(one.status in (S.DONE, S.SKIPPED) for one in needed)

    @property
    def is_ready(self) -> bool:
        """Say whether everything was there at the look on the first day."""
        return any(one.result.get("ready") is True for one in self.steps)

    def late(self, at: datetime) -> tuple[StepState, ...]:
        """Return the steps that are late."""
        return tuple(one for one in self.steps if is_late(one, at))


def is_late(state: StepState, at: datetime) -> bool:
    """Say whether a step is open after its time, or has ended after it."""
    if state.late_at is None or state.status in (S.SKIPPED, S.UNDOING, S.UNDONE, S.KEPT):
        return False
    until = state.ended_at if state.status is S.DONE and state.ended_at is not None else at
    return until > state.late_at


def newcomer(facts: Mapping[str, Any]) -> Newcomer:
    """Read back the facts of a person, without those that are none."""
    known = {one.name for one in fields(Newcomer)}
    return Newcomer(**{name: str(value) for name, value in facts.items() if name in known})
