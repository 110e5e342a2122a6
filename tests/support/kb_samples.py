"""Small knowledge bases for tests: documents in a line, passages with canary words, a keeper over fakes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np

from kb.adapters.memory import HashingEmbedder
from kb.model import Article, Audience, Document, FailureClass, Passage, Platform, Section, UnresolvedIntent
from kb.ports import ArticleStore, Embedder, Entry, Vector
from kb.publish import Publisher

EMBEDDER = HashingEmbedder(64)
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def unit(*numbers: float) -> Vector:
    """Return a unit vector in that direction."""
    row = np.array(numbers, dtype=np.float32)
    return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


def document(
    article_id: str,
    *paragraphs: str,
    title: str = "",
    groups: Sequence[str] = (),
    platforms: Sequence[Platform] = (),
    review_by: date = date(2027, 1, 31),
) -> Document:
    """Return a document whose paragraphs become its passages."""
    return Document(
        article_id=article_id,
        source="handbook",
        path=f"{article_id}.md",
        title=title or f"About {article_id}",
        text="\n\n".join(paragraphs or (f"All there is to say about {article_id}.",)),
        owner="desk@lindqvist.example",
        audience=Audience.of(groups),
        platforms=frozenset(platforms),
        review_by=review_by,
        tags=("vpn", "remote"),
    )


def sections(document: Document) -> list[Section]:
    """Cut a document at its blank lines."""
    found, at = [], 0
    for ordinal, part in enumerate(document.text.split("\n\n")):
        found.append(Section(ordinal, f"Part {ordinal}", at, at + len(part)))
        at += len(part) + 2
    return found


def publish(store: ArticleStore, *documents: Document, embedder: Embedder = EMBEDDER) -> list[Article]:
    """Publish documents with their paragraphs as passages."""
    return Publisher(store, embedder).publish([(one, sections(one)) for one in documents])


def entry(
    name: str,
    text: str = "",
    groups: Sequence[str] = (),
    platforms: Sequence[Platform] = (),
    article: str = "",
    vectors: Vector | None = None,
    embedder: Embedder = EMBEDDER,
) -> Entry:
    """Return an index entry; its vector is that of its text."""
    rows = embedder.embed([text or name]) if vectors is None else vectors
    return Entry(name, article or name.partition("@")[0], Audience.of(groups), frozenset(platforms), "", "", text or name, rows)


def passage(text: str, title: str = "A title", heading: str = "", article_id: str = "a", **facts: object) -> Passage:
    """Return a passage that is the whole text of its article."""
    fields = {"owner": "", "audience": Audience(), "platforms": frozenset(), "review_by": None, "tags": (), "source": "", "path": "", "revision": 1}
    article = Article(id=article_id, title=title, content_hash="", updated_at=MONDAY, **{**fields, **facts})  # type: ignore[arg-type]
    return Passage(f"{article_id}@1#0", article, 0, heading, 0, len(text), text)


def intent(number: int, question: str, failure: FailureClass = FailureClass.NO_ARTICLE, **facts: object) -> UnresolvedIntent:
    """Return an unresolved intent; a higher number was asked a minute later."""
    at = datetime(2026, 11, 16, 9, number % 60, tzinfo=UTC)
    fields = {"nearest": (), "category": "vpn", "platform": "", "origin": "turn", "asker": f"person-{number}", "asked_at": at}
    return UnresolvedIntent(id=f"intent-{number:03}", question=question, failure=failure, **{**fields, **facts})  # type: ignore[arg-type]
