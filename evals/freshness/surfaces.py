"""Every place where an employee can see the text of an article, asked over the network as a client would."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

SOCKET_SECONDS = 10.0


class NotAnswered(RuntimeError):
    """The service did not do what it had to before anything could be measured."""


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody with a token, at one service."""

    client: httpx.Client
    token: str

    @classmethod
    def of(cls, client: httpx.Client, url: str, person: str) -> Employee:
        """Sign in as one of the demo company's employees."""
        made = client.post("/demo/token", json={"person": person}, headers={"Origin": url})
        made.raise_for_status()
        return cls(client, made.json()["token"])

    def post(self, path: str, **body: str) -> str:
        """Send a message and return the body of the answer."""
        answer = self.client.post(path, json=body, headers=self._headers)
        answer.raise_for_status()
        return answer.text

    def get(self, path: str) -> str:
        """Return the body of a page or a resource; that of a refusal too."""
        answer = self.client.get(path, headers={**self._headers, "Cookie": f"firstline_reader={self.token}"})
        if answer.status_code >= 500:
            raise NotAnswered(f"GET {path}: {answer.status_code}")
        return answer.text

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def resume(self, conversation: str) -> str:
        """Open a socket as a client that comes back and has seen nothing; return all events that it gets."""
        with self._socket() as socket:
            socket.send(self._hello(conversation))
            last, events = json.loads(socket.recv(SOCKET_SECONDS))["last_event_id"], list[dict[str, Any]]()
            while not events or events[-1]["id"] < last:
                events.append(json.loads(socket.recv(SOCKET_SECONDS)))
        return json.dumps(events, ensure_ascii=False)

    def talk(self, text: str) -> tuple[str, str]:
        """Begin a conversation over a socket; return its id and the reply."""
        with self._socket() as socket:
            socket.send(self._hello(None))
            socket.send(json.dumps({"v": 1, "type": "message", "id": secrets.token_hex(8), "text": text}))
            for _ in range(20):
                frame = json.loads(socket.recv(SOCKET_SECONDS))
                if frame["type"] == "event" and frame["event"]["type"] == "reply":
                    return frame["conversation"], json.dumps(frame, ensure_ascii=False)
        raise NotAnswered("no reply came over the socket")

    def _socket(self) -> ClientConnection:
        url = str(self.client.base_url).rstrip("/")
        return connect(f"ws{url.removeprefix('http')}/v1/chat", origin=Origin(url), open_timeout=SOCKET_SECONDS)

    def _hello(self, conversation: str | None) -> str:
        return json.dumps({"v": 1, "type": "hello", "token": self.token, "conversation": conversation, "last_event_id": 0})


@dataclass(slots=True)
class Opened:
    """An article with the conversations in which somebody was told what it says, and how to look at each place again."""

    employee: Employee
    article: str
    question: str
    places: dict[str, Callable[[], str]] = field(default_factory=dict)

    def open(self, says: str) -> None:
        """Ask by REST and over a socket, so that both conversations show ``says``; then every place must show it.

        Raises:
            NotAnswered: a place does not show the text, so that nothing could be measured there.
        """
        employee, message = self.employee, secrets.token_hex(8)
        rest = json.loads(employee.post("/v1/conversations", text=self.question, id=message))["conversation"]
        socket, _ = employee.talk(self.question)
        self.places = {
            "question": self.ask,
            "repeat": lambda: employee.post(f"/v1/conversations/{rest}/messages", text=self.question, id=message),
            "events": lambda: employee.get(f"/v1/conversations/{rest}/events"),
            "socket": lambda: employee.resume(socket),
            "resource": lambda: employee.get(f"/v1/articles/{self.article}"),
            "page": lambda: employee.get(f"/articles/{self.article}"),
        }
        blind = [name for name, look in self.places.items() if says not in look()]
        if blind:
            raise NotAnswered(f"{self.article} is not shown by: {', '.join(blind)}")

    def ask(self) -> str:
        """Ask the question in a conversation of its own."""
        return self.employee.post("/v1/conversations", text=self.question)
