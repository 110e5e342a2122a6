"""Triage learns once a week through its errand: takes what is better, refuses what is worse, and holds nothing up when it fails."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.desk.triage.columns import guessed
from assistant.desk.triage.exports import Read, Row, header_of, read_export
from assistant.desk.triage.filing import LEARN
from assistant.desk.triage.learning import Outcome, held_out
from assistant.desk.triage.source import source_facts
from assistant.domain.ticket import Ticket, TicketBody, TicketDraft
from assistant.domain.triage import Field, Route, Suggested, Triage
from assistant.ports.store import OutboxEntry
from assistant.workflows import triaging
from assistant.workflows.carrying import HELD
from tests.support.ticket_history import SAID, history, written
from tests.support.world import World

MARIA, AGENT = "maria.santos", "sam.oduya"
ENOUGH = 30
IDS = {"Network": "network", "Identity and access": "identity", "Collaboration": "collaboration", "Endpoint": "endpoint"}


class Cut(BaseException):
    """The power went."""


def spoilt(folder: Path, rows: list[dict[str, str]], share: int) -> list[dict[str, str]]:
    """Return rows of which, among those that are learnt from, one in ``share`` stands in a wrong place; those held out stay as they are."""
    path = written(folder / "whole.csv", rows)
    read = read_export(path, guessed(header_of(path)), Read())
    kinds = list(SAID)

    def wrong(row: dict[str, str]) -> dict[str, str]:
        category, group = kinds[(kinds.index((row["category"], row["assignment_group"])) + 1) % len(kinds)]
        return row | {"category": category, "assignment_group": group}

    return [row if held_out(one.example) or number % share else wrong(row) for number, (row, one) in enumerate(zip(rows, read, strict=True))]


def begun(world: World, folder: Path, first: list[dict[str, str]], then: list[dict[str, str]]) -> None:
    """Learn from one history; the file that is remembered holds another one by the time of the next learning."""
    path, triage = written(folder / "export.csv", first), world.assistant.practices.triage
    columns = guessed(header_of(path))
    assert triage.learn(read_export(path, columns, Read()), "export.csv", "operator", embed=False).taken
    written(path, then)
    triage.kept.remember_source(source_facts(path, columns, 0))
    triage.follow_schedule()


def decided(world: World, count: int = ENOUGH, start: int = 0) -> None:
    """Let people put tickets where they belong; they stand for those that were triaged and then moved."""
    kinds, at = list(SAID), world.clock.now()
    with world.assistant.store.write() as unit:
        for number in range(start, start + count):
            category, queue = kinds[number % len(kinds)]
            text = f"{SAID[category, queue][number % 5]} number {number}"
            made = unit.own_tickets.create(TicketDraft(text, MARIA, text, "service-desk", "general", TicketBody(text)), at)
            read = {Field.CATEGORY: Suggested("general", 0.9), Field.QUEUE: Suggested("service-desk", 0.9)}
            unit.triage.add(Triage(made.id, at, Route.AUTO, "rule", read, before=("general", "service-desk")))
            said = unit.triage.load(made.id)
            assert said is not None
            unit.triage.save(replace(said, settled=(category, IDS[queue]), settled_at=at, settled_by=AGENT))


def filed(world: World) -> Ticket:
    """File a ticket for people, which triage has to read."""
    text, at = "toner is empty again", world.clock.now()
    with world.assistant.store.write() as unit:
        made = unit.tickets.create(TicketDraft(text, MARIA, text, "service-desk", "general", TicketBody(text)), at)
        return unit.tickets.file(made.id, TicketBody(text), "service-desk", at)


def learnings(world: World) -> list[OutboxEntry]:
    """Return the errands that wait to learn."""
    with world.assistant.store.read() as unit:
        return [entry for entry in unit.outbox.waiting() if entry.kind == LEARN]


def next_week(world: World) -> OutboxEntry:
    """Carry out the errand of the week that comes at its time; return how it ended."""
    [entry] = learnings(world)
    world.clock.advance(entry.due_at - world.clock.now())
    world.assistant.carrier.drain()
    return ended(world, entry)


def ended(world: World, entry: OutboxEntry) -> OutboxEntry:
    with world.assistant.store.read() as unit:
        found = unit.outbox.load(entry.key)
    assert found is not None
    return found


def models(world: World) -> list[str]:
    """Return what the audit says of versions, in order."""
    with world.assistant.store.read() as unit:
        found = [json.loads(record.body) for record in unit.audit.read(limit=10_000)]
    return [one["decision"] for one in found if one["step"] == "triage" and one["decision"].startswith("model ")]


def in_use(world: World) -> str:
    return world.assistant.practices.triage.kept.in_use()


def test_a_better_version_is_learnt_from_what_people_decided_and_taken(world: World, tmp_path: Path) -> None:
    begun(world, tmp_path, spoilt(tmp_path, history(600), 2), history(600))
    decided(world)
    done = next_week(world)
    assert (done.state, done.result["kept"]) == ("done", True), done.result
    assert "the paired difference to m-0001 holds" in done.result["why"]
    assert (in_use(world), models(world)) == ("m-0002", ["model taken", "model taken"])
    assert world.assistant.practices.triage.kept.facts("m-0002")["rows"] == 600 + ENOUGH
    assert world.audit_faults() == []


def test_a_worse_version_is_kept_beside_and_the_one_in_use_stays(world: World, tmp_path: Path) -> None:
    begun(world, tmp_path, history(600), spoilt(tmp_path, history(600), 1))
    decided(world)
    done = next_week(world)
    assert (done.state, done.result["kept"]) == ("done", False)
    assert "m-0001" in done.result["why"]
    assert (in_use(world), models(world)) == ("m-0001", ["model taken", "model kept beside"])


def test_it_learns_once_a_week_and_only_from_enough_that_is_new(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(world, tmp_path, history(600), history(600))
    learnt = list[int]()

    def counted(rows: Sequence[Row], *_: object) -> Outcome:
        learnt.append(len(rows))
        return Outcome(None, False, "not now")

    monkeypatch.setattr(triaging, "learn_all", counted)
    decided(world, ENOUGH - 1)
    assert next_week(world).result["why"] == f"{ENOUGH - 1} new decisions of people; {ENOUGH} are needed"
    decided(world, 1, ENOUGH)
    for _ in range(3):
        world.assistant.practices.triage.follow_schedule()
        world.assistant.carrier.drain()
    assert learnt == []
    next_week(world)
    world.clock.advance(timedelta(days=3))
    world.assistant.practices.triage.follow_schedule()
    world.assistant.carrier.drain()
    assert learnt == [600 + ENOUGH]
    assert "0 new decisions" in next_week(world).result["why"]
    assert learnt == [600 + ENOUGH]


def test_what_cannot_be_learnt_leaves_the_model_and_the_queue_goes_on(world: World, tmp_path: Path) -> None:
    begun(world, tmp_path, history(600), history(600))
    (tmp_path / "export.csv").unlink()
    decided(world)
    [entry] = learnings(world)
    world.clock.advance(entry.due_at - world.clock.now())
    made = filed(world)
    world.assistant.carrier.drain()
    assert (ended(world, entry).state, ended(world, entry).result["kept"]) == ("done", False)
    assert in_use(world) == "m-0001"
    with world.assistant.store.read() as unit:
        assert unit.triage.load(made.id) is not None
    [after] = learnings(world)
    assert after.due_at - entry.due_at == timedelta(weeks=1)


def test_learning_that_is_cut_off_is_done_again_and_holds_no_ticket_up(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(world, tmp_path, spoilt(tmp_path, history(600), 2), history(600))
    decided(world)
    [entry] = learnings(world)
    world.clock.advance(entry.due_at - world.clock.now())
    with monkeypatch.context() as cut:
        cut.setattr(triaging, "learn_all", lambda *_: (_ for _ in ()).throw(Cut))
        with pytest.raises(Cut):
            world.assistant.carrier.drain()
    assert (ended(world, entry).state, in_use(world)) == ("waiting", "m-0001")
    made = filed(world)
    other = replace(world.assistant.carrier, holder="another process")
    other.drain()
    with world.assistant.store.read() as unit:
        assert unit.triage.load(made.id) is not None
    assert (ended(world, entry).state, in_use(world)) == ("waiting", "m-0001")
    world.clock.advance(HELD + timedelta(seconds=1))
    other.drain()
    assert (ended(world, entry).state, in_use(world), len(learnings(world))) == ("done", "m-0002", 1)


def test_a_queue_has_one_name_in_what_is_learnt_however_history_and_people_call_it(world: World, tmp_path: Path) -> None:
    begun(world, tmp_path, spoilt(tmp_path, history(600), 2), history(600))
    decided(world, 3 * ENOUGH)
    next_week(world)
    reader = world.assistant.practices.triage.kept.load("m-0002").fields[Field.QUEUE]
    assert len({label.casefold() for label in reader.labels}) == len(reader.labels)
    assert set(reader.labels) <= set(IDS)
