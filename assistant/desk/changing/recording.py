"""Changes that were made elsewhere and are written down here, so that what happens after them can be laid beside them."""

from __future__ import annotations

import secrets
from datetime import datetime

from assistant.domain.audit import AuditEntry
from assistant.domain.change import Change, ChangeStatus
from assistant.governance.redaction import without_secrets
from assistant.ports.store import UnitOfWork

STEP = "change"
LONGEST_TITLE, LONGEST_SERVICE = 200, 80


class NotRecorded(ValueError):
    """A change cannot be written down as it is; the message says why."""


def record(unit: UnitOfWork, title: str, service: str, took_effect: datetime, by: str, at: datetime) -> Change:
    """Write down a change that took effect at a moment that is not in the future. No secret in its title is kept.

    Raises:
        NotRecorded: it says nothing or too much, names no service, or has not taken effect yet.
    """
    title, service = without_secrets(" ".join(title.split())), service.strip()
    if not 0 < len(title) <= LONGEST_TITLE:
        raise NotRecorded(f"say in 1 to {LONGEST_TITLE} characters what was changed")
    if not 0 < len(service) <= LONGEST_SERVICE:
        raise NotRecorded(f"name the service that was changed, in at most {LONGEST_SERVICE} characters")
    if took_effect > at:
        raise NotRecorded(f"{took_effect:%Y-%m-%d %H:%M} UTC has not come yet; a change is recorded when it was made")
    made = Change(f"ch_{secrets.token_hex(8)}", title, service, ChangeStatus.RECORDED, by, at, at, at=took_effect, ended_at=took_effect)
    unit.changes.add(made)
    unit.audit.append([AuditEntry(at, by, STEP, ChangeStatus.RECORDED.value, detail={"change": made.id, "at": took_effect.isoformat()})])
    return made
