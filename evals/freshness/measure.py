"""Publishes, edits, revokes and deletes articles under a running service, and times when each change holds everywhere."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
THREADS = 16
"""One for every place of two articles, one that waits for the new text, one that watches the tables, and some to spare."""
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
    text has arrived. All places are looked at at once, from the moment of the change on.

    Raises:
        NotAnswered: the service did not show an article before it was changed, or a synchronisation failed.
    """
    figures, draw = Freshness(), random.Random(seed)
    engine = open_engine(KnowledgeSettings(home=home).database)
    try:
        with httpx.Client(base_url=url, timeout=30, trust_env=False) as client, ThreadPoolExecutor(THREADS) as pool:
            employee = Employee.of(client, url, PERSON)
            for number in range(rounds):
                _round(_Round(home, articles, SqlArticleStore(engine), figures, pool), _subjects(number, draw, employee))
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
    with world.synchronising({subject.key: _exists for subject in subjects}) as moments:
        world.appear([("publish", subject, moments[subject.key]) for subject in subjects])
    for subject in subjects:
        subject.opened.open(subject.canary)
    old = {subject.key: subject.canary for subject in subjects}
    edited.canary, revoked.audience = f"{edited.canary[::-1]}x", CLOSED_GROUP
    for subject in subjects:
        world.write(subject)
    with world.synchronising({edited.key: _is_revised, revoked.key: _is_restricted}) as moments:
        renewed = world.soon_appears(edited, moments[edited.key])
        world.vanish([(kind, one, old[one.key], moments[one.key]) for kind, one in (("edit", edited), ("revoke", revoked))])
        world.figures.seconds["edit_new"].append(renewed.result())
    edited.opened.open(edited.canary)
    for subject in subjects:
        world.file(subject).unlink()
    with world.synchronising({edited.key: _is_gone}) as moments:
        world.vanish([("delete", edited, edited.canary, moments[edited.key])])


Holds = Callable[[Article | None], bool]
Moment = Future[float]


def _exists(article: Article | None) -> bool:
    return article is not None


def _is_revised(article: Article | None) -> bool:
    return article is not None and article.revision > 1


def _is_restricted(article: Article | None) -> bool:
    return article is not None and bool(article.audience.groups)


def _is_gone(article: Article | None) -> bool:
    return article is None


@dataclass(slots=True)
class _Round:
    home: Path
    folder: Path
    store: SqlArticleStore
    figures: Freshness
    pool: ThreadPoolExecutor

    def file(self, subject: _Subject) -> Path:
        return self.folder / f"{subject.key}.md"

    def write(self, subject: _Subject) -> None:
        self.file(subject).write_text(subject.text(), encoding="utf-8")

    @contextmanager
    def synchronising(self, expected: dict[str, Holds]) -> Iterator[dict[str, Moment]]:
        """Run ``firstline ingest sync`` beside the block, which gets the moment of each expected change as it comes."""
        command = [sys.executable, "-c", "from assistant.cli import main; main()", "ingest", "sync", str(self.folder)]
        environment = {**os.environ, "FIRSTLINE_HOME": str(self.home)}
        moments: dict[str, Moment] = {key: Future() for key in expected}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self.pool.submit(self._watch, process, expected, moments)
            yield moments
            said = process.communicate(timeout=SYNC_SECONDS)[1]
            if process.returncode != 0:
                raise NotAnswered(f"firstline ingest sync ended with status {process.returncode}: {said.strip()[-300:]}")
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(SYNC_SECONDS)

    def _watch(self, process: subprocess.Popen[str], expected: dict[str, Holds], moments: dict[str, Moment]) -> None:
        """Set each moment to the beginning of the last read that did not show the change."""
        end, last = time.perf_counter() + SYNC_SECONDS, time.perf_counter()
        while waiting := [key for key in expected if not moments[key].done()]:
            began, ended = time.perf_counter(), process.poll() is not None
            for key in waiting:
                if expected[key](self.store.article(key)):
                    moments[key].set_result(last)
                elif ended or began > end:
                    moments[key].set_exception(NotAnswered(f"firstline ingest sync did not change {key} (exit status {process.poll()})"))
            last = began
            time.sleep(POLL_SECONDS)

    def soon_appears(self, subject: _Subject, moment: Moment) -> Future[float]:
        """Return the seconds until a new question is answered with the subject's present text, as they will be."""
        return self.pool.submit(self._appears, subject, moment)

    @staticmethod
    def _appears(subject: _Subject, moment: Moment) -> float:
        began = moment.result()
        while subject.canary not in (said := subject.opened.ask()):
            if time.perf_counter() - began > PUBLISH_SECONDS:
                raise NotAnswered(f"{subject.key} was not cited within {PUBLISH_SECONDS:.0f} s of its publication; the last answer was {said[:300]}")
        return time.perf_counter() - began

    def appear(self, changes: Sequence[tuple[str, _Subject, Moment]]) -> None:
        """Time until new questions are answered with the subjects' present texts."""
        for kind, seconds in [(kind, self.soon_appears(subject, moment)) for kind, subject, moment in changes]:
            self.figures.seconds[kind].append(seconds.result())

    def vanish(self, changes: Sequence[tuple[str, _Subject, str, Moment]]) -> None:
        """Time until no place shows the old words of each change; two seconds after the commit look at every place again."""
        looking = {
            (kind, name): self.pool.submit(_vanishes, look, old, moment)
            for kind, subject, old, moment in changes
            for name, look in subject.opened.places.items()
        }
        held = {place: seconds.result() for place, seconds in looking.items()}
        for kind, subject, old, moment in changes:
            time.sleep(max(0.0, moment.result() + ALLOWED_SECONDS - time.perf_counter()))
            times = [self._look_again(f"{kind} {name}", old in look(), held[kind, name], moment) for name, look in subject.opened.places.items()]
            self.figures.seconds[kind].append(max(times))

    def _look_again(self, place: str, shown: bool, held: float | None, moment: Moment) -> float:
        """Note what a place shows two seconds after the change; return when the change held there."""
        self.figures.probes += 1
        if shown:
            self.figures.stale.append(place)
        seconds = time.perf_counter() - moment.result() if shown or held is None else held
        self.figures.places.setdefault(place, []).append(seconds)
        return seconds


def _vanishes(look: Callable[[], str], old: str, moment: Moment) -> float | None:
    """Look again and again; return the seconds from the moment until the first answer without the old words was there, None after two."""
    began = moment.result()
    while time.perf_counter() - began < ALLOWED_SECONDS:
        if old not in look():
            return time.perf_counter() - began
    return None
