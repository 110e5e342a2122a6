"""Joiners and leavers over any store, with a directory, a stock and mail in memory, and a clock that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.inventory import MemoryInventory
from assistant.adapters.memory.notifier import MemoryNotifier
from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.notify.message import Sender
from assistant.agent.state import Timings
from assistant.agent.tools.registry import undoing
from assistant.carriage import Outward, carrying, deciding, telling_of
from assistant.desk.onboarding.arrivals import arrival_of
from assistant.desk.onboarding.checklist import read_checklist
from assistant.domain.action import Action, Status
from assistant.domain.configuration import Company, Device, Entitlement, Organisation, Person, Queue
from assistant.domain.onboarding import Case, CaseKind, StepState
from assistant.governance.policy_file import load_policy
from assistant.ports.identity import Directory
from assistant.ports.inventory import Inventory
from assistant.ports.store import OutboxEntry, Store
from assistant.practising.joiners import newcomers_of
from assistant.workflows.joiner_errands import joiner_errands
from assistant.workflows.joiner_parts import Around
from assistant.workflows.joining import Joiners
from kb.model import Platform

KEY = b"a key for tests only, of no other use"
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
FIRST_DAY = "2026-11-30"
"""A Monday, four weeks later."""
JOIN = """
checklist: join
title: A new colleague
zones: {Boston: America/New_York}
steps:
  - {id: laptop, title: Keep a laptop, kind: laptop, when: -10, owner: "group:it-desk", late_after: 2, escalate_to: "person:cy", platform: windows}
  - {id: account, title: Open the account, kind: account, when: -5, owner: "group:it-desk", late_after: 1, escalate_to: "person:cy"}
  - {id: groups, title: Give access, kind: groups, when: -5, needs: [account], owner: manager, approval: manager, groups: [sales, ledger],
     late_after: 2, escalate_to: "person:cy"}
  - {id: rules, title: Read the rules, kind: policies, when: -3, needs: [account], owner: joiner, documents: [{title: Use of IT,
     url: "https://x.example/it"}]}
  - {id: desk, title: Prepare the desk, kind: task, when: -3, needs: [laptop], owner: "group:it-desk", queue: service-desk,
     text: "Put {laptop} on the desk of {name}."}
  - {id: welcome, title: Welcome, kind: notify, when: -2, needs: [account], owner: "group:it-desk", to: [joiner],
     text: "Welcome {name}. Your account is {person}."}
  - {id: day-one, title: Is everything there, kind: readiness, when: 0, owner: "group:it-desk", late_after: 2h, escalate_to: manager}
  - {id: begin, title: Everything is ready, kind: notify, when: 0, needs: [day-one], owner: "group:it-desk", to: [manager], text: "{name} can begin."}
"""
LEAVE = """
checklist: leave
title: A colleague leaves
steps:
  - {id: plan, title: What will happen, kind: notify, when: -2, owner: "group:it-desk", to: [manager], text: "{name} leaves on {last_day}."}
  - {id: disable, title: Switch the account off, kind: disable, when: leaving, owner: "group:it-desk", late_after: 15m, escalate_to: "person:cy"}
  - {id: access, title: End all access, kind: access, when: leaving, owner: "group:it-desk", late_after: 15m, escalate_to: "person:cy"}
  - {id: tickets, title: Hand tickets over, kind: handover, when: leaving, owner: "group:it-desk"}
  - {id: devices, title: Take the devices back, kind: return, when: leaving, owner: "group:it-desk", queue: service-desk, text: "Take back {laptop}."}
