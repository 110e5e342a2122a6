"""A knowledge base as if one more article were published: what retrieval would find then, without touching what is live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from kb.model import Article, Passage, Reader
from kb.ports import ArticleStore, Candidate, Entry, Hit, LexicalIndex, Prepared, Scope, Vector, VectorIndex
from kb.publish import passage_id
from kb.ranking import Weights
from kb.retrieve import Retriever, Searches


@dataclass(frozen=True, slots=True)
class Pretended:
    """The article with its passages as publishing would make them: ``revision`` is the one that it would get."""

    prepared: Prepared
    revision: int
    at: datetime

    @property
    def article(self) -> Article:
        """The head that the article would have."""
        one = self.prepared.document
        around = (one.owner, one.audience, one.platforms, one.review_by, one.tags, one.source, one.path)
        return Article(one.article_id, one.title, *around, self.revision, one.content_hash, self.at)

    @property
    def candidates(self) -> list[Candidate]:
        """Its passages with their vectors."""
        head, text = self.article, self.prepared.document.text
        return [
            Candidate(self._passage(head, text, number), np.asarray(rows), self.prepared.title_vector)
            for number, rows in enumerate(self.prepared.vectors)
        ]

    def _passage(self, head: Article, text: str, number: int) -> Passage:
        section = self.prepared.sections[number]
        key = passage_id(head.id, self.revision, section.ordinal)
        return Passage(key, head, section.ordinal, section.heading, section.start, section.end, text[section.start : section.end])

    @property
    def entries(self) -> list[Entry]:
        """Its passages as indexes hold them."""
        head = self.article
        return [
            Entry(p.id, head.id, head.audience, head.platforms, head.title, p.heading, p.text, candidate.vectors, head.tags)
            for candidate in self.candidates
            for p in (candidate.passage,)
        ]


@dataclass(frozen=True, slots=True)
class OverStore:
    """What retrieval reads of a store, with the article in place of its live revision, if it has one."""

    store: ArticleStore
    pretended: Pretended
    own: dict[str, Candidate]

    def candidates(self, passage_ids: Sequence[str], scope: Scope, model: str) -> list[Candidate]:
        """Return live passages and those of the article, inside the scope."""
        head = self.pretended.article
        others = [key for key in passage_ids if article_of(key) != head.id]
        mine = [self.own[key] for key in passage_ids if key in self.own and scope.admits(head.audience, head.platforms)]
        return [*self.store.candidates(others, scope, model), *mine]

    def head(self) -> int:
        """Return the position of the store."""
        return self.store.head()

    def sample_vectors(self, model: str, limit: int) -> Vector:
        """Return vectors of the collection with the article's own in place of those of its live revision, as far as there is room."""
        gone = Counter(row.tobytes() for row in self._replaced(model))
        kept = []
        for row in self.store.sample_vectors(model, limit):
            key = row.tobytes()
            if gone[key]:
                gone[key] -= 1
            else:
                kept.append(row)
        mine = [self.pretended.prepared.title_vector, *(row for one in self.own.values() for row in one.vectors)]
        return np.stack([*kept, *mine])[:limit]

    def _replaced(self, model: str) -> list[Vector]:
        """Return the vectors of the live revision."""
        passages = self.store.passages_of(self.pretended.article.id)
        everybody = Scope(Reader(self.store.groups()))
        found = self.store.candidates([one.id for one in passages], everybody, model)
        return [row for number, one in enumerate(found) for row in (*one.vectors, *([one.title_vector] if not number else []))]


@dataclass(frozen=True, slots=True)
class OverVectors:
    """Nearest passages, with those of the article in place of its live revision's."""

    vector: VectorIndex
    pretended: Pretended
    own: dict[str, Candidate]
    replaced: int

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return at most ``limit`` hits, best first."""
        head = self.pretended.article
        live = [hit for hit in self.vector.search(vector, scope, limit + self.replaced) if article_of(hit.passage_id) != head.id]
        mine = [Hit(key, float((one.vectors @ vector).max())) for key, one in self.own.items() if len(one.vectors)]
        both = [*live, *(mine if scope.admits(head.audience, head.platforms) else [])]
        return sorted(both, key=lambda hit: (-hit.score, hit.passage_id))[:limit]


def article_of(key: str) -> str:
    """Return the article of a passage's id."""
    return key.rpartition("@")[0]


def retriever_as_if(
    searches: Searches,
    store: ArticleStore,
    vector: VectorIndex | None,
    lexical: LexicalIndex,
    pretended: Pretended,
    own: Callable[[], Weights | None],
    today: Callable[[], date],
) -> Retriever:
    """Return a retriever that finds the article as if it were published; ``lexical`` holds it already, and nothing else changed."""
    mine = {one.passage.id: one for one in pretended.candidates}
    over = OverVectors(vector, pretended, mine, len(store.passages_of(pretended.article.id))) if vector is not None else None
    parts = Searches(OverStore(store, pretended, mine), lexical, over, searches.embedder, searches.vector_problem)
    return Retriever(parts, own, today)
