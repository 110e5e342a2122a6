"""The workflow of joiners and leavers: one who comes, one who does not come after all, one who leaves, over systems that are files."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.inventory import MemoryInventory
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.agent.tools.acts import ToolActs
from assistant.agent.tools.registry import TOOLS, undoing
from assistant.agent.tools.tool import Hands
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.desk.fulfilment import EXPIRE, NOTICE, REMIND, RUN, Fulfilment
from assistant.desk.onboarding.arrivals import arrival_of
from assistant.desk.onboarding.checklist import read_checklist
from assistant.domain.action import Action, Status
from assistant.domain.configuration import Company, Device, Organisation, Person, Queue
from assistant.domain.onboarding import Case, CaseKind, CaseStatus
from assistant.domain.ticket import TicketStatus
from assistant.governance.policy_file import load_policy
from assistant.ports.identity import Account as AccountState
from assistant.ports.identity import NewAccount, NoSuchAccount
from assistant.ports.notify import Notice
from assistant.ports.outside import Unavailable
from assistant.ports.store import Event, UnitOfWork
from assistant.practising.joiners import newcomers_of
from assistant.workflows.carrying import Carrier
from assistant.workflows.errands import DONE, Call, Ended, Errand, Errands, Expire, Remind, RunAction, SendNotice
from assistant.workflows.joiner_errands import RunStep, joiner_errands
from assistant.workflows.joiner_parts import STEP, Around
from assistant.workflows.joining import Joiners
from evals.kills.drill import Account, Effects, FastClock
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.model import Platform

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPEED = 240.0
SLOW = 0.02
"""Seconds that a call takes, half before its effect and half after it, so that kills fall on both sides."""
COMES, STAYS_AWAY, LEAVES = "comes", "stays away", "leaves"
NEW_KEY, STRUCK_OFF = "a new key for every try", "struck off before it is done"
FAULTS = {NEW_KEY: "twice", STRUCK_OFF: "lost"}
"""Seeded faults, and what they have to show."""
KEY, EMPLOYEE, BOSS, GROUPS = b"a key for measuring only", "E-1", "bo", ("crm", "sales")
JOIN = """
checklist: join
steps:
  - {id: laptop, title: Keep a laptop, kind: laptop, owner: manager, when: -1}
  - {id: account, title: Open the account, kind: account, owner: manager, when: -1}
  - {id: groups, title: Give access, kind: groups, when: -1, needs: [account], owner: manager, approval: manager, groups: [crm, sales]}
  - {id: desk, title: Prepare the desk, kind: task, when: -1, needs: [laptop], owner: manager, text: "For {name}."}
  - {id: welcome, title: Welcome, kind: notify, when: -1, needs: [account], owner: manager, to: [joiner], text: "Welcome {name}."}
  - {id: day-one, title: Is everything there, kind: readiness, when: 0, hour: 0, needs: [groups, desk, laptop], owner: manager}
  - {id: begin, title: All is ready, kind: notify, when: 0, needs: [day-one], owner: manager, to: [manager], text: "{name} can begin."}
"""
LEAVE = """
checklist: leave
steps:
  - {id: disable, title: Switch off, kind: disable, when: leaving, owner: manager}
  - {id: access, title: End access, kind: access, when: leaving, owner: manager}
  - {id: devices, title: Take the devices back, kind: return, when: leaving, owner: manager, text: "{laptop}"}
  - {id: told, title: It is done, kind: notify, when: leaving, needs: [disable, access], owner: manager, to: [manager], text: "{name} has left."}
