"""Firstline as a process that can be killed: whole turns, decisions and the durable outbox, over a database and the stub systems.

Knowledge is empty (every question is abstained from), so that a process is up within a moment and can be killed hundreds of times.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyotp

import assistant.workflows.durable  # noqa: F401 - loaded before the process is forked
from assistant.adapters.clock import SystemClock
from assistant.adapters.memory.knowledge import MemoryKnowledge
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.adapters.store.unit_of_work import SqlStore, SqlUnitOfWork
from assistant.agent.deciding import Deciding
from assistant.agent.settle import Settler
from assistant.agent.silence import settle_one
from assistant.agent.state import Inbound, Timings
from assistant.agent.steps.understand import LocalUnderstanding
from assistant.agent.turn import Parts, Turns
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.carriage import Outward, carrying, deciding, telling_of
from assistant.desk.filing import outgoing
from assistant.desk.mirroring import PassedOn
from assistant.domain.action import Status
from assistant.governance import step_up
from assistant.governance.approvals import NotAllowed
from assistant.governance.policy_file import load_policy
from assistant.ports.store import Event, OutboxEntry
from assistant.ports.ticketing import OutgoingTicket
from assistant.workflows.carrying import Carrier
from assistant.workflows.durable import Durable
from assistant.workflows.errands import Errand
from evals.reliability.connectors import Line, StubDesk, StubDirectory, StubNotifier
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate

KEY = b"a key for measuring only, of no other use"
DOUBT = timedelta(seconds=5)
TIMERS = ("silence", "approval.remind", "approval.expire", "grant.end")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker works."""

    home: Path
    url: str
    keys: bool
    die: str = ""
    """The point at which it kills itself, "" for none: write:N (before the N-th commit), call:before, call:after, end:after; the last three may
    name the kind of outbox entry, as in call:after@desk.file."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class DyingStore(SqlStore):
    """The store, which ends the process right before one of its commits."""

    left: list[int] = None  # type: ignore[assignment]

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """See the port."""
        with SqlStore.write(self) as unit:
            yield unit
            self.left[0] -= 1
            if self.left[0] == 0:
                _die()


@dataclass(frozen=True, slots=True)
class DyingCarrier(Carrier):
    """The carrier, which ends the process around a call."""

    die: str = ""

    def _judged(self, entry: OutboxEntry, calls: int, uncertain: bool, do: Callable[[Errand], dict[str, Any]]) -> dict[str, Any]:
        self._die_at("call:before", entry.kind)
        judged = Carrier._judged(self, entry, calls, uncertain, do)
        self._die_at("call:after", entry.kind)
        return judged

    def _die_at(self, point: str, kind: str) -> None:
        if self.die in (point, f"{point}@{kind}"):
            _die()

    def end(self, key: str, called: dict[str, Any]) -> None:
        """See the carrier."""
        Carrier.end(self, key, called)
        self._die_at("end:after", key.partition(":")[0])


class Worker:
    """A whole assistant without knowledge."""

    def __init__(self, place: Place) -> None:
        """Open it and go on with what the outbox holds."""
        policy, clock = load_policy(), SystemClock()
        engine = open_engine(f"sqlite:///{place.home / 'firstline.db'}")
        migrate(engine)
        migrate(engine, MIGRATIONS, SCHEMA_TABLE)
        same = policy.bands["attach"].auto
        left = [int(place.die.partition(":")[2]) if place.die.startswith("write:") else 0]
        self.store = DyingStore(engine, same, PassedOn, left=left)
        line = Line(place.url, place.home / "cut")
        builtin = BuiltinDirectory(engine)
        self.directory = StubDirectory(engine, line=line)
        knowledge = MemoryKnowledge()
        outward = Outward(self.directory, builtin, builtin, StubNotifier(line), StubDesk(line, place.keys))
        acting = deciding(outward, policy, KEY)
        timings = Timings(deadline_seconds=20)
        settler = Settler(knowledge, policy, timings, builtin.queues, str, acting)
        understanding = LocalUnderstanding(None)
        parts = Parts(self.store, self.directory, builtin, knowledge, understanding, settler, clock, timings, tuple, self._notify)
        self.turns = Turns(parts)
        self.deciding = Deciding(parts, telling_of(outward, timings, tuple))
        carrier = carrying(
            outward,
            self.store,
            acting,
            clock,
            timings,
            tuple,
            self._notify,
            outgoing=self._outgoing,
            related=lambda _ticket, _others: [],
            settle=lambda unit, conversation_id, at: settle_one(parts, unit, conversation_id, at),
            url=lambda: "http://127.0.0.1",
        )
        dying = DyingCarrier(carrier.store, carrier.errands, carrier.clock, carrier.notify, DOUBT, place.die, holder="the worker")
        self.durable = Durable(dying, f"sqlite:///{place.home / 'workflows.db'}")
        self.durable.start()
        self.turns.recover()

    def _notify(self, _events: Sequence[Event]) -> None:
        if hasattr(self, "durable"):
            self.durable.kick()

    def _outgoing(self, ticket_id: str) -> OutgoingTicket:
        with self.store.read() as unit:
            ticket = unit.own_tickets.ticket(ticket_id)
        person = self.directory.person(ticket.requester) if ticket is not None else None
        assert ticket is not None and person is not None, "a filed ticket has a requester"
        return replace(outgoing(ticket, ticket.body, person), text="")

    def say(self, order: dict[str, Any]) -> dict[str, Any]:
        """Take one turn."""
        inbound = Inbound(order["id"], order.get("text", ""), order.get("choice", ""))
        return self.turns.take(order["person"], order.get("conversation"), inbound, "eval").model_dump(mode="json")

    def vote(self, order: dict[str, Any]) -> dict[str, Any]:
        """Approve, or find that it was done before the process died."""
        person = self.directory.person(order["person"])
        assert person is not None, "approvers are there"
        seen = self.deciding.request(person, order["action"])
        try:
            return {"status": self.deciding.decide(person, order["action"], True, seen.action.hash, "").status.value}
        except NotAllowed as error:
            if any(vote.approver == person.id for vote in self.deciding.request(person, order["action"]).approval.votes):
                return {"status": "voted before"}
            return {"error": str(error)}

    def code(self, order: dict[str, Any]) -> dict[str, Any]:
        """Enter the code that the person's app shows now, if it is still asked for."""
        person = self.directory.person(order["person"])
        assert person is not None, "employees are there"
        with self.store.read() as unit:
            factor, action = unit.second_factors.factor(person.id), unit.actions.load(order["action"])
        assert factor is not None and action is not None, "everybody has an app"
        if action.status is not Status.CHALLENGED:
            return {"status": action.status.value}
        shown = pyotp.parse_uri(step_up.enrolment_uri(factor, "", KEY).reveal()).now()
        return self.deciding.enter_code(person, order["action"], shown).model_dump(mode="json")

    def look(self, _order: dict[str, Any]) -> dict[str, Any]:
        """Return what still waits."""
        with self.store.read() as unit:
            return {"waiting": [entry.key for entry in unit.outbox.waiting() if entry.kind not in TIMERS]}


def serve(place: Place, orders: Connection) -> None:
    """Carry out orders until the other end is closed, or death."""
    worker = Worker(place)
    ways: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"say": worker.say, "vote": worker.vote, "code": worker.code, "look": worker.look}
    orders.send(("ready", {}))
    while True:
        try:
            order = orders.recv()
        except EOFError:
            os._exit(0)
        try:
            orders.send((order["id"], ways[order["op"]](order)))
        except Exception as error:
            orders.send((order["id"], {"error": f"{type(error).__name__}: {error}"}))
