"""The steps file: what it may say, and how what it must not say is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from assistant.connections import Misconfigured
from assistant.modelling import open_chat
from assistant.steps_file import ModelOf, StepsError, as_toml, parse_steps, read_steps

WHOLE = """
calls_at_once = 8
[models.fast]
model = "openai:gpt-5-mini"
base_url = "https://models.example.com/v1"
key_env = "MODELS_KEY"
price = { read = 0.25, written = 2.0 }
headers = { "X-Team" = "it help" }
[steps]
understand = "fast"
answer = { model = "fast", prompt = "short.j2", limits = { seconds = 4.5, attempts = 1 } }
act = "local"
[budget]
day_cost = 20.0
[candidates.next]
model = "fast"
share = 0.1
[candidates.bolder]
policy = "bolder.toml"
"""


def refused(text: str) -> str:
    with pytest.raises(StepsError) as error:
        parse_steps(text, "steps.toml", Path())
    return str(error.value)


def test_without_a_file_every_step_is_local_and_nothing_is_called() -> None:
    file = read_steps(None)
    assert {file.step(name).model for name in ("understand", "answer", "act", "summarise", "draft")} == {"local"}
    assert not file.calls_models
    assert not file.budget.value().is_limited


def test_a_whole_file_is_read() -> None:
    file = parse_steps(WHOLE, "steps.toml", Path("/etc/firstline"))
    assert (file.step("understand").model, file.step("act").model, file.step("draft").model) == ("fast", "local", "local")
    assert (file.step("answer").limits.seconds, file.step("answer").limits.attempts) == (4.5, 1)
    assert file.path("short.j2") == Path("/etc/firstline/short.j2")
    budget = file.budget.value()
    assert (budget.day_cost, budget.day_tokens) == (20.0, math.inf)
    assert file.calls_models


def test_what_promotion_writes_reads_back_the_same() -> None:
    file = parse_steps(WHOLE, "steps.toml", Path())
    assert parse_steps(as_toml(file), "again", Path()) == file


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[steps]\nanswer = 'large'", "'large', which is not among models"),
        ("[steps]\nguess = 'local'", "steps.guess"),
        ("[models.x]\nmodel = 'gpt'", "models.x.model"),
        ("[models.x]\nmodel = 'openai:gpt'\napi_key = 'sk-1'", "models.x.api_key"),
        ("[models.local]\nmodel = 'openai:gpt'", "'local' cannot be the name"),
        ("[models.x]\nmodel = 'openai:gpt'\nkey_env = 'sk-abc'", "models.x.key_env"),
        ("[models.x]\nmodel = 'openai:gpt'\n[steps]\nanswer = { model = 'x', limits = { seconds = 0 } }", "limits.seconds"),
        ("calls_at_once = 0", "calls_at_once"),
        ("[budget]\nday_cost = -1", "budget.day_cost"),
        ("[candidates.c]\nshare = 0.1", "names a model, a prompt or a policy"),
        ("[candidates.c]\npolicy = 'p.toml'\nshare = 0.1", "leave out share"),
        ("[candidates.c]\nmodel = 'nobody'", "'nobody', which is not among models"),
        ("[steps]\nanswer = { prompt = 'a.j2' }", "has a prompt but no model"),
        ("steps = 3", "steps"),
        ("= nonsense", "steps.toml"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(text: str, why: str) -> None:
    assert why in refused(text)


def test_a_missing_file_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    for path, content in ((tmp_path / "none.toml", None), (tmp_path / "binary.toml", b"\xff\xfe\x00")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(StepsError, match="cannot be read"):
            read_steps(path)


def test_a_missing_key_names_its_variable_and_an_unknown_provider_what_to_do() -> None:
    with pytest.raises(Misconfigured, match="MODELS_KEY"):
        open_chat(ModelOf(model="openai:gpt-5-mini", key_env="MODELS_KEY"), {})
    with pytest.raises(Misconfigured, match="langchain-anthropic"):
        open_chat(ModelOf(model="anthropic:claude", key_env="MODELS_KEY", structured="tool"), {"MODELS_KEY": "k"})
    assert open_chat(ModelOf(model="openai:gpt-5-mini", key_env="MODELS_KEY"), {"MODELS_KEY": "k"}).identity == "openai:gpt-5-mini"
