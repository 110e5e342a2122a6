"""The errands of the weekly review: make it when it is due, then tell those who want to hear of it. Each is done once, however often it is begun."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.review.telling import NOTHING_FIRST, Seen, dates, everything, headline, summary, things
from assistant.domain.configuration import Person
from assistant.domain.review import Frozen
from assistant.domain.week import Week
from assistant.ports.channels import Announcement, Announces, Channel, Posted
from assistant.ports.identity import Directory
from assistant.ports.notify import Notice, Notifier
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import Event, OutboxEntry, UnitOfWork
from assistant.workflows.errands import DONE, Call, Ended, Errand
from assistant.workflows.reviewing import MAIL, MAKE, POST, TELL, NoSuchReview, Reviewer
from kb.model import Reader

log = logging.getLogger("firstline.workflows")
SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of reviews: the members of groups by mail, and one channel of Slack."""

    groups: Collection[str] = ()
    channel: str = ""

    def include(self, person: Person) -> bool:
        """Say whether somebody gets the mail."""
        return bool(person.email and person.groups & frozenset(self.groups))


class _Once:
    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """Nothing is left to store."""
        del unit, entry, ended, at
        return []


@dataclass(frozen=True, slots=True)
class MakeReview(_Once):
    """``review.make``: the review of a week that is over. What can be repeated is repeated: a second call finds what the first one froze."""

    reviewer: Reviewer
    patience: timedelta = timedelta(days=3)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. The next week's errand is put with the first try, so that one week's trouble is not the next one's."""
        del at
        week = Week.parse(entry.body["week"])
        upcoming = max(week, self.reviewer.last_week()).later()
        unit.outbox.put(self.reviewer.errand(upcoming))
        return [] if unit.reviews.latest(str(week)) is not None else None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. Reading, counting and freezing are its own transactions; nothing outside of our records is touched."""
        try:
            found, _ = self.reviewer.review(Week.parse(call.entry.body["week"]))
        except NoSuchReview as early:  # the clock was set back
            raise Unavailable(str(early)) from None
        except (Refused, Unavailable):
            raise
        except Exception as error:
            log.exception("the review of %s could not be made", call.entry.body["week"])
            raise Unavailable(f"the review could not be made: {type(error).__name__}") from None
        return {"week": found.week, "version": found.version}


@dataclass(frozen=True, slots=True)
class TellReview(_Once):
    """``review.tell``: finds out who hears of a frozen review, and puts an errand for each."""

    directory: Directory
    listeners: Listeners
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        if self.listeners.channel:
            unit.outbox.put(OutboxEntry(f"{POST}:{entry.body['week']}", POST, dict(entry.body), at, at))
        return None if self.listeners.groups else []

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. It only asks the directory."""
        del call
        return {"people": sorted(person.id for person in self.directory.people() if self.listeners.include(person))}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol."""
        week = entry.body["week"]
        for person in ended.result.get("people", ()) if ended.state == DONE else ():
            unit.outbox.put(OutboxEntry(f"{MAIL}:{week}:{person}", MAIL, {"week": week, "person": person}, at, at))
        return []


@dataclass(frozen=True, slots=True)
class _Tells(_Once):
    reviewer: Reviewer
    url: str

    def _frozen(self, week: str) -> Frozen:
        with self.reviewer.store.read() as unit:
            found = unit.reviews.load(week, 1)
        if found is None:
            raise Refused(f"there is no review of {week}")
        return found


@dataclass(frozen=True, slots=True)
class MailReview(_Tells):
    """``review.mail``: the three things to one person, at the address that the directory has now."""

    directory: Directory
    notifier: Notifier
    listeners: Listeners
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol."""
        del unit, entry, at
        return None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol. A second delivery carries the same message id."""
        person = self.directory.person(call.entry.body["person"])
        if person is None or not self.listeners.include(person):
            raise Refused("this person does not get the review any more")
        seen = self.reviewer.seen_by(Reader(person.groups))
        subject, text = summary(self._frozen(call.entry.body["week"]), self.url, seen)
        self.notifier.send(Notice(person.email, subject, text), call.entry.key)
        return {}


@dataclass(frozen=True, slots=True)
class PostReview(_Tells):
    """``review.post``: the three things to a channel of Slack. A second call under the same key looks first."""

    channels: Mapping[str, Channel]
    listeners: Listeners
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. A process that does not serve Slack leaves it to one that does."""
        del unit
        if not self.listeners.channel or at - entry.created_at > self.patience:
            return []
        if not isinstance(self.channels.get(SLACK), Announces):
            raise Unavailable("Slack is not served here")
        return None

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        channel = self.channels.get(SLACK)
        assert isinstance(channel, Announces), "it was looked for before"
        told = announced(self._frozen(call.entry.body["week"]), self.url, self.reviewer.seen_by(Reader()))
        return {"post": channel.announce(self.listeners.channel, told, call.entry.key, call.uncertain)}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. The post is remembered."""
        if ended.state == DONE and ended.result.get("post"):
            unit.posts.note(Posted(SLACK, f"review/{entry.body['week']}", self.listeners.channel, ended.result["post"], at))
        return []


def announced(made: Frozen, url: str, seen: Seen = everything) -> Announcement:
    """Return what is posted about a review: the three things first, of those that everybody there may see, then how the week went."""
    review = made.review
    lines = tuple((f"{thing.text} ({thing.owner})" if thing.owner else thing.text, f"{url}{thing.href}") for thing in things(made, review, seen))
    title = f"Weekly review {review.week}: {dates(review)}"
    return Announcement(title, lines or ((NOTHING_FIRST, ""),), (headline(review), f"{url}/console/reviews/{review.week}"))


def review_errands(
    reviewer: Reviewer, directory: Directory, notifier: Notifier, channels: Mapping[str, Channel], listeners: Listeners, url: str
) -> dict[str, Errand]:
    """Return the errands of the weekly review by their kinds."""
    return {
        MAKE: MakeReview(reviewer),
        TELL: TellReview(directory, listeners),
        MAIL: MailReview(reviewer, url, directory, notifier, listeners),
        POST: PostReview(reviewer, url, channels, listeners),
    }
