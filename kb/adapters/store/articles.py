"""Articles, revisions, passages and vectors in tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, Engine, func, insert, select, update

from kb.adapters.store.engine import reading, writing
from kb.adapters.store.revising import article_of, drop_passages, publishing, revisions_of, text_hash, write_article
from kb.adapters.store.standing import standing_rows
from kb.adapters.store.tables import articles, passages, publications, revision_audiences, revisions, vectors
from kb.model import Article, Audience, Document, Passage, Publication, Revision, Section, Signed
from kb.ports import Candidate, Entry, Prepared, Scope, Vector

T = TypeVar("T")
IN_LIMIT = 400
NO_ROWS: Vector = np.zeros((0, 1), dtype=np.float32)
NO_VECTOR: Vector = np.zeros((1, 0), dtype=np.float32)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SqlArticleStore:
    """The ``ArticleStore`` port over SQLAlchemy; one call is one transaction. ``now`` dates what is published and withdrawn."""

    engine: Engine
    now: Callable[[], datetime] = _now

    def publish(self, document: Document, sections: Sequence[Section], vectors: Sequence[Vector], title_vector: Vector, model: str) -> Article:
        """See the port."""
        prepared = Prepared(document, tuple(sections), tuple(vectors), title_vector, model)
        with publishing(self.engine) as connection:
            return write_article(connection, prepared, self.now(), Signed(), ahead=False)

    def rename(self, article_id: str, source: str, path: str) -> None:
        """See the port."""
        with writing(self.engine) as connection:
            connection.execute(update(articles).where(articles.c.id == article_id).values(source=source, path=path, ahead=0))

    def withdraw(self, article_ids: Sequence[str]) -> None:
        """See the port."""
        now = self.now()
        with publishing(self.engine) as connection:
            for part in _parts(article_ids):
                drop_passages(connection, part)
                connection.execute(update(articles).where(articles.c.id.in_(part)).values(withdrawn_at=now))
                connection.execute(insert(publications), [{"article_id": article_id, "at": now} for article_id in part])

    def articles(self, source: str | None = None) -> list[Article]:
        """See the port."""
        query = select(articles).where(articles.c.withdrawn_at.is_(None)).order_by(articles.c.id)
        if source is not None:
            query = query.where(articles.c.source == source)
        with reading(self.engine) as connection:
            return [article_of(row) for row in connection.execute(query).mappings()]

    def article(self, article_id: str) -> Article | None:
        """See the port."""
        query = select(articles).where(articles.c.id == article_id, articles.c.withdrawn_at.is_(None))
        with reading(self.engine) as connection:
            row = connection.execute(query).mappings().first()
        return article_of(row) if row else None

    def revision_text(self, article_id: str, revision: int) -> str | None:
        """See the port."""
        query = select(revisions.c.text).where(revisions.c.article_id == article_id, revisions.c.number == revision)
        with reading(self.engine) as connection:
            text: str | None = connection.execute(query).scalar()
        return text

    def revisions(self, article_id: str) -> list[Revision]:
        """See the port."""
        with reading(self.engine) as connection:
            return revisions_of(connection, article_id)

    def revision_audience(self, article_id: str, revision: int) -> Audience | None:
        """See the port."""
        mine = (revision_audiences.c.article_id == article_id) & (revision_audiences.c.number == revision)
        with reading(self.engine) as connection:
            groups: list[str] | None = connection.execute(select(revision_audiences.c.audience).where(mine)).scalar()
        return None if groups is None else Audience(frozenset(groups))

    def standing(self, cited: Collection[tuple[str, int]]) -> dict[tuple[str, int], tuple[Article, bool]]:
        """See the port."""
        with reading(self.engine) as connection:
            rows = [row for part in _parts(sorted(set(cited))) for row in standing_rows(connection, part)]
        heads = {row["id"]: article_of(row) for row in rows}
        same = {(row["id"], row["cited"]): bool(row["same"]) for row in rows}
        return {pair: (heads[pair[0]], same.get(pair, False)) for pair in cited if pair[0] in heads}

    def candidates(self, passage_ids: Sequence[str], scope: Scope, model: str) -> list[Candidate]:
        """See the port."""
        found: list[Candidate] = []
        with reading(self.engine) as connection:
            for part in _parts(passage_ids):
                live = [p for p in _passages(connection, passages.c.id.in_(part)) if scope.admits(p.article.audience, p.article.platforms)]
                owners = {p.id for p in live} | {f"title:{p.article.id}" for p in live}
                rows = _vectors_of(connection, sorted(owners), model=model)
                found += [Candidate(p, rows.get(p.id, NO_ROWS), rows.get(f"title:{p.article.id}", NO_VECTOR)[0]) for p in live]
        return found

    def passages_of(self, article_id: str) -> list[Passage]:
        """See the port."""
        with reading(self.engine) as connection:
            return sorted(_passages(connection, passages.c.article_id == article_id), key=lambda passage: passage.ordinal)

    def entries(self, article_ids: Sequence[str], model: str) -> list[Entry]:
        """See the port."""
        made: list[Entry] = []
        with reading(self.engine) as connection:
            for part in _parts(article_ids):
                rows = _vectors_of(connection, None, part, model)
                for passage in _passages(connection, passages.c.article_id.in_(part)):
                    made.append(_entry(passage, rows.get(passage.id, NO_ROWS)))
        return made

    def passage_ids(self, model: str | None = None) -> set[str]:
        """See the port."""
        query = select(passages.c.id).join(articles, articles.c.id == passages.c.article_id).where(articles.c.withdrawn_at.is_(None))
        if model is not None:
            query = query.where(articles.c.model == model)
        with reading(self.engine) as connection:
            return set(connection.execute(query).scalars())

    def groups(self) -> frozenset[str]:
        """See the port."""
        query = select(articles.c.audience).where(articles.c.withdrawn_at.is_(None))
        with reading(self.engine) as connection:
            return frozenset(group for audience in connection.execute(query).scalars() for group in audience)

    def head(self) -> int:
        """See the port."""
        with reading(self.engine) as connection:
            return connection.execute(select(func.max(publications.c.position))).scalar() or 0

    def publications(self, after: int) -> list[Publication]:
        """See the port."""
        query = select(publications.c.position, publications.c.article_id).where(publications.c.position > after).order_by(publications.c.position)
        with reading(self.engine) as connection:
            return [Publication(position, article_id) for position, article_id in connection.execute(query)]

    def sample_vectors(self, model: str, limit: int) -> Vector:
        """See the port: those whose texts have the smallest hashes, which is as good as drawn by lot."""
        query = select(vectors.c.vector).where(vectors.c.model == model).order_by(vectors.c.text_hash, vectors.c.owner, vectors.c.row).limit(limit)
        with reading(self.engine) as connection:
            rows = [_vector(blob) for blob in connection.execute(query).scalars()]
        return np.stack(rows) if rows else NO_ROWS

    def known_vectors(self, texts: Sequence[str], model: str) -> dict[str, Vector]:
        """See the port."""
        by_hash = {text_hash(text): text for text in texts}
        found: dict[str, Vector] = {}
        with reading(self.engine) as connection:
            for part in _parts(list(by_hash)):
                query = select(vectors.c.text_hash, vectors.c.vector).where(vectors.c.text_hash.in_(part), vectors.c.model == model)
                found.update({by_hash[key]: _vector(blob) for key, blob in connection.execute(query)})
        return found


def _parts(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + IN_LIMIT] for start in range(0, len(items), IN_LIMIT))


def _passages(connection: Connection, condition: Any) -> list[Passage]:
    span = func.substr(revisions.c.text, passages.c.start + 1, passages.c.end - passages.c.start).label("passage_text")
    columns = [passages.c.id.label("passage_id"), passages.c.ordinal, passages.c.heading, passages.c.start, passages.c.end, span]
    query = (
        select(articles, *columns)
        .join(passages, passages.c.article_id == articles.c.id)
        .join(revisions, (revisions.c.article_id == passages.c.article_id) & (revisions.c.number == passages.c.revision))
        .where(articles.c.withdrawn_at.is_(None), articles.c.revision == passages.c.revision, condition)
    )
    heads: dict[str, Article] = {}
    found = []
    for row in connection.execute(query).mappings():
        article = heads.get(row["id"]) or heads.setdefault(row["id"], article_of(row))
        found.append(Passage(row["passage_id"], article, row["ordinal"], row["heading"], row["start"], row["end"], row["passage_text"]))
    return found


def _vector(blob: bytes) -> Vector:
    return np.frombuffer(blob, dtype=np.float32)


def _vectors_of(connection: Connection, owners: Sequence[str] | None, article_ids: Sequence[str] = (), model: str | None = None) -> dict[str, Vector]:
    query = select(vectors.c.owner, vectors.c.vector).order_by(vectors.c.owner, vectors.c.row)
    query = query.where(vectors.c.owner.in_(owners)) if owners is not None else query.where(vectors.c.article_id.in_(article_ids))
    if model is not None:
        query = query.where(vectors.c.model == model)
    grouped: dict[str, list[Vector]] = {}
    for owner, blob in connection.execute(query):
        grouped.setdefault(owner, []).append(_vector(blob))
    return {owner: np.stack(rows) if len(rows) > 1 else rows[0][None] for owner, rows in grouped.items()}


def _entry(passage: Passage, rows: Vector) -> Entry:
    article = passage.article
    return Entry(passage.id, article.id, article.audience, article.platforms, article.title, passage.heading, passage.text, rows, article.tags)
