"""Every port of the knowledge base in memory: the one set of fakes, which pass the same contract suites as the adapters."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np

from kb.adapters.store.articles import NO_ROWS, NO_VECTOR
from kb.model import Article, Audience, Document, Passage, Publication, Revision, Section, Signed, UnresolvedIntent
from kb.ports import ArticleWords, Candidate, Entry, Hit, Prepared, Scope, Vector
from kb.publish import passage_id, windows


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


@dataclass(frozen=True, slots=True)
class HashingEmbedder:
    """Bags of words by hashing: texts that share words are near, the same text is the same everywhere."""

    dimension: int = 256
    name: str = "hashing"

    @property
    def identity(self) -> str:
        """See the port."""
        return f"{self.name}-{self.dimension}"

    def embed(self, texts: Sequence[str]) -> Vector:
        """See the port."""
        made = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            for word in _tokens(text) or [""]:
                row[int.from_bytes(sha256(word.encode()).digest()[:4], "big") % self.dimension] += 1.0
        return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12), dtype=np.float32)


class MemoryPassageIndex:
    """What both indexes share; searching is left to the two below."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: dict[str, Entry] = {}

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry]) -> None:
        """See the port."""
        kept = {key: entry for key, entry in self._entries.items() if entry.article_id not in article_ids}
        self._entries = kept | {entry.passage_id: entry for entry in entries}

    def passage_ids(self) -> set[str]:
        """See the port."""
        return set(self._entries)

    def is_empty(self) -> bool:
        """See the port."""
        return not self._entries

    def clear(self) -> None:
        """See the port."""
        self._entries = {}

    def _best(self, scores: dict[str, float], limit: int) -> list[Hit]:
        return [Hit(key, score) for key, score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]]

    def _inside(self, scope: Scope) -> list[Entry]:
        return [entry for entry in self._entries.values() if scope.admits(entry.audience, entry.platforms)]


class MemoryLexicalIndex(MemoryPassageIndex):
    """The ``LexicalIndex`` port: the score is the number of the question's words that a passage holds."""

    def search(self, question: str, scope: Scope, limit: int, context: str = "") -> list[Hit]:
        """See the port."""
        asked = set(_tokens(f"{question} {context}"))
        found = {e.passage_id: float(len(asked & set(_tokens(f"{e.title} {e.heading} {e.text}")))) for e in self._inside(scope)}
        return self._best({key: score for key, score in found.items() if score}, limit)

    def score(self, question: str, passage_ids: Sequence[str], context: str = "") -> dict[str, float]:
        """See the port."""
        asked, mine = set(_tokens(f"{question} {context}")), [self._entries[key] for key in passage_ids if key in self._entries]
        return {entry.passage_id: float(len(asked & set(_tokens(f"{entry.title} {entry.heading} {entry.text}")))) for entry in mine}

    def weigh(self, question: str, article_ids: Sequence[str], context: str = "") -> dict[str, ArticleWords]:
        """See the port."""
        asked, made = set(_tokens(f"{question} {context}")), {}
        for article_id in article_ids:
            mine = [entry for entry in self._entries.values() if entry.article_id == article_id]
            title = len(asked & set(_tokens(mine[0].title))) if mine else 0
            whole = len(asked & {word for entry in mine for word in _tokens(f"{entry.heading} {entry.text}")})
            made[article_id] = ArticleWords(float(title), float(whole), max(1, len(mine)))
        return made


class MemoryVectorIndex(MemoryPassageIndex):
    """The ``VectorIndex`` port: exact cosine."""

    def __init__(self, model: str) -> None:
        """Hold vectors of ``model``."""
        super().__init__()
        self.model = model
        self._stored: str | None = None

    @property
    def stored_model(self) -> str | None:
        """See the port."""
        return self._stored

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry]) -> None:
        """See the port."""
        if self._stored not in (None, self.model):
            raise ValueError(f"the index holds vectors of {self._stored}, not of {self.model}")
        super().replace(article_ids, (entry for entry in entries if len(entry.vectors)))
        self._stored = self.model if self._entries else None

    def clear(self) -> None:
        """See the port."""
        super().clear()
        self._stored = None

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """See the port."""
        return self._best({entry.passage_id: float((entry.vectors @ vector).max()) for entry in self._inside(scope)}, limit)


@dataclass(frozen=True, slots=True)
class _Live:
    article: Article
    model: str
    passages: tuple[Passage, ...]
    vectors: dict[str, Vector]
    title_vector: Vector
    by_text: dict[str, Vector]


