"""A whole assistant without articles, over any store, directory and desk: people ask, press, approve, and the outbox is carried out by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

import numpy as np

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.knowledge import MemoryKnowledge
from assistant.adapters.memory.notifier import MemoryNotifier
from assistant.adapters.notify.message import Sender
from assistant.agent.deciding import Deciding
from assistant.agent.settle import Settler
from assistant.agent.silence import settle_one
from assistant.agent.state import Inbound, Timings
from assistant.agent.steps.understand import LocalUnderstanding
from assistant.agent.turn import Parts, Turns
from assistant.carriage import Outward, carrying, deciding, telling_of
from assistant.desk.filing import outgoing
from assistant.desk.requests import related
from assistant.domain.action import Action
from assistant.domain.configuration import Company, Entitlement, Organisation, Person, Queue, Service
from assistant.domain.reply import DO, UNDO, Reply
from assistant.domain.ticket import TicketBody, TicketDraft
from assistant.governance.policy import Policy
from assistant.governance.policy_file import load_policy
from assistant.ports.identity import Directory
from assistant.ports.models import ActingModel, Chosen, Situation, ToolCall
from assistant.ports.notify import Notifier
from assistant.ports.store import Event, OutboxEntry, Store
from assistant.ports.ticketing import OutgoingTicket, TicketDesk
from assistant.workflows.carrying import Carrier

KEY = b"a key for tests only, of no other use"
MONDAY = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
WORDS = "My connection to the office network breaks every few minutes."
MADE = Organisation(
    Company("Example", "x.example"),
    people=(
        Person("ann", "Ann Berg", "ann@x.example", manager="bo", groups=frozenset({"finance"}), recovery="ann@home.example"),
        Person("bo", "Bo Ek", "bo@x.example"),
        Person("cy", "Cy Dahl", "cy@x.example"),
        Person("fay", "Fay Holm", "fay@x.example", groups=frozenset({"it-desk"})),
    ),
    queues=(Queue("network", "Network", ("vpn",)), Queue("service-desk", "Service desk", ("joining",)), Queue("identity", "Identity", ("access",))),
    services=(Service("vpn", "VPN", "operational"),),
    entitlements=(Entitlement("ledger", "Ledger", owner="cy"), Entitlement("finance", "Finance", owner="cy")),
)


@dataclass
class Wishing:
    """The ``ActingModel`` port: wishes for one tool, with the things of these labels."""

    tool: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    confidence: float = 0.9
    identity: str = "wishing"

    def choose(self, situation: Situation) -> Chosen:
        """Say the wish, by the handles that stand for the labels now."""
        if not self.tool:
            return Chosen()
        known = {handle.label: handle.handle for handle in reversed(situation.handles())}
        found = {name: next((known[one] for one in known if one.split()[:1] == [label]), label) for name, label in self.labels.items()}
        return Chosen((ToolCall(self.tool, found, self.confidence),))


@cache
def _understanding() -> LocalUnderstanding:
    """The packaged examples over the memory's embedding, learnt once for all workshops of a process."""
    knowledge = MemoryKnowledge()
    return LocalUnderstanding.of(lambda texts: np.asarray([knowledge.embed(text) for text in texts], dtype=np.float32))


