"""A database whose every state says which one it is: a counter, as many events, and the audit records that belong to them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import accumulate

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.domain.audit import AuditEntry
from assistant.domain.conversation import Conversation, Episode, State
from assistant.governance.audit import verify
from kb.adapters.store.engine import open_engine, reading

LEDGER = "c_ledger"
START = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
THREADS = 6
REFUSED_EVERY = 8
LONGEST_TEXT = 6_000
COUNT = "SELECT json_extract(memory, '$.count') FROM conversations WHERE id = ?"


class Refused(RuntimeError):
    """What a block raises that must leave nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a database that was opened after a cut; all empty when nothing is."""

    damage: str = ""
    """It cannot be read, or its pages contradict one another."""
    mixed: str = ""
    """It holds parts of different states: no prefix of what was committed."""
    chain: str = ""
    """The audit's chain does not verify."""
    lost: int = 0
    """Counts that were committed before the cut and are gone; negative where there are some that were not."""

    @property
    def well(self) -> bool:
        """Nothing is wrong."""
        return self == Finding()


def begin(store: SqlStore) -> None:
    """Count from nought."""
    with store.write() as unit:
        unit.conversations.begin(Conversation(LEDGER, "ledger", "eval", State.OPEN, State.OPEN, START, START, 0, Episode(1, START), {"count": 0}))


def write(store: SqlStore, blocks: int, seed: int) -> None:
    """Count in so many blocks on several threads; every eighth raises in its middle."""
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(_block, store, random.Random(seed + number)) for number in range(blocks)]:
            done.result()


def _block(store: SqlStore, chance: random.Random) -> None:
    with suppress(Refused), store.write() as unit:
        ledger = unit.conversations.load(LEDGER)
        assert ledger is not None, "the ledger was begun"
        number = _number(ledger) + 1
        unit.conversations.save(replace(ledger, memory={"count": number}))
        unit.audit.append([AuditEntry(START, "firstline", "count", str(number), LEDGER)] * _records(number))
        if chance.randrange(REFUSED_EVERY) == 0:
            raise Refused
        unit.conversations.emit(LEDGER, START, {"type": "count", "text": chance.randbytes(chance.randrange(LONGEST_TEXT // 2)).hex()})


def _number(ledger: Conversation) -> int:
    return int(str(ledger.memory["count"]))


def _records(number: int) -> int:
    return number % 3 + 1


def count_of(driver: sqlite3.Connection) -> int:
    """Return the counter as a connection sees it, with what it has not committed yet."""
    return int(driver.execute(COUNT, (LEDGER,)).fetchone()[0])


def inspect(url: str, store: SqlStore, expected: int) -> Finding:
    """Open a database as the next start would, and compare it with the count that must have lasted; then write to it once more."""
    engine = open_engine(url)
    try:
        with reading(engine) as connection:
            said: Sequence[str] = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            said = said if list(said) != ["ok"] else [str(row) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
        if said:
            return Finding(damage="; ".join(said[:3]))
        found = _compare(replace(store, engine=engine), expected)
        if found.well:
            _write_on(replace(store, engine=engine), expected)
        return found
    except Exception as error:  # whatever reading a damaged file raises is the finding
        return Finding(damage=f"{type(error).__name__}: {error}")
    finally:
        engine.dispose()


def _compare(store: SqlStore, expected: int) -> Finding:
    with store.read() as unit:
        ledger, events, records = unit.conversations.load(LEDGER), unit.conversations.events(LEDGER), unit.audit.read(0, 10 * expected + 10)
    number = _number(ledger) if ledger else 0
    *_, wanted = accumulate((_records(one) for one in range(1, number + 1)), initial=0)
    mixed = f"count {number}: {len(events)} events, {len(records)} of {wanted} audit records"
    whole = (len(events), len(records)) == (number, wanted)
    return Finding("", "" if whole else mixed, "; ".join(verify(records)[:1]), expected - number)


def _write_on(store: SqlStore, expected: int) -> None:
    """Count one further, as the service would after its start."""
    with store.write() as unit:
        ledger = unit.conversations.load(LEDGER)
        assert ledger is not None and _number(ledger) == expected, "the ledger is where it was a moment ago"
        unit.conversations.save(replace(ledger, memory={"count": expected + 1}))
