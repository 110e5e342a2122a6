"""Erasure and retention take words and names out of what is counted, and leave the counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from assistant.adapters.store import tables
from assistant.domain.measures import Cell
from assistant.privacy import erase, retain
from kb.adapters.store.engine import reading
from tests.support.world import World

MARIA = "maria.santos"
CANARY = "quetzal"
AXES = ("day", "channel", "category", "intent")


def live(world: World) -> None:
    """Let two people have conversations that end in several ways, one of them reopened."""
    for person in (MARIA, "jonas.weber"):
        solved = world.talk(person)
        solved.say("My mailbox is full, what can I do?")
        solved.press("yes")
        back = world.talk(person)
        back.say("How do I set up the VPN on my computer?")
        back.press("yes")
        world.clock.advance(timedelta(hours=30))
        back.say("It does not work, the VPN still does not connect")
        filed = world.talk(person)
        filed.say(f"The {CANARY} on my desk hums at night")
        filed.say("open a ticket please")
    world.clock.advance(timedelta(hours=30))
    world.assistant.carrier.drain()


def cells(world: World) -> list[Cell]:
    with world.assistant.store.read() as unit:
        return unit.outcomes.cells(date(2026, 1, 1), date(2030, 1, 1), AXES)


def rows(world: World, name: str) -> list[dict[str, Any]]:
    with reading(world.assistant.store.engine) as connection:
        return [dict(row) for row in connection.execute(select(tables.metadata.tables[name])).mappings()]


@pytest.fixture
def lived(world: World) -> World:
    live(world)
    found = cells(world)
    assert sum(cell.demand for cell in found) >= 6
    assert sum(cell.reopened for cell in found) == 2
    assert {row["person"] for row in rows(world, "asked")} == {MARIA, "jonas.weber"}
    return world


def test_erasing_a_person_keeps_the_counts_and_nothing_of_what_they_asked(lived: World) -> None:
    before = cells(lived)
    erase(lived.assistant, MARIA)
    assert cells(lived) == before
    assert {row["person"] for row in rows(lived, "asked")} == {"jonas.weber"}
    assert MARIA not in str([rows(lived, name) for name in ("outcomes", "asked", "judged")])


def test_retention_keeps_the_counts_and_drops_the_questions(lived: World) -> None:
    before, judged = cells(lived), len(rows(lived, "judged"))
    lived.clock.advance(timedelta(days=1_000))
    retain(lived.assistant)
    kept = {row["id"] for row in rows(lived, "conversations")}
    assert len(kept) == 4, "those whose tickets are still open stay"
    assert {row["conversation"] for row in rows(lived, "asked")} <= kept
    assert cells(lived) == before
    assert len(rows(lived, "judged")) == judged
    assert CANARY not in str([rows(lived, name) for name in ("outcomes", "judged")])
