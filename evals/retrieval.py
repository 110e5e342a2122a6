"""Asks judged queries of a freshly indexed collection and times the whole retrieval call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evals.beir import Case, Judged
from evals.benchmarks.turns import resident_mb
from evals.measures import ndcg, recall, reciprocal_rank
from evals.report import Metric, bootstrap, exact, mean, percentile
from evals.world import Indexed, collection
from kb.adapters.lexical import TantivyIndex
from kb.bootstrap import KnowledgeBase
from kb.model import Document, Reader, Retrieval
from kb.ports import Hit, Scope
from kb.retrieve import Question, Retriever

SYSTEMS = ("lexical", "dense", "hybrid")
WARM_UP = 5
DEPTH = 10
TOLD_EVERY = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What one query brought: document ids in rank order, how surely the first one answers, milliseconds of the call."""

    judged: Judged
    ranked: tuple[str, ...]
    confidence: float
    milliseconds: float


class _NoWords(TantivyIndex):
    """A lexical index that finds nothing: what is left is the dense system."""

    def search(self, question: str, scope: Scope, limit: int) -> list[Hit]:  # noqa: ARG002
        return []


@contextmanager
def opened(
    documents: Sequence[Document], system: str, model_home: Path, progress: Callable[[str], None]
) -> Iterator[tuple[Retriever, KnowledgeBase, Indexed]]:
    """Index the documents in a temporary place and yield the retriever of a system over them."""
    with collection(documents, model_home, progress) as (base, indexed):
        yield retriever_of(base, system), base, indexed


def retriever_of(base: KnowledgeBase, system: str) -> Retriever:
    """Return the shipped retriever (``hybrid``), or one that was left only words (``lexical``) or only vectors (``dense``)."""
    return base.retriever_without(words=system == "dense", vectors=system == "lexical")


def ask(retriever: Retriever, judged: Sequence[Judged], progress: Callable[[str], None]) -> list[Asked]:
    """Ask every query once, after a few to warm up; the labels stay here."""
    for item in judged[:WARM_UP]:
        _search(retriever, item.case)
    asked = []
    for number, item in enumerate(judged, 1):
        began = time.perf_counter()
        found = _search(retriever, item.case)
        took = (time.perf_counter() - began) * 1000
        asked.append(Asked(item, tuple(article.id for article in found.articles), found.confidence, took))
        if number % TOLD_EVERY == 0 or number == len(judged):
            progress(f"{number} of {len(judged)} queries")
    return asked


def _search(retriever: Retriever, case: Case) -> Retrieval:
    return retriever.retrieve(Question(case.text, turns=case.turns), Scope(Reader(), case.platform))


def ranking_metrics(asked: Sequence[Asked]) -> dict[str, Metric]:
    """Return the measures of the ranking over the queries that have a relevant document."""
    rows = [item for item in asked if item.judged.relevant]
    return {
        f"ndcg@{DEPTH}": bootstrap([ndcg(item.ranked, item.judged.relevant, DEPTH) for item in rows], mean),
        "recall@5": bootstrap([recall(item.ranked, item.judged.relevant, 5) for item in rows], mean),
        f"mrr@{DEPTH}": bootstrap([reciprocal_rank(item.ranked, item.judged.relevant, DEPTH) for item in rows], mean),
        "hit@1": bootstrap([float(bool(item.ranked) and item.ranked[0] in item.judged.relevant) for item in rows], mean),
    }


def cost_metrics(asked: Sequence[Asked], indexed: Indexed) -> dict[str, Metric]:
    """Return what a query and the indexing cost, and the memory of this process now."""
    import os

    times = [item.milliseconds for item in asked]
    return {
        "latency_p50_ms": bootstrap(times, lambda part: percentile(part, 0.5)),
        "latency_p95_ms": bootstrap(times, lambda part: percentile(part, 0.95)),
        "passages_per_s": exact(indexed.passages / indexed.seconds),
        "rss_mb": exact(resident_mb(os.getpid())),
    }
