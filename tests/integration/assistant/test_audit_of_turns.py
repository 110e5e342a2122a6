"""The audit of real turns: every decision is in it, it grows with the turn or not at all, and tampering is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant.adapters.store.conversations import SqlConversations
from assistant.agent.state import Inbound
from assistant.domain.audit import GENESIS, Anchor, link
from assistant.governance.anchoring import anchor_head, examine
from tests.support.world import World

VPN = "I can't connect to the VPN"
CAR = "How do I book a pool car for a customer visit?"


def entries(world: World) -> list[dict[str, Any]]:
    with world.assistant.store.read() as unit:
        return [line.facts for line in unit.audit.lines()]


def bodies(world: World) -> str:
    """What is stored, word for word."""
    with world.assistant.store.read() as unit:
        return "\n".join(record.body for record in unit.audit.read())


def checked(world: World) -> tuple[int, int, list[str]]:
    found = examine(world.assistant.store, world.assistant.anchors, world.assistant.secret)
    return found.records, found.anchors, found.faults


def guards(faults: list[str]) -> list[str]:
    return [fault for fault in faults if "trigger" in fault]


def others(faults: list[str]) -> list[str]:
    return [fault for fault in faults if "trigger" not in fault]


@contextmanager
def by_hand(world: World) -> Iterator[sqlite3.Connection]:
    """The database, as an operator with a shell sees it."""
    connection = sqlite3.connect(world.home / "firstline.db", isolation_level=None)
    yield connection
    connection.close()


def without_triggers(connection: sqlite3.Connection) -> None:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")]
    assert names
    for name in names:
        connection.execute(f"DROP TRIGGER {name}")


def anchored(world: World) -> Anchor | None:
    """Do what the service does every half minute."""
    parts = world.assistant
    return anchor_head(parts.store, parts.anchors, parts.secret, parts.clock.now())


@pytest.fixture
def used(world: World) -> World:
    """A world in which a few turns were taken."""
    maria = world.talk("maria.santos")
    maria.say(VPN)
    maria.press("yes")
    jonas = world.talk("jonas.weber")
    jonas.say(CAR)
    jonas.say("the page says that no vehicle is free")
    jonas.press("file")
    return world


def test_every_decision_of_a_turn_is_there_with_its_grounds(world: World) -> None:
    maria = world.talk("maria.santos")
    answer = maria.say(VPN)
    closed = maria.press("yes")
    understood, answered, pressed, resolved = entries(world)
    assert [entry["step"] for entry in (understood, answered, pressed, resolved)] == ["understand", "answer", "understand", "resolve"]
    for entry in entries(world):
        assert (entry["actor"], entry["conversation"]) == ("maria.santos", answer.conversation)
    assert {understood["message"], answered["message"]} == {answer.message}
    assert {pressed["message"], resolved["message"]} == {closed.message}
    assert (understood["decision"], understood["model"]) == ("question", "local-understand/2")
    assert 0 <= understood["confidence"] <= 1
    assert (answered["decision"], answered["model"], answered["policy"]) == ("auto", "local-answer/1", world.assistant.policy.version)
    assert answered["confidence"] == pytest.approx(answer.confidence, abs=1e-3)
    store = world.assistant.knowledge_base.store
    live = {passage.id for passage in store.passages_of("vpn-install-windows")}
    assert set(answered["passages"]) <= live
    assert len(answered["passages"]) == len(answer.citations)
    assert answered["detail"]["groups"] == sorted(world.assistant.directory.person("maria.santos").groups)  # type: ignore[union-attr]
    assert answered["detail"]["device"] == answer.device.id  # type: ignore[union-attr]
    assert (answered["outcome"], resolved["outcome"]) == ("awaiting_confirmation", "RESOLVED_CONFIRMED")
    assert resolved["detail"]["ticket"] == closed.ticket.id  # type: ignore[union-attr]


def test_an_abstention_records_what_was_looked_at(used: World) -> None:
    looked = [entry for entry in entries(used) if entry["actor"] == "jonas.weber" and entry["step"] == "answer"]
    assert len(looked) == 2
    for entry in looked:
        assert entry["decision"] == "escalate"
        assert entry["passages"]
        assert 0 <= entry["confidence"] < used.assistant.policy.bands["answer"].review
    (filed,) = [entry for entry in entries(used) if entry["step"] == "file"]
    assert (filed["outcome"], filed["detail"]["queue"]) == ("TICKET_FILED", "service-desk")


def test_every_message_is_in_it_and_no_words_of_anybody(used: World) -> None:
    with used.assistant.store.read() as unit:
        answered = {
            event.body["message"]
            for person in ("maria.santos", "jonas.weber")
            for conversation in unit.conversations.of_person(person)
            for event in unit.conversations.events(conversation.id)
            if event.body["type"] == "message"
        }
    assert {entry["message"] for entry in entries(used)} == answered
    for words in ("pool car", "no vehicle is free", "connect to the VPN", "maria", "jonas"):
        assert words not in bodies(used)


def test_it_grows_with_the_turn_or_not_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = SqlConversations.answer, []

    def once(self: SqlConversations, *args: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("after the audit was written")
        real(self, *args)

    monkeypatch.setattr(SqlConversations, "answer", once)
    world.talk("maria.santos").say(VPN)
    assert [(entry["step"], entry["decision"]) for entry in entries(world)] == [("turn", "failed")]


def test_an_untouched_audit_holds(used: World) -> None:
    records, anchors, faults = checked(used)
    assert records == len(entries(used)) >= 10
    assert (anchors, faults) == (0, [])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET body = body || ' ' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit",
        "UPDATE audit SET hash = ''",
        "REPLACE INTO audit (number, body, hash) VALUES (2, 'x', 'y')",
        "INSERT INTO audit (number, body, hash) VALUES (2, 'x', 'y') ON CONFLICT (number) DO UPDATE SET body = 'x'",
    ],
)
def test_the_table_refuses_changes(used: World, statement: str) -> None:
    with by_hand(used) as connection:
        before = connection.execute("SELECT * FROM audit").fetchall()
        with pytest.raises(sqlite3.DatabaseError, match="only grows"):
            connection.execute(statement)
        assert connection.execute("SELECT * FROM audit").fetchall() == before
    assert checked(used)[2] == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit SET body = replace(body, '\"auto\"', '\"review\"') WHERE number = 2", "record 2 was changed, or one before it was"),
        ("DELETE FROM audit WHERE number = 3", "record 3 is missing: the next one is 4"),
        ("UPDATE audit SET hash = upper(hash) WHERE number = 4", "record 4 was changed, or one before it was"),
        ("INSERT INTO audit VALUES (500, 'x', 'y')", "record 500 was changed, or one before it was"),
    ],
)
def test_an_edit_by_hand_is_found(used: World, statement: str, fault: str) -> None:
    with by_hand(used) as connection:
        without_triggers(connection)
        assert connection.execute(statement).rowcount == 1
    faults = checked(used)[2]
    assert fault in faults
    assert len(guards(faults)) == 3


def test_a_cut_tail_and_a_rebuilt_chain_are_found_by_the_anchors(used: World) -> None:
    with used.assistant.store.read() as unit:
        head = unit.audit.head()
    assert head is not None
    anchored(used)
    assert checked(used) == (head.number, 1, [])
    with by_hand(used) as connection:
        without_triggers(connection)
        rows = connection.execute("SELECT number, body FROM audit ORDER BY number").fetchall()
        previous = GENESIS
        for number, body in rows:
            changed = body.replace('"auto"', '"review"')
            previous = link(previous, number, changed)
            connection.execute("UPDATE audit SET body = ?, hash = ? WHERE number = ?", (changed, previous, number))
    assert others(checked(used)[2]) == [f"record {head.number} is not the one that was anchored"]
    with by_hand(used) as connection:
        connection.execute("DELETE FROM audit WHERE number > ?", (head.number - 2,))
    assert others(checked(used)[2]) == [f"record {head.number} was anchored and is gone"]


def test_a_forged_or_broken_anchors_file_is_found(used: World) -> None:
    with used.assistant.store.read() as unit:
        head = unit.audit.head()
    assert head is not None
    used.assistant.anchors.add(Anchor.of(head, b"another key"))
    assert checked(used)[2] == [f"the anchor of record {head.number} is not sealed with this installation's key"]
    used.assistant.anchors.path.write_text("{broken\n")
    assert "anchors file cannot be read" in checked(used)[2][0]
    used.assistant.anchors.path.write_text('{"number": 1}\n')
    assert "anchors file cannot be read" in checked(used)[2][0]


def test_the_key_of_the_installation_is_its_owners_alone(used: World) -> None:
    path = Path(used.home / "secret.key")
    assert path.stat().st_mode & 0o077 == 0
    assert len(path.read_text().strip()) >= 64


def test_what_somebody_typed_into_a_choice_is_a_digest(world: World) -> None:
    for number, choice in enumerate(["my password is hunter2", "hunter2", "device:hunter2 is my password", "yes, hunter2"]):
        world.assistant.turns.take("maria.santos", None, Inbound(f"typed{number}", choice=choice), "test")
    assert "hunter2" not in bodies(world)
    chosen = [entry["detail"]["choice"] for entry in entries(world) if entry["step"] == "understand"]
    assert [len(choice) for choice in chosen] == [16, 16, 16, 16]


def test_a_choice_that_was_offered_stands_as_it_is(used: World) -> None:
    assert {entry["detail"]["choice"] for entry in entries(used) if entry["step"] == "understand"} == {"", "yes", "file"}


def test_what_is_handed_over_stands_as_ids_and_a_digest(used: World) -> None:
    (filed,) = [entry for entry in entries(used) if entry["step"] == "file"]
    ticket = used.ticket(filed["detail"]["ticket"])
    assert (filed["context"]["ticket"], filed["context"]["queue"]) == (ticket.id, ticket.queue)
    assert filed["context"]["lines"] == len(ticket.body.transcript) > 0
    assert len(filed["context"]["body"]) == 16


def test_a_failure_says_its_kind_and_not_its_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("maria wrote hunter2")

    monkeypatch.setattr("assistant.agent.turn.look_up", fail)
    world.talk("maria.santos").say(VPN)
    (failed,) = entries(world)
    assert failed["detail"]["why"] == "RuntimeError"
    assert "hunter2" not in bodies(world)


def test_what_the_policy_decided_by_is_in_the_record(used: World) -> None:
    answered = [entry for entry in entries(used) if entry["step"] == "answer"]
    for entry in answered:
        assert entry["facts"] == {"step": "answer", "confidence": entry["confidence"]}
        assert entry["rule"] == "steps.answer"
        assert entry["verdict"] == used.assistant.policy.decide("answer", entry["confidence"]).value
