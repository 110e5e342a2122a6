"""The real service for tests: the demo company's state folder, a process that serves it, and the same served inside the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock

from assistant.bootstrap import Assistant, open_assistant
from assistant.entrypoints.tokens import Tokens
from assistant.entrypoints.web.site import Site
from assistant.modelling import Opens, open_chat
from assistant.settings import Settings

ROOT = Path(__file__).parent.parent.parent
ARTICLES = ROOT / "kb" / "articles"
PEOPLE_FILE = ARTICLES / "company.toml"
KEPT_DEMO = ROOT / "var" / "test-demo"
COMMAND = Path(sys.executable).parent / "firstline"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
PATIENT_SECONDS = 40.0
"""How long a turn may take in tests that are about something else: a machine may be four times as busy as it is quick."""
NOT_THESE_PORTS = {8080, 8190}
WHAT_MAKES_A_DEMO = ("kb/articles", "kb/adapters", "kb/publish.py", "kb/model.py", "ingest", "assistant/adapters/store")


def clean_environment(home: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which only these settings reach a Firstline process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLINE_")}
    return kept | {"FIRSTLINE_HOME": str(home), "FIRSTLINE_DEMO": "true"} | {f"FIRSTLINE_{name.upper()}": value for name, value in settings.items()}


def firstline(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command on a state folder and return what it said."""
    return subprocess.run(
        [COMMAND, *arguments], cwd=home, env=clean_environment(home, **settings), capture_output=True, text=True, timeout=180, check=False
    )


def copy_demo(home: Path, model_home: Path) -> Path:
    """Make ``home`` a state folder with the demo company in it; articles are taken in once for a checkout, then copied."""
    wanted = _fingerprint()
    KEPT_DEMO.parent.mkdir(exist_ok=True)
    with FileLock(KEPT_DEMO.with_suffix(".lock")):
        mark = KEPT_DEMO / "fingerprint"
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(KEPT_DEMO, ignore_errors=True)
            KEPT_DEMO.mkdir()
            _fill(KEPT_DEMO, model_home)
            mark.write_text(wanted)
        shutil.copytree(KEPT_DEMO, home, symlinks=True)
    return home


def _fill(home: Path, model_home: Path) -> None:
    (home / "models").symlink_to(model_home / "models")
    for arguments in (("ingest", "sync", str(ARTICLES)), ("people", "load", str(PEOPLE_FILE))):
        done = firstline(home, *arguments)
        assert done.returncode == 0, done.stderr


def _fingerprint() -> str:
    found = sha256()
    for place in map(ROOT.joinpath, WHAT_MAKES_A_DEMO):
        files = sorted(path for path in place.rglob("*") if path.suffix in {".py", ".md", ".toml"}) if place.is_dir() else [place]
        for path in files:
            found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in NOT_THESE_PORTS:
            return port


@dataclass
class Address:
    """Where a service answers, and the key with which its tokens are signed."""

    home: Path
    port: int

    @property
    def url(self) -> str:
        """The service's own origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> bytes:
        """The installation's signing key."""
        return (self.home / "secret.key").read_text().strip().encode()

    def token(self, person: str) -> str:
        """Return a token as the service issues them."""
        return Tokens(self.key, 15).issue(person)[0]

    def client(self, person: str = "", **headers: str) -> httpx.Client:
        """Return a client that speaks for a person, or for nobody."""
        shown = {"Authorization": f"Bearer {self.token(person)}"} if person else {}
        return httpx.Client(base_url=self.url, headers=shown | headers, timeout=30, trust_env=False)


@dataclass
class Service(Address):
    """``firstline serve`` as a process of its own."""

    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the process wrote, over all its starts."""
        return self.home.with_suffix(".log")

    def start(self, until: Callable[[dict[str, Any]], bool] = lambda facts: bool(facts["caught_up"])) -> dict[str, Any]:
        """Start and wait until ``/healthz`` satisfies ``until``; return what it said."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [COMMAND, "serve", "--port", str(self.port)],
                cwd=self.home,
                env=clean_environment(self.home, **self.settings),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.wait(until)

    def wait(self, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until ``/healthz`` satisfies ``until``; return what it said."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            assert self.process is not None and self.process.poll() is None, f"the service ended: {self.log.read_text()[-2000:]}"
            with contextlib.suppress(httpx.TransportError):
                facts: dict[str, Any] = httpx.get(f"{self.url}/healthz", trust_env=False).json()
                if until(facts):
                    return facts
            time.sleep(0.03)
        raise AssertionError(f"the service did not become ready: {self.log.read_text()[-2000:]}")

    def stop(self) -> int:
        """Ask the process to stop and return its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End the process as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def close(self) -> None:
        """End the process if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.kill()


@contextlib.contextmanager
def running(home: Path, **settings: str) -> Iterator[Service]:
    """Serve a state folder from a process, ready and caught up, inside the block."""
    service = Service(home, free_port(), settings)
    try:
        service.start()
        yield service
    finally:
        service.close()


@dataclass
class LocalService(Address):
    """The service on a thread of the test's own process: quick to start with unusual settings or parts."""

    assistant: Assistant


@contextlib.contextmanager
def served_here(home: Path, change: Callable[[Site], Site] = lambda site: site, opens: Opens = open_chat, **settings: Any) -> Iterator[LocalService]:
    """Serve a state folder from a thread inside the block, with ``change`` applied to the parts of the web surface."""
    import uvicorn

    from assistant.entrypoints.web.app import create_app
    from assistant.service import Service as Upkeeper
    from assistant.service import open_site
    from assistant.surfaces import open_surfaces

    port = free_port()
    ready = Settings(**{"home": home, "demo": True, "port": port, "deadline_seconds": PATIENT_SECONDS, **settings})
    service = LocalService(home, port, open_assistant(ready, opens=opens))
    site = change(open_site(service.assistant, Upkeeper(service.assistant, service.url, open_surfaces(service.assistant))))
    config = uvicorn.Config(create_app(site), "127.0.0.1", service.port, ws="websockets-sansio", log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="local-service")
    thread.start()
    try:
        end = time.monotonic() + START_SECONDS
        while not server.started and thread.is_alive() and time.monotonic() < end:
            time.sleep(0.01)
        assert server.started, "the local service did not start"
        yield service
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
