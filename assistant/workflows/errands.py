"""What the outbox holds and how each kind is done: inside our records, outside, or both.

An errand that only touches our records is done in ``begin``, inside the transaction that strikes it off. One that leaves the house is
called between two transactions; its call may happen twice, always with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from assistant.desk import mirroring
from assistant.desk.fulfilment import CODE, END, EXPIRE, NOTICE, REMIND, RUN, SYSTEM, Fulfilment
from assistant.domain.action import Action, Plan, Status
from assistant.domain.local_time import local
from assistant.domain.step_up import Channel, may_recover
from assistant.domain.ticket import Ticket, TicketStatus
from assistant.governance import step_up
from assistant.ports.identity import Directory
from assistant.ports.notify import Notice, Notifier
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.store import Event, OutboxEntry, OutsideTicket, Store, UnitOfWork
from assistant.ports.ticketing import DeskFile, DeskTicket, OutgoingTicket, TicketDesk

WAITING, DONE, FAILED, UNKNOWN = "waiting", "done", "failed", "unknown"
RECONCILE, RELATE = "desk.reconcile", "desk.relate"
RECONCILE_AFTER = timedelta(seconds=60)
RELATED_AT_MOST = 3
SILENCE = "silence"
"""See ``agent.waiting``, which stands beside."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an errand. ``uncertain``: an earlier one may have taken effect."""

    entry: OutboxEntry
    uncertain: bool
    at: datetime
    before: dict[str, Any] = field(default_factory=dict)
    """What ``look`` found."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an errand's calls ended: ``done``, ``failed`` or ``unknown``, with its result or why."""

    state: str
    result: dict[str, Any]


class Errand(Protocol):
    """One kind of outbox entry."""

    @property
    def patience(self) -> timedelta:
        """How long it is tried again while nothing can be reached."""

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """Return None to be called; or do it here and now, and return the events to push."""

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Return what has to be known before the first call and cannot be found out after it; changes nothing."""

    def call(self, call: Call) -> dict[str, Any]:
        """Do it outside; raises what ``ports.outside`` names."""

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Store how it ended; return the events to push."""


class Acts(Protocol):
    """How tools act; handed in, because tools stand above."""

    def inside(self, unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any] | None:
        """Act in our own records; None for a tool that acts outside."""

    def look(self, action: Action) -> dict[str, Any]:
        """Return what is known before about the result of acting in another system."""

    def outside(self, action: Action) -> dict[str, Any]:
        """Act in another system."""

    def undoing(self, action: Action) -> tuple[str, dict[str, str], Plan] | None:
        """Return how an action is taken back."""

    def tell(self, unit: UnitOfWork, action: Action, at: datetime) -> list[Event]:
        """Tell the person how an action ended, and store what follows for the conversation."""


class _Plain:
    """What most errands have in common."""

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        return []


class _Inner(_Plain):
    """An errand that is done in our own records."""

    patience = timedelta(0)

    def call(self, call: Call) -> dict[str, Any]:
        """Never called."""
        raise AssertionError(call.entry.kind)


@dataclass(frozen=True, slots=True)
class RunAction:
    """``action.run``: the action itself."""

    store: Store
    fulfilment: Fulfilment
    acts: Acts
    patience: timedelta = timedelta(minutes=10)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What the action needs is checked here, in the transaction that lets it run."""
        moved = self.fulfilment.claim(unit, entry.body["action"], entry.body.get("seal", ""), at)
        if moved is None:
            return []
        if moved.action.status is not Status.RUNNING:
            return self.acts.tell(unit, moved.action, at)
        try:
            result = self.acts.inside(unit, moved.action, at)
        except Refused as refused:
            return self._finish(unit, moved.action.id, Status.FAILED, {"why": str(refused)}, at)
        return None if result is None else self._finish(unit, moved.action.id, Status.DONE, result, at)

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Acts on accounts are idempotent, so they may be repeated; whether they changed anything was seen before."""
        action = self._action(call.entry)
        if not self.fulfilment.is_sealed(action, call.entry.body.get("seal", "")):
            why = "the action is not the one that was decided"
            raise Uncertain(why) if call.uncertain else Refused(why)
        return self.acts.outside(action) | call.before

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """See the protocol."""
        return self.acts.look(self._action(entry))

    def _action(self, entry: OutboxEntry) -> Action:
        with self.store.read() as unit:
            action = unit.actions.load(entry.body["action"])
        assert action is not None, "a claimed action is stored"
        return action

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        status = {DONE: Status.DONE, FAILED: Status.FAILED}.get(ended.state, Status.UNKNOWN)
        # Of what may have come about, it counts what was seen before: a timed grant ends also when nobody could tell that it began.
        seen = entry.result.get("before", {}) if status is Status.UNKNOWN else {}
        return self._finish(unit, entry.body["action"], status, {**seen, **ended.result}, at)

    def _finish(self, unit: UnitOfWork, action_id: str, status: Status, result: dict[str, Any], at: datetime) -> list[Event]:
        return self.acts.tell(unit, self.fulfilment.finish(unit, action_id, status, result, at), at)


