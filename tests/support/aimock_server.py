"""The npm server @copilotkit/aimock for tests: a process of its own on loopback that plays our fixtures over the wire of OpenAI."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.service import free_port

PROGRAM = os.environ.get("FIRSTLINE_TEST_AIMOCK", "")
"""The program of the installed package; tests/real/run.sh installs it. Read when the tests are collected."""

FIXTURES = Path("tests/real/aimock/fixtures.json")
START_SECONDS = 30.0


class Aimock:
    """One running server."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def journal(self) -> list[dict[str, Any]]:
        """What it was asked, oldest first."""
        found = httpx.get(f"{self._root}/__aimock/journal", timeout=10, trust_env=False).json()
        return list(found if isinstance(found, list) else found["entries"])


@contextmanager
def running_aimock(folder: Path, *options: str) -> Iterator[Aimock]:
    """A server for the time of a test; ``options`` are those of its command line."""
    port, log = free_port(), folder / "aimock.log"
    command = ["node", PROGRAM, "-h", "127.0.0.1", "-p", str(port), "-f", str(FIXTURES), "--strict", "--validate-on-load", *options]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        _wait(process, port, log)
        yield Aimock(port)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"aimock ended: {log.read_text()[-2000:]}"
        try:
            httpx.get(f"http://127.0.0.1:{port}/__aimock/journal", timeout=5, trust_env=False)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("aimock did not start")
