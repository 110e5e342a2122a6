"""Asks judged queries of a freshly indexed collection and times the whole retrieval call."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evals.beir import Case, Judged
from evals.benchmarks.turns import resident_mb
from evals.measures import ndcg, recall, reciprocal_rank
from evals.report import Metric, bootstrap, exact, mean, percentile
from evals.world import Indexed
from kb.bootstrap import KnowledgeBase
from kb.learn import Answered, examples_of, learn
from kb.model import Reader, Retrieval
from kb.ports import Scope
from kb.ranking import shipped
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


def retriever_of(base: KnowledgeBase, system: str) -> Retriever:
    """Return the shipped retriever (``hybrid``), or the same with words alone (``lexical``) or vectors alone (``dense``)."""
    return base.retriever.without(words=system == "dense", vectors=system == "lexical")


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
    times = [item.milliseconds for item in asked]
    return {
        "latency_p50_ms": bootstrap(times, lambda part: percentile(part, 0.5)),
        "latency_p95_ms": bootstrap(times, lambda part: percentile(part, 0.95)),
        "passages_per_s": exact(indexed.passages / indexed.seconds),
        "rss_mb": exact(resident_mb(os.getpid())),
    }


def learned(retriever: Retriever, judged: Sequence[Judged], progress: Callable[[str], None]) -> tuple[Retriever, str]:
    """Return the retriever with the ranking that these answered queries teach, if it holds, and what came of it in words."""
    answered = [Answered(item.case.text, frozenset(item.relevant), item.case.turns, item.case.platform) for item in judged if item.relevant]
    examples = examples_of(retriever, answered, frozenset())
    made = learn(examples, shipped()[0])
    outcome = f"{'kept' if made.weights else 'not kept'}: {made.difference:+.3f} [{made.low:+.3f}, {made.high:+.3f}] on {made.questions} questions"
    progress(f"learned ranking {outcome}")
    return retriever.with_weights(made.weights) if made.weights else retriever, outcome
