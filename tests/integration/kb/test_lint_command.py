"""``firstline kb lint`` on the demo company and on a state folder with nothing in it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.service import firstline

OWNER = "collaboration-team@lindqvist.example"
DAY = ("--as-of", "2026-11-23")


def test_the_demo_company_has_one_contradiction_one_overdue_article_and_no_false_alarm(demo_home: Path, tmp_path: Path) -> None:
    target = tmp_path / "lint.json"
    done = firstline(demo_home, "kb", "lint", *DAY, "--json", str(target))
    assert done.returncode == 0, done.stderr
    facts = json.loads(target.read_text())
    assert facts["counts"] == {"overdue": 1, "ownerless": 0, "contradictions": 1, "duplicates": 0}
    (mail,) = [row for row in facts["owners"] if row["owner"] == OWNER]
    (found,) = mail["contradictions"]
    assert {found["first"]["article"], found["second"]["article"]} == {"email-archive-mailbox", "email-quota-full"}
    for quote in (found["first"]["text"], found["second"]["text"]):
        assert quote in done.stdout
    assert "printing-problems" in done.stdout


def test_a_finding_stops_a_git_hook_only_when_it_is_asked_to(demo_home: Path) -> None:
    strict = firstline(demo_home, "kb", "lint", *DAY, "--strict", "--owner", OWNER)
    assert strict.returncode == 1
    assert "printing-problems" not in strict.stdout
    clean = firstline(demo_home, "kb", "lint", "--as-of", "2020-01-01", "--strict", "--owner", "endpoint-team@lindqvist.example")
    assert (clean.returncode, "Nothing to put right." in clean.stdout) == (0, True)


def test_wrong_use_is_explained_with_exit_status_two(demo_home: Path, tmp_path: Path) -> None:
    unknown = firstline(demo_home, "kb", "lint", "--owner", "nobody@lindqvist.example")
    assert unknown.returncode == 2
    assert OWNER in unknown.stderr
    day = firstline(demo_home, "kb", "lint", "--as-of", "tomorrow")
    assert (day.returncode, day.stderr.strip()) == (2, "tomorrow is not a day in the form YYYY-MM-DD")
    nowhere = firstline(demo_home, "kb", "lint", "--json", str(tmp_path / "missing" / "lint.json"))
    assert nowhere.returncode == 2
    assert "Traceback" not in nowhere.stderr


def test_a_state_folder_without_articles_says_how_to_begin(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = firstline(empty, "kb", "lint", "--strict")
    assert done.returncode == 0, done.stderr
    assert "firstline ingest sync" in done.stdout
