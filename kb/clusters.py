"""Groups of questions that ask for the same thing, where nobody knows how many there are.

Meaning (a unit vector) and words (TF-IDF of words and pairs of words) are joined into one row for each question, so that a dot product is a
weighted mean of both cosines. Each row is averaged with its nearest neighbours: a random walk of a few steps on their symmetric graph, as in Zhang
and others, "Attributed graph clustering via adaptive graph convolution" (2019). The averaged rows are joined by Ward's rule, and the tree is cut
where the rows as they were before are best apart: by the mean silhouette (Rousseeuw 1987) with one addition. Every group has an imaginary member at
the distance ``ALONE`` from each of its questions. A question by itself is therefore well placed when nothing is nearer to it than that. Where several
numbers of groups are as good, their (geometric) middle is taken: the curve is flat and uneven at its top, and its very highest point is chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil, exp, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.ports import Vector
from kb.ward import Tree, ward_tree

WORDS_COUNT = 0.3
"""The weight of words beside that of meaning, which is 1."""
ALONE = 0.45
"""The distance of the imaginary member; that of questions that have nothing in common is 1."""
APART = 0.6
"""The distance of an imaginary other group, where one group has everything in it and there is no other to compare it with."""
LEVEL = 0.005
"""Numbers of groups that are placed within this much of the best are as good as it."""
WALKS = (15, 20, 25)
"""How many neighbours each question has in the graphs that are walked; several graphs agree better than any one of them."""
STEPS = 3
"""How far a walk goes."""
OWN = 0.3
"""How much a question is its own neighbour: one that is like nobody stays where it is."""
DIRECTIONS = 192
WORD_SIZE = 256
"""Dimensions into which words are projected at random (Johnson and Lindenstrauss): a cosine of theirs is off by 1/16 or so."""
JUDGED = 2_000
"""At most so many questions are asked how well they are placed."""
BLOCK = 512
FINEST = 6
"""So many numbers of groups are tried on either side of the best, at last."""
_COARSE, _FINE = 1.4, 1.07
_WORD = re.compile(r"[^\W_]+")
_SEED = 1987

Labels = NDArray[np.int64]


def clusters(vectors: Vector, texts: Sequence[str]) -> Labels:
    """Return the number of the group of each question, shape (n,), numbered from 0 in the order in which groups first occur.

    ``vectors[i]`` is the unit vector of ``texts[i]``, float32 of shape (n, d); zeros where there is none, and then words alone count. The same
    questions in the same order give the same groups. Memory grows with n, not with its square.
    """
    rows = fused(vectors, texts)
    n = len(rows)
    if n < 2:
        return np.zeros(n, dtype=np.int64)
    tree = ward_tree(_averaged(rows))
    judged = np.unique(np.linspace(0, n - 1, min(n, JUDGED)).astype(np.int64))
    scores: dict[int, float] = {}

    def judge(counts: Sequence[int]) -> int:
        for k in counts:
            if k not in scores:
                scores[k] = placed(rows, tree.cut(k), judged)
        return max(scores, key=lambda k: (round(scores[k], 6), -k))

    best = judge(_grid(1, n, _COARSE))
    best = judge(_grid(max(1, best // 2), min(n, 2 * best), _FINE))
    beside = ceil((_FINE - 1) * best)
    best = judge(range(max(1, best - beside), min(n, best + beside) + 1, ceil(beside / FINEST)))
    as_good = [k for k in scores if scores[k] >= scores[best] - LEVEL]
    return in_order(tree.cut(round(exp(sum(log(k) for k in as_good) / len(as_good)))))


def fused(vectors: Vector, texts: Sequence[str]) -> Vector:
    """Return one row for each question, float32 of shape (n, d + 256), of length 1 or 0; dot products are their fused similarity."""
    if not texts:
        return np.zeros((0, WORD_SIZE), dtype=np.float32)
    known = np.linalg.norm(vectors, axis=1) > 0
    worded = word_rows(texts) * np.where(known, sqrt(WORDS_COUNT), 1.0)[:, None]
    joined = np.hstack([np.asarray(vectors, dtype=np.float32).reshape(len(texts), -1), worded.astype(np.float32)])
    return _unit(joined)


def word_rows(texts: Sequence[str]) -> Vector:
    """Return the projected TF-IDF of words and pairs of words, float32 of shape (n, 256); what occurs in one text only is left out."""
    from scipy import sparse

    counted = [Counter(_terms(text)) for text in texts]
    spread = Counter(term for one in counted for term in one)
    place = {term: i for i, term in enumerate(sorted(term for term, n in spread.items() if n > 1))}
    if not place:
        return np.zeros((len(texts), WORD_SIZE), dtype=np.float32)
    rare = {term: 1 + log((1 + len(texts)) / (1 + spread[term])) for term in place}
    cells = [(i, place[term], (1 + log(n)) * rare[term]) for i, one in enumerate(counted) for term, n in one.items() if term in place]
    at, term, weight = (np.array(column) for column in zip(*cells, strict=True))
    table = sparse.csr_matrix((weight.astype(np.float32), (at, term)), shape=(len(texts), len(place)))
    drawn = np.random.default_rng(_SEED).standard_normal((len(place), WORD_SIZE), dtype=np.float32)
    return _unit(np.asarray(table @ drawn))


def _terms(text: str) -> list[str]:
    said = _WORD.findall(text.lower())
    return [*said, *(f"{first} {second}" for first, second in zip(said, said[1:], strict=False))]


def _unit(rows: Vector) -> Vector:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 1e-9, lengths, 1.0), dtype=np.float32)


def _averaged(rows: Vector) -> Vector:
    """Return the rows after walks over graphs of nearest neighbours, side by side."""
    plain = _main_part(rows)
    near, alike = _nearest(plain, min(max(WALKS), len(rows) - 1, max(1, round(sqrt(len(rows))))))
    found = []
    for neighbours in WALKS:
        walk, moved = _graph(near[:, :neighbours], alike[:, :neighbours]), plain
        for _ in range(STEPS):
            moved = np.asarray(walk @ moved, dtype=np.float32)
        found.append(_unit(moved))
    return np.hstack(found) / np.float32(sqrt(len(WALKS)))


def _main_part(rows: Vector) -> Vector:
    """Return the rows in the directions in which they differ most (principal components about zero), which keeps nearly all of their likeness."""
    if min(rows.shape) <= DIRECTIONS:
        return rows
    _, directions = np.linalg.eigh((rows.T @ rows).astype(np.float64))
    return np.asarray(rows @ directions[:, -DIRECTIONS:].astype(np.float32), dtype=np.float32)


def _graph(near: Labels, alike: Vector) -> Any:
    """Return the symmetric, normalised graph (sparse, n by n) of questions and their nearest, each being a neighbour of its own."""
    from scipy import sparse

    n, k = near.shape
    one_way = sparse.csr_matrix((np.maximum(alike, 0.0).ravel(), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))
    both = (one_way + one_way.T) / 2 + OWN * sparse.eye_array(n)
    share = 1 / np.sqrt(np.asarray(both.sum(axis=1)).ravel())
    return (sparse.diags_array(share) @ both @ sparse.diags_array(share)).astype(np.float32).tocsr()


def _nearest(rows: Vector, k: int) -> tuple[Labels, Vector]:
    """Return the k nearest others of each row, the nearest first, and how alike they are, block by block."""
    near = np.empty((len(rows), k), dtype=np.int64)
    alike = np.empty((len(rows), k), dtype=np.float32)
    for start in range(0, len(rows), BLOCK):
        found = rows[start : start + BLOCK] @ rows.T
        own = np.arange(len(found))
        found[own, start + own] = -np.inf
        chosen = np.argpartition(found, -k, axis=1)[:, -k:]
        values = np.take_along_axis(found, chosen, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        near[start : start + BLOCK] = np.take_along_axis(chosen, order, axis=1)
        alike[start : start + BLOCK] = np.take_along_axis(values, order, axis=1)
    return near, alike


def placed(rows: Vector, labels: Labels, judged: Labels) -> float:
    """Return the mean silhouette of the judged rows, each group having an imaginary member at the distance ``ALONE``; in [-1, 1].

    Distances are 1 less the dot product, so that the mean distance to a group is that to its mean.
    """
    sizes = np.bincount(labels).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    means = np.add.reduceat(rows[np.argsort(labels, kind="stable")], starts, axis=0) / sizes[:, None]
    alike = rows[judged] @ means.T
    at, own = np.arange(len(judged)), labels[judged]
    size = sizes[own]
    squares = np.einsum("ij,ij->i", rows[judged], rows[judged])
    within = (size - 1 - (size * alike[at, own] - squares) + ALONE) / size
    alike[at, own] = -np.inf
    beside = 1 - alike.max(axis=1) if len(sizes) > 1 else np.full(len(judged), APART, dtype=np.float32)
    return float(np.mean((beside - within) / np.maximum(np.maximum(beside, within), 1e-6)))


def _grid(low: int, high: int, ratio: float) -> list[int]:
    steps = [low]
    while steps[-1] < high:
        steps.append(min(high, max(steps[-1] + 1, int(steps[-1] * ratio))))
    return steps


def in_order(labels: Labels) -> Labels:
    """Return the labels numbered in the order in which they first occur."""
    _, first, again = np.unique(labels, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return np.asarray(place[again], dtype=np.int64)


__all__ = ["Labels", "Tree", "clusters", "fused", "in_order", "placed", "word_rows"]
