"""A real audit to tamper with: made by turns of the demo company's assistant, anchored as the service does it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from assistant.adapters.memory.clock import FixedClock
from assistant.agent.state import Inbound
from assistant.bootstrap import Assistant, load_people, open_assistant
from assistant.governance.anchoring import anchor_head
from assistant.settings import Settings
from evals.world import DEMO_ARTICLES, prepared_home
from ingest.report import LineReport
from ingest.sync import sync

BEGAN = datetime(2026, 11, 23, 8, tzinfo=UTC)
CONVERSATIONS_AN_ANCHOR = 10
FOLLOW_UPS = 2
KEPT = ("audit", "audit_anchors", "aliases")
QUESTIONS = ("How do I set up {}?", "{} does not work", "where is the guide for {}?", "I need {} today")
SUBJECTS = ("the VPN", "my printer", "the guest network", "a shared mailbox", "two screens", "a pool car", "the expense tool", "a docking station")


@dataclass(frozen=True, slots=True)
class Book:
    """The tables of the audit in a database of their own, the anchors file, and the key of the installation."""

    database: Path
    anchors: Path
    key: bytes
    records: int


def make_book(folder: Path, model_home: Path, records: int, seed: int, progress: Callable[[str], None]) -> Book:
    """Let the demo company talk until the audit holds so many records; one of its people is erased half way."""
    settings = Settings(home=prepared_home(folder, model_home), database_url="", anchor_file=None, policy_file=None, deadline_seconds=60)
    assistant = open_assistant(settings, FixedClock(BEGAN))
    try:
        sync(DEMO_ARTICLES, assistant.knowledge_base, settings, LineReport(lambda _: None))
        load_people(assistant, DEMO_ARTICLES / "company.toml")
        assistant.knowledge_base.keeper.own()
        assistant.knowledge_base.keeper.catch_up()
        _talk(assistant, records, random.Random(seed), progress)
        made, secret = _count(assistant), assistant.secret
    finally:
        assistant.close()
    kept = folder / "book.db"
    only_the_audit(settings.home / "firstline.db", kept)
    return Book(kept, assistant.anchors.path, secret, made)


def _talk(assistant: Assistant, records: int, dice: random.Random, progress: Callable[[str], None]) -> None:
    people, clock, erased = [person.id for person in assistant.directory.people()], assistant.clock, False
    assert isinstance(clock, FixedClock)
    for number in range(records):
        made = _count(assistant)
        if made >= records:
            break
        clock.advance(timedelta(minutes=dice.randrange(1, 30)))
        _converse(assistant, dice.choice(people), dice)
        if number % CONVERSATIONS_AN_ANCHOR == 0:
            anchor_head(assistant.store, assistant.anchors, assistant.secret, clock.now())
            progress(f"{made} of {records} records")
        if not erased and made > records // 2:
            with assistant.store.write() as unit:
                erased = bool(unit.audit.forget(people[0], clock.now()))
    anchor_head(assistant.store, assistant.anchors, assistant.secret, clock.now())


def _converse(assistant: Assistant, person: str, dice: random.Random) -> None:
    text = dice.choice(QUESTIONS).format(dice.choice(SUBJECTS))
    reply = assistant.turns.take(person, None, Inbound(_id(dice), text), "eval")
    for _ in range(FOLLOW_UPS):
        choices = [choice.id for choice in reply.choices if ":" not in choice.id]
        if not choices:
            return
        reply = assistant.turns.take(person, reply.conversation, Inbound(_id(dice), choice=dice.choice(choices)), "eval")


def _id(dice: random.Random) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))


def _count(assistant: Assistant) -> int:
    with assistant.store.read() as unit:
        return unit.audit.count()


def only_the_audit(whole: Path, kept: Path) -> None:
    """Copy a database and drop every other table, so that copies are quickly made; the audit's rows and triggers stay as they are."""
    with closing(sqlite3.connect(whole)) as source, closing(sqlite3.connect(kept)) as target:
        source.backup(target)
        target.execute("PRAGMA foreign_keys=OFF")
        tables = target.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
        for (name,) in tables:
            if name not in KEPT:
                target.execute(f'DROP TABLE "{name}"')
        target.commit()
        target.execute("VACUUM")
        target.execute("PRAGMA journal_mode=DELETE")
