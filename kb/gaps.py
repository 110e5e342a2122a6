"""Which gap an unresolved intent belongs to, and what gaps cost. Pure: whoever calls reads and writes the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb.clusters import ALONE, clusters, fused
from kb.model import FailureClass, Gap, UnresolvedIntent
from kb.ports import Vector

K = 5
"""Fewer people than this are never quoted."""
NEAREST = 3
BEST_OF = 3
"""A question is as near to a gap as to the mean of this many of its nearest members."""
USUAL = 1 - ALONE
"""How alike a question and a gap have to be before there is anything to learn from: nearer than a question by itself would be."""
AS_GOOD_AS = 20
"""So many members weigh as much as ``USUAL`` when the bar is learnt."""
LOWEST, HIGHEST = 0.4, 0.75
BLOCK = 512
MINUTES_LOST = {
    FailureClass.NO_ARTICLE: 10.0,
    FailureClass.NOT_RETRIEVED: 10.0,
    FailureClass.REJECTED: 12.0,
    FailureClass.STALE: 12.0,
    FailureClass.NOT_PERMITTED: 6.0,
    FailureClass.TOOL_MISSING: 10.0,
    FailureClass.ERROR: 8.0,
    FailureClass.OUT_OF_SCOPE: 2.0,
}
"""What one unresolved question costs the person who asked, in minutes: an estimate.

A rejected answer was read and tried too."""
TICKET_MINUTES = 20.0
"""What a ticket costs the desk where no other figure is configured for its category: an estimate."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where new intents go: into gaps that exist, by id, and in groups of their own."""

    known: dict[str, list[UnresolvedIntent]]
    fresh: list[list[UnresolvedIntent]]


def place(new: Sequence[UnresolvedIntent], members: Mapping[str, Sequence[UnresolvedIntent]]) -> Placement:
    """Decide which gap each new intent joins; ``members`` are (the latest) members of the gaps that exist.

    An intent joins the gap it is most like when that is at least the bar, which is learnt from the members there are. The others are grouped among
    themselves. Questions out of scope share no gap with others, and those without words are grouped by category alone.
    """
    known: dict[str, list[UnresolvedIntent]] = {}
    fresh: list[list[UnresolvedIntent]] = []
    for sort in sorted({_sort(one) for one in new}):
        asked = [one for one in new if _sort(one) == sort]
        beside = {gap: [one for one in some if _sort(one) == sort] for gap, some in members.items()}
        part = _by_likeness if sort[1] == "" else _by_sort
        found = part(asked, {gap: some for gap, some in beside.items() if some})
        known |= found.known
        fresh += found.fresh
    return Placement(known, fresh)


def worded(intent: UnresolvedIntent) -> bool:
    """Say whether the words of a question were kept; some organisations keep none."""
    return bool(intent.vector) or intent.question not in ("", NOT_KEPT)


NOT_KEPT = "(not kept)"


def _sort(one: UnresolvedIntent) -> tuple[bool, str]:
    return one.failure is FailureClass.OUT_OF_SCOPE, "" if worded(one) else f"category {one.category}"


def _by_sort(asked: Sequence[UnresolvedIntent], beside: Mapping[str, Sequence[UnresolvedIntent]]) -> Placement:
    return Placement({min(beside): list(asked)}, []) if beside else Placement({}, [list(asked)])


def _by_likeness(asked: Sequence[UnresolvedIntent], beside: Mapping[str, Sequence[UnresolvedIntent]]) -> Placement:
    gaps = sorted(beside)
    there = [one for gap in gaps for one in beside[gap]]
    home = np.array([number for number, gap in enumerate(gaps) for _ in beside[gap]], dtype=np.int64)
    rows = fused(vectors_of([*there, *asked]), [one.question for one in (*there, *asked)])
    old, new = rows[: len(there)], rows[len(there) :]
    known: dict[str, list[UnresolvedIntent]] = {}
    rest = list(range(len(asked)))
    if gaps:
        bar = learnt_bar(old, home)
        alike = likeness(new, old, home)
        best = alike.argmax(axis=1)
        sure = alike[np.arange(len(asked)), best] >= bar
        for i in np.flatnonzero(sure).tolist():
            known.setdefault(gaps[int(best[i])], []).append(asked[i])
        rest = [int(i) for i in np.flatnonzero(~sure)]
    left = [asked[i] for i in rest]
    groups: dict[int, list[UnresolvedIntent]] = {}
    for one, label in zip(left, clusters(vectors_of(left), [one.question for one in left]), strict=True):
        groups.setdefault(int(label), []).append(one)
    return Placement(known, list(groups.values()))


