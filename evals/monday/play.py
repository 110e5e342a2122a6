"""Plays the Monday over a running service, from one scene to the next."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from evals.monday.office import NotPlayed, Office
from evals.monday.place import environment
from evals.monday.scenes import SCENES, Line
from evals.monday.script import Scene, Script

READY_SECONDS, STOP_SECONDS = 120.0, 20.0


@dataclass
class Day:
    """A running service in which the Monday is played, scene after scene; ``tell`` hears of each and may take its time."""

    office: Office
    script: Script
    tell: Callable[[Scene, Line | None], None] = lambda _scene, _line: None
    played: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        """Play everything before a scene that was not played yet, and let time pass to its beginning."""
        for scene in self.script.scenes:
            if scene.id == name:
                break
            self.play(scene.id)
        self.office.pass_to(self.script.scene(name).at)

    def play(self, name: str) -> None:
        """Play a scene once, after all scenes before it.

        Raises:
            NotPlayed: the service did not do what the scene needs.
        """
        if name in self.played or name not in SCENES:
            return
        self.reach(name)
        scene = self.script.scene(name)
        self.tell(scene, None)
        for line in SCENES[name](self.office, self.script):
            self.tell(scene, line)
        self.played.append(name)

    def played_by_hand(self, name: str) -> None:
        """Note that somebody else played a scene, so that it is not played again."""
        self.played.append(name)


@contextlib.contextmanager
def serving(home: Path, port: int = 0) -> Iterator[Office]:
    """Serve a prepared place from a process of its own inside the block; what it writes goes to ``service.log`` there.

    Raises:
        NotPlayed: it does not become ready.
    """
    port = port or _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLINE_")}
    command = [sys.executable, "-c", "from assistant.cli import main; main()", "serve", "--port", str(port)]
    with (home / "service.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=home, env=kept | environment(home), stdout=log, stderr=subprocess.STDOUT)
    office = Office(f"http://127.0.0.1:{port}", home)
    try:
        _wait(office, process)
        yield office
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(office: Office, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{office.url}/healthz", trust_env=False).json().get("caught_up"):
                return
        time.sleep(0.1)
    log = (office.home / "service.log").read_text(encoding="utf-8", errors="replace")
    raise NotPlayed(f"the service did not become ready: {log[-1_000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
