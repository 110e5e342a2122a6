"""Looks over a whole knowledge base for what its authors should put right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from kb.evidence import words
from kb.lint.claims import Claim, Similarity, claims
from kb.lint.contradictions import NEAR_ALIKE, RELATED, disagree
from kb.lint.duplicates import cosine, duplicates
from kb.lint.findings import Contradiction, Findings, overdue, ownerless, quote_of
from kb.model import Passage, Reader
from kb.ports import ArticleStore, Candidate, Scope, Vector

Report = Callable[[str], None]
COMMONEST = 2_000
"""A word in more claims brings no pair of them together."""
BLOCK = 500
SHARED_WORDS = 0.3
"""Without vectors two passages are related if the shorter one has so many of its words in common with the other."""


def examine(store: ArticleStore, model: str, today: date, report: Report = lambda _: None) -> Findings:
    """Return what is overdue, ownerless, there twice or contradictory among the live articles, whoever may read them.

    Needs no model: the vectors of ``model`` that are stored serve; passages without are compared by their words alone.
    The same articles give the same findings in the same order.
    """
    articles = store.articles()
    found = passages_with_vectors(store, model)
    report(f"{len(articles)} articles, {len(found)} passages")
    passages, vectors = [one.passage for one in found], {one.passage.id: one.vectors for one in found}
    twice = duplicates(passages, vectors)
    report(f"{len(twice)} sets of articles share a passage")
    against = contradictions(passages, vectors)
    report(f"{len(against)} pairs of sentences disagree")
    return Findings(overdue(articles, today), ownerless(articles), tuple(against), tuple(twice))


def passages_with_vectors(store: ArticleStore, model: str) -> list[Candidate]:
    """Return all live passages in the order of their articles, read with every right."""
    found = store.candidates(sorted(store.passage_ids()), Scope(Reader(store.groups())), model)
    return sorted(found, key=lambda one: (one.passage.article.id, one.passage.ordinal))


def contradictions(passages: Sequence[Passage], vectors: Mapping[str, Vector]) -> list[Contradiction]:
    """Return the pairs of sentences that disagree, the surest first; of two articles each kind of fact and value once.

    Candidates are pairs of sentences with rare words in common, found by blocks of a sparse matrix; a pair counts only
    if each sentence is the other article's nearest to it, so that a sentence that has an equal is not held against another.
    """
    stated = claims(passages)
    near = _mutual(stated, Similarity(stated).pairs(NEAR_ALIKE, COMMONEST, BLOCK))
    found: dict[tuple[str, str, str], tuple[float, Contradiction]] = {}
    for i, j, alike in near:
        a, b = stated[i], stated[j]
        disagreement = disagree(a, b, alike, _near(vectors, a.passage, b.passage))
        if disagreement is None:
            continue
        first, second = (quote_of(one.passage, one.sentence.start, one.sentence.end) for one in (a, b))
        made = Contradiction(first, second, disagreement.kind.value, disagreement.reason, disagreement.readers)
        key = (first.article, second.article, disagreement.reason)
        if key not in found or alike > found[key][0]:
            found[key] = (alike, made)
    return [made for _, made in sorted(found.values(), key=lambda row: (-round(row[0], 4), row[1].first.article, row[1].second.article))]


def _near(vectors: Mapping[str, Vector], first: Passage, second: Passage) -> float:
    """Return the cosine of two passages; where vectors are missing, just related if enough of their words are the same."""
    if len(vectors.get(first.id, ())) and len(vectors.get(second.id, ())):
        return cosine(vectors, first, second)
    mine, other = set(words(f"{first.heading} {first.text}")), set(words(f"{second.heading} {second.text}"))
    return RELATED if len(mine & other) >= SHARED_WORDS * min(len(mine), len(other)) else 0.0


def _mutual(stated: Sequence[Claim], pairs: Iterable[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """Keep the pairs in which neither sentence has a better partner in the other's article; equal facts make a partner better."""
    kept = [(i, j, alike, alike + _agreement(stated[i], stated[j])) for i, j, alike in pairs]
    best: dict[tuple[int, str], float] = {}
    for i, j, _, value in kept:
        for one, article in ((i, stated[j].passage.article.id), (j, stated[i].passage.article.id)):
            best[one, article] = max(value, best.get((one, article), 0.0))
    return [
        (i, j, alike)
        for i, j, alike, value in kept
        if value >= best[i, stated[j].passage.article.id] and value >= best[j, stated[i].passage.article.id]
    ]


def _agreement(a: Claim, b: Claim) -> float:
    """Return how many of the facts of two claims are the same, as a share."""
    mine, other = ({(fact.kind, fact.measure, fact.value) for fact in one.facts} for one in (a, b))
    return len(mine & other) / len(mine | other) if mine or other else 0.0
