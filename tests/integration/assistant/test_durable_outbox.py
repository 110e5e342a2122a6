"""The outbox carried out durably: through power cuts, lost bookkeeping, raised steps, long delays, and by two processes at once."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from assistant.adapters.clock import SystemClock
from assistant.adapters.store.unit_of_work import SqlStore
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.domain.action import Action, Status
from assistant.workflows import durable as workflows
from assistant.workflows.durable import Durable
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from tests.support.workshop import Workshop

SCRIPT = Path(__file__).with_name("carrying_process.py")
ROOT = Path(__file__).parents[3]
POSTGRESQL = os.environ.get("FIRSTLINE_TEST_POSTGRESQL", "")
"""Read when the tests are collected: the settings fixture of the whole suite removes it from the environment."""
KILLED, PATIENCE_SECONDS = -9, 60


def started(folder: Path, die: str = "-", holder: str = "here", database: str = "", bookkeeping: str = "") -> subprocess.Popen[str]:
    where = database or f"sqlite:///{folder / 'firstline.db'}", bookkeeping or f"sqlite:///{folder / 'workflows.db'}"
    command = [sys.executable, str(SCRIPT), str(folder), *where, holder, die]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ended(process: subprocess.Popen[str], status: int = 0) -> None:
    said = process.communicate(timeout=PATIENCE_SECONDS)[0]
    assert process.returncode == status, said[-3000:]


def sent(folder: Path) -> list[str]:
    return [line.split()[0] for line in (folder / "sent").read_text().splitlines()] if (folder / "sent").exists() else []


@pytest.mark.parametrize(("die", "deliveries"), [("before", 1), ("after", 2)])
def test_a_power_cut_around_a_sending_loses_nothing_and_a_second_sending_has_the_same_key(tmp_path: Path, die: str, deliveries: int) -> None:
    (tmp_path / "go").touch()
    ended(started(tmp_path, die), KILLED)
    ended(started(tmp_path))
    keys = sent(tmp_path)
    assert len(keys) == deliveries
    assert len(set(keys)) == 1
    assert keys[0].startswith("notice:approval:")


def test_a_power_cut_and_the_loss_of_all_bookkeeping_lose_nothing(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    ended(started(tmp_path, "before"), KILLED)
    for lost in tmp_path.glob("workflows.db*"):
        lost.unlink()
    ended(started(tmp_path))
    assert len(sent(tmp_path)) == 1


def store_in(folder: Path) -> SqlStore:
    engine = open_engine(f"sqlite:///{folder / 'firstline.db'}")
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    return SqlStore(engine, 0.78)


class TestInOneProcess:
    @pytest.fixture
    def workshop(self, tmp_path: Path) -> Iterator[Workshop]:
        made = Workshop(store_in(tmp_path), at=datetime.now(UTC))
        made.directory.lock("ann")
        yield made
        made.close()

    @contextmanager
    def serving(self, workshop: Workshop, folder: Path) -> Iterator[Durable]:
        served = Durable(replace(workshop.carrier, clock=SystemClock(), holder="here"), f"sqlite:///{folder / 'workflows.db'}")
        served.start()
        try:
            yield served
        finally:
            served.stop()

    def wait(self, reached: Callable[[], bool], seconds: float = 20.0) -> bool:
        end = time.monotonic() + seconds
        while not reached() and time.monotonic() < end:
            time.sleep(0.05)
        return reached()

    def status(self, workshop: Workshop, action: Action) -> Status:
        return workshop.action(action.id).status

    def test_an_action_is_done_soon_after_its_press(self, workshop: Workshop, tmp_path: Path) -> None:
        with self.serving(workshop, tmp_path) as served:
            action = workshop.wants("unlock_account")
            workshop.press(action)
            served.kick()
            assert self.wait(lambda: self.status(workshop, action) is Status.DONE, 5)

    def test_a_timed_grant_ends_by_itself_after_a_restart_and_without_bookkeeping(self, workshop: Workshop, tmp_path: Path) -> None:
        action = workshop.wants("grant_access", group="Ledger", days="1")
        workshop.press(action)
        workshop.approve(action, "bo", "cy")
        with self.serving(workshop, tmp_path):
            assert self.wait(lambda: "ledger" in workshop.directory.account("ann").groups)
        (end,) = workshop.entries("grant.end")
        with workshop.store.write() as unit:
            unit.outbox.postpone(end.key, datetime.now(UTC) + timedelta(seconds=4), end.result)
        with self.serving(workshop, tmp_path):
            time.sleep(1)
            assert "ledger" in workshop.directory.account("ann").groups
        for lost in tmp_path.glob("workflows.db*"):
            lost.unlink()
        with self.serving(workshop, tmp_path):
            assert self.wait(lambda: self.status(workshop, action) is Status.REVERTED)
        assert datetime.now(UTC) >= end.created_at + timedelta(seconds=4)
        assert "ledger" not in workshop.directory.account("ann").groups

    def test_a_delay_that_is_known_to_both_runs_once_after_a_restart(self, workshop: Workshop, tmp_path: Path) -> None:
        action = workshop.wants("grant_access", group="Ledger", days="1")
        workshop.press(action)
        (reminder,) = workshop.entries("approval.remind")
        with workshop.store.write() as unit:
            unit.outbox.postpone(reminder.key, datetime.now(UTC) + timedelta(seconds=3), reminder.result)
        for _ in range(2):
            with self.serving(workshop, tmp_path):
                time.sleep(0.5)
        with self.serving(workshop, tmp_path):
            assert self.wait(lambda: not workshop.entries("approval.remind"))
        with workshop.store.read() as unit:
            lines = [line.facts for line in unit.audit.lines(0, 1_000)]
        assert [line["decision"] for line in lines if line.get("action") == action.id].count("reminded") == 1

    def test_an_attempt_whose_step_raised_is_begun_anew(self, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workflows, "LOOK_SECONDS", 0.3)
        action = workshop.wants("unlock_account")
        workshop.press(action)
        fell: list[str] = []
        acts = workshop.carrier.errands.kinds["action.run"].acts  # type: ignore[attr-defined]
        told = acts.told

        def tell(unit: object, ended_action: Action, at: datetime) -> object:
            if len(fell) < 2:
                fell.append(ended_action.id)
                raise OSError("the disk is full")
            return told(unit, ended_action, at)

        object.__setattr__(acts, "told", tell)
        with self.serving(workshop, tmp_path):
            assert self.wait(lambda: self.status(workshop, action) is Status.DONE)
        assert len(fell) == 2

    def test_many_entries_at_once_are_each_done_once(self, workshop: Workshop, tmp_path: Path) -> None:
        actions = [workshop.wants("comment_ticket", ticket=workshop.ticket()) for _ in range(8)]
        for action in actions:
            workshop.press(action)
        with self.serving(workshop, tmp_path) as served:
            kicks = [threading.Thread(target=served.kick) for _ in range(20)]
            for kick in kicks:
                kick.start()
            assert self.wait(lambda: all(self.status(workshop, action) is Status.DONE for action in actions))
            for kick in kicks:
                kick.join()
        for action in actions:
            ticket = action.arguments["ticket"]
            assert workshop.notes(ticket).count("My connection to the office network breaks every few minutes.") == 1


@pytest.fixture
def databases() -> Iterator[Sequence[str]]:
    """Two PostgreSQL databases of one server, for the tables and for DBOS, dropped at the end."""
    if not POSTGRESQL:
        pytest.skip("FIRSTLINE_TEST_POSTGRESQL names no database")
    names = [f"firstline_{kind}_{secrets.token_hex(4)}" for kind in ("tables", "workflows")]
    engine = open_engine(POSTGRESQL).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))
    yield [make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False) for name in names]
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.mark.real
def test_two_processes_on_one_postgresql_do_each_entry_once(tmp_path: Path, databases: Sequence[str]) -> None:
    (tmp_path / "asked").touch()
    engine = open_engine(databases[0])
    migrate(engine)
    migrate(engine, MIGRATIONS, SCHEMA_TABLE)
    workshop = Workshop(SqlStore(engine, 0.78), at=datetime.now(UTC))
    for _ in range(5):
        workshop.press(workshop.wants("grant_access", group="Ledger", days="7"))
    wanted = {entry.key for entry in workshop.entries("notice")}
    both = [started(tmp_path, holder=holder, database=databases[0], bookkeeping=databases[1]) for holder in ("one", "other")]
    end = time.monotonic() + PATIENCE_SECONDS
    while not all((tmp_path / f"ready-{holder}").exists() for holder in ("one", "other")) and time.monotonic() < end:
        time.sleep(0.05)
    (tmp_path / "go").touch()
    for process in both:
        ended(process)
    workshop.close()
    engine.dispose()
    assert Counter(sent(tmp_path)) == Counter(wanted)
    assert len(wanted) == 5
