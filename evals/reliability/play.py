"""Requests against workers that are killed and a side that fails: what was lost, what was done twice, how long recovery took."""

from __future__ import annotations

import itertools
import multiprocessing
import random
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.domain.configuration import Company, Entitlement, Organisation, Person
from assistant.governance import step_up
from assistant.governance.audit import verify
from evals.reliability.remote import LATE_SECONDS, Remote
from evals.reliability.worker import Place, serve
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate

FLOWS = ("file", "comment", "close", "grant", "approve")
POINTS = (*(f"write:{number}" for number in range(1, 7)), "call:before", "call:after", "end:after")
"""Points at which a worker kills itself; the others are random moments."""
START_SECONDS, ANSWER_SECONDS = 120.0, 30.0
SETTLED_SECONDS = 60.0
FINISHED_SECONDS = 120.0
"""Longer than it takes until doubles are looked for."""
RANDOM_MOMENT = 0.35
LOOK_SECONDS = 0.5
GROUP = "crm-users"
MIGRATING = threading.Lock()
"""The migration library keeps its state in its modules."""


@dataclass
class Figures:
    """What a run found."""

    requests: int = 0
    kills: int = 0
    faults: int = 0
    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    linked: int = 0
    """Duplicates that were found and linked."""
    with_people: int = 0
    """Requests whose outcome could not be told, so that a person was asked."""
    told: list[str] = field(default_factory=list)
    """Requests whose person was told less or more than once."""
    recovery: list[float] = field(default_factory=list)
    """Seconds from a restart to the effect."""
    audit: list[str] = field(default_factory=list)
    """What is wrong with the audit's chain."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a row: the process dies at a point, or a kind of call goes wrong; from the order ``after`` which it may happen."""

    after: str
    """``file``, ``close``, ``do``, ``vote`` or ``code``: the order whose effect is meant."""
    die: str = ""
    call: str = ""
    mode: str = ""

    def meant(self, order: dict[str, Any]) -> bool:
        """Say whether an order is the one."""
        choice = order.get("choice", "")
        names = {"file": choice == "file", "do": choice.startswith("do:"), "vote": order.get("person") == "owner", "code": order["op"] == "code"}
        return bool(names.get(self.after, False))


class Died(Exception):
    """The worker was killed before it answered."""


class Killable:
    """One worker process after another on the same state."""

    def __init__(self, place: Place) -> None:
        """Start the first."""
        self._place = place
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["evals.reliability.worker"])
        self.start()

    def start(self, die: str = "") -> None:
        """Start a process and wait until it serves, or has died at its point."""
        self._orders, theirs = self._context.Pipe()
        place = Place(self._place.home, self._place.url, self._place.keys, die)
        self._process = self._context.Process(target=serve, args=(place, theirs), daemon=True)
        self._process.start()
        theirs.close()
        with suppress(Died):
            self._receive("ready", START_SECONDS)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order and return the answer.

        Raises:
            Died: the process was killed meanwhile; whether the order was carried out is not known.
        """
        try:
            self._orders.send(order)
        except OSError:
            raise Died from None
        return self._receive(order["id"], ANSWER_SECONDS)

    def _receive(self, wanted: str, seconds: float) -> dict[str, Any]:
        try:
            while self._orders.poll(seconds):
                to, answer = self._orders.recv()
                if to == wanted:
                    found: dict[str, Any] = answer
                    return found
        except (EOFError, OSError):
            raise Died from None
        raise Died

    @property
    def alive(self) -> bool:
        """Say whether the process lives."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._process.kill()
        self._process.join(10)

    def stop(self) -> None:
        """Let the process end."""
        self._orders.close()
        self._process.join(10)
        self.kill()


