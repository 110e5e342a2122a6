"""Working copies of articles: what authors write, how a second person reviews it, and when it may be published.

Every move is a pure function of the draft before; whoever stores it writes the version that it read, so that of two who
save at once one is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from kb.model import Article, Audience, Document, Platform
from kb.text import TITLE_CHARACTERS, same_words

BUILT_IN = "firstline"
"""The source of articles that are written here and come from no folder."""
MOST_CHARACTERS = 20_000
"""So much of an article is shown to readers; a longer one must be split."""
MOST_KEPT = 200_000
"""A longer text is not even kept as a draft."""
NOTE_CHARACTERS = 2_000


class NotNow(ValueError):
    """The draft is in a state, or the person in a role, in which this cannot be done; the message says why, for whoever tried."""


class Overtaken(Exception):
    """The draft changed meanwhile, or another trial of it was begun."""


class DraftState(StrEnum):
    """Where a draft stands; the value is how people say it."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    CHANGES_ASKED = "changes asked"
    PUBLISHED = "published"
    DISCARDED = "discarded"

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to do something."""
        return self not in (DraftState.PUBLISHED, DraftState.DISCARDED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a sentence comes from: a ticket, and which of its notes. ``asked``: they are the words of whoever asked."""

    ticket: str
    note: str
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Provenance:
    """A sentence of a draft, as it was drafted, and where it comes from."""

    sentence: str
    origins: tuple[Origin, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What an author writes: the text in Markdown and everything that stands around it."""

    title: str
    text: str
    owner: str = ""
    audience: Audience = field(default_factory=Audience)
    platforms: frozenset[Platform] = frozenset()
    review_by: date | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a draft cannot go to review: the field, and what to do about it. ``article`` is the other one that is meant, if one is."""

    field: str
    says: str
    article: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A working copy of an article.

    ``article`` is "" for one that is new. ``based_on`` is the revision that it changes, 0 for a new one. ``writers`` are all
    who changed it. ``version`` grows with every change. ``revision`` is what it became when it was published.
    """

    id: str
    content: Content
    author: str
    created_at: datetime
    updated_at: datetime
    article: str = ""
    based_on: int = 0
    gap: str = ""
    state: DraftState = DraftState.DRAFT
    writers: tuple[str, ...] = ()
    reviewer: str = ""
    note: str = ""
    """What the reviewer asked to be changed."""
    why: str = ""
    """Why the article is written or changed, in the author's words."""
    provenance: tuple[Provenance, ...] = ()
    version: int = 0
    revision: int = 0

    def edited(self, by: str, content: Content, why: str, at: datetime) -> Draft:
        """Return it with new content. What is in review goes back to its author's desk: nobody publishes what a reviewer did not read.

        Raises:
            NotNow: it is published or discarded, or the text is too long to be kept.
        """
        self._open("changed")
        if len(content.text) > MOST_KEPT:
            raise NotNow(f"The text has {len(content.text):,} characters. More than {MOST_KEPT:,} are not kept; split it into several articles.")
        state = DraftState.DRAFT if self.state is DraftState.IN_REVIEW else self.state
        writers = self.writers if by in self.writers else (*self.writers, by)
        return replace(self, content=content, why=why[:NOTE_CHARACTERS].strip(), writers=writers, state=state, updated_at=at)

    def submitted(self, by: str, problems: Collection[Problem], at: datetime) -> Draft:
        """Return it handed to review.

        Raises:
            NotNow: it is there already or over, or it has problems.
        """
        self._open("sent to review")
        if self.state is DraftState.IN_REVIEW:
            raise NotNow("This draft is in review already.")
        if problems:
            raise NotNow("Before the review: " + " ".join(problem.says for problem in problems))
        writers = self.writers if by in self.writers else (*self.writers, by)
        return replace(self, state=DraftState.IN_REVIEW, writers=writers, note="", updated_at=at)

    def returned(self, by: str, note: str, at: datetime) -> Draft:
        """Return it with a reviewer's note of what has to change.

        Raises:
            NotNow: it is not in review, the reviewer wrote it, or the note says nothing.
        """
        self._reviewing(by)
        if not note.strip():
            raise NotNow("Say what has to change, so that the author can do it.")
        return replace(self, state=DraftState.CHANGES_ASKED, reviewer=by, note=note.strip()[:NOTE_CHARACTERS], updated_at=at)

    def approved(self, by: str, problems: Collection[Problem], live: int, at: datetime) -> Draft:
        """Return it as published by a second person; ``live`` is the revision that is live now, 0 for none.

        Raises:
            NotNow: it is not in review, the reviewer wrote it, it has problems by now, or the article changed meanwhile.
        """
        self._reviewing(by)
        if problems:
            raise NotNow("It cannot be published any more: " + " ".join(problem.says for problem in problems))
        if self.article and live != self.based_on:
            now = f"revision {live} is live now" if live else "it was withdrawn"
            raise NotNow(f"The article changed since this draft was begun from revision {self.based_on}: {now}. Take the changes over first.")
        return replace(self, state=DraftState.PUBLISHED, reviewer=by, note="", updated_at=at)

    def discarded(self, at: datetime) -> Draft:
        """Return it given up.

        Raises:
            NotNow: it is over already.
        """
        self._open("discarded")
        return replace(self, state=DraftState.DISCARDED, updated_at=at)

    def rebased(self, live: int, at: datetime) -> Draft:
        """Return it as a change of the revision that is live now: its author has read what changed.

        Raises:
            NotNow: it is over, or it changes no article.
        """
        self._open("changed")
        if not self.article or not live:
            raise NotNow("There is no live article that this draft changes.")
        return replace(self, based_on=live, state=DraftState.DRAFT, updated_at=at)

    def _open(self, done: str) -> None:
        if not self.state.is_open:
            raise NotNow(f"This draft is {self.state.value}; it cannot be {done} any more.")

    def _reviewing(self, by: str) -> None:
        if self.state is not DraftState.IN_REVIEW:
            raise NotNow(f"This draft is not in review: it is {self.state.value}.")
        if by == self.author or by in self.writers:
            raise NotNow("You wrote this draft. A second person has to review it.")

    def document(self, article_id: str, source: str, path: str) -> Document:
        """Return what is published of it."""
        one = self.content
        return Document(article_id, source, path, one.title, one.text, one.owner, one.audience, one.platforms, one.review_by, one.tags)


class TrialState(StrEnum):
    """How far a trial is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def goes_on(self) -> bool:
        """Say whether it is still under way."""
        return self in (TrialState.WAITING, TrialState.RUNNING)


@dataclass(frozen=True, slots=True)
class Seen:
    """What retrieval has for a question: the first article with the passage, and whether it is sure enough to answer."""

    answered: bool
    confidence: float
    article: str = ""
    title: str = ""
    heading: str = ""
    passage: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """A past question with what it gets now and would get with the draft. ``good``: it is answered well today, as its asker said."""

    question: str
    person: str
    good: bool
    before: Seen
    after: Seen

    @property
    def change(self) -> str:
        """``answered``: now it would be; ``still not``; ``lost``: it would not be any more; ``changed``: by another article; ``same``."""
        if self.after.answered and not self.before.answered:
            return "answered"
        if not self.after.answered:
            return "lost" if self.before.answered else "still not"
        return "same" if self.after.article == self.before.article else "changed"


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft tried on past questions, as it was in ``version``. ``left_out`` says how many questions were not tried, by reason."""

    draft: str
    version: int
    asked_by: str
    asked_at: datetime
    state: TrialState = TrialState.WAITING
    done: int = 0
    total: int = 0
    why: str = ""
    """Why it failed."""
    tried: tuple[Tried, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


def problems(draft: Draft, groups: Collection[str], others: Iterable[Article], today: date) -> tuple[Problem, ...]:
    """Return why a draft cannot go to review: ``groups`` are those that the directory knows, ``others`` the live articles."""
    one = draft.content
    found = [*_words(one), *_around(one, groups, today)]
    twin = next((other for other in others if other.id != draft.article and one.title and same_words(other.title, one.title)), None)
    if twin is not None:
        found.append(Problem("title", "Another article has this title. Change that one, or choose a title that tells them apart.", twin.id))
    return tuple(found)


def _words(one: Content) -> list[Problem]:
    found = []
    if not one.title.strip():
        found.append(Problem("title", "It has no title."))
    elif len(one.title) > TITLE_CHARACTERS:
        found.append(Problem("title", f"The title has {len(one.title)} characters; {TITLE_CHARACTERS} are the most."))
    if not one.text.strip():
        found.append(Problem("text", "It has no text."))
    elif len(one.text) > MOST_CHARACTERS:
        found.append(Problem("text", f"The text has {len(one.text):,} characters; readers see {MOST_CHARACTERS:,} at most. Split it."))
    return found


def _around(one: Content, groups: Collection[str], today: date) -> list[Problem]:
    found = []
    if not one.owner.strip():
        found.append(Problem("owner", "Nobody owns it. Name who keeps it right."))
    if unknown := sorted(one.audience.groups - set(groups)):
        found.append(Problem("audience", f"Nobody is in {', '.join(unknown)}: the directory does not know this group."))
    if one.review_by is None:
        found.append(Problem("review_by", "It has no review date. Say when somebody looks at it again."))
    elif one.review_by <= today:
        found.append(Problem("review_by", "The review date has passed. Choose a later one."))
    return found
