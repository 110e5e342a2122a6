"""The two tables of a comparison, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.peers.figures import FIGURES
from evals.report import Metric

LABEL = 31
CELL = 28


def tables(metrics: Mapping[str, Metric], systems: Sequence[str], peers: Sequence[str]) -> str:
    """Return the table of absolute figures and the table of ratios, each with 95 % intervals where something was resampled."""
    absolute = [(figure.label, [metrics.get(f"{system}.{figure.name}") for system in systems]) for figure in FIGURES]
    lines = _table("figure", systems, absolute)
    if any(name.startswith("ratio.") for name in metrics):
        columns = [*peers, "best"]
        rows = [
            (f"{figure.label} ({'+' if figure.more_is_better else '-'})", [metrics.get(f"ratio.{figure.short}.{peer}") for peer in columns])
            for figure in FIGURES
        ]
        lines += ["", "Firstline divided by the peer; (+) above 1 is better, (-) below 1 is better; best is the best peer of each row"]
        lines += _table("ratio", columns, rows)
    return "\n".join(lines)


def _table(corner: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Metric | None]]]) -> list[str]:
    head = f"{corner:<{LABEL}}" + "".join(f"{name:>{CELL}}" for name in columns)
    return [head, *(f"{label:<{LABEL}}" + "".join(f"{_cell(metric):>{CELL}}" for metric in cells) for label, cells in rows if any(cells))]


def _cell(metric: Metric | None) -> str:
    if metric is None:
        return "-"
    interval = "" if metric.low == metric.high else f" [{number(metric.low)}, {number(metric.high)}]"
    return number(metric.value) + interval


def number(value: float) -> str:
    """Write a figure with three significant digits, and never as a power of ten."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) >= 0.001 or value == 0 else f"{value:.4f}"