def company(home: Path, people: int) -> None:
    """Make a database with employees, each under a manager, and an owner of what they ask for."""
    home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(f"sqlite:///{home / 'firstline.db'}")
    with MIGRATING:
        migrate(engine)
        migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    with SqlStore(engine, 1.0).write() as unit:
        for number in range(people):
            unit.second_factors.register(step_up.enrol(f"p{number}", datetime.now(UTC)))
    staff = [Person(f"p{n}", f"Person {n}", f"p{n}@example.test", manager="boss", recovery=f"p{n}@private.test") for n in range(people)]
    chiefs = [Person("boss", "Boss One", "boss@example.test"), Person("owner", "Owner One", "owner@example.test")]
    wanted = Entitlement(GROUP, "CRM", "Customers.", owner="owner")
    BuiltinDirectory(engine).replace(Organisation(Company("Stub", "example.test"), tuple(staff + chiefs), entitlements=(wanted,)))
    engine.dispose()


class Player:
    """Plays requests one after another against one worker and one other side."""

    def __init__(self, home: Path, url: str, remote: Remote, seed: int) -> None:
        """Begin with a fresh worker."""
        self.figures = Figures()
        self.left: list[str] = []
        self._due: Fault | None = None
        self._home, self._remote = home, remote
        self._rng = random.Random(seed)
        self._worker = Killable(Place(home, url, remote.keys))
        self._numbers = itertools.count()
        self._restarted = self._looked_at = 0.0

    def request(self, number: int, kill: bool, faults: Sequence[str]) -> None:
        """Play the flow of a request from its first word to its effect on the other side, with a kill or faults on the way."""
        flow = FLOWS[number % len(FLOWS)]
        self.figures.requests += 1
        self._fail(faults)
        self._killer = self._rng.random() < 0.5 if kill else None
        self._spent = not kill
        getattr(self, f"_{flow}")(number)

    def row(self, number: int, flow: str, fault: Fault) -> None:
        """Play one flow with one fault at exactly one point of it."""
        self.figures.requests += 1
        self._killer, self._spent = None, True
        self.figures.kills += bool(fault.die)
        self._due = fault
        getattr(self, f"_{flow}")(number)
        self._due = None

    def _fail(self, faults: Sequence[str]) -> None:
        self.figures.faults += len(faults)
        for mode in faults:
            if mode == "unreachable":
                with (self._home / "cut").open("ab") as file:
                    file.write(b".")
            else:
                self._remote.faults.append(("", mode))

    def _reached(self, order: dict[str, Any]) -> None:
        """Let the fault of a row happen, if this order is the one that it belongs to."""
        fault = self._due
        if fault is None or not fault.meant(order):
            return
        self._due = None
        if fault.die:
            self._worker.kill()
            self._restarted = time.monotonic()
            self._worker.start(fault.die)
        else:
            self.figures.faults += 1
            self._remote.faults.append((fault.call, fault.mode)) if fault.mode != "unreachable" else self._fail(("unreachable",))
            self.figures.faults -= fault.mode == "unreachable"

    # -- flows ------------------------------------------------------------------------------------------------------

    def _file(self, number: int) -> str:
        """File a ticket; return its id, "" when it did not get there and a person has to look."""
        person = f"p{number}"
        first = self._ask(op="say", person=person, text=f"The scanner SN{number} in room {number} is broken")
        filed = self._ask(op="say", person=person, conversation=first["conversation"], choice="file")
        ticket = filed["ticket"]["id"]
        self._place = first["conversation"], ticket
        there = self._await(f"file {number}", lambda: any(one.reference == ticket for one in list(self._remote.tickets.values())))
        return str(ticket) if there else ""

    def _comment(self, number: int) -> None:
        if not self._file(number):
            return
        conversation, ticket = self._place
        text = f"It also smells of smoke, case {number}"
        self._ask(op="say", person=f"p{number}", conversation=conversation, text=text)
        self._await(f"comment {number}", lambda: any(text in note for one in self._there(ticket) for _, note in one.notes))

    def _close(self, number: int) -> None:
        ticket, conversation = self._file(number), self._place[0]
        if not ticket:
            return
        card = self._ask(op="say", person=f"p{number}", conversation=conversation, text=f"Close my ticket {ticket}")
        do = next(choice["id"] for choice in card["choices"] if choice["id"].startswith("do:"))
        self._ask(op="say", person=f"p{number}", conversation=conversation, choice=do)
        self._await(f"close {number}", lambda: any(one.status == "closed" for one in self._there(ticket)))

    def _grant(self, number: int) -> None:
        person = f"p{number}"
        card = self._ask(op="say", person=person, text="I need access to the CRM for a week")
        do = next(choice["id"] for choice in card["choices"] if choice["id"].startswith("do:"))
        self._ask(op="say", person=person, conversation=card["conversation"], choice=do)
        for approver in ("boss", "owner"):
            self._ask(op="vote", person=approver, action=do.removeprefix("do:"))
        self._await(f"grant {number}", lambda: (person, GROUP) in self._remote.now)

    _approve = _grant

    def _reset(self, number: int) -> None:
        person = f"p{number}"
        card = self._ask(op="say", person=person, text="I forgot my password, please reset it")
        do = next(choice["id"] for choice in card["choices"] if choice["id"].startswith("do:"))
        self._ask(op="say", person=person, conversation=card["conversation"], choice=do)
        self._ask(op="code", person=person, action=do.removeprefix("do:"))
        self._await(f"reset {number}", lambda: self._remote.resets[person] > 0)

    def _notify(self, number: int) -> None:
        person = f"p{number}"
        card = self._ask(op="say", person=person, text="I need access to the CRM for a week")
        do = next(choice["id"] for choice in card["choices"] if choice["id"].startswith("do:"))
        self._ask(op="say", person=person, conversation=card["conversation"], choice=do)
        self._await(f"notify {number}", lambda: any(do.removeprefix("do:") in key for key in list(self._remote.mails)))

    def _there(self, ticket: str) -> list[Any]:
        return [one for one in list(self._remote.tickets.values()) if one.reference == ticket]

    # -- orders, kills ----------------------------------------------------------------------------------------------

    def _ask(self, **order: Any) -> dict[str, Any]:
        """Give one order, again after each death under the same message id, until it is answered."""
        order["id"] = f"m{next(self._numbers)}"
        for _ in range(20):
            if not self._worker.alive:
                self._restart()
            self._maybe_kill()
            self._reached(order)
            try:
                answer = self._worker.ask(order)
            except Died:
                self._worker.kill()
            else:
                if answer.get("kind") == "error" or "error" in answer:
                    raise AssertionError(f"{order}: {answer}")
                return answer
        raise AssertionError(f"{order} was never answered")

    def _maybe_kill(self) -> None:
        """Kill once in a request: at a named point of a fresh worker, or at a random moment of this one."""
        if self._spent or self._rng.random() < 0.5:
            return
        self._spent = True
        self.figures.kills += 1
        if self._killer:
            self._worker.kill()
            self._restarted = time.monotonic()
            self._worker.start(self._rng.choice(POINTS))
        else:
            worker = self._worker
            threading.Timer(self._rng.random() * RANDOM_MOMENT, worker.kill).start()

    def _restart(self) -> None:
        self._worker.kill()
        self._restarted = time.monotonic()
        self._worker.start()

    def _await(self, what: str, reached: Callable[[], bool]) -> bool:
        """Wait for an effect on the other side, and return whether it came; a dead worker is started anew, and timed."""
        end, timed = time.monotonic() + SETTLED_SECONDS, False
        while not reached():
            if not self._worker.alive:
                self._restart()
                timed = True
            if self._looked_at + LOOK_SECONDS < time.monotonic() and self._with_people():
                return False
            if time.monotonic() > end:
                self.figures.lost.append(what)
                return False
            time.sleep(0.02)
        if timed:
            self.figures.recovery.append(time.monotonic() - self._restarted)
        return True

    def _with_people(self) -> bool:
        """Say whether the errand ended with a person, who was told on the ticket."""
        self._looked_at = time.monotonic()
        engine = open_engine(f"sqlite:///{self._home / 'firstline.db'}")
        with engine.connect() as connection:
            ended = connection.exec_driver_sql("SELECT count(*) FROM outbox WHERE state = 'unknown'").scalar() or 0
        engine.dispose()
        more = ended > self.figures.with_people
        self.figures.with_people += more
        return more

    # -- the end ----------------------------------------------------------------------------------------------------

    def finish(self) -> Figures:
        """Let everything settle, then count what was lost, done twice, or said twice."""
        for _ in range(int(FINISHED_SECONDS * 5)):
            if not self._worker.alive:
                self._restart()
            with suppress(Died):
                self.left = self._worker.ask({"op": "look", "id": "look"})["waiting"]
                if not self.left:
                    break
            time.sleep(0.2)
        time.sleep(LATE_SECONDS + 1)
        self._worker.stop()
        self._count()
        self.figures.lost += [f"{key} still waits" for key in self.left]
        return self.figures

    def _count(self) -> None:
        by_reference: dict[str, list[Any]] = {}
        for ticket in self._remote.tickets.values():
            by_reference.setdefault(ticket.reference, []).append(ticket)
        for reference, same in by_reference.items():
            extra = same[1:]
            self.figures.duplicates += [f"ticket {one.number} for {reference}" for one in extra]
            self.figures.linked += sum(bool(one.links) for one in extra)
            for one in same:
                texts = [re.sub(r"^.*?: ", "", note) for _, note in one.notes]
                self.figures.duplicates += [f"note {text[:40]!r} in {reference}" for text in {t for t in texts if texts.count(t) > 1}]
                self.figures.duplicates += [f"closed {one.closings} times: {reference}"] * (one.closings > 1)
        self.figures.duplicates += [f"{person} was granted {times} times" for (person, _), times in self._remote.members.items() if times > 1]
        self.figures.told = list(self._told())
        self.figures.audit = self._chain()

    def _told(self) -> Iterator[str]:
        engine = open_engine(f"sqlite:///{self._home / 'firstline.db'}")
        with engine.connect() as connection:
            granted = connection.exec_driver_sql(
                "SELECT conversation, count(*) FROM events WHERE body LIKE '%You have the access now%' GROUP BY conversation HAVING count(*) <> 1"
            ).all()
            silent = connection.exec_driver_sql(
                "SELECT a.conversation FROM actions a WHERE a.status = 'done' AND NOT EXISTS "
                "(SELECT 1 FROM events e WHERE e.conversation = a.conversation AND e.body LIKE '%' || a.id || '%\"status\": \"done\"%')"
            ).all()
            replies = connection.exec_driver_sql(
                "SELECT m.conversation, m.id, count(*) FROM messages m JOIN events e ON e.conversation = m.conversation "
                "AND json_extract(e.body, '$.reply.message') = m.id GROUP BY m.conversation, m.id HAVING count(*) <> 1"
            ).all()
        engine.dispose()
        yield from (f"{row[0]} heard of its access {row[1]} times" for row in granted)
        yield from (f"{row[0]} never heard that its action was done" for row in silent)
        yield from (f"message {row[1]} of {row[0]} has {row[2]} replies" for row in replies)

    def _chain(self) -> list[str]:
        engine = open_engine(f"sqlite:///{self._home / 'firstline.db'}")
        with SqlStore(engine, 0.8).read() as unit:
            faults = list(verify(unit.audit.read(0, 10_000_000)))
        engine.dispose()
        return [str(fault) for fault in faults]


@contextmanager
def playing(home: Path, url: str, remote: Remote, people: int, seed: int) -> Iterator[Player]:
    """Open a player on a fresh company; its folder is emptied afterwards."""
    company(home, people)
    player = Player(home, url, remote, seed)
    try:
        yield player
    finally:
        player._worker.stop()
        shutil.rmtree(home, ignore_errors=True)
