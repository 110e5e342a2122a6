"""Holds conversations with canary words in the real service, ends it, and searches every file that it could have written."""

from __future__ import annotations

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

READY_SECONDS = 60.0
MARK = "kestrel"
PEOPLE = ("maria.santos", "jonas.weber", "priya.nair")
SAID = (
    "How do I add a printer? {}",
    "I can't connect to the VPN, {}",
    "my {} does not start any more",
    "what is the best restaurant for {}?",
    "{}",
    "How do I set up my mail on the phone? {} " + "and so on " * 600,
    "Wie richte ich {} ein?",
)
NEXT = ("and on my phone? {}", "no, {}", "thanks {}", "that is {} again, it does not help")
UNTOUCHED = ("models",)
"""Folders of the state that hold nothing but the embedding model."""


class NotMeasured(RuntimeError):
    """The service did not do what it had to before anything could be measured."""


@dataclass(slots=True)
class Searched:
    """What was found: ``hits`` are canaries that stand in a file, with the files; all figures are counts."""

    conversations: int = 0
    canaries: list[str] = field(default_factory=list)
    filed: list[str] = field(default_factory=list)
    """Canaries of conversations that ended with a ticket: those words are kept because people have to read them."""
    files: int = 0
    searched: int = 0
    hits: dict[str, list[str]] = field(default_factory=dict)
    resumed: int = 0
    gone: int = 0
    dumps_allowed: bool = False


@dataclass(slots=True)
class Mode:
    """One arm: a state folder, where the service writes beside it, and whether it may keep words."""

    scratch: Path
    home: Path
    zero: bool

    @contextmanager
    def service(self) -> Iterator[tuple[str, int]]:
        """Serve inside the block, with temporary files and log in reach; yield the address and the process id.

        Raises:
            NotMeasured: the service did not become ready.
        """
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        temporary = self.scratch / "temporary"
        temporary.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLINE_")}
        settings = {"HOME": str(self.home), "DEMO": "true", "ZERO_PERSISTENCE": str(self.zero).lower(), "MESSAGES_PER_MINUTE": "100000"}
        environment = (
            kept | {f"FIRSTLINE_{name}": value for name, value in settings.items()} | {"TMPDIR": str(temporary), "PYTHONPATH": str(Path.cwd())}
        )
        command = [sys.executable, "-c", "from assistant.cli import main; main()", "serve", "--port", str(port)]
        with (self.scratch / "service.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.scratch, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            self._await(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)

    def _await(self, url: str, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until and process.poll() is None:
            try:
                if httpx.get(f"{url}/healthz", timeout=2, trust_env=False).json().get("caught_up"):
                    return
            except (httpx.HTTPError, ValueError):
                pass
            time.sleep(0.05)
        raise NotMeasured(f"the service did not become ready: {(self.scratch / 'service.log').read_text(errors='replace')[-1000:]}")

    def files(self) -> Iterator[Path]:
        """Yield every file below the folder of this arm, the service's temporary files and log among them."""
        for path in sorted(self.scratch.rglob("*")):
            if path.is_file() and not path.is_symlink() and not any(part in UNTOUCHED for part in path.relative_to(self.scratch).parts):
                yield path


def measure(mode: Mode, conversations: int, seed: int, progress: Callable[[str], None]) -> Searched:
    """Hold the conversations, stop the service, search; then start it again and ask for a conversation of before.

    Raises:
        NotMeasured: the service did not do its part.
    """
    found, generator = Searched(conversations), random.Random(seed)
    with mode.service() as (url, pid), httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        tokens = [_token(client, url, person) for person in PEOPLE]
        held = [_converse(client, generator, tokens[number % len(tokens)], found) for number in range(conversations)]
        found.resumed = sum(canary in client.get(f"/v1/conversations/{key}/events", headers=token).text for key, canary, token in held)
        found.dumps_allowed = not any(line.startswith("Max core file size") and line.split()[4] == "0" for line in _limits(pid))
        progress(f"{conversations} conversations, {found.resumed} of them read again")
    with mode.service() as (url, _), httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        tokens = [_token(client, url, person) for person in PEOPLE]
        found.gone = sum(
            client.get(f"/v1/conversations/{key}/events", headers=tokens[number % len(tokens)]).status_code == 404
            for number, (key, _, _) in enumerate(held)
        )
    _search(mode, found)
    progress(f"{found.searched:,} bytes of {found.files} files searched for {len(found.canaries)} words: {len(found.hits)} found")
    return found


def _converse(client: httpx.Client, generator: random.Random, token: dict[str, str], found: Searched) -> tuple[str, str, dict[str, str]]:
    """Hold one conversation of two to four messages, with a canary in every word that a client may choose."""
    mine = [_canary()]
    reply = _said(client, "/v1/conversations", token, text=generator.choice(SAID).format(mine[0]), id=f"m-{_also(mine)}")
    key, filed = str(reply["conversation"]), False
    for _ in range(generator.randint(1, 3)):
        choices = [choice["id"] for choice in reply["choices"] if choice["id"] not in ("person", "file")]
        body = {"choice": generator.choice(choices)} if choices and generator.random() < 0.5 else {"text": generator.choice(NEXT).format(_also(mine))}
        if generator.random() < 0.1:
            body = {"choice": f"again:{_also(mine)}"}
        reply = _said(client, f"/v1/conversations/{key}/messages", token, id=f"m-{_also(mine)}", **body)
        filed = filed or reply["state"] in ("filed", "handed_off")
    (found.filed if filed else found.canaries).extend(mine)
    return key, mine[0], token


def _canary() -> str:
    return f"{MARK}{secrets.token_hex(6)}"


def _also(mine: list[str]) -> str:
    mine.append(_canary())
    return mine[-1]


def _said(client: httpx.Client, path: str, token: dict[str, str], **body: str) -> dict[str, Any]:
    answer = client.post(path, json=body, headers=token)
    if answer.status_code >= 400:
        raise NotMeasured(f"POST {path}: {answer.status_code} {answer.text[:200]}")
    reply: dict[str, Any] = answer.json()
    return reply


def _token(client: httpx.Client, url: str, person: str) -> dict[str, str]:
    made = client.post("/demo/token", json={"person": person}, headers={"Origin": url})
    if made.status_code != 200:
        raise NotMeasured(f"no token for {person}: {made.status_code}")
    return {"Authorization": f"Bearer {made.json()['token']}"}


def _limits(pid: int) -> list[str]:
    path = Path(f"/proc/{pid}/limits")
    return path.read_text().splitlines() if path.exists() else []


def _search(mode: Mode, found: Searched) -> None:
    wanted = [canary.encode() for canary in found.canaries]
    for path in mode.files():
        content = path.read_bytes()
        found.files += 1
        found.searched += len(content)
        if MARK.encode() in content:
            for canary in wanted:
                if canary in content:
                    found.hits.setdefault(canary.decode(), []).append(str(path.relative_to(mode.scratch)))
