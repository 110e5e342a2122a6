"""A large desk out of a played home: its conversations written again and again, for other people, at other times, about things a little different.

Rows go straight into the tables, in bulk; what holds of the played home holds of the large one: each copy is whole, the ledger counts what its
episodes say, and the audit is one chain. SQLite only.
"""

from __future__ import annotations

import json
import random
import re
import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from assistant.domain.week import Week
from evals.weeks.bundles import NUMBERED, Bundle, NotCopied, Row, Text, columns_of, names_of, read_bundles

if TYPE_CHECKING:
    from assistant.settings import Settings

BATCH = 500
"""Copies that are written together."""
VARIANTS = 10
"""Of everything that was asked there are so many a little different things."""
STRAYS = 0.30
"""How far a variant's vector strays from the played one: the length of a random direction that is added before it is made a unit vector again."""
VECTORS = {"asked": np.float16, "unresolved_intents": np.float32, "tickets": np.float32}
"""Tables with a column ``vector``, and its numbers."""
STORED = "%Y-%m-%d %H:%M:%S.%f"
CACHE_KB = 1_000_000
_ABOUT = re.compile(r'\{"action":"(a_[^"]+)"')
"""Begins a record that is about an action: the names in a record are in order."""
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a home holds now."""

    conversations: int
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy that is to be written."""

    bundle: Bundle
    days: int
    person: int
    variant: int
    number: int

    @property
    def first_day(self) -> date:
        """When its first conversation begins."""
        return self.bundle.first_day + timedelta(days=self.days)


