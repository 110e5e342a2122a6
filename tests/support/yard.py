"""A fleet, the practice of changes over it, and a clock: looks, windows and waves carried out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.adapters.devices.listed import Listed, Trouble
from assistant.adapters.memory.fleet import MemoryFleet
from assistant.adapters.memory.store import MemoryStore
from assistant.domain.change import Change, ChangeStatus, DeviceStep, StepState, Tally
from assistant.domain.compliance import ComplianceRun
from assistant.domain.configuration import Company, Device, Person
from assistant.governance import change_rules, compliance_rules
from assistant.governance.policy import Policy
from assistant.governance.policy_file import load_policy
from assistant.ports.store import Store
from assistant.workflows.change_errands import change_errands
from assistant.workflows.changing import ChangePractice
from assistant.workflows.errands import Errands
from kb.model import Platform
from tests.support.workshop import MADE, Workshop

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STALE, FRESH = MONDAY - 20 * DAY, MONDAY - DAY
OPERATORS = frozenset({"it-operators"})
COMPANY = replace(
    MADE,
    company=Company("Example", "x.example", "Europe/Stockholm"),
    people=(*MADE.people, Person("ola", "Ola Rud", "ola@x.example", groups=OPERATORS), Person("pia", "Pia Lund", "pia@x.example", groups=OPERATORS)),
)


def laptop(number: int, *, stale: bool = True, trouble: Trouble = Trouble.NONE, encrypted: bool = True, owner: str = "") -> Listed:
    """A laptop whose signatures are 20 days old, or one."""
    device = Device(f"LT-{number:02}", owner, f"Laptop {number:02}", Platform.WINDOWS, "Windows 11")
    return Listed(device, STALE if stale else FRESH, None, encrypted, "10.0.22631", "10.0.26100", MONDAY, trouble)


class Yard:
    """Twelve laptops, of which eight have old signatures, unless others are given."""

    def __init__(
        self, devices: list[Listed] | None = None, store: Store | None = None, fleet: MemoryFleet | None = None, policy: Policy | None = None
    ) -> None:
        self.store = store or MemoryStore(0.78)
        policy = policy or load_policy()
        self.workshop = Workshop(self.store, policy=policy, made=COMPANY, at=MONDAY)
        self.clock = self.workshop.clock
        self.fleet = fleet or MemoryFleet()
        self.fleet.now = self.clock.now
        if fleet is None or devices is not None:
            self.fleet.replace(devices if devices is not None else [laptop(n, stale=n < 8) for n in range(12)])
        rules, checks = change_rules.rules_of(policy), compliance_rules.rules_of(policy)
        self.practice = ChangePractice(self.store, self.clock, self.fleet, self.workshop.acting.fulfilment, checks, rules, lambda: "Europe/Stockholm")
        self.workshop.carrier = replace(
            self.workshop.carrier, errands=Errands({**self.workshop.carrier.errands.kinds, **change_errands(self.practice)})
        )
        self._looks = 0

    def look(self) -> ComplianceRun:
        """Look at the fleet now, and carry out what is due."""
        self._looks += 1
        run = self.practice.look(f"look:{self._looks}")
        self.workshop.carry()
        return run

    def wait(self, by: timedelta, step: timedelta = 5 * MINUTE) -> None:
        """Let time pass, carrying out what is due on the way."""
        until = self.clock.now() + by
        while self.clock.now() < until:
            self.clock.advance(min(step, until - self.clock.now()))
            self.workshop.carry()

    def evening(self) -> None:
        """Wait until the window of the evening has been open for a while: 20:00 in Stockholm is 19:00 UTC in November."""
        self.wait(MONDAY.replace(hour=18, minute=59) - self.clock.now(), HOUR)
        self.wait(2 * MINUTE, MINUTE)

    def changes(self) -> list[Change]:
        """Return all changes, the last opened first."""
        with self.store.read() as unit:
            return unit.changes.latest()

    def change(self, status: ChangeStatus | None = None) -> Change:
        """Return the only change, which has this status if one is given."""
        (found,) = self.changes()
        assert status is None or found.status is status, found
        return found

    def steps(self, change: Change | None = None) -> list[DeviceStep]:
        """Return the devices of a change."""
        with self.store.read() as unit:
            return unit.changes.steps((change or self.change()).id)

    def states(self) -> dict[StepState, int]:
        """Return how many devices of the only change stand where."""
        return dict(Tally.of(self.steps()).states)

    def tickets(self) -> list[str]:
        """Return the subjects of the tickets in the queue for devices that people work on."""
        with self.store.read() as unit:
            return sorted(one.subject for one in unit.own_tickets.all(queue="endpoint") if one.assignee != "firstline")

    def noted(self) -> list[str]:
        """Return what the audit says of changes, in order."""
        with self.store.read() as unit:
            bodies = [json.loads(record.body) for record in unit.audit.read(limit=10_000)]
        return [body["decision"] for body in bodies if body["step"] == "change"]

    def close(self) -> None:
        """Finish."""
        self.workshop.close()
