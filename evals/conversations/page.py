"""The report of a run: one HTML file that needs nothing from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.conversations.figures import Tried, by_group, metrics_of

if TYPE_CHECKING:
    from evals.conversations.compare import Difference
    from evals.report import Metric

HERE = Path(__file__).parent
SHARES = (
    ("pass^1", "A play of a case passes", ""),
    ("pass^4", "Four plays all pass", ""),
    ("pass^8", "Eight plays all pass", ""),
    ("containment", "Resolved without a person or ticket", ""),
    ("confirmed_resolution", "The person said it is solved, and it is", ""),
    ("false_containment", "Counted as resolved, but was not", "low"),
    ("correct_escalation", "With people where it belongs, in the right queue", ""),
    ("correct_abstention", "No answer where nothing answers", ""),
    ("abstained_or_escalated", "Either of the two, where nothing answers", ""),
    ("citation_precision", "Cited sentences that the source supports", ""),
    ("citation_recall", "Needed sources that were cited", ""),
)
HEADLINES = ("pass^1", "false_containment", "containment", "correct_escalation")
TIMES = (("turn_p50_ms", "a turn, median", "ms"), ("turn_p95_ms", "a turn, 95th percentile", "ms"))
WHOLE = (("conversation_p50_s", "a conversation, median", "s"), ("conversation_p95_s", "a conversation, 95th percentile", "s"))


@dataclass(frozen=True, slots=True)
class Row:
    """A share with its interval, in percent of the axis."""

    name: str
    says: str
    better: str
    value: float
    low: float
    high: float
    cases: int | None = None

    @property
    def text(self) -> str:
        """The share and its interval in words."""
        return f"{_percent(self.value)} ({self.low * 100:.0f} to {self.high * 100:.0f})"


def page(tried: Sequence[Tried], metrics: Mapping[str, Metric], settings: Mapping[str, Any], difference: Difference | None) -> str:
    """Return the report as HTML; what was said in conversations is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    rows = [row for name, says, better in SHARES if (row := _row(name, says, better, metrics)) is not None]
    failed = [one for one in tried if not all(one.passed)]
    return environment.get_template("page.html.j2").render(
        headlines=[row for name in HEADLINES for row in rows if row.name == name.replace("_", " ")],
        rows=rows,
        groups=_groups(tried),
        times=[(says, metrics[name], unit) for name, says, unit in (*TIMES, *WHOLE) if name in metrics],
        cost=metrics.get("cost_per_conversation"),
        failed=[_failed(one) for one in failed],
        cases=len(tried),
        plays=sum(len(one.plays) for one in tried),
        settings=settings,
        difference=difference,
        ticks=(0, 25, 50, 75, 100),
    )


def _row(name: str, says: str, better: str, metrics: Mapping[str, Metric], cases: int | None = None) -> Row | None:
    metric = metrics.get(name)
    if metric is None or math.isnan(metric.value):
        return None
    return Row(name.replace("_", " "), says, better, metric.value, metric.low, metric.high, cases)


def _groups(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    found = []
    for group, part in by_group(tried).items():
        metrics = metrics_of(part)
        cells = [_row(name, "", "", metrics) for name in ("pass^1", "containment", "false_containment", "correct_escalation", "correct_abstention")]
        found.append({"name": group.replace("_", " "), "cases": len(part), "row": cells[0], "cells": cells})
    return found


def _failed(one: Tried) -> dict[str, Any]:
    bad = [(play, lines) for play, lines in zip(one.plays, one.faults, strict=True) if lines]
    play, lines = bad[0]
    passed = sum(one.passed)
    turns = [line.model_dump(include={"who", "kind", "state", "text", "cites", "turn"}) for line in play.lines]
    return {
        "name": one.named.name,
        "anchor": one.named.name.replace("/", "-"),
        "title": one.named.case.title,
        "group": one.named.case.group.replace("_", " "),
        "person": one.named.case.person,
        "faults": lines,
        "repeat": play.repeat,
        "passed": passed,
        "plays": len(one.plays),
        "turns": turns,
        "left": {name: value for name, value in play.left.model_dump(exclude_defaults=True).items() if name != "tickets"},
    }


def _percent(value: float) -> str:
    return f"{value * 100:.1f} %"