class MemoryArticleStore:
    """The ``ArticleStore`` port."""

    def __init__(self) -> None:
        """Begin without articles."""
        self._live: dict[str, _Live] = {}
        self._texts: dict[tuple[str, int], str] = {}
        self._told: dict[tuple[str, int], tuple[str, str]] = {}
        self._audiences: dict[tuple[str, int], Audience] = {}
        self._log: list[Publication] = []
        self._revisions: list[Revision] = []

    def copy(self) -> MemoryArticleStore:
        """Return a store that holds the same and changes by itself."""
        made = MemoryArticleStore()
        made._live, made._texts, made._told, made._audiences = dict(self._live), dict(self._texts), dict(self._told), dict(self._audiences)
        made._log, made._revisions = list(self._log), list(self._revisions)
        return made

    def publish(self, document: Document, sections: Sequence[Section], vectors: Sequence[Vector], title_vector: Vector, model: str) -> Article:
        """See the port."""
        return self.write(Prepared(document, tuple(sections), tuple(vectors), title_vector, model), Signed(), datetime.now(UTC), ahead=False)

    def write(self, prepared: Prepared, signed: Signed, at: datetime, *, ahead: bool) -> Article:
        """Store a revision, whoever made it."""
        document, model = prepared.document, prepared.model
        current = self._live.get(document.article_id)
        if current and current.article.content_hash == document.content_hash and current.model == model:
            return current.article
        number = 1 + max((revision for name, revision in self._texts if name == document.article_id), default=0)
        ahead = current.article.ahead if current and current.article.content_hash == document.content_hash else ahead
        article = replace(_article(document, number), ahead=ahead, updated_at=at)
        by_text = {document.title: prepared.title_vector}
        for section, rows in zip(prepared.sections, prepared.vectors, strict=True):
            by_text.update(zip(windows(document.title, section.heading, document.text[section.start : section.end]), rows, strict=True))
        passages = tuple(_passage(article, section, document.text) for section in prepared.sections)
        rows_of = {passage.id: np.asarray(rows) for passage, rows in zip(passages, prepared.vectors, strict=True)}
        self._texts[article.id, number] = document.text
        self._told[article.id, number] = (document.title, document.text)
        self._audiences[article.id, number] = document.audience
        self._revisions.append(_revision(document, number, signed, at))
        self._live[article.id] = _Live(article, model, passages, rows_of, prepared.title_vector, by_text)
        self._note(article.id)
        return article

    def rename(self, article_id: str, source: str, path: str) -> None:
        """See the port."""
        if live := self._live.get(article_id):
            article = replace(live.article, source=source, path=path, ahead=False)
            self._live[article_id] = replace(live, article=article, passages=tuple(replace(p, article=article) for p in live.passages))

    def withdraw(self, article_ids: Sequence[str]) -> None:
        """See the port."""
        for article_id in article_ids:
            self._live.pop(article_id, None)
            self._note(article_id)

    def articles(self, source: str | None = None) -> list[Article]:
        """See the port."""
        return [live.article for _, live in sorted(self._live.items()) if source in (None, live.article.source)]

    def article(self, article_id: str) -> Article | None:
        """See the port."""
        live = self._live.get(article_id)
        return live.article if live else None

    def revision_text(self, article_id: str, revision: int) -> str | None:
        """See the port."""
        return self._texts.get((article_id, revision))

    def revision_audience(self, article_id: str, revision: int) -> Audience | None:
        """See the port."""
        return self._audiences.get((article_id, revision))

    def revisions(self, article_id: str) -> list[Revision]:
        """See the port."""
        return [one for one in reversed(self._revisions) if one.article == article_id]

    def standing(self, cited: Collection[tuple[str, int]]) -> dict[tuple[str, int], tuple[Article, bool]]:
        """See the port."""
        live = {pair: self._live[pair[0]].article for pair in cited if pair[0] in self._live}
        return {pair: (head, self._told.get(pair) == self._told[head.id, head.revision]) for pair, head in live.items()}

    def candidates(self, passage_ids: Sequence[str], scope: Scope, model: str) -> list[Candidate]:
        """See the port."""
        return [
            Candidate(p, live.vectors[p.id] if live.model == model else NO_ROWS, live.title_vector if live.model == model else NO_VECTOR[0])
            for live in self._live.values()
            for p in live.passages
            if p.id in passage_ids and scope.admits(p.article.audience, p.article.platforms)
        ]

    def passages_of(self, article_id: str) -> list[Passage]:
        """See the port."""
        live = self._live.get(article_id)
        return sorted(live.passages, key=lambda passage: passage.ordinal) if live else []

    def entries(self, article_ids: Sequence[str], model: str) -> list[Entry]:
        """See the port."""
        return [
            Entry(p.id, a.id, a.audience, a.platforms, a.title, p.heading, p.text, live.vectors[p.id] if live.model == model else NO_ROWS, a.tags)
            for article_id in article_ids
            if (live := self._live.get(article_id)) and (a := live.article)
            for p in live.passages
        ]

    def passage_ids(self, model: str | None = None) -> set[str]:
        """See the port."""
        return {p.id for live in self._live.values() for p in live.passages if model in (None, live.model)}

    def groups(self) -> frozenset[str]:
        """See the port."""
        return frozenset(group for live in self._live.values() for group in live.article.audience.groups)

    def head(self) -> int:
        """See the port."""
        return len(self._log)

    def publications(self, after: int) -> list[Publication]:
        """See the port."""
        return self._log[after:]

    def sample_vectors(self, model: str, limit: int) -> Vector:
        """See the port."""
        known = {text: vector for live in self._live.values() if live.model == model for text, vector in live.by_text.items()}
        chosen = sorted(known, key=lambda text: sha256(text.encode()).hexdigest())[:limit]
        return np.stack([known[text] for text in chosen]) if chosen else NO_ROWS

    def known_vectors(self, texts: Sequence[str], model: str) -> dict[str, Vector]:
        """See the port."""
        known = {text: vector for live in self._live.values() if live.model == model for text, vector in live.by_text.items()}
        return {text: known[text] for text in texts if text in known}

    def _note(self, article_id: str) -> None:
        self._log.append(Publication(len(self._log) + 1, article_id))


