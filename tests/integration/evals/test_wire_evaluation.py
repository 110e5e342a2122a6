"""``firstline eval wire`` against servers of different characters."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from evals.cli import app
from tests.support.chat_personalities import Personality, at_once, competent, endless, refusing, uncounted, wordy
from tests.support.raw_chat_server import RawChatServer, Wait, head, running_raw_chat, whole
from tests.support.service import free_port


@pytest.fixture
def raw() -> Iterator[RawChatServer]:
    with running_raw_chat() as server:
        yield server


def examined(url: str, *more: str) -> Result:
    return CliRunner().invoke(app, ["wire", "--base-url", url, "--model", "m", "--times", "1", "--seconds", "10", *more])


def found(raw: RawChatServer, personality: Personality, folder: Path) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Return the exit status, the JSON and the lines for steps.toml."""
    raw.answer = personality
    result = examined(raw.url, "--json", str(folder / "wire.json"))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads((folder / "wire.json").read_text()), tomllib.loads(result.stdout.split("For steps.toml:")[1])


def able(report: dict[str, Any]) -> set[str]:
    return {name for name, metric in report["metrics"].items() if metric["value"] == 1.0}


EVERYTHING = {"streaming", "usage", "tool: forced", "tool: automatic", "tool: result", "length is kept"}
EVERYTHING |= {f"object: {way}" for way in ("json_schema", "json_object", "tool", "prompt")}


def test_a_server_that_can_do_everything_serves_all_steps(raw: RawChatServer, tmp_path: Path) -> None:
    status, report, lines = found(raw, competent, tmp_path)
    assert (status, able(report)) == (0, EVERYTHING)
    assert lines["models"]["served"] == {"model": "openai:m", "base_url": raw.url, "structured": "json_schema", "temperature": 0.0}
    assert set(lines["steps"].values()) == {"served"}


LESS: dict[str, tuple[Personality, int, set[str], str]] = {
    "counts nothing": (uncounted, 0, {"usage"}, "json_schema"),
    "knows no response_format": (refusing("response_format"), 0, {"object: json_schema", "object: json_object"}, "tool"),
    "knows no stream_options": (refusing("stream_options"), 0, set(), "json_schema"),
    "knows no tool_choice": (refusing("tool_choice"), 0, {"tool: forced"}, "json_schema"),
    "never streams": (at_once, 0, {"streaming"}, "json_schema"),
    "keeps to no length": (endless, 1, {"length is kept"}, "json_schema"),
    "knows no tools and no objects": (
        wordy,
        1,
        {"tool: forced", "tool: automatic", *(f"object: {way}" for way in ("json_schema", "json_object", "tool", "prompt"))},
        "",
    ),
}


@pytest.mark.parametrize("name", LESS)
def test_what_a_server_cannot_do_is_found_out(raw: RawChatServer, tmp_path: Path, name: str) -> None:
    personality, wanted, missing, way = LESS[name]
    status, report, lines = found(raw, personality, tmp_path)
    assert (status, EVERYTHING - able(report)) == (wanted, missing)
    assert lines["models"]["served"].get("structured", "") == way == report["settings"]["structured"]


def test_steps_that_cannot_be_served_stay_local(raw: RawChatServer, tmp_path: Path) -> None:
    _, _, lines = found(raw, wordy, tmp_path)
    assert lines["steps"] == {"understand": "local", "answer": "served", "act": "local", "summarise": "served", "draft": "served"}


def test_a_server_that_takes_no_temperature_is_not_given_one(raw: RawChatServer, tmp_path: Path) -> None:
    _, report, lines = found(raw, refusing("temperature"), tmp_path)
    assert "temperature" not in lines["models"]["served"]
    assert report["settings"]["refused"] == ["temperature"]


def test_nobody_there_is_unreachable() -> None:
    result = examined(f"http://127.0.0.1:{free_port()}/v1")
    assert result.exit_code == 2
    assert "gives no reply" in result.stderr


@pytest.mark.parametrize("play", [[whole({"error": {"message": "who are you"}}, 401)], [head(404)], [head(kind="text/html"), b"<html>"], [Wait(3.0)]])
def test_a_server_that_gives_no_reply_is_unreachable(raw: RawChatServer, play: list[Any]) -> None:
    raw.answer = lambda _: play
    result = examined(raw.url, "--seconds", "1")
    assert result.exit_code == 2


def test_the_key_is_taken_from_the_environment_and_not_shown(raw: RawChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_KEY", "sk-test-0123456789")
    raw.answer = competent
    result = examined(raw.url, "--api-key-env", "CHAT_KEY", "--json", str(tmp_path / "wire.json"))
    assert result.exit_code == 0
    assert {heard.headers.get("authorization") for heard in raw.heard} == {"Bearer sk-test-0123456789"}
    assert "sk-test" not in result.output + (tmp_path / "wire.json").read_text()
    assert 'key_env = "CHAT_KEY"' in result.stdout


def test_a_key_that_is_not_there_and_an_address_that_is_none_are_wrong_use(raw: RawChatServer) -> None:
    assert examined(raw.url, "--api-key-env", "NO_SUCH_KEY").exit_code == 2
    assert examined("nowhere").exit_code == 2
