"""The audit for others: CSV for people with a spreadsheet, OCSF events for a SIEM. Line by line, so that size does not matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from assistant.domain.audit import NOBODY, AuditLine
from assistant.governance.spreadsheet import as_rows

COLUMNS = (
    "number", "at", "actor", "subject", "step", "decision", "verdict", "rule", "policy", "confidence", "tool", "action", "arguments", "outcome",
    "conversation", "message", "model", "prompt", "passages", "approvals", "context", "facts", "detail", "hash",
)  # fmt: skip
OCSF_VERSION = "1.4.0"
PRODUCT = "Firstline"


def between(lines: Iterable[AuditLine], since: date | None, until: date | None) -> Iterator[AuditLine]:
    """Return the lines of the days from ``since`` to ``until``, both included, in UTC.

    Raises:
        ValueError: a line has no time.
    """
    for line in lines:
        day = moment(line).date()
        if (since is None or day >= since) and (until is None or day <= until):
            yield line


def moment(line: AuditLine) -> datetime:
    """Return when a line was written, in UTC.

    Raises:
        ValueError: it does not say.
    """
    try:
        at = datetime.fromisoformat(str(line.facts["at"]))
    except (KeyError, ValueError) as error:
        raise ValueError(f"record {line.number} does not say when it was written") from error
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def as_csv(lines: Iterable[AuditLine]) -> Iterator[str]:
    """Return a heading and one row a record. Every cell is quoted, and none begins what a spreadsheet takes for a formula."""
    facts = (line.facts | {"number": line.number, "hash": line.hash} for line in lines)
    yield from as_rows(COLUMNS, ([one.get(name) for name in COLUMNS] for one in facts))


# -- OCSF -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of OCSF 1.4 events with one of its activities."""

    class_uid: int
    class_name: str
    activity_id: int
    activity_name: str

    def facts(self) -> dict[str, Any]:
        """Return what OCSF calls the classification; the numbers follow from one another."""
        return {
            "class_uid": self.class_uid,
            "class_name": self.class_name,
            "category_uid": self.class_uid // 1_000,
            "activity_id": self.activity_id,
            "activity_name": self.activity_name,
            "type_uid": self.class_uid * 100 + self.activity_id,
        }


def _account(activity: int, name: str) -> Kind:
    return Kind(3001, "Account Change", activity, name)


def _entity(activity: int, name: str) -> Kind:
    return Kind(3004, "Entity Management", activity, name)


def _group(activity: int, name: str) -> Kind:
    return Kind(3006, "Group Management", activity, name)


def _api(activity: int, name: str) -> Kind:
    return Kind(6003, "API Activity", activity, name)


CHANGES = {
    "reset_password": _account(4, "Password Reset"),
    "unlock_account": _account(12, "Unlock"),
    "lock_account": _account(9, "Lock"),
    "grant_access": _group(3, "Add User"),
    "restore_access": _group(3, "Add User"),
    "give_up_access": _group(4, "Remove User"),
    "end_access": _group(4, "Remove User"),
    "create_ticket": _entity(1, "Create"),
}
"""What a tool did when it ran, by its name; others that name a ticket updated it."""
STEPS = {
    "understand": _api(2, "Read"),
    "answer": _api(2, "Read"),
    "file": _entity(1, "Create"),
    "hand_off": _entity(3, "Update"),
    "resolve": _entity(3, "Update"),
    "ticket.comment": _entity(3, "Update"),
    "erase": _account(6, "Delete"),
    "second factor": Kind(3002, "Authentication", 99, "Second factor"),
}
RAN = ("done", "failed", "unknown", "reverted")
FAILED = ("failed", "unknown")
REFUSED = ("refused", "refuse", "deny", "denied", "expired", "people")


def as_ocsf(lines: Iterable[AuditLine]) -> Iterator[str]:
    """Return one OCSF event a record, as JSON lines.

    What was done to accounts, groups and tickets is an event of its own class; every other decision is API Activity. What OCSF
    has no attribute for stands under ``unmapped``.

    Raises:
        ValueError: a record does not say when it was written.
    """
    for line in lines:
        yield json.dumps(ocsf_event(line), ensure_ascii=False, separators=(",", ":")) + "\n"


