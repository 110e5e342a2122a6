"""The organisation around the desk: people, devices, services, queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kb.model import Platform

DEFAULT_QUEUE = "service-desk"
GUEST = "guest:"
"""Begins the id of somebody of whom no channel could say who they are."""


class Role(StrEnum):
    """What somebody may do in the console beside approving what a request asks of them."""

    AGENT = "agent"
    """Works tickets and conversations."""
    AUTHOR = "author"
    """Writes the knowledge base."""
    OPERATOR = "operator"
    """Runs the service: its connections, its policy, its thresholds."""
    AUDITOR = "auditor"
    """Reads the record of what was decided."""


ADMIN = "admin"
"""Names, beside the roles, the groups whose members have all of them."""
DEFAULT_ROLES: Mapping[str, frozenset[str]] = {
    Role.AGENT: frozenset({"it-desk"}),
    Role.AUTHOR: frozenset({"kb-authors"}),
    Role.OPERATOR: frozenset({"it-operators"}),
    Role.AUDITOR: frozenset({"it-auditors"}),
    ADMIN: frozenset({"it-admins"}),
}
"""The groups that give a role where nothing else is set."""


@dataclass(frozen=True, slots=True)
class Person:
    """An employee as the directory knows them now."""

    id: str
    name: str
    email: str = ""
    title: str = ""
    department: str = ""
    location: str = ""
    manager: str = ""
    groups: frozenset[str] = frozenset()
    delegate: str = ""
    """Who approves in this person's place."""
    demo: int = 0
    """Rank among the people that a visitor of the demo page may be; 0 for nobody's choice."""
    story: str = ""
    recovery: str = ""
    """A second address for one-time codes, which opens without the account that they protect: never the company mailbox."""
    slack: str = ""
    """This person's id in Slack, as WORKSPACE/USER."""
    roles: frozenset[Role] = frozenset()
    """What their groups let them do in the console: given where a directory is opened."""

    @property
    def first_name(self) -> str:
        """The name to greet with."""
        return self.name.split()[0] if self.name.split() else self.id

    @property
    def is_guest(self) -> bool:
        """Say whether nobody knows who this is: they read what everybody may read, and nothing is done or filed for them."""
        return self.id.startswith(GUEST)

    @property
    def is_agent(self) -> bool:
        """Say whether this person works tickets."""
        return Role.AGENT in self.roles

    @property
    def is_author(self) -> bool:
        """Say whether this person writes the knowledge base."""
        return Role.AUTHOR in self.roles

    def with_roles(self, granted: Mapping[str, frozenset[str]]) -> Person:
        """Return the same person with the roles that their groups give; ``granted`` names the groups of each role, and of ``admin`` for all."""
        everything = bool(self.groups & granted.get(ADMIN, frozenset()))
        return replace(self, roles=frozenset(role for role in Role if everything or self.groups & granted.get(role, frozenset())))


def guest(channel: str, who: str, name: str = "") -> Person:
    """Return a stranger whom a channel calls ``who``; the same one has the same id."""
    return Person(f"{GUEST}{channel}:{who}"[:80], name)


def guest_of(person_id: str) -> Person | None:
    """Return the stranger whose id this is; None when it is nobody's or a person's of the directory."""
    return Person(person_id, "") if person_id.startswith(GUEST) else None


@dataclass(frozen=True, slots=True)
class Device:
    """A managed device and who uses it."""

    id: str
    owner: str
    name: str
    platform: Platform
    os: str
    kind: str = "laptop"
    primary: bool = False
    compliant: bool = True


@dataclass(frozen=True, slots=True)
class Service:
    """An IT service and whether it works now."""

    id: str
    name: str
    status: str
    note: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Access that people may ask for: membership in the directory's group of this id."""

    id: str
    name: str
    description: str = ""
    owner: str = ""
    """Who decides about it, beside the manager."""
    category: str = ""
    """What the policy goes by: privileged, regulated, ..."""
    cost: int = 0
    """What a member costs a month, in the organisation's currency."""
    open_to: tuple[str, ...] = ()
    """Groups whose members may ask for it; () for everybody."""

    def offered_to(self, person: Person) -> bool:
        """Say whether a person may ask for it and does not have it yet."""
        return self.id not in person.groups and (not self.open_to or bool(person.groups & set(self.open_to)))


@dataclass(frozen=True, slots=True)
class Queue:
    """A team's list of tickets, and the categories that belong there."""

    id: str
    name: str
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """The organisation that this installation serves."""

    name: str
    domain: str
    timezone: str = "UTC"
    desk_hours: str = ""
    """When and how the service desk is reached, as one sentence."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything that the people file describes, read once and replaced as a whole."""

    company: Company
    people: tuple[Person, ...] = ()
    devices: tuple[Device, ...] = ()
    services: tuple[Service, ...] = ()
    queues: tuple[Queue, ...] = field(default_factory=tuple)
    entitlements: tuple[Entitlement, ...] = ()
    locked: frozenset[str] = frozenset()
    """People whose accounts begin locked."""

    def group_names(self) -> frozenset[str]:
        """Return the names of all groups."""
        return frozenset(one.id for one in self.entitlements).union(*(person.groups for person in self.people))


def queue_name(queue_id: str, queues: tuple[Queue, ...]) -> str:
    """Return what people call a queue; its id when nobody described it."""
    return next((queue.name for queue in queues if queue.id == queue_id), queue_id)


def queue_for(category: str, queues: tuple[Queue, ...]) -> str:
    """Return the id of the queue that takes a category; the service desk takes what nobody claims."""
    return next((queue.id for queue in queues if category in queue.categories), DEFAULT_QUEUE)
