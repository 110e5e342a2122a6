"""Alerts as they come: stored at once, correlated behind that, and kept up to date as incidents with a ticket each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock

from assistant.desk.correlation.following import strayed, take
from assistant.desk.correlation.grouping import Correlator
from assistant.desk.correlation.profile import Profile
from assistant.domain.alert import Report, Standing
from assistant.governance.correlation_rules import CorrelationRules
from assistant.governance.redaction import redact
from assistant.ports.alerts import AlertsChanged
from assistant.ports.clock import Clock
from assistant.ports.identity import Workplace
from assistant.ports.store import Store, UnitOfWork
from assistant.workflows.alert_keeping import ORIGIN, Held, Keeping
from assistant.workflows.alerts_errands import in_use

log = logging.getLogger("firstline.workflows")
BATCH = 60
"""Reports worked on in one transaction."""
LOADED = 20_000
"""Open groups that are taken into memory at most, the latest."""
PASS_SECONDS = 0.8
TENDED = 100


@dataclass(slots=True)
class Alerting:
    """Everything that happens to alerts by itself. One pass at a time; whoever else changes groups makes the next pass load them anew."""

    store: Store
    clock: Clock
    rules: Callable[[], CorrelationRules]
    policy: Callable[[], str]
    """The version of the policy that the rules are from."""
    workplace: Workplace
    wordless: bool = False
    """Of what sources wrote in words nothing is kept."""
    _held: Held | None = field(default=None, init=False)
    _passing: Lock = field(default_factory=Lock, init=False)

    # -- taking in ----------------------------------------------------------------------------------------------------------

    def receive(self, source: str, delivery: str, reports: Sequence[Report]) -> bool:
        """Store reports of a delivery in one transaction; return False, and change nothing, for one that came before.

        What strayed in time is kept aside with the reason.
        """
        rules, now = self.rules(), self.clock.now()
        kept = [self._kept(one, rules) for one in reports]
        with self.store.write() as unit:
            if not unit.outside.deliver(f"{ORIGIN}:{source}"[:80], delivery, now):
                return False
            unit.alerts.receive(kept)
        return True

    def _kept(self, one: Report, rules: CorrelationRules) -> Report:
        said = replace(one, text="", fields=()) if self.wordless else replace(one, text=redact(one.text) if one.text else "")
        return replace(said, aside=one.aside or strayed(one, rules))

    # -- correlating --------------------------------------------------------------------------------------------------------

    def follow(self, *, gently: bool = False) -> int:
        """Work on what waits, for a short while, and tend what is open; return how many reports were worked on.

        Safe to call at any time from any thread: one pass runs, others return at once.
        """
        if not self._passing.acquire(blocking=False):
            return 0
        try:
            until, done = time.monotonic() + PASS_SECONDS, 0
            while time.monotonic() < until:
                began = time.monotonic()
                worked = self._pass()
                done += worked
                if worked < BATCH:
                    break
                if gently:
                    time.sleep(min(time.monotonic() - began, PASS_SECONDS))
            self._tend()
            return done
        finally:
            self._passing.release()

    def waits_for(self) -> timedelta:
        """Return for how long the first report waits, nothing where none does."""
        with self.store.read() as unit:
            waiting = unit.alerts.waiting(1)
        return max(self.clock.now() - waiting[0].received_at, timedelta()) if waiting else timedelta()

    def drain(self) -> int:
        """Work on everything that waits; for commands that run without the service, and for tests."""
        done = 0
        while worked := self.follow():
            done += worked
        return done

    def _pass(self) -> int:
        with self.store.read() as unit:
            waiting = unit.alerts.waiting(BATCH)
            if not waiting:
                return 0
            known = unit.alerts.of_fingerprints([one.fingerprint for one in waiting])
            held = self.as_of(unit)
        rules = self.rules()
        try:
            taken = take(held.correlator, waiting, known, rules)
            with self.store.write() as unit:
                held.revision = unit.alerts.advance(held.revision)
                self.keeping(unit, held).keep(taken, [one.number for one in waiting])
        except AlertsChanged:
            self._held = None
            return BATCH  # look again at once
        except BaseException:
            self._held = None  # what is in memory is ahead of the tables
            raise
        return len(waiting)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Keep passes from beginning inside the block, and wait for the one that runs."""
        with self._passing:
            yield

    def as_of(self, unit: UnitOfWork) -> Held:
        """Return the open groups in memory as of the tables; for whoever keeps passes from running meanwhile."""
        revision, held = unit.alerts.revision(), self._held
        if held is None or held.revision != revision:
            held = self._held = self._loaded(unit, revision)
        return held

    def _loaded(self, unit: UnitOfWork, revision: int) -> Held:
        rules, now = self.rules(), self.clock.now()
        weights = in_use(unit.alerts.weights())
        held = Held(Correlator(rules.window.total_seconds(), weights), revision)
        since = now - rules.window
        open_now = unit.alerts.groups((Standing.SINGLE, Standing.CANDIDATE, Standing.INCIDENT, Standing.RESOLVED, Standing.DISMISSED), LOADED)
        for group in sorted(open_now, key=lambda one: one.last_at):
            if group.last_at < since or (group.standing is Standing.RESOLVED and (group.calm_since or now) < now - rules.reopen):
                continue
            held.correlator.enter(group.id, Profile.of_plain(group.profile), group.settled)
            if group.ticket and {group.told.get("alerts"), group.told.get("described")} != {group.alerts}:
                held.untold[group.id] = now
        return held

    def keeping(self, unit: UnitOfWork, held: Held) -> Keeping:
        """Return what writes down what becomes of groups, in a transaction."""
        return Keeping(unit, held, self.rules(), self.policy(), self.workplace, self.clock.now())

    # -- tending ------------------------------------------------------------------------------------------------------------

    def _tend(self) -> None:
        """Resolve what is calm, close what takes no more, show lonely critical alerts, and note what joined a while ago."""
        rules, now = self.rules(), self.clock.now()
        with self.store.read() as unit:
            calm = [
                *unit.alerts.calming(Standing.INCIDENT, now - rules.calm, TENDED),
                *unit.alerts.calming(Standing.CANDIDATE, now - rules.calm, TENDED),
            ]
            lonely = unit.alerts.lonely(now - rules.alone, now - rules.window, TENDED)
            held = self._held or self.as_of(unit)
        untold = [one for one, at in held.untold.items() if at <= now]
        held.correlator.close_before((now - rules.window).timestamp())
        if not (calm or lonely or untold):
            return
        with self.store.write() as unit:
            held = self.as_of(unit)
            try:
                held.revision = unit.alerts.advance(held.revision)
                keeping = self.keeping(unit, held)
                keeping.resolve([one.id for one in calm])
                keeping.show([one.id for one in lonely])
                keeping.tell(untold)
            except BaseException:
                self._held = None
                raise
