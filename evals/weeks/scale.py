"""The weekly review over a large home: its time and memory in a process of its own, as an operator would run it."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant.domain.week import Week

MB = 1024.0
PEAK = "peak-"
"""Begins the name of the file in which a measured process leaves its largest memory."""
PROGRAM = "from assistant.cli import main; main()"
"""What is measured; a seeded bad build puts another one in its place."""


@dataclass(frozen=True, slots=True)
class Run:
    """One command: wall clock and processor time in seconds, the largest resident memory in MB, and what it wrote."""

    seconds: float
    cpu_seconds: float
    rss_mb: float
    wrote: str


class CommandFailed(RuntimeError):
    """The command did not end well; the words are what it said."""


def run(home: Path, *arguments: str) -> Run:
    """Run a command of Firstline on a state folder and measure it.

    Raises:
        CommandFailed: it ended with another status than 0.
    """
    environment = {**os.environ, "FIRSTLINE_HOME": str(home), "FIRSTLINE_DEMO": "true"}
    command = [sys.executable, "-c", f"import evals.weeks.scale as scale; scale.say_peak(); {PROGRAM}", *arguments]
    began = time.perf_counter()
    with (home / "command.out").open("w+", encoding="utf-8") as out, (home / "command.err").open("w+", encoding="utf-8") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        wrote, said = out.read(), err.read()
    if process.returncode != 0:
        raise CommandFailed(f"firstline {' '.join(arguments)} ended with {process.returncode}: {said.strip()[-800:]}")
    peak = home / f"{PEAK}{process.pid}"
    rss_mb = float(peak.read_text(encoding="utf-8"))
    peak.unlink()
    return Run(seconds, used.ru_utime + used.ru_stime, rss_mb, wrote)


def say_peak() -> None:
    """Let this process write down the largest resident memory that it had, when it ends.

    What the system tells a parent about its child is no less than the parent's own memory: it counts the moment before the child was another program.
    """
    atexit.register(_write_peak)


def _write_peak() -> None:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    (Path(os.environ["FIRSTLINE_HOME"]) / f"{PEAK}{os.getpid()}").write_text(f"{kilobytes / MB:.1f}", encoding="utf-8")


def weeks_before(end: datetime, zone: str, count: int) -> list[str]:
    """Return the last so many weeks that are over, as 2026-W47, the earliest first."""
    return [str(Week.of(end, zone).later(-back)) for back in range(count, 0, -1)]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review that was made now: what that took, how many findings it has, and how many conversations it is about."""

    run: Run
    findings: int
    demand: int


def review(home: Path, week: str) -> Reviewed:
    """Make a new version of the review of a week: one that was made while the home was small is of no interest.

    Raises:
        CommandFailed: it could not be made.
    """
    made = run(home, "review", "run", "--week", week, "--again", "measured over the large home", "--json")
    record = json.loads(made.wrote)["review"]
    demand = next(int(one["value"]) for one in record["figures"] if one["name"] == "demand")
    return Reviewed(made, len(record["findings"]), demand)
