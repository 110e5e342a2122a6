"""Files that people add to a conversation, and what they say about answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was checked. ``kind`` is image, pdf or text; ``media`` its media type; ``digest`` the SHA-256 of its content."""

    id: str
    conversation: str
    person: str
    key: str
    """The sender's own id: the same key again is the same attachment."""
    name: str
    kind: str
    media: str
    size: int
    digest: str
    at: datetime
    ticket: str = ""
    """The ticket that it went to with the first people who work on one, "" before."""


class Attachments(Protocol):
    """The files of conversations."""

    def add(self, attachment: Attachment, content: bytes) -> Attachment:
        """Store a file, or return the one that the conversation has under this key."""

    def load(self, attachment_id: str) -> Attachment | None:
        """Return an attachment, or None."""

    def content(self, attachment_id: str) -> bytes | None:
        """Return the content of an attachment, or None."""

    def of_conversation(self, conversation: str) -> list[Attachment]:
        """Return a conversation's attachments, oldest first."""

    def of_ticket(self, ticket: str) -> list[Attachment]:
        """Return the attachments that went to a ticket, oldest first."""

    def give(self, conversation: str, ticket: str) -> list[Attachment]:
        """Give a ticket those attachments of a conversation that went to none before; return them, oldest first."""

    def of_person_since(self, person: str, since: datetime) -> tuple[int, int]:
        """Return how many files a person added since a moment, and their bytes."""

    def remove(self, attachment_id: str) -> bool:
        """Delete an attachment; return whether it was there."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said about an answer. ``message`` is the id of the message that was answered."""

    conversation: str
    message: str
    person: str
    helpful: bool
    reason: str
    note: str
    articles: tuple[str, ...]
    at: datetime


class Feedbacks(Protocol):
    """What people said about answers; the latest word about an answer counts."""

    def record(self, feedback: Feedback) -> None:
        """Store it in place of what was said about that answer before."""

    def of_answer(self, conversation: str, message: str) -> Feedback | None:
        """Return what was said about an answer, or None."""

    def since(self, moment: datetime) -> list[Feedback]:
        """Return what was said from a moment on, oldest first."""
