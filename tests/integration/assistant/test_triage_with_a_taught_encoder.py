"""Tickets of a running service are read with the encoder that their version was taught with, and go on being read where it is gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.adapters.memory.encoders import MemoryEncoders
from assistant.desk.triage.columns import guessed
from assistant.desk.triage.exports import Read, header_of, read_export
from assistant.desk.triage.source import source_facts
from assistant.doctor import Check, examine
from assistant.domain.ticket import Ticket, TicketBody, TicketDraft
from assistant.domain.triage import Field
from assistant.workflows.triaging import Triages
from tests.integration.assistant.test_triage_learns_weekly import decided
from tests.support.ticket_history import history, written
from tests.support.world import World

MARIA = "maria.santos"
MINUTE = 60.0


class Counted(MemoryEncoders):
    """Counts what it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def embed(self, name: str, texts: object) -> object:  # type: ignore[override]
        self.read += [name] * len(texts)  # type: ignore[arg-type]
        return super().embed(name, texts)  # type: ignore[arg-type]


@pytest.fixture
def encoders() -> Counted:
    return Counted()


@pytest.fixture
def taught(world: World, encoders: Counted, tmp_path: Path) -> Triages:
    """Triage of which a version was taught with an encoder."""
    path = written(tmp_path / "export.csv", history(2_000))
    columns = guessed(header_of(path))
    triage = replace(world.assistant.practices.triage, encoders=encoders)
    outcome = triage.learn(read_export(path, columns, Read()), "export.csv", "operator", seconds=MINUTE)
    assert outcome.taken, outcome.why
    triage.kept.remember_source(source_facts(path, columns, 0))
    return triage


def filed(world: World, text: str) -> Ticket:
    at = world.clock.now()
    with world.assistant.store.write() as unit:
        made = unit.tickets.create(TicketDraft(text, MARIA, text, "service-desk", "general", TicketBody(text)), at)
        return unit.tickets.file(made.id, TicketBody(text), "service-desk", at)


def test_a_ticket_is_read_with_one_run_of_the_encoder_for_all_fields(world: World, taught: Triages, encoders: Counted) -> None:
    ticket = filed(world, "the toner is empty again")
    encoders.read.clear()
    found = taught.reads(ticket.id)
    assert (found[Field.QUEUE].value, found[Field.QUEUE].by) == ("endpoint", "m-0001")
    assert found[Field.QUEUE].confidence > 0.8
    assert encoders.read == ["counted-1"]


def test_an_explanation_counts_what_words_mean_and_a_list_of_reasons_costs_no_embedding(world: World, taught: Triages, encoders: Counted) -> None:
    ticket = filed(world, "the toner is empty again")
    encoders.read.clear()
    assert any("toner" in one for one in taught.reasons(ticket.id, Field.QUEUE, "endpoint"))
    assert encoders.read == []
    why = taught.explained(ticket.id)["fields"]["queue"]["why"]
    assert any("toner" in one["what"] or "empty" in one["what"] for one in why)
    assert encoders.read


def test_a_ticket_is_triaged_by_its_words_where_the_encoder_is_gone(world: World, taught: Triages) -> None:
    assert taught.in_use() is not None
    ticket = filed(world, "the toner is empty again")
    world.assistant.carrier.drain()
    with world.assistant.store.read() as unit:
        made = unit.triage.load(ticket.id)
    assert made is not None
    assert made.fields[Field.QUEUE].by == "m-0001"
    assert made.value(Field.QUEUE) == "endpoint"


def test_the_doctor_says_which_encoder_reads_and_that_one_is_missing(world: World, tmp_path: Path, encoders: Counted) -> None:
    def said() -> Check:
        return next(one for one in examine(world.assistant, owned_here=True) if one.name == "triage")

    assert (said().state, said().says) == ("ok", "no history was learnt from: category and queue are those of the conversation")
    path = written(tmp_path / "export.csv", history(2_000))
    rows = read_export(path, guessed(header_of(path)), Read())
    triage = world.assistant.practices.triage
    assert replace(triage, encoders=encoders).learn(rows, "export.csv", "operator", seconds=MINUTE).taken
    assert (said().state, said().says) == ("bad", "m-0001 reads category, queue by words alone: counted-1 cannot be read")
    assert triage.learn(rows, "export.csv", "operator", embed=False).readers is not None
    triage.kept.take("m-0002")
    assert (said().state, said().says) == ("ok", "m-0002 reads category, queue")


def test_the_weekly_learning_teaches_nobody_and_keeps_the_encoder(world: World, taught: Triages, encoders: Counted) -> None:
    decided(world)
    taught.learn_weekly()
    assert len(encoders.taught) == 1
    assert taught.kept.load("m-0002").vectors_by == "counted-1"
