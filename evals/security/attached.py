"""Sends hostile files, under hostile names, to a running service as attachments: each within its time and memory, none kept that should not be."""

from __future__ import annotations

import io
import re
import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from evals.security import traversal
from evals.security.memory import watched
from evals.security.outcome import Outcome, Verdict
from evals.security.served import Served
from evals.security.uploads import BLOCKED_MS, EXTRA_MB, SECONDS, SETTLE_SECONDS, NoFiles
from evals.security.words import ALICE

PLAIN = b"2026-11-22 09:15 all is well\n"
SETTINGS = {"MESSAGES_PER_MINUTE": "100000", "ATTACHMENTS_PER_CONVERSATION": "100000", "ATTACHMENTS_PER_DAY": "100000"}
TOGETHER = 12
"""Files that are sent at the same time, each of them the largest that is taken."""
LARGEST = 10_000_000
ALL_SECONDS = 60.0
KEPT = {
    "image": re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF"),
    "pdf": re.compile(rb"%PDF-"),
    "text": re.compile(rb"(?!PK\x03\x04|\x1f\x8b|MZ|\x7fELF)", re.DOTALL),
}
"""What the content of a file that is kept begins with, by its kind."""
ACTIVE = re.compile(rb"<script|<svg|<!doctype html|<html|/JavaScript|/Launch|/EmbeddedFile", re.IGNORECASE)
NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,120}\.(?:png|jpe?g|gif|webp|pdf|txt|log|md|json|ini|conf|cfg|ya?ml|toml)", re.IGNORECASE)


