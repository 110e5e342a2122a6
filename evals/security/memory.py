"""What a process and those that it starts hold in memory, as the system counts it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.01


@dataclass
class Memory:
    """The most that one child and the growth of the process held at one moment, in MB."""

    pid: int
    most_mb: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)

    def sample(self) -> None:
        """Look again and again until it is stopped."""
        began = resident_mb(self.pid)
        while not self.stopped.wait(SAMPLE_SECONDS):
            reader = max((resident_mb(pid, "VmHWM:") for pid in children(self.pid)), default=0.0)
            self.most_mb = max(self.most_mb, reader + resident_mb(self.pid) - began)


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Watch a process inside the block."""
    used = Memory(pid)
    thread = threading.Thread(target=used.sample, daemon=True)
    thread.start()
    try:
        yield used
    finally:
        used.stopped.set()
        thread.join()


def children(pid: int) -> list[int]:
    """Return the child processes that run a program of their own; one that was only just forked still shows its parent's memory."""
    found = []
    with contextlib.suppress(OSError):
        own = _command_line(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split() if _command_line(int(child)) not in (own, b"")]
    return found


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def resident_mb(pid: int, kind: str = "VmRSS:") -> float:
    """Return what a process holds in MB, or with ``VmHWM:`` the most that it ever held; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith(kind)), "")
    return int(line.split()[1]) / 1024 if line else 0.0