"""


def _made() -> Organisation:
    people = (Person("ann", "Ann Berg", "ann@drill.example", manager=BOSS, groups=frozenset(GROUPS)), Person(BOSS, "Bo Ek", "bo@drill.example"))
    devices = tuple(Device(f"LT-{n}", "", f"Laptop {n}", Platform.WINDOWS, "Windows 11") for n in range(40))
    return Organisation(Company("Drill", "drill.example", "UTC"), people, devices, queues=(Queue("service-desk", "Service desk"),))


@dataclass
class Outside:
    """What every call outside goes through: it takes a moment, and one in ten finds nobody there."""

    log: Effects
    rng: random.Random

    def does(self, effect: Callable[[], bool], *words: str) -> bool:
        """Have an effect and write it down, if it changes anything."""
        time.sleep(SLOW / 2)
        if self.rng.random() < 0.1:
            raise Unavailable("away", 0.0)
        changed = effect()
        if changed:
            self.log.append(*words)
        time.sleep(SLOW / 2)
        return changed


class FileDirectory(MemoryDirectory):
    """A directory whose every change is a line of a file, and which is what the lines say."""

    def __init__(self, outside: Outside) -> None:
        """Stand over the lines that there are."""
        super().__init__(_made())
        self._outside = outside
        for what, person, *more in outside.log.lines():
            self._replay(what, person, more)

    def _replay(self, what: str, person: str, more: list[str]) -> None:
        again: dict[str, Callable[[], object]] = {
            "create": lambda: super(FileDirectory, self).create(NewAccount(person, *more)),
            "grant": lambda: super(FileDirectory, self).grant(person, more[0]),
            "revoke": lambda: super(FileDirectory, self).revoke(person, more[0]),
            "disable": lambda: super(FileDirectory, self).disable(person),
            "enable": lambda: super(FileDirectory, self).enable(person),
        }
        if what in again:
            again[what]()

    def create(self, wanted: NewAccount) -> bool:
        """See the port."""
        facts = (wanted.id, wanted.name, wanted.email, wanted.title, wanted.department, wanted.location, wanted.manager, wanted.recovery)
        return self._outside.does(lambda: super(FileDirectory, self).create(wanted), "create", *facts)

    def grant(self, person_id: str, group: str) -> bool:
        """See the port."""
        return self._outside.does(lambda: super(FileDirectory, self).grant(person_id, group), "grant", person_id, group)

    def revoke(self, person_id: str, group: str) -> bool:
        """See the port."""
        return self._outside.does(lambda: super(FileDirectory, self).revoke(person_id, group), "revoke", person_id, group)

    def disable(self, person_id: str) -> bool:
        """See the port."""
        return self._outside.does(lambda: super(FileDirectory, self).disable(person_id), "disable", person_id)

    def enable(self, person_id: str) -> bool:
        """See the port."""
        return self._outside.does(lambda: super(FileDirectory, self).enable(person_id), "enable", person_id)


class FileInventory(MemoryInventory):
    """A stock whose every reservation is a line of a file."""

    def __init__(self, outside: Outside) -> None:
        """Stand over the lines that there are."""
        super().__init__(_made().devices)
        self._outside = outside
        for what, key, *more in outside.log.lines():
            if what == "reserve":
                super().reserve(key, more[0])
            elif what == "release":
                super().release(key)

    def reserve(self, key: str, person: str, kind: str = "laptop", platform: str = "") -> Device:
        """See the port."""

        def effect() -> bool:
            new = self.held(key) is None
            super(FileInventory, self).reserve(key, person, kind, platform)
            return new

        self._outside.does(effect, "reserve", key, person)
        held = self.held(key)
        assert held is not None, "it was kept a moment ago"
        return held

    def release(self, key: str) -> bool:
        """See the port."""
        return self._outside.does(lambda: super(FileInventory, self).release(key), "release", key)


@dataclass
class FileMail:
    """The ``Notifier`` port: a line for each message id; whoever gets one twice sees one mail."""

    outside: Outside

    def send(self, notice: Notice, key: str) -> None:
        """See the port."""
        known = {words[1] for words in self.outside.log.lines() if words[0] == "mail"}
        self.outside.does(lambda: key not in known, "mail", key, notice.address, notice.subject)


class JoinerDrill:
    """See ``Drill``."""

    def prepare(self, home: Path, rng: random.Random) -> None:
        """See the protocol."""
        scene = rng.choice((COMES, STAYS_AWAY, LEAVES))
        (home / "scene").write_text(scene)
        engine = open_engine(f"sqlite:///{home / 'kills.db'}")
        migrate(engine)
        migrate(engine, MIGRATIONS, SCHEMA_TABLE)
        engine.dispose()
        FastClock(home, START, SPEED).begin()
        joiners, _, close = _opened(home, "", random.Random(0))
        now = joiners.around.clock.now()
        said: dict[str, Any] = {"event": "join", "employee": EMPLOYEE, "at": now.isoformat()}
        if scene == LEAVES:
            said |= {"event": "leave", "account": "ann", "leaving_at": "now"}
        else:
            said |= {"name": "Eva Ny", "first_day": START.date().isoformat(), "manager": BOSS, "private_email": "eva@home.example"}
        joiners.take_in(arrival_of(said, now), "hr", "hr")
        close()

    def work(self, home: Path, bad: str) -> None:
        """See the protocol."""
        joiners, carrier, close = _opened(home, bad, random.Random(secrets.randbits(32)))
        while (case := _case(joiners)).status.is_open:
            carrier.drain()
            _people(joiners, case, (home / "scene").read_text())
            joiners.look()
            time.sleep(0.002)
        carrier.drain()
        close()

    def account(self, home: Path) -> Account:
        """Everything that the checklist says came about, or was taken back; nothing was done, reserved, sent or filed twice."""
        scene = (home / "scene").read_text()
        joiners, _, close = _opened(home, "", random.Random(0))
        case, done = _case(joiners), Effects(home / "effects").lines()
        with joiners.around.store.read() as unit:
            tickets = Counter(one.subject for one in unit.own_tickets.all())
        counted = Counter(words[:3] if words[0] in ("grant", "revoke") else words[:2] for words in done if words[0] != "reserve")
        mails = Counter((words[2], words[3]) for words in done if words[0] == "mail")
        devices = sum(words[0] == "reserve" for words in done)
        twice = [f"{' '.join(what)}: {number} times" for what, number in counted.items() if number > 1]
        twice += [f"the mail “{subject}” to {address}: {number} times" for (address, subject), number in mails.items() if number > 1]
        twice += [f"the ticket “{subject}”: {number} times" for subject, number in tickets.items() if number > 1]
        twice += [f"{devices} laptops were kept for one person"] if devices > 1 else []
        lost = [*_wrong(joiners, case, scene), *([f"the case is {case.status}"] if case.status.is_open else [])]
        close()
        return Account(len(case.steps), tuple(lost), tuple(twice))


def _wrong(joiners: Joiners, case: Case, scene: str) -> list[str]:
    """Say what is not as it has to be at the end of a scene."""
    around = joiners.around
    lines = FileMailLines(around)
    account = _account_of(around, case.person)
    if scene == LEAVES:
        ended = account is not None and not account.active and not account.groups
        return ([] if ended else ["access is left"]) + ([] if lines.has("It is done") else ["nobody was told"])
    if scene == STAYS_AWAY and case.status is CaseStatus.WITHDRAWN:
        left = ["the account is on, or has groups"] if account is not None and (account.active or account.groups) else []
        return left + (["a laptop is kept"] if around.inventory.kept_for(case.person) else [])
    wrong = [] if account is not None and account.active and account.groups == set(GROUPS) else [f"the account is {account}"]
    wrong += [] if len(around.inventory.kept_for(case.person)) == 1 else ["no laptop, or more than one"]
    return wrong + [f"no mail “{one}”" for one in ("Welcome", "All is ready") if not lines.has(one)]


def _account_of(around: Around, person: str) -> AccountState | None:
    try:
        return around.directory.account(person)
    except NoSuchAccount:
        return None


@dataclass
class FileMailLines:
    """What was sent, by the beginnings of subjects."""

    around: Around

    def has(self, begins: str) -> bool:
        """Say whether such a mail was sent."""
        notifier = self.around.notifier
        assert isinstance(notifier, FileMail), "the drill's own"
        return any(words[0] == "mail" and words[3].startswith(begins) for words in notifier.outside.log.lines())


def _case(joiners: Joiners) -> Case:
    with joiners.around.store.read() as unit:
        (case,) = unit.joiners.of_employee(EMPLOYEE)
    return case


def _people(joiners: Joiners, case: Case, scene: str) -> None:
    """Do what people do: approve, close tickets, and say that somebody does not come after all."""
    around, at = joiners.around, joiners.around.clock.now()
    if scene == STAYS_AWAY and case.status is CaseStatus.RUNNING and case.state("account").status.value == "done":
        joiners.withdraw(case.id, "hr")
        return
    with around.store.write() as unit:
        for one in case.steps:
            action = unit.actions.load(one.action) if one.action else None
            if action is not None and action.status is Status.AWAITING:
                boss = around.directory.person(BOSS)
                assert boss is not None, "the drill's own"
                around.fulfilment.vote(unit, action.id, boss, True, action.hash, "", at)
            ticket = unit.tickets.ticket(one.ticket) if one.ticket else None
            if ticket is not None and ticket.status.is_open:
                unit.tickets.change_status(ticket.id, TicketStatus.RESOLVED, BOSS, "done", at)


def _opened(home: Path, bad: str, rng: random.Random) -> tuple[Joiners, Carrier, Callable[[], None]]:
    clock, engine, policy = FastClock(home, START, SPEED), open_engine(f"sqlite:///{home / 'kills.db'}"), load_policy()
    store, outside = SqlStore(engine, 0.78), Outside(Effects(home / "effects"), rng)
    directory, inventory, mail = FileDirectory(outside), FileInventory(outside), FileMail(outside)
    fulfilment = Fulfilment(policy, directory, directory, KEY)
    lists = {CaseKind.JOIN: read_checklist(JOIN, "join"), CaseKind.LEAVE: read_checklist(LEAVE, "leave")}
    around = Around(store, clock, directory, directory, directory, inventory, mail, fulfilment, lists, undoing, KEY, lambda: "http://127.0.0.1")
    acts = ToolActs(Hands(directory, mail, directory, newcomers=newcomers_of(store, directory)), _told)
    kinds: dict[str, Errand] = {**joiner_errands(around), RUN: RunAction(store, fulfilment, acts)}
    notice = SendNotice(store, directory, mail, lambda: "http://127.0.0.1", lambda: directory.company().timezone)
    kinds |= {REMIND: Remind(fulfilment), EXPIRE: Expire(fulfilment, acts), NOTICE: notice}
    if bad:
        usual = kinds[STEP]
        assert isinstance(usual, RunStep), "the step's own errand"
        kinds[STEP] = (NewKey if bad == NEW_KEY else StruckOff)(usual.around, usual.doing, usual.moving)
    carrier = Carrier(store, Errands(kinds), clock, lambda _events: None, holder="drill")
    return Joiners(around, frozenset({"hr"})), carrier, engine.dispose


def _told(unit: UnitOfWork, action: Action, at: datetime) -> list[Event]:
    """Let the practice hear how an action ended; there is no conversation to tell it in."""
    ended = TOOLS[action.tool].ended
    if ended is not None:
        ended(unit, action, at)
    return []


class NewKey(RunStep):
    """A seeded fault: every try has an effect of its own."""

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        with self.around.store.read() as unit:
            case = unit.joiners.load(str(call.entry.body["case"]))
        assert case is not None, "it was begun"
        odd = replace(case, id=f"{case.id}-{secrets.token_hex(4)}")
        return self.doing.call(odd, odd.state(call.entry.body["step"]), secrets.token_hex(8), call.at)


class StruckOff(RunStep):
    """A seeded fault: the entry is struck off before its call is made."""

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        with self.around.store.write() as unit:
            unit.outbox.finish(call.entry.key, DONE, call.at, {})
        result = RunStep.call(self, call)
        with self.around.store.write() as unit:
            RunStep.end(self, unit, call.entry, Ended(DONE, result), call.at)
        return result