@dataclass(frozen=True, slots=True)
class SendCode(_Plain):
    """``code.send``: a fresh one-time code, made and sent in one breath; it is stored nowhere."""

    store: Store
    fulfilment: Fulfilment
    directory: Directory
    notifier: Notifier
    acts: Acts
    patience: timedelta = timedelta(minutes=10)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        action = unit.actions.load(entry.body["action"])
        return None if action is not None and action.status is Status.CHALLENGED else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Sent twice, the later code counts."""
        with self.store.write() as unit:
            action = unit.actions.load(call.entry.body["action"])
            assert action is not None, "a challenged action is stored"
            challenge, code = step_up.begin(action.id, action.hash, Channel.NOTICE, call.at, self.fulfilment.key)
            unit.challenges.open(challenge)
        person = self.directory.person(action.actor)
        if person is None or code is None or not may_recover(person, self.fulfilment.workplace.company().domain):
            raise Refused("there is no second channel any more")
        text = f"Somebody, we hope you, asked for this in the IT help: {action.plan.title}. If it was not you, tell the service desk. Your code:"
        self.notifier.send(Notice(person.recovery, "Your one-time code", text, code), call.entry.key)
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. Without a code nobody can go on, so the action ends; one that may have arrived can still be entered."""
        moved = self.fulfilment.unreachable(unit, entry.body["action"], at) if ended.state == FAILED else None
        return self.acts.tell(unit, moved.action, at) if moved is not None else []


@dataclass(frozen=True, slots=True)
class SendNotice(_Plain):
    """``notice``: a message about an action to a person, at the address that the directory has now."""

    store: Store
    directory: Directory
    notifier: Notifier
    url: Callable[[], str]
    zone: Callable[[], str]
    """Gives the time zone in which people are told moments."""
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. An approver is not asked about what is decided already."""
        action = unit.actions.load(entry.body["action"])
        asks = str(entry.body["about"]).startswith("approval")
        return [] if action is None or (asks and action.status is not Status.AWAITING) else None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second delivery carries the same message id."""
        with self.store.read() as unit:
            action, approval = unit.actions.load(call.entry.body["action"]), unit.approvals.load(call.entry.body["action"])
        person = self.directory.person(call.entry.body["person"])
        if person is None or action is None or not person.email:
            raise Refused("there is nobody to tell")
        requester = self.directory.person(action.actor)
        name = requester.name if requester else "Firstline" if action.actor == SYSTEM else action.actor
        until = local(approval.expires_at, self.zone()) if approval is not None else ""
        self.notifier.send(_notice(call.entry.body["about"], person.email, action, name, self.url(), until), call.entry.key)
        return {}


def _notice(about: str, address: str, action: Action, requester: str, url: str, until: str) -> Notice:
    plan = action.plan
    if about.startswith("approval"):
        again = "Still waiting for you: " if about == "approval.reminder" else ""
        lines = "\n".join(f"- {line}" for line in plan.lines)
        ways = f"Look at it and decide: {url}/console/approvals/{action.id}\nThe link opens a page; nothing happens before you decide there."
        ends = f"\nIt is open until {until}. If nobody decides, nothing is done." if until else ""
        seen = "This is what would be done" if action.actor == SYSTEM else f"This is what {requester} was shown"
        shown = f"{seen}:\n\n{lines}\n\nIt touches {plan.blast_radius}. {plan.undo}"
        text = f"{requester} asks for: {plan.title}\n\n{shown}\n\n{ways}{ends}"
        return Notice(address, f"{again}{requester} asks for: {plan.title}", text)
    text = f"This was done on your account on your request: {plan.title}. If you did not ask for it, tell the service desk now."
    return Notice(address, f"Done on your account: {plan.title}", text)


