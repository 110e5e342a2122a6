"""The service as a row meets it, and what a row observed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from evals.security.served import Served
from evals.security.wire import Header, ask
from evals.security.words import ALICE, BOB

SESSION = "firstline_session"


class NotUnderstood(Exception):
    """The row asks for something that no rule here knows how to do."""


class NotApplicable(Exception):
    """The service has no such surface; the message names it."""


@dataclass(frozen=True, slots=True)
class Play:
    """What was observed: statuses and close codes, and what else was wrong. ``refused`` says that a refusal must have been noted.

    ``own`` says that messages of the caller's own, within their limit, were accepted on the way.
    """

    observed: tuple[int, ...]
    faults: tuple[str, ...] = ()
    own: bool = False

    @property
    def refused(self) -> bool:
        """Say whether anything was refused, so that the audit must say so."""
        return any(code >= 400 or code in (1002, 1003, 1007, 1008, 1009) for code in self.observed)


@dataclass
class Stage:
    """The service, and what belongs to somebody else in it."""

    served: Served
    foreign: str = field(init=False)

    def __post_init__(self) -> None:
        """Let bob have a conversation."""
        answer = self.call("POST", "/v1/conversations", BOB, b'{"text":"My headset has no sound"}')
        self.foreign = json.loads(answer.body)["conversation"]

    def call(self, method: str, target: str, person: str = "", body: bytes = b"", headers: Sequence[Header] = ()) -> Any:
        """Call as a person with a good token."""
        said = [("Authorization", f"Bearer {self.served.token(person)}")] if person else []
        kind = [("Content-Type", "application/json")] if body and not any(n.lower() == "content-type" for n, _ in headers) else []
        return ask(self.served, method, target, [*said, *kind, *headers], body)

    def cookie(self, person: str) -> Header:
        """Return a header with a good console session."""
        return "Cookie", f"{SESSION}={self.served.token(person)}"

    def hello(self, person: str = ALICE, **more: Any) -> dict[str, Any]:
        """Return a good first frame."""
        return {"v": 1, "type": "hello", "token": self.served.token(person), **more}
