"""Where weeks are played: beside the state folder that gets them, which changes in one moment when everything was played."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.settings import Settings

MARK = "simulated.json"
"""In a state folder whose conversations were played; the console reads it under the same name (``assistant.service.SIMULATED``)."""
KEPT = frozenset({"models", "secret.key"})
"""What a state folder keeps when the played weeks take the place of what is in it."""


class NotHere(Exception):
    """Weeks are not played into this state folder; the words say why."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a state folder holds."""

    articles: int = 0
    people: int = 0
    conversations: int = 0
    strangers: tuple[str, ...] = ()
    """Articles and people that are not the demo company's."""
    played: dict[str, Any] | None = None

    def __str__(self) -> str:
        """Say it in words."""
        if not (self.articles or self.people or self.conversations):
            return "nothing yet"
        said = f"the demo company ({self.articles} articles, {self.people} people) and {self.conversations} conversations"
        return f"{said}, played with seed {self.played['seed']}" if self.played else said


def held_in(settings: Settings, company: frozenset[str]) -> Held:
    """Return what the state folder of the settings holds; ``company`` are the ids of the demo company's articles and people."""
    from assistant.adapters.store.organisation import BuiltinDirectory
    from assistant.adapters.store.tables import conversations
    from kb.adapters.store.articles import SqlArticleStore
    from kb.adapters.store.engine import open_engine, reading

    if not (settings.home / "firstline.db").exists():
        return Held()
    engine = open_engine(settings.database)
    try:
        articles = [one.id for one in SqlArticleStore(engine).articles()]
        people = [one.id for one in BuiltinDirectory(engine).people()]
        with reading(engine) as connection:
            count = int(connection.exec_driver_sql(f"SELECT count(*) FROM {conversations.name}").scalar() or 0)
    finally:
        engine.dispose()
    mark = settings.home / MARK
    played = json.loads(mark.read_text(encoding="utf-8")) if mark.exists() else None
    written = set(played.get("articles", ())) if played else set()
    strangers = tuple(sorted({*articles, *people} - company - written))
    return Held(len(articles), len(people), count, strangers, played)


def check(settings: Settings, held: Held, again: bool) -> None:
    """Raise ``NotHere`` unless weeks may be played into the state folder."""
    if settings.database_url or settings.chroma_url or settings.workflows_url:
        raise NotHere("weeks are played into a state folder with its own database; FIRSTLINE_DATABASE_URL, _CHROMA_URL or _WORKFLOWS_URL is set")
    if settings.zero_persistence:
        raise NotHere("FIRSTLINE_ZERO_PERSISTENCE keeps no conversation, so there is nothing to play")
    if settings.desk or settings.directory != "builtin" or settings.smtp_host:
        raise NotHere("a desk, a directory or a mail server is configured; played conversations must not reach it")
    if held.strangers:
        named = ", ".join(held.strangers[:3])
        raise NotHere(f"{settings.home} holds more than the demo company ({named}); choose an empty folder with --into")
    if held.conversations and not held.played:
        raise NotHere(f"{settings.home} holds {held.conversations} conversations that were not played; choose an empty folder with --into")
    if held.conversations and not again:
        raise NotHere(f"{settings.home} holds {held}; --again plays it anew in their place, with what was said there since")


@dataclass(frozen=True, slots=True)
class Place:
    """A state folder and the folder beside it in which the weeks are played."""

    home: Path

    @property
    def stage(self) -> Path:
        """Where it is played."""
        return self.home.with_name(f".{self.home.name}.playing")

    def prepare(self) -> None:
        """Make an empty stage that shares the model and the key of the state folder; what an earlier try left is removed."""
        shutil.rmtree(self.stage, ignore_errors=True)
        self.stage.mkdir(parents=True)
        (self.stage / "models").symlink_to((self.home / "models").resolve())
        if (self.home / "secret.key").exists():
            shutil.copy2(self.home / "secret.key", self.stage / "secret.key")

    def move_in(self, facts: dict[str, Any], note: Callable[[str], None]) -> None:
        """Put what was played in the place of what the state folder holds. Only the models and the key stay."""
        note(f"everything was played; it moves to {self.home}")
        (self.stage / MARK).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        (self.stage / "models").unlink()
        for old in self.home.iterdir():
            if old.name not in KEPT:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for made in self.stage.iterdir():
            if not (made.name in KEPT and (self.home / made.name).exists()):
                made.rename(self.home / made.name)
        shutil.rmtree(self.stage)

    def give_up(self) -> None:
        """Remove the stage; the state folder is as it was."""
        shutil.rmtree(self.stage, ignore_errors=True)
