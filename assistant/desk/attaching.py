"""Files of a conversation: added, removed, given to the ticket that people work on, opened by those who work it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assistant.domain.attachment import CheckedFile, FileRefused, Trouble, said_size
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Person
from assistant.domain.conversation import Conversation, State
from assistant.domain.ticket import ASSISTANT
from assistant.ports.attachments import Attachment
from assistant.ports.store import Event, UnitOfWork

STEP = "attach"
A_DAY = timedelta(days=1)
WITH_PEOPLE = frozenset({State.WITH_PERSON, State.HANDED_OFF})


class OnTicket(Exception):
    """The file is with people already, who may have read it."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How many files fit into a conversation, and into a day of one person; how large one may be, in bytes. 0 bytes: none is taken."""

    file_bytes: int
    per_conversation: int
    per_day: int


def check_room(unit: UnitOfWork, conversation: Conversation, person: Person, limits: FileLimits, at: datetime) -> None:
    """Raise ``FileRefused`` when nothing more may be added here, or today."""
    if not limits.file_bytes:
        raise FileRefused(Trouble.NOTHING_KEPT)
    if person.is_guest:
        raise FileRefused(Trouble.STRANGER)
    if len(unit.attachments.of_conversation(conversation.id)) >= limits.per_conversation:
        raise FileRefused(Trouble.MANY_HERE)
    number, _ = unit.attachments.of_person_since(person.id, at - A_DAY)
    if number >= limits.per_day:
        raise FileRefused(Trouble.MANY_TODAY)


def add(
    unit: UnitOfWork, conversation: Conversation, person: Person, file: CheckedFile, key: str, limits: FileLimits, at: datetime
) -> tuple[Attachment, list[Event]]:
    """Add a checked file; the same key again is the same attachment. With a ticket that people work on, it goes there too.

    Raises:
        FileRefused: there is no room for it.
    """
    known = next((one for one in unit.attachments.of_conversation(conversation.id) if one.key == key), None)
    if known is not None:
        return known, []
    check_room(unit, conversation, person, limits, at)
    made = Attachment(
        id=f"f_{secrets.token_hex(12)}",
        conversation=conversation.id,
        person=person.id,
        key=key,
        name=file.name,
        kind=file.kind.value,
        media=file.media,
        size=len(file.content),
        digest=sha256(file.content).hexdigest(),
        at=at,
    )
    stored = unit.attachments.add(made, file.content)
    _audit(unit, person.id, "added", stored, at)
    shown = {"id": stored.id, "name": stored.name, "kind": stored.kind, "size": stored.size}
    body = {"type": "attachment", "person": {"id": person.id, "name": person.name}, "attachment": shown}
    event = unit.conversations.emit(conversation.id, at, body)
    hand_over(unit, conversation.id, conversation.episode.ticket, at)
    return stored, [event]


def remove(unit: UnitOfWork, conversation: Conversation, attachment: Attachment, at: datetime) -> list[Event]:
    """Delete a file that nobody else has seen.

    Raises:
        OnTicket: it is with people already.
    """
    if attachment.ticket or conversation.state in WITH_PEOPLE:
        raise OnTicket(attachment.ticket)
    if not unit.attachments.remove(attachment.id):
        return []
    _audit(unit, attachment.person, "removed", attachment, at)
    return [unit.conversations.emit(conversation.id, at, {"type": "attachment_removed", "attachment": {"id": attachment.id}})]


def hand_over(unit: UnitOfWork, conversation_id: str, ticket_id: str, at: datetime) -> None:
    """Give the ticket, once people work on it, those files of a conversation that went to none before."""
    ticket = unit.tickets.ticket(ticket_id) if ticket_id and unit.attachments.of_conversation(conversation_id) else None
    if ticket is None or ticket.assignee == ASSISTANT:
        return
    for one in unit.attachments.give(conversation_id, ticket_id):
        unit.tickets.attach(ticket_id, one.id, one.person, f"Attached: {line_of(one)}", at)


def opened(unit: UnitOfWork, agent: Person, attachment: Attachment, at: datetime) -> None:
    """Write down that somebody of the desk opened a file."""
    _audit(unit, agent.id, "opened", attachment, at, subject=attachment.person)


def line_of(attachment: Attachment) -> str:
    """Return an attachment as one line: ``error.png (image, 340 kB)``."""
    return f"{attachment.name} ({attachment.kind}, {said_size(attachment.size)})"


def _audit(unit: UnitOfWork, actor: str, decision: str, attachment: Attachment, at: datetime, subject: str = "") -> None:
    detail: dict[str, Any] = {"attachment": attachment.id, "kind": attachment.kind, "size": attachment.size, "digest": attachment.digest}
    detail |= {"ticket": attachment.ticket} if attachment.ticket else {}
    unit.audit.append([AuditEntry(at, actor, STEP, decision, attachment.conversation, subject=subject, detail=detail)])
