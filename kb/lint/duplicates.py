"""Passages that are there twice: nearly the same words in two articles that the same people read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.lint.claims import platforms_of, shared_readers
from kb.lint.findings import Duplicate, quote_of
from kb.model import Passage
from kb.ports import Vector

Shingles = NDArray[np.int64]
SHINGLE = 4
"""Words in a row that are compared as one."""
FEWEST_WORDS = 25
LIKENESS = 0.6
"""Share of the shingles of both that they share (Jaccard)."""
NEAR_LIKENESS, SAME_MEANING = 0.35, 0.95
"""Less is enough when the passages' vectors are all but equal."""
COMMONEST = 50
"""A shingle in more passages is a turn of phrase: alone it brings no pair together."""
BLOCK = 500


def duplicates(passages: Sequence[Passage], vectors: Mapping[str, Vector]) -> list[Duplicate]:
    """Return one finding for every set of articles that share nearly the same passages, quoting the passage most alike.

    Passages without a common reader (another platform, another audience) may be alike. Memory is bounded: five hundred
    passages are compared with all others at a time, by the shingles they share.
    """
    every = ((passage, shingles(passage.text)) for passage in passages)
    kept = [(passage, some) for passage, some in every if len(some) >= FEWEST_WORDS - SHINGLE + 1]
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


def shingles(text: str) -> Shingles:
    """Return the runs of four words of a text, lower case and without marks, as sorted 64-bit hashes."""
    words = re.findall(r"[^\W_]+", text.lower())
    runs = {" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
    hashed = [int.from_bytes(blake2b(run.encode(), digest_size=8).digest(), "big", signed=True) for run in runs]
    return np.array(sorted(hashed), dtype=np.int64)


def cosine(vectors: Mapping[str, Vector], first: Passage, second: Passage) -> float:
    """Return the cosine of the nearest windows of two passages, 0 when one has no vector."""
    a, b = vectors.get(first.id), vectors.get(second.id)
    return float((a @ b.T).max()) if a is not None and b is not None and len(a) and len(b) else 0.0


def _pairs(sets: Sequence[Shingles]) -> Iterator[tuple[int, int, float]]:
    """Yield pairs (i < j) with at least ``NEAR_LIKENESS``; equal sets are found however common their words are."""
    if not sets:
        return
    sizes = np.array([len(some) for some in sets])
    matrix = _rare(sets, sizes)
    common = sizes - np.diff(matrix.indptr)
    for start in range(0, len(sets), BLOCK):
        shared = (matrix[start : start + BLOCK] @ matrix.T).tocoo()
        rows, columns = shared.row + start, shared.col
        both = shared.data + np.minimum(common[rows], common[columns])
        wanted = (rows < columns) & (both >= NEAR_LIKENESS * (sizes[rows] + sizes[columns] - both))
        for i, j in zip(rows[wanted].tolist(), columns[wanted].tolist(), strict=True):
            likeness = _jaccard(sets[i], sets[j])
            if likeness >= NEAR_LIKENESS:
                yield i, j, likeness
    seen: dict[bytes, int] = {}
    for i in np.flatnonzero(common == sizes).tolist():
        earlier = seen.setdefault(sets[i].tobytes(), i)
        if earlier != i:
            yield earlier, i, 1.0


def _rare(sets: Sequence[Shingles], sizes: Shingles) -> Any:
    """Return which passage (row) holds which shingle (column) of those that are neither alone nor too common."""
    from scipy.sparse import csr_matrix

    _, place, counts = np.unique(np.concatenate(sets), return_inverse=True, return_counts=True)
    kept = (counts[place] > 1) & (counts[place] <= COMMONEST)
    rows = np.repeat(np.arange(len(sets)), sizes)[kept]
    return csr_matrix((np.ones(len(rows), dtype=np.int32), (rows, place[kept])), shape=(len(sets), len(counts)))


def _jaccard(first: Shingles, second: Shingles) -> float:
    both = len(np.intersect1d(first, second, assume_unique=True))
    return both / (len(first) + len(second) - both)


def _finding(groups: Sequence[tuple[_Link, list[Passage]]]) -> Duplicate:
    best, members = max(groups, key=lambda row: (row[0].likeness, -row[0].first))
    one_each = {passage.article.id: passage for passage in reversed(members)}
    quotes = tuple(quote_of(one_each[key]) for key in dict.fromkeys(passage.article.id for passage in members))
    return Duplicate(quotes, round(best.likeness, 2), len(groups), best.readers)
