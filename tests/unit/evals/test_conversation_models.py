"""A run lets models of the steps file do the steps that it names, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.steps_file import parse_steps
from evals.beir import BadInput
from evals.conversations.models import steps_text

FILE = """
calls_at_once = 3
[models.fast]
model = "openai:small"
base_url = "https://models.example.com/v1"
key_env = "MODELS_KEY"
headers = { "X-Team" = "quote \\" and é" }
price = { read = 0.25, written = 2.0 }
[steps]
understand = "fast"
answer = { model = "fast", prompt = "mine.j2", limits = { seconds = 4.5 } }
[budget]
day_cost = 1.5
[candidates.next]
model = "fast"
"""


@pytest.fixture
def steps_file(tmp_path: Path) -> Path:
    path = tmp_path / "steps.toml"
    path.write_text(FILE)
    return path


def test_the_named_steps_have_their_models_with_limits_and_prompt_of_the_file(steps_file: Path, tmp_path: Path) -> None:
    made = parse_steps(steps_text(steps_file, ["answer=fast", "act=fast"]), "made", tmp_path / "elsewhere")
    kept = parse_steps(FILE, "file", steps_file.parent)
    assert set(made.steps) == {"answer", "act"}
    assert made.step("answer").limits == kept.step("answer").limits
    assert made.path(made.step("answer").prompt) == (tmp_path / "mine.j2").resolve()
    assert (made.models, made.budget, made.calls_at_once, made.candidates) == (kept.models, kept.budget, 3, {})


def test_a_step_can_be_named_local_and_others_are_local_by_themselves(steps_file: Path, tmp_path: Path) -> None:
    assert parse_steps(steps_text(steps_file, ["answer=local"]), "made", tmp_path).steps == {}


def test_a_model_that_the_file_lacks_is_refused(steps_file: Path) -> None:
    with pytest.raises(BadInput, match="has no model clever"):
        steps_text(steps_file, ["answer=clever"])
    with pytest.raises(BadInput, match="FIRSTLINE_STEPS_FILE names no file"):
        steps_text(None, ["answer=fast"])
    with pytest.raises(BadInput, match="STEP=NAME is wanted"):
        steps_text(steps_file, ["answer"])
    steps_file.write_text("steps = 3")
    with pytest.raises(BadInput, match="steps.toml"):
        steps_text(steps_file, ["answer=fast"])
