"""Cases played against the real service, and a stored conversation that becomes one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.agent.state import Inbound
from assistant.bootstrap import load_people, open_assistant
from assistant.settings import Settings
from evals.conversations.case import read_case
from evals.conversations.record import recorded
from ingest.report import LineReport
from ingest.sync import sync
from tests.support.service import COMMAND, Service, clean_environment, copy_demo, firstline, free_port

RIGHT_CASES = ("access/crm-approved", "password/reset-with-code", "password/undo-unlock", "other/flood-of-words")
ROOT = Path(__file__).parent.parent.parent.parent


def run(place: Path, model_home: Path, *arguments: str, fault: str = "") -> tuple[int, dict[str, Any], str]:
    """Play cases in a process of its own, as a seeded bad build when a fault is named."""
    json_file = place / "run.json"
    begin = [sys.executable, "-m", "evals.faults", fault] if fault else [str(COMMAND), "eval"]
    command = [*begin, "run", "--model-home", str(model_home), "--json", str(json_file), *arguments]
    environment = clean_environment(place / "unused") | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=280, check=False)
    made = json.loads(json_file.read_text()) if json_file.exists() else {}
    return done.returncode, made, done.stdout + done.stderr


def cases(*names: str) -> list[str]:
    return [part for name in names for part in ("--case", name)]


@pytest.mark.gated
def test_cards_codes_approvals_and_undo_are_played_as_written_and_worded_differently(tmp_path: Path, model_home: Path) -> None:
    code, made, said = run(tmp_path, model_home, *cases(*RIGHT_CASES), "--repeat", "2", "--html", str(tmp_path / "run.html"))
    assert code == 0, said
    assert {name: case["faults"] for name, case in made["cases"].items()} == {name: [[], []] for name in RIGHT_CASES}
    assert made["metrics"]["pass^1"]["value"] == 1.0
    assert "Every conversation passed" in (tmp_path / "run.html").read_text()


@pytest.mark.gated
def test_a_build_that_takes_silence_for_success_is_found_out_and_blocked(tmp_path: Path, model_home: Path) -> None:
    chosen = cases("meetings/silent-after-question", "vpn/silent-after-right-answer")
    code, good, said = run(tmp_path, model_home, *chosen)
    assert code == 0, said
    base = tmp_path / "base.json"
    base.write_text(json.dumps(good))
    code, bad, said = run(tmp_path, model_home, *chosen, "--compare", str(base), fault="silence-is-success")
    assert (good["metrics"]["false_containment"]["value"], bad["metrics"]["false_containment"]["value"]) == (0.0, 0.5)
    assert "the outcome should be ABANDONED or UNRESOLVED, it is RESOLVED_ASSUMED" in said
    assert "worse: meetings/silent-after-question" in said


def test_wrong_use_ends_with_status_2_before_anything_is_played(tmp_path: Path, model_home: Path) -> None:
    bad = tmp_path / "vpn" / "bad.yaml"
    bad.parent.mkdir()
    bad.write_text("title: Nothing else\n")
    for arguments, reason in (
        (["--case", str(bad)], f"{bad}: group: Field required"),
        (["--case", "no/such-case"], "no case matches no/such-case"),
        (["--model", "answer"], "STEP=NAME is wanted"),
        (["--model", "answer=clever"], "has no model clever"),
        (["--compare", str(bad)], "no result of eval run"),
    ):
        code, made, said = run(tmp_path, model_home, *arguments)
        assert (code, made) == (2, {}), said
        assert reason in said


PEOPLE = """
[company]
name = "Acme Rockets"
domain = "acme.test"
timezone = "Europe/Berlin"

[[queues]]
id = "machines"
name = "Machines"
categories = ["lathe"]

[[people]]
id = "anna.vogel"
name = "Anna Vogel"
email = "anna.vogel@acme.test"
title = "Turner"
department = "Workshop"
location = "Bremen"
manager = ""
groups = ["workshop"]
locked = true

