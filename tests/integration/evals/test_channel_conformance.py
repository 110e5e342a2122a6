"""The conformance run: the same case on every channel, and a seeded build that decides otherwise on one of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import COMMAND, ROOT, clean_environment

CASES = ("--case", "access/crm-approved", "--case", "wifi/phone-in-widget")


def run(place: Path, model_home: Path, *arguments: str, fault: str = "") -> tuple[int, dict[str, Any], str]:
    """Run in a process of its own, as a seeded bad build when a fault is named."""
    json_file = place / "channels.json"
    begin = [sys.executable, "-m", "evals.faults", fault] if fault else [str(COMMAND), "eval"]
    command = [*begin, "channels", "--model-home", str(model_home), "--json", str(json_file), *arguments]
    environment = clean_environment(place / "unused") | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=280, check=False)
    made = json.loads(json_file.read_text()) if json_file.exists() else {}
    return done.returncode, made.get("metrics", {}), done.stdout + done.stderr


@pytest.mark.gated
def test_an_approved_action_comes_out_the_same_on_every_channel_and_what_one_cannot_do_is_named(tmp_path: Path, model_home: Path) -> None:
    code, metrics, said = run(tmp_path, model_home, *CASES)
    assert code == 0, said
    assert {name: metrics[f"{name}_same"]["value"] for name in ("widget", "mail", "slack-socket", "slack-http")} == {
        "widget": 2,
        "mail": 1,
        "slack-socket": 1,
        "slack-http": 1,
    }
    assert "not compared, mail: wifi/phone-in-widget: the case chooses a device in the widget" in said


@pytest.mark.gated
def test_a_build_whose_channels_forget_their_conversations_is_found_out(tmp_path: Path, model_home: Path) -> None:
    code, metrics, said = run(tmp_path, model_home, "--case", "other/hello-first", "--channel", "slack-http", fault="forgets-places")
    assert code == 1, said
    assert metrics["different"]["value"] == 1.0
    assert "DIFFERENT, slack-http: other/hello-first" in said
