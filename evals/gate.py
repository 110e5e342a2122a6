"""A gate: a bound on the sure side of a metric's interval, and the proof that it can block."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from evals.beir import BadInput
from evals.report import Metric


@dataclass(frozen=True, slots=True)
class Bound:
    """A metric's lower bound must reach ``at_least``, its upper bound must not pass ``at_most``."""

    at_least: float | None
    at_most: float | None

    def admits(self, metric: Metric) -> bool:
        """Say whether the whole interval is within the bound; what is not a number is not."""
        if math.isnan(metric.low) or math.isnan(metric.high):
            return False
        return (self.at_least is None or metric.low >= self.at_least) and (self.at_most is None or metric.high <= self.at_most)

    def __str__(self) -> str:
        """Name the bound in words."""
        parts = [f"at least {self.at_least:g}" if self.at_least is not None else "", f"at most {self.at_most:g}" if self.at_most is not None else ""]
        return " and ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate came to, in a sentence."""

    passed: bool
    says: str


def judge(result: Path, seeded: Path | None, metric: str, bound: Bound) -> Verdict:
    """Judge a build by its measurement; a gate that lets the seeded bad build through has failed as well.

    Raises:
        BadInput: a file is no measurement, lacks the metric, or there is no bound.
    """
    if bound.at_least is None and bound.at_most is None:
        raise BadInput("a gate needs --at-least or --at-most")
    value = read_metric(result, metric)
    says = f"gate: {metric} is {value.value:.3f} [{value.low:.3f}, {value.high:.3f}], {bound} is needed"
    if not bound.admits(value):
        return Verdict(False, f"{says}: BLOCKED")
    if seeded is None:
        return Verdict(True, f"{says}: passed")
    bad = read_metric(seeded, metric)
    if bound.admits(bad):
        return Verdict(False, f"{says}: passed, but so does a seeded bad build with {bad.value:.3f}: the gate is worth nothing")
    return Verdict(True, f"{says}: passed; a seeded bad build with {bad.value:.3f} [{bad.low:.3f}, {bad.high:.3f}] is blocked")


def read_metric(path: Path, name: str) -> Metric:
    """Return one metric of a measurement's JSON file.

    Raises:
        BadInput: it is missing or malformed.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["metrics"][name]
        return Metric(float(found["value"]), float(found["low"]), float(found["high"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: no metric {name} ({error})") from error
