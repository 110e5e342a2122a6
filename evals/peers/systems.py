"""The systems that are compared, in the order in which they run: Firstline first, then the peers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SERVE = HERE / "drivers" / "serve.py"
FIRSTLINE = "firstline"


@dataclass(frozen=True, slots=True)
class System:
    """A system: its name in the figures, the driver that runs it, and the lock of its environment (None: Firstline's own)."""

    name: str
    driver: Path
    lock: Path | None = None


def _peer(name: str) -> System:
    return System(name, HERE / "drivers" / f"{name}_hybrid.py", HERE / "requirements" / f"{name}.lock")


SYSTEMS = (System(FIRSTLINE, HERE / "drivers" / "firstline_shipped.py"), *map(_peer, ("langchain", "llamaindex", "haystack", "txtai")))
PEERS = tuple(system.name for system in SYSTEMS if system.lock)
