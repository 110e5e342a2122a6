"""Two runs over the same cases: the paired difference of their pass^1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.beir import BadInput
from evals.report import Metric, bootstrap, mean


@dataclass(frozen=True, slots=True)
class Difference:
    """This run less the base, over the cases that both played."""

    cases: int
    metric: Metric
    worse: tuple[str, ...]
    better: tuple[str, ...]
    unpaired: int

    @property
    def blocks(self) -> bool:
        """Say whether the whole interval lies below zero: this build is surely worse."""
        return self.metric.high < 0


def compared(now: Mapping[str, Sequence[bool]], base: Mapping[str, Sequence[bool]]) -> Difference:
    """Pair the cases of two runs; the interval is a bootstrap over pairs.

    Raises:
        BadInput: they have no case in common.
    """
    common = sorted(now.keys() & base.keys())
    if not common:
        raise BadInput("the two runs have no case in common")
    pairs = {name: mean([float(one) for one in now[name]]) - mean([float(one) for one in base[name]]) for name in common}
    metric = bootstrap(list(pairs.values()), mean)
    return Difference(
        len(common),
        metric,
        tuple(name for name, by in pairs.items() if by < 0),
        tuple(name for name, by in pairs.items() if by > 0),
        len(now.keys() ^ base.keys()),
    )


def read_base(path: Path) -> dict[str, list[bool]]:
    """Read which plays passed from a run's JSON file.

    Raises:
        BadInput: it is no such file.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["cases"]
        return {name: [bool(one) for one in case["passed"]] for name, case in stored.items() if case["passed"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: no result of eval run ({error})") from error
