"""The workflows that can be killed, each with its seeded faults and what those have to show."""

from __future__ import annotations

from collections.abc import Mapping

from evals.kills import change, joiner
from evals.kills.drill import Drill

DRILLS: Mapping[str, tuple[Drill, Mapping[str, str]]] = {
    "change": (change.ChangeDrill(), change.FAULTS),
    "joiner": (joiner.JoinerDrill(), joiner.FAULTS),
}
"""A fault shows itself in ``lost`` or in ``twice`` of the tally."""
