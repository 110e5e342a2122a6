"""Writes revisions of articles into the tables, and reads them again, on a connection whose owner commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, and_, delete, func, insert, select, update

from kb.adapters.store.engine import writing
from kb.adapters.store.tables import articles, passages, publications, revision_audiences, revision_facts, revisions, vectors
from kb.model import Article, Audience, Document, Platform, Revision, Signed
from kb.ports import Prepared, Vector
from kb.publish import passage_id, windows

PUBLISHING_LOCK = 4_357_001


def text_hash(text: str) -> str:
    """Return the key under which a text's vector is found again."""
    return sha256(text.encode()).hexdigest()


@contextmanager
def publishing(engine: Engine) -> Iterator[Connection]:
    """Write one after another, so that positions of the publication log are committed in their order."""
    with writing(engine) as connection:
        take_turn(connection)
        yield connection


def take_turn(connection: Connection) -> None:
    """Wait until no other transaction publishes; on SQLite there is only one that writes."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(PUBLISHING_LOCK)))


def write_article(connection: Connection, prepared: Prepared, now: datetime, signed: Signed, *, ahead: bool) -> Article:
    """Store a revision with its passages and make it live; an equal content hash and model changes nothing.

    The same words with vectors of another model are as far ahead of their file as before.
    """
    document, model = prepared.document, prepared.model
    current = connection.execute(select(articles).where(articles.c.id == document.article_id)).mappings().first()
    if current and not current["withdrawn_at"] and current["content_hash"] == document.content_hash and current["model"] == model:
        return article_of(current)
    if current and current["content_hash"] == document.content_hash:
        ahead = bool(current["ahead"])
    number = _write_revision(connection, document, now, signed)
    _write_passages(connection, prepared, number)
    row = _article_row(document, number, model, now) | {"ahead": int(ahead)}
    if current:
        connection.execute(update(articles).where(articles.c.id == document.article_id).values(**row))
    else:
        connection.execute(insert(articles).values(**row))
    connection.execute(insert(publications).values(article_id=document.article_id, at=now))
    return article_of(row)


def _write_revision(connection: Connection, document: Document, now: datetime, signed: Signed) -> int:
    last = connection.execute(select(func.max(revisions.c.number)).where(revisions.c.article_id == document.article_id)).scalar() or 0
    row = {"title": document.title, "text": document.text, "content_hash": document.content_hash, "published_at": now}
    key = {"article_id": document.article_id, "number": last + 1}
    connection.execute(insert(revisions).values(**key, **row))
    connection.execute(insert(revision_audiences).values(**key, audience=sorted(document.audience.groups)))
    who = {"author": signed.author, "reviewer": signed.reviewer, "why": signed.why}
    around = {"owner": document.owner, "platforms": sorted(document.platforms), "review_by": document.review_by, "tags": list(document.tags)}
    connection.execute(insert(revision_facts).values(**key, **who, **around))
    return last + 1


def _write_passages(connection: Connection, prepared: Prepared, number: int) -> None:
    document, article_id, model = prepared.document, prepared.document.article_id, prepared.model
    drop_passages(connection, [article_id])
    passage_rows, vector_rows = [], [_vector_row(article_id, f"title:{article_id}", 0, document.title, model, prepared.title_vector)]
    for section, matrix in zip(prepared.sections, prepared.vectors, strict=True):
        key = passage_id(article_id, number, section.ordinal)
        span = {"ordinal": section.ordinal, "heading": section.heading, "start": section.start, "end": section.end}
        passage_rows.append({"id": key, "article_id": article_id, "revision": number, **span})
        texts = windows(document.title, section.heading, document.text[section.start : section.end])
        vector_rows += [_vector_row(article_id, key, i, text, model, row) for i, (text, row) in enumerate(zip(texts, matrix, strict=True))]
    if passage_rows:
        connection.execute(insert(passages), passage_rows)
    connection.execute(insert(vectors), vector_rows)


def drop_passages(connection: Connection, article_ids: Sequence[str]) -> None:
    """Delete the passages and vectors of these articles."""
    connection.execute(delete(passages).where(passages.c.article_id.in_(article_ids)))
    connection.execute(delete(vectors).where(vectors.c.article_id.in_(article_ids)))


def revisions_of(connection: Connection, article_id: str) -> list[Revision]:
    """Return all revisions of an article, the newest first."""
    facts, readers = revision_facts, revision_audiences
    known = [column for column in facts.columns if column.name not in ("article_id", "number")]
    query = (
        select(revisions, readers.c.audience, *known)
        .outerjoin(readers, and_(readers.c.article_id == revisions.c.article_id, readers.c.number == revisions.c.number))
        .outerjoin(facts, and_(facts.c.article_id == revisions.c.article_id, facts.c.number == revisions.c.number))
        .where(revisions.c.article_id == article_id)
        .order_by(revisions.c.number.desc())
    )
    return [_revision(row) for row in connection.execute(query).mappings()]


def _revision(row: Any) -> Revision:
    audience = None if row["audience"] is None else Audience(frozenset(row["audience"]))
    made = Revision(row["article_id"], row["number"], row["title"], row["text"], row["content_hash"], row["published_at"], audience)
    if row["author"] is None:
        return made
    facts = {name: row[name] for name in ("author", "reviewer", "why", "owner", "review_by")}
    return replace(made, **facts, platforms=frozenset(Platform(name) for name in row["platforms"]), tags=tuple(row["tags"]), whole=True)


def article_of(row: Any) -> Article:
    """Return the article of a row of ``articles``."""
    return Article(
        id=row["id"],
        title=row["title"],
        owner=row["owner"],
        audience=Audience(frozenset(row["audience"])),
        platforms=frozenset(Platform(name) for name in row["platforms"]),
        review_by=row["review_by"],
        tags=tuple(row["tags"]),
        source=row["source"],
        path=row["path"],
        revision=row["revision"],
        content_hash=row["content_hash"],
        updated_at=row["updated_at"],
        ahead=bool(row["ahead"]),
    )


def _article_row(document: Document, revision: int, model: str, now: datetime) -> dict[str, Any]:
    return {
        "id": document.article_id,
        "title": document.title,
        "owner": document.owner,
        "audience": sorted(document.audience.groups),
        "platforms": sorted(document.platforms),
        "review_by": document.review_by,
        "tags": list(document.tags),
        "source": document.source,
        "path": document.path,
        "revision": revision,
        "content_hash": document.content_hash,
        "model": model,
        "updated_at": now,
        "withdrawn_at": None,
    }


def _vector_row(article_id: str, owner: str, row: int, text: str, model: str, vector: Vector) -> dict[str, Any]:
    blob = np.ascontiguousarray(vector, dtype=np.float32).tobytes()
    return {"owner": owner, "row": row, "article_id": article_id, "text_hash": text_hash(text), "model": model, "vector": blob}


@dataclass(frozen=True, slots=True)
class SqlArticleWriter:
    """The ``ArticleWriter`` port on a connection whose owner commits."""

    connection: Connection

    def publish(self, prepared: Prepared, signed: Signed, at: datetime) -> Article:
        """See the port."""
        take_turn(self.connection)
        return write_article(self.connection, prepared, at, signed, ahead=True)

    def article(self, article_id: str) -> Article | None:
        """See the port."""
        row = self.connection.execute(select(articles).where(articles.c.id == article_id, articles.c.withdrawn_at.is_(None))).mappings().first()
        return article_of(row) if row else None

    def is_taken(self, article_id: str) -> bool:
        """See the port."""
        return self.connection.execute(select(articles.c.id).where(articles.c.id == article_id)).first() is not None
