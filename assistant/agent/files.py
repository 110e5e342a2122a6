"""Takes the files that people send into their conversations, and hands them out to those who may have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from assistant.agent.turn import UnknownConversation, UnknownPerson
from assistant.desk import attaching
from assistant.desk.attaching import FileLimits
from assistant.domain.attachment import FileRefused, Trouble
from assistant.domain.configuration import Person, guest_of
from assistant.domain.conversation import Conversation
from assistant.ports.attachments import Attachment
from assistant.ports.clock import Clock
from assistant.ports.files import FileCheck
from assistant.ports.identity import Directory
from assistant.ports.store import Event, Store, UnitOfWork

KEY_LENGTH = 64
"""A longer key stands as its digest."""


class UnknownAttachment(LookupError):
    """There is no such file, or none that this person may have."""


@dataclass(frozen=True, slots=True)
class Files:
    """Every way in and out of a file. What is not checked is never kept."""

    store: Store
    directory: Directory
    clock: Clock
    check: FileCheck
    limits: FileLimits
    notify: Callable[[Sequence[Event]], None]

    def check_room(self, person_id: str, conversation_id: str) -> None:
        """Refuse at once what would be refused in the end, before anything is read.

        Raises:
            UnknownPerson, UnknownConversation: as they say.
            FileRefused: nothing more may be added.
        """
        person = self._person(person_id)
        with self.store.read() as unit:
            attaching.check_room(unit, _own(unit, person, conversation_id), person, self.limits, self.clock.now())

    def attach(self, person_id: str, conversation_id: str, name: str, content: bytes, key: str) -> Attachment:
        """Check a file and add it to the person's conversation. The same key again returns the same attachment.

        Blocks for as long as the check takes.

        Raises:
            UnknownPerson, UnknownConversation: as they say.
            FileRefused: it is not taken; ``str()`` is for the person.
        """
        person, key = self._person(person_id), key if len(key) <= KEY_LENGTH else sha256(key.encode()).hexdigest()
        with self.store.read() as unit:
            conversation = _own(unit, person, conversation_id)
            known = next((one for one in unit.attachments.of_conversation(conversation.id) if one.key == key), None)
            if known is not None:
                return known
            attaching.check_room(unit, conversation, person, self.limits, self.clock.now())
        if len(content) > self.limits.file_bytes:
            raise FileRefused(Trouble.TOO_LARGE)
        file = self.check.check(name, content)
        with self.store.write() as unit:
            conversation = _own(unit, person, conversation_id)
            made, events = attaching.add(unit, conversation, person, file, key, self.limits, self.clock.now())
        self.notify(events)
        return made

    def open(self, person_id: str, conversation_id: str, attachment_id: str) -> tuple[Attachment, bytes]:
        """Return a file of the person's own conversation.

        Raises:
            UnknownPerson, UnknownConversation, UnknownAttachment: as they say.
        """
        person = self._person(person_id)
        with self.store.read() as unit:
            return _loaded(unit, _of(unit, _own(unit, person, conversation_id), attachment_id))

    def remove(self, person_id: str, conversation_id: str, attachment_id: str) -> None:
        """Delete a file of the person's own conversation.

        Raises:
            UnknownPerson, UnknownConversation, UnknownAttachment: as they say.
            OnTicket: people have it already.
        """
        person = self._person(person_id)
        with self.store.write() as unit:
            conversation = _own(unit, person, conversation_id)
            events = attaching.remove(unit, conversation, _of(unit, conversation, attachment_id), self.clock.now())
        self.notify(events)

    def open_for_desk(self, agent: Person, attachment_id: str) -> tuple[Attachment, bytes]:
        """Return a file to somebody of the desk, and write down that they opened it.

        What no ticket came of stays between its person and the assistant.

        Raises:
            UnknownAttachment: there is none, or the desk has nothing to do with it.
        """
        with self.store.write() as unit:
            attachment = unit.attachments.load(attachment_id)
            if attachment is None or not agent.is_agent or not _concerns_desk(unit, attachment):
                raise UnknownAttachment(attachment_id)
            found = _loaded(unit, attachment)
            attaching.opened(unit, agent, attachment, self.clock.now())
        return found

    def close(self) -> None:
        """End what the check keeps running."""
        self.check.close()

    def _person(self, person_id: str) -> Person:
        person = guest_of(person_id) or self.directory.person(person_id)
        if person is None:
            raise UnknownPerson(person_id)
        return person


def _own(unit: UnitOfWork, person: Person, conversation_id: str) -> Conversation:
    conversation = unit.conversations.load(conversation_id)
    if conversation is None or conversation.person != person.id:
        raise UnknownConversation(conversation_id)
    return conversation


def _of(unit: UnitOfWork, conversation: Conversation, attachment_id: str) -> Attachment:
    attachment = unit.attachments.load(attachment_id)
    if attachment is None or attachment.conversation != conversation.id:
        raise UnknownAttachment(attachment_id)
    return attachment


def _concerns_desk(unit: UnitOfWork, attachment: Attachment) -> bool:
    return bool(attachment.ticket or unit.handoffs.of_conversation(attachment.conversation))


def _loaded(unit: UnitOfWork, attachment: Attachment) -> tuple[Attachment, bytes]:
    content = unit.attachments.content(attachment.id)
    if content is None:
        raise UnknownAttachment(attachment.id)
    return attachment, content
