"""Plays cases, several at once, each in a process and a state of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from evals.conversations.case import Named
from evals.conversations.figures import Tried, tried
from evals.conversations.play import perform, settings_of, voice_of
from evals.conversations.played import Played
from evals.conversations.stage import make_template, staged

PLAY_SECONDS = 180.0
TEMPLATE_SECONDS = 600.0
# A process that is forked has everything imported, and the faults that were seeded in this one; no thread runs and no model is loaded here.
CONTEXT = get_context("fork")


class NotPlayed(RuntimeError):
    """The cases could not be played at all."""


@dataclass(frozen=True, slots=True)
class Way:
    """How cases are played."""

    repeat: int = 1
    seed: int = 1
    at_once: int = 2
    models: tuple[str, ...] = ()
    steps_file: Path | None = None
    same_words: bool = False
    channel: str = "widget"
    """On which channel of ``evals.channels.ways``."""


@dataclass(slots=True)
class _Under:
    """A play under way."""

    named: Named
    repeat: int
    process: BaseProcess
    place: Path
    began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """How many seconds it may still take."""
        return self.began + PLAY_SECONDS - time.monotonic()


def play_all(
    cases: Sequence[Named], way: Way, scratch: Path, model_home: Path, note: Callable[[str], None], template: Path | None = None
) -> list[Tried]:
    """Play every case as often as wanted and judge each play; the order in which they end changes nothing.

    Each play begins with a copy of the ``template``; without one it is made.

    Raises:
        NotPlayed: the demo company could not be set up.
    """
    _import_all()
    template = template or demo_template(scratch, model_home, note)
    waiting = [(named, repeat) for repeat in range(way.repeat) for named in cases]
    plays: dict[str, list[Played]] = {named.name: [] for named in cases}
    for done, played in enumerate(_played(waiting, way, scratch.resolve(), template), 1):
        plays[played.case].append(played)
        if done % 20 == 0 or done == len(waiting):
            note(f"{done} of {len(waiting)} conversations")
    return [tried(named, plays[named.name]) for named in cases]


def _played(waiting: Sequence[tuple[Named, int]], way: Way, scratch: Path, template: Path) -> Iterator[Played]:
    queue, under = list(reversed(waiting)), dict[Connection, _Under]()
    try:
        while queue or under:
            while queue and len(under) < way.at_once:
                named, repeat = queue.pop()
                ours, one = _begun(named, repeat, way, scratch / f"play-{len(queue)}", template)
                under[ours] = one
            ready = wait(list(under), timeout=max(0.0, min(one.left for one in under.values())))
            for ours in [ours for ours, one in under.items() if ours in ready or one.left <= 0]:
                yield _ended(ours, under.pop(ours))
    finally:
        for one in under.values():
            one.process.kill()


def _begun(named: Named, repeat: int, way: Way, place: Path, template: Path) -> tuple[Connection, _Under]:
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_child, args=(theirs, named, repeat, way, place, template), daemon=False)
    process.start()
    theirs.close()
    return ours, _Under(named, repeat, process, place)


def _ended(ours: Connection, one: _Under) -> Played:
    """Take over what a play left; a process that died or hangs leaves a play that failed."""
    try:
        played: Played = ours.recv() if ours.poll() else _lost(one, f"the play did not end within {PLAY_SECONDS:g} seconds")
    except EOFError:
        played = _lost(one, "the process of the service died")
    one.process.join(1.0)
    if one.process.is_alive():
        one.process.kill()
        one.process.join()
    ours.close()
    shutil.rmtree(one.place, ignore_errors=True)
    return played


def _lost(one: _Under, why: str) -> Played:
    return Played(case=one.named.name, repeat=one.repeat, broken=why)


def _child(pipe: Connection, named: Named, repeat: int, way: Way, place: Path, template: Path) -> None:
    """Play in this process and leave it at once: the state of the case is thrown away, so nothing has to be put in order."""
    try:
        place.mkdir()
        _quiet(place / "service.log")
        _alone(place)
        from evals.channels.ways import CHANNELS

        with CHANNELS[way.channel]() as side:
            settings = settings_of(template, place / "home", way.models, way.steps_file, side.settings)
            with staged(settings, named.case, side.surfaces) as stage:
                pipe.send(perform(named, repeat, stage, voice_of(named, repeat, way.seed, way.same_words), side.end))
                os._exit(0)
    except Exception as error:
        pipe.send(Played(case=named.name, repeat=repeat, broken=f"the case could not be staged: {type(error).__name__}: {error}"))
    finally:
        os._exit(1)


def _alone(place: Path) -> None:
    """Let no setting from outside reach a play: neither its database nor its directory may be anybody's real one."""
    for name in [name for name in os.environ if name.startswith("FIRSTLINE_")]:
        del os.environ[name]
    os.chdir(place)


def _quiet(log: Path) -> None:
    """Let what the service writes go to a file of the play."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)


def demo_template(scratch: Path, model_home: Path, note: Callable[[str], None]) -> Path:
    """Return a state folder with the demo company, made in a process of its own: a model that is loaded here could not be forked.

    Raises:
        NotPlayed: it could not be set up.
    """
    scratch, model_home = scratch.resolve(), model_home.resolve()
    ours, theirs = CONTEXT.Pipe(duplex=False)

    def make() -> None:
        try:
            _alone(scratch)
            theirs.send(str(make_template(scratch, model_home, note)))
        except Exception as error:
            theirs.send(error)

    process = CONTEXT.Process(target=make)
    process.start()
    theirs.close()
    try:
        made = ours.recv() if ours.poll(TEMPLATE_SECONDS) else TimeoutError("it took too long")
    except EOFError:
        made = RuntimeError("its process died")
    process.join(5.0)
    if process.is_alive():
        process.kill()
    if isinstance(made, Exception):
        raise NotPlayed(f"the demo company could not be set up: {made}")
    return Path(made)


EVERYTHING = (
    "anyio._backends._asyncio",
    "assistant.entrypoints.mail.surface",
    "assistant.entrypoints.web.app",
    "assistant.service",
    "assistant.workflows.durable",
    "chromadb.api.rust",
    "evals.channels.ways",
    "evals.slack.people",
    "httptools",
    "kb.split",
    "kb.adapters.chroma",
    "onnxruntime",
    "slack_bolt.adapter.socket_mode.aiohttp",
    "tantivy",
    "tokenizers",
    "uvicorn.loops.auto",
    "uvloop",
    "websockets.server",
    "websockets.sync.client",
    "widget",
)


def _import_all() -> None:
    """Import what every play needs, once; what is missing here is only slower."""
    for name in EVERYTHING:
        with contextlib.suppress(ImportError):
            import_module(name)
