"""What a tool is, and the handles by which it is told what to act on.

No tool takes a person, an approver, a tenant or a credential: those come from the session and the configuration. Every slot is an
enum or a handle, an id that the service itself offered to this person in this conversation and that stops working after a while.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assistant.domain.action import Action, Effect, Plan
from assistant.domain.configuration import Company, Device, Entitlement, Person, Queue, Service
from assistant.domain.ticket import Ticket
from assistant.governance.policy import Facts
from assistant.ports.identity import Directory, NewAccount, Workplace
from assistant.ports.notify import Notifier
from assistant.ports.store import UnitOfWork

HANDLE_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Offered:
    """Something that a slot can take for this person now. ``handle`` stands for ``value`` in this conversation only."""

    handle: str
    kind: str
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One argument: a handle of a kind, or one of ``values``."""

    name: str
    about: str
    kind: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a tool may look at to plan or to show: the person of the session and what is theirs."""

    person: Person
    devices: tuple[Device, ...]
    tickets: tuple[Ticket, ...]
    """The person's own, newest first, without notes."""
    entitlements: tuple[Entitlement, ...]
    services: tuple[Service, ...]
    queues: tuple[Queue, ...]
    company: Company
    read_ticket: Callable[[str], Ticket | None]
    """Reads one of them with its notes."""
    words: str = ""
    """The person's own message, where a tool passes it on word for word."""
    message: str = ""
    """The id of that message."""
    issue: str = ""
    """What the conversation is about, in the person's own words."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a tool may use to act outside."""

    directory: Directory
    notifier: Notifier
    workplace: Workplace
    newcomers: Callable[[str], tuple[NewAccount, str] | None] = lambda _case: None
    """The account to be opened for a case of somebody who joins, and its digest."""


@dataclass(frozen=True, slots=True)
class Undo:
    """How an action is taken back: by which tool, with which arguments."""

    tool: str
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. It either shows something (``show``), acts inside our own records (``inside``) or in another system (``outside``)."""

    name: str
    effect: Effect
    about: str
    """For the model that chooses, and for people who read the list."""
    slots: tuple[Slot, ...] = ()
    show: Callable[[Surroundings, Mapping[str, str]], str] | None = None
    plan: Callable[[Surroundings, Mapping[str, str]], Plan] | None = None
    facts: Callable[[Surroundings, Mapping[str, str]], dict[str, Any]] = field(default=lambda _surroundings, _arguments: {})
    whole: Callable[[Surroundings, dict[str, str]], dict[str, str]] = field(default=lambda _surroundings, values: values)
    """Adds what follows from the arguments, such as the queue of a category."""
    inside: Callable[[UnitOfWork, Action, datetime], dict[str, Any]] | None = None
    outside: Callable[[Hands, Action], dict[str, Any]] | None = None
    would_change: Callable[[Hands, Action], bool] | None = None
    """Looks, before the first call, whether an act outside will change anything: a call that is repeated after a lost answer cannot tell."""
    undo: Callable[[Action], Undo | None] | None = None
    """None for what cannot be taken back; it returns None where nothing was changed."""
    offered: bool = True
    """Whether it may be asked for in a conversation; the others only take something back."""
    missing: Callable[[Hands], str] = field(default=lambda _hands: "")
    """Why the tool is switched off in this installation, "" when it is not."""
    ended: Callable[[UnitOfWork, Action, datetime], None] | None = None
    """For a tool of a practice: stores what follows for the practice, however an action ended (done, failed, refused, expired, ...)."""
    done: str = ""
    """What the person is told when it is done; ``{name}`` takes an argument or a result."""
    unchanged: str = ""
    """What the person is told instead when everything was so already."""
    category: str = ""
    """Where a ticket about it belongs; "" for what is about a ticket: no other is opened for it, and nobody asks whether it solved anything."""

    def schema(self, offers: Sequence[Offered]) -> dict[str, Any]:
        """Return the tool as JSON Schema for a model: nothing but enums and the handles that are offered now."""
        properties = {
            slot.name: {"type": "string", "description": slot.about, "enum": [*slot.values, *(o.handle for o in offers if o.kind == slot.kind)]}
            for slot in self.slots
        }
        parameters = {"type": "object", "properties": properties, "required": [slot.name for slot in self.slots], "additionalProperties": False}
        return {"name": self.name, "description": self.about, "parameters": parameters}


class UnknownArgument(ValueError):
    """An argument is none of the tool's, is missing, or was not offered to this person here and now."""


def resolve(tool: Tool, arguments: Mapping[str, Any], offers: Sequence[Offered]) -> dict[str, str]:
    """Return the values behind what a model passed.

    Raises:
        UnknownArgument: anything about it is not exactly as the schema says.
    """
    wanted = {slot.name: slot for slot in tool.slots}
    if set(arguments) != set(wanted):
        raise UnknownArgument(f"{tool.name} takes {', '.join(wanted) or 'nothing'}")
    values = {}
    for name, slot in wanted.items():
        given = arguments[name]
        behind = next((o.value for o in offers if slot.kind and o.kind == slot.kind and o.handle == given), None)
        if behind is None and given in slot.values:
            behind = str(given)
        if behind is None:
            raise UnknownArgument(f"{name} of {tool.name} is nothing that was offered")
        values[name] = behind
    return values


@dataclass(frozen=True, slots=True)
class Handles:
    """Makes handles. They are not stored: each is a keyed digest of what it stands for, for whom, where and in which hour.

    What a person may no longer ask for is not offered any more, so its handle stops working at once.
    """

    key: bytes

    def offers(self, surroundings: Surroundings, conversation: str, at: datetime) -> tuple[Offered, ...]:
        """Return everything that slots can take for this person in this conversation, each under this hour's and the last hour's handle."""
        things = [
            *(("ticket", ticket.id, f"{ticket.id} {ticket.subject}") for ticket in surroundings.tickets),
            *(("entitlement", one.id, one.name) for one in surroundings.entitlements if one.offered_to(surroundings.person)),
            *(("held", one.id, one.name) for one in surroundings.entitlements if one.id in surroundings.person.groups),
            *(("service", service.id, service.name) for service in surroundings.services),
            *(("category", category, category) for queue in surroundings.queues for category in queue.categories),
        ]
        hour = int(at.timestamp() // HANDLE_LIFE.total_seconds())
        who = f"{surroundings.person.id}\n{conversation}"
        return tuple(Offered(self._handle(who, kind, value, h), kind, value, label) for h in (hour, hour - 1) for kind, value, label in things)

    def _handle(self, who: str, kind: str, value: str, hour: int) -> str:
        digest = hmac.new(self.key, f"handle\n{who}\n{kind}\n{value}\n{hour}".encode(), "sha256").hexdigest()
        return f"{kind}_{digest[:16]}"


def judged_by(tool: Tool, surroundings: Surroundings, values: Mapping[str, str], confidence: float) -> Facts:
    """Return what the policy has to know of a wish for this tool."""
    reversible = tool.undo is not None or tool.effect is Effect.READ
    return Facts(tool=tool.name, confidence=confidence, reversible=reversible, **tool.facts(surroundings, values))
