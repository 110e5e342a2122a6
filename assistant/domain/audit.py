"""What one line of the audit says."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One decision."""

    at: datetime
    actor: str
    step: str
    decision: str
    conversation: str = ""
    message: str = ""
    confidence: float | None = None
    passages: tuple[str, ...] = ()
    """Passage ids, which carry article and revision."""
    model: str = ""
    prompt: str = ""
    policy: str = ""
    outcome: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    def canonical(self) -> str:
        """Return the one text that stands for this entry in the chain."""
        facts = asdict(self) | {"at": self.at.isoformat()}
        return json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An entry as stored: its number, its canonical text, and the hash that binds it to all before it."""

    number: int
    body: str
    hash: str
