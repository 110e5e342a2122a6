"""What one line of the audit says, how lines are chained, and under which names people stand in it."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from hashlib import sha256
from typing import Any

GENESIS = "0" * 64
ERASED = "erased person"
"""What readers see in place of somebody whose alias was deleted."""
ERASURE = "erase"
"""The step of the record that an erasure leaves."""
NOBODY = frozenset({"", "firstline", "operator"})
"""Actors that are no people: the service itself, and whoever runs a command on its host."""
PEOPLE = frozenset({"actor", "subject", "person", "requester", "approver", "instead_of", "assignee", "holder", "manager", "owner", "delegate"})
"""Keys whose values are people's ids wherever they stand in an entry: as a field, or inside arguments, facts, context or detail."""
OPEN_FIELDS = ("message", "arguments", "facts", "context", "detail")
"""Fields that others fill: a person's id is replaced in them under whatever key it stands."""
_ALIAS = re.compile(r"p_[0-9a-f]{32}")
_ALIASES = re.compile(r'"(p_[0-9a-f]{32})"')


@dataclass(frozen=True, slots=True)
class Consent:
    """One approver's decision for an action: who, when, and the hash of exactly what was agreed to."""

    approver: str
    at: datetime
    hash: str
    instead_of: str = ""
    """The holder of the role whose delegate the approver is."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One decision. Ids, numbers, digests and words of the product only: nothing that a person wrote, and no secret."""

    at: datetime
    actor: str
    """Who did it: a person's id, ``firstline`` for the service itself, ``operator`` for a command on its host."""
    step: str
    decision: str
    """What came of the step."""
    conversation: str = ""
    message: str = ""
    """Id of the message that led to it, as the sender chose it."""
    confidence: float | None = None
    """As the policy saw it, not rounded."""
    passages: tuple[str, ...] = ()
    """Passage ids, which carry article and revision."""
    model: str = ""
    prompt: str = ""
    """Digest of the prompt with its template; ``none`` where no prompt was used."""
    policy: str = ""
    """Version of the policy, the digest of its file."""
    outcome: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    """Whatever else belongs to the step, as ids and numbers."""
    subject: str = ""
    """Whose account or ticket it touches; "" where that is nobody or the actor."""
    action: str = ""
    """Id of the action, which is its idempotency key."""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    """The values that the tool is called with: enums and ids behind handles. A secret cannot be written down here."""
    rule: str = ""
    """The rule of the policy that fired."""
    facts: dict[str, Any] = field(default_factory=dict)
    """All that the policy decided by, so that the decision can be made again."""
    verdict: str = ""
    """What the policy said."""
    approvals: tuple[Consent, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    """What was handed over to a person or another system: ids, and digests of texts."""

    def canonical(self) -> str:
        """Return the one text that stands for this entry in the chain.

        Raises:
            TypeError: it holds something that is no plain value, such as a secret.
        """
        return _canonical(self.plain())

    def plain(self) -> dict[str, Any]:
        """Return the entry as plain values, times as ISO 8601."""
        # Not ``asdict``: it would open a secret that somebody put into one of the dictionaries.
        facts = {name.name: getattr(self, name.name) for name in fields(self)}
        approvals = [asdict(consent) | {"at": consent.at.isoformat()} for consent in self.approvals]
        return facts | {"at": self.at.isoformat(), "approvals": approvals}

    def people(self) -> frozenset[str]:
        """Return the ids of all people that it names."""
        return frozenset(_named(self.plain()))

    def disguised(self, alias: Callable[[str], str]) -> str:
        """Return the canonical text with an alias in place of each person's id.

        Raises:
            TypeError: see ``canonical``.
        """
        facts = self.plain()
        names = {person: alias(person) for person in self.people()}
        hidden = {key: _replaced(value, names, everywhere=key in OPEN_FIELDS, key=key) for key, value in facts.items()}
        return _canonical(hidden)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry as stored: its number, its canonical text, and the hash that binds it to all before it."""

    number: int
    body: str
    hash: str

    def aliases(self) -> list[str]:
        """Return the aliases that it holds."""
        return _ALIASES.findall(self.body) if isinstance(self.body, str) else []


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A record for people to read: with people's ids in place of aliases, or ``ERASED`` where there is none any more."""

    number: int
    hash: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, record: AuditRecord, person: Mapping[str, str]) -> AuditLine:
        """Resolve the aliases of a record; ``person`` gives the id behind an alias.

        Raises:
            ValueError: the record's text is no JSON object.
        """
        facts = json.loads(record.body) if isinstance(record.body, str) else None
        if not isinstance(facts, dict):
            raise ValueError(f"record {record.number} is no JSON object")
        return cls(record.number, record.hash, _resolved(facts, person))


