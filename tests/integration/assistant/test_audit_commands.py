"""The commands about the audit, and what the service and the doctor say of it, over turns of the demo company."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from assistant.adapters.store.audit import SqlAudit
from assistant.cli import app
from assistant.doctor import Check, examine
from assistant.governance.policy_file import load_policy
from assistant.service import Service
from tests.support.world import World, opened_world

VPN = "I can't connect to the VPN"
CAR = "How do I book a pool car for a customer visit?"
Run = Callable[..., Result]


@pytest.fixture
def home(demo_home: Path) -> Path:
    """A state folder in which a few turns were taken and a person was erased; nothing is open."""
    with opened_world(demo_home) as world:
        maria = world.talk("maria.santos")
        maria.say(VPN)
        maria.press("yes")
        world.clock.advance(timedelta(days=1))
        jonas = world.talk("jonas.weber")
        jonas.say(CAR)
        jonas.say("the page says that no vehicle is free")
        jonas.press("file")
        Service(world.assistant, "http://127.0.0.1").anchor()
        with world.assistant.store.write() as unit:
            assert unit.audit.forget("jonas.weber", world.clock.now())
    return demo_home


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``firstline`` in this process on that state folder."""
    monkeypatch.setenv("FIRSTLINE_HOME", str(home))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def tamper(home: Path, statement: str) -> None:
    """Do something to the database behind the service's back, and put the guards back."""
    with closing(sqlite3.connect(home / "firstline.db", isolation_level=None)) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount
        for _, made in guards:
            connection.execute(made)


class TestVerify:
    def test_it_says_what_holds_and_what_is_not_anchored_yet(self, run: Run) -> None:
        done = run("audit", "verify")
        assert done.exit_code == 0
        assert "1 anchors: the chain holds" in done.stdout
        assert "the last 1 records are not anchored yet" in done.stdout
        facts = json.loads(run("audit", "verify", "--json").stdout)
        assert (facts["anchors"], facts["unanchored"], facts["faults"]) == (1, 1, [])

    def test_a_fault_ends_with_1(self, run: Run, home: Path) -> None:
        tamper(home, "UPDATE audit SET body = replace(body, 'auto', 'review') WHERE number = 2")
        done = run("audit", "verify")
        assert (done.exit_code, "record 2 was changed" in done.stdout) == (1, True)


class TestReplay:
    def test_an_answer_is_decided_the_same_by_number_and_by_message(self, run: Run, home: Path) -> None:
        with opened_world(home) as world, world.assistant.store.read() as unit:
            answered = unit.audit.lines()[1]
        assert answered.facts["step"] == "answer"
        by_number = run("audit", "replay", "2")
        assert by_number.exit_code == 0
        assert by_number.stdout.startswith("record 2, answer: same, auto by “steps.answer”, policy ")
        by_message = json.loads(run("audit", "replay", answered.facts["message"], "--json").stdout)
        assert [(found["number"], found["comparison"]) for found in by_message] == [(1, "no policy decided this"), (2, "same")]

    def test_every_record_of_the_turns_comes_out_the_same(self, home: Path, run: Run) -> None:
        with opened_world(home) as world, world.assistant.store.read() as unit:
            decided = [line.number for line in unit.audit.lines() if line.facts["verdict"]]
        assert len(decided) >= 3
        for number in decided:
            (found,) = json.loads(run("audit", "replay", str(number), "--json").stdout)
            assert found["comparison"] == "same", found

    def test_another_decision_than_recorded_ends_with_1(self, run: Run, home: Path) -> None:
        tamper(home, """UPDATE audit SET body = replace(body, '"verdict":"auto"', '"verdict":"escalate"') WHERE number = 2""")
        done = run("audit", "replay", "2")
        assert done.exit_code == 1
        assert "different: recorded is escalate by “steps.answer”" in done.stdout

    def test_without_the_policy_of_then_it_says_why_not(self, run: Run, home: Path) -> None:
        policy = home / "policies" / f"{load_policy().version}.toml"
        policy.write_text(policy.read_text().replace("0.30", "0.31"))
        done = run("audit", "replay", "2")
        assert (done.exit_code, "cannot be replayed" in done.stdout, "was changed" in done.stdout) == (1, True, True)

    @pytest.mark.parametrize("wanted", ["0", "99999", "no-such-message", "", "9" * 40, "%"])
    def test_what_is_not_there_ends_with_2(self, run: Run, wanted: str) -> None:
        done = run("audit", "replay", wanted)
        assert (done.exit_code, "no record" in done.stderr) == (2, True)


