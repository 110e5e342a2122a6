"""Conversations of a played home as bundles: all rows that belong together, ready to be written again for another person at another time."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Value = Any
Row = tuple[Value, ...]
LINKS = {
    "conversations": "id",
    "episodes": "conversation",
    "messages": "conversation",
    "events": "conversation",
    "handoffs": "conversation",
    "feedback": "conversation",
    "model_calls": "conversation",
    "channel_threads": "conversation",
    "outcomes": "conversation",
    "asked": "conversation",
    "judged": "conversation",
    "experiment_rows": "conversation",
    "actions": "conversation",
    "tickets": "origin",
    "unresolved_intents": "origin",
}
"""By which column a row belongs to a conversation."""
FURTHER = {
    "ticket_notes": ("ticket", "tickets", "id"),
    "approvals": ("action", "actions", "id"),
    "votes": ("action", "actions", "id"),
    "channel_posts": ("place", "channel_threads", "place"),
    "gap_members": ("intent", "unresolved_intents", "id"),
}
"""By which column a row belongs to a row of another table, and by which of its columns."""
NUMBERED = {"messages": "number", "ticket_notes": "number", "handoffs": "number", "votes": "number", "outbox": "number"}
"""Columns that number the rows of a table; every copy gets the next numbers."""
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
_PLACE = re.compile(r"simulated/\d+")


class NotCopied(Exception):
    """The home cannot be multiplied; the words say why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text cut at what differs from copy to copy: at even places what stays, at odd ones what is replaced."""

    parts: tuple[str, ...]

    def filled(self, mapping: Mapping[str, str]) -> str:
        """Return the text of a copy."""
        return "".join(mapping[part] if number % 2 else part for number, part in enumerate(self.parts))


@dataclass(slots=True)
class Bundle:
    """Conversations of one person that share tickets. ``tokens`` are the ids, names and days in them that differ from copy to copy."""

    person: str
    conversations: tuple[str, ...]
    first_day: date
    tables: dict[str, list[Row]] = field(default_factory=dict)
    audit: list[Value] = field(default_factory=list)
    tokens: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    tickets: tuple[str, ...] = ()


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    """Return the columns of a table, none when there is no such table."""
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def unknown_tables(connection: sqlite3.Connection) -> list[str]:
    """Return tables with a column for a conversation that no rule here names: rows that a copy would lack."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    known = {*LINKS, "holdings", "shadow_turns", "attachments"}
    return sorted(name for name in names if "conversation" in columns_of(connection, name) and name not in known)


def read_bundles(connection: sqlite3.Connection, zone_days: Callable[[str], str]) -> list[Bundle]:
    """Return the settled conversations of a home as bundles. ``zone_days`` gives the local day of a stored time.

    Left out are bundles in which something still waits: a copy of that would wait as well, long after its time.

    Raises:
        NotCopied: the home has a table of conversations for which there is no rule here.
    """
    if strange := unknown_tables(connection):
        raise NotCopied(f"no rule says how rows of {', '.join(strange)} are copied")
    grouped = _grouped(connection)
    waiting = [json.dumps(row) for row in connection.execute("SELECT key, body FROM outbox WHERE state = 'waiting'")]
    unread = {row[0] for row in connection.execute("SELECT conversation FROM messages WHERE answered = 0")}
    held = {row[0] for row in connection.execute("SELECT conversation FROM holdings")}
    found = []
    audit = _audit_by_conversation(connection)
    outbox = _outbox_by_conversation(connection)
    for person, names in grouped:
        if {*names} & (unread | held) or any(name in entry for name in names for entry in waiting):
            continue
        found.append(_bundle(connection, person, names, audit, outbox, zone_days))
    return [one for one in found if not any(status == "awaiting" for status in _statuses(connection, one))]


def _statuses(connection: sqlite3.Connection, bundle: Bundle) -> list[str]:
    if not bundle.tables.get("actions"):
        return []
    marks = ",".join("?" * len(bundle.conversations))
    return [row[0] for row in connection.execute(f"SELECT status FROM actions WHERE conversation IN ({marks})", bundle.conversations)]


def _grouped(connection: sqlite3.Connection) -> list[tuple[str, tuple[str, ...]]]:
    """Return the conversations that share tickets, together; without those that use a ticket that was there before."""
    people = dict(connection.execute("SELECT id, person FROM conversations ORDER BY opened_at, id"))
    owner = {ticket: origin for ticket, origin in connection.execute("SELECT id, origin FROM tickets") if origin in people}
    uses = connection.execute(
        "SELECT ticket, conversation FROM episodes WHERE ticket <> '' UNION SELECT ticket, conversation FROM handoffs"
    ).fetchall()
    parent = {name: name for name in people}
    for ticket, conversation in uses:
        if ticket in owner:
            parent[_root(parent, conversation)] = _root(parent, owner[ticket])
    foreign = {conversation for ticket, conversation in uses if ticket and ticket not in owner}
    groups: dict[str, list[str]] = {}
    for name in people:
        groups.setdefault(_root(parent, name), []).append(name)
    return [(people[names[0]], tuple(names)) for names in groups.values() if not foreign & {*names}]


