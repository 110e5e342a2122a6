"""Records that are frozen when they are made: what was counted or predicted at one time, as canonical JSON under its hash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from assistant.domain.figure import Plain

BASELINE, PREDICTION, READINESS = "baseline", "prediction", "readiness"
"""Kinds of records."""
Made = TypeVar("Made", bound=Plain)


class Altered(ValueError):
    """A record is not what it was when it was frozen."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A frozen record. ``body`` is canonical JSON: sorted keys, no blanks, UTF-8; ``hash`` its SHA-256 in hexadecimal."""

    kind: str
    name: str
    made_at: datetime
    by: str
    body: str
    hash: str

    @property
    def whole(self) -> bool:
        """Say whether the text is the one that was hashed."""
        return sha256(self.body.encode()).hexdigest() == self.hash

    def read(self, model: type[Made]) -> Made:
        """Return what was frozen.

        Raises:
            Altered: the text was changed since.
        """
        if not self.whole:
            raise Altered(f"the {self.kind} {self.name} was changed since it was frozen: its text does not have the hash {self.hash[:12]}")
        return model.model_validate_json(self.body)


def canonical(made: Plain) -> str:
    """Return the one text of a record."""
    found: Any = made.model_dump(mode="json")
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def freeze(kind: str, name: str, made: Plain, by: str, at: datetime) -> Kept:
    """Return a record that is frozen now."""
    body = canonical(made)
    return Kept(kind, name, at, by, body, sha256(body.encode()).hexdigest())