[[devices]]
id = "AC-77"
owner = "anna.vogel"
name = "ThinkPad"
platform = "windows"
os = "Windows 11"
kind = "laptop"
primary = true
compliant = true
"""
LATHE = """---
id: lathe-zero-point
title: Set the zero point of the lathe controller
owner: machines@acme.test
audience: [workshop]
platforms: [windows]
review_by: 2027-05-31
tags: [lathe]
---
How to set the zero point of the lathe controller of Acme Rockets.

## Set the zero point

1. Open **Lathe Control** and choose **Axes**.
2. Touch the work piece with the probe and select **Set zero**.
"""


def test_a_conversation_of_another_company_brings_its_articles_and_leaves_its_people(
    fresh_home: Callable[[str], Path], tmp_path: Path, model_home: Path
) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "lathe.md").write_text(LATHE)
    (tmp_path / "people.toml").write_text(PEOPLE)
    assistant = open_assistant(Settings(home=fresh_home("acme")))
    sync(tmp_path / "articles", assistant.knowledge_base, assistant.settings, LineReport(print))
    load_people(assistant, tmp_path / "people.toml")
    assistant.knowledge_base.keeper.own()
    assistant.knowledge_base.keeper.catch_up()
    said = "Anna Vogel here, how do I set the zero point of the lathe controller on AC-77?"
    answer = assistant.turns.take("anna.vogel", None, Inbound("m1", said), "widget")
    assistant.turns.take("anna.vogel", answer.conversation, Inbound("m2", choice="yes"), "widget")
    made = recorded(assistant, answer.conversation)
    assistant.close()

    assert answer.kind == "answer"
    for gone in ("anna", "vogel", "ac-77", "acme"):
        assert gone not in made.casefold()
    file = tmp_path / "recorded" / "lathe.yaml"
    file.parent.mkdir()
    file.write_text(made)
    assert read_case(file).world.articles[0].platforms == ("windows",)
    code, result, printed = run(tmp_path, model_home, "--case", str(file))
    assert (code, result["cases"]["recorded/lathe"]["faults"]) == (0, [[]]), printed


@pytest.fixture
def held(tmp_path: Path, model_home: Path) -> Iterator[Service]:
    service = Service(copy_demo(tmp_path / "home", model_home), free_port())
    service.start()
    yield service
    service.stop()


def test_a_stored_conversation_becomes_a_case_that_plays_as_it_happened(held: Service, tmp_path: Path, model_home: Path) -> None:
    with held.client("agnes.noren") as agnes:
        begun = agnes.post("/v1/conversations", json={"text": "I need access to CRM for 30 days, call me on +46 70 123 45 67"}).json()
        where = f"/v1/conversations/{begun['conversation']}/messages"
        agnes.post(where, json={"choice": f"do:{begun['action']['id']}"})
    with held.client("nils.forsberg") as manager:
        request = manager.get(f"/v1/approvals/{begun['action']['id']}").json()
        assert manager.post(f"/v1/approvals/{begun['action']['id']}", json={"approves": False, "hash": request["hash"]}).status_code == 200
    held.stop()

    file = tmp_path / "recorded" / "crm.yaml"
    done = firstline(held.home, "eval", "record", begun["conversation"], "--out", str(file))
    assert done.returncode == 0, done.stderr
    case = yaml.safe_load(file.read_text())
    assert "123 45 67" not in file.read_text()
    assert case["approvers"] == {"nils.forsberg": "refuses"}
    assert case["expect"]["actions"] == {"grant_access": "refused"}
    code, made, said = run(tmp_path, model_home, "--case", str(file))
    assert code == 0, said
    assert made["cases"]["recorded/crm"]["faults"] == [[]], said

    again = firstline(held.home, "eval", "record", begun["conversation"], "--out", str(file))
    assert again.returncode == 2
    unknown = firstline(held.home, "eval", "record", "c_0000000000000000")
    assert (unknown.returncode, "there is no conversation c_0000000000000000" in unknown.stderr) == (2, True)
