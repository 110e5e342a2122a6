"""The command ``firstline``, as an operator's shell runs it: what it says, what programs read, and its exit status."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.domain.reply import Reply, ReplyKind
from tests.support.service import COMMAND, PEOPLE_FILE, clean_environment, firstline
from tests.support.world import cited

VPN = "I can't connect to the VPN"
CAR = "How do I book a pool car for a customer visit?"


@dataclass(frozen=True)
class Ran:
    """What a command said."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """Runs commands on a state folder inside the test's own process; what needs a process of its own uses ``firstline``."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._home, self._monkeypatch, self._capsys = home, monkeypatch, capsys

    def __call__(self, *arguments: str, home: Path | None = None, **settings: str) -> Ran:
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["firstline", *arguments])
            for name, value in {"HOME": str(home or self._home), **settings}.items():
                patch.setenv(f"FIRSTLINE_{name.upper()}", value)
            patch.setenv("NO_COLOR", "1")
            with pytest.raises(SystemExit) as ended:
                main()
        said = self._capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)


@pytest.fixture
def shell(demo_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell in the demo company's state folder."""
    return Shell(demo_home, monkeypatch, capsys)


@pytest.fixture
def bare_home(tmp_path: Path) -> Path:
    """A state folder in which nothing was prepared."""
    home = tmp_path / "bare"
    home.mkdir()
    return home


def test_a_conversation_over_several_commands(demo_home: Path, shell: Shell) -> None:
    first = firstline(demo_home, "ask", VPN, "--as", "maria.santos", "--json")
    assert first.returncode == 0, first.stderr
    answer = Reply.model_validate_json(first.stdout)
    assert (answer.kind, cited(answer)) == (ReplyKind.ANSWER, {"vpn-install-windows"})
    assert {"conversation", "state", "kind", "text", "citations", "confidence", "choices", "ticket"} <= set(json.loads(first.stdout))
    assert {"article", "revision", "title", "heading", "quote", "start", "end"} <= set(json.loads(first.stdout)["citations"][0])
    second = shell("ask", "--as", "maria.santos", "--conversation", answer.conversation, "--choice", "yes")
    assert second.returncode == 0, second.stderr
    assert answer.ticket is not None
    assert f"Ticket: {answer.ticket.id}, closed" in second.stdout
    verified = shell("audit", "verify", "--json")
    assert verified.returncode == 0
    facts = json.loads(verified.stdout)
    assert facts["records"] >= 4
    assert facts["faults"] == []


def test_an_answer_on_a_terminal_shows_sources_ticket_and_how_to_go_on(shell: Shell) -> None:
    done = shell("ask", VPN, "--as", "maria.santos", "--device", "PH-0931")
    assert done.returncode == 0, done.stderr
    assert "[1] Install and connect the VPN on an iPhone" in done.stdout
    for line in ("Device: ", "Ticket: T-", "Choices: Yes, solved (--choice yes)", "Conversation: c_"):
        assert line in done.stdout


def test_a_question_without_an_answer_is_in_the_gap_report(shell: Shell) -> None:
    asked = shell("ask", "Please open a ticket: I need a pool car for a customer visit next week", "--as", "maria.santos", "--json")
    assert asked.returncode == 0, asked.stderr
    report = shell("gaps", "--json")
    assert report.returncode == 0, report.stderr
    facts = json.loads(report.stdout)
    assert facts["total"] == 1
    assert facts["gaps"][0]["examples"] == []
    assert "car" in facts["gaps"][0]["name"]
    assert {"rank", "id", "state", "name", "failure", "demand", "people", "tickets", "cost", "nearest"} <= set(facts["gaps"][0])
    empty = shell("gaps", "--week", "2020-02-29")
    assert (empty.returncode, "No gaps" in empty.stdout) == (0, True)


def test_people_are_listed_for_people_and_for_programs(shell: Shell) -> None:
    plain = shell("people")
    assert plain.returncode == 0
    assert "maria.santos" in plain.stdout
    rows = json.loads(shell("people", "--json").stdout)
    maria = next(row for row in rows if row["id"] == "maria.santos")
    assert {"id", "name", "title", "groups", "devices", "demo"} <= set(maria)
    assert {"id", "name", "os", "platform"} <= set(maria["devices"][0])


def test_the_doctor_finds_a_healthy_company_well_and_an_empty_folder_ill(shell: Shell, bare_home: Path) -> None:
    well = shell("doctor", "--json")
    assert well.returncode == 0, well.stdout + well.stderr
    states = {check["name"]: check["state"] for check in json.loads(well.stdout)}
    assert "bad" not in states.values()
    assert {"database", "articles", "embedding model", "vector index", "people", "policy", "messages"} <= set(states)
    ill = shell("doctor", "--json", home=bare_home)
    assert ill.returncode == 1
    checks = {check["name"]: check for check in json.loads(ill.stdout)}
    assert {name for name, check in checks.items() if check["state"] == "bad"} >= {"articles", "people", "embedding model"}
    assert checks["people"]["advice"] == "firstline people load FILE"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", VPN, "--as", "nobody"], "nobody is called nobody"),
        (["ask", VPN, "--as", "maria.santos", "--conversation", "c_0"], "maria.santos has no conversation c_0"),
        (["ask", VPN], "--as PERSON"),
        (["ask", VPN, "--as", "maria.santos", "--choice", "yes"], "either a question or --choice"),
        (["token", "nobody"], "nobody is called nobody"),
        (["gaps", "--week", "yesterday"], "yesterday is not a day"),
        (["gaps", "--week", "2026-02-30"], "2026-02-30 is not a day"),
        (["people", "load", "none.toml"], "none.toml"),
        (["ask", "--colour"], "--colour"),
        (["fly"], "fly"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_use_is_said_in_words_and_ends_with_2(shell: Shell, arguments: list[str], says: str) -> None:
    done = shell(*arguments)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_process_of_its_own_ends_with_the_same_status(demo_home: Path) -> None:
    done = firstline(demo_home, "ask", VPN, "--as", "nobody")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nobody is called nobody; `firstline people` lists whom one can be\n"


@pytest.mark.parametrize("text", ["", "[steps.answer]\nauto = 2.0\nreview = 0.1\n", "steps = 3"], ids=["empty", "out of range", "no table"])
def test_a_bad_policy_file_stops_everything(shell: Shell, tmp_path: Path, text: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(text)
    done = shell("ask", VPN, "--as", "maria.santos", policy_file=str(policy))
    assert done.returncode == 2
    assert str(policy) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_setting_is_named(shell: Shell) -> None:
    done = shell("people", port="ninety", deadline_seconds="-1")
    assert done.returncode == 2
    assert "port" in done.stderr
    assert "deadline_seconds" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_people_file_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    bad = tmp_path / "people.toml"
    bad.write_text(PEOPLE_FILE.read_text().replace('owner = "maria.santos"', 'owner = "somebody.else"', 1))
    done = shell("people", "load", str(bad))
    assert done.returncode == 2
    assert "somebody.else" in done.stderr
    assert "maria.santos" in shell("people").stdout


def test_a_database_locked_by_another_process_is_a_plain_message_and_loses_nothing(shell: Shell, demo_home: Path) -> None:
    holder = sqlite3.connect(demo_home / "firstline.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        done = firstline(demo_home, "ask", VPN, "--as", "maria.santos")
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert done.returncode == 2
    assert "locked" in done.stderr
    assert "Traceback" not in done.stderr
    again = shell("ask", VPN, "--as", "maria.santos", "--json")
    assert Reply.model_validate_json(again.stdout).kind is ReplyKind.ANSWER


def test_a_full_disk_is_a_plain_message_and_loses_nothing(shell: Shell, demo_home: Path) -> None:
    def no_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_192, 8_192))

    done = subprocess.run(
        [COMMAND, "ask", VPN, "--as", "maria.santos"],
        cwd=demo_home,
        env=clean_environment(demo_home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=no_space,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr or "disk" in done.stderr or "File too large" in done.stderr
    again = shell("ask", VPN, "--as", "maria.santos", "--json")
    assert Reply.model_validate_json(again.stdout).kind is ReplyKind.ANSWER
    assert shell("audit", "verify").returncode == 0


def test_a_changed_audit_ends_with_1_and_names_the_record(shell: Shell, demo_home: Path) -> None:
    shell("ask", VPN, "--as", "maria.santos")
    with sqlite3.connect(demo_home / "firstline.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit SET body = body || ' ' WHERE number = 1")
    connection.close()
    done = shell("audit", "verify")
    assert done.returncode == 1
    assert "record 1 was changed" in done.stdout


def test_text_that_is_no_utf8_is_answered(shell: Shell) -> None:
    done = shell("ask", os.fsdecode(b"VPN \xff\xfe is down"), "--as", "maria.santos", "--json")
    assert done.returncode == 0, done.stderr
    assert Reply.model_validate_json(done.stdout).kind is not ReplyKind.ERROR


def test_without_a_model_the_words_of_articles_still_answer_or_offer_a_person(shell: Shell, demo_home: Path) -> None:
    (demo_home / "models").unlink()
    done = shell("ask", VPN, "--as", "maria.santos", "--json")
    assert done.returncode == 0, done.stderr
    reply = Reply.model_validate_json(done.stdout)
    assert reply.kind in (ReplyKind.ANSWER, ReplyKind.CLARIFICATION, ReplyKind.ABSTENTION)
    assert reply.kind is not ReplyKind.ANSWER or reply.citations
    assert shell("doctor").returncode == 1


def test_help_has_an_example_for_each_command(shell: Shell) -> None:
    for arguments in (["ask"], ["people", "load"], ["gaps"], ["doctor"], ["audit", "verify"], ["serve"], ["prepare"], ["token"]):
        done = shell(*arguments, "--help")
        assert done.returncode == 0
        assert "Example: firstline" in " ".join(done.stdout.split())
