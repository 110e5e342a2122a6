"""The policy in force: the file, with the thresholds that operators have accepted and the rungs that were decided."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Lock

from assistant.domain.rollout import RungDecision
from assistant.domain.tuning import Kind, TuningDecision
from assistant.governance.policy import Accepted, Band, Policy, PolicyError
from assistant.governance.policy_file import read_policy
from assistant.ports.store import UnitOfWork

log = logging.getLogger("firstline.policy")
STEPS = "steps."


def threshold_of(decision: TuningDecision) -> Accepted:
    """Return the threshold that a decision is about.

    Raises:
        KeyError: it is about something else.
    """
    before, after = decision.before, decision.after
    instead = Band(float(before["file_auto"]), float(before["file_review"]))
    return Accepted(decision.where.removeprefix(STEPS), Band(float(after["auto"]), float(after["review"])), instead, decision.id)


def applies(decision: TuningDecision, file: Policy) -> bool:
    """Say whether a threshold still fits the policy file: the file's band is the one that it was accepted in place of, and its range allows it."""
    taken = threshold_of(decision)
    limits = file.tuning.get(taken.step)
    return limits is not None and file.bands.get(taken.step) == taken.instead and limits.lowest <= taken.band.auto <= limits.highest


def in_force(decisions: Sequence[TuningDecision], file: Policy) -> list[TuningDecision]:
    """Return the thresholds that apply now, by band: of each the last accepted one that was not undone, if it fits the file."""
    last: dict[str, TuningDecision] = {}
    for one in sorted(decisions, key=lambda one: one.number):
        if one.kind is Kind.THRESHOLD and one.stands:
            last[one.where] = one
    return [last[where] for where in sorted(last) if applies(last[where], file)]


def amended(file: Policy, decisions: Sequence[TuningDecision], rungs: Sequence[RungDecision] = ()) -> Policy:
    """Return the file's policy with these thresholds and rungs, under a version of its own; its examples were tried.

    Raises:
        PolicyError: a threshold does not fit the file, or an example does not come out any more.
    """
    if not decisions and not rungs:
        return file
    parts = [file.text if file.text.endswith("\n") else f"{file.text}\n", *(threshold_of(one).text() for one in decisions), *map(_rung_text, rungs)]
    return read_policy("".join(parts), "in use with what was decided since")


def _rung_text(one: RungDecision) -> str:
    """Return a rung as a table of the policy file; what JSON takes for a text, TOML does too."""
    return f'\n[[rungs]]\ncategory = {json.dumps(one.category, ensure_ascii=False)}\nrung = "{one.rung}"\ndecision = "{one.id}"\n'


class InForce:
    """Gives the policy that is in force in a transaction. Every process reads the same rows, so a decision is everywhere from its commit on."""

    def __init__(self, file: Policy, keep: Callable[[Policy], None]) -> None:
        """Begin with the policy of the file; ``keep`` keeps a policy for later replays before it is first used."""
        self.file = file
        self._keep = keep
        self._made: dict[tuple[str, ...], Policy] = {(): file}
        self._guard = Lock()

    def of(self, unit: UnitOfWork) -> Policy:
        """Return the policy in force as the transaction sees it.

        A combination that cannot be used or kept is logged, and the file's own policy stands: it was tried and kept at the start.
        """
        decisions, rungs = in_force(unit.tuning.standing(Kind.THRESHOLD), self.file), unit.rollout.standing()
        key = (*(one.id for one in decisions), *(one.id for one in rungs))
        with self._guard:
            made = self._made.get(key)
        return made if made is not None else self._make(key, decisions, rungs)

    def _make(self, key: tuple[str, ...], decisions: Sequence[TuningDecision], rungs: Sequence[RungDecision]) -> Policy:
        """Make a policy. Where thresholds cannot be used, the rungs stand all the same: they only take autonomy away."""
        try:
            policy = amended(self.file, decisions, rungs)
            self._keep(policy)
        except (PolicyError, OSError):
            log.exception("what was decided (%s) cannot be used or kept; the bands of the policy file stand", ", ".join(key))
            return replace(self.file, rungs={one.category: one.rung for one in rungs})
        with self._guard:
            self._made = {(): self.file, key: policy}
        return policy

    def tried(self, unit: UnitOfWork, wanted: TuningDecision) -> Policy:
        """Return the policy as it would be with one more decision, tried with its own examples and kept.

        Raises:
            PolicyError: it cannot be used.
            OSError: it cannot be kept.
        """
        if not applies(wanted, self.file):
            raise PolicyError(f"the policy file does not let {wanted.where} be tuned to this")
        policy = amended(self.file, in_force([*unit.tuning.standing(Kind.THRESHOLD), wanted], self.file), unit.rollout.standing())
        self._keep(policy)
        return policy

    def moved(self, unit: UnitOfWork) -> str:
        """Return the version of the policy as a transaction that changed a rung leaves it, tried and kept.

        Raises:
            PolicyError: it cannot be used.
            OSError: it cannot be kept.
        """
        policy = amended(self.file, in_force(unit.tuning.standing(Kind.THRESHOLD), self.file), unit.rollout.standing())
        self._keep(policy)
        return policy.version
