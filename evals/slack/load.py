"""Many events a second, some of them delivered again and again: how soon each is acknowledged, and how many effects it has."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from evals.security.served import serving
from evals.slack.people import Somebody
from evals.slack.server import DELIVERIES, Acked, SlackServer
from evals.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, TEAM, Node

TRANSPORTS = ("socket", "http")
QUESTIONS = (
    "How do I set up the VPN on Windows 11?",
    "How do I change my password on a Mac?",
    "How do I add a printer on Ubuntu?",
    "My mailbox is full, what can I do?",
    "What is the status of my tickets?",
    "How do I set up mail on my iPhone?",
    "OneDrive does not sync any more",
    "I want to talk to a person",
)
AGAIN_EVERY = 10
"""Of so many messages one is delivered four times."""
AGAIN_WITHIN = 3.0
PATIENCE = 300.0
CONNECT_SECONDS = 30.0


@dataclass
class Load:
    """What became of one run over one transport. Times are seconds."""

    transport: str
    acked: list[Acked] = field(default_factory=list)
    messages: int = 0
    repeated: int = 0
    missing: int = 0
    doubled: int = 0
    drained: float = 0.0
    """From the last delivery until every message had its reply."""
    violations: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Deliveries that were not acknowledged within three seconds."""
        return sum(one.status != 200 for one in self.acked)

    @property
    def seconds(self) -> list[float]:
        """How long each acknowledgement took."""
        return [one.seconds for one in self.acked]


def settings_of(server: SlackServer, transport: str) -> dict[str, str]:
    """Return the settings with which a service works in this workspace, by their names without ``FIRSTLINE_``."""
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_TRANSPORT": transport,
        "SLACK_WORKSPACES": json.dumps([TEAM]),
        "SLACK_API": server.api,
        "MESSAGES_PER_MINUTE": "1000000",
    }


def measure(scratch: Path, home: Path, transport: str, rate: float, seconds: float, seed: int, note: Callable[[str], None]) -> Load:
    """Deliver ``rate`` events a second for so long to a service of its own.

    Raises:
        NotServed: it did not become ready.
    """
    with SlackServer() as server, serving(scratch, home, note, settings_of(server, transport)) as served:
        if transport == "http":
            server.target = f"{served.url}/slack/events"
        _await(lambda: transport == "http" or bool(server.sockets), CONNECT_SECONDS)
        people = [Somebody(server, server.workspace.add_user(name, address)) for name, address in _people()]
        for person in people[:8]:
            person.replies(person.say(QUESTIONS[0]))  # the first turn of a process is not what is measured
        load = Load(transport)
        messages = server.wait(_deliver(server, people, load, rate, seconds, random.Random(seed)), seconds + 60)
        note(f"{transport}: {len(load.acked)} deliveries, {load.lost} not acknowledged; waiting for the replies")
        begun = time.monotonic()
        _await(lambda: all(server.workspace.by_bot(one["channel"], one["ts"]) for one in messages), PATIENCE)
        load.drained = time.monotonic() - begun
        time.sleep(2 * AGAIN_WITHIN)
        counts = [len(server.workspace.by_bot(one["channel"], one["ts"])) for one in messages]
        load.messages, load.missing, load.doubled = len(messages), counts.count(0), sum(count > 1 for count in counts)
        load.violations = server.workspace.violations
        return load


def _people() -> list[tuple[str, str]]:
    from assistant.adapters.store.organisation import read_people_file
    from evals.world import DEMO_ARTICLES

    made, _ = read_people_file(DEMO_ARTICLES / "company.toml")
    return [(person.name, person.email) for person in made.people]


async def _deliver(server: SlackServer, people: list[Somebody], load: Load, rate: float, seconds: float, chance: random.Random) -> list[Node]:
    begun, messages, under_way, count = time.perf_counter(), list[Node](), list[asyncio.Task[None]](), 0

    async def once(payload: Node, retry: int, later: float = 0.0) -> None:
        await asyncio.sleep(later)
        load.acked.append(await server.deliver("events_api", payload, retry))

    while count < rate * seconds:
        await asyncio.sleep(max(begun + count / rate - time.perf_counter(), 0.0))
        person = chance.choice(people)
        message = person.written(person.direct, chance.choice(QUESTIONS))
        messages.append(message)
        payload, again = person.message_event(message), len(messages) % AGAIN_EVERY == 0
        load.repeated += again
        for retry in range(DELIVERIES if again else 1):
            under_way.append(asyncio.create_task(once(payload, retry, chance.uniform(0, AGAIN_WITHIN) if retry else 0.0)))
            count += 1
    await asyncio.gather(*under_way)
    return messages


def _await(reached: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not reached() and time.monotonic() < end:
        time.sleep(0.1)