def vectors_of(intents: Sequence[UnresolvedIntent]) -> Vector:
    """Return the vectors as rows of one length, zeros where there is none or where another model than the usual one made it."""
    sizes = Counter(len(one.vector) for one in intents if one.vector)
    size = max(sizes, key=lambda size: (sizes[size], size), default=0)
    rows = np.array([one.vector if size and len(one.vector) == size else (0.0,) * size for one in intents], dtype=np.float32)
    rows = rows.reshape(len(intents), size)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def likeness(asked: Vector, members: Vector, home: np.ndarray, *, leave_out: bool = False) -> Vector:
    """Return how alike each question and each gap are, shape (len(asked), gaps): the mean over the gap's nearest members.

    ``home[i]`` is the number of the gap of ``members[i]``; every number occurs, in ascending order. With ``leave_out`` the questions are the members
    themselves, and none is compared with itself.
    """
    starts = np.flatnonzero(np.diff(home, prepend=-1))
    found = np.empty((len(asked), len(starts)), dtype=np.float32)
    for begin in range(0, len(asked), BLOCK):
        alike = asked[begin : begin + BLOCK] @ members.T
        if leave_out:
            alike[np.arange(len(alike)), begin + np.arange(len(alike))] = -1.0
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(home)], strict=True)):
            part = alike[:, start:end]
            kept = min(BEST_OF, end - start - (1 if leave_out and end - start > 1 else 0))
            nearest = np.partition(part, -kept, axis=1)[:, -kept:] if kept < end - start else part
            found[begin : begin + BLOCK, number] = nearest.mean(axis=1)
    return found


def learnt_bar(members: Vector, home: np.ndarray) -> float:
    """Return how alike a question and a gap have to be: what best tells the members' own gap from the nearest other one, drawn towards ``USUAL``."""
    sizes = np.bincount(home)
    if len(sizes) < 2:
        return USUAL
    alike = likeness(members, members, home, leave_out=True)
    at = np.arange(len(home))
    own = alike[at, home].copy()
    alike[at, home] = -1.0
    other = alike.max(axis=1)
    company = sizes[home] > 1
    if not company.any():
        return USUAL
    tried = np.linspace(LOWEST, HIGHEST, 36)
    kept = (own[company][:, None] >= tried).mean(axis=0)
    taken = (other[:, None] >= tried).mean(axis=0)
    best = float(tried[int((kept - taken).argmax())])
    weight = int(company.sum())
    return (weight * best + AS_GOOD_AS * USUAL) / (weight + AS_GOOD_AS)


def centroid_of(members: Sequence[UnresolvedIntent]) -> tuple[float, ...]:
    """Return the mean vector of members, of length 1; () where none has one."""
    rows = vectors_of(members)
    mean = rows.sum(axis=0) if rows.size else np.zeros(0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    return tuple((mean / length).tolist()) if length > 0 else ()


def alike_to(gap: Gap, others: Sequence[Gap]) -> list[float]:
    """Return the cosine of a gap's centroid with those of others; 0 where one has none, or one of another model."""
    mine, rows = np.array(gap.centroid), [one.centroid if len(one.centroid) == len(gap.centroid) else (0.0,) * len(gap.centroid) for one in others]
    return [float(value) for value in np.array(rows).reshape(len(others), len(mine)) @ mine]


def category_of(members: Sequence[UnresolvedIntent]) -> str:
    """Return the category of most members, "" where none has one."""
    counts = Counter(one.category for one in members if one.category)
    return min(counts, key=lambda name: (-counts[name], name), default="")


def minutes_of(gap: Gap, agent_minutes: Mapping[str, float]) -> float:
    """Return what a gap cost, in minutes of people: of those who asked, by the class of each question, and of the desk, by ticket.

    ``agent_minutes`` are what a ticket of a category costs the desk, ``*`` of every other; else it is ``TICKET_MINUTES``.
    """
    a_ticket = agent_minutes.get(gap.category, agent_minutes.get("*", TICKET_MINUTES))
    return sum(MINUTES_LOST[failure] * number for failure, number in gap.failures.items()) + a_ticket * gap.tickets


def ranked(gaps: Sequence[Gap], agent_minutes: Mapping[str, float]) -> list[tuple[Gap, float]]:
    """Return gaps with their cost, the costliest first: demand times what one question of its kind costs."""
    priced = [(gap, minutes_of(gap, agent_minutes)) for gap in gaps]
    return sorted(priced, key=lambda pair: (-pair[1], -pair[0].demand, pair[0].id))


def nearest_of(members: Sequence[UnresolvedIntent], readable: Callable[[str], bool] = lambda _: True) -> list[str]:
    """Return the articles that were nearest to most of the members and may be read, at most three."""
    counts = Counter(article for one in members for article in one.nearest)
    return sorted((one for one in counts if readable(one)), key=lambda one: (-counts[one], one))[:NEAREST]
