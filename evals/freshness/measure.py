"""Publishes, edits, revokes and deletes articles under a running service, and times when each change holds everywhere."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from evals.freshness.surfaces import Employee, NotAnswered, Opened
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import open_engine
from kb.model import Article
from kb.settings import KnowledgeSettings

ALLOWED_SECONDS = 2.0
"""From then on nothing may show what was changed; whatever does is a stale citation."""
POLL_SECONDS = 0.005
SYNC_SECONDS = 180.0
PUBLISH_SECONDS = 30.0
PERSON = "maria.santos"
CLOSED_GROUP = "finance"
SYLLABLES = ("bal", "dor", "fen", "gim", "kur", "lop", "mez", "nav", "pel", "rus", "tiv", "zok")
ARTICLE = """---
id: {key}
title: {title}
owner: desk@lindqvist.example
audience: [{audience}]
platforms: []
tags: [equipment]
---
{title}: this is done at the device itself, and needs neither a ticket nor an approval.

## What to do

1. Stand in front of the {thing} and wait until its lamp is steady.
2. Hold the key {canary} for nine seconds.
3. Let go when the {thing} beeps twice, and close the cover.
"""


@dataclass(slots=True)
class Freshness:
    """Seconds from the commit of each change until it held, by kind and place; ``stale`` lists what was still shown after two seconds."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in ("publish", "edit", "revoke", "delete", "edit_new")})
    places: dict[str, list[float]] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    probes: int = 0


@dataclass(slots=True)
class _Subject:
    """One article of a round as it is now; ``canary`` is a word that only its present text holds."""

    key: str
    title: str
    thing: str
    canary: str
    opened: Opened
    audience: str = "everyone"

    def text(self) -> str:
        return ARTICLE.format(key=self.key, title=self.title, thing=self.thing, canary=self.canary, audience=self.audience)


def measure(url: str, home: Path, articles: Path, rounds: int, seed: int, progress: Callable[[str], None]) -> Freshness:
    """Change articles in the synchronised folder ``articles`` of the service at ``url``, which runs on ``home``.

    Each round publishes two articles, edits one and moves the other out of the reader's audience, and deletes both, each
    time by ``firstline ingest sync`` in a process of its own. A change begins with the last read of the tables, from
    this process, that did not show it yet (they are read every 5 ms), and holds when the first answer without the old
    text has arrived.

    Raises:
        NotAnswered: the service did not show an article before it was changed, or a synchronisation failed.
    """
    figures, draw = Freshness(), random.Random(seed)
    engine = open_engine(KnowledgeSettings(home=home).database)
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
            employee = Employee.of(client, url, PERSON)
            for number in range(rounds):
                _round(_Round(home, articles, SqlArticleStore(engine), figures), _subjects(number, draw, employee))
                progress(f"round {number + 1} of {rounds}: {len(figures.stale)} stale citations so far")
    finally:
        engine.dispose()
    return figures


def _subjects(number: int, draw: random.Random, employee: Employee) -> tuple[_Subject, _Subject]:
    made = []
    for kind, verb in (("gateway", "Restart"), ("plotter", "Recalibrate")):
        name = "".join(draw.sample(SYLLABLES, 3)).capitalize()
        title, key = f"{verb} the {name} {kind}", f"freshness-{number}-{kind}"
        made.append(_Subject(key, title, f"{name} {kind}", _canary(draw), Opened(employee, key, f"How do I {verb.lower()} the {name} {kind}?")))
    return made[0], made[1]


def _canary(draw: random.Random) -> str:
    return "".join(draw.choices(SYLLABLES, k=5))


