"""Fifty thousand alerts at a running service while people ask: is anything lost, when is an incident to be seen, and what do people notice of it."""

from __future__ import annotations

import asyncio
import hmac
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from assistant.domain.alert import Standing
from evals.benchmarks.turns import PEOPLE
from evals.correlation.scenes import scenes
from evals.security.served import Served, serving
from evals.sockets.crowd import WARM, Asked, _ask, _person

SECRET = "secret-of-the-measured-alerts"
SOURCE = "load"
DELIVERY = 50
LOOK_SECONDS = 0.25
SOCKETS = 16
EPISODE = 60.0
DRAIN_SECONDS = 300.0
TRIES, BUSY, NAMED = 4, 503, 5
HOMELESS = "SELECT a.fingerprint FROM alerts a LEFT JOIN alert_groups g ON g.id = a.in_group WHERE g.id IS NULL OR g.standing = ?"
"""Alerts whose group has no row, or was united with another one."""
LEAST = 3
"""Alerts of a cause that has to become visible."""
BURST, PAUSE = 4, 1
"""Deliveries come in bursts of so many at once, as real ones do."""


@dataclass(slots=True)
class Load:
    """What was measured."""

    sent: int = 0
    refused: int = 0
    lost: int = 0
    doubled: int = 0
    repeated: int = 0
    """Deliveries that were sent again, because no answer came or the service said that it was too busy."""
    seconds: float = 0.0
    drained_s: float = 0.0
    incidents: int = 0
    """Causes of at least ``LEAST`` alerts that became an incident."""
    causes: int = 0
    visible: list[float] = field(default_factory=list)
    """For each cause, the seconds from the answer to its last delivery until all of it was in its group."""
    delivery: list[float] = field(default_factory=list)
    quiet: list[Asked] = field(default_factory=list)
    loaded: list[Asked] = field(default_factory=list)


@dataclass(slots=True)
class _Sent:
    at: dict[int, float] = field(default_factory=dict)
    """By mark of the alert, when its delivery was answered."""
    refused: int = 0
    why: Counter[str] = field(default_factory=Counter)

    def refuse(self, alerts: int, why: str) -> None:
        """Count alerts that were not taken."""
        self.refused += alerts
        self.why[why[:200]] += 1


def measure(
    scratch: Path, home: Path, alerts: int, seconds: float, rate: float, questions: Sequence[str], seed: int, note: Callable[[str], None]
) -> Load:
    """Ask for a while alone, then for as long as the alerts come."""
    rows = scenes(seed, 2 * alerts, "hard")[:alerts]
    sources = {SOURCE: {"kind": "generic", "secret": SECRET}}
    settings = {"MESSAGES_PER_MINUTE": "100000", "ALERT_SOURCES": json.dumps(sources)}
    with serving(scratch, home, note, settings) as served:
        found, sent, looks = asyncio.run(_measured(served, rows, seconds, rate, questions, random.Random(seed), note))
    _account(found, rows, sent, looks, home, note)
    return found


async def _measured(
    served: Served,
    rows: list[dict[str, Any]],
    seconds: float,
    rate: float,
    questions: Sequence[str],
    draw: random.Random,
    note: Callable[[str], None],
) -> tuple[Load, _Sent, list[tuple[float, int]]]:
    found, sent = Load(sent=len(rows)), _Sent()
    await _conversations(served, questions, rate, WARM / 2 / rate, draw)
    found.quiet = await _conversations(served, questions, rate, min(seconds, EPISODE), draw)
    note(f"{len(found.quiet)} turns were answered without alerts; now {len(rows)} alerts come within {seconds:.0f} s")
    looks: list[tuple[float, int]] = []
    done = asyncio.Event()
    looking = asyncio.create_task(_look(served.home, looks, done))
    began = time.monotonic()
    asking = asyncio.create_task(_conversations(served, questions, rate, seconds, draw))
    await _deliver(served.url, rows, seconds, found, sent)
    found.seconds = time.monotonic() - began
    found.loaded = await asking
    note(f"all were delivered after {found.seconds:.0f} s")
    for why, count in sent.why.most_common(NAMED):
        note(f"{count} deliveries were not taken: {why}")
    ended = time.monotonic()
    while time.monotonic() < ended + DRAIN_SECONDS and (not looks or looks[-1][1] or looks[-1][0] < ended):
        await asyncio.sleep(LOOK_SECONDS)
    found.drained_s = time.monotonic() - ended
    done.set()
    await looking
    return found, sent, looks


async def _conversations(served: Served, questions: Sequence[str], rate: float, seconds: float, draw: random.Random) -> list[Asked]:
    """Ask for a while, in new conversations every ``EPISODE`` seconds: people neither talk for an hour nor keep a token for so long."""
    asked: list[Asked] = []
    for start in range(0, max(1, round(seconds)), round(EPISODE)):
        gate = asyncio.Semaphore(SOCKETS)
        people = await asyncio.gather(*(_person(served.url, served.token(PEOPLE[n % len(PEOPLE)]), gate) for n in range(SOCKETS)))
        listening = [asyncio.create_task(person.listen()) for person in people]
        asked += await _ask(people, questions, rate, max(1, round(rate * min(EPISODE, seconds - start))), draw)
        for person in people:
            person.socket.transport.abort()
        await asyncio.gather(*listening, return_exceptions=True)
    return asked


