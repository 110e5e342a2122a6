"""Which model does which step in a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.beir import BadInput

if TYPE_CHECKING:
    from assistant.settings import Settings


def parsed(pairs: Sequence[str]) -> dict[str, str]:
    """Return the model of each step from ``STEP=NAME``.

    Raises:
        BadInput: a pair is malformed, or names a step that does not exist.
    """
    from assistant.steps_file import STEPS

    made = {}
    for pair in pairs:
        step, _, name = pair.partition("=")
        if step not in STEPS or not name:
            raise BadInput(f"--model {pair}: STEP=NAME is wanted, with a step of {', '.join(STEPS)}")
        made[step] = name
    return made


def steps_text(steps_file: Path | None, pairs: Sequence[str]) -> str:
    """Return a steps file in which the named steps, and no others, are done by models of ``steps_file``; without candidates.

    Limits and prompt of such a step are those of the file.

    Raises:
        BadInput: a pair is malformed, the file cannot be used, or it has no such model.
    """
    from assistant.steps_file import LOCAL, StepsError, read_steps

    wanted = parsed(pairs)
    try:
        base = read_steps(steps_file)
    except StepsError as error:
        raise BadInput(str(error)) from error
    unknown = sorted({name for name in wanted.values() if name != LOCAL} - base.models.keys())
    if unknown:
        raise BadInput(f"--model: {steps_file or 'FIRSTLINE_STEPS_FILE names no file, so it'} has no model {', '.join(unknown)}")
    kept = base.model_dump(mode="json", exclude_none=True, exclude={"steps", "candidates"})
    steps: dict[str, Any] = {}
    for step, name in wanted.items():
        if name != LOCAL:
            as_filed = {filed: one for filed, one in base.steps.items() if filed == step}
            one = as_filed[step].model_dump(mode="json") if step in as_filed else {}
            prompt = {"prompt": str(base.path(one["prompt"]).resolve())} if one.get("prompt") else {}
            steps[step] = {**one, **prompt, "model": name}
    return "".join(f"{key} = {_toml(value)}\n" for key, value in {**kept, "steps": steps}.items())


def with_models(settings: Settings, pairs: Sequence[str]) -> Settings:
    """Return settings in which the named steps are done by the named models of its steps file, and every other step locally.

    Raises:
        BadInput: see ``steps_text``.
    """
    if not pairs:
        return settings.model_copy(update={"steps_file": None})
    target = settings.home / "steps.toml"
    target.write_text(steps_text(settings.steps_file, pairs), encoding="utf-8")
    return settings.model_copy(update={"steps_file": target})


def _toml(value: Any) -> str:
    """Return a value as TOML in one line; strings of JSON are strings of TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)
