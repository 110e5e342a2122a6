"""Figures: an interval for each, one JSON form for every command."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESAMPLES = 1_000
SEED = 20_261_122


@dataclass(frozen=True, slots=True)
class Metric:
    """A value with its 95 % bootstrap interval; low and high equal the value where nothing was resampled."""

    value: float
    low: float
    high: float


def exact(value: float) -> Metric:
    """Return a metric that was counted or measured as a whole."""
    return Metric(value, value, value)


def bootstrap(rows: Sequence[Any], statistic: Callable[[Sequence[Any]], float]) -> Metric:
    """Return a statistic of the rows with its 95 % percentile bootstrap interval (seeded)."""
    import numpy as np

    if not rows:
        return exact(float("nan"))
    generator = np.random.default_rng(SEED)
    draws = [statistic([rows[i] for i in generator.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return Metric(statistic(rows), float(low), float(high))


def mean(rows: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(rows) / len(rows)


def percentile(rows: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of the rows lies; linear between neighbours."""
    import numpy as np

    return float(np.percentile(rows, share * 100))


def facts(command: str, n: int, metrics: dict[str, Metric], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON form of a result."""
    values = {name: {"value": m.value, "low": m.low, "high": m.high} for name, m in metrics.items()}
    return {"command": command, "n": n, "metrics": values, "settings": settings}


def show(command: str, n: int, metrics: dict[str, Metric], settings: dict[str, Any], target: Path | None) -> None:
    """Print a table of the metrics and write the JSON file if one is wanted."""
    print(f"{command}, n = {n}" + (f" ({', '.join(f'{k}={v}' for k, v in settings.items())})" if settings else ""))
    for name, metric in metrics.items():
        interval = "" if metric.low == metric.high else f"   {metric.low:10.4g} to {metric.high:.4g}"
        print(f"  {name:<28}{metric.value:10.4g}{interval}")
    if target is not None:
        target.write_text(json.dumps(facts(command, n, metrics, settings), indent=1) + "\n", encoding="utf-8")