def ocsf_event(line: AuditLine) -> dict[str, Any]:
    """Return one record as an OCSF event.

    Raises:
        ValueError: see ``as_ocsf``.
    """
    facts, kind = line.facts, _kind(line.facts)
    status_id, status, severity_id, severity = _weighed(facts)
    metadata = {
        "version": OCSF_VERSION,
        "product": {"name": PRODUCT, "vendor_name": PRODUCT},
        "log_name": "audit",
        "sequence": line.number,
        "uid": line.hash,
        "event_code": str(facts.get("step", "")),
        "original_time": str(facts.get("at", "")),
    }
    if facts.get("conversation"):
        metadata["correlation_uid"] = facts["conversation"]
    event = kind.facts() | {
        "time": int(moment(line).timestamp() * 1_000),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "status_detail": str(facts.get("decision", "")),
        "message": f"{facts.get('step', '')}: {facts.get('decision', '')}",
        "metadata": metadata,
        "actor": _actor(str(facts.get("actor", ""))),
    }
    spoken_for = {"at", "step", "decision", "actor", "conversation"}
    unmapped = {name: value for name, value in facts.items() if name not in spoken_for and value not in ("", None, {}, [])}
    return event | _subject(kind, facts) | ({"unmapped": unmapped} if unmapped else {})


def _kind(facts: dict[str, Any]) -> Kind:
    tool, step = str(facts.get("tool", "")), str(facts.get("step", ""))
    if tool and facts.get("decision") in RAN:
        kind = CHANGES.get(tool, _entity(3, "Update") if _ticket(facts) else _api(2, "Read"))
    else:
        kind = STEPS.get(step, _api(99, step or "decision"))
    if kind.class_uid == 3004 and not _ticket(facts):
        return _api(99, step)
    if kind.class_uid == 3006 and not _group_name(facts):
        return _api(99, step)
    return kind


def _subject(kind: Kind, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that the class requires beside those of every event."""
    person = {"user": {"uid": str(facts.get("subject") or facts.get("actor", "")), "type_id": 1, "type": "User"}}
    if kind.class_uid == 3001:
        return person
    if kind.class_uid == 3002:
        return person | {"service": {"name": PRODUCT}, "is_mfa": True}
    if kind.class_uid == 3006:
        return person | {"group": {"name": _group_name(facts)}}
    if kind.class_uid == 3004:
        return {"entity": {"type": "ticket", "uid": _ticket(facts)}}
    return {"api": {"operation": str(facts.get("tool") or facts.get("step", "")), "service": {"name": PRODUCT}}, "src_endpoint": {"name": PRODUCT}}


def _ticket(facts: dict[str, Any]) -> str:
    places = (facts.get(name) for name in ("context", "detail", "arguments"))
    return next((str(place["ticket"]) for place in places if isinstance(place, dict) and place.get("ticket")), "")


def _group_name(facts: dict[str, Any]) -> str:
    arguments = facts.get("arguments")
    return str(arguments.get("group", "")) if isinstance(arguments, dict) else ""


def _actor(actor: str) -> dict[str, Any]:
    if actor in NOBODY:
        return {"app_name": PRODUCT if actor != "operator" else f"{PRODUCT} command line"}
    return {"user": {"uid": actor, "type_id": 1, "type": "User"}}


def _weighed(facts: dict[str, Any]) -> tuple[int, str, int, str]:
    said = {str(facts.get("decision", "")), str(facts.get("verdict", "")), str(facts.get("step", ""))}
    if said & set(REFUSED) or (facts.get("step") == "second factor" and facts.get("decision") != "accepted"):
        return 2, "Failure", 3, "Medium"
    if said & set(FAILED):
        return 2, "Failure", 2, "Low"
    return 1, "Success", 1, "Informational"
