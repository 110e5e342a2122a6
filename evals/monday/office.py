"""The running demo as everybody of the Monday reaches it: over HTTP, with their own tokens, sessions and signatures."""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

MOMENT = timedelta(seconds=2)
SECONDS = 120.0
"""Longest wait for an answer: a night that passes takes a while."""


class NotPlayed(RuntimeError):
    """The service did not do what the scene needs; the words say what it said instead."""


@dataclass(frozen=True, slots=True)
class Office:
    """A running service and its state folder."""

    url: str
    home: Path

    # -- people -----------------------------------------------------------------------------------------------------------

    def speaking(self, person: str) -> httpx.Client:
        """Return a client that speaks for an employee, as the widget of their own page would."""
        from assistant.bootstrap import read_secret
        from assistant.entrypoints.tokens import Tokens
        from evals.monday.place import settings_of

        token = Tokens(read_secret(settings_of(self.home)), 15).issue(person)[0]
        return self._client({"Authorization": f"Bearer {token}"})

    @contextmanager
    def at_console(self, person: str) -> Iterator[httpx.Client]:
        """Give a client that is signed in to the console as one of the demo's people."""
        with self._client({"Origin": self.url}) as client:
            found = client.post("/console/sign-in", data={"person": person})
            if found.status_code != httpx.codes.SEE_OTHER:
                raise NotPlayed(f"{person} could not sign in to the console: {found.status_code}")
            yield client

    def wait_for(self, client: httpx.Client, path: str, pattern: str, seconds: float = 20.0) -> str:
        """Return a page as soon as it shows a pattern.

        Raises:
            NotPlayed: it does not within these seconds of real time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            page = _answered(client.get(path)).text
            if re.search(pattern, page):
                return page
            time.sleep(0.2)
        raise NotPlayed(f"{path} does not show {pattern}")

    def say(self, client: httpx.Client, text: str = "", choice: str = "", conversation: str = "", device: str = "") -> dict[str, Any]:
        """Say something in a conversation, a new one by default; return the reply."""
        path = f"/v1/conversations/{conversation}/messages" if conversation else "/v1/conversations"
        body = {name: value for name, value in (("text", text), ("choice", choice), ("device", device)) if value}
        reply: dict[str, Any] = _answered(client.post(path, json=body)).json()
        return reply

    def press(self, client: httpx.Client, path: str, **fields: str) -> httpx.Response:
        """Send a form of the console, and let what it brings on be done."""
        answer = _answered(client.post(path, data=fields))
        self.settle()
        return answer

    def approve(self, person: str, about: str) -> str:
        """Approve, as an approver does it on the page, the request whose page names ``about``; return the page's address.

        Raises:
            NotPlayed: nothing of the kind waits for this person.
        """
        with self.at_console(person) as client:
            listed = self.wait_for(client, "/console/approvals", r"/console/approvals/[^\"/]+\"")
            for address in dict.fromkeys(str(one) for one in re.findall(r'href="(/console/approvals/[^"/]+)"', listed)):
                page = _answered(client.get(address)).text
                form = re.search(r'name="hash" value="([^"]+)"', page)
                if about in page and form is not None:
                    self.press(client, address, hash=form[1], decision="approve")
                    return address
        raise NotPlayed(f"nothing about {about} waits for {person}")

    def command(self, *arguments: str) -> str:
        """Run a command beside the service, as an operator does on its host; return what it says.

        Raises:
            NotPlayed: it fails.
        """
        from evals.monday.place import environment

        kept = {name: value for name, value in os.environ.items() if not name.startswith("FIRSTLINE_")}
        command = [sys.executable, "-c", "from assistant.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=self.home, env=kept | environment(self.home), capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise NotPlayed(f"firstline {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return done.stdout

    # -- other systems ----------------------------------------------------------------------------------------------------

    def report(self, path: str, secret: str, body: Any, delivery: str = "") -> httpx.Response:
        """Post a report that is signed as ours are: now, by the demo's clock."""
        sent = json.dumps(body).encode()
        delivery, stamp = delivery or secrets.token_hex(8), str(int(self.now().timestamp()))
        code = hmac.new(secret.encode(), f"{stamp}.{delivery}.".encode() + sent, sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Firstline-Signature": f"sha256={code}",
            "X-Firstline-Timestamp": stamp,
            "X-Firstline-Delivery": delivery,
        }
        with self._client(headers) as client:
            return _answered(client.post(path, content=sent))

    # -- time -------------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return what time it is in the demo, where the company is."""
        with self._client({}) as client:
            return datetime.fromisoformat(_answered(client.get("/demo/clock")).json()["here"])

    def pass_to(self, at: datetime) -> None:
        """Let time pass; a moment that is over changes nothing.

        Raises:
            NotPlayed: something that was due on the way did not end.
        """
        if at <= self.now():
            return
        with self._client({}) as client:
            told = _answered(client.post("/demo/clock", json={"to": at.isoformat()})).json()
        if told["left"]:
            raise NotPlayed(f"until {at:%A %H:%M} this did not end: {', '.join(told['left'])}")

    def settle(self) -> None:
        """Let a moment pass in which everything that is due is done."""
        self.pass_to(self.now() + MOMENT)

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=SECONDS, trust_env=False)


def _answered(answer: httpx.Response) -> httpx.Response:
    """Return an answer that is no refusal."""
    if answer.is_error:
        raise NotPlayed(f"{answer.request.method} {answer.request.url.path} was answered with {answer.status_code}: {answer.text[:300]}")
    return answer
