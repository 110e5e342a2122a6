"""The scripted model over the wire, through the adapter that the service uses."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.agent.steps.understand_with_model import Reading
from assistant.ports.chat import Ask, ChatFailed, Line
from assistant.steps_file import read_steps
from evals.scripted.process import STEPS, ScriptedServer, running

SECONDS = 15.0


def asking(message: str) -> Ask:
    given = {"message": message, "state": "open", "issue": ""}
    return Ask((Line("system", "You read."), Line("user", json.dumps(given))), schema=Reading.model_json_schema())


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedServer]:
    with running(tmp_path_factory.mktemp("scripted")) as server:
        yield server


@pytest.mark.parametrize("way", ["json_schema", "json_object", "tool", "prompt"])
def test_it_is_understood_however_it_is_asked(scripted: ScriptedServer, way: str) -> None:
    model = LangChainChat(ChatSetup("openai:scripted-1", base_url=scripted.url, structured=way))  # type: ignore[arg-type]
    answered = model.ask(asking("My VPN drops"), SECONDS)
    assert Reading.model_validate_json(answered.text).intent == "question"
    assert not answered.usage.estimated


def test_its_journal_says_what_it_was_asked(scripted: ScriptedServer) -> None:
    LangChainChat(ChatSetup("openai:scripted-1", base_url=scripted.url)).ask(asking("The printer hums"), SECONDS)
    line = scripted.heard()[-1]
    assert (line["step"], line["words"], line["spoiled"]) == ("understand", "The printer hums", "")
    assert line["arrived"] <= line["ended"]


def test_its_steps_file_can_be_read(scripted: ScriptedServer, tmp_path: Path) -> None:
    read = read_steps(scripted.steps_file(tmp_path))
    assert {read.step(step).model for step in STEPS} == {"scripted"}  # type: ignore[arg-type]


def test_spoiled_replies_are_failures_of_many_kinds_and_the_same_in_every_run(tmp_path: Path) -> None:
    runs = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        with running(folder, malformed=0.9, seed=7) as server:
            runs.append([end(server, f"question {number}") for number in range(40)])
    assert runs[0] == runs[1]
    assert len(Counter(runs[0])) >= 5


def end(server: ScriptedServer, message: str) -> str:
    model = LangChainChat(ChatSetup("openai:scripted-1", base_url=server.url))
    try:
        text = model.ask(asking(message), SECONDS).text
    except ChatFailed as failed:
        return failed.trouble.value
    try:
        Reading.model_validate_json(text)
    except ValueError:
        return "misshapen"
    return "good"
