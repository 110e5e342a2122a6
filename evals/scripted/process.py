"""Runs the scripted model beside an evaluation, and writes the steps file that points to it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

READY_SECONDS = 30.0
STOP_SECONDS = 5.0
STEPS = ("understand", "answer", "act", "summarise", "draft")


@dataclass(frozen=True, slots=True)
class ScriptedServer:
    """A running scripted model."""

    url: str
    journal: Path

    def heard(self) -> list[dict[str, Any]]:
        """Return the journal: ``step``, ``words`` of the person, ``spoiled`` (how, or ""), and the moments ``arrived``, ``first`` and ``ended``.

        Moments are of the monotonic clock, which all processes of a machine share; ``first`` is when the first sentence with its handle was out,
        0 where there was none.
        """
        return [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()] if self.journal.exists() else []

    def steps_file(self, folder: Path, steps: Sequence[str] = STEPS, seconds: float = 6.0) -> Path:
        """Write a ``steps.toml`` in which these steps are done by this model, and return its path."""
        lines = ["[models.scripted]", 'model = "openai:scripted-1"', f'base_url = "{self.url}"']
        for step in steps:
            lines += ["", f"[steps.{step}]", 'model = "scripted"', f"limits = {{ seconds = {seconds} }}"]
        path = folder / "steps.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


@contextmanager
def running(folder: Path, malformed: float = 0.0, seed: int = 1, delay: float = 0.0) -> Iterator[ScriptedServer]:
    """Run the scripted model on a free port of 127.0.0.1 inside the block; its journal lies in the folder.

    Raises:
        RuntimeError: it did not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    journal = folder / "scripted.jsonl"
    options = ["--port", str(port), "--malformed", str(malformed), "--seed", str(seed), "--delay", str(delay), "--journal", str(journal)]
    with (folder / "scripted.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "evals.scripted", *options], stdout=log, stderr=log)
    try:
        _await_ready(process, port, folder / "scripted.log")
        yield ScriptedServer(f"http://127.0.0.1:{port}/v1", journal)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)


def _await_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=2, trust_env=False)
            return
        time.sleep(0.05)
    raise RuntimeError(f"the scripted model did not start: {log.read_text(errors='replace')[-500:]}")
