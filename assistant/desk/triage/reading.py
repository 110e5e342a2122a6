"""A ticket of ours as triage reads it, and what it reads: from the organisation's history where it taught a field, else from what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.desk.triage.exports import Row
from assistant.desk.triage.features import Example
from assistant.desk.triage.kept import Readers
from assistant.desk.triage.model import Embed
from assistant.domain.configuration import Person, Queue, Service, queue_for
from assistant.domain.ticket import Ticket
from assistant.domain.triage import TEXT, TURN, Field, Suggested

KNOWN_FIELDS = ("channel", "department", "location", "title", "device")
"""The fields that are known of every ticket when it is filed here; a model for live use learns from columns that stand for these."""
UNMEASURED = 0.5
"""The confidence of what plain patterns say: nobody measured them on the organisation's tickets, so they only ever suggest."""
Patterns = Callable[[Sequence[str]], Mapping[Field, str]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a ticket is read beside."""

    person: Person | None
    channel: str
    queues: tuple[Queue, ...]
    services: tuple[Service, ...]


def said_in(ticket: Ticket, name: str) -> list[str]:
    """Return what the requester wrote, the subject first; the assistant's and others' words are left out."""
    words = [text for who, text, _ in ticket.body.transcript if who == name]
    if not words:
        words = [ticket.body.summary.removeprefix("Asked: ").removesuffix("No article answered it.")]
    return [ticket.subject, *words]


def example_of(ticket: Ticket, around: Surroundings) -> Example:
    """Return a ticket as it is read: the requester's words, and what was known when it was filed."""
    person = around.person or Person(ticket.requester, "")
    fields = {
        "channel": around.channel,
        "department": person.department,
        "location": person.location,
        "title": person.title,
        "device": ticket.body.device.partition(" (")[0],
    }
    text = "\n".join(said_in(ticket, person.name))
    return Example(text, {name: value for name, value in fields.items() if value}, ticket.opened_at, ticket.id)


def read(ticket: Ticket, around: Surroundings, readers: Readers | None, embed: Embed, patterns: Patterns) -> dict[Field, Suggested]:
    """Return what each field is read as."""
    example = example_of(ticket, around)
    found = _by_words(ticket, around, patterns) | _by_turn(ticket, around)
    if readers is None:
        return found
    vectors = embed([example.text]) if readers.reads_meaning else None
    vector = vectors[0] if vectors is not None and len(vectors) else None
    for field, reader in readers.fields.items():
        best = reader.read(example, vector)
        found[field] = Suggested(best.label, min(max(best.confidence, 0.0), 1.0), readers.name)
    return _placed(found, readers, around)


def _by_turn(ticket: Ticket, around: Surroundings) -> dict[Field, Suggested]:
    """Return category and queue as the conversation was understood: as sure as it was of its answer, of which the category is a part."""
    sure = min(max(ticket.body.confidence or 0.0, 0.0), 1.0)
    if not any(ticket.category in queue.categories for queue in around.queues):
        return {}
    queue = queue_for(ticket.category, around.queues)
    return {Field.CATEGORY: Suggested(ticket.category, sure, TURN), Field.QUEUE: Suggested(queue, sure, TURN)}


def _by_words(ticket: Ticket, around: Surroundings, patterns: Patterns) -> dict[Field, Suggested]:
    said = said_in(ticket, around.person.name if around.person is not None else "")
    found = {field: Suggested(value, UNMEASURED, TEXT) for field, value in patterns(said).items()}
    named = " ".join(said).casefold()
    services = [one for one in around.services if one.name.casefold() in named]
    if len(services) == 1:
        found[Field.SERVICE] = Suggested(services[0].id, UNMEASURED, TEXT)
    return found


def _placed(found: dict[Field, Suggested], readers: Readers, around: Surroundings) -> dict[Field, Suggested]:
    """Let category and queue fit the organisation: nothing is put into a queue that nobody works."""
    category = found.get(Field.CATEGORY)
    learnt = found.get(Field.QUEUE) if Field.QUEUE in readers.fields else None
    if learnt is not None:
        queue = queue_called(learnt.value, around.queues)
        if queue:
            return found | {Field.QUEUE: Suggested(queue, learnt.confidence, learnt.by)}
        found.pop(Field.QUEUE)
    if category is not None and Field.CATEGORY in readers.fields:
        if any(category.value in queue.categories for queue in around.queues):
            return found | {Field.QUEUE: Suggested(queue_for(category.value, around.queues), category.confidence, category.by)}
        found.pop(Field.QUEUE, None)
    return found


def one_name_for_each(rows: Sequence[Row], queues: Sequence[Queue]) -> list[Row]:
    """Return rows in which each queue has the name that most of them call it by: people's decisions say its id, a history often its name."""
    named = Counter(row.labels[Field.QUEUE] for row in rows if row.labels.get(Field.QUEUE))
    kept = dict[str, str]()
    for name, _ in named.most_common():
        kept.setdefault(queue_called(name, queues) or name, name)
    wanted = {name: kept[queue_called(name, queues) or name] for name in named}

    def renamed(row: Row) -> Row:
        name = row.labels.get(Field.QUEUE, "")
        return replace(row, labels={**row.labels, Field.QUEUE: wanted[name]}) if wanted.get(name, name) != name else row

    return [renamed(row) for row in rows]


def queue_called(name: str, queues: Sequence[Queue]) -> str:
    """Return the id of the queue that an organisation calls so; the name itself where no queues are described, "" where none is called so."""
    if not queues:
        return name
    return next((queue.id for queue in queues if name.casefold() in (queue.id.casefold(), queue.name.casefold())), "")
