"""The rollout ladder as it works by itself: proposals are made when somebody looks, and done by rule every day where the policy says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.laddering import moving, proposals
from assistant.domain.rollout import Proposed, Rung, RungDecision
from assistant.governance.in_force import InForce
from assistant.governance.laddering import CannotMove, move, undo
from assistant.governance.rollout_rules import rules_of, rung_of
from assistant.ports.clock import Clock
from assistant.ports.rollout import RungTaken
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.errands import Call, Ended

log = logging.getLogger("firstline.workflows")
LOOK = "rollout.look"
EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ladder:
    """What the ladder is reached by: from pages, the command line and the weekly review."""

    store: Store
    clock: Clock
    policies: InForce
    category_of_tool: Callable[[str], str]

    def proposals(self, unit: UnitOfWork) -> list[Proposed]:
        """Return what the rules say of every category now."""
        return proposals(unit, self.policies.of(unit), self.category_of_tool, self.clock.now())

    def rung(self, unit: UnitOfWork, category: str) -> Rung:
        """Return the rung in force for a category."""
        return rung_of(self.policies.of(unit), category)

    def accept(self, category: str, to: Rung, by: str) -> RungDecision:
        """Do what the rules propose now.

        Raises:
            CannotMove: they do not propose this (any more).
            RungTaken: somebody moved the category meanwhile.
        """
        with self.store.write() as unit:
            found = next((one for one in self.proposals(unit) if one.evidence.category == category and one.to is to), None)
            if found is None:
                raise CannotMove(f"{category}: to {to} is not proposed any more; look again")
            return self._do(unit, found, by)

    def move(self, category: str, to: Rung, by: str, why: str) -> RungDecision:
        """Put a category on a rung, whatever the rules propose.

        Raises:
            CannotMove: the policy does not allow it, or no reason is given.
            RungTaken: somebody moved the category meanwhile.
        """
        with self.store.write() as unit:
            return move(unit, self.policies, category, to, by, why, self.clock.now())

    def undo(self, decision_id: str, by: str) -> RungDecision:
        """Take back a decision.

        Raises:
            CannotMove: it is not the one in force about its category.
            RungTaken: somebody took it back meanwhile.
        """
        with self.store.write() as unit:
            return undo(unit, self.policies, decision_id, by, self.clock.now())

    def by_rule(self) -> list[RungDecision]:
        """Do what the rules propose, where the policy lets them decide; return what was done."""
        done = []
        with self.store.write() as unit:
            if not rules_of(self.policies.of(unit)).by_rule:
                return []
            for one in moving(self.proposals(unit)):
                try:
                    done.append(self._do(unit, one, one.rule))
                except CannotMove as refused:
                    log.warning("the ladder could not move %s: %s", one.evidence.category, refused)
        return done

    def _do(self, unit: UnitOfWork, found: Proposed, by: str) -> RungDecision:
        assert found.to is not None, "only what moves is done"
        return move(unit, self.policies, found.evidence.category, found.to, by, found.why, self.clock.now(), evidence_of(found))

    def follow(self) -> None:
        """See that there is a look to come; called when the service starts."""
        now = self.clock.now()
        with self.store.write() as unit:
            unit.outbox.put(next_look(now))


def evidence_of(found: Proposed) -> dict[str, Any]:
    """Return the counts that a decision was made on."""
    one = found.evidence
    facts: dict[str, Any] = {"rule": found.rule, "since": one.since.isoformat(), "right": one.right.hits, "judged": one.right.total}
    facts |= {"silent": one.silent, "undone": one.undone}
    return facts | ({"predicted": one.predicted.hits, "tried": one.predicted.total} if one.predicted is not None else {})


def next_look(at: datetime) -> OutboxEntry:
    """Return the look of the day after a moment, under one key for the whole day."""
    return OutboxEntry(f"{LOOK}:{(at + EVERY).date().isoformat()}", LOOK, {}, at, at + EVERY)


@dataclass(frozen=True, slots=True)
class LookAtLadder:
    """``rollout.look``: does once a day what the rules propose, where the policy lets them decide."""

    ladder: Ladder
    patience: timedelta = EVERY

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. The next day's look is put with the first try, so that one day's trouble is not the next one's."""
        following = next_look(at)
        if following.key != entry.key:
            unit.outbox.put(following)
        return None

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second call moves nothing twice: verdicts count from the last decision on."""
        del call
        try:
            return {"moved": [one.id for one in self.ladder.by_rule()]}
        except RungTaken:
            return {"moved": []}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []
