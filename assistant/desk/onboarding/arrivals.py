"""What HR, a form or a command says about somebody who joins or leaves: read, bounded, and refused with a sentence.

Everything in it is data. It fills fields; it never chooses what is done, who approves it, or which groups somebody gets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from assistant.domain.onboarding import CaseKind

EARLIEST, LATEST = timedelta(days=30), timedelta(days=400)
"""How long ago a first day may have been, and how far ahead anything may be."""
LONGEST_GONE = timedelta(days=365)
"""How long ago somebody may have left."""
AHEAD = timedelta(minutes=5)
"""How far the clock of HR's system may be ahead."""
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,59}")
ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")
ADDRESS = re.compile(r"[^\s@<>,;:\"()]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")
LINES = {"name": 120, "title": 120, "department": 80, "location": 80}


class Event(StrEnum):
    """What is said."""

    JOIN = "join"
    CHANGE = "change"
    WITHDRAWN = "withdrawn"
    """Somebody will not come, or stays after all."""
    LEAVE = "leave"


class ArrivalRefused(ValueError):
    """It cannot be taken in; the message says why."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message about one employee."""

    event: Event
    employee: str
    """HR's number."""
    told_at: datetime
    """When it was said there: of two that overtake each other the later one counts."""
    kind: CaseKind = CaseKind.JOIN
    """What is withdrawn or changed: the joining or the leaving."""
    name: str = ""
    account: str = ""
    title: str = ""
    department: str = ""
    location: str = ""
    manager: str = ""
    private: str = ""
    day: date | None = None
    moment: datetime | None = None


KEYS: Mapping[Event, tuple[frozenset[str], frozenset[str]]] = {
    Event.JOIN: (frozenset({"name", "first_day", "manager"}), frozenset({"account", "title", "department", "location", "private_email"})),
    Event.CHANGE: (frozenset(), frozenset({"first_day", "leaving_at", "manager", "title", "department", "location", "private_email"})),
    Event.WITHDRAWN: (frozenset(), frozenset({"of"})),
    Event.LEAVE: (frozenset({"leaving_at"}), frozenset({"account", "private_email"})),
}
"""What each event has to have, and may have, beside ``event``, ``employee`` and ``at``."""


def read_arrival(body: bytes, now: datetime) -> Arrival:
    """Return what a message of HR says.

    Raises:
        ArrivalRefused: it is no JSON, a key is missing, unknown or of the wrong form, or a day lies too far away.
    """
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise ArrivalRefused("the message is no JSON") from None
    if not isinstance(said, dict):
        raise ArrivalRefused("the message is no JSON object")
    return arrival_of(said, now)


def arrival_of(said: Mapping[str, Any], now: datetime) -> Arrival:
    """Return what was said as keys and values.

    Raises:
        ArrivalRefused: see ``read_arrival``.
    """
    event = said.get("event")
    if event not in list(Event):
        raise ArrivalRefused(f"event has to be one of {', '.join(Event)}")
    must, may = KEYS[Event(event)]
    must, may = must | {"event", "employee", "at"}, may
    missing, unknown = sorted(must - set(said)), sorted(set(map(str, said)) - must - may)
    if missing:
        raise ArrivalRefused(f"the message lacks {', '.join(missing)}")
    if unknown:
        raise ArrivalRefused(f"the message has {unknown[0][:40]}, which means nothing for {event}")
    told = _moment(said["at"], "at")
    if told > now + AHEAD:
        raise ArrivalRefused("at is in the future")
    day, moment = _day(said.get("first_day"), now), _leaving(said.get("leaving_at"), now)
    if day is not None and moment is not None:
        raise ArrivalRefused("one message changes a joining or a leaving: first_day or leaving_at, not both")
    of = said.get("of", CaseKind.LEAVE if moment is not None or event == Event.LEAVE else CaseKind.JOIN)
    if of not in list(CaseKind):
        raise ArrivalRefused("of has to be join or leave")
    return Arrival(
        event=Event(event),
        employee=_matching(said, "employee", PLAIN, "letters, digits and ._@-"),
        told_at=told,
        kind=CaseKind(of),
        account=_matching(said, "account", ACCOUNT, "small letters, digits and ._-"),
        manager=_matching(said, "manager", PLAIN, "the id of a person of the directory"),
        private=_matching(said, "private_email", ADDRESS, "one e-mail address"),
        day=day,
        moment=moment,
        **{name: _line(said, name, most) for name, most in LINES.items()},
    )


def _matching(said: Mapping[str, Any], key: str, form: re.Pattern[str], what: str) -> str:
    value = said.get(key, "")
    if value == "" and key != "employee":
        return ""
    value = str(value) if type(value) is int and key == "employee" else value
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ArrivalRefused(f"{key} has to be {what}")
    return value


def _line(said: Mapping[str, Any], key: str, most: int) -> str:
    value = said.get(key, "")
    if not isinstance(value, str) or len(value) > most or not value.isprintable() or (key == "name" and key in said and not value.strip()):
        raise ArrivalRefused(f"{key} has to be one line of at most {most} characters")
    return " ".join(value.split())


def _moment(said: Any, key: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise ArrivalRefused(f"{key} has to be a time with its zone, such as 2026-12-01T17:00:00+01:00")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ArrivalRefused(f"{key} is no time that can be") from None


def _day(said: Any, now: datetime) -> date | None:
    if said in (None, ""):
        return None
    try:
        found = date.fromisoformat(said) if isinstance(said, str) and len(said) == 10 else None
    except ValueError:
        found = None
    if found is None:
        raise ArrivalRefused("first_day has to be a day such as 2026-12-01")
    if found < (now - EARLIEST).date():
        raise ArrivalRefused(f"first_day is more than {EARLIEST.days} days ago: that colleague has begun, and nothing is prepared any more")
    if found > (now + LATEST).date():
        raise ArrivalRefused(f"first_day is more than {LATEST.days} days ahead")
    return found


def _leaving(said: Any, now: datetime) -> datetime | None:
    if said in (None, ""):
        return None
    found = now if said == "now" else _moment(said, "leaving_at")
    if found < now - LONGEST_GONE:
        raise ArrivalRefused(f"leaving_at is more than {LONGEST_GONE.days} days ago")
    if found > now + LATEST:
        raise ArrivalRefused(f"leaving_at is more than {LATEST.days} days ahead")
    return found
