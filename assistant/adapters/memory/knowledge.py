"""A knowledge base in memory: ranks by shared words, and is as sure as it is told to be."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from math import sqrt
from zlib import crc32

from assistant.ports.knowledge import Standing
from kb.evidence import words
from kb.model import Article, Audience, Citation, Document, Evidence, Passage, Platform, Reader, Retrieval, Section
from kb.ports import Scope

DIMENSION = 64


class MemoryKnowledge:
    """The ``Knowledge`` port.

    ``confidences`` sets the confidence of a question; any other gets the share of its words that the first passage
    holds. ``model_available`` False stands for an embedding model that is gone.
    """

    def __init__(self) -> None:
        """Begin without articles."""
        self.confidences: dict[str, float] = {}
        self.model_available = True
        self._articles: dict[str, Article] = {}
        self._passages: dict[str, list[Passage]] = {}
        self._texts: dict[tuple[str, int], str] = {}
        self._told: dict[tuple[str, int], tuple[str, str]] = {}
        self._audiences: dict[tuple[str, int], Audience] = {}

    def publish(self, document: Document, sections: Sequence[Section]) -> Article:
        """Make a document live as the next revision of its article."""
        number = 1 + max((revision for key, revision in self._texts if key == document.article_id), default=0)
        article = Article(
            id=document.article_id,
            title=document.title,
            owner=document.owner,
            audience=document.audience,
            platforms=document.platforms,
            review_by=document.review_by,
            tags=document.tags,
            source=document.source,
            path=document.path,
            revision=number,
            content_hash=document.content_hash,
            updated_at=datetime.now(UTC),
        )
        self._articles[article.id] = article
        self._texts[article.id, number] = document.text
        self._told[article.id, number] = (document.title, document.text)
        self._audiences[article.id, number] = document.audience
        self._passages[article.id] = [_passage(article, section, document.text) for section in sections]
        return article

    def withdraw(self, article_id: str) -> None:
        """Remove an article from reading."""
        del self._articles[article_id], self._passages[article_id]

    def embed(self, text: str) -> tuple[float, ...]:
        """See the port."""
        if not self.model_available:
            return ()
        row = [0.0] * DIMENSION
        for word in words(text) or [text]:
            row[crc32(word.encode()) % DIMENSION] += 1.0
        length = sqrt(sum(x * x for x in row))
        return tuple(x / length for x in row)

    def passages_for(
        self,
        question: str,
        reader: Reader,
        platform: Platform | None,
        exclude: Sequence[str] = (),
        vector: tuple[float, ...] = (),
        turns: Sequence[str] = (),
    ) -> Retrieval:
        """See the port."""
        scope, question = Scope(reader, platform), " ".join((*turns, question))
        seen = [a.id for a in self._articles.values() if scope.admits(a.audience, a.platforms) and a.id not in exclude]
        return self._ranked(question, [passage for article_id in seen for passage in self._passages[article_id]], vector)

    def exists_for_others(self, question: str, vector: tuple[float, ...]) -> Retrieval:
        """See the port."""
        return self._ranked(question, [passage for passages in self._passages.values() for passage in passages], vector)

    def passages_of(self, article_id: str, reader: Reader) -> list[Passage]:
        """See the port."""
        article = self._readable(article_id, reader)
        return sorted(self._passages[article_id], key=lambda passage: passage.ordinal) if article else []

    def standing(self, cited: Collection[tuple[str, int]], reader: Reader) -> dict[tuple[str, int], Standing]:
        """See the port."""
        live = {pair: article for pair in cited if (article := self._readable(pair[0], reader)) is not None}
        return {pair: Standing(a, self._told.get(pair) == self._told[a.id, a.revision]) for pair, a in live.items()}

    def still_true(self, citations: Sequence[Citation], reader: Reader) -> bool:
        """See the port."""
        live = [(self._readable(citation.article, reader), citation.revision) for citation in citations]
        return all(article is not None and article.revision == revision for article, revision in live)

    def article(self, article_id: str, reader: Reader, revision: int | None = None) -> tuple[Article, str] | None:
        """See the port."""
        article = self._readable(article_id, reader)
        if article is None:
            return None
        key = (article_id, revision or article.revision)
        text = self._texts.get(key) if key in self._audiences and self._audiences[key].admits(reader) else None
        return (article, text) if text is not None else None

    def _readable(self, article_id: str, reader: Reader) -> Article | None:
        article = self._articles.get(article_id)
        return article if article is not None and article.audience.admits(reader) else None

    def _ranked(self, question: str, passages: Sequence[Passage], vector: tuple[float, ...]) -> Retrieval:
        asked = set(words(question))
        scored = [Evidence(passage, share, share, share) for passage in passages if (share := _share(asked, passage))]
        ranked = sorted(scored, key=lambda item: (-item.fused, item.passage.id))
        sure = self.confidences.get(question, ranked[0].fused if ranked else 0.0)
        return Retrieval(tuple(ranked), sure if ranked else 0.0, vector or self.embed(question))


def _passage(article: Article, section: Section, text: str) -> Passage:
    key = f"{article.id}@{article.revision}#{section.ordinal}"
    return Passage(key, article, section.ordinal, section.heading, section.start, section.end, text[section.start : section.end])


def _share(asked: set[str], passage: Passage) -> float:
    found = set(words(f"{passage.article.title} {passage.heading} {passage.text}"))
    return len(asked & found) / len(asked) if asked else 0.0
