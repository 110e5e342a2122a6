"""The whole assistant behind its web application, in this process, with everything that it shows, logs and stores in reach."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import text
from starlette.testclient import TestClient

from assistant.adapters.knowledge import KnowledgeFromBase
from assistant.agent.turn import Turns
from assistant.bootstrap import Assistant
from assistant.entrypoints.tokens import Tokens
from assistant.ports.clock import Clock
from assistant.service import open_app
from kb.adapters.store.engine import writing

URL = "http://127.0.0.1:8080"
BREAK = (
    "CREATE TRIGGER {name} BEFORE INSERT ON events WHEN json_extract(NEW.body, '$.reply.kind') IN ('answer', 'clarification')"
    " BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
)
CLIENT = "httpx"
MEND = "DROP TRIGGER {name}"


@dataclass(slots=True)
class Interrupted:
    """The knowledge port, with something that happens once between finding passages and using them."""

    knowledge: KnowledgeFromBase
    meanwhile: Callable[[], None] | None = None

    def passages_for(self, *asked: Any, **named: Any) -> Any:
        """Find passages; then let happen what was waiting."""
        found = self.knowledge.passages_for(*asked, **named)
        waiting, self.meanwhile = self.meanwhile, None
        if waiting is not None:
            waiting()
        return found

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the port."""
        return getattr(self.knowledge, name)


@dataclass(slots=True)
class Holding:
    """A clock that can be held: what an answer says of how long something has waited grows between two looks by itself."""

    clock: Clock
    still: datetime | None = None

    def now(self) -> datetime:
        """Return the time, or the moment at which it is held."""
        return self.still or self.clock.now()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no time pass inside the block."""
        self.still = self.clock.now()
        try:
            yield
        finally:
            self.still = None


class Listening(logging.Handler):
    """Keeps what is logged, with tracebacks."""

    def __init__(self) -> None:
        """Listen at the level at which the service logs."""
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as it would be written, unless it is our own client that speaks."""
        if not record.name.startswith(CLIENT):
            self.lines.append(self.format(record))


@dataclass(slots=True)
class Surface:
    """The web application and how a person uses it."""

    assistant: Assistant
    client: TestClient
    interrupted: Interrupted
    log: Listening
    clock: Holding
    audited: int = 0
    faults: int = 0
    """Each fault has a name of its own: a connection that has not noticed the last one's end would refuse the same again."""
    said: set[str] = field(default_factory=set)
    """Every canary word that somebody typed: it may be shown as their words."""
    tokens: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, person: str = "", cookie: str = "") -> str:
        """Return a page or an answer as text, status first; ``person`` reads with a token, in a header or in that cookie."""
        headers = {"Cookie": f"{cookie}={self._token(person)}"} if cookie else self._bearer(person) if person else {}
        answer = self.client.get(path, headers=headers)
        return f"{answer.status_code} {answer.text}"

    def send(self, person: str, conversation: str, words: str = "", choice: str = "") -> dict[str, Any]:
        """Send a message, in a new conversation if none is named; return the reply."""
        path = f"/v1/conversations/{conversation}/messages" if conversation else "/v1/conversations"
        answer = self.client.post(path, json={"text": words, "choice": choice}, headers=self._bearer(person))
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made

    def news(self) -> tuple[list[str], list[str]]:
        """Return what was logged and what was audited since the last call."""
        logged, self.log.lines = self.log.lines, []
        with self.assistant.store.read() as unit:
            records = unit.audit.read(self.audited, 10_000)
        self.audited = records[-1].number if records else self.audited
        return logged, [record.body for record in records]

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Let the database refuse every answer inside the block."""
        self.faults += 1
        name = f"fault_{self.faults}"
        self._execute(BREAK.format(name=name))
        try:
            yield
        finally:
            self._execute(MEND.format(name=name))

    def _execute(self, statement: str) -> None:
        with writing(self.assistant.knowledge_base.engine) as connection:
            connection.execute(text(statement))

    def _bearer(self, person: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(person)}"}

    def _token(self, person: str) -> str:
        """Return a token; signed for an hour at a time, renewed by whoever opens the surface anew."""
        if person not in self.tokens:
            self.tokens[person] = Tokens(self.assistant.secret, 60).issue(person)[0]
        return self.tokens[person]


@contextmanager
def surface(assistant: Assistant) -> Iterator[Surface]:
    """Put the real web application over an assistant, without its background tasks: the caller decides when indexes follow."""
    interrupted = Interrupted(assistant.knowledge)
    knowledge = cast(KnowledgeFromBase, interrupted)
    parts = replace(assistant.parts, knowledge=knowledge, settler=replace(assistant.parts.settler, knowledge=knowledge))
    clock = Holding(assistant.clock)
    opened = replace(assistant, knowledge=knowledge, parts=parts, turns=Turns(parts), clock=clock)
    listening, root = Listening(), logging.getLogger()
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.INFO)
    try:
        yield Surface(opened, TestClient(open_app(opened, URL), base_url=URL), interrupted, listening, clock)
    finally:
        opened.turns.close()
        root.removeHandler(listening)
        root.setLevel(level)


def plain(reply: dict[str, Any]) -> str:
    """Return everything of a reply but its citations."""
    return json.dumps({name: value for name, value in reply.items() if name != "citations"}, ensure_ascii=False)
