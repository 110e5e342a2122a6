"""The demo company, served by a process of its own with a probe on its event loop; its log, audit and tables in reach."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, func, select

from assistant.adapters.store.tables import metadata
from assistant.entrypoints.tokens import Tokens
from assistant.governance.refusals import STEP

PROGRAM = "evals.security.probed"
"""The module that serves; a seeded bad build puts another one in its place."""
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
TOKEN_MINUTES = 15
RECORDS = frozenset({"audit", "aliases", "audit_anchors"})
"""The record of refusals, with the names under which people stand in it, is all that a refusal may change."""


class NotServed(RuntimeError):
    """The service did not become ready."""


@dataclass
class Served:
    """A running service. ``minted`` holds every token that was made for it, to be looked for in its log."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    lateness: Path
    minted: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The service's own origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """The service's host and port, as a Host header names them."""
        return f"127.0.0.1:{self.port}"

    @property
    def key(self) -> bytes:
        """The key that signs its tokens."""
        return (self.home / "secret.key").read_text().strip().encode()

    def token(self, person: str) -> str:
        """Return a good token."""
        made = Tokens(self.key, TOKEN_MINUTES).issue(person)[0]
        self.minted.append(made)
        return made

    def healthy(self) -> bool:
        """Say whether the service answers its health check in good order."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            answer = httpx.get(f"{self.url}/healthz", timeout=10, trust_env=False)
            return answer.status_code == 200 and self.process.poll() is None
        return False

    def refusals(self) -> int:
        """Return how many refusals the audit counts."""
        return sum(int(entry["detail"]["times"]) for entry in self._audited() if entry["step"] == STEP)

    def _audited(self) -> Iterator[dict[str, Any]]:
        audit = metadata.tables["audit"]
        with contextlib.closing(create_engine(f"sqlite:///{self.home / 'firstline.db'}").connect()) as connection:
            for (body,) in connection.execute(select(audit.c.body)):
                yield json.loads(body)

    def state(self) -> dict[str, int]:
        """Return how many rows each table of the assistant has, the audit left out."""
        with contextlib.closing(create_engine(f"sqlite:///{self.home / 'firstline.db'}").connect()) as connection:
            tables = [table for name, table in metadata.tables.items() if name not in RECORDS]
            return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}

    def lateness_since(self, moment: float) -> tuple[float, float]:
        """Return by how many ms the event loop was late at most since a monotonic moment: on the clock, and through itself."""
        rows = [tuple(map(float, line.split())) for line in self.lateness.read_text().splitlines()]
        late = [(on_clock, own) for at, on_clock, own in rows if at >= moment]
        return max((on_clock for on_clock, _ in late), default=0.0), max((own for _, own in late), default=0.0)

    def leaks(self) -> list[str]:
        """Return the places where a signature of a token that was made stands in clear: the log or the audit."""
        signatures = {token.rsplit(".", 1)[-1] for token in self.minted if len(token.rsplit(".", 1)[-1]) > 20}
        written = {"log": self.log.read_text(errors="replace"), "audit": json.dumps(list(self._audited()))}
        return [place for place, text in written.items() if any(signature in text for signature in signatures)]


@contextlib.contextmanager
def serving(
    scratch: Path, home: Path, note: Callable[[str], None], settings: Mapping[str, str] | None = None, port: int | None = None
) -> Iterator[Served]:
    """Serve a state folder inside the block, with further settings by their names without ``FIRSTLINE_``; on a free port unless one is given.

    Raises:
        NotServed: it did not become ready within a minute.
    """
    port = port or _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLINE_")}
    log, lateness = scratch / "service.log", scratch / "lateness.txt"
    lateness.touch()
    with log.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", PROGRAM, str(lateness), "serve", "--port", str(port)],
            env={
                **kept,
                "FIRSTLINE_HOME": str(home),
                "FIRSTLINE_DEMO": "true",
                **{f"FIRSTLINE_{name}": value for name, value in (settings or {}).items()},
            },
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    served = Served(home, port, process, log, lateness)
    try:
        _await_ready(served)
        note(f"the service is ready at {served.url}")
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(served: Served) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and served.process.poll() is None:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            if httpx.get(f"{served.url}/healthz", timeout=5, trust_env=False).json().get("caught_up"):
                return
        time.sleep(0.05)
    raise NotServed(f"the service did not become ready: {served.log.read_text(errors='replace')[-1000:]}")