@dataclass(frozen=True, slots=True)
class Alias:
    """The name under which a person stands in the chain.

    The alias is a digest over the person's id and a random salt that stands only here. So a row that was changed to blame somebody
    else shows, and once the row is deleted nobody can tell whose alias it was.
    """

    person: str
    alias: str
    salt: str

    @classmethod
    def of(cls, person: str) -> Alias:
        """Make a fresh alias."""
        salt = secrets.token_hex(32)
        return cls(person, _alias(person, salt), salt)

    def holds(self) -> bool:
        """Say whether the alias belongs to this person."""
        return hmac.compare_digest(self.alias, _alias(self.person, self.salt))


@dataclass(frozen=True, slots=True)
class Anchor:
    """The chain's head at some moment, kept outside the database."""

    number: int
    hash: str
    seal: str
    at: str = ""
    """When it was made, ISO 8601; "" in anchors of early versions."""

    @classmethod
    def of(cls, record: AuditRecord, key: bytes, at: str = "") -> Anchor:
        """Seal the head with the installation's key."""
        return cls(record.number, record.hash, _seal(record.number, record.hash, at, key), at)

    def holds(self, key: bytes) -> bool:
        """Say whether the seal was made with this key."""
        return hmac.compare_digest(self.seal, _seal(self.number, self.hash, self.at, key))


def link(previous: str, number: int, body: str) -> str:
    """Return the hash of a record: SHA-256 over the previous hash, the number and the body."""
    return sha256(f"{previous}\n{number}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()


def digest(text: str) -> str:
    """Return what stands for a text in the audit: the first 16 digits of its SHA-256."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _seal(number: int, head: str, at: str, key: bytes) -> str:
    sealed = f"{number}\n{head}\n{at}" if at else f"{number}\n{head}"
    return hmac.new(key, sealed.encode(), sha256).hexdigest()


def _alias(person: str, salt: str) -> str:
    return "p_" + sha256(f"{salt}\n{person}".encode()).hexdigest()[:32]


def _canonical(facts: dict[str, Any]) -> str:
    return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _named(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner, held in value.items():
            yield from _named(held, inner)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _named(held, key)
    elif isinstance(value, str) and key in PEOPLE and value not in NOBODY:
        yield value


def _replaced(value: Any, names: Mapping[str, str], *, everywhere: bool, key: str = "") -> Any:
    """Put aliases in place of names; what only looks like an alias gets a sign before it, so that no reader takes it for one."""
    if isinstance(value, dict):
        return {
            _replaced(inner, names, everywhere=everywhere): _replaced(held, names, everywhere=everywhere, key=inner) for inner, held in value.items()
        }
    if isinstance(value, list | tuple):
        return [_replaced(held, names, everywhere=everywhere, key=key) for held in value]
    if isinstance(value, str):
        if value in names and (everywhere or key in PEOPLE):
            return names[value]
        return f"={value}" if _ALIAS.fullmatch(value) else value
    return value


def _resolved(value: Any, person: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_resolved(key, person): _resolved(held, person) for key, held in value.items()}
    if isinstance(value, list):
        return [_resolved(held, person) for held in value]
    if isinstance(value, str) and _ALIAS.fullmatch(value):
        return person.get(value, ERASED)
    return value
