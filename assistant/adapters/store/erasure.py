"""Erases a person from the tables, batch by batch. Each call is safe to repeat; what was done stays done."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, Text, and_, cast, delete, func, insert, or_, select, update

from assistant.adapters.store import alerts_tables as alarmed
from assistant.adapters.store import joiners_tables as j
from assistant.adapters.store import problem_tables as p
from assistant.adapters.store import rollout_tables as ladder
from assistant.adapters.store import tables as t
from assistant.adapters.store import tuning_tables as tuned
from assistant.adapters.store.change_tables import change_devices, changes, fleet_devices
from assistant.adapters.store.erasing_drafts import SEARCHED, erase_authors, erase_words
from assistant.adapters.store.problems import forget_tickets
from assistant.adapters.store.retention import BATCH, delete_actions, delete_cases, delete_conversations, delete_links, delete_tickets
from assistant.adapters.store.review_tables import review_decisions, review_names
from assistant.adapters.store.triage_tables import triages
from assistant.domain.configuration import Organisation
from assistant.domain.ticket import TicketStatus
from kb.adapters.store.gaps import forget_centroids
from kb.adapters.store.tables import gaps, spikes, unresolved_intents

NOBODY = "erased person"


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure under way or done. ``person`` and ``known_as`` are empty once nothing of the person is left in the tables: only the digest stays."""

    digest: str
    person: str
    known_as: tuple[str, ...]
    """The names and addresses under which others may have written about the person."""
    began_at: datetime
    finished_at: datetime | None = None
    counts: dict[str, int] | None = None
    elsewhere: tuple[str, ...] = ()
    """What other systems hold, in words for the operator."""


@dataclass(frozen=True, slots=True)
class SqlErasures:
    """Erasures, and their work, on a connection whose owner commits."""

    connection: Connection

    def begin(self, erasure: Erasure) -> Erasure:
        """Store an erasure, or return the one under way; one that was done before begins anew."""
        known = self.load(erasure.digest)
        if known is not None and known.finished_at is None:
            return known
        self.connection.execute(delete(t.erasures).where(t.erasures.c.digest == erasure.digest))
        row = {"person": erasure.person, "known_as": list(erasure.known_as), "began_at": erasure.began_at, "counts": {}, "elsewhere": []}
        self.connection.execute(insert(t.erasures).values(digest=erasure.digest, **row))
        return erasure

    def load(self, digest: str) -> Erasure | None:
        """Return an erasure, or None."""
        return next(iter(self._erasures(t.erasures.c.digest == digest)), None)

    def unfinished(self) -> list[Erasure]:
        """Return the erasures that were begun and not done, oldest first."""
        return self._erasures(t.erasures.c.finished_at.is_(None))

    def digests(self) -> frozenset[str]:
        """Return the digests of all who were erased."""
        return frozenset(self.connection.execute(select(t.erasures.c.digest)).scalars())

    def readmit(self, digest: str) -> bool:
        """Forget that somebody was erased; return whether they were."""
        return self.connection.execute(delete(t.erasures).where(t.erasures.c.digest == digest)).rowcount > 0

    def forget_whom(self, digest: str) -> None:
        """Forget whom an erasure was about; only the files' free space is left to be wiped."""
        self.connection.execute(update(t.erasures).where(t.erasures.c.digest == digest).values(person="", known_as=[]))

    def finish(self, digest: str, at: datetime) -> None:
        """Note that an erasure is done."""
        self.connection.execute(update(t.erasures).where(t.erasures.c.digest == digest).values(finished_at=at))

    def work(self, erasure: Erasure) -> dict[str, int]:
        """Erase one batch and count it with the erasure; return what was erased by kind, {} when nothing is left."""
        for kind, step in _STEPS:
            number, elsewhere = step(self.connection, erasure)
            if number:
                self._count(erasure.digest, kind, number, elsewhere)
                return {kind: number}
        return {}

    def _count(self, digest: str, kind: str, number: int, elsewhere: Sequence[str]) -> None:
        kept = self.load(digest)
        if kept is not None:
            counts = {**(kept.counts or {}), kind: (kept.counts or {}).get(kind, 0) + number}
            values = {"counts": counts, "elsewhere": [*kept.elsewhere, *(line for line in elsewhere if line not in kept.elsewhere)]}
            self.connection.execute(update(t.erasures).where(t.erasures.c.digest == digest).values(**values))

    def _erasures(self, where: Any) -> list[Erasure]:
        rows = self.connection.execute(select(t.erasures).where(where).order_by(t.erasures.c.began_at)).mappings()
        return [Erasure(**{**row, "known_as": tuple(row["known_as"]), "elsewhere": tuple(row["elsewhere"])}) for row in rows]


