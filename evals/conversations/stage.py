"""The real service for one case: a copy of a prepared state folder, the case's own world in it, served on 127.0.0.1 until the play is over."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from evals.conversations.case import Case, World
from evals.conversations.outside import answering

if TYPE_CHECKING:
    import uvicorn

    from assistant.adapters.store.organisation import BuiltinDirectory
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface
    from assistant.ports.identity import Directory
    from assistant.settings import Settings

Opens = Callable[["Assistant"], Sequence["Surface"]]
READY_SECONDS = 60.0
STOP_SECONDS = 5.0
CODE_SECONDS = 10.0
POLL_SECONDS = 0.01
NIGHTS = timedelta(hours=49)
"""Longer than any silence is waited for."""


class NotServed(RuntimeError):
    """The service did not become ready."""


@dataclass
class MovableClock:
    """The ``Clock`` port over the system's, moved on."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC) + self.ahead


@dataclass
class Stage:
    """A served assistant, and what people around a conversation can do."""

    assistant: Assistant
    clock: MovableClock
    port: int
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    """Channels beside the widget that are served, by name."""

    def token(self, person: str) -> str:
        """Return a token as the service issues them."""
        from assistant.entrypoints.tokens import Tokens

        return Tokens(self.assistant.secret, self.assistant.settings.token_minutes).issue(person)[0]

    def withdraw(self, articles: tuple[str, ...]) -> None:
        """Withdraw articles, as their authors do; the indexes follow at once."""
        self.assistant.knowledge_base.store.withdraw(list(articles))
        self.assistant.knowledge_base.keeper.catch_up()

    def code_of(self, person: str, after: int) -> str:
        """Return the code in the newest mail to a person's second channel, once more than ``after`` have come; "" when none comes."""
        end = time.monotonic() + CODE_SECONDS
        while time.monotonic() < end:
            codes = self._codes(person)
            if len(codes) > after:
                return codes[-1]
            time.sleep(POLL_SECONDS)
        return ""

    def codes_sent(self, person: str) -> int:
        """Return how many codes have been sent to a person."""
        return len(self._codes(person))

    def _codes(self, person: str) -> list[str]:
        known = self.assistant.directory.person(person)
        mails = sorted((self.assistant.settings.home / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        read = (message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails)
        texts = [mail.get_content() for mail in read if known is not None and known.recovery and known.recovery in str(mail["To"])]
        return [found.group() for text in texts if (found := re.search(r"(?<!\d)\d{6}(?!\d)", text))]

    def decide(self, person: str, action: str, approves: bool) -> str:
        """Let an approver decide over REST; return "" or why that was refused."""
        import httpx

        shown_as = {"Authorization": f"Bearer {self.token(person)}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=shown_as, trust_env=False, timeout=30) as client:
            shown = client.get(f"/v1/approvals/{action}")
            if shown.status_code != 200:
                return str(shown.json().get("detail", shown.status_code))
            answer = client.post(f"/v1/approvals/{action}", json={"approves": approves, "hash": shown.json()["hash"], "note": ""})
            return "" if answer.status_code == 200 else str(answer.json().get("detail", answer.status_code))

    def let_time_pass(self) -> None:
        """Let two days go by without a word; what is due by then happens."""
        from assistant.agent.silence import settle_silence

        self.clock.ahead += NIGHTS
        settle_silence(self.assistant.parts)


def make_template(scratch: Path, model_home: Path, note: Callable[[str], None]) -> Path:
    """Return a state folder with the demo company in it, its articles taken in and its indexes made. It is only ever copied."""
    from assistant.bootstrap import open_assistant
    from assistant.settings import Settings
    from evals.freshness.figures import demo_home

    home, _ = demo_home(scratch, model_home, note)
    assistant = open_assistant(Settings(home=home))
    try:
        assistant.knowledge_base.keeper.own()
        assistant.knowledge_base.keeper.catch_up()
    finally:
        assistant.close()
    return home


def copied(template: Path, home: Path) -> Path:
    """Return a copy of a template that shares its model."""
    shutil.copytree(template, home, ignore=shutil.ignore_patterns("models", "*.lock", "service.json"))
    (home / "models").symlink_to((template / "models").resolve())
    return home


@contextlib.contextmanager
def staged(settings: Settings, case: Case, surfaces: Opens = lambda _: ()) -> Iterator[Stage]:
    """Serve a state folder with the case's world in it inside the block, with the channels that ``surfaces`` opens. One at a time in a process.

    Raises:
        NotServed: it did not become ready within a minute.
    """
    import assistant.bootstrap as root
    from assistant.connections import open_directory

    def wired(settings: Settings, builtin: BuiltinDirectory) -> Directory:
        return answering(open_directory(settings, builtin), case.world.outside)

    clock = MovableClock()
    setattr(root, "open_directory", wired)  # noqa: B010
    try:
        assistant = root.open_assistant(settings, clock)
    finally:
        setattr(root, "open_directory", open_directory)  # noqa: B010
    _prepare(assistant, case.world, case.person)
    opened = tuple(surfaces(assistant))
    with _served(assistant, opened) as port:
        yield Stage(assistant, clock, port, {surface.name: surface for surface in opened})


@contextlib.contextmanager
def _served(assistant: Assistant, surfaces: Sequence[Surface]) -> Iterator[int]:
    import uvicorn

    from assistant.service import open_app

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = int(listener.getsockname()[1])
        url = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(open_app(assistant, url, surfaces), ws="websockets-sansio", ws_max_size=600_000, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="served", daemon=True)
        thread.start()
        try:
            _await_ready(port, server, thread)
            yield port
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)


def _await_ready(port: int, server: uvicorn.Server, thread: threading.Thread) -> None:
    end = time.monotonic() + READY_SECONDS
    while not (server.started and _caught_up(port)):
        if time.monotonic() > end or not thread.is_alive():
            raise NotServed("the service did not become ready")
        time.sleep(POLL_SECONDS)


def _caught_up(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return bool(json.loads(connection.getresponse().read()).get("caught_up"))
    finally:
        connection.close()


def _prepare(assistant: Assistant, world: World, asker: str) -> None:
    _offer(assistant, world)
    for person in world.locked:
        assistant.workplace.lock(person)
    for person in world.unlocked:
        assistant.workplace.unlock(person)
    for group, members in world.members.items():
        for person in members:
            assistant.workplace.grant(person, group)
    _open_tickets(assistant, world, asker)
    _publish(assistant, world)


def _offer(assistant: Assistant, world: World) -> None:
    """Add the case's own accesses to those that may be asked for."""
    if not world.entitlements:
        return
    from dataclasses import replace

    from assistant.adapters.store.organisation import read_people_file
    from assistant.domain.configuration import Entitlement
    from evals.world import DEMO_ARTICLES

    made, _ = read_people_file(DEMO_ARTICLES / "company.toml")
    more = tuple(Entitlement(**one.model_dump()) for one in world.entitlements)
    kept = tuple(one for one in made.entitlements if one.id not in {another.id for another in more})
    assistant.workplace.replace(replace(made, entitlements=(*kept, *more)))


def _open_tickets(assistant: Assistant, world: World, asker: str) -> None:
    from assistant.domain.configuration import queue_for
    from assistant.domain.ticket import TicketBody, TicketDraft, TicketStatus

    now = assistant.clock.now()
    for number, wanted in enumerate(world.tickets):
        queue = queue_for(wanted.category, assistant.workplace.queues())
        vector = assistant.knowledge.embed(wanted.subject)
        person = wanted.person or asker
        draft = TicketDraft(f"case:{number}", person, wanted.subject, queue, wanted.category, TicketBody(wanted.subject), assignee="", vector=vector)
        with assistant.store.write() as unit:
            made = unit.tickets.create(draft, now)
            if wanted.status != "open":
                unit.tickets.change_status(made.id, TicketStatus(wanted.status), "service desk", "taken up", now)


def _publish(assistant: Assistant, world: World) -> None:
    from kb.model import Audience, Document, Platform
    from kb.split import split

    base = assistant.knowledge_base
    for one in world.articles:
        document = Document(
            one.id,
            "case",
            f"{one.id}.md",
            one.title,
            one.text,
            audience=Audience.of(one.audience),
            platforms=frozenset(Platform(platform) for platform in one.platforms),
            tags=(one.category,),
        )
        base.publisher.publish([(document, split(document.text))])
    if world.withdrawn:
        base.store.withdraw(list(world.withdrawn))
