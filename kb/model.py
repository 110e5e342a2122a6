"""The nouns of the knowledge base.

Every offset in this module counts Unicode code points in ``Revision.text``; for any passage or citation
``revision.text[start:end]`` is exactly its text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256


class Platform(StrEnum):
    """An operating system that an article is written for or that a device runs."""

    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"
    IOS = "ios"
    ANDROID = "android"

    @property
    def label(self) -> str:
        """The name as its vendor writes it."""
        return {"windows": "Windows", "macos": "macOS", "linux": "Linux", "ios": "iPhone or iPad", "android": "Android"}[self.value]


class FailureClass(StrEnum):
    """Why a question was left unresolved; the value is what reports and exports show."""

    NO_ARTICLE = "no article"
    NOT_RETRIEVED = "not retrieved"
    REJECTED = "retrieved but rejected"
    STALE = "stale"
    NOT_PERMITTED = "not permitted"
    TOOL_MISSING = "tool missing"
    OUT_OF_SCOPE = "out of scope"
    ERROR = "error"

    @property
    def label(self) -> str:
        """The class as people read it."""
        return {"not retrieved": "article exists but was not found", "retrieved but rejected": "found but rejected"}.get(self.value, self.value)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may read an article: the members of any of ``groups``, or everybody when it is empty."""

    groups: frozenset[str] = frozenset()

    @classmethod
    def of(cls, groups: Iterable[str]) -> Audience:
        """Build from group names; ``everyone`` among them means everybody."""
        names = frozenset(name.strip().lower() for name in groups if name.strip())
        return cls(frozenset() if "everyone" in names else names)

    def admits(self, reader: Reader) -> bool:
        """Say whether the reader may see the article."""
        return not self.groups or bool(self.groups & reader.groups)

    @property
    def key(self) -> str:
        """One stable word for this audience: ``everyone`` or the sorted group names joined by ``+``."""
        return "+".join(sorted(self.groups)) or "everyone"


