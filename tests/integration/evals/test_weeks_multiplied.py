"""A played home, multiplied: every copy is whole, the ledger counts what its episodes say, and the audit is one chain."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from assistant.bootstrap import Assistant, open_assistant
from assistant.governance.anchoring import examine
from assistant.settings import Settings
from evals.weeks.bundles import NotCopied, read_bundles, unknown_tables
from evals.weeks.multiply import Filled, multiply
from evals.weeks.play import plan_of, play
from tests.support.service import copy_demo

END = datetime(2026, 11, 20, 15, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")
WANTED, WEEKS = 600, 13


@pytest.fixture(scope="module")
def played_home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("multiplied")
    kept = copy_demo(place / "kept", model_home)
    home = place / "home"
    (home / "index").mkdir(parents=True)
    (home / "models").symlink_to((model_home / "models").resolve())
    if (kept / "index" / "understanding.npz").exists():
        shutil.copy2(kept / "index" / "understanding.npz", home / "index")
    play(Settings(home=home), plan_of(2, 5, 20, END), print)
    return home


@pytest.fixture(scope="module")
def large(played_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Assistant, Filled, Path]]:
    home = tmp_path_factory.mktemp("large") / "home"
    shutil.copytree(played_home, home, symlinks=True)
    filled = multiply(Settings(home=home), WANTED, WEEKS, 200, END, 1, print)
    assistant = open_assistant(Settings(home=home))
    yield assistant, filled, home
    assistant.close()


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(home / "firstline.db")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_there_are_as_many_conversations_as_were_wanted_of_many_people_over_the_weeks(large: tuple[Assistant, Filled, Path]) -> None:
    _, filled, home = large
    assert WANTED <= filled.conversations <= WANTED + 5
    assert len({row[0] for row in rows(home, "SELECT person FROM conversations")}) > 100
    days = [date.fromisoformat(str(row[0])[:10]) for row in rows(home, "SELECT opened_at FROM conversations")]
    assert max(days) <= END.date()
    assert 12 * 7 <= (max(days) - min(days)).days <= 14 * 7


def test_the_ledger_counts_exactly_what_the_episodes_say(large: tuple[Assistant, Filled, Path]) -> None:
    assistant, _, home = large
    said = Counter[tuple[object, ...]]()
    query = "SELECT e.closed_at, c.channel, e.outcome, e.reopened FROM episodes e JOIN conversations c ON c.id = e.conversation"
    query += " WHERE e.outcome IS NOT NULL"
    for closed, channel, outcome, reopened in rows(home, query):
        day = datetime.fromisoformat(str(closed)).replace(tzinfo=UTC).astimezone(ZONE).date().isoformat()
        said[day, channel, outcome, bool(reopened)] += 1
    counted = Counter[tuple[object, ...]]()
    with assistant.store.read() as unit:
        for cell in unit.outcomes.cells(date(2026, 1, 1), date(2027, 1, 1), ("day", "channel", "outcome")):
            key = (cell.keys["day"], cell.keys["channel"], cell.keys["outcome"])
            counted[(*key, False)] += cell.demand
            counted[(*key, True)] += cell.reopened
            assert cell.demand == sum(cell.counts.values())
    assert +counted == said


def test_the_audit_is_one_chain_whose_names_are_known(large: tuple[Assistant, Filled, Path]) -> None:
    assistant, _, _ = large
    found = examine(assistant.store, assistant.anchors, assistant.secret)
    assert found.faults == []
    assert found.records > 5 * WANTED


def test_no_copy_refers_to_what_is_not_there_or_to_the_conversation_it_was_made_of(large: tuple[Assistant, Filled, Path], played_home: Path) -> None:
    _, _, home = large
    assert rows(home, "PRAGMA foreign_key_check") == []
    for table, column, other, key in (
        ("episodes", "ticket", "tickets", "id"),
        ("tickets", "origin", "conversations", "id"),
        ("unresolved_intents", "origin", "conversations", "id"),
        ("asked", "conversation", "conversations", "id"),
        ("outcomes", "conversation", "conversations", "id"),
    ):
        missing = f"SELECT count(*) FROM {table} WHERE {column} LIKE '%\\__%' ESCAPE '\\' AND {column} NOT IN (SELECT {key} FROM {other})"
        assert rows(home, missing) == [(0,)], table
    played = {str(row[0]) for row in rows(played_home, "SELECT id FROM conversations")}
    fresh = "SELECT conversation, body FROM events WHERE conversation NOT IN ({})".format(",".join(f"'{name}'" for name in played))
    for conversation, body in rows(home, fresh):
        named = json.loads(str(body)).get("reply", {}).get("conversation", conversation)
        assert named == conversation


def test_words_of_a_copy_name_its_own_person(large: tuple[Assistant, Filled, Path]) -> None:
    assistant, _, _ = large
    people = {one.id: one for one in assistant.directory.people()}
    copied = [one for one in people.values() if one.id[-5:-4] == "."]
    assert len(copied) > 100
    with assistant.store.read() as unit:
        bodies = [ticket for ticket in unit.tickets.all() if ticket.requester in {one.id for one in copied} and ticket.body.transcript]
    assert bodies
    for ticket in bodies:
        own = people[ticket.requester].name
        base = own.rpartition(" ")[0]
        assert base not in {who for who, _, _ in ticket.body.transcript}


def test_questions_of_copies_are_near_what_was_played_and_not_all_the_same(large: tuple[Assistant, Filled, Path]) -> None:
    import numpy as np

    assistant, _, _ = large
    with assistant.store.read() as unit:
        asked = [one for one in unit.outcomes.asked(datetime(2026, 1, 1, tzinfo=UTC), END) if one.vector]
    by_text: dict[str, list[tuple[float, ...]]] = {}
    for one in asked:
        by_text.setdefault(one.question, []).append(one.vector)
    most = max(by_text.values(), key=len)
    vectors = np.array(most)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-3)
    alike = vectors @ vectors.T
    assert 0.7 < alike.min() < 0.97
    assert len({tuple(row.round(2)) for row in vectors}) > 1


def test_a_table_of_conversations_without_a_rule_is_refused(played_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "firstline.db"
    shutil.copy2(played_home / "firstline.db", path)
    connection = sqlite3.connect(path)
    assert unknown_tables(connection) == []
    connection.execute("CREATE TABLE whispers (conversation TEXT, words TEXT)")
    with pytest.raises(NotCopied, match="whispers"):
        read_bundles(connection, lambda stored: stored[:10])
    connection.close()


def test_what_still_waits_is_not_copied(played_home: Path) -> None:
    connection = sqlite3.connect(played_home / "firstline.db")
    names = {name for one in read_bundles(connection, lambda stored: stored[:10]) for name in one.conversations}
    waiting = {
        row[0] for row in connection.execute("SELECT id FROM conversations WHERE state IN ('awaiting_confirmation', 'clarifying', 'offering_ticket')")
    }
    connection.close()
    assert names
    assert not names & waiting
