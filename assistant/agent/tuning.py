"""What an operator sees of calibration and proposals, accepts and undoes, on every way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from assistant.desk.tuning import calibration_report, check_of_decisions, threshold_proposals
from assistant.domain.outcome import Judged
from assistant.domain.tuning import Calibration, Checked, Kind, Proposal, TuningDecision
from assistant.governance import retuning
from assistant.governance.in_force import InForce
from assistant.governance.policy import Policy
from assistant.governance.retuning import CannotTune
from assistant.ports.clock import Clock
from assistant.ports.store import Store

LOOK_BACK = timedelta(weeks=12)
FRESH = timedelta(minutes=15)
"""An older report is made anew beside the requests for it; after a decision the next request makes it."""
STALE = timedelta(hours=1)
"""So old a report is shown to nobody, even where nothing makes it anew beside the requests."""


@dataclass(frozen=True, slots=True)
class Report:
    """Calibration, proposals and decisions at a moment."""

    at: datetime
    since: datetime
    policy: Policy
    file: Policy
    calibrations: tuple[Calibration, ...]
    proposals: tuple[Proposal, ...]
    checked: tuple[Checked, ...]
    ranking: dict[str, Any]
    """What came of learning last."""

    @property
    def in_force(self) -> tuple[Checked, ...]:
        """The decisions that stand and apply."""
        return tuple(one for one in self.checked if one.held == "in force")


@dataclass(frozen=True, slots=True)
class Ranking:
    """What can be done about the ranking, from the composition root."""

    facts: Callable[[], dict[str, Any]]
    take: Callable[[str], TuningDecision]
    follow: Callable[[], bool]


@dataclass(slots=True)
class Retuning:
    """Reports, and takes decisions. A report is kept: over a hundred thousand results it takes seconds."""

    store: Store
    policies: InForce
    clock: Clock
    ranking: Ranking
    _kept: tuple[tuple[str, ...], Report] | None = field(default=None, init=False)
    _guard: Lock = field(default_factory=Lock, init=False)

    def refresh(self) -> None:
        """Make the report anew when it is too old. Whoever keeps the service going calls this, so that no request waits."""
        kept = self._kept
        if kept is None or self.clock.now() - kept[1].at > FRESH:
            with self.store.read() as unit:
                decisions, policy = unit.tuning.all(), self.policies.of(unit)
            made = self._made(decisions, policy, self.clock.now())
            with self._guard:
                self._kept = _key(decisions, policy), made

    def report(self) -> Report:
        """Return the report, never older than the last decision, and never ``STALE``."""
        now = self.clock.now()
        with self.store.read() as unit:
            decisions, policy = unit.tuning.all(), self.policies.of(unit)
        key = _key(decisions, policy)
        with self._guard:
            if self._kept is None or self._kept[0] != key or now - self._kept[1].at > STALE:
                self._kept = key, self._made(decisions, policy, now)
            return self._kept[1]

    def _made(self, decisions: Sequence[TuningDecision], policy: Policy, now: datetime) -> Report:
        judged, since = self._judged(now), now - LOOK_BACK
        return Report(
            at=now,
            since=since,
            policy=policy,
            file=self.policies.file,
            calibrations=tuple(calibration_report(judged)),
            proposals=tuple(threshold_proposals(judged, policy)),
            checked=tuple(check_of_decisions(decisions, judged, self.policies.file, now, since)),
            ranking=self.ranking.facts(),
        )

    def _judged(self, now: datetime) -> list[Judged]:
        with self.store.read() as unit:
            return unit.outcomes.judged(now - LOOK_BACK, now)

    def accept(self, where: str, auto: float, by: str) -> TuningDecision:
        """Accept what is proposed for a band, if it is still ``auto``.

        Raises:
            CannotTune: something else is proposed by now, or nothing.
            AlreadyDecided, PolicyError, OSError: see ``governance.retuning.accept``.
        """
        proposal = next((one for one in self.report().proposals if one.where == where), None)
        if proposal is None or proposal.proposed is None or abs(proposal.proposed.auto - auto) > 1e-9:
            raise CannotTune(f"{auto:.2f} is not proposed for {where} any more; look at the proposals again")
        with self.store.write() as unit:
            return retuning.accept(unit, self.policies, proposal, by, self.clock.now())

    def take_ranking(self, by: str) -> TuningDecision:
        """Take the ranking that waits.

        Raises:
            CannotTune, AlreadyDecided: see ``learning.take_ranking``.
        """
        return self.ranking.take(by)

    def undo(self, decision_id: str, by: str) -> TuningDecision:
        """Undo a decision.

        Raises:
            CannotTune, AlreadyDecided: see ``governance.retuning.undo``.
        """
        with self.store.write() as unit:
            undone = retuning.undo(unit, self.policies, decision_id, by, self.clock.now())
        if undone.kind is Kind.RANKING:
            self.ranking.follow()
        return undone


def _key(decisions: Sequence[TuningDecision], policy: Policy) -> tuple[str, ...]:
    """Return what a report is about: another one is needed when this changes."""
    return (*(f"{one.id}{one.stands}" for one in decisions), policy.version)
