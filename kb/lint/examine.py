"""Looks over a whole knowledge base for what its authors should put right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import product

from kb.lint.claims import Claim, Similarity, claims, stems
from kb.lint.contradictions import NEAR_ALIKE, RELATED, disagree, may_disagree
from kb.lint.duplicates import cosine, duplicates
from kb.lint.findings import Contradiction, Findings, overdue, ownerless, quote_of
from kb.model import Passage, Reader
from kb.ports import ArticleStore, Candidate, Scope, Vector

Report = Callable[[str], None]
COMMONEST = 2_000
"""A word in more claims brings no pair of them together."""
BLOCK = 500
MANY, SEVERAL = 4, 2
"""Values with which the same words make a form: in the whole knowledge base, in one article."""
MEMBERS = 8
"""Of articles with the very same sentence so many are looked at; the others would be found for the same reason."""
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

    Candidates are pairs of sentences with rarer words in common, found by blocks of a sparse matrix; sentences with the
    same words are looked at once. A pair counts only if neither article has a sentence that is nearer to the other's.
    """
    stated = claims(passages)
    alike_words: dict[str, list[Claim]] = {}
    by_article: dict[str, list[Claim]] = {}
    for claim in stated:
        alike_words.setdefault(claim.sentence.plain, []).append(claim)
        by_article.setdefault(claim.passage.article.id, []).append(claim)
    groups = list(alike_words.values())
    similarity = Similarity([group[0] for group in groups])
    forms = _forms(stated)
    found: dict[tuple[str, str, str], tuple[float, Contradiction]] = {}
    for i, j, alike in similarity.pairs(NEAR_ALIKE, COMMONEST, BLOCK):
        pair = _disagreeing(groups[i], groups[j], alike, vectors)
        if pair is None:
            continue
        a, b, made = pair
        if a.frame in forms or b.frame in forms:
            continue
        key = (made.first.article, made.second.article, made.reason)
        surer = key not in found or alike > found[key][0]
        if surer and _nearest(a, b, by_article, similarity) and _nearest(b, a, by_article, similarity):
            found[key] = (alike, made)
    return [made for _, made in sorted(found.values(), key=lambda row: (-round(row[0], 4), row[1].first.article, row[1].second.article))]


def _forms(stated: Sequence[Claim]) -> frozenset[frozenset[str]]:
    """Return the frames that stand there with many values, or with several in one article: a form that each fills in for itself."""
    values: dict[tuple[frozenset[str], str, str], set[str]] = {}
    for claim in stated:
        for fact in claim.facts:
            for place in ("", claim.passage.article.id):
                values.setdefault((claim.frame, fact.measure, place), set()).add(fact.value)
    return frozenset(frame for (frame, _, place), some in values.items() if len(some) >= (SEVERAL if place else MANY))


def _disagreeing(
    first: Sequence[Claim], second: Sequence[Claim], alike: float, vectors: Mapping[str, Vector]
) -> tuple[Claim, Claim, Contradiction] | None:
    """Return the first two of the claims, which have the same words in each group, that contradict each other."""
    for a, b in product(first[:MEMBERS], second[:MEMBERS]):
        if not may_disagree(a, b, alike):
            continue
        disagreement = disagree(a, b, alike, partial(_near, vectors, a.passage, b.passage))
        if disagreement is not None:
            one, other = (quote_of(claim.passage, claim.sentence.start, claim.sentence.end) for claim in (a, b))
            return a, b, Contradiction(one, other, disagreement.kind.value, disagreement.reason, disagreement.readers)
    return None


def _nearest(a: Claim, b: Claim, by_article: Mapping[str, Sequence[Claim]], similarity: Similarity) -> bool:
    """Say whether no sentence of the second claim's article is nearer to the first; equal facts bring a sentence nearer."""
    mine = similarity.of(a, b) + _agreement(a, b)
    rivals = by_article[b.passage.article.id]
    return all(similarity.of(a, rival) + _agreement(a, rival) <= mine for rival in rivals if rival is not b)


def _near(vectors: Mapping[str, Vector], first: Passage, second: Passage) -> float:
    """Return the cosine of two passages; where vectors are missing, just related if enough of their words are the same."""
    if len(vectors.get(first.id, ())) and len(vectors.get(second.id, ())):
        return cosine(vectors, first, second)
    mine, other = (stems(f"{passage.heading} {passage.text}") for passage in (first, second))
    return RELATED if len(mine & other) >= SHARED_WORDS * min(len(mine), len(other)) else 0.0


def _agreement(a: Claim, b: Claim) -> float:
    """Return how many of the facts of two claims are the same, as a share."""
    mine, other = ({(fact.kind, fact.measure, fact.value) for fact in one.facts} for one in (a, b))
    return len(mine & other) / len(mine | other) if mine or other else 0.0


def examine_beside(mine: Sequence[Candidate], others: Sequence[Candidate]) -> Findings:
    """Return what one article says twice or against others: ``mine`` are its passages, ``others`` those that come near them."""
    found = [*mine, *others]
    passages, vectors = [one.passage for one in found], {one.passage.id: one.vectors for one in found}
    names = {one.passage.article.id for one in mine}
    twice = [one for one in duplicates(passages, vectors) if names & {quote.article for quote in one.quotes}]
    against = [one for one in contradictions(passages, vectors) if names & {one.first.article, one.second.article}]
    return Findings(contradictions=tuple(against), duplicates=tuple(twice))