async def _deliver(url: str, rows: list[dict[str, Any]], seconds: float, found: Load, sent: _Sent) -> None:
    batches = [list(range(start, min(start + DELIVERY, len(rows)))) for start in range(0, len(rows), DELIVERY)]
    began, per = time.monotonic(), seconds / len(batches)
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        for start in range(0, len(batches), BURST):
            await asyncio.sleep(max(0.0, began + (start + BURST - PAUSE) * per - time.monotonic()))
            await asyncio.gather(*(_post(client, rows, batch, found, sent) for batch in batches[start : start + BURST]))


async def _post(client: httpx.AsyncClient, rows: list[dict[str, Any]], batch: list[int], found: Load, sent: _Sent) -> None:
    now = datetime.now(UTC).isoformat()
    hidden = ("incident", "generated", "time")
    said = [{name: value for name, value in rows[mark].items() if name not in hidden} | {"time": now, "mark": f"mark-{mark}"} for mark in batch]
    body, stamp, delivery = json.dumps(said).encode(), str(int(time.time())), f"d{batch[0]}"
    made = hmac.new(SECRET.encode(), f"{stamp}.{delivery}.".encode() + body, sha256).hexdigest()
    signed = {"X-Firstline-Timestamp": stamp, "X-Firstline-Delivery": delivery, "X-Firstline-Signature": f"sha256={made}"}
    began = time.monotonic()
    for left in reversed(range(TRIES)):
        try:
            answer = await client.post(f"/webhooks/alerts/{SOURCE}", content=body, headers=signed | {"Content-Type": "application/json"})
            if answer.status_code != BUSY:
                break
            why, pause = answer.text, float(answer.headers.get("Retry-After", "1"))
        except httpx.TransportError as error:
            why, pause = repr(error), 1.0
        if not left:
            sent.refuse(len(batch), why)
            return
        found.repeated += 1  # as every sender does; a delivery that was taken is known by its id
        await asyncio.sleep(pause)
    found.delivery.append(time.monotonic() - began)
    said_so = answer.json()
    if answer.status_code == 200 and (said_so["status"] == "known" or said_so["accepted"] == len(batch)):
        sent.at.update(dict.fromkeys(batch, time.monotonic()))
    else:
        sent.refuse(len(batch), answer.text)


async def _look(home: Path, looks: list[tuple[float, int]], done: asyncio.Event) -> None:
    """Note again and again the first report that waits, 0 when none does."""
    while not done.is_set():
        found = await asyncio.to_thread(_first_waiting, home)
        looks.append((time.monotonic(), found))
        await asyncio.sleep(LOOK_SECONDS)


def _first_waiting(home: Path) -> int:
    with sqlite3.connect(f"file:{home / 'firstline.db'}?mode=ro", uri=True, timeout=10) as connection:
        row = connection.execute("SELECT min(number) FROM alert_reports WHERE standing = 'waiting'").fetchone()
    return int(row[0] or 0)


def _account(found: Load, rows: list[dict[str, Any]], sent: _Sent, looks: list[tuple[float, int]], home: Path, note: Callable[[str], None]) -> None:
    """Compare what was sent with what the tables hold, by the mark of each alert; what stands in no group that people can see is lost too."""
    numbers: dict[int, int] = {}
    reported: set[str] = set()
    kept = 0
    with sqlite3.connect(f"file:{home / 'firstline.db'}?mode=ro", uri=True) as connection:
        for number, print_, said in connection.execute("SELECT number, fingerprint, said FROM alert_reports ORDER BY number"):
            kept += 1
            mark = next(value for name, value in json.loads(said)["fields"] if name == "mark")
            numbers[int(mark.removeprefix("mark-"))] = number
            reported.add(print_)
        standing = dict(connection.execute("SELECT a.fingerprint, g.standing FROM alerts a LEFT JOIN alert_groups g ON g.id = a.in_group"))
        prints = dict(connection.execute("SELECT number, fingerprint FROM alert_reports"))
        homeless = [one for (one,) in connection.execute(HOMELESS, (Standing.MERGED.value,))]
    found.refused = sent.refused
    unstored = [f"mark-{mark} was taken and is not stored" for mark in sent.at if mark not in numbers]
    unseen = [f"no alert stands for the reports of {one}" for one in sorted(reported - standing.keys())]
    unseen += [f"the alert of {one} stands in no group" for one in homeless]
    found.lost = len(unstored) + len(unseen)
    for why in (*unstored[:NAMED], *unseen[:NAMED]):
        note(why)
    found.doubled = kept - len(numbers)
    causes: dict[str, list[int]] = {}
    for mark, row in enumerate(rows):
        if row["incident"] and mark in sent.at:
            causes.setdefault(row["incident"], []).append(mark)
    for marks in causes.values():
        if len(marks) < LEAST:
            continue
        found.causes += 1
        known = [standing.get(prints[numbers[mark]], "") for mark in marks if mark in numbers]
        found.incidents += "incident" in known
        last, highest = max(sent.at[mark] for mark in marks), max(numbers[mark] for mark in marks)
        seen = next((at for at, first in looks if at >= last and (first == 0 or first > highest)), None)
        found.visible.append(seen - last if seen is not None else DRAIN_SECONDS)