def _root(parent: Mapping[str, str], name: str) -> str:
    while parent[name] != name:
        name = parent[name]
    return name


def _audit_by_conversation(connection: sqlite3.Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (body,) in connection.execute("SELECT body FROM audit ORDER BY number"):
        found.setdefault(json.loads(body)["conversation"], []).append(body)
    return found


def _outbox_by_conversation(connection: sqlite3.Connection) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    columns = columns_of(connection, "outbox")
    key, body = columns.index("key"), columns.index("body")
    for row in connection.execute("SELECT * FROM outbox ORDER BY number"):
        for name in set(re.findall(r"c_[0-9a-f]{16}", f"{row[key]} {row[body]}")):
            found.setdefault(name, []).append(row)
    return found


def _bundle(
    connection: sqlite3.Connection,
    person: str,
    names: tuple[str, ...],
    audit: Mapping[str, Sequence[str]],
    outbox: Mapping[str, Sequence[Row]],
    zone_days: Callable[[str], str],
) -> Bundle:
    raw = {table: _rows(connection, table, column, names) for table, column in LINKS.items()}
    for table, (column, other, key) in FURTHER.items():
        place = columns_of(connection, other).index(key) if columns_of(connection, other) else 0
        raw[table] = _rows(connection, table, column, [row[place] for row in raw.get(other, [])])
    raw["outbox"] = list(dict.fromkeys(row for name in names for row in outbox.get(name, ())))
    bodies = [body for name in names for body in audit.get(name, ())]
    opened = min(row[columns_of(connection, "conversations").index("opened_at")] for row in raw["conversations"])
    made = Bundle(person, names, date.fromisoformat(zone_days(opened)))
    _tokenise(connection, made, raw, bodies)
    return made


def _rows(connection: sqlite3.Connection, table: str, column: str, values: Sequence[str]) -> list[Row]:
    if not values or column not in columns_of(connection, table):
        return []
    marks = ",".join("?" * len(values))
    return connection.execute(f'SELECT * FROM {table} WHERE "{column}" IN ({marks}) ORDER BY rowid', list(values)).fetchall()


def _tokenise(connection: sqlite3.Connection, bundle: Bundle, raw: dict[str, list[Row]], bodies: list[str]) -> None:
    """Cut every text of the bundle at what differs from copy to copy."""
    tickets = [row[columns_of(connection, "tickets").index("id")] for row in raw["tickets"]]
    ids = {*bundle.conversations, *tickets}
    ids |= {row[columns_of(connection, table).index("id")] for table in ("actions", "unresolved_intents") for row in raw[table]}
    ids |= {found for text in _texts(raw["channel_threads"]) for found in _PLACE.findall(text)}
    ids |= {row[columns_of(connection, "gap_members").index("gap")] for row in raw["gap_members"]}
    ids |= names_of(connection, bundle.person)
    days = {day for text in _texts(*raw.values(), [tuple(bodies)]) for day in _DAY.findall(text) if _near(day, bundle.first_day)}
    tokens = sorted({*ids, *days}, key=len, reverse=True)
    cut = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, tokens))})(?![\w-]|\.\w)|({'|'.join(map(re.escape, sorted(days)))})")
    bundle.tables = {table: [tuple(_cut(value, cut) for value in row) for row in rows] for table, rows in raw.items() if rows}
    bundle.audit = [_cut(body, cut) for body in bodies]
    bundle.tokens, bundle.days, bundle.tickets = frozenset(ids), frozenset(days), tuple(tickets)


def _near(day: str, first: date) -> bool:
    return timedelta(days=-2) <= date.fromisoformat(day) - first <= timedelta(days=60)


def _texts(*tables: Sequence[Row]) -> Iterator[str]:
    return (value for rows in tables for row in rows for value in row if isinstance(value, str))


def _cut(value: Value, cut: re.Pattern[str]) -> Value:
    if not isinstance(value, str):
        return value
    parts, end = list[str](), 0
    for found in cut.finditer(value):
        parts += [value[end : found.start()], found.group()]
        end = found.end()
    return Text((*parts, value[end:])) if parts else value


def names_of(connection: sqlite3.Connection, person: str) -> set[str]:
    """Return how a person is called in texts: id, name, address, alias and devices, each also as JSON writes it."""
    facts = connection.execute("SELECT facts FROM organisation WHERE kind = 'person' AND id = ?", (person,)).fetchone()
    alias = connection.execute("SELECT alias FROM aliases WHERE person = ?", (person,)).fetchone()
    devices = [row[0] for row in connection.execute("SELECT id FROM organisation WHERE kind = 'device' AND owner = ?", (person,))]
    known = json.loads(facts[0]) if facts else {}
    found = {person, known.get("name", ""), known.get("email", ""), alias[0] if alias else "", *devices} - {""}
    return found | {json.dumps(one)[1:-1] for one in found}
