"""The workflow of a change: twelve devices in waves, of which one refuses, one takes the remedy on and stays as it was, one is slow to answer."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from assistant.adapters.devices.listed import Listed, Trouble
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.fleet import MemoryFleet
from assistant.adapters.memory.notifier import MemoryNotifier
from assistant.adapters.notify.message import Sender
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.agent.tools.acts import ToolActs
from assistant.agent.tools.registry import TOOLS
from assistant.agent.tools.tool import Hands
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.changing.carrying_out import APPLY
from assistant.desk.fulfilment import RUN, Fulfilment
from assistant.domain.action import Action
from assistant.domain.change import StepState
from assistant.domain.configuration import Company, Device, Organisation, Queue
from assistant.governance import change_rules, compliance_rules
from assistant.governance.policy import Policy
from assistant.governance.policy_file import PACKAGED, parse_policy
from assistant.ports.outside import Unavailable
from assistant.ports.store import Event, UnitOfWork
from assistant.workflows.carrying import Carrier
from assistant.workflows.change_errands import ApplyRemedy, change_errands
from assistant.workflows.changing import ChangePractice
from assistant.workflows.errands import DONE, Call, Ended, Errand, Errands, RunAction
from evals.kills.drill import Account, Effects, FastClock
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.model import Platform

START = datetime(2026, 11, 23, 19, 5, tzinfo=UTC)
"""In the window of a Monday evening."""
SPEED = 240.0
DEVICES = 12
SLOW = 0.03
"""Seconds that a call takes, half before its effect and half after it, so that kills fall on both sides."""
NEW_KEY, STRUCK_OFF = "a new key for every try", "struck off before it is done"
FAULTS = {NEW_KEY: "twice", STRUCK_OFF: "lost"}
"""Seeded faults, and what they have to show."""


class FileFleet(MemoryFleet):
    """A fleet whose every effect is a line of a file; what the devices are like follows from the lines."""

    def __init__(self, home: Path, clock: FastClock, rng: random.Random) -> None:
        """Stand over the effects of this folder."""
        super().__init__(now=clock.now)
        self._log, self._home, self._rng = Effects(home / "effects"), home, rng
        for listed in _devices():
            self.listed[listed.device.id] = listed
        for key, device, remedy in self._log.lines():
            self.done[key] = (device, remedy)
            self.listed[device] = self.listed[device].remedied(remedy, clock.now())

    def remediate(self, device_id: str, remedy: str, key: str) -> None:
        """See the port; one call in ten finds the device away."""
        time.sleep(SLOW / 2)
        if self._rng.random() < 0.1:
            raise Unavailable("away", 0.0)
        after = self.listed[device_id].remedied(remedy, self.now())
        if key not in self.done:
            self._log.append(key, device_id, remedy)
            self.done[key], self.listed[device_id] = (device_id, remedy), after
        time.sleep(SLOW / 2)


def _devices() -> list[Listed]:
    troubles = {3: Trouble.REFUSES, 7: Trouble.STUBBORN}
    old = START.replace(day=1)
    devices = [Device(f"LT-{n:02}", "", f"Laptop {n:02}", Platform.WINDOWS, "Windows 11") for n in range(DEVICES)]
    return [Listed(one, old, None, True, "10.0.22631", trouble=troubles.get(n, Trouble.NONE)) for n, one in enumerate(devices)]


@cache
def _policy() -> Policy:
    changed = {
        "waves = [1, 5, 20]": "waves = [2, 6, 20]",
        "at_once = 5": "at_once = 3",
        "settle_minutes = 10": "settle_minutes = 0.1",
        "stop_above = 0.25": "stop_above = 0.6",
        "devices_at_most = 10\n": f"devices_at_most = {DEVICES}\n",
        "touches_at_most = 10\n": f"touches_at_most = {DEVICES}\n",
    }
    text = PACKAGED.read_text(encoding="utf-8")
    for old, new in changed.items():
        text = text.replace(old, new, 1)
    return parse_policy(text, "of the drill")


class ChangeDrill:
    """See ``Drill``."""

    def prepare(self, home: Path, rng: random.Random) -> None:
        """See the protocol."""
        del rng
        engine = open_engine(f"sqlite:///{home / 'kills.db'}")
        migrate(engine)
        migrate(engine, MIGRATIONS, SCHEMA_TABLE)
        engine.dispose()
        FastClock(home, START, SPEED).begin()
        practice, _, close = _opened(home, "", random.Random(0))
        practice.look("look:1")
        close()

    def work(self, home: Path, bad: str) -> None:
        """See the protocol."""
        practice, carrier, close = _opened(home, bad, random.Random(secrets.randbits(32)))
        while not _over(practice):
            carrier.drain()
            time.sleep(0.002)
        close()

    def account(self, home: Path) -> Account:
        """Every device is fixed, or a ticket says why not; no remedy was sent to a device twice, and no ticket was filed twice."""
        practice, _, close = _opened(home, "", random.Random(0))
        with practice.store.read() as unit:
            (change,) = unit.changes.latest()
            steps = unit.changes.steps(change.id)
            tickets = Counter(one.subject for one in unit.own_tickets.all(queue="endpoint"))
        close()
        effects = Counter((device, remedy) for _, device, remedy in Effects(home / "effects").lines())
        lost = [f"{step.device} is {step.state}" for step in steps if not _accounted(step.state, step.ticket)]
        fixed = [step.device for step in steps if step.state is StepState.FIXED]
        unseen = [f"{device} is fixed, and nothing was sent" for device in fixed if not effects[device, "update-signatures"]]
        left = [] if change.status.is_over else [f"the change is {change.status}"]
        twice = [f"{remedy} on {device}: {number} times" for (device, remedy), number in effects.items() if number > 1]
        filed = [f"the ticket “{subject}”: {number} times" for subject, number in tickets.items() if number > 1]
        return Account(DEVICES, (*lost, *unseen, *left), (*twice, *filed))


def _accounted(state: StepState, ticket: str) -> bool:
    return state is StepState.FIXED or (state.is_over and bool(ticket))


def _over(practice: ChangePractice) -> bool:
    with practice.store.read() as unit:
        (change,) = unit.changes.latest()
        unfinished = any(not step.state.is_over for step in unit.changes.steps(change.id))
        return change.status.is_over and not unfinished


def _opened(home: Path, bad: str, rng: random.Random) -> tuple[ChangePractice, Carrier, Callable[[], None]]:
    clock, engine, policy = FastClock(home, START, SPEED), open_engine(f"sqlite:///{home / 'kills.db'}"), _policy()
    store = SqlStore(engine, 0.78)
    made = MemoryDirectory(Organisation(Company("Drill", "drill.example", "Europe/Stockholm"), queues=(Queue("endpoint", "Endpoint"),)))
    fulfilment = Fulfilment(policy, made, made, b"a key for measuring only")
    fleet = FileFleet(home, clock, rng)
    rules, checks = change_rules.rules_of(policy), compliance_rules.rules_of(policy)
    practice = ChangePractice(store, clock, fleet, fulfilment, checks, rules, lambda: "Europe/Stockholm")
    acts = ToolActs(Hands(made, MemoryNotifier(Sender("Drill", "drill@drill.example", clock)), made), _told)
    kinds: dict[str, Errand] = {**change_errands(practice), RUN: RunAction(store, fulfilment, acts)}
    if bad:
        kinds[APPLY] = (NewKey if bad == NEW_KEY else StruckOff)(practice)
    return practice, Carrier(store, Errands(kinds), clock, lambda _events: None, holder="drill"), engine.dispose


def _told(unit: UnitOfWork, action: Action, at: datetime) -> list[Event]:
    """Let the practice hear how an action ended; there is no conversation to tell it in."""
    ended = TOOLS[action.tool].ended
    if ended is not None:
        ended(unit, action, at)
    return []


class NewKey(ApplyRemedy):
    """A seeded fault: every try goes out under a key of its own."""

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        return ApplyRemedy.call(self, replace(call, entry=replace(call.entry, key=f"{call.entry.key}:{secrets.token_hex(4)}")))


class StruckOff(ApplyRemedy):
    """A seeded fault: the entry is struck off before its call is made."""

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        with self.practice.store.write() as unit:
            unit.outbox.finish(call.entry.key, DONE, call.at, {})
        result = ApplyRemedy.call(self, call)
        with self.practice.store.write() as unit:
            ApplyRemedy.end(self, unit, call.entry, Ended(DONE, result), call.at)
        return result
