"""The errands of problems: look at what was filed, tell each person once, and close what was not taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.problems.gathering import Placing
from assistant.desk.problems.noticing import LOOK
from assistant.desk.problems.tracing import Reading
from assistant.desk.problems.working import SETTLE, TELL, same_round, settle
from assistant.domain.configuration import Device
from assistant.domain.conversation import Conversation
from assistant.domain.problem import Kind, Link, Problem, Said, Trace
from assistant.domain.reply import Reply
from assistant.domain.ticket import Ticket, TicketStatus
from assistant.governance.problem_rules import rules_of
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.notify import Notice, Notifier
from assistant.ports.outside import Refused
from assistant.ports.problems import Filed
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.errands import Call, Ended, Errand

AT_ONCE = 50
REOPENED = "reopened"
"""What stands in place of an answer when the end was taken back."""
Words = Callable[[Conversation, Problem, Kind, str, Ticket | None], Reply]
SUBJECTS = {Kind.STATUS: "News on {title}", Kind.RESOLUTION: "Solved: {title}", Kind.REOPENED: "Not solved after all: {title}"}


class _Plain:
    """What these errands have in common."""

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []


@dataclass(frozen=True, slots=True)
class LookAtFiled(_Plain):
    """``problem.look``: traces every filed ticket of the window that has no trace, and puts each where it belongs.

    Batch by batch, each a transaction: broken off anywhere, the next look goes on with those that are left. Vectors are made outside of it.
    """

    store: Store
    directory: Directory
    devices: Callable[[str], Sequence[Device]]
    """Of a person."""
    clock: Clock
    reading: Reading
    placing: Placing
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. Nothing is done where every ticket is traced."""
        del entry
        since = at - rules_of(self.placing.policy(unit)).window
        return None if unit.problems.untraced(since, 1) else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        traced = 0
        while found := self._batch(call.at):
            traced += found
        return {"traced": traced}

    def _batch(self, at: datetime) -> int:
        with self.store.read() as unit:
            since = at - rules_of(self.placing.policy(unit)).window
            waiting = unit.problems.untraced(since, AT_ONCE)
        traces = [self._traced(one) for one in waiting]
        if traces:
            with self.store.write() as unit:
                fresh = [trace for trace in traces if unit.problems.trace_of(trace.ticket) is None and unit.tickets.ticket(trace.ticket) is not None]
                known = self.placing.known(unit, min(trace.at for trace in fresh)) if fresh else []
                for trace in fresh:
                    unit.problems.trace(trace)
                    self.placing.place(unit, trace, at, known)
                    known.insert(0, trace)
        return len(traces)

    def _traced(self, filed: Filed) -> Trace:
        person = self.directory.person(filed.ticket.requester)
        devices = self.devices(person.id) if person is not None else []
        names = [name for device in devices for name in (device.id, device.name)]
        return self.reading.trace(filed.ticket, filed.vector, person.location if person is not None else "", names)