def _article(document: Document, revision: int) -> Article:
    return Article(
        id=document.article_id,
        title=document.title,
        owner=document.owner,
        audience=document.audience,
        platforms=document.platforms,
        review_by=document.review_by,
        tags=document.tags,
        source=document.source,
        path=document.path,
        revision=revision,
        content_hash=document.content_hash,
        updated_at=datetime.now(UTC),
    )


def _passage(article: Article, section: Section, text: str) -> Passage:
    key = passage_id(article.id, article.revision, section.ordinal)
    return Passage(key, article, section.ordinal, section.heading, section.start, section.end, text[section.start : section.end])


def _revision(document: Document, number: int, signed: Signed, at: datetime) -> Revision:
    return Revision(
        document.article_id,
        number,
        document.title,
        document.text,
        document.content_hash,
        at,
        document.audience,
        signed.author,
        signed.reviewer,
        signed.why,
        document.owner,
        document.platforms,
        document.review_by,
        document.tags,
        whole=True,
    )


@dataclass(frozen=True, slots=True)
class MemoryIntentLog:
    """The ``IntentLog`` port; there is no transaction, what is recorded stays."""

    intents: list[UnresolvedIntent] = field(default_factory=list)

    def record(self, intent: UnresolvedIntent) -> None:
        """See the port."""
        self.intents.append(intent)

    def between(self, start: datetime, end: datetime) -> list[UnresolvedIntent]:
        """See the port."""
        return sorted((i for i in self.intents if start <= i.asked_at < end), key=lambda i: (i.asked_at, i.id))

    def first_asked(self) -> datetime | None:
        """See the port."""
        return min((one.asked_at for one in self.intents), default=None)

    def learn_vector(self, intent_id: str, vector: Sequence[float]) -> None:
        """See the port."""
        self.intents[:] = [replace(one, vector=tuple(vector)) if one.id == intent_id else one for one in self.intents]


class MemoryIndexState:
    """The ``IndexState`` protocol; a second state over the first stands for another process."""

    def __init__(self, beside: MemoryIndexState | None = None) -> None:
        """Begin anew, or share the positions and the ownership of another."""
        self._positions: dict[str, int] = beside._positions if beside else {}
        self._owners: list[MemoryIndexState] = beside._owners if beside else []

    def position(self, index: str) -> int | None:
        """See the protocol."""
        return self._positions.get(index)

    def advance(self, index: str, position: int | None) -> None:
        """See the protocol."""
        self._positions.pop(index, None)
        if position is not None:
            self._positions[index] = position

    def own(self) -> bool:
        """See the protocol."""
        if any(owner is not self for owner in self._owners):
            return False
        self._owners.append(self)
        return True

    def disown(self) -> None:
        """See the protocol."""
        if self in self._owners:
            self._owners.remove(self)
