"""The comparison as a picture: one panel for each figure, one bar for each system, as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.peers.figures import FIGURES, Figure
from evals.peers.systems import FIRSTLINE
from evals.peers.tables import number
from evals.report import Metric

SHOWN = ("ndcg@10", "hit@1", "latency_p50_ms", "latency_p95_ms", "passages_per_s", "rss_mb", "cold_start_s")
COLUMNS = 2
PANEL_WIDTH = 440
NAME_WIDTH = 96
NUMBER_WIDTH = 64
ROW = 26
HEAD = 44
TOP = 64


@dataclass(frozen=True, slots=True)
class Bar:
    """A system's bar: where it is, how long, its interval (None without one), and what stands beside it."""

    name: str
    y: int
    length: float
    low: float | None
    high: float | None
    text: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """A figure's bars, from the upper left corner (x, y)."""

    title: str
    better: str
    x: int
    y: int
    bars: tuple[Bar, ...]


def draw(metrics: Mapping[str, Metric], systems: Sequence[str], failed: Mapping[str, str], title: str, target: Path) -> None:
    """Write the picture; a system that failed stands there as failed."""
    from jinja2 import Environment, FileSystemLoader

    figures = [figure for figure in FIGURES if figure.name in SHOWN and any(f"{system}.{figure.name}" in metrics for system in systems)]
    height = HEAD + ROW * len(systems)
    panels = [_panel(figure, metrics, systems, failed, i % COLUMNS * PANEL_WIDTH, TOP + i // COLUMNS * height) for i, figure in enumerate(figures)]
    template = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("plot.svg.j2")
    whole = TOP + -(-len(panels) // COLUMNS) * height + 16
    sizes = {"width": COLUMNS * PANEL_WIDTH + 32, "height": whole, "left": NAME_WIDTH, "row": ROW}
    target.write_text(template.render(panels=panels, title=title, **sizes), encoding="utf-8")


def _panel(figure: Figure, metrics: Mapping[str, Metric], systems: Sequence[str], failed: Mapping[str, str], x: int, y: int) -> Panel:
    found = {system: metrics.get(f"{system}.{figure.name}") for system in systems}
    most = max((metric.high for metric in found.values() if metric), default=0.0) or 1.0
    scale = (PANEL_WIDTH - NAME_WIDTH - NUMBER_WIDTH) / most
    bars = tuple(_bar(system, found[system], scale, HEAD + ROW * i, system in failed) for i, system in enumerate(systems))
    return Panel(figure.label, "more is better" if figure.more_is_better else "less is better", x + 16, y, bars)


def _bar(system: str, metric: Metric | None, scale: float, y: int, failed: bool) -> Bar:
    if metric is None:
        return Bar(system, y, 0.0, None, None, "failed" if failed else "not measured", False)
    low, high = (None, None) if metric.low == metric.high else (metric.low * scale, metric.high * scale)
    return Bar(system, y, metric.value * scale, low, high, number(metric.value), system == FIRSTLINE)
