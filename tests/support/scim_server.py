"""scim2-server for tests: a process of its own on loopback that holds everything in memory, so that a restart empties it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.service import free_port

COMMAND = Path(sys.executable).parent / "scim2-server"
TOKEN = "scim-test-only"
USER, GROUP = "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
START_SECONDS = 20.0


@dataclass
class ScimServer:
    """One server, with a client that seeds and looks around beside the adapter."""

    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base of /Users and /Groups."""
        return f"http://127.0.0.1:{self.port}/v2"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([COMMAND, "--port", str(self.port), "--bearer-token", TOKEN], stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self.process.poll() is None, f"scim2-server ended: {self.log.read_text()[-2000:]}"
            try:
                self.call("GET", "/ServiceProviderConfig")
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("scim2-server did not start")

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(START_SECONDS)

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Send a request as an administrator would and return the answer."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        answer = httpx.request(method, f"{self.url}{path}", headers=headers, json=body or None, timeout=10, trust_env=False)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}

    def add_user(self, user_name: str, **attributes: Any) -> str:
        """Add a user and return its id."""
        made = self.call("POST", "/Users", **{"schemas": [USER, ENTERPRISE], "userName": user_name, "active": True, **attributes})
        return str(made["id"])

    def add_group(self, name: str, *members: str) -> str:
        """Add a group and return its id."""
        return str(self.call("POST", "/Groups", schemas=[GROUP], displayName=name, members=[{"value": member} for member in members])["id"])

    def user(self, name: str) -> dict[str, Any]:
        """Return a user as the server holds it."""
        return dict(next(row for row in self.call("GET", "/Users")["Resources"] if row["userName"] == name))

    def set_active(self, name: str, active: bool) -> None:
        """Switch an account off or on."""
        operation = {"op": "replace", "path": "active", "value": active}
        self.call("PATCH", f"/Users/{self.user(name)['id']}", schemas=[PATCH], Operations=[operation])


@contextmanager
def running_scim(folder: Path) -> Iterator[ScimServer]:
    """A server inside the block; where scim2-server is not installed the test is skipped with the reason."""
    if find_spec("scim2_server") is None or not COMMAND.exists():
        pytest.skip("scim2-server is not installed (it is one of the development requirements)")
    server = ScimServer(folder / "scim.log")
    server.start()
    try:
        yield server
    finally:
        server.stop()
