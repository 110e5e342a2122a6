"""Rebuilding the indexes, and forgetting a folder or site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ingest.sources.site import Site
from ingest.sync import BATCH, Knowledge, alone, named
from kb.model import Article
from kb.publish import live_document
from kb.settings import KnowledgeSettings
from kb.split import split


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
            batch = [live_document(kb.store, article) for article in articles[start : start + BATCH]]
            kb.publisher.publish([(document, split(document.text)) for document in batch])
            report(f"embedded {min(start + BATCH, len(articles))} of {len(articles)} articles")
        kb.keeper.rebuild(report)
    return len(articles)


def articles_of(source: Path | Site, kb: Knowledge) -> list[Article]:
    """Return the live articles that came from a folder or site, also when it is no longer there."""
    return kb.store.articles(named(source))


def forget(source: Path | Site, kb: Knowledge, settings: KnowledgeSettings, report: Callable[[str], None]) -> int:
    """Withdraw all articles of a folder or site and bring the indexes up to date; return how many there were.

    Raises:
        Busy: another process changes the articles now.
        TimeoutError: the running service did not update its index in time.
    """
    with alone(settings):
        gone = articles_of(source, kb)
        if gone:
            kb.store.withdraw([article.id for article in gone])
        kb.keeper.follow(report)
        if isinstance(source, Site):
            source.clear()
    return len(gone)
