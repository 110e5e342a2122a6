"""The commands over actions and the policy, beside a running service and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.governance.policy_file import PACKAGED
from tests.support.letters import letter
from tests.support.service import copy_demo, firstline, running

MARIA, MANAGER, OWNER = "maria.santos", "johan.ekstrom", "rachel.thornton"


@pytest.fixture
def home(model_home: Path, tmp_path: Path) -> Path:
    """A state folder with the demo company."""
    return copy_demo(tmp_path / "home", model_home)


def said(home: Path, *arguments: str, status: int = 0) -> str:
    """Run a command, check its exit status and return what it wrote."""
    done = firstline(home, *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def asked(home: Path, text: str, person: str = MARIA) -> dict[str, Any]:
    """Ask for an action, press its card and return the reply."""
    first = json.loads(said(home, "ask", text, "--as", person, "--json"))
    press = ("--choice", f"do:{first['action']['id']}")
    reply: dict[str, Any] = json.loads(said(home, "ask", "", "--as", person, "--conversation", first["conversation"], *press, "--json"))
    return reply


def standing(home: Path, action: str) -> dict[str, Any]:
    """Return an action as the command shows it."""
    facts: dict[str, Any] = json.loads(said(home, "actions", "show", action, "--json"))
    return facts


def test_an_access_is_approved_granted_and_taken_back_without_a_service(home: Path) -> None:
    reply = asked(home, "I need access to the CRM for a week")
    action = reply["action"]["id"]
    assert standing(home, action)["status"] == "awaiting"
    assert "among those who approve" in said(home, "actions", "approve", action, "--as", OWNER, status=1)
    assert "there is no action" in said(home, "actions", "approve", action, "--as", "claire.whitfield", status=2)
    assert "Nobody approves their own request." in said(home, "actions", "approve", action, "--as", MARIA, status=1)
    assert "say who does it" in said(home, "actions", "approve", action, status=2)
    assert "nobody is called" in said(home, "actions", "approve", action, "--as", "nobody.here", status=2)
    said(home, "actions", "approve", action, "--as", MANAGER, "--note", "yes")
    said(home, "actions", "approve", action, "--as", OWNER)
    shown = standing(home, action)
    assert shown["status"] == "done"
    assert [vote["approver"] for vote in shown["approval"]["votes"]] == [MANAGER, OWNER]
    assert "crm-users" in said(home, "people", "--json")
    assert "done" in said(home, "actions", "undo", action)
    assert standing(home, action)["status"] == "reverted"
    assert "nothing to take back" in said(home, "actions", "undo", action, status=1)
    assert "there is no action" in said(home, "actions", "undo", "a_nothing", status=2)
    table = said(home, "actions", "list", "--status", "reverted")
    assert action in table
    assert f"{action}-u0" not in table
    assert "is no status" in said(home, "actions", "list", "--status", "strange", status=2)
    assert "Johan" not in said(home, "actions", "show", action)
    explained = said(home, "policy", "explain", reply["conversation"])
    assert "confirm by “tools.grant_access”" in explained
    assert "approval by “tools.grant_access: chain access”" in explained
    assert "group crm-users; days 7; pressed yes" in explained
    assert re.search(r"policy [0-9a-f]{12}", explained)


def test_a_code_and_a_no_and_an_undo_go_through_the_running_service(home: Path) -> None:
    with running(home):
        reply = asked(home, "Reset my password please")
        action = reply["action"]["id"]
        code = letter(home, "maria.santos@private.example", "one-time code").code
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        assert "not right" in said(home, "actions", "code", action, wrong, "--as", MARIA, status=1)
        assert "the service refused" in said(home, "actions", "code", action, code, "--as", MANAGER, status=2)
        assert "I am on it" in said(home, "actions", "code", action, code, "--as", MARIA)
        letter(home, "maria.santos@private.example", "temporary password")
        wanted = asked(home, "I need access to the CRM for a week")["action"]["id"]
        said(home, "actions", "refuse", wanted, "--as", MANAGER)
        assert standing(home, wanted)["status"] == "refused"
        assert "refused already" in said(home, "actions", "refuse", wanted, "--as", MANAGER, status=1)
        unlocked = asked(home, "My account is locked, please unlock it", "priya.nair")["action"]["id"]
        wait_for(lambda: standing(home, unlocked)["status"] == "done")
        taken = said(home, "actions", "undo", unlocked, "--json")
        wait_for(lambda: standing(home, json.loads(taken)["id"])["status"] == "done")
        assert standing(home, unlocked)["status"] == "reverted"


def wait_for(what: Callable[[], bool]) -> None:
    """Ask again, some times, until it is so."""
    assert any(what() for _ in range(10))


def test_the_examples_of_the_policy_are_tried_and_a_broken_one_is_named(home: Path, tmp_path: Path) -> None:
    text = PACKAGED.read_text(encoding="utf-8")
    count = text.count("[[examples]]")
    assert f"{count} of {count} examples come out" in said(home, "policy", "test")
    broken = tmp_path / "broken.toml"
    broken.write_text(text.replace("per_day = 3", "per_day = 4", 1), encoding="utf-8")
    out = said(home, "policy", "test", str(broken), status=1)
    assert "FAIL unlock_account {'pressed': True, 'today': 3}: allow by “tools.unlock_account”, expected deny" in out
    assert f"{count - 1} of {count} examples come out" in out
    refused = firstline(home, "actions", "list", policy_file=str(broken))
    assert refused.returncode == 2
    assert "its own examples" in refused.stderr
    malformed = tmp_path / "malformed.toml"
    malformed.write_text("steps = 1", encoding="utf-8")
    assert "cannot be used" in said(home, "policy", "test", str(malformed), status=2)
    assert "cannot be read" in said(home, "policy", "test", str(tmp_path / "absent.toml"), status=2)
    rows = json.loads(said(home, "policy", "test", "--json"))["examples"]
    assert {row["fault"] for row in rows} == {""}


def test_an_answer_is_explained_by_its_confidence_and_an_unknown_conversation_is_refused(home: Path) -> None:
    reply = json.loads(said(home, "ask", "I cannot connect to the VPN", "--as", MARIA, "--json"))
    (decision,) = [one for one in json.loads(said(home, "policy", "explain", reply["conversation"], "--json")) if one["step"] == "answer"]
    assert (decision["verdict"], decision["rule"]) == ("auto", "steps.answer")
    assert decision["facts"]["confidence"] == pytest.approx(reply["confidence"], abs=0.01)
    assert "there is no conversation" in said(home, "policy", "explain", "c_nothing", status=2)


def test_the_doctor_names_the_tools_that_are_off_with_the_reason(home: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(re.sub(r"\[tools\.my_devices\]\n(.+\n)+", "", PACKAGED.read_text(encoding="utf-8")), encoding="utf-8")
    checks = {row["name"]: row for row in json.loads(firstline(home, "doctor", "--json", policy_file=str(policy)).stdout)}
    assert "my_devices" not in checks["tools"]["says"]
    assert checks["tool my_devices"]["says"] == "switched off: the policy does not name it"
    shipped = {row["name"]: row for row in json.loads(firstline(home, "doctor", "--json").stdout)}
    assert "my_devices" in shipped["tools"]["says"]
    assert not [name for name in shipped if name.startswith("tool ")]