def _round(world: _Round, subjects: tuple[_Subject, _Subject]) -> None:
    edited, revoked = subjects
    for subject in subjects:
        world.write(subject)
    with world.synchronising() as committed:
        for subject in subjects:
            world.appears("publish", subject, committed(subject, lambda article: article is not None))
    for subject in subjects:
        subject.opened.open(subject.canary)
    old = {subject.key: subject.canary for subject in subjects}
    edited.canary, revoked.audience = f"{edited.canary[::-1]}x", CLOSED_GROUP
    for subject in subjects:
        world.write(subject)
    with world.synchronising() as committed:
        began = committed(edited, lambda article: article is not None and article.revision > 1)
        since = committed(revoked, lambda article: article is not None and bool(article.audience.groups))
        world.vanishes([("edit", edited, old[edited.key], began), ("revoke", revoked, old[revoked.key], since)])
        world.appears("edit_new", edited, began)
    edited.opened.open(edited.canary)
    for subject in subjects:
        world.file(subject).unlink()
    with world.synchronising() as committed:
        world.vanishes([("delete", edited, edited.canary, committed(edited, lambda article: article is None))])


@dataclass(slots=True)
class _Round:
    home: Path
    folder: Path
    store: SqlArticleStore
    figures: Freshness

    def file(self, subject: _Subject) -> Path:
        return self.folder / f"{subject.key}.md"

    def write(self, subject: _Subject) -> None:
        self.file(subject).write_text(subject.text(), encoding="utf-8")

    @contextmanager
    def synchronising(self) -> Iterator[Callable[[_Subject, Callable[[Article | None], bool]], float]]:
        """Run ``firstline ingest sync`` beside the block, which gets a way to wait for the commit of an article's change."""
        command = [sys.executable, "-c", "from assistant.cli import main; main()", "ingest", "sync", str(self.folder)]
        environment = {**os.environ, "FIRSTLINE_HOME": str(self.home)}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield lambda subject, holds: self._committed(process, subject, holds)
            if process.wait(SYNC_SECONDS) != 0:
                raise NotAnswered(f"firstline ingest sync ended with status {process.returncode}")
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(SYNC_SECONDS)

    def _committed(self, process: subprocess.Popen[bytes], subject: _Subject, holds: Callable[[Article | None], bool]) -> float:
        """Return the beginning of the last read that did not show the change."""
        end = time.perf_counter() + SYNC_SECONDS
        last = time.perf_counter()
        while time.perf_counter() < end:
            began, ended = time.perf_counter(), process.poll() is not None
            if holds(self.store.article(subject.key)):
                return last
            if ended:
                break
            last = began
            time.sleep(POLL_SECONDS)
        raise NotAnswered(f"firstline ingest sync did not change {subject.key} (exit status {process.poll()})")

    def appears(self, kind: str, subject: _Subject, committed: float) -> None:
        """Time until a new question is answered with the subject's present text."""
        while subject.canary not in subject.opened.ask():
            if time.perf_counter() - committed > PUBLISH_SECONDS:
                raise NotAnswered(f"{subject.key} was not cited within {PUBLISH_SECONDS:.0f} s of its publication")
        self.figures.seconds[kind].append(time.perf_counter() - committed)

    def vanishes(self, changes: Sequence[tuple[str, _Subject, str, float]]) -> None:
        """Time until no place shows the old words of each change; two seconds after the commit look at every place again."""
        waiting = [(kind, subject, old, began, name) for kind, subject, old, began in changes for name in subject.opened.places]
        held: dict[tuple[str, str], float] = {}
        while waiting:
            for item in list(waiting):
                kind, subject, old, began, name = item
                if old not in subject.opened.places[name]():
                    held[kind, name] = time.perf_counter() - began
                    waiting.remove(item)
                elif time.perf_counter() - began > ALLOWED_SECONDS:
                    waiting.remove(item)
        for kind, subject, old, began in changes:
            time.sleep(max(0.0, began + ALLOWED_SECONDS - time.perf_counter()))
            for name, look in subject.opened.places.items():
                self._look_again(kind, name, old in look(), held.get((kind, name)), time.perf_counter() - began)
            self.figures.seconds[kind].append(max(self.figures.places[f"{kind} {name}"][-1] for name in subject.opened.places))

    def _look_again(self, kind: str, name: str, shown: bool, held: float | None, now: float) -> None:
        self.figures.probes += 1
        if shown:
            self.figures.stale.append(f"{kind} {name}")
        self.figures.places.setdefault(f"{kind} {name}", []).append(now if shown or held is None else held)
