"""What arrives from channels, where people talk, and what was posted, in tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from assistant.adapters.store.tables import channel_inbox as inbox
from assistant.adapters.store.tables import channel_posts as posts
from assistant.adapters.store.tables import channel_threads as threads
from assistant.ports.channels import Place, Posted, Received, Thread

WAITING, DONE, FAILED = "waiting", "done", "failed"


@dataclass(frozen=True, slots=True)
class SqlInbox:
    """The ``Inbox`` protocol on a connection whose owner commits."""

    connection: Connection

    def put(self, received: Received) -> bool:
        """See the port."""
        if self.connection.execute(select(inbox.c.number).where(_is(received))).first() is not None:
            return False
        row = {"line": received.line, "at": received.at, "body": received.body, "due_at": received.at}
        fresh = {"state": WAITING, "tries": 0, "holder": "", "why": ""}
        self.connection.execute(insert(inbox).values(channel=received.channel, id=received.id, **row, **fresh))
        return True

    def due(self, until: datetime, limit: int) -> list[Received]:
        """See the port."""
        waiting, before = inbox.alias(), inbox.alias()
        earlier = or_(before.c.at < waiting.c.at, and_(before.c.at == waiting.c.at, before.c.number < waiting.c.number))
        same = and_(before.c.state == WAITING, before.c.channel == waiting.c.channel, before.c.line == waiting.c.line, before.c.line != "")
        first = ~select(before.c.number).where(same, earlier).exists()
        query = select(waiting).where(waiting.c.state == WAITING, waiting.c.due_at <= until, first)
        rows = self.connection.execute(query.order_by(waiting.c.at, waiting.c.number).limit(limit)).mappings()
        return [Received(row["channel"], row["id"], row["at"], row["body"], row["line"]) for row in rows]

    def hold(self, received: Received, holder: str, at: datetime, until: datetime) -> int:
        """See the port. Locks the row until the end of the transaction."""
        row = self.connection.execute(select(inbox).where(_is(received), inbox.c.state == WAITING).with_for_update()).mappings().first()
        if row is None or (row["holder"] not in ("", holder) and row["held_until"] is not None and row["held_until"] > at):
            return -1
        self.connection.execute(update(inbox).where(_is(received)).values(holder=holder, held_until=until, tries=row["tries"] + 1))
        return int(row["tries"])

    def postpone(self, received: Received, due_at: datetime, why: str) -> None:
        """See the port."""
        waits = update(inbox).where(_is(received), inbox.c.state == WAITING)
        self.connection.execute(waits.values(due_at=due_at, why=why, holder="", held_until=None))

    def finish(self, received: Received, at: datetime, why: str = "") -> None:
        """See the port."""
        ended = {"state": FAILED if why else DONE, "done_at": at, "why": why, "body": {}, "holder": "", "held_until": None}
        self.connection.execute(update(inbox).where(_is(received), inbox.c.state == WAITING).values(**ended))

    def state(self, channel: str, name: str) -> str:
        """See the port."""
        named = select(inbox.c.state).where(inbox.c.channel == channel, inbox.c.id == name)
        return str(self.connection.execute(named).scalar() or "")

    def standing(self) -> tuple[int, int]:
        """See the port."""
        counts: dict[str, int] = dict(self.connection.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state)).tuples().all())
        return counts.get(WAITING, 0), counts.get(FAILED, 0)


def _is(received: Received) -> Any:
    return and_(inbox.c.channel == received.channel, inbox.c.id == received.id)


@dataclass(frozen=True, slots=True)
class SqlThreads:
    """The ``Threads`` protocol on a connection whose owner commits."""

    connection: Connection

    def link(self, thread: Thread, at: datetime) -> None:
        """See the port."""
        mine = and_(threads.c.channel == thread.place.channel, threads.c.place == thread.place.key, threads.c.person == thread.person)
        self.connection.execute(delete(threads).where(mine))
        place = {"channel": thread.place.channel, "place": thread.place.key, "public": thread.place.public}
        self.connection.execute(insert(threads).values(person=thread.person, conversation=thread.conversation, at=at, **place))

    def conversation_of(self, place: Place, person: str) -> str | None:
        """See the port."""
        mine = (threads.c.channel == place.channel, threads.c.place == place.key, threads.c.person == person)
        return self.connection.execute(select(threads.c.conversation).where(*mine)).scalar()

    def of_conversation(self, conversation: str) -> list[Thread]:
        """See the port."""
        return self._threads(threads.c.conversation == conversation)

    def of_place(self, channel: str, key: str) -> list[Thread]:
        """See the port."""
        return self._threads(and_(threads.c.channel == channel, threads.c.place == key))

    def _threads(self, where: Any) -> list[Thread]:
        rows = self.connection.execute(select(threads).where(where).order_by(threads.c.at, threads.c.person, threads.c.place)).mappings()
        return [Thread(Place(row["channel"], row["place"], row["public"]), row["person"], row["conversation"]) for row in rows]


@dataclass(frozen=True, slots=True)
class SqlPosts:
    """The ``Posts`` protocol on a connection whose owner commits."""

    connection: Connection

    def note(self, posted: Posted) -> None:
        """See the port."""
        if self.of_post(posted.channel, posted.place, posted.post) is None:
            row = {"channel": posted.channel, "place": posted.place, "post": posted.post, "about": posted.about, "at": posted.at}
            self.connection.execute(insert(posts).values(**row))

    def about(self, channel: str, about: str) -> list[Posted]:
        """See the port."""
        return self._posts(and_(posts.c.channel == channel, posts.c.about == about))

    def of_post(self, channel: str, place: str, post: str) -> Posted | None:
        """See the port."""
        return next(iter(self._posts(and_(posts.c.channel == channel, posts.c.place == place, posts.c.post == post))), None)

    def _posts(self, where: Any) -> list[Posted]:
        rows = self.connection.execute(select(posts).where(where).order_by(posts.c.at, posts.c.place, posts.c.post)).mappings()
        return [Posted(row["channel"], row["about"], row["place"], row["post"], row["at"]) for row in rows]