"""
MADE = Organisation(
    Company("Example", "x.example", "Europe/Stockholm"),
    people=(
        Person("ann", "Ann Berg", "ann@x.example", manager="bo", groups=frozenset({"sales", "ledger"}), recovery="ann@home.example"),
        Person("bo", "Bo Ek", "bo@x.example"),
        Person("cy", "Cy Dahl", "cy@x.example"),
        Person("fay", "Fay Holm", "fay@x.example", groups=frozenset({"it-desk"})),
        Person("hanna", "Hanna Roos", "hanna@x.example", groups=frozenset({"hr"})),
    ),
    devices=(
        Device("d1", "", "Latitude 1", Platform.WINDOWS, "Windows 11"),
        Device("d2", "", "Latitude 2", Platform.WINDOWS, "Windows 11"),
        Device("d9", "ann", "Latitude 9", Platform.WINDOWS, "Windows 11", primary=True),
    ),
    queues=(Queue("service-desk", "Service desk"),),
    entitlements=(Entitlement("ledger", "Ledger", owner="cy"), Entitlement("sales", "Sales tools", owner="cy")),
)
JOINS: dict[str, Any] = {
    "event": "join",
    "employee": "E-7",
    "name": "Åsa Zoë Lind",
    "first_day": FIRST_DAY,
    "manager": "bo",
    "title": "Engineer",
    "department": "R&D",
    "location": "Lund",
    "private_email": "asa@home.example",
}
LEAVES: dict[str, Any] = {"event": "leave", "employee": "E-1", "account": "ann", "leaving_at": "2026-11-13T17:00:00+01:00"}


@dataclass
class JoinerBench:
    """Cases and everything around them. ``wrap`` may put something between the cases and the directory, ``stock`` be another inventory."""

    store: Store = field(default_factory=lambda: MemoryStore(0.78))
    join: str = JOIN
    leave: str = LEAVE
    made: Organisation = MADE
    wrap: Callable[[Directory], Directory] = lambda directory: directory
    stock: Inventory | None = None
    at: datetime = MONDAY

    def __post_init__(self) -> None:
        self.clock = FixedClock(self.at)
        self.known = MemoryDirectory(self.made)
        self.directory = self.wrap(self.known)
        self.inventory: Inventory = self.stock or MemoryInventory(self.made.devices)
        self.notifier = MemoryNotifier(Sender("Help", "help@x.example", self.clock))
        outward = Outward(self.directory, self.known, self.known, self.notifier, None, newcomers_of(self.store, self.known))
        self.acting = deciding(outward, load_policy(), KEY)
        around = Around(
            self.store,
            self.clock,
            self.directory,
            self.known,
            self.known,
            self.inventory,
            self.notifier,
            self.acting.fulfilment,
            {CaseKind.JOIN: read_checklist(self.join, "join"), CaseKind.LEAVE: read_checklist(self.leave, "leave")},
            undoing,
            KEY,
            lambda: "http://127.0.0.1",
        )
        self.joiners, timings = Joiners(around, frozenset({"hr"})), Timings()
        self.telling = telling_of(outward, timings, tuple)
        self.carrier = carrying(
            outward,
            self.store,
            self.acting,
            self.clock,
            timings,
            tuple,
            lambda _events: None,
            outgoing=lambda _ticket: _never(),
            related=lambda _ticket, _others: [],
            settle=lambda _unit, _conversation, _at: [],
            url=lambda: "http://127.0.0.1",
            others=joiner_errands(around),
        )
        self.deliveries = 0

    def says(self, message: dict[str, Any] = JOINS, delivery: str = "", **changes: Any) -> Case | None:
        """Have HR's system say something now."""
        self.deliveries += 1
        now = self.clock.now()
        return self.joiners.deliver(arrival_of({"at": now.isoformat()} | message | changes, now), delivery or f"d{self.deliveries}")

    def begun(self, message: dict[str, Any] = JOINS, **changes: Any) -> Case:
        """Have HR's system say that something begins, and return the case."""
        case = self.says(message, **changes)
        assert case is not None
        return case

    def carry(self) -> None:
        """Carry out what is due."""
        self.carrier.drain()
        self.joiners.look()
        self.carrier.drain()

    def until(self, moment: datetime, step: timedelta = timedelta(hours=1)) -> None:
        """Let time pass, and carry out what falls due on the way."""
        self.carry()
        while self.clock.now() < moment:
            self.clock.advance(min(step, moment - self.clock.now()))
            self.carry()

    def case(self, case: Case) -> Case:
        """Return a case as it is stored."""
        return self.joiners.case(case.id)

    def state(self, case: Case, step: str) -> StepState:
        """Return a step as it is stored."""
        return self.case(case).state(step)

    def statuses(self, case: Case) -> dict[str, str]:
        """Return where the steps stand."""
        return {one.step: one.status.value for one in self.case(case).steps}

    def action(self, case: Case, step: str) -> Action:
        """Return the action of a step."""
        with self.store.read() as unit:
            found = unit.actions.load(self.state(case, step).action)
        assert found is not None
        return found

    def decide(self, case: Case, step: str, by: str = "bo", approves: bool = True) -> None:
        """Decide about the action of a step as somebody."""
        action, at = self.action(case, step), self.clock.now()
        person = self.known.person(by)
        assert person is not None
        with self.store.write() as unit:
            moved = self.acting.fulfilment.vote(unit, action.id, person, approves, action.hash, "", at)
            if moved.action.status.is_over:
                self.telling.tell(unit, moved.action, at)
        self.carry()

    def close_ticket(self, case: Case, step: str) -> None:
        """Close the ticket of a step as the desk would."""
        from assistant.domain.ticket import TicketStatus

        with self.store.write() as unit:
            unit.tickets.change_status(self.state(case, step).ticket, TicketStatus.RESOLVED, "fay", "done", self.clock.now())
        self.carry()

    def mails(self) -> list[tuple[str, str]]:
        """Return address and subject of every mail, each once."""
        return [(notice.address, notice.subject) for notice in self.notifier.sent.values()]

    def waiting(self) -> list[OutboxEntry]:
        """Return what the outbox holds still of steps, their ends and their mails."""
        with self.store.read() as unit:
            return [one for one in unit.outbox.waiting() if one.kind in ("joiner.step", "joiner.undo", "joiner.ended", "joiner.mail", "action.run")]

    def actions(self, status: Status) -> list[Action]:
        """Return the actions that stand so."""
        with self.store.read() as unit:
            return unit.actions.latest(status=status)


def _never() -> Any:
    raise AssertionError("no desk elsewhere hears of this")
