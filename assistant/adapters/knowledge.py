"""The knowledge base behind the assistant's ``Knowledge`` port."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.ports.knowledge import Standing
from kb.bootstrap import KnowledgeBase
from kb.model import Article, Citation, Passage, Platform, Reader, Retrieval
from kb.ports import EmbedderUnavailable, Scope
from kb.retrieve import Question

LIMIT = 60


@dataclass(frozen=True, slots=True)
class KnowledgeFromBase:
    """The ``Knowledge`` port over ``kb``."""

    base: KnowledgeBase

    def embed(self, text: str) -> tuple[float, ...]:
        """See the port."""
        try:
            return tuple(float(x) for x in self.base.embedder.embed([text])[0])
        except EmbedderUnavailable:
            return ()

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
        known = np.asarray(vector, dtype=np.float32) if vector else None
        return self.base.retriever.retrieve(Question(question, known, tuple(turns)), Scope(reader, platform), limit=LIMIT, exclude=exclude)

    def exists_for_others(self, question: str, vector: tuple[float, ...]) -> Retrieval:
        """See the port."""
        groups = self.base.store.groups()
        return self.passages_for(question, Reader(groups), None, vector=vector)

    def passages_of(self, article_id: str, reader: Reader) -> list[Passage]:
        """See the port."""
        return [passage for passage in self.base.store.passages_of(article_id) if passage.article.audience.admits(reader)]

    def standing(self, cited: Collection[tuple[str, int]], reader: Reader) -> dict[tuple[str, int], Standing]:
        """See the port."""
        if not cited:
            return {}
        found = self.base.store.standing(cited)
        return {pair: Standing(head, same) for pair, (head, same) in found.items() if head.audience.admits(reader)}

    def still_true(self, citations: Sequence[Citation], reader: Reader) -> bool:
        """See the port."""
        now = self.standing({(citation.article, citation.revision) for citation in citations}, reader)
        return all(
            (found := now.get((citation.article, citation.revision))) is not None and found.article.revision == citation.revision
            for citation in citations
        )

    def article(self, article_id: str, reader: Reader, revision: int | None = None) -> tuple[Article, str] | None:
        """See the port."""
        article = self.base.store.article(article_id)
        if article is None or not article.audience.admits(reader):
            return None
        number = revision or article.revision
        if number != article.revision:
            then = self.base.store.revision_audience(article_id, number)
            if then is None or not then.admits(reader):
                return None
        text = self.base.store.revision_text(article_id, number)
        return (article, text) if text is not None else None
