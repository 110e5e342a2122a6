"""How long a turn takes in the real service, how much memory that needs, and how fast the service is back."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

READY_SECONDS = 60.0
PROGRAM = "from assistant.cli import main; main()"
PEOPLE = ("maria.santos", "jonas.weber", "priya.nair")
FRAMES = ("{}", "How do I {}?", "{}: it does not work", "I need help, {}", "where is the guide for this: {}")


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of each turn by REST, resident memory in MB after them, seconds to ready, kinds of replies."""

    turn_ms: list[float]
    rss_mb: float
    ready_s: float
    restart_s: float
    kinds: dict[str, int]


def questions(titles: list[str], count: int) -> list[str]:
    """Return ``count`` different questions made of article titles in everyday frames."""
    made = [frame.format(title[0].lower() + title[1:]) for frame in FRAMES for title in titles]
    step = max(1, len(made) // count)
    return (made[::step] + made)[:count]


@contextmanager
def service(home: Path, program: str = PROGRAM) -> Iterator[tuple[str, int, float]]:
    """Start the service on a free port of this host; yield its address, process id and seconds to ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "FIRSTLINE_HOME": str(home), "FIRSTLINE_DEMO": "true", "FIRSTLINE_MESSAGES_PER_MINUTE": "100000"}
    began = time.perf_counter()
    command = [sys.executable, "-c", program, "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        while True:
            try:
                if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            if process.poll() is not None or time.perf_counter() - began > READY_SECONDS:
                raise RuntimeError(f"the service did not become ready (exit status {process.poll()})")
            time.sleep(0.02)
        yield url, process.pid, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def resident_mb(pid: int) -> float:
    """Return a process's resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no resident memory is reported")


def measure(home: Path, asked: list[str], progress: Callable[[str], None]) -> Measured:
    """Ask every question in a conversation of its own, one after another, and time each from the client."""
    turn_ms: list[float] = []
    kinds: dict[str, int] = {}
    with service(home) as (url, pid, ready), httpx.Client(base_url=url, timeout=30) as client:
        tokens = [_token(client, url, person) for person in PEOPLE]
        client.post("/v1/conversations", json={"text": "warm-up question about nothing"}, headers=tokens[0])
        for number, question in enumerate(asked):
            began = time.perf_counter()
            answer = client.post("/v1/conversations", json={"text": question}, headers=tokens[number % len(tokens)])
            turn_ms.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
            kind = answer.json()["kind"]
            kinds[kind] = kinds.get(kind, 0) + 1
        progress(f"{len(asked)} turns: {kinds}")
        memory = resident_mb(pid)
    with service(home) as (_, _, restart):
        pass
    return Measured(turn_ms, memory, ready, restart, kinds)


def _token(client: httpx.Client, url: str, person: str) -> dict[str, str]:
    made = client.post("/demo/token", json={"person": person}, headers={"Origin": url})
    made.raise_for_status()
    return {"Authorization": f"Bearer {made.json()['token']}"}
