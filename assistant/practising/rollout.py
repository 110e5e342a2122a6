"""Composes the rollout ladder."""

from __future__ import annotations

from assistant.agent.tools.registry import TOOLS
from assistant.practising.ready import Ready
from assistant.workflows.errands import Errand
from assistant.workflows.rolling import LOOK, Ladder, LookAtLadder


def compose(ready: Ready) -> tuple[Ladder, dict[str, Errand]]:
    """Return the ladder, and the errand that looks at it every day."""
    ladder = Ladder(ready.store, ready.clock, ready.in_force, lambda tool: TOOLS[tool].category if tool in TOOLS else "")
    return ladder, {LOOK: LookAtLadder(ladder)}
