"""Which model does which step in a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from evals.beir import BadInput

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.steps_file import StepName


def parsed(pairs: Sequence[str]) -> dict[StepName, str]:
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
        made[cast("StepName", step)] = name
    return made


def steps_text(steps_file: Path | None, pairs: Sequence[str]) -> str:
    """Return a steps file in which the named steps, and no others, are done by models of ``steps_file``; without candidates.

    Limits and prompt of such a step are those of the file.

    Raises:
        BadInput: a pair is malformed, the file cannot be used, or it has no such model.
    """
    from assistant.steps_file import LOCAL, StepsError, as_toml, read_steps

    wanted = parsed(pairs)
    try:
        base = read_steps(steps_file)
    except StepsError as error:
        raise BadInput(str(error)) from error
    unknown = sorted({name for name in wanted.values() if name != LOCAL} - base.models.keys())
    if unknown:
        raise BadInput(f"--model: {steps_file or 'FIRSTLINE_STEPS_FILE names no file, so it'} has no model {', '.join(unknown)}")
    steps = {}
    for step, name in wanted.items():
        if name != LOCAL:
            filed = base.step(step)
            steps[step] = filed.model_copy(update={"model": name, "prompt": str(base.path(filed.prompt).resolve()) if filed.prompt else ""})
    return as_toml(base.model_copy(update={"steps": steps, "candidates": {}}))


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
