"""Takes hostile files in beside a running service: each within its time and memory, none with an effect elsewhere."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evals.security.memory import watched
from evals.security.outcome import Outcome, Verdict
from evals.security.served import Served

if TYPE_CHECKING:
    from ingest.sync import Knowledge
    from kb.model import IngestRun
    from kb.settings import KnowledgeSettings

SECONDS, EXTRA_MB, BLOCKED_MS = 5.0, 256.0, 100.0
COMMAND_SECONDS = 300.0
SETTLE_SECONDS = 0.3
PROBE = "# A plain article\n\nThis one is fine.\n"


class NoFiles(ValueError):
    """The folder holds no file to take in."""


def run(folder: Path, served: Served, scratch: Path, note: Callable[[str], None]) -> list[Outcome]:
    """Take in each file of a folder by itself, beside a plain article, and then all of them with the installed command.

    Each synchronisation may take 5 seconds and 256 MB more than that of the plain article alone, must leave the plain article
    live, must write nothing beside the service's own folder, and must leave the service healthy with an event loop that
    was never blocked for more than 100 ms.

    Raises:
        NoFiles: there is nothing in the folder.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not files:
        raise NoFiles(f"{folder} holds no files")
    outcomes = []
    with _intake(served, scratch) as intake:
        intake.warm()
        for file in files:
            outcomes.append(intake.take(file))
            note(outcomes[-1].line())
    outcomes.append(_command(files, served, scratch))
    note(outcomes[-1].line())
    return outcomes


@contextmanager
def _intake(served: Served, scratch: Path) -> Iterator[_Intake]:
    from kb.bootstrap import open_knowledge
    from kb.settings import KnowledgeSettings

    settings = KnowledgeSettings(home=served.home)
    knowledge = open_knowledge(settings)
    try:
        yield _Intake(served, knowledge, settings, scratch / "inbox")
    finally:
        knowledge.close()


@dataclass
class _Intake:
    served: Served
    knowledge: Knowledge
    settings: KnowledgeSettings
    inbox: Path
    plain_mb: float = 0.0
    plain_seconds: float = 0.0

    def warm(self) -> None:
        """Measure what the plain article alone needs: twice, so that what is loaded once is loaded. Each file is held against it."""
        for _ in range(2):
            _, self.plain_mb, self.plain_seconds = self._measured(None)

    def take(self, file: Path) -> Outcome:
        began, before = time.monotonic(), _beside(self.inbox)
        result, most_mb, seconds = self._measured(file)
        extra, seconds = max(0.0, most_mb - self.plain_mb), max(0.0, seconds - self.plain_seconds)
        time.sleep(SETTLE_SECONDS)
        late, blocked = self.served.lateness_since(began)
        rules = {
            f"took {seconds:.1f} s": seconds > SECONDS,
            f"needed {extra:.0f} MB more": extra > EXTRA_MB,
            f"wrote {', '.join(sorted(_beside(self.inbox) - before))}": _beside(self.inbox) != before,
            f"blocked the event loop for {blocked:.0f} ms": blocked > BLOCKED_MS,
            "the plain article beside it was lost": result.seen - len(result.failures) < 1,
            "the service is not healthy after it": not self.served.healthy(),
        }
        faults = [fault for fault, broken in rules.items() if broken]
        became = next(
            (f"refused: it {failure.reason}" for failure in result.failures), "taken in" if result.seen > 1 else "not of a kind that is read"
        )
        observed = f"{became}; {seconds:.2f} s, {extra:.0f} MB, loop {blocked:.0f} ms (late {late:.0f} ms)"
        return Outcome(file.name, f"upload_{file.stem}", Verdict.FAILED if faults else Verdict.PASSED, "", observed, "; ".join(faults))

    def _measured(self, file: Path | None) -> tuple[IngestRun, float, float]:
        """Synchronise the plain article, beside a file if one is given; return the run, the most MB of its readers, and seconds.

        Seconds are those on the clock, or of the processor where it was busy with other things.
        """
        from ingest.report import LineReport
        from ingest.sync import sync

        _filled(self.inbox, [file] if file else [])
        said: list[str] = []
        with watched(os.getpid()) as used:
            began, used_before = time.monotonic(), _processor_seconds()
            result = sync(self.inbox, self.knowledge, self.settings, LineReport(said.append))
            seconds = min(time.monotonic() - began, _processor_seconds() - used_before)
        return result, used.most_mb, seconds


def _processor_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _filled(inbox: Path, files: list[Path]) -> None:
    shutil.rmtree(inbox, ignore_errors=True)
    inbox.mkdir(parents=True)
    (inbox / "plain.md").write_text(PROBE, encoding="utf-8")
    for file in files:
        shutil.copyfile(file, inbox / file.name)


def _beside(inbox: Path) -> set[str]:
    """Return what lies where a name that climbs out of the folder would land: the folders above it."""
    return {str(path) for above in (inbox.parent, inbox.parent.parent) for path in above.glob("*")} | {
        str(path) for path in (Path("/etc/cron.d/x"), inbox / "link") if path.is_symlink() or path.exists()
    }


def _command(files: list[Path], served: Served, scratch: Path) -> Outcome:
    """Take everything in with the installed command: it must end in good order and name what it refused."""
    inbox = scratch / "whole"
    _filled(inbox, files)
    command = [sys.executable, "-c", "from assistant.cli import main; main()", "ingest", "sync", str(inbox)]
    began = time.monotonic()
    done = subprocess.run(
        command, env={**os.environ, "FIRSTLINE_HOME": str(served.home)}, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    time.sleep(SETTLE_SECONDS)
    late, blocked = served.lateness_since(began)
    good = done.returncode in (0, 1) and ": complete, " in done.stdout and blocked <= BLOCKED_MS and served.healthy()
    observed = f"exit status {done.returncode} after {time.monotonic() - began:.1f} s, loop {blocked:.0f} ms (late {late:.0f} ms)"
    verdict = Verdict.PASSED if good else Verdict.FAILED
    return Outcome("all files", "ingest sync", verdict, "exit status 0 or 1", observed, "" if good else done.stderr[-300:])
