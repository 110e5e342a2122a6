"""Gaps: unresolved intents that ask for the same thing, ranked by what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from kb.evidence import words
from kb.model import FailureClass, Gap, UnresolvedIntent
from kb.ports import Vector

APART = 0.42
"""Average cosine distance from which two groups of questions are different gaps."""
EXAMPLES = 4
NEAREST = 3
NAME_WORDS = 3
COST = {
    FailureClass.NO_ARTICLE: 1.0,
    FailureClass.NOT_RETRIEVED: 1.0,
    FailureClass.REJECTED: 1.2,
    FailureClass.NOT_PERMITTED: 0.6,
    FailureClass.ERROR: 0.8,
    FailureClass.OUT_OF_SCOPE: 0.2,
}
"""Relative cost of one unresolved question by class: a rejected answer also cost the employee's time."""
TICKET_COST = 1.0
"""What a ticket adds: somebody on the desk answers it."""


def find_gaps(intents: Sequence[UnresolvedIntent], vectors: Vector) -> list[Gap]:
    """Cluster intents by meaning and rank the clusters by demand times cost, highest first.

    ``vectors[i]`` is the unit vector of ``intents[i]``; one of zeros, for want of a model, is near to nothing. Questions
    out of scope never share a gap with others. The same intents give the same gaps in the same order.
    """
    gaps: list[Gap] = []
    for outside in (False, True):
        rows = [i for i, intent in enumerate(intents) if (intent.failure is FailureClass.OUT_OF_SCOPE) is outside]
        for members in _clusters(vectors[rows]):
            chosen = [rows[i] for i in members]
            gaps.append(_gap([intents[i] for i in chosen], vectors[chosen], intents))
    return sorted(gaps, key=lambda gap: (-gap.cost, -gap.demand, gap.key))


def _clusters(vectors: Vector) -> list[list[int]]:
    if len(vectors) < 2:
        return [[i] for i in range(len(vectors))]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    distances = np.clip(np.nan_to_num(pdist(vectors, metric="cosine"), nan=1.0), 0.0, 2.0)
    labels = fcluster(linkage(distances, method="average"), t=APART, criterion="distance")
    grouped: dict[int, list[int]] = {}
    for i, label in enumerate(labels):
        grouped.setdefault(int(label), []).append(i)
    return list(grouped.values())


def _gap(members: Sequence[UnresolvedIntent], vectors: Vector, everything: Sequence[UnresolvedIntent]) -> Gap:
    failures = Counter(member.failure for member in members)
    centre = vectors.mean(axis=0)
    order = sorted(range(len(members)), key=lambda i: (-float(vectors[i] @ centre), members[i].asked_at, members[i].id))
    examples = tuple(dict.fromkeys(" ".join(members[i].question.split()) for i in order))[:EXAMPLES]
    nearest = Counter(article for member in members for article in member.nearest)
    categories = Counter(member.category for member in members if member.category)
    tickets = len({member.ticket for member in members if member.ticket})
    first = min(members, key=lambda member: (member.asked_at, member.id))
    return Gap(
        key=sha256(first.id.encode()).hexdigest()[:10],
        name=_name(examples[0], members, everything),
        failure=max(failures, key=lambda failure: (failures[failure], -list(FailureClass).index(failure))),
        failures=dict(failures),
        demand=len(members),
        people=len({member.asker for member in members}),
        tickets=tickets,
        cost=round(sum(COST[member.failure] for member in members) + TICKET_COST * tickets, 2),
        examples=examples,
        nearest=tuple(article for article, _ in nearest.most_common(NEAREST)),
        category=categories.most_common(1)[0][0] if categories else "",
        first_asked=first.asked_at,
        last_asked=max(member.asked_at for member in members),
        intents=tuple(member.id for member in members),
    )


def _name(example: str, members: Sequence[UnresolvedIntent], everything: Sequence[UnresolvedIntent]) -> str:
    """Name a gap in its own words: those that its questions share and the others lack; a lone question names itself."""
    if len(members) < 2:
        return example if len(example) <= 70 else f"{example[:69].rstrip()}…"
    inside: Counter[str] = Counter()
    surface: dict[str, str] = {}
    for member in members:
        for token in {t.strip(".,;:?'\"()") for t in member.question.lower().split()}:
            for stem in words(token)[:1]:
                inside[stem] += 1
                surface.setdefault(stem, token)
    overall = Counter(stem for intent in everything for stem in set(words(intent.question)))
    scored = sorted(inside, key=lambda stem: (-inside[stem] / len(members) - inside[stem] / overall[stem] * 0.5, stem))
    return ", ".join(surface[stem] for stem in scored[:NAME_WORDS]) or example
