"""``firstline eval durability``: its check of a cut log finds what is wrong, and the whole command runs."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import open_assistant
from assistant.settings import Settings
from evals.durability.commits import watched
from evals.durability.figures import figures
from evals.durability.journal import Journal, read_journal
from evals.durability.ledger import Finding, begin, inspect, write
from evals.durability.load import Arms, Slice
from evals.durability.truncation import Truncated
from kb.adapters.store.engine import open_engine
from tests.support.service import firstline

BLOCKS = 40


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """A stopped database in which a ledger was counted up, all in the log; it is only copied."""
    assistant = open_assistant(Settings(home=tmp_path_factory.mktemp("ledger")))
    begin(assistant.store)
    write(assistant.store, BLOCKS, 3)
    yield assistant.store
    assistant.close()


@pytest.fixture
def copied(counted: SqlStore, tmp_path: Path) -> Callable[[int | None], str]:
    """Copies database and log, the log ending at a byte; returns the copy's URL."""
    source = Path(str(counted.engine.url.database))

    def copy(cut: int | None = None) -> str:
        shutil.copyfile(source, tmp_path / "copy.db")
        (tmp_path / "copy.db-shm").unlink(missing_ok=True)
        (tmp_path / "copy.db-wal").write_bytes(source.with_name(f"{source.name}-wal").read_bytes()[:cut])
        return f"sqlite:///{tmp_path / 'copy.db'}"

    return copy


def count_in(store: SqlStore) -> int:
    with store.read() as unit:
        ledger = unit.conversations.load("c_ledger")
    assert ledger is not None
    return int(str(ledger.memory["count"]))


def journal_of(store: SqlStore) -> Journal:
    return read_journal(Path(str(store.engine.url.database)))


def changed(url: str, *statements: str) -> str:
    """Change a copy behind everybody's back."""
    engine: Engine = open_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    return url


def test_a_whole_copy_is_well_and_can_be_written_to(counted: SqlStore, copied: Callable[..., str]) -> None:
    count = count_in(counted)
    assert 0 < count < BLOCKS, "some blocks were refused in their middle"
    assert inspect(copied(), counted, count).well


def test_a_cut_right_behind_a_commit_keeps_it_and_one_byte_earlier_does_not(counted: SqlStore, copied: Callable[..., str]) -> None:
    last, count = journal_of(counted).commits[-1], count_in(counted)
    assert inspect(copied(last), counted, count).well
    lost = inspect(copied(last - 1), counted, count)
    assert lost == Finding(lost=lost.lost)
    assert lost.lost > 0


def test_the_journal_knows_how_many_commits_a_cut_keeps(counted: SqlStore) -> None:
    journal = journal_of(counted)
    assert journal.commits[-1] == journal.end
    assert [journal.kept(end) for end in journal.commits] == list(range(1, len(journal.commits) + 1))
    assert journal.kept(journal.commits[0] - 1) == 0


def test_a_half_state_is_no_prefix(counted: SqlStore, copied: Callable[..., str]) -> None:
    found = inspect(changed(copied(), "DELETE FROM events WHERE number = 2"), counted, count_in(counted))
    assert "events" in found.mixed
    assert not found.well


def test_a_changed_audit_record_breaks_the_chain(counted: SqlStore, copied: Callable[..., str]) -> None:
    url = changed(copied(), "DROP TRIGGER audit_no_update", "UPDATE audit SET body = '{}' WHERE number = 3")
    assert "record 3" in inspect(url, counted, count_in(counted)).chain


def test_a_count_that_nobody_committed_is_not_well(counted: SqlStore, copied: Callable[..., str]) -> None:
    assert inspect(copied(), counted, count_in(counted) - 1).lost == -1


def test_a_database_cut_in_its_middle_is_damaged(counted: SqlStore, copied: Callable[..., str], tmp_path: Path) -> None:
    url = copied()
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    whole = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "copy.db").write_bytes(whole[: len(whole) // 2])
    assert inspect(url, counted, count_in(counted)).damage


def test_commits_are_counted_once_for_a_batch_and_not_for_reads(counted: SqlStore, copied: Callable[..., str]) -> None:
    engine = open_engine(copied())
    store = replace(counted, engine=engine)
    with watched(engine) as commits:
        for _ in range(3):
            count_in(store)
        write(store, 12, 9)
    assert 1 <= len(commits.seconds) <= 12
    write(store, 1, 10)
    assert len(commits.seconds) <= 12, "nothing is counted behind the block"
    engine.dispose()


def arms(synchronous: str = "FULL", kind: str = "answer", locked: int = 0) -> Arms:
    one = Slice(1.0, [10.0, 20.0], Counter({kind: 2}), 1, [1.0, 2.0], writing_seconds=1.0, write_ms=[1.0])
    return Arms(synchronous, "wal", [replace(one, locked=locked)], [replace(one, locked=9)])


@pytest.mark.parametrize(
    ("run", "cut", "fault"),
    [
        (arms(), Truncated(cuts=1, seeded=1), ""),
        (arms("NORMAL"), Truncated(cuts=1), "NORMAL"),
        (arms(locked=2), Truncated(cuts=1), "2 writes"),
        (arms(kind="error"), Truncated(cuts=1), "turns ended in an error"),
        (arms(), Truncated(cuts=1, faulty=1, faults=Counter(lost=1)), "lost"),
        (arms(), Truncated(cuts=1, seeded=1, unnoticed=1), "unnoticed"),
    ],
)
def test_a_run_fails_for_what_must_not_be_and_only_for_that(run: Arms, cut: Truncated, fault: str) -> None:
    metrics, faults = figures(run, cut, 0.001)
    assert metrics["turns_per_s"].value == 2.0
    assert metrics["commits_per_turn"].value == pytest.approx(2 / 3)
    assert (len(faults) == 1 and fault in faults[0]) if fault else faults == []


def test_the_whole_command_measures_both_arms_and_finds_no_fault(model_home: Path, tmp_path: Path) -> None:
    target, place = tmp_path / "durability.json", tmp_path / "place"
    place.mkdir()
    (place / "models").symlink_to(model_home / "models")
    order = ("eval", "durability", "--seconds", "1", "--truncations", "12", "--people", "3", "--model-home", str(place), "--json", str(target))
    done = firstline(tmp_path, *order)
    assert done.returncode == 0, done.stderr[-3000:]
    facts = json.loads(target.read_text())
    values = {name: metric["value"] for name, metric in facts["metrics"].items()}
    assert (facts["n"], facts["settings"]["synchronous"]) == (12, "FULL")
    assert values["turns_per_s"] > 0 < values["turns_per_s_single"]
    assert values["writes_per_s"] > 0 < values["writes_per_s_single"]
    assert values["commits_per_turn_single"] >= 2, "a turn is two commits"
    assert values["commits_per_turn"] <= values["commits_per_turn_single"]
    assert (values["damage"], values["mixed"], values["chain"], values["lost"], values["seeded_unnoticed"]) == (0, 0, 0, 0, 0)
    assert values["seeded"] > 0
    assert [path.name for path in place.iterdir()] == ["models"], "the scratch folder is gone"