class TestExport:
    def test_csv_holds_every_record_and_nobody_who_was_erased(self, run: Run) -> None:
        done = run("audit", "export")
        assert done.exit_code == 0
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert [int(row["number"]) for row in rows] == list(range(1, len(rows) + 1))
        assert {row["actor"] for row in rows} == {"maria.santos", "erased person", "operator"}
        assert "jonas" not in done.stdout
        assert "pool car" not in done.stdout

    def test_ocsf_of_some_days_goes_to_a_file(self, run: Run, tmp_path: Path) -> None:
        out = tmp_path / "audit.jsonl"
        done = run("audit", "export", "--format", "ocsf", "--since", "2026-11-24", "--until", "2026-11-24", "--out", str(out))
        assert done.exit_code == 0
        events = [json.loads(line) for line in out.read_text().splitlines()]
        assert f"{len(events)} records in" in done.stdout
        assert {event["metadata"]["original_time"][:10] for event in events} == {"2026-11-24"}
        assert {3004, 6003} <= {event["class_uid"] for event in events}
        assert not list(tmp_path.glob("*.part"))

    @pytest.mark.parametrize(
        "arguments", [("--since", "monday"), ("--until", "2026-13-01"), ("--format", "xml"), ("--out", "no/such/folder/audit.csv")]
    )
    def test_a_wrong_option_ends_with_2(self, run: Run, arguments: tuple[str, str]) -> None:
        assert run("audit", "export", *arguments).exit_code == 2

    def test_a_record_that_cannot_be_read_ends_with_1_and_leaves_no_file(self, run: Run, home: Path, tmp_path: Path) -> None:
        tamper(home, "UPDATE audit SET body = '[]' WHERE number = 2")
        out = tmp_path / "audit.csv"
        done = run("audit", "export", "--out", str(out))
        assert (done.exit_code, "record 2 is no JSON object" in done.stderr, out.exists()) == (1, True, False)


def checks(world: World, owned: bool = True) -> dict[str, Check]:
    return {check.name: check for check in examine(world.assistant, owned) if check.name.startswith("audit")}


class TestServiceAndDoctor:
    def test_the_service_anchors_in_the_file_of_the_settings(self, demo_home: Path, tmp_path: Path) -> None:
        elsewhere = tmp_path / "other-disk" / "anchors.jsonl"
        elsewhere.parent.mkdir()
        with opened_world(demo_home, anchor_file=elsewhere) as world:
            service = Service(world.assistant, "http://127.0.0.1")
            world.talk("maria.santos").say(VPN)
            assert checks(world)["audit anchors"].state == "note"
            service.anchor()
            assert len(elsewhere.read_text().splitlines()) == 1
            assert not (demo_home / "audit-anchors.jsonl").exists()
            assert (service.health()["audit"], checks(world)["audit anchors"].state, checks(world)["audit"].state) == ("ready", "ok", "ok")

    def test_an_anchor_that_cannot_be_written_shows_and_heals(self, demo_home: Path, tmp_path: Path) -> None:
        elsewhere = tmp_path / "not-mounted" / "anchors.jsonl"
        with opened_world(demo_home, anchor_file=elsewhere) as world:
            service = Service(world.assistant, "http://127.0.0.1")
            world.talk("maria.santos").say(VPN)
            service.anchor()
            facts = service.health()
            assert (facts["status"], facts["audit"]) == ("degraded", "not anchored")
            assert checks(world)["audit anchors"].state == "bad"
            elsewhere.parent.mkdir()
            service.anchor()
            assert service.health()["audit"] == "ready"

    def test_a_copy_that_could_not_be_written_is_made_the_next_time(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def locked(*_: object) -> None:
            raise OSError("the database is locked")

        service = Service(world.assistant, "http://127.0.0.1")
        world.talk("maria.santos").say(VPN)
        with monkeypatch.context() as patched:
            patched.setattr(SqlAudit, "note_anchor", locked)
            service.anchor()
        assert service.health()["audit"] == "not anchored"
        world.talk("maria.santos").say(CAR)
        service.anchor()
        assert service.health()["audit"] == "ready"
        assert len(list(world.assistant.anchors.read())) == 2
        assert world.audit_faults() == []

    def test_a_chain_that_was_changed_is_not_anchored_and_shows(self, world: World) -> None:
        service = Service(world.assistant, "http://127.0.0.1")
        world.talk("maria.santos").say(VPN)
        service.anchor()
        world.talk("maria.santos").say(CAR)
        with world.assistant.store.read() as unit:
            head = unit.audit.head()
        assert head is not None
        tamper(world.home, f"UPDATE audit SET hash = upper(hash) WHERE number = {head.number}")
        service.anchor()
        facts = service.health()
        assert (facts["status"], facts["audit"]) == ("degraded", "changed")
        assert len(list(world.assistant.anchors.read())) == 1

    def test_a_dropped_trigger_shows_in_the_doctor(self, world: World) -> None:
        with closing(sqlite3.connect(world.home / "firstline.db")) as connection:
            connection.execute("DROP TRIGGER audit_no_DELETE")
        assert checks(world)["audit"].state == "bad"
        assert "audit_no_DELETE is missing" in checks(world)["audit"].says

    def test_a_lost_anchors_file_shows_in_the_doctor(self, world: World) -> None:
        world.talk("maria.santos").say(VPN)
        Service(world.assistant, "http://127.0.0.1").anchor()
        world.assistant.anchors.path.unlink()
        assert checks(world)["audit anchors"].state == "bad"

    def test_a_service_that_stopped_anchoring_shows_after_a_while(self, world: World) -> None:
        world.talk("maria.santos").say(VPN)
        assert checks(world, owned=False)["audit anchors"].state == "note"
        world.clock.advance(timedelta(minutes=6))
        assert checks(world, owned=False)["audit anchors"].state == "bad"
        Service(world.assistant, "http://127.0.0.1").anchor()
        assert checks(world, owned=False)["audit anchors"].state == "note"
