"""Passages that are there twice: nearly the same words in two articles that the same people read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kb.lint.claims import platforms_of, shared_readers
from kb.lint.findings import Duplicate, quote_of
from kb.model import Passage
from kb.ports import Vector

SHINGLE = 4
"""Words in a row that are compared as one."""
FEWEST_WORDS = 25
LIKENESS = 0.6
"""Share of the shingles of both that they share (Jaccard)."""
NEAR_LIKENESS, SAME_MEANING = 0.35, 0.95
"""Less is enough when the passages' vectors are all but equal."""
COMMONEST = 50
"""A shingle in more passages is a turn of phrase: alone it brings no pair together."""
BLOCK = 1_000


def duplicates(passages: Sequence[Passage], vectors: Mapping[str, Vector]) -> list[Duplicate]:
    """Return one finding for every set of articles that share nearly the same passages, quoting the passage most alike.

    Passages without a common reader (another platform, another audience) may be alike. Memory is bounded: a thousand
    passages are compared with all others at a time, by the shingles they share.
    """
    shingled = [(passage, shingles(passage.text)) for passage in passages]
    kept = [(passage, some) for passage, some in shingled if len(some) >= FEWEST_WORDS - SHINGLE + 1]
    links = []
    for i, j, likeness in _pairs([some for _, some in kept]):
        readers = _readers(kept[i][0], kept[j][0])
        if readers and (likeness >= LIKENESS or cosine(vectors, kept[i][0], kept[j][0]) >= SAME_MEANING):
            links.append(_Link(i, j, likeness, readers))
    found: dict[frozenset[str], list[tuple[_Link, list[Passage]]]] = {}
    for best, members in _groups(links):
        group = [kept[i][0] for i in members]
        found.setdefault(frozenset(passage.article.id for passage in group), []).append((best, group))
    return [_finding(rows) for _, rows in sorted(found.items(), key=lambda row: sorted(row[0]))]


@dataclass(frozen=True, slots=True)
class _Link:
    first: int
    second: int
    likeness: float
    readers: str


def _readers(first: Passage, second: Passage) -> str:
    return "" if first.article.id == second.article.id else shared_readers(first, second, platforms_of(first), platforms_of(second))


def _groups(links: Sequence[_Link]) -> list[tuple[_Link, list[int]]]:
    """Return the passages that hang together, with the strongest link of each group and its two passages first."""
    leader: dict[int, int] = {}

    def find(i: int) -> int:
        while leader.setdefault(i, i) != i:
            i = leader[i]
        return i

    for link in links:
        a, b = sorted((find(link.first), find(link.second)))
        leader[b] = a
    best: dict[int, _Link] = {}
    for link in links:
        top = find(link.first)
        best[top] = max(best.get(top, link), link, key=lambda one: (one.likeness, -one.first, -one.second))
    members: dict[int, list[int]] = {}
    for i in sorted(leader):
        members.setdefault(find(i), []).append(i)
    return [(link, list(dict.fromkeys((link.first, link.second, *members[top])))) for top, link in best.items()]


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of four words of a text, lower case and without marks."""
    words = re.findall(r"[^\W_]+", text.lower())
    return frozenset(tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1))


def cosine(vectors: Mapping[str, Vector], first: Passage, second: Passage) -> float:
    """Return the cosine of the nearest windows of two passages, 0 when one has no vector."""
    a, b = vectors.get(first.id), vectors.get(second.id)
    return float((a @ b.T).max()) if a is not None and b is not None and len(a) and len(b) else 0.0


def _pairs(sets: Sequence[frozenset[tuple[str, ...]]]) -> Iterator[tuple[int, int, float]]:
    """Yield pairs (i < j) with at least ``NEAR_LIKENESS``; equal sets are found however common their words are."""
    from scipy.sparse import csr_matrix

    counts = Counter(one for some in sets for one in some)
    column = {one: n for n, one in enumerate(one for one, count in counts.items() if 1 < count <= COMMONEST)}
    rows = [(i, column[one]) for i, some in enumerate(sets) for one in some if one in column]
    places = np.array(rows, dtype=np.int32).reshape(len(rows), 2).T
    matrix = csr_matrix((np.ones(len(rows), dtype=np.int32), (places[0], places[1])), shape=(len(sets), len(column)))
    seen: dict[frozenset[tuple[str, ...]], int] = {}
    for start in range(0, len(sets), BLOCK):
        shared = (matrix[start : start + BLOCK] @ matrix.T).tocoo()
        wanted = shared.row + start < shared.col
        for i, j in zip((shared.row[wanted] + start).tolist(), shared.col[wanted].tolist(), strict=True):
            likeness = len(sets[i] & sets[j]) / len(sets[i] | sets[j])
            if likeness >= NEAR_LIKENESS:
                yield i, j, likeness
        for i in range(start, min(start + BLOCK, len(sets))):
            if not sets[i] & column.keys() and (earlier := seen.setdefault(sets[i], i)) != i:
                yield earlier, i, 1.0


def _finding(groups: Sequence[tuple[_Link, list[Passage]]]) -> Duplicate:
    best, members = max(groups, key=lambda row: (row[0].likeness, -row[0].first))
    one_each = {passage.article.id: passage for passage in reversed(members)}
    quotes = tuple(quote_of(one_each[key]) for key in dict.fromkeys(passage.article.id for passage in members))
    return Duplicate(quotes, round(best.likeness, 2), len(groups), best.readers)
