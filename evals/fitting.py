"""The recipe of the shipped constants: weights of the ranking, pooled over development sets, each counting alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.measures import ndcg
from evals.report import SEED, Metric, bootstrap, mean
from evals.sets import JudgedSet
from evals.world import collection
from kb.learn import Example, fit_weights, floors
from kb.model import Reader
from kb.ports import Scope
from kb.ranking import FEATURES, TRAITS, WORD_FEATURES, Weights
from kb.retrieve import Question, Ranking, Retriever

FOLDS = 5
PULL = 0.3
"""How strongly the fit is drawn to the prior: with less, whole sets that are left out lose (ADR 9)."""
PRIOR = {
    "hybrid": {
        "passage": 1.2,
        "title": 0.3,
        "background": -0.4,
        "passage_words": 0.3,
        "title_words": 0.2,
        "article_words": 0.2,
        "passages": -0.2,
        "title_length": -0.1,
        "own_device": 0.4,
    },
    "words": {"passage_words": 1.0, "title_words": 0.3, "article_words": 0.3, "passages": -0.2, "title_length": -0.1, "own_device": 0.4},
}
"""Where the fit starts: round numbers from the literature's usual blend of cosine and BM25 and from the signs that each feature must have."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A set with a retriever over it."""

    judged: JudgedSet
    retriever: Retriever


@dataclass(frozen=True, slots=True)
class Made:
    """An example with what is needed to grade its ranking, and the fold that it is left out in."""

    example: Example
    articles: tuple[str, ...]
    grades: dict[str, int]
    fold: int

    def ndcg(self, weights: Weights) -> float:
        """Return nDCG@10 of the ranking that these weights give."""
        order = np.argsort(-weights.scores(self.example.table, self.example.traits), kind="stable")
        return ndcg([self.articles[i] for i in order], self.grades)


@contextmanager
def opened(sets: Sequence[JudgedSet], model_home: Path, keep: Path | None, progress: Callable[[str], None]) -> Iterator[list[Opened]]:
    """Index every set, in ``keep`` if given, and keep all of them open."""
    with ExitStack() as stack:
        made = []
        for item in sets:
            name = item.name
            home = keep / name if keep else None
            base, _ = stack.enter_context(collection(item.documents, model_home, lambda line, name=name: progress(f"{name}: {line}"), home))  # type: ignore[misc]
            made.append(Opened(item, base.retriever))
        yield made


def examples_of(item: Opened, retriever: Retriever) -> list[Made]:
    """Return an example for each query of a set that has a relevant document, as ``retriever`` finds it."""
    judged = [one for one in item.judged.judged if one.relevant]
    folds = np.random.default_rng(SEED).permutation(len(judged)) % FOLDS
    made = []
    for one, fold in zip(judged, folds, strict=True):
        ranking = retriever.rank(Question(one.case.text, turns=one.case.turns), Scope(Reader(), one.case.platform))
        if ranking.articles:
            made.append(Made(_example(ranking, one.relevant, 1 / len(judged)), ranking.articles, one.relevant, int(fold)))
    return made


def _example(ranking: Ranking, grades: dict[str, int], weight: float) -> Example:
    return Example(ranking.table, ranking.traits, np.array([article in grades for article in ranking.articles], dtype=np.float32), weight)


def fit_shared(examples: Sequence[Example], kind: str) -> Weights:
    """Fit weights that every knowledge base shares, drawn to the prior of their kind (``hybrid`` or ``words``)."""
    useful = [example for example in examples if example.relevant.any()]
    traits = np.array([example.traits for example in useful])
    features = np.array([PRIOR[kind].get(name, 0.0) for name in FEATURES], dtype=np.float32)
    moves = np.zeros((len(TRAITS), len(WORD_FEATURES)), dtype=np.float32)
    start = Weights(features, floors(useful), traits.mean(axis=0), np.maximum(traits.std(axis=0), 1e-6), moves)
    return fit_weights(useful, start, PULL)


def fit(made: dict[str, list[Made]], kind: str) -> tuple[Weights, dict[str, Metric]]:
    """Fit on all sets together; return the weights and their nDCG@10 on each set, on queries left out and with the whole set left out."""
    everything = [one for rows in made.values() for one in rows]
    weights = fit_shared([one.example for one in everything], kind)
    left_out = [fit_shared([one.example for one in everything if one.fold != fold], kind) for fold in range(FOLDS)]
    metrics = {f"{name}.ndcg@10": bootstrap([one.ndcg(left_out[one.fold]) for one in rows], mean) for name, rows in made.items()}
    for name, rows in made.items() if len(made) > 1 else ():
        others = fit_shared([one.example for key, group in made.items() if key != name for one in group], kind)
        metrics[f"{name}.ndcg@10_set_left_out"] = bootstrap([one.ndcg(others) for one in rows], mean)
    return weights, metrics


def write(target: Path, hybrid: Weights, words: Weights, facts: dict[str, Any]) -> None:
    """Write the constants with the facts about their fit."""
    target.write_text(json.dumps({**facts, "hybrid": hybrid.facts(), "words": words.facts()}, indent=1) + "\n", encoding="utf-8")
