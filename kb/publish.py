"""From documents to live articles, and from the publication log to the indexes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kb.model import Article, Document, Section
from kb.ports import ArticleStore, Embedder, Prepared, Vector

WINDOW_WORDS = 130
OVERLAP_WORDS = 25


def passage_id(article_id: str, revision: int, ordinal: int) -> str:
    """Return the id of a passage; it changes with every revision, so that an old index entry can cite nothing."""
    return f"{article_id}@{revision}#{ordinal}"


def windows(title: str, heading: str, text: str) -> list[str]:
    """Cut a passage into the texts that are embedded: title and heading, then at most 130 words each.

    A short passage gives one window; a long procedure, which stays one passage, gives several that overlap by 25
    words, so that no step falls outside the model's input length.
    """
    lead = "".join(f"{name}. " for name in dict.fromkeys((title, heading)) if name)
    words = text.split()
    step = WINDOW_WORDS - OVERLAP_WORDS
    starts = range(0, max(1, len(words) - OVERLAP_WORDS), step)
    return [lead + " ".join(words[start : start + WINDOW_WORDS]) for start in starts]


def live_document(store: ArticleStore, article: Article) -> Document:
    """Return a live article as the document that its current revision was made from."""
    return Document(
        article_id=article.id,
        source=article.source,
        path=article.path,
        title=article.title,
        text=store.revision_text(article.id, article.revision) or "",
        owner=article.owner,
        audience=article.audience,
        platforms=article.platforms,
        review_by=article.review_by,
        tags=article.tags,
    )


class Publisher:
    """Publishes documents: one commit for each article, with its passages and their vectors."""

    def __init__(self, store: ArticleStore, embedder: Embedder) -> None:
        """Publish into ``store`` with vectors of ``embedder``."""
        self._store = store
        self._embedder = embedder

    def publish(self, batch: Sequence[tuple[Document, Sequence[Section]]]) -> list[Article]:
        """Publish documents with their sections, embedding the whole batch at once.

        Vectors that were computed before for the same text and model are used again. Each document is its own
        commit, in order: a crash leaves a prefix of the batch published.

        Raises:
            EmbedderUnavailable: nothing of the batch was published.
        """
        texts = {document.article_id: self._texts(document, sections) for document, sections in batch}
        wanted = list(dict.fromkeys(text for title, groups in texts.values() for text in (title, *(t for group in groups for t in group))))
        vectors = self._vectors(wanted)
        published = []
        for document, sections in batch:
            title, groups = texts[document.article_id]
            rows = [np.stack([vectors[text] for text in group]) for group in groups]
            published.append(self._store.publish(document, sections, rows, vectors[title], self._embedder.identity))
        return published

    def prepare(self, document: Document, sections: Sequence[Section]) -> Prepared:
        """Compute what publishing a document needs, so that a transaction that publishes it waits for no model.

        Raises:
            EmbedderUnavailable: the embedding model cannot be used.
        """
        title, groups = self._texts(document, sections)
        vectors = self._vectors(list(dict.fromkeys((title, *(text for group in groups for text in group)))))
        rows = tuple(np.stack([vectors[text] for text in group]) for group in groups)
        return Prepared(document, tuple(sections), rows, vectors[title], self._embedder.identity)

    def outdated(self) -> set[str]:
        """Return the ids of live articles whose vectors another model has made."""
        foreign = self._store.passage_ids() - self._store.passage_ids(self._embedder.identity)
        return {passage_id.rpartition("@")[0] for passage_id in foreign}

    @staticmethod
    def _texts(document: Document, sections: Sequence[Section]) -> tuple[str, list[list[str]]]:
        groups = [windows(document.title, section.heading, document.text[section.start : section.end]) for section in sections]
        return document.title, groups

    def _vectors(self, texts: Sequence[str]) -> dict[str, Vector]:
        known = self._store.known_vectors(texts, self._embedder.identity)
        missing = [text for text in texts if text not in known]
        if missing:
            known.update(zip(missing, self._embedder.embed(missing), strict=True))
        return known