@dataclass(slots=True)
class Filler:
    """Writes copies. ``counts`` are the numbers of rows by table."""

    connection: sqlite3.Connection
    zone: ZoneInfo
    draw: random.Random
    names: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)
    """How the tokens of a person read for each of the people that stand in their place."""
    next_number: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    gaps: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Gaps of variants, with the gap that they are a variant of."""
    strays: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    head: tuple[int, str] = (0, "")

    def write(self, copies: Sequence[Copy]) -> None:
        """Write some copies, in one transaction."""
        tables: dict[str, list[Row]] = {}
        bodies: list[str] = []
        for copy in copies:
            self._one(copy, tables, bodies)
        for table, rows in tables.items():
            marks = ",".join("?" * len(rows[0]))
            self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            self.counts[table] = self.counts.get(table, 0) + len(rows)
        self._chain(bodies)
        self.connection.commit()

    def _one(self, copy: Copy, tables: dict[str, list[Row]], bodies: list[str]) -> None:
        mapping = self._mapping(copy)
        for table, rows in copy.bundle.tables.items():
            target = tables.setdefault(table, [])
            for row in rows:
                target.append(self._row(table, row, mapping, copy))
        bodies += [body.filled(mapping) if isinstance(body, Text) else body for body in copy.bundle.audit]

    def _mapping(self, copy: Copy) -> dict[str, str]:
        mapping = dict(self.names[copy.bundle.person, copy.person])
        mapping |= {day: (date.fromisoformat(day) + timedelta(days=copy.days)).isoformat() for day in copy.bundle.days}
        for token in copy.bundle.tokens - mapping.keys():
            mapping[token] = self._fresh(token, copy)
        return mapping

    def _fresh(self, token: str, copy: Copy) -> str:
        if token in copy.bundle.tickets:
            self.next_number["tickets"] += 1
            return f"T-{self.next_number['tickets']}"
        if token.startswith("g_"):
            return self._gap(token, copy.variant)
        if token.startswith("simulated/"):
            return f"{token}/{copy.number}"
        return token[:2] + sha256(f"{token}/{copy.number}".encode()).hexdigest()[:16]

    def _gap(self, gap: str, variant: int) -> str:
        """Return the gap of a variant: what is asked a little differently is another gap."""
        if not variant:
            return gap
        made = f"g_{sha256(f'{gap}/{variant}'.encode()).hexdigest()[:16]}"
        self.gaps[made] = gap, variant
        return made

    def close(self) -> None:
        """Write the gaps that copies are in."""
        names = self.columns.get("gaps", [])
        for made, (gap, variant) in self.gaps.items():
            row = list(self.connection.execute("SELECT * FROM gaps WHERE id = ?", (gap,)).fetchone())
            row[names.index("id")] = made
            if row[names.index("centroid")]:
                row[names.index("centroid")] = self._strayed(row[names.index("centroid")], variant, np.float32)
            self.connection.execute(f"INSERT INTO gaps VALUES ({','.join('?' * len(row))})", row)
        self.counts["gaps"] = len(self.gaps)
        self.connection.commit()

    def _row(self, table: str, row: Row, mapping: dict[str, str], copy: Copy) -> Row:
        made: list[Any] = [value.filled(mapping) if isinstance(value, Text) else value for value in row]
        names = self.columns[table]
        if table in NUMBERED:
            self.next_number[table] += 1
            made[names.index(NUMBERED[table])] = self.next_number[table]
        if table == "tickets":
            made[names.index("number")] = int(made[names.index("id")].removeprefix("T-"))
        if table in VECTORS and made[names.index("vector")]:
            made[names.index("vector")] = self._strayed(made[names.index("vector")], copy.variant, VECTORS[table])
        if table == "outcomes":
            self._on_local_day(made, names)
        return tuple(made)

    def _strayed(self, stored: bytes, variant: int, kind: Any) -> bytes:
        key = stored, variant
        if key not in self.strays:
            vector = np.frombuffer(stored, dtype=kind).astype(np.float32)
            aside = np.random.default_rng(variant * 7_919 + len(vector)).standard_normal(len(vector)).astype(np.float32)
            moved = vector + (STRAYS if variant else 0.0) * aside / np.linalg.norm(aside)
            self.strays[key] = (moved / np.linalg.norm(moved)).astype(kind).tobytes()
        return self.strays[key]

    def _on_local_day(self, made: list[Any], names: Sequence[str]) -> None:
        """Say on which local day and in which hour the copy is counted: the change of the clock may lie between it and what was played."""
        closed, opened = (_moment(made[names.index(name)]).astimezone(self.zone) for name in ("closed_at", "opened_at"))
        for name, value in (("day", closed.date().isoformat()), ("week", str(Week.of_day(closed.date()))), ("hour", f"{opened.hour:02}")):
            made[names.index(name)] = value

    def _chain(self, bodies: Sequence[str]) -> None:
        from assistant.domain.audit import link

        number, head = self.head
        rows, about = [], []
        for body in bodies:
            number += 1
            head = link(head, number, body)
            rows.append((number, body, head))
            about += [(found[1], number)] if (found := _ABOUT.match(body)) else []
        self.connection.executemany("INSERT INTO audit (number, body, hash) VALUES (?, ?, ?)", rows)
        self.connection.executemany("INSERT INTO audit_actions (action, number) VALUES (?, ?)", about)
        self.counts["audit"] = self.counts.get("audit", 0) + len(rows)
        self.head = number, head


def multiply(settings: Settings, conversations: int, weeks: int, people: int, end: datetime, seed: int, note: Note) -> Filled:
    """Fill a played home until it holds so many conversations of so many people over the weeks before ``end``.

    Raises:
        NotCopied: the home holds nothing that was played and is settled, or has tables that are not known here.
    """
    import time

    began = time.perf_counter()
    with _bulk(settings.home / "firstline.db") as connection:
        zone = ZoneInfo(json.loads(connection.execute("SELECT facts FROM organisation WHERE kind = 'company'").fetchone()[0])["timezone"])
        bundles = read_bundles(connection, lambda stored: _moment(stored).astimezone(zone).date().isoformat())
        if not bundles:
            raise NotCopied("the home holds no settled conversation that was played")
        filler = _filler(connection, zone, random.Random(f"{seed}/multiply"))
        each = max(1, people // len({bundle.person for bundle in bundles}))
        _people(filler, sorted({bundle.person for bundle in bundles}), each)
        held = int(connection.execute("SELECT count(*) FROM conversations").fetchone()[0])
        copies = list(_planned(bundles, conversations - held, weeks, each, end.astimezone(zone).date(), filler.draw))
        for start in range(0, len(copies), BATCH):
            filler.write(copies[start : start + BATCH])
            if start // BATCH % 20 == 0:
                note(f"{held + filler.counts.get('conversations', 0)} of {conversations} conversations")
        filler.close()
        total = int(connection.execute("SELECT count(*) FROM conversations").fetchone()[0])
    _anchor(settings)
    return Filled(total, sum(filler.counts.values()), time.perf_counter() - began)


def _planned(bundles: Sequence[Bundle], wanted: int, weeks: int, people: int, last: date, draw: random.Random) -> list[Copy]:
    """Return copies, the earliest first; each lies whole weeks from what was played, so that weekdays stay."""
    this_monday = last - timedelta(days=last.weekday())
    weights, reached = [], 0
    for bundle in bundles:
        reached += len(bundle.conversations)
        weights.append(reached)
    copies, made = list[Copy](), 0
    while made < wanted:
        bundle = bundles[bisect_right(weights, draw.randrange(reached))]
        monday = bundle.first_day - timedelta(days=bundle.first_day.weekday())
        back = draw.randrange(weeks)
        days = (this_monday - monday).days - 7 * back
        spans = max(date.fromisoformat(day) for day in bundle.days) if bundle.days else bundle.first_day
        while spans + timedelta(days=days) >= last:
            days -= 7
        copies.append(Copy(bundle, days, draw.randrange(people), draw.randrange(VARIANTS), len(copies) + 1))
        made += len(bundle.conversations)
    return sorted(copies, key=lambda copy: (copy.first_day, copy.number))


def _filler(connection: sqlite3.Connection, zone: ZoneInfo, draw: random.Random) -> Filler:
    from assistant.domain.audit import GENESIS

    filler = Filler(connection, zone, draw)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    filler.columns = {name: columns_of(connection, name) for name in names}
    numbered = {**NUMBERED, "tickets": "number"}
    for table, column in numbered.items():
        filler.next_number[table] = int(connection.execute(f"SELECT coalesce(max({column}), 0) FROM {table}").fetchone()[0])
    last = connection.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    filler.head = tuple(last) if last else (0, GENESIS)
    return filler


def _people(filler: Filler, played: Sequence[str], each: int) -> None:
    """Put people beside those who played, with devices of their own, and say how everything about them reads."""
    from assistant.domain.audit import Alias

    connection, rows, known = filler.connection, list[Row](), list[Row]()
    for person in played:
        facts = connection.execute("SELECT owner, facts FROM organisation WHERE kind = 'person' AND id = ?", (person,)).fetchone()
        devices = connection.execute("SELECT id, facts FROM organisation WHERE kind = 'device' AND owner = ?", (person,)).fetchall()
        tokens, alias = names_of(connection, person), connection.execute("SELECT alias FROM aliases WHERE person = ?", (person,)).fetchone()
        for number in range(each):
            mark = f"{number + 1:04}"
            name = json.loads(facts[1])["name"]
            fresh = Alias.of(f"{person}.{mark}")
            reads = {person: fresh.person, name: f"{name} {mark}", json.dumps(name)[1:-1]: json.dumps(f"{name} {mark}")[1:-1]}
            reads |= {token: token.replace(person, fresh.person) for token in tokens if token.startswith(f"{person}@")}
            reads |= {device: f"{device}-{mark}" for device, _ in devices} | ({alias[0]: fresh.alias} if alias else {})
            filler.names[person, number] = {token: reads.get(token, token) for token in tokens}
            told = json.loads(facts[1]) | {"id": fresh.person, "name": f"{name} {mark}", "email": f"{fresh.person}@lindqvist.example"}
            rows.append(("person", fresh.person, facts[0], json.dumps(told | {"demo": 0, "recovery": ""})))
            rows += [
                ("device", f"{one}-{mark}", fresh.person, json.dumps(json.loads(text) | {"id": f"{one}-{mark}", "owner": fresh.person}))
                for one, text in devices
            ]
            known.append((fresh.person, fresh.alias, fresh.salt))
    connection.executemany("INSERT INTO organisation (kind, id, owner, facts) VALUES (?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO aliases (person, alias, salt) VALUES (?, ?, ?)", known)


@contextmanager
def _bulk(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for much writing: a crash would lose it, and it is made anew then."""
    connection = sqlite3.connect(path)
    try:
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "foreign_keys=OFF", f"cache_size=-{CACHE_KB}", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection
        connection.commit()
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _anchor(settings: Settings) -> None:
    """Seal the head of the chain as the service does."""
    from assistant.adapters.anchors import FileAnchors
    from assistant.adapters.store.unit_of_work import SqlStore
    from assistant.bootstrap import read_secret
    from assistant.governance.anchoring import anchor_head
    from kb.adapters.store.engine import open_engine

    engine = open_engine(settings.database)
    try:
        anchors = FileAnchors(settings.anchor_file or settings.home / "audit-anchors.jsonl")
        anchor_head(SqlStore(engine, 1.0), anchors, read_secret(settings), datetime.now(UTC))
    finally:
        engine.dispose()


def _moment(stored: str) -> datetime:
    return datetime.strptime(stored, STORED).replace(tzinfo=UTC)
