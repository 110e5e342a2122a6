"""Cuts the write-ahead log of a stopped database at random bytes: what is left must be exactly the commits before the cut."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import open_assistant
from assistant.settings import Settings
from evals.durability.commits import watched
from evals.durability.journal import Journal, read_journal
from evals.durability.ledger import Finding, begin, count_of, inspect, write
from kb.adapters.store.engine import open_engine

CUTS_PER_COPY = 50
FEWEST_BLOCKS, MOST_BLOCKS = 10, 120
SEEDED = 20
EXAMPLES = 5
TAILS = ("cut", "zeros", "noise")
"""What stands after the cut: nothing, zeros, or noise up to the old length, as a torn write leaves it."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A database and its log at a moment at which nobody wrote, and the count after each of its commits."""

    database: Path
    log: bytes
    journal: Journal
    counts: Sequence[int]

    def expected(self, cut: int) -> int:
        """Return the count that lasts when the log ends at a byte."""
        return self.counts[len(self.counts) - 1 - len(self.journal.commits) + self.journal.kept(cut)]


@dataclass(slots=True)
class Truncated:
    """What many cuts came to, and whether seeded faults were noticed."""

    cuts: int = 0
    faulty: int = 0
    copies: int = 0
    commits: int = 0
    """Commits that only the copied logs held."""
    counts: int = 0
    """Blocks that counted, over the whole run."""
    faults: Counter[str] = field(default_factory=Counter)
    seeded: int = 0
    unnoticed: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, finding: Finding, where: str) -> None:
        """Count what a cut came to."""
        self.cuts += 1
        self.faulty += not finding.well
        for name in ("damage", "mixed", "chain", "lost"):
            if getattr(finding, name):
                self.faults[name] += 1
                self.examples = [*self.examples, f"{where}: {name} {getattr(finding, name)}"][:EXAMPLES]


def truncate(scratch: Path, cuts: int, seed: int, progress: Callable[[str], None]) -> Truncated:
    """Write, stop, copy, and cut the copy fifty times; again until there were enough cuts. Then seed faults."""
    chance, found = random.Random(seed), Truncated()
    assistant = open_assistant(Settings(home=scratch / "ledger"))
    try:
        store, engine, counts = assistant.store, assistant.knowledge_base.engine, [0]
        begin(store)
        _empty_log(engine)

        def before(connection: Any) -> None:
            counts.append(count_of(connection.driver_connection))

        while found.cuts < cuts:
            with watched(engine, before):
                write(store, chance.randint(FEWEST_BLOCKS, MOST_BLOCKS), chance.getrandbits(32))
            copy = _copied(Path(str(engine.url.database)), scratch / "copy.db", counts)
            if not copy.journal.commits:
                continue  # the last commit was followed by a checkpoint: the database holds everything
            found.copies, found.commits, found.counts = found.copies + 1, found.commits + len(copy.journal.commits), counts[-1]
            for _ in range(min(CUTS_PER_COPY, cuts - found.cuts)):
                cut, tail = chance.randint(copy.journal.start, copy.journal.end), chance.choice(TAILS)
                target = _placed(copy, cut, tail, chance)
                found.note(inspect(f"sqlite:///{target}", store, copy.expected(cut)), f"{tail} at byte {cut} of {copy.journal.end}")
            progress(f"{found.cuts} of {cuts} truncations, {counts[-1]} counted, faults: {dict(found.faults) or 'none'}")
            if found.cuts >= cuts:
                for finding in (*_without_last_commit(copy, store, chance), *_cut_database(copy, store, chance)):
                    found.seeded, found.unnoticed = found.seeded + 1, found.unnoticed + finding.well
    finally:
        assistant.close()
    return found


def _empty_log(engine: Engine) -> None:
    """Bring all that was committed into the database."""
    with engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copied(database: Path, target: Path, counts: Sequence[int]) -> Copy:
    shutil.copyfile(database, target)
    return Copy(target, database.with_name(f"{database.name}-wal").read_bytes(), read_journal(database), tuple(counts))


def _placed(copy: Copy, cut: int, tail: str, chance: random.Random) -> Path:
    """Lay the copy down as a crash would have left it, its log ending at a byte."""
    target = copy.database.with_name("cut.db")
    for kind in ("-wal", "-shm"):
        target.with_name(f"cut.db{kind}").unlink(missing_ok=True)
    shutil.copyfile(copy.database, target)
    rest = len(copy.log) - cut
    after = {"cut": b"", "zeros": bytes(rest), "noise": chance.randbytes(rest)}[tail]
    target.with_name("cut.db-wal").write_bytes(copy.log[:cut] + after)
    return target


def _without_last_commit(copy: Copy, store: SqlStore, chance: random.Random) -> list[Finding]:
    """Drop the last commit before a cut as well: a commit that was acknowledged and is gone."""
    findings = []
    for _ in range(SEEDED):
        last = chance.randrange(len(copy.journal.commits))
        target = _placed(copy, copy.journal.commits[last] - 1, "cut", chance)
        findings.append(inspect(f"sqlite:///{target}", store, copy.expected(copy.journal.commits[last])))
    return findings


def _cut_database(copy: Copy, store: SqlStore, chance: random.Random) -> list[Finding]:
    """Bring everything into the database and cut that in its middle."""
    target = _placed(copy, copy.journal.end, "cut", chance)
    engine = open_engine(f"sqlite:///{target}")
    _empty_log(engine)
    engine.dispose()
    whole, findings = target.read_bytes(), []
    for _ in range(SEEDED):
        target.write_bytes(whole[: chance.randint(len(whole) // 10, len(whole) * 9 // 10)])
        findings.append(inspect(f"sqlite:///{target}", store, copy.counts[-1]))
    return findings
