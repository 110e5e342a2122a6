"""Triage as it is reached from pages, webhooks, errands and the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from assistant.desk.triage.exports import CannotRead, Read, Row, read_export
from assistant.desk.triage.features import Example
from assistant.desk.triage.kept import InUse, Kept, Readers
from assistant.desk.triage.learning import Outcome, learn_all
from assistant.desk.triage.model import FieldReader, Reason
from assistant.desk.triage.neighbours import nearest
from assistant.desk.triage.reading import Patterns, Surroundings, example_of, one_name_for_each, queue_called, read
from assistant.desk.triage.running import STEP, Triaging
from assistant.desk.triage.source import columns_of
from assistant.desk.triage.teaching import Meanings
from assistant.domain.audit import AuditEntry
from assistant.domain.ticket import Ticket
from assistant.domain.triage import Field, Suggested, Triage
from assistant.governance.triage_rules import rules_of
from assistant.ports.clock import Clock
from assistant.ports.encoders import Encoders
from assistant.ports.identity import Directory, Workplace
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Store, UnitOfWork
from assistant.workflows.triage_errands import next_learning

SERVICE = "firstline"
MOST_CORRECTIONS = 50_000
SHOWN_REASONS = 4


@dataclass(frozen=True, slots=True)
class Triages:
    """Everything that triage is reached by."""

    store: Store
    clock: Clock
    directory: Directory
    workplace: Workplace
    knowledge: Knowledge
    triaging: Triaging
    kept: Kept
    encoders: Encoders
    """Those that were taught, kept beside the versions that they belong to."""
    in_use: InUse
    patterns: Patterns
    """What the words themselves say of tone, urgency and impact."""
    may_learn: bool
    """Whether words of tickets may stay in a model without anybody asking for it: not where nothing that people write is kept."""

    def surroundings(self, unit: UnitOfWork, ticket: Ticket) -> Surroundings:
        """Return what a ticket is read beside."""
        said = unit.conversations.load(ticket.origin) if ticket.origin else None
        channel = said.channel if said is not None else ticket.origin
        return Surroundings(self.directory.person(ticket.requester), channel, self.workplace.queues(), tuple(self.workplace.services()))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return the meanings of texts, with no rows where there is no embedding model."""
        rows = [self.knowledge.embed(text) for text in texts]
        return np.array(rows, dtype=np.float32) if rows and all(len(row) for row in rows) else np.zeros((0, 1), dtype=np.float32)

    @property
    def meanings(self) -> Meanings:
        """What reads the meaning of texts."""
        return Meanings(self.embed, self.encoders)

    def meant(self, readers: Readers, texts: Sequence[str]) -> np.ndarray:
        """Return the meanings of texts as a version wants them, with no rows where nothing can read them."""
        return self.meanings.of(texts, readers.vectors_by)

    def reads(self, ticket_id: str) -> dict[Field, Suggested]:
        """Read a ticket.

        Raises:
            LookupError: it is gone.
            CannotKeep: the model in use cannot be read.
        """
        with self.store.read() as unit:
            ticket = unit.tickets.ticket(ticket_id)
            if ticket is None:
                raise LookupError(ticket_id)
            around = self.surroundings(unit, ticket)
        readers = self.in_use()
        return read(ticket, around, readers, lambda texts: self.meant(readers, texts) if readers is not None else self.embed(texts), self.patterns)

    def reasons(self, ticket_id: str, field: Field, value: str) -> list[str]:
        """Return what in a ticket spoke most for a value of a field; nothing where no history taught the field, or the ticket is gone."""
        readers = self.in_use()
        reader = readers.fields.get(field) if readers is not None else None
        if reader is None:
            return []
        with contextlib.suppress(LookupError):
            return [one.what for one in reader.why(self.example(ticket_id)[1], self._label(reader, field, value))[:SHOWN_REASONS]]
        return []

    def _label(self, reader: FieldReader, field: Field, value: str) -> str:
        """Return what the history calls a value: a queue may have another name there than its id here."""
        if field is not Field.QUEUE:
            return value
        queues = self.workplace.queues()
        return next((label for label in reader.labels if queue_called(label, queues) == value), value)

    def history(self) -> list[Row]:
        """Return the tickets that the model in use was learnt from, as far as they can still be read, and what people decided."""
        source, rows = self.kept.source(), list[Row]()
        if source.get("path") and Path(source["path"]).exists():
            with contextlib.suppress(CannotRead):
                rows = read_export(Path(source["path"]), columns_of(source), Read())
        with self.store.read() as unit:
            return rows + self.corrections(unit)

    def explained(self, ticket_id: str) -> dict[str, Any]:
        """Return for a page or a program what a ticket is read as, what spoke for it, and which tickets of the history are like it.

        Raises:
            LookupError: it is gone.
        """
        ticket, example = self.example(ticket_id)
        found, readers = self.reads(ticket_id), self.in_use()
        fields: dict[str, Any] = {}
        for name, one in found.items():
            reader = readers.fields.get(name) if readers is not None else None
            why = list[Reason]()
            if readers is not None and reader is not None:
                why = reader.why(example, self._label(reader, name, one.value), partial(self.meant, readers))
            fields[name.value] = {"value": one.value, "confidence": one.confidence, "by": one.by, "why": [asdict(reason) for reason in why]}
        near: list[dict[str, Any]] = []
        if readers is not None:
            reader = readers.fields.get(Field.QUEUE) or next(iter(readers.fields.values()))
            rows = [row for row in self.history() if row.example.key != ticket.id]
            near = [asdict(one) | {"labels": {k.value: v for k, v in one.labels.items()}} for one in nearest(example, rows, reader.vocabulary)]
        with self.store.read() as unit:
            known = unit.triage.load(ticket_id)
        decided = f"It was decided then: {known.route.value}, by {known.rule}." if known is not None else ""
        return {"ticket": ticket.id, "fields": fields, "neighbours": near, "decided": decided}

    def example(self, ticket_id: str) -> tuple[Ticket, Example]:
        """Return a ticket and how it is read.

        Raises:
            LookupError: it is gone.
        """
        with self.store.read() as unit:
            ticket = unit.tickets.ticket(ticket_id)
            if ticket is None:
                raise LookupError(f"there is no ticket {ticket_id}")
            return ticket, example_of(ticket, self.surroundings(unit, ticket))

    # -- learning -------------------------------------------------------------------------------------------------------

    def corrections(self, unit: UnitOfWork) -> list[Row]:
        """Return the tickets of which a person said where they belong, as history to learn from."""
        rows = []
        for one in unit.triage.corrected(MOST_CORRECTIONS):
            ticket = unit.tickets.ticket(one.ticket)
            if ticket is not None and ticket.requester:
                labels = {Field.CATEGORY: one.settled[0], Field.QUEUE: one.settled[1]}
                rows.append(Row(example_of(ticket, self.surroundings(unit, ticket)), labels))
        return rows

    def learn(
        self,
        rows: Sequence[Row],
        source: str,
        by: str,
        embed: bool = True,
        note: Callable[[str], None] = lambda _: None,
        seconds: float = 0.0,
    ) -> Outcome:
        """Learn a version from rows, and take it where it may be. With ``seconds`` an encoder is fine-tuned first, for that long at most."""
        at, meanings = self.clock.now(), self.meanings if embed else Meanings()
        made = learn_all(one_name_for_each(rows, self.workplace.queues()), self.kept, meanings, at, source, note, seconds)
        if made.readers is not None:
            self._note(by, "taken" if made.taken else "kept beside", {"model": made.readers.name, "before": made.readers.facts["before"]}, at)
        return made

    def undo(self, by: str) -> tuple[str, str]:
        """Put the version before into use again; return the undone one and the one in use now.

        Raises:
            CannotKeep: none is in use.
        """
        undone, now = self.kept.undo()
        self._note(by, "undone", {"model": undone, "before": now}, self.clock.now())
        return undone, now

    def _note(self, by: str, became: str, detail: dict[str, Any], at: datetime) -> None:
        with self.store.write() as unit:
            unit.audit.append([AuditEntry(at, by, STEP, f"model {became}", detail=detail)])

    def learn_weekly(self) -> dict[str, Any]:
        """Learn from the remembered history and what people decided since, if enough is new."""
        with self.store.read() as unit:
            rules, rows = rules_of(self.triaging.policy(unit)), self.corrections(unit)
        source = self.kept.source()
        fresh = len(rows) - int(source.get("corrections", 0))
        if not rules.learn_weekly or not self.may_learn:
            return {"kept": False, "why": "weekly learning is off"}
        if fresh < rules.fewest_corrections:
            return {"kept": False, "why": f"{max(fresh, 0)} new decisions of people; {rules.fewest_corrections} are needed"}
        history = read_export(Path(source["path"]), columns_of(source), Read()) if source.get("path") else []
        made = self.learn([*history, *rows], "weekly", SERVICE)
        self.kept.remember_source(source | {"corrections": len(rows)})
        return {"kept": made.taken, "why": made.why}

    def follow_schedule(self) -> None:
        """Put the errand of the next week's learning; called at each start."""
        with self.store.write() as unit:
            unit.outbox.put(next_learning(self.clock.now(), self.workplace.company().timezone))

    # -- what people decide ---------------------------------------------------------------------------------------------

    def settle(self, ticket_id: str, category: str, queue: str, by: str) -> Triage:
        """See ``Triaging.settle``."""
        with self.store.write() as unit:
            return self.triaging.settle(unit, ticket_id, category, queue, by, self.clock.now())

    def take_back(self, ticket_id: str, by: str) -> Triage:
        """See ``Triaging.undo``."""
        with self.store.write() as unit:
            return self.triaging.undo(unit, ticket_id, by, self.clock.now())
