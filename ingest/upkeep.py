"""Rebuilding the indexes, and forgetting a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.sources.folder import source_name
from ingest.split import split
from ingest.sync import BATCH, Knowledge, alone
from kb.model import Article, Document
from kb.settings import KnowledgeSettings


def rebuild(kb: Knowledge, settings: KnowledgeSettings, report: Callable[[str], None]) -> int:
    """Give every article vectors of the configured model, then build both indexes anew; return how many articles.

    Vectors that exist for the configured model are used again. It may be interrupted and repeated.

    Raises:
        Busy: another process changes the articles now.
        EmbedderUnavailable: the embedding model cannot be used.
        TimeoutError: the running service did not update its index in time.
    """
    with alone(settings):
        articles = kb.store.articles()
        for start in range(0, len(articles), BATCH):
            batch = [_document(kb, article) for article in articles[start : start + BATCH]]
            kb.publisher.publish([(document, split(document.text)) for document in batch])
            report(f"embedded {min(start + BATCH, len(articles))} of {len(articles)} articles")
        kb.keeper.rebuild(report)
    return len(articles)


def _document(kb: Knowledge, article: Article) -> Document:
    return Document(
        article_id=article.id,
        source=article.source,
        path=article.path,
        title=article.title,
        text=kb.store.revision_text(article.id, article.revision) or "",
        owner=article.owner,
        audience=article.audience,
        platforms=article.platforms,
        review_by=article.review_by,
        tags=article.tags,
    )


def articles_of(folder: Path, kb: Knowledge) -> list[Article]:
    """Return the live articles that came from a folder, also when the folder is no longer there."""
    return kb.store.articles(source_name(folder))


def forget(folder: Path, kb: Knowledge, settings: KnowledgeSettings, report: Callable[[str], None]) -> int:
    """Withdraw all articles of a folder and bring the indexes up to date; return how many there were.

    Raises:
        Busy: another process changes the articles now.
        TimeoutError: the running service did not update its index in time.
    """
    with alone(settings):
        gone = articles_of(folder, kb)
        if gone:
            kb.store.withdraw([article.id for article in gone])
        kb.keeper.follow(report)
    return len(gone)
