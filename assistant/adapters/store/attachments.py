"""Files of conversations, and what people said about answers, in tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, delete, func, insert, select, update

from assistant.adapters.store.tables import attachments, feedback
from assistant.ports.attachments import Attachment, Feedback

FACTS = [column for column in attachments.c if column.name != "content"]


@dataclass(frozen=True, slots=True)
class SqlAttachments:
    """The ``Attachments`` protocol on a connection whose owner commits."""

    connection: Connection

    def add(self, attachment: Attachment, content: bytes) -> Attachment:
        """See the port."""
        known = self._found(and_(attachments.c.conversation == attachment.conversation, attachments.c.key == attachment.key))
        if known:
            return known[0]
        self.connection.execute(insert(attachments).values(content=content, **asdict(attachment)))
        return attachment

    def load(self, attachment_id: str) -> Attachment | None:
        """See the port."""
        return next(iter(self._found(attachments.c.id == attachment_id)), None)

    def content(self, attachment_id: str) -> bytes | None:
        """See the port."""
        stored = self.connection.execute(select(attachments.c.content).where(attachments.c.id == attachment_id)).scalar()
        return bytes(stored) if stored is not None else None

    def of_conversation(self, conversation: str) -> list[Attachment]:
        """See the port."""
        return self._found(attachments.c.conversation == conversation)

    def of_ticket(self, ticket: str) -> list[Attachment]:
        """See the port."""
        return self._found(attachments.c.ticket == ticket)

    def give(self, conversation: str, ticket: str) -> list[Attachment]:
        """See the port."""
        free = and_(attachments.c.conversation == conversation, attachments.c.ticket == "")
        given = self._found(free)
        if given:
            self.connection.execute(update(attachments).where(free).values(ticket=ticket))
        return [replace(one, ticket=ticket) for one in given]

    def of_person_since(self, person: str, since: datetime) -> tuple[int, int]:
        """See the port."""
        counted = select(func.count(), func.coalesce(func.sum(attachments.c.size), 0))
        number, size = self.connection.execute(counted.where(attachments.c.person == person, attachments.c.at >= since)).one()
        return int(number), int(size)

    def remove(self, attachment_id: str) -> bool:
        """See the port."""
        return self.connection.execute(delete(attachments).where(attachments.c.id == attachment_id)).rowcount > 0

    def _found(self, where: Any) -> list[Attachment]:
        rows = self.connection.execute(select(*FACTS).where(where).order_by(attachments.c.at, attachments.c.id)).mappings()
        return [Attachment(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class SqlFeedbacks:
    """The ``Feedbacks`` protocol on a connection whose owner commits."""

    connection: Connection

    def record(self, feedback_given: Feedback) -> None:
        """See the port."""
        mine = and_(feedback.c.conversation == feedback_given.conversation, feedback.c.message == feedback_given.message)
        self.connection.execute(delete(feedback).where(mine))
        self.connection.execute(insert(feedback).values(**asdict(feedback_given) | {"articles": list(feedback_given.articles)}))

    def of_answer(self, conversation: str, message: str) -> Feedback | None:
        """See the port."""
        return next(iter(self._found(and_(feedback.c.conversation == conversation, feedback.c.message == message))), None)

    def since(self, moment: datetime) -> list[Feedback]:
        """See the port."""
        return self._found(feedback.c.at >= moment)

    def _found(self, where: Any) -> list[Feedback]:
        columns = [column for column in feedback.c if column.name != "articles"]
        query = select(*columns, cast(feedback.c.articles, Text).label("articles")).where(where).order_by(feedback.c.at, feedback.c.message)
        named: dict[str, tuple[str, ...]] = {}  # thousands of answers cite the same few articles
        found = []
        for row in self.connection.execute(query).mappings():
            text = row["articles"]
            if text not in named:
                named[text] = tuple(json.loads(text))
            found.append(Feedback(**{**row, "articles": named[text]}))
        return found
