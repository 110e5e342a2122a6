"""Fits the confidence of retrieval on questions with and without an article."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals.report import SEED, Metric, bootstrap, exact, mean
from evals.world import Query, answered, as_document, collection, read_qrels, read_rows
from kb.bootstrap import KnowledgeBase
from kb.evidence import FEATURES, features
from kb.model import Platform, Reader
from kb.ports import Scope
from kb.retrieve import Question

FOLDS = 5
REGULARISATION = 1.0
Row = tuple[list[float], bool, float, int]
"""Features, whether the first article is right, weight, fold."""


def load_set(folder: Path) -> tuple[list[dict[str, Any]], list[Query]]:
    """Read a set in the BEIR layout, or ``articles.jsonl`` with ``device_queries.jsonl``."""
    if (folder / "device_queries.jsonl").exists():
        rows = read_rows(folder / "device_queries.jsonl")
        return read_rows(folder / "articles.jsonl"), [Query(r["query"], frozenset(r["relevant"]), r["device"]) for r in rows]
    corpus = folder / "corpus.jsonl.gz"
    qrels = read_qrels(folder / "qrels.tsv")
    queries = [Query(r["text"], frozenset(qrels.get(str(r["_id"]), ()))) for r in read_rows(folder / "queries.jsonl")]
    return read_rows(corpus if corpus.exists() else folder / "corpus.jsonl"), queries


def leave_out(queries: list[Query]) -> frozenset[str]:
    """Choose the documents of about a third of the queries to be missing, unless queries without an article are there already."""
    if any(not query.relevant for query in queries):
        return frozenset()
    groups = sorted({tuple(sorted(query.relevant)) for query in queries})
    chosen = random.Random(SEED).sample(groups, len(groups) // 3)
    return frozenset(document for group in chosen for document in group)


def rows_of(folder: Path, model_home: Path, progress: Callable[[str], None], outsiders: list[str]) -> list[Row]:
    """Return a row for each query of a set, and for each outsider: a question that nothing in the set is about."""
    documents, queries = load_set(folder)
    gone = leave_out(queries)
    kept = [as_document(row) for row in documents if str(row.get("_id") or row.get("id")) not in gone]
    everything = [*queries, *(Query(text, frozenset()) for text in outsiders)]
    with collection(kept, model_home, lambda line: progress(f"{folder.name}: {line}")) as base:
        made = [_row(base, query, gone) for query in everything]
    folds = random.Random(SEED).choices(range(FOLDS), k=len(made))
    weight = 1.0 / len(made)
    progress(f"{folder.name}: {len(made)} questions, {mean([float(x) for x in answered(everything, gone)]):.0%} with an article")
    return [(vector, right, weight, fold) for (vector, right), fold in zip(made, folds, strict=True)]


def _row(base: KnowledgeBase, query: Query, gone: frozenset[str]) -> tuple[list[float], bool]:
    platform = Platform(query.device) if query.device else None
    signals = base.retriever.rank(Question(query.text), Scope(Reader(), platform)).signals
    right = bool(signals.ranked) and signals.ranked[0].passage.article.id in query.relevant - gone
    return features(signals), right


def fit(rows: list[Row], target: Path, sets: list[str]) -> dict[str, Metric]:
    """Fit the logistic model, write it to ``target``, and return its cross-validated quality."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    x = np.array([row[0] for row in rows])
    y = np.array([row[1] for row in rows])
    weights = np.array([row[2] for row in rows]) * len(rows) / sum(row[2] for row in rows)
    folds = np.array([row[3] for row in rows])
    held = np.zeros(len(rows))
    for fold in range(FOLDS):
        model = LogisticRegression(C=REGULARISATION, max_iter=2_000).fit(x[folds != fold], y[folds != fold], weights[folds != fold])
        held[folds == fold] = model.predict_proba(x[folds == fold])[:, 1]
    final = LogisticRegression(C=REGULARISATION, max_iter=2_000).fit(x, y, weights)
    pairs = list(zip(y.tolist(), held.tolist(), strict=True))
    metrics = {
        "auroc": bootstrap(
            pairs,
            lambda part: (
                float(roc_auc_score([a for a, _ in part], [b for _, b in part])) if 0 < sum(a for a, _ in part) < len(part) else float("nan")
            ),
        ),
        "ece": exact(calibration_error(pairs)),
        "share_right": exact(mean([float(value) for value in y])),
    }
    for bar in (0.15, 0.4):
        taken = [float(a) for a, b in pairs if b >= bar]
        metrics[f"answered@{bar}"] = exact(len(taken) / len(pairs))
        metrics[f"right_when_answered@{bar}"] = bootstrap(taken, mean)
    facts = {
        "fitted_on": sets,
        "n": len(rows),
        "auroc_cross_validated": round(metrics["auroc"].value, 3),
        "ece_cross_validated": round(metrics["ece"].value, 3),
        "coefficients": {name: round(float(w), 4) for name, w in zip(FEATURES, final.coef_[0], strict=True)},
        "intercept": round(float(final.intercept_[0]), 4),
    }
    target.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return metrics


def calibration_error(pairs: list[tuple[bool, float]], bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015)."""
    total = 0.0
    for i in range(bins):
        inside = [(right, sure) for right, sure in pairs if i / bins <= sure < (i + 1) / bins or (i == bins - 1 and sure == 1)]
        if inside:
            total += len(inside) * abs(mean([float(right) for right, _ in inside]) - mean([sure for _, sure in inside]))
    return total / len(pairs)
