"""Tickets are triaged where they are filed: routed, left to review or to a person, put back, and learnt from."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.desk.triage.columns import guessed
from assistant.desk.triage.exports import Read, header_of, read_export
from assistant.desk.triage.features import Example
from assistant.desk.triage.kept import InUse, Kept
from assistant.desk.triage.running import CannotSettle
from assistant.domain.ticket import Ticket, TicketBody, TicketDraft
from assistant.domain.triage import Field, Route, Triage
from assistant.privacy import erase
from tests.support.ticket_history import history, written
from tests.support.world import World

MARIA = "maria.santos"
AGENT = "sam.oduya"


def filed(world: World, text: str, category: str = "general", origin: str = "", queue: str = "service-desk") -> Ticket:
    at = world.clock.now()
    with world.assistant.store.write() as unit:
        body = TicketBody(text)
        made = unit.tickets.create(TicketDraft(f"{text}{origin}", MARIA, text[:90], queue, category, body, origin), at)
        return unit.tickets.file(made.id, body, queue, at)


def triaged(world: World, ticket: Ticket) -> Triage:
    world.assistant.carrier.drain()
    with world.assistant.store.read() as unit:
        found = unit.triage.load(ticket.id)
    assert found is not None
    return found


def learnt(world: World, folder: Path, rows: int = 600) -> None:
    path = written(folder / "export.csv", history(rows))
    read = read_export(path, guessed(header_of(path)), Read())
    outcome = world.assistant.practices.triage.learn(read, "export.csv", "operator", embed=False)
    assert outcome.taken, outcome.why


def audit_of(world: World, ticket: str) -> list[str]:
    with world.assistant.store.read() as unit:
        found = [json.loads(record.body) for record in unit.audit.read(limit=10_000)]
    return [one["decision"] for one in found if one["step"] == "triage" and one.get("detail", {}).get("ticket") == ticket]


def test_a_ticket_that_reads_like_many_before_is_put_into_its_queue_and_the_audit_says_why(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "the vpn client asks again since this morning, please help")
    made = triaged(world, ticket)
    assert (made.route, made.suggested, made.model) == (Route.AUTO, ("vpn", "network"), "m-0001")
    assert made.confidence >= 0.85
    assert (world.ticket(ticket.id).category, world.ticket(ticket.id).queue) == ("vpn", "network")
    assert audit_of(world, ticket.id) == ["auto"]
    assert world.audit_faults() == []


def test_without_a_history_the_category_is_that_of_the_turn_and_nothing_unsure_is_moved(world: World) -> None:
    ticket = filed(world, "my screen stays black", category="laptop", queue="endpoint")
    made = triaged(world, ticket)
    assert (made.model, made.route, made.value(Field.QUEUE)) == ("turn", Route.ESCALATE, "endpoint")
    assert made.fields[Field.URGENCY].by == "text"
    assert world.ticket(ticket.id).queue == "endpoint"


def test_a_ticket_like_none_before_is_left_to_a_person(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "qwzx")
    assert triaged(world, ticket).route is not Route.AUTO
    assert world.ticket(ticket.id).queue == "service-desk"


def test_a_ticket_of_a_category_that_somebody_always_looks_at_waits_for_review(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "printer jams again after the update", category="security", queue="security")
    made = triaged(world, ticket)
    assert (made.route, made.rule) == (Route.REVIEW, "triage.review: security")
    assert world.ticket(ticket.id).queue == "security"


def test_a_ticket_of_another_practice_keeps_its_queue(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "printer jams again after the update", origin="alerts")
    assert triaged(world, ticket).route is Route.KEPT
    assert world.ticket(ticket.id).queue == "service-desk"


def test_what_was_routed_is_put_back_once_and_counts_as_a_misroute(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "mailbox is full since this morning please help")
    triaged(world, ticket)
    triage = world.assistant.practices.triage
    assert triage.take_back(ticket.id, AGENT).misrouted
    assert world.ticket(ticket.id).queue == "service-desk"
    with pytest.raises(CannotSettle, match="somebody has decided"):
        triage.take_back(ticket.id, AGENT)
    at = world.clock.now()
    with world.assistant.store.read() as unit:
        found = unit.triage.between(at - timedelta(days=1), at + timedelta(days=1), 14)
    assert (found.auto, found.corrected) == (1, 1)


def test_a_person_who_moves_a_routed_ticket_in_the_desk_corrects_it(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "mailbox is full since this morning please help")
    triaged(world, ticket)
    with world.assistant.store.write() as unit:
        unit.tickets.move(ticket.id, "wifi", "network", AGENT, world.clock.now())
    made = triaged(world, ticket)
    assert (made.settled, made.settled_by, made.misrouted) == (("wifi", "network"), AGENT, True)
    assert audit_of(world, ticket.id) == ["auto", "corrected"]


def test_a_correction_is_history_to_learn_from(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "mailbox is full since this morning please help")
    triaged(world, ticket)
    triage = world.assistant.practices.triage
    triage.settle(ticket.id, "wifi", "network", AGENT)
    with world.assistant.store.read() as unit:
        rows = triage.corrections(unit)
    assert [(row.labels[Field.CATEGORY], row.labels[Field.QUEUE]) for row in rows] == [("wifi", "network")]
    assert "mailbox is full" in rows[0].example.text


def test_a_ticket_is_triaged_once_however_often_its_errand_runs(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "toner is empty again please help")
    made = triaged(world, ticket)
    with world.assistant.store.write() as unit:
        assert world.assistant.practices.triage.triaging.triage(unit, ticket.id, {}, "again", world.clock.now()) is None
    assert triaged(world, ticket) == made
    assert len(audit_of(world, ticket.id)) == 1


def test_a_model_that_cannot_be_read_leaves_tickets_to_people_and_holds_nothing_up(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    (world.home / "triage" / "m-0001.npz").write_bytes(b"broken")
    ticket = filed(world, "toner is empty again please help")
    made = triaged(world, ticket)
    assert (made.route, made.rule) == (Route.ESCALATE, "it could not be read: CannotKeep")


def test_what_triage_said_of_a_persons_tickets_goes_with_the_person(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "toner is empty again please help")
    triaged(world, ticket)
    erase(world.assistant, MARIA)
    with world.assistant.store.read() as unit:
        assert unit.triage.load(ticket.id) is None


def test_who_corrected_is_forgotten_with_the_person_and_the_correction_stays(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    ticket = filed(world, "toner is empty again please help")
    triaged(world, ticket)
    world.assistant.practices.triage.settle(ticket.id, "wifi", "network", AGENT)
    erase(world.assistant, AGENT)
    with world.assistant.store.read() as unit:
        found = unit.triage.load(ticket.id)
    assert found is not None
    assert (found.settled, AGENT in found.settled_by) == (("wifi", "network"), False)


def test_undoing_a_model_puts_the_one_before_into_use(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    triage = world.assistant.practices.triage
    assert triage.undo("operator") == ("m-0001", "")
    assert triage.in_use() is None
    assert triaged(world, filed(world, "toner is empty again")).model == "turn"


def test_a_model_is_found_again_after_a_restart(world: World, tmp_path: Path) -> None:
    learnt(world, tmp_path)
    found = InUse(Kept(world.home / "triage"))()
    assert found is not None
    assert set(found.fields) >= {Field.CATEGORY, Field.QUEUE}
    example = Example("toner is empty again please help")
    here = world.assistant.practices.triage.in_use()
    assert here is not None
    assert found.fields[Field.QUEUE].read(example) == here.fields[Field.QUEUE].read(example)