class Workshop:
    """The assistant, its clock and its mail. ``directory`` and ``desk`` may be any; the organisation around them is ``MADE``."""

    def __init__(
        self,
        store: Store,
        directory: Directory | None = None,
        desk: TicketDesk | None = None,
        model: ActingModel | None = None,
        policy: Policy | None = None,
        at: datetime = MONDAY,
        made: Organisation = MADE,
        notifier: Notifier | None = None,
    ) -> None:
        self.store, self.clock, self.desk = store, FixedClock(at), desk
        self.workplace = MemoryDirectory(made)
        self.directory = directory or self.workplace
        self.notifier = MemoryNotifier(Sender("Help", "help@x.example", self.clock))
        self.model = model or Wishing()
        knowledge, policy = MemoryKnowledge(), policy or load_policy()
        outward = Outward(self.directory, self.workplace, self.workplace, notifier or self.notifier, desk)
        self.acting = deciding(outward, policy, KEY, self.model)
        timings = Timings()
        settler = Settler(knowledge, policy, timings, self.workplace.queues, str, self.acting)
        self.pushed: list[Event] = []
        self.parts = Parts(
            store, self.directory, self.workplace, knowledge, _understanding(), settler, self.clock, timings, tuple, self.pushed.extend
        )
        self.turns = Turns(self.parts)
        self.deciding = Deciding(self.parts, telling_of(outward, timings, tuple))
        self.carrier: Carrier = carrying(
            outward,
            store,
            self.acting,
            self.clock,
            timings,
            tuple,
            self.pushed.extend,
            outgoing=self._outgoing,
            related=lambda ticket, others: related(ticket, others, lambda _text: (), 0.78),
            settle=lambda unit, conversation_id, moment: settle_one(self.parts, unit, conversation_id, moment),
            url=lambda: "http://127.0.0.1",
        )
        self._numbers = count(1)

    def _outgoing(self, ticket_id: str) -> OutgoingTicket:
        with self.store.read() as unit:
            ticket = unit.own_tickets.ticket(ticket_id)
        person = self.directory.person(ticket.requester) if ticket is not None else None
        assert ticket is not None and person is not None, ticket_id
        return outgoing(ticket, ticket.body, person)

    # -- people -----------------------------------------------------------------------------------------------------

    def say(self, text: str = "", conversation: str | None = None, person: str = "ann", choice: str = "") -> Reply:
        """Take one turn."""
        return self.turns.take(person, conversation, Inbound(f"m{next(self._numbers)}", text, choice), "test")

    def wants(self, tool: str, person: str = "ann", conversation: str | None = None, **labels: str) -> Action:
        """Say something for which the model wishes a tool, and return the action on the card."""
        assert isinstance(self.model, Wishing)
        self.model.tool, self.model.labels = tool, labels
        reply = self.say(WORDS, conversation, person)
        self.model.tool = ""
        assert reply.action is not None, reply
        return self.action(reply.action.id)

    def press(self, action: Action, person: str = "ann") -> Reply:
        """Press the button of a card."""
        return self.say(conversation=action.conversation, choice=f"{DO}{action.id}", person=person)

    def undo(self, action: Action, person: str = "ann") -> Reply:
        """Press the undo button."""
        return self.say(conversation=action.conversation, choice=f"{UNDO}{action.id}", person=person)

    def code(self, action: Action) -> str:
        """Return the one-time code that was sent for an action."""
        secret = self.notifier.sent[f"code.send:{action.id}"].secret
        assert secret is not None
        return secret.reveal()

    def enter(self, action: Action, code: str, person: str = "ann") -> Reply:
        """Enter a one-time code."""
        return self.deciding.enter_code(self.person(person), action.id, code)

    def approve(self, action: Action, *approvers: str) -> None:
        """Let these approve what they see."""
        for one in approvers:
            self.deciding.decide(self.person(one), action.id, True, self.action(action.id).hash, "")

    def does(self, tool: str, person: str = "ann", conversation: str | None = None, **labels: str) -> Action:
        """Go the whole way: wish, press, code or approvals where they are wanted, carry out; return the action as it ended."""
        action = self.wants(tool, person, conversation, **labels)
        self.press(action, person)
        self.carry()
        status = self.action(action.id).status
        if status.value == "challenged":
            self.enter(action, self.code(action), person)
        if status.value == "awaiting":
            self.approve(action, "bo", "cy")
        self.carry()
        return self.action(action.id)

    def ticket(self, person: str = "ann", category: str = "vpn", queue: str = "network") -> str:
        """Open a ticket that people work on, and return its id."""
        number = next(self._numbers)
        with self.store.write() as unit:
            made = unit.tickets.create(TicketDraft(f"k{number}", person, "VPN drops", queue, category, TicketBody("It drops.")), self.clock.now())
            unit.tickets.file(made.id, made.body, queue, self.clock.now())
        return made.id

    # -- the state --------------------------------------------------------------------------------------------------

    def carry(self) -> None:
        """Carry out what is due."""
        self.carrier.drain()

    def person(self, person: str) -> Person:
        """Return a person."""
        found = self.directory.person(person)
        assert found is not None, person
        return found

    def action(self, action_id: str) -> Action:
        """Return an action as it is stored now."""
        with self.store.read() as unit:
            found = unit.actions.load(action_id)
        assert found is not None, action_id
        return found

    def undone(self, action: Action) -> Action:
        """Return the action that took another one back first."""
        return self.action(f"{action.id}-u0")

    def entries(self, kind: str, state: str = "waiting") -> list[OutboxEntry]:
        """Return the outbox entries of a kind that wait or ended badly."""
        with self.store.read() as unit:
            found = unit.outbox.waiting() if state == "waiting" else unit.outbox.unsettled()
        return [entry for entry in found if entry.kind == kind and entry.state == state]

    def entry(self, key: str) -> OutboxEntry:
        """Return one outbox entry."""
        with self.store.read() as unit:
            found = unit.outbox.load(key)
        assert found is not None, key
        return found

    def ticket_state(self, ticket_id: str) -> tuple[Any, ...]:
        """Return of a ticket what an undo has to bring back."""
        with self.store.read() as unit:
            ticket = unit.own_tickets.ticket(ticket_id)
        assert ticket is not None
        return ticket.status, ticket.category, ticket.queue

    def notes(self, ticket_id: str) -> list[str]:
        """Return what was written in a ticket."""
        with self.store.read() as unit:
            ticket = unit.own_tickets.ticket(ticket_id)
        assert ticket is not None
        return [note.text for note in ticket.notes]

    def said(self, conversation: str) -> list[str]:
        """Return what the assistant said in a conversation, in order."""
        with self.store.read() as unit:
            events = unit.conversations.events(conversation)
        return [event.body["reply"]["text"] for event in events if event.body["type"] == "reply"]

    def change(self, change: Callable[[Sequence[Person]], Sequence[Person]]) -> None:
        """Change the people of the organisation."""
        self.workplace.replace(replace(MADE, people=tuple(change(MADE.people))))

    def close(self) -> None:
        """Finish."""
        self.turns.close()


def mentioned(text: str) -> list[str]:
    """Return the ticket ids in a text."""
    return re.findall(r"\bT-\d+\b", text)