@dataclass(frozen=True, slots=True)
class Remind(_Inner):
    """``approval.remind``."""

    fulfilment: Fulfilment

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        self.fulfilment.remind(unit, entry.body["action"], at)
        return []


@dataclass(frozen=True, slots=True)
class Expire(_Inner):
    """``approval.expire``."""

    fulfilment: Fulfilment
    acts: Acts

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        moved = self.fulfilment.expire(unit, entry.body["action"], at)
        return self.acts.tell(unit, moved.action, at) if moved is not None else []


@dataclass(frozen=True, slots=True)
class EndGrant(_Inner):
    """``grant.end``: what was granted for a time ends."""

    fulfilment: Fulfilment
    acts: Acts

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        action = unit.actions.load(entry.body["action"])
        back = self.acts.undoing(action) if action is not None and action.status in (Status.DONE, Status.UNKNOWN) else None
        if action is not None and back is not None and not self.fulfilment.renewed(unit, action):
            self.fulfilment.undo(unit, action, *back, by=SYSTEM, at=at)
        return []


@dataclass(frozen=True, slots=True)
class Silent(_Inner):
    """``silence``: what nobody answered in its time is settled."""

    settle: Callable[[UnitOfWork, str, datetime], list[Event]]

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        return self.settle(unit, entry.body["conversation"], at)


@dataclass(frozen=True, slots=True)
class ToDesk(_Plain):
    """``desk.*``: what happened to a filed ticket, told to the system in which people work it."""

    store: Store
    desk: TicketDesk
    outgoing: Callable[[str], OutgoingTicket]
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        if entry.kind == RECONCILE:
            return None
        return [] if entry.kind == mirroring.FILE and unit.outside.of_ticket(self.desk.name, entry.body["ticket"]) else None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        if call.entry.kind == mirroring.FILE:
            return self._file(call)
        if call.entry.kind == RECONCILE:
            return self._reconcile(call.entry.body["key"])
        body, key = call.entry.body, call.entry.key
        with self.store.read() as unit:
            link = unit.outside.of_ticket(self.desk.name, body["ticket"])
            ticket = unit.own_tickets.ticket(body["ticket"])
            filing = unit.outbox.load(mirroring.filing_key(ticket)) if ticket is not None else None
        if link is None:
            if filing is not None and filing.state == WAITING:
                raise Unavailable("the ticket is not there yet", 1.0)
            raise Refused("the ticket is not in that system")
        if call.entry.kind == mirroring.ATTACH:
            return self._attach(call, link.outside)
        if call.entry.kind == mirroring.COMMENT:
            self.desk.comment(link.outside, f"{body['author']}: {body['text']}", key, body["public"])
        elif call.entry.kind == mirroring.STATUS:
            self.desk.change_status(link.outside, TicketStatus(body["status"]), key)
        else:
            self._move(link.outside, ticket, call.entry)
        return {"outside": link.outside}

    def _move(self, outside: str, ticket: Ticket | None, entry: OutboxEntry) -> None:
        """Put a ticket where it was put here, unless somebody, here or there, has put it elsewhere since."""
        category, queue = entry.body["category"], entry.body["queue"]
        if ticket is None or (ticket.category, ticket.queue) == (category, queue):
            self.desk.update(outside, entry.key, queue=queue, category=category)

    def _attach(self, call: Call, outside: str) -> dict[str, Any]:
        """Send a file as a note that only the desk reads: the requester has it."""
        body = call.entry.body
        with self.store.read() as unit:
            attachment, content = unit.attachments.load(body["attachment"]), unit.attachments.content(body["attachment"])
        if attachment is None or content is None:
            raise Refused("the file is gone")
        file = DeskFile(attachment.name, attachment.media, content)
        self.desk.comment(outside, f"{body['author']}: {body['text']}", call.entry.key, public=False, files=[file])
        return {"outside": outside}

    def _file(self, call: Call) -> dict[str, Any]:
        key = call.entry.key
        if call.uncertain and not self.desk.honours_keys:
            found = self.desk.find(key)
            if not found:
                # Creating again could make a second ticket, and the first may only not be searchable yet: people look in the end.
                raise Uncertain("whether the ticket was created cannot be told yet")
            made, *doubles = found
            for double in doubles:
                self.desk.link(double.id, made.id, f"{key}:{double.id}")
        else:
            made = self.desk.create(self.outgoing(call.entry.body["ticket"]), key)
        return {"outside": made.id, "url": made.url, "uncertain": call.uncertain}

    def _reconcile(self, key: str) -> dict[str, Any]:
        found = self.desk.find(key)
        for double in found[1:]:
            self.desk.link(double.id, found[0].id, f"{key}:{double.id}")
        return {"doubles": [double.id for double in found[1:]]}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. People hear of what did not reach the other system on the ticket itself."""
        ticket = str(entry.body.get("ticket", ""))
        if ended.state != DONE:
            if ticket:
                sure = "did not reach" if ended.state == FAILED else "may or may not have reached"
                note = f"This {sure} {self.desk.name} ({entry.kind}): {ended.result.get('why', '')}. Somebody has to look."
                unit.own_tickets.comment(ticket, SYSTEM, note, at, public=False)
            return []
        if entry.kind == mirroring.FILE:
            unit.outside.add(OutsideTicket(ticket, self.desk.name, ended.result["outside"], ended.result["url"], entry.key, at))
            unit.outbox.put(OutboxEntry(f"{RELATE}:{entry.key}", RELATE, {"about": ticket}, at, at))
            if not self.desk.honours_keys:
                again = OutboxEntry(f"{RECONCILE}:{entry.key}", RECONCILE, {"key": entry.key}, at, at + RECONCILE_AFTER)
                unit.outbox.put(again)
        return []


Related = Callable[[Ticket, Sequence[DeskTicket]], Sequence[DeskTicket]]
"""Says which tickets of a desk are about the same as ours."""


@dataclass(frozen=True, slots=True)
class Relate(_Plain):
    """``desk.relate``: a filed ticket is linked with what its requester has open there and did not file here, by telephone say, where it is about
    the same. It holds nothing else up, and nobody has to look when it fails.
    """

    store: Store
    desk: TicketDesk
    outgoing: Callable[[str], OutgoingTicket]
    related: Related
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. A ticket that is gone has nothing to be linked with."""
        return None if unit.own_tickets.ticket(entry.body["about"]) is not None else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        about = call.entry.body["about"]
        with self.store.read() as unit:
            ticket, link = unit.own_tickets.ticket(about), unit.outside.of_ticket(self.desk.name, about)
        if ticket is None or link is None:
            raise Refused("the ticket is gone")
        found = [one for one in self.desk.open_of(self.outgoing(about).requester) if not one.key.startswith(mirroring.FILE)]
        with self.store.read() as unit:
            others = [one for one in found if unit.outside.of_outside(self.desk.name, one.id) is None]
        alike = self.related(ticket, others)[:RELATED_AT_MOST]
        for one in alike:
            self.desk.link(link.outside, one.id, f"{call.entry.key}:{one.id}")
        return {"related": [one.id for one in alike]}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        for one in ended.result.get("related", ()):
            note = f"The requester has ticket {one} open in {self.desk.name}, which seems to be about the same. It is linked there."
            unit.own_tickets.comment(entry.body["about"], SYSTEM, note, at, public=False)
        return []