@dataclass(frozen=True, slots=True)
class TellPerson(_Plain):
    """``problem.tell``: one message of a problem to one person, where they asked, or by mail; with an end, their tickets are closed with it."""

    store: Store
    directory: Directory
    notifier: Notifier
    words: Words
    system: str
    """The name of the desk elsewhere, "" where there is none."""
    url: Callable[[], str]
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What was taken back meanwhile is not told."""
        known = _known(unit, entry)
        if known is None:
            return []
        problem, said, links = known
        tickets = [self._moved(unit, link, said, problem, at) for link in links]
        there = [ticket for ticket in tickets if ticket is not None]
        person = str(entry.body["person"])
        if not person or not there:
            return []
        about, conversation = _conversation(unit, person, there)
        if conversation is None:
            return None if not self._told_elsewhere(unit, there, said, at) else []
        for ticket in there:
            unit.tickets.comment(ticket.id, said.by, f"Told to everybody of {problem.id}: {said.text}", at, public=False)
        reply = self.words(conversation, problem, said.kind, said.text, about)
        return [unit.conversations.emit(conversation.id, at, {"type": "reply", "reply": reply.model_dump(mode="json")})]

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second delivery carries the same message id."""
        with self.store.read() as unit:
            known = _known(unit, call.entry)
        person = self.directory.person(str(call.entry.body["person"]))
        if known is None or person is None or not person.email:
            raise Refused("there is nobody to tell")
        problem, said, links = known
        numbers = ", ".join(link.ticket for link in links)
        asks = f"\n\nYour ticket is closed: {numbers}. If it is not solved for you, write it in the help centre: {self.url()}/"
        text = f"{said.text}\n\nThis is about {problem.title} ({problem.id}), and your ticket {numbers}."
        text = f"{said.text}{asks}" if said.kind is Kind.RESOLUTION else text
        self.notifier.send(Notice(person.email, SUBJECTS[said.kind].format(title=problem.title), text), call.entry.key)
        return {}

    def _moved(self, unit: UnitOfWork, link: Link, said: Said, problem: Problem, at: datetime) -> Ticket | None:
        """Close or open a ticket as the message wants; what is so already is left so, so that this may be repeated."""
        ticket = unit.tickets.ticket(link.ticket)
        if ticket is None or said.kind is Kind.STATUS:
            return ticket
        if said.kind is Kind.RESOLUTION:
            closes = ticket.status.is_open
            unit.problems.link(replace(link, asked_at=at, closed=link.closed or closes, answer=""))
            return unit.tickets.change_status(ticket.id, TicketStatus.CLOSED, said.by, f"with {problem.id}: {said.text}", at) if closes else ticket
        unit.problems.link(replace(link, closed=False, answer=REOPENED))
        opens = link.closed and not ticket.status.is_open
        return unit.tickets.change_status(ticket.id, TicketStatus.OPEN, said.by, f"{problem.id} is not solved: {said.text}", at) if opens else ticket

    def _told_elsewhere(self, unit: UnitOfWork, tickets: Sequence[Ticket], said: Said, at: datetime) -> bool:
        """Tell who wrote to the desk elsewhere there: a public note reaches its requester. Return whether that is so."""
        there = next((one for one in tickets if self.system and unit.outside.of_ticket(self.system, one.id) is not None), None)
        if there is not None:
            unit.tickets.comment(there.id, said.by, said.text, at)
        return there is not None


@dataclass(frozen=True, slots=True)
class SettleProblem(_Plain):
    """``problem.settle``: a problem whose end was not taken back is closed."""

    patience: timedelta = timedelta(0)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        settle(unit, entry, at)
        return []

    def call(self, call: Call) -> dict[str, Any]:
        """Never called."""
        raise AssertionError(call.entry.kind)


def problem_errands(look: LookAtFiled, tell: TellPerson) -> dict[str, Errand]:
    """Return the errands by kind."""
    return {LOOK: look, TELL: tell, SETTLE: SettleProblem()}


def _known(unit: UnitOfWork, entry: OutboxEntry) -> tuple[Problem, Said, list[Link]] | None:
    """Return what an errand is about; None when it was overtaken: the problem stands otherwise, or the person is no longer of it."""
    problem = unit.problems.load(str(entry.body["problem"]))
    if problem is None or not same_round(problem, entry.body):
        return None
    said = next((one for one in unit.problems.said(problem.id) if one.key == entry.body["message"]), None)
    links = [link for link in unit.problems.links(problem.id) if link.person == entry.body["person"] and not link.removed]
    if said is not None and said.kind is Kind.REOPENED:
        links = [link for link in links if link.asked_at is not None and link.answer != "yes"]
    return (problem, said, links) if said is not None and links else None


def _conversation(unit: UnitOfWork, person: str, tickets: Sequence[Ticket]) -> tuple[Ticket | None, Conversation | None]:
    """Return the conversation in which a person hears of their tickets, the latest about one, with that ticket."""
    numbers = {ticket.id: ticket for ticket in tickets}
    about = next((one for one in unit.conversations.of_person(person) if one.episode.ticket in numbers), None)
    if about is not None:
        return numbers[about.episode.ticket], about
    for ticket in reversed(tickets):
        origin = unit.conversations.load(ticket.origin) if ticket.origin else None
        if origin is not None and origin.person == person:
            return ticket, origin
    return tickets[-1], None
