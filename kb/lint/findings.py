"""What lint finds, and to whom each finding goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kb.model import Article, Passage

NOBODY = ""
"""The owner of an article that has none."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of an article: ``text`` is the revision's ``text[start:end]``."""

    article: str
    title: str
    owner: str
    revision: int
    heading: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Overdue:
    """An article whose review date passed so many days ago."""

    article: str
    title: str
    owner: str
    review_by: date
    days: int


@dataclass(frozen=True, slots=True)
class Ownerless:
    """An article that nobody answers for."""

    article: str
    title: str
    path: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Nearly the same passage in two or more articles, the two most alike first.

    ``likeness`` is the share of four-word runs that those two have in common, ``passages`` how many passages these
    articles share.
    """

    quotes: tuple[Quote, ...]
    likeness: float
    passages: int
    readers: str

    @property
    def owners(self) -> frozenset[str]:
        """Who answers for the articles."""
        return frozenset(quote.owner for quote in self.quotes)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two sentences that cannot both be followed: ``kind`` of fact, ``reason`` in words, and who reads both."""

    first: Quote
    second: Quote
    kind: str
    reason: str
    readers: str

    @property
    def owners(self) -> frozenset[str]:
        """Who answers for the two articles."""
        return frozenset((self.first.owner, self.second.owner))


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that lint found, on all articles or on those of one owner."""

    overdue: tuple[Overdue, ...] = ()
    ownerless: tuple[Ownerless, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.overdue) + len(self.ownerless) + len(self.contradictions) + len(self.duplicates)

    def of(self, owner: str) -> Findings:
        """Return those that concern an owner's articles; ``NOBODY`` stands for articles without one."""
        return Findings(
            tuple(one for one in self.overdue if one.owner == owner),
            self.ownerless if owner == NOBODY else (),
            tuple(one for one in self.contradictions if owner in one.owners),
            tuple(one for one in self.duplicates if owner in one.owners),
        )

    @property
    def owners(self) -> list[str]:
        """The owners who have something to do, in order; ``NOBODY`` last."""
        named = {*(one.owner for one in self.overdue), *([NOBODY] if self.ownerless else [])}
        named = named.union(*(one.owners for one in self.contradictions), *(one.owners for one in self.duplicates))
        return sorted(named, key=lambda owner: (owner == NOBODY, owner.lower()))


def overdue(articles: Iterable[Article], today: date) -> tuple[Overdue, ...]:
    """Return the articles whose review date has passed, the longest overdue first."""
    late = [
        Overdue(article.id, article.title, article.owner.strip(), article.review_by, (today - article.review_by).days)
        for article in articles
        if article.review_by is not None and article.overdue(today)
    ]
    return tuple(sorted(late, key=lambda one: (-one.days, one.article)))


def by_owner(late: Sequence[Overdue]) -> list[tuple[str, list[Overdue]]]:
    """Return overdue articles grouped by owner, those without one last."""
    owners = sorted({one.owner for one in late}, key=lambda owner: (owner == NOBODY, owner.lower()))
    return [(owner, [one for one in late if one.owner == owner]) for owner in owners]


def ownerless(articles: Iterable[Article]) -> tuple[Ownerless, ...]:
    """Return the articles without an owner."""
    return tuple(Ownerless(article.id, article.title, article.path) for article in articles if not article.owner.strip())


def quote_of(passage: Passage, start: int = 0, end: int | None = None) -> Quote:
    """Return a span of a passage (the whole by default) with where it stands; offsets are within the passage."""
    article, text = passage.article, passage.text[start:end]
    first = passage.start + start
    return Quote(article.id, article.title, article.owner.strip(), article.revision, passage.heading, first, first + len(text), text)
