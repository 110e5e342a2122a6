"""The audit: what was decided, on what grounds, by which versions. A hash chain makes any later change show."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from assistant.domain.audit import AuditRecord

GENESIS = "0" * 64


def link(previous: str, number: int, body: str) -> str:
    """Return the hash of a record: SHA-256 over the previous hash, the number and the body."""
    return sha256(f"{previous}\n{number}\n{body}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """The chain's head at some moment, kept outside the database."""

    number: int
    hash: str
    seal: str

    @classmethod
    def of(cls, record: AuditRecord, key: bytes) -> Anchor:
        """Seal the head with the installation's key."""
        return cls(record.number, record.hash, _seal(record.number, record.hash, key))

    def holds(self, key: bytes) -> bool:
        """Say whether the seal was made with this key."""
        return hmac.compare_digest(self.seal, _seal(self.number, self.hash, key))


def _seal(number: int, head: str, key: bytes) -> str:
    return hmac.new(key, f"{number}\n{head}".encode(), sha256).hexdigest()


def verify(records: Iterable[AuditRecord], anchors: Iterable[Anchor] = ()) -> list[str]:
    """Return what is wrong with the chain, in words; [] when every record is as it was written.

    Without anchors a cut tail or a chain rebuilt from the start cannot show; with them it does.
    """
    faults, previous, expected = [], GENESIS, 1
    awaited = {anchor.number: anchor.hash for anchor in anchors}
    for record in records:
        if record.number != expected:
            faults.append(f"record {expected} is missing: the next one is {record.number}")
        if record.hash != link(previous, record.number, record.body):
            faults.append(f"record {record.number} was changed, or one before it was")
        if awaited.pop(record.number, record.hash) != record.hash:
            faults.append(f"record {record.number} is not the one that was anchored")
        previous, expected = record.hash, record.number + 1
    faults += [f"record {number} was anchored and is gone" for number in sorted(awaited)]
    return faults