@dataclass(frozen=True, slots=True)
class Reader:
    """The rights with which somebody reads, resolved now from the directory."""

    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Document:
    """What ingestion read from one source file, before it becomes a revision.

    ``text`` is Markdown. ``source`` names the synchronised folder, ``path`` the file inside it.
    """

    article_id: str
    source: str
    path: str
    title: str
    text: str
    owner: str = ""
    audience: Audience = field(default_factory=Audience)
    platforms: frozenset[Platform] = frozenset()
    review_by: date | None = None
    tags: tuple[str, ...] = ()

    @property
    def content_hash(self) -> str:
        """SHA-256 over everything a reader or the index can see; equal hashes mean nothing to do."""
        parts = (
            self.title,
            self.text,
            self.owner,
            "\x01".join(sorted(self.audience.groups)),
            ",".join(sorted(self.platforms)),
            str(self.review_by or ""),
            "\x01".join(self.tags),
        )
        return sha256("\x00".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Section:
    """A span of a document that stands on its own: what the splitter makes, what becomes a passage."""

    ordinal: int
    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """The head of an article: what is true of it now."""

    id: str
    title: str
    owner: str
    audience: Audience
    platforms: frozenset[Platform]
    review_by: date | None
    tags: tuple[str, ...]
    source: str
    path: str
    revision: int
    content_hash: str
    updated_at: datetime
    ahead: bool = False
    """It was edited in Firstline, and the file that it comes from does not say the same yet."""

    @property
    def category(self) -> str:
        """The first tag, which names the category; ``general`` without tags."""
        return self.tags[0] if self.tags else "general"

    def overdue(self, today: date) -> bool:
        """Say whether the article's review date has passed."""
        return self.review_by is not None and self.review_by < today


@dataclass(frozen=True, slots=True)
class Revision:
    """What an article was at one time, and who made it so.

    ``author`` and ``reviewer`` are ids of people, "" where it came from a file. ``audience`` is None where it is not known any more, and
    ``owner``, ``platforms``, ``review_by`` and ``tags`` stand only where ``whole``.
    """

    article: str
    number: int
    title: str
    text: str
    content_hash: str
    published_at: datetime
    audience: Audience | None = None
    author: str = ""
    reviewer: str = ""
    why: str = ""
    owner: str = ""
    platforms: frozenset[Platform] = frozenset()
    review_by: date | None = None
    tags: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Signed:
    """Who made a revision, who reviewed it, and why; ids of people, nobody's for what comes from a file."""

    author: str = ""
    reviewer: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of the current revision of an article, the unit of retrieval."""

    id: str
    article: Article
    ordinal: int
    heading: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """Proof of a statement: ``quote`` is ``text[start:end]`` of the named revision."""

    article: str
    revision: int
    title: str
    heading: str
    quote: str
    start: int
    end: int
    owner: str = ""
    updated: str = ""
    review_by: str = ""
    overdue: bool = False
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage with the scores that brought it here.

    ``dense`` is a cosine in [-1, 1], ``lexical`` a BM25 score (0 when no term matched), ``fused`` the ranking
    score of its article (comparable within one retrieval only).
    """

    passage: Passage
    dense: float
    lexical: float
    fused: float


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The ranked result of one retrieval.

    ``confidence`` is the calibrated probability in [0, 1] that the first article answers; ``degraded`` says, in a
    sentence for operators, why a part of retrieval was not available ("" when all of it was).
    """

    ranked: tuple[Evidence, ...]
    confidence: float
    vector: tuple[float, ...] = ()
    degraded: str = ""

    @property
    def articles(self) -> tuple[Article, ...]:
        """The distinct articles in rank order."""
        seen: dict[str, Article] = {}
        for item in self.ranked:
            seen.setdefault(item.passage.article.id, item.passage.article)
        return tuple(seen.values())


@dataclass(frozen=True, slots=True)
class Abstention:
    """No answer, and why: its reason, the confidence that was too low, and the nearest articles that the asker may read."""

    reason: FailureClass
    confidence: float
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnresolvedIntent:
    """A question that Firstline could not resolve. ``origin`` is an opaque reference to where it was asked."""

    id: str
    question: str
    failure: FailureClass
    nearest: tuple[str, ...]
    category: str
    platform: str
    origin: str
    asker: str
    asked_at: datetime
    ticket: str = ""
    vector: tuple[float, ...] = ()


class GapState(StrEnum):
    """How far people are with a gap."""

    OPEN = "open"
    DRAFTED = "drafted"
    PUBLISHED = "published"
    CLOSED = "closed"
    DISMISSED = "dismissed"

    @property
    def waits(self) -> bool:
        """Say whether somebody still has to do something about it."""
        return self in (GapState.OPEN, GapState.DRAFTED)


@dataclass(frozen=True, slots=True)
class Gap:
    """Unresolved intents that ask for the same thing. It keeps its id, its name and its members from week to week.

    The first part is stored; the second is counted from the members whenever it is read, over all time or over the span that was asked for.
    """

    id: str
    name: str
    opened_at: datetime
    state: GapState = GapState.OPEN
    named: bool = False
    """The name stays. It does not yet while too few people asked for it to have one of its own words."""
    category: str = ""
    assigned_to: str = ""
    due: date | None = None
    article: str = ""
    """The article that was published for it, "" while there is none."""
    reason: str = ""
    """Why it was dismissed."""
    centroid: tuple[float, ...] = ()
    """The mean of its members' vectors, of length 1; () while it is not known."""

    failures: dict[FailureClass, int] = field(default_factory=dict)
    people: int = 0
    tickets: int = 0
    first_asked: datetime | None = None
    last_asked: datetime | None = None

    @property
    def demand(self) -> int:
        """How often it was asked."""
        return sum(self.failures.values())

    @property
    def failure(self) -> FailureClass:
        """The most frequent class of its members, the first of the equals."""
        order = list(FailureClass)
        return max(self.failures, key=lambda one: (self.failures[one], -order.index(one)), default=FailureClass.NO_ARTICLE)


@dataclass(frozen=True, slots=True)
class Asking:
    """When a member of a gap was asked: what spikes and histories are counted from."""

    gap: str
    category: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Spike:
    """More questions of a kind within an hour than its past explains."""

    subject: str
    """``gap:g_...`` or ``category:vpn``."""
    label: str
    since: datetime
    seen_at: datetime
    count: int
    expected: float
    chance: float
    """How probable so many are in an hour like this one when nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One line of the publication log: at ``position`` the article changed; the indexes follow this log."""

    position: int
    article_id: str


@dataclass(frozen=True, slots=True)
class IngestFailure:
    """A file that could not be taken in, and why, in words for its author."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class IngestRun:
    """One synchronisation of one folder."""

    source: str
    started_at: datetime
    finished_at: datetime | None
    seen: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    unchanged: int = 0
    failures: tuple[IngestFailure, ...] = ()
    state: str = "running"