Step = Callable[[Connection, Erasure], tuple[int, Sequence[str]]]


def _directory(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    table, person = t.organisation, erasure.person
    own = or_(and_(table.c.kind.in_(("person", "account", "signed", "created")), table.c.id == person), table.c.owner == person)
    number = connection.execute(delete(table).where(own)).rowcount
    for row in connection.execute(select(table.c.id, table.c.facts).where(table.c.kind == "person")).mappings().all():
        named = [name for name in ("manager", "delegate") if row["facts"].get(name) == person]
        if named:
            facts = row["facts"] | dict.fromkeys(named, "")
            connection.execute(update(table).where(table.c.kind == "person", table.c.id == row["id"]).values(facts=facts))
            number += 1
    return number, ()


def _second_factors(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    return connection.execute(delete(t.second_factors).where(t.second_factors.c.person == erasure.person)).rowcount, ()


def _attachments(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    return connection.execute(delete(t.attachments).where(t.attachments.c.person == erasure.person)).rowcount, ()


def _feedback(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    """What was said about answers, also in conversations that are not in the tables."""
    return connection.execute(delete(t.feedback).where(t.feedback.c.person == erasure.person)).rowcount, ()


def _conversations(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    ids = list(connection.execute(select(t.conversations.c.id).where(t.conversations.c.person == erasure.person).limit(BATCH)).scalars())
    delete_conversations(connection, ids)
    return len(ids), ()


def _drafts(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    """Before the tickets: afterwards nobody knows whose words they were."""
    return erase_words(connection, erasure.person), ()


def _tickets(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    ids = list(connection.execute(select(t.tickets.c.id).where(t.tickets.c.requester == erasure.person).limit(BATCH)).scalars())
    links = t.outside_tickets
    there = connection.execute(select(links.c.system, links.c.outside, links.c.ticket).where(links.c.ticket.in_(ids))).all()
    newest = connection.execute(select(func.max(t.tickets.c.number))).scalar()
    last = connection.execute(select(t.tickets.c.id).where(t.tickets.c.number == newest, t.tickets.c.id.in_(ids))).scalar()
    _delete_errands_of(connection, ids)
    if last is not None:
        _blank(connection, last)
        forget_tickets(connection, [last])
    delete_tickets(connection, [one for one in ids if one != last])
    return len(ids), [f"ticket {outside} in {system} (ours was {ticket})" for system, outside, ticket in there]


def _blank(connection: Connection, ticket: str) -> None:
    """Leave of the newest ticket its number only, so that no other ticket ever gets it."""
    connection.execute(delete(t.ticket_notes).where(t.ticket_notes.c.ticket == ticket))
    connection.execute(delete(triages).where(triages.c.ticket == ticket))
    delete_links(connection, [ticket])
    nothing = {"subject": "", "body": {"summary": ""}, "vector": b"", "requester": "", "origin": "", "assignee": NOBODY, "key": f"erased:{ticket}"}
    connection.execute(update(t.tickets).where(t.tickets.c.id == ticket).values(status=TicketStatus.CLOSED.value, category="", **nothing))


def _problems(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    """What problems know of the person beside their tickets: of tickets that never were in the tables."""
    held = [*connection.execute(select(p.problem_links.c.ticket).where(p.problem_links.c.person == erasure.person).limit(BATCH)).scalars()]
    held += connection.execute(select(p.problem_traces.c.ticket).where(p.problem_traces.c.person == erasure.person).limit(BATCH)).scalars()
    if held:
        forget_tickets(connection, held)
    return len(held), ()


def _intents(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    forget_centroids(connection, unresolved_intents.c.asker == erasure.person)
    return connection.execute(delete(unresolved_intents).where(unresolved_intents.c.asker == erasure.person)).rowcount, ()


def _actions(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    table, person = t.actions, erasure.person
    rows = connection.execute(select(table.c.id, table.c.tool).where(or_(table.c.actor == person, table.c.subject == person)).limit(BATCH)).all()
    ids = [row.id for row in rows]
    waiting = _delete_errands_of(connection, ids)
    delete_actions(connection, ids)
    return len(ids), [f"{row.tool} {row.id} was not finished; look at the person's account" for row in rows if any(row.id in key for key in waiting)]


def _delete_errands_of(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Delete the outbox entries about tickets or actions; return the keys of those that still waited."""
    waited: list[str] = []
    for one in ids:
        about = or_(t.outbox.c.key.contains(f":{one}", autoescape=True), cast(t.outbox.c.body, Text).contains(f'"{one}"', autoescape=True))
        waited += connection.execute(select(t.outbox.c.key).where(about, t.outbox.c.state == "waiting")).scalars()
        connection.execute(delete(t.outbox).where(about))
    return waited


def _errands(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    about = cast(t.outbox.c.body, Text).contains(json.dumps(erasure.person), autoescape=True)
    ends = t.outbox.c.key.endswith(f":{erasure.person}", autoescape=True)
    return connection.execute(delete(t.outbox).where(or_(about, ends))).rowcount, ()


def _cases(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    """Cases of joining and leaving, whose steps and errands go with them; what is kept for the person goes back to the stock."""
    table, person = j.joiner_cases, erasure.person
    rows = connection.execute(select(table.c.id, table.c.status).where(table.c.person == person).limit(BATCH)).all()
    kept = connection.execute(select(j.device_reservations.c.device).where(j.device_reservations.c.person == person)).scalars().all()
    waiting = _delete_errands_of(connection, [row.id for row in rows])
    delete_cases(connection, [row.id for row in rows])
    connection.execute(delete(j.device_reservations).where(j.device_reservations.c.person == person))
    open_ = [f"case {row.id} was not finished; look at the person's account and access" for row in rows if any(row.id in key for key in waiting)]
    return len(rows) + len(kept), [*open_, *(f"the device {one} was kept for the person, and counts as in stock now" for one in kept)]


def _by_name(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    """Take the person's id from what belongs to others: as author, agent, approver or holder."""
    number = 0
    named = (t.ticket_notes.c.author, t.tickets.c.assignee, t.handoffs.c.taken_by, t.votes.c.instead_of, t.approvals.c.requester, gaps.c.assigned_to)
    decided = (review_decisions.c.owner, review_decisions.c.made_by, review_decisions.c.changed_by)
    of_cases = (j.joiner_cases.c.manager, j.joiner_cases.c.started_by, j.joiner_steps.c.by)
    tuned_by = (tuned.tuning_decisions.c.decided_by, tuned.tuning_decisions.c.undone_by)
    by_practices = (
        *(alarmed.judgements.c.by, alarmed.judgements.c.undone_by, alarmed.weights.c.undone_by),
        *(p.problem_links.c.by, p.problem_messages.c.by, p.problems.c.opened_by),
        *(ladder.rungs.c.decided_by, ladder.rungs.c.undone_by, ladder.frozen_records.c.made_by),
        *(changes.c.made_by, change_devices.c.undone_by, fleet_devices.c.owner),
        triages.c.settled_by,
    )
    for column in (*named, *decided, *tuned_by, *of_cases, *by_practices):
        number += connection.execute(update(column.table).where(column == erasure.person).values({column.name: NOBODY})).rowcount
    number += erase_authors(connection, erasure.person, NOBODY)
    number += connection.execute(delete(t.holdings).where(t.holdings.c.person == erasure.person)).rowcount
    for vote in connection.execute(select(t.votes.c.number).where(t.votes.c.approver == erasure.person)).scalars().all():
        connection.execute(update(t.votes).where(t.votes.c.number == vote).values(approver=f"{NOBODY} {vote}", note=""))
        number += 1
    return number, ()


def _mentions(connection: Connection, erasure: Erasure) -> tuple[int, Sequence[str]]:
    """Take what the person is called out of what others wrote."""
    words = [word for word in (*erasure.known_as, erasure.person) if word]
    called = re.compile("|".join(rf"(?<![\w.-]){re.escape(word)}(?![\w-])" for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    number = 0
    for table, columns in _WORDS:
        for row in connection.execute(select(table).where(_contains(columns, words))).mappings().all():
            values = {column.name: _without(row[column.name], called) for column in columns}
            if any(values[name] != row[name] for name in values):
                same = and_(*(key == row[key.name] for key in table.primary_key.columns))
                connection.execute(update(table).where(same).values(**values))
                number += 1
    return number, ()


def _seals(connection: Connection, _erasure: Erasure) -> tuple[int, Sequence[str]]:
    """Forget the salts of names beside reviews in which somebody was erased: their digests in the record lead to nobody any more."""
    named = (review_names.c.text.contains(NOBODY), review_names.c.salt != "")
    return connection.execute(update(review_names).where(*named).values(salt="")).rowcount, ()


def _contains(columns: Sequence[Column[Any]], words: Sequence[str]) -> Any:
    forms = {form for word in words for form in (word, json.dumps(word)[1:-1])}
    return or_(*(cast(column, Text).contains(form, autoescape=True) for column in columns for form in sorted(forms)))


def _without(stored: Any, called: re.Pattern[str]) -> Any:
    if isinstance(stored, str):
        return called.sub(NOBODY, stored)
    if isinstance(stored, dict):
        return {called.sub(NOBODY, name): _without(value, called) for name, value in stored.items()}
    return [_without(value, called) for value in stored] if isinstance(stored, list) else stored


def _word_columns() -> Iterator[tuple[Table, list[Column[Any]]]]:
    for table in (*t.metadata.sorted_tables, unresolved_intents, gaps, spikes, *SEARCHED):
        columns = [column for column in table.columns if (isinstance(column.type, (Text, JSON)) or column in NAMES) and not column.primary_key]
        if columns and table.name not in NOT_SEARCHED:
            yield table, columns


NAMES = frozenset({t.attachments.c.name})
"""What others called something, in columns of a bounded length."""
NOT_SEARCHED = frozenset({"audit", "organisation", "erasures", "retention_passes", "reviews"})
"""The audit and the text of a review never change, and hold no names; the directory is dealt with by its rows."""
_WORDS = tuple(_word_columns())
_STEPS: tuple[tuple[str, Step], ...] = (
    ("directory entries", _directory),
    ("second factors", _second_factors),
    ("files", _attachments),
    ("feedback", _feedback),
    ("conversations", _conversations),
    ("drafts", _drafts),
    ("tickets", _tickets),
    ("tickets of problems", _problems),
    ("unresolved questions", _intents),
    ("cases of joining and leaving", _cases),
    ("actions", _actions),
    ("errands", _errands),
    ("entries of others", _by_name),
    ("mentions by others", _mentions),
    ("names beside reviews", _seals),
)


def digest_of(secret: bytes, person_id: str) -> str:
    """Return what is remembered of somebody who was erased: it can be checked against an id, and leads to none without the installation's key."""
    return hmac.new(secret, f"erased\n{person_id}".encode(), sha256).hexdigest()


def without_erased(made: Organisation, erased: Callable[[str], bool]) -> Organisation:
    """Return an organisation without those who were erased, their devices, and others' mentions of them."""
    gone = {person.id for person in made.people if erased(person.id)}
    kept = [
        replace(person, manager="" if person.manager in gone else person.manager, delegate="" if person.delegate in gone else person.delegate)
        for person in made.people
        if person.id not in gone
    ]
    return replace(made, people=tuple(kept), devices=tuple(device for device in made.devices if device.owner not in gone))


def known_as(names: Sequence[str]) -> tuple[str, ...]:
    """Return what identifies a person in text: addresses, and names of more than one word; a single word may mean anybody."""
    return tuple(name for name in names if "@" in name or len(name.split()) > 1)
