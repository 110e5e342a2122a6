"""Which model does which step in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.beir import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.settings import Settings

STEPS = ("understand", "answer", "act", "summarise", "draft")


def parsed(pairs: Sequence[str]) -> dict[str, str]:
    """Return the model of each step from ``STEP=NAME``.

    Raises:
        BadInput: a pair is malformed, or names a step that does not exist.
    """
    made = {}
    for pair in pairs:
        step, _, name = pair.partition("=")
        if step not in STEPS or not name:
            raise BadInput(f"--model {pair}: STEP=NAME is wanted, with a step of {', '.join(STEPS)}")
        made[step] = name
    return made


def with_models(settings: Settings, pairs: Sequence[str]) -> Settings:
    """Return settings in which the named steps are done by the named models.

    Raises:
        BadInput: this build cannot do that for one of them.
    """
    others = {step: name for step, name in parsed(pairs).items() if name != "local"}
    if others:
        raise BadInput(f"this build does every step locally: {', '.join(f'{step}={name}' for step, name in others.items())} cannot be used yet")
    return settings