def run(folder: Path, rows: Sequence[dict[str, Any]], served: Served, note: Callable[[str], None]) -> list[Outcome]:
    """Send each file of a folder, then a plain file under each name of the rows of kind ``path_traversal``, then many large ones at once.

    Each may take 5 seconds and 256 MB more than the plain file, and must leave the service healthy, with an event loop that was never
    blocked for more than 100 ms. What is kept has to be a picture, a PDF or text without anything that acts, and comes back as a download.

    Raises:
        NoFiles: there is nothing in the folder.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not files:
        raise NoFiles(f"{folder} holds no files")
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.token(ALICE)}"}, timeout=120, trust_env=False) as client:
        door = _Door(served, client, str(client.post("/v1/conversations", json={}).json()["conversation"]))
        door.warm()
        outcomes = []
        for path in files:
            outcomes.append(door.sent(path.name, path.name, f"upload_{path.stem}", path.read_bytes()))
            note(outcomes[-1].line())
        outcomes += [door.named(row) for row in rows if row.get("kind") == traversal.KIND]
        outcomes.append(door.together())
        note(outcomes[-1].line())
    return outcomes


@dataclass
class _Door:
    served: Served
    client: httpx.Client
    conversation: str
    plain_mb: float = 0.0

    @property
    def path(self) -> str:
        return f"/v1/conversations/{self.conversation}/attachments"

    def warm(self) -> None:
        """Measure what the plain file needs, twice, so that the readers run. Each file is held against it."""
        for _ in range(2):
            with watched(self.served.process.pid) as used:
                self._post("plain.log", PLAIN)
                time.sleep(SETTLE_SECONDS)
            self.plain_mb = used.most_mb

    def sent(self, label: str, name: str, kind: str, content: bytes) -> Outcome:
        """Send one file and say what became of it."""
        began = time.monotonic()
        with watched(self.served.process.pid) as used:
            answer = self._post(name, content)
            seconds = time.monotonic() - began
            time.sleep(SETTLE_SECONDS)
        late, blocked = self.served.lateness_since(began)
        extra = max(0.0, used.most_mb - self.plain_mb)
        rules = {
            f"took {seconds:.1f} s": seconds > SECONDS,
            f"needed {extra:.0f} MB more": extra > EXTRA_MB,
            f"blocked the event loop for {blocked:.0f} ms": blocked > BLOCKED_MS,
            f"was answered {answer.status_code}": answer.status_code not in (201, 409, 413, 415, 422),
            "was refused without words for the person": answer.status_code != 201 and len(str(answer.json().get("detail", ""))) < 20,
            "the service is not healthy after it": not self.served.healthy(),
            "a plain file is not taken after it": self._post("plain.log", PLAIN).status_code != 201,
        }
        faults = [fault for fault, broken in rules.items() if broken]
        faults += self._faults_of_kept(answer.json()) if answer.status_code == 201 else []
        became = f"kept as {answer.json()['name']}" if answer.status_code == 201 else f"refused {answer.status_code} {answer.json().get('code', '')}"
        observed = f"{became}; {seconds:.2f} s, {extra:.0f} MB, loop {blocked:.0f} ms (late {late:.0f} ms)"
        return Outcome(label, kind, Verdict.FAILED if faults else Verdict.PASSED, "", observed, "; ".join(faults))

    def named(self, row: dict[str, Any]) -> Outcome:
        """Send a plain file under a row's path as its name, and ask for a file by that path as its id."""
        payload = str(row["payload"])
        sent = self.sent(str(row["id"]), payload, traversal.KIND, PLAIN)
        asked = self.client.send(
            httpx.Request("GET", f"{self.served.url}{self.path}/x", headers=self.client.headers, extensions={"target": self._target(payload)})
        )
        wanted = [int(status) for status in row["expected"]["http_status_in"]]
        faults = [sent.why] if sent.why else []
        faults += [f"the id was answered {asked.status_code}"] if asked.status_code not in wanted else []
        faults += ["a file from outside was shown"] if traversal.OUTSIDE.search(asked.content) else []
        verdict = Verdict.FAILED if faults else Verdict.PASSED
        return Outcome(
            sent.id, sent.kind, verdict, " or ".join(map(str, wanted)), f"{sent.observed}; as an id {asked.status_code}", "; ".join(faults), 2
        )

    def together(self) -> Outcome:
        """Send many of the largest files at the same time; what the service needs has to stay within bounds, and others have to be served."""
        line = b"2026-11-22 09:15 a line of a log that goes on and on\n"
        content, began = line * (LARGEST // len(line)), time.monotonic()
        with watched(self.served.process.pid) as used, ThreadPoolExecutor(TOGETHER) as pool:
            answers = [pool.submit(self._post, f"{number}.log", content) for number in range(TOGETHER)]
            codes = [answer.result().status_code for answer in answers]
        seconds = time.monotonic() - began
        time.sleep(SETTLE_SECONDS)
        late, blocked = self.served.lateness_since(began)
        extra = max(0.0, used.most_mb - self.plain_mb)
        rules = {
            f"not all were taken: {sorted(set(codes))}": set(codes) != {201},
            f"took {seconds:.1f} s": seconds > ALL_SECONDS,
            f"needed {extra:.0f} MB more": extra > EXTRA_MB,
            f"blocked the event loop for {blocked:.0f} ms": blocked > BLOCKED_MS,
            "the service is not healthy after it": not self.served.healthy(),
        }
        faults = [fault for fault, broken in rules.items() if broken]
        observed = f"{TOGETHER} files of {LARGEST / 1e6:g} MB; {seconds:.1f} s, {extra:.0f} MB, loop {blocked:.0f} ms (late {late:.0f} ms)"
        return Outcome("together", "upload_together", Verdict.FAILED if faults else Verdict.PASSED, "", observed, "; ".join(faults), TOGETHER)

    def _post(self, name: str, content: bytes) -> httpx.Response:
        form = {"file": (name, io.BytesIO(content), "application/octet-stream")}
        return self.client.post(self.path, files=form, data={"key": secrets.token_hex(8)})

    def _target(self, payload: str) -> bytes:
        """The path as it is written, byte for byte: a client would tidy it up."""
        return f"{self.path}/".encode() + payload.replace(" ", "%20").encode(errors="replace")

    def _faults_of_kept(self, made: dict[str, Any]) -> list[str]:
        got = self.client.get(f"{self.path}/{made['id']}")
        headers = got.headers
        rules = {
            f"is called {made['name']!r}": not NAME.fullmatch(made["name"]),
            f"was kept as {made['kind']} and is none": not KEPT[made["kind"]].match(got.content),
            "was kept although it acts": made["kind"] != "text" and bool(ACTIVE.search(got.content)),
            "was kept although it is a page": made["kind"] == "text"
            and bool(re.match(rb"\s*<(?:!doctype html|html|svg|script)", got.content, re.IGNORECASE)),
            "is shown in place": not headers["content-disposition"].startswith("attachment;"),
            "may be taken for another kind": headers.get("x-content-type-options") != "nosniff",
            "may act where it is opened": not headers["content-security-policy"].startswith("sandbox"),
        }
        return [fault for fault, broken in rules.items() if broken]