@dataclass(frozen=True, slots=True)
class Errands:
    """All kinds of errands by name."""

    kinds: Mapping[str, Errand]

    @classmethod
    def over(
        cls,
        store: Store,
        fulfilment: Fulfilment,
        acts: Acts,
        notifier: Notifier,
        desk: TicketDesk | None,
        outgoing: Callable[[str], OutgoingTicket],
        related: Related,
        settle: Callable[[UnitOfWork, str, datetime], list[Event]],
        url: Callable[[], str],
        others: Mapping[str, Errand],
    ) -> Errands:
        """Return the errands over these parts, and ``others`` by name; without a desk elsewhere nothing is passed on."""
        kinds: dict[str, Errand] = {
            RUN: RunAction(store, fulfilment, acts),
            CODE: SendCode(store, fulfilment, fulfilment.directory, notifier, acts),
            NOTICE: SendNotice(store, fulfilment.directory, notifier, url, lambda: fulfilment.workplace.company().timezone),
            REMIND: Remind(fulfilment),
            EXPIRE: Expire(fulfilment, acts),
            END: EndGrant(fulfilment, acts),
            SILENCE: Silent(settle),
            **others,
        }
        if desk is not None:
            to_desk = ToDesk(store, desk, outgoing)
            kinds |= dict.fromkeys((mirroring.FILE, mirroring.COMMENT, mirroring.STATUS, mirroring.MOVE, mirroring.ATTACH, RECONCILE), to_desk)
            kinds[RELATE] = Relate(store, desk, outgoing, related)
        return cls(kinds)
