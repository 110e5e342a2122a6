"""Measures correlation on files of labelled alerts, or on scenes that are generated for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.entrypoints.alert_sources.mapping import Mapped
from assistant.governance.correlation_rules import rules_of
from assistant.governance.policy_file import load_policy
from evals.beir import BadInput
from evals.correlation.measure import Read, grouped, measures, read_alerts
from evals.correlation.scenes import SETTINGS, scenes
from evals.report import Metric, bootstrap, exact, mean

PER = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, and what has to be said of it."""

    rows: int
    figures: dict[str, Metric]
    settings: dict[str, Any]
    notes: list[str]


def measured(files: Sequence[Path], seeds: str, scale: int, setting: str, mapped: Mapped) -> Measured:
    """Measure each file, or a generated scene for each seed; figures are means over them, with bootstrap intervals from three on.

    Raises:
        BadInput: there is nothing to measure, or a file holds no alerts that can be read.
    """
    if bool(files) == bool(seeds):
        raise BadInput("name files with --alerts, or seeds with --seeds")
    rules, found, notes, rows = rules_of(load_policy()), [], [], 0
    for name, read in _read(files, seeds, scale, setting, mapped):
        if not read.rows:
            raise BadInput(f"{name}: no row can be read as an alert ({read.refused} were refused)")
        groups, seconds = grouped([one.report for one in read.rows], rules)
        figures = measures(read.rows, groups) | {"seconds_per_10000": seconds / len(read.rows) * PER}
        found.append(figures)
        rows += len(read.rows)
        notes.append(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in figures.items()) + _said(read))
    metrics = {key: _over([one[key] for one in found]) for key in found[0]}
    return Measured(rows, metrics, {"scenes": seeds, "setting": setting, "generated": True} if seeds else {"files": len(files)}, notes)


def _over(values: list[float]) -> Metric:
    return bootstrap(values, mean) if len(values) > 2 else exact(mean(values))


def _said(read: Read) -> str:
    said = " (generated)" if read.generated else ""
    said += f"; {read.refused} rows could not be read" if read.refused else ""
    return said + ("; sorted by time, for the file is not in the order of arrival" if read.sorted else "")


def _read(files: Sequence[Path], seeds: str, scale: int, setting: str, mapped: Mapped) -> list[tuple[str, Read]]:
    try:
        if files:
            return [(path.name, read_alerts(path, mapped)) for path in files]
        return _scenes(seeds, scale, setting, mapped)
    except (OSError, ValueError) as error:
        raise BadInput(str(error)) from error


def generated(seeds: str, scale: int, setting: str, mapped: Mapped) -> list[tuple[str, Read]]:
    """Return a generated scene for each seed, read as a file of alerts is.

    Raises:
        BadInput: the setting or the seeds are none.
    """
    return _read((), seeds, scale, setting, mapped)


def _scenes(seeds: str, scale: int, setting: str, mapped: Mapped) -> list[tuple[str, Read]]:
    if setting not in SETTINGS:
        raise BadInput(f"{setting} is none of {', '.join(SETTINGS)}")
    read = []
    with TemporaryDirectory() as folder:
        for seed in _seeds(seeds):
            path = Path(folder) / f"{seed}.jsonl"
            path.write_text("".join(f"{json.dumps(row)}\n" for row in scenes(seed, scale, setting)), encoding="utf-8")
            read.append((f"seed {seed}", read_alerts(path, mapped)))
    return read


def _seeds(said: str) -> list[int]:
    first, _, last = said.partition("-")
    return list(range(int(first), int(last or first) + 1))
