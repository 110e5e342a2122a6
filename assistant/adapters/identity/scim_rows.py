"""What is read of a SCIM provider's answers. Read by hand: a provider with an address or a field that the standard's models refuse is no outage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.ports.identity import NewAccount

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
Row = dict[str, Any]


class Unreadable(ValueError):
    """The answer does not have the form of the standard."""


@dataclass(frozen=True, slots=True)
class ScimUser:
    """A user resource."""

    id: str
    user_name: str
    shown: str
    active: bool
    emails: tuple[Row, ...]
    title: str
    department: str
    location: str
    manager: str
    """Id of another user resource."""

    def email(self, wanted: Callable[[Row], bool]) -> str:
        """Return the first address that is wanted, "" when there is none."""
        return next((_text(email, "value") for email in self.emails if wanted(email) and _text(email, "value")), "")


@dataclass(frozen=True, slots=True)
class ScimGroup:
    """A group resource."""

    id: str
    name: str
    members: tuple[str, ...]


def user_of(row: Any) -> ScimUser:
    """Read a user.

    Raises:
        Unreadable: it has no id or no user name.
    """
    if not isinstance(row, dict) or not _text(row, "id") or not _text(row, "userName"):
        raise Unreadable("a user without id or userName")
    name, work = _row(row, "name"), _row(row, ENTERPRISE)
    formal = _text(name, "formatted") or f"{_text(name, 'givenName')} {_text(name, 'familyName')}".strip()
    return ScimUser(
        id=_text(row, "id"),
        user_name=_text(row, "userName"),
        shown=_text(row, "displayName") or formal or _text(row, "userName"),
        active=str(row.get("active", True)).lower() == "true",
        emails=_rows(row, "emails"),
        title=_text(row, "title"),
        department=_text(work, "department"),
        location=next((_text(place, "locality") for place in _rows(row, "addresses") if _text(place, "locality")), ""),
        manager=_text(_row(work, "manager"), "value"),
    )


def group_of(row: Any) -> ScimGroup:
    """Read a group.

    Raises:
        Unreadable: it has no id.
    """
    if not isinstance(row, dict) or not _text(row, "id"):
        raise Unreadable("a group without id")
    return ScimGroup(_text(row, "id"), _text(row, "displayName"), tuple(_text(member, "value") for member in _rows(row, "members")))


def page_of(answer: Any) -> tuple[list[Any], int]:
    """Return the resources of a list, and how many there are in all.

    Raises:
        Unreadable: it is no list.
    """
    rows, total = (answer.get("Resources") or [], answer.get("totalResults")) if isinstance(answer, dict) else (None, None)
    if not isinstance(rows, list) or not isinstance(total, int):
        raise Unreadable("a list without totalResults")
    return rows, total


def new_user(wanted: NewAccount, manager: str, recovery_kind: str) -> Row:
    """Return an account to be opened as a provider takes it; ``manager`` is the id of another user resource."""
    first, _, last = wanted.name.rpartition(" ")
    emails = [{"value": wanted.email, "type": "work", "primary": True}] if wanted.email else []
    emails += [{"value": wanted.recovery, "type": recovery_kind}] if wanted.recovery and recovery_kind else []
    work = {"department": wanted.department} | ({"manager": {"value": manager}} if manager else {})
    made: Row = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": wanted.id,
        "displayName": wanted.name,
        "name": {"givenName": first or last, "familyName": last, "formatted": wanted.name},
        "active": True,
        "emails": emails,
        "addresses": [{"locality": wanted.location, "type": "work"}] if wanted.location else [],
        "title": wanted.title,
        ENTERPRISE: {name: value for name, value in work.items() if value},
    }
    return {name: value for name, value in made.items() if value not in ("", [], {})}


def takes_passwords(answer: Any) -> bool:
    """Say whether a service provider configuration announces changes of passwords."""
    return _row(answer if isinstance(answer, dict) else {}, "changePassword").get("supported") is True


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _row(row: Row, name: str) -> Row:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _rows(row: Row, name: str) -> tuple[Row, ...]:
    value = row.get(name)
    return tuple(one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()
