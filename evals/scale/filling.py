"""Publishes and indexes a large collection and times each stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from evals.scale.texts import Drawn
from kb.bootstrap import KnowledgeBase
from kb.ports import Embedder, Vector
from kb.publish import Publisher

BATCH = 64
TOLD_EVERY = 20
PROJECTIONS = 4_096


@dataclass(frozen=True, slots=True)
class Filled:
    """Seconds that each stage took for so many windows."""

    passages: int
    embedding_s: float
    store_s: float
    lexical_s: float
    vector_s: float

    @property
    def whole_s(self) -> float:
        """All stages."""
        return self.embedding_s + self.store_s + self.lexical_s + self.vector_s


class ProjectionEmbedder:
    """Synthetic vectors: each word stands for a seeded random direction. They carry the identity of a real model, so that
    its questions can be put to them; they say nothing about quality."""

    def __init__(self, model: Embedder, seed: int) -> None:
        """Stand in for ``model``."""
        self.identity = model.identity
        self.dimension = model.dimension
        self._directions = np.random.default_rng(seed).standard_normal((PROJECTIONS, model.dimension)).astype(np.float32)

    def embed(self, texts: Sequence[str]) -> Vector:
        """See the port."""
        sums = np.stack([self._directions[[crc32(word.encode()) % PROJECTIONS for word in text.split()] or [0]].sum(axis=0) for text in texts])
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)


class _Timed:
    def __init__(self, model: Embedder) -> None:
        self.identity = model.identity
        self.dimension = model.dimension
        self.seconds = 0.0
        self._model = model

    def embed(self, texts: Sequence[str]) -> Vector:
        began = time.perf_counter()
        made = self._model.embed(texts)
        self.seconds += time.perf_counter() - began
        return made


def fill(base: KnowledgeBase, drawn: Drawn, model: Embedder, progress: Callable[[str], None]) -> Filled:
    """Publish everything with vectors of ``model``, then let both indexes follow."""
    timed = _Timed(model)
    publisher = Publisher(base.store, timed)
    began = time.perf_counter()
    for number, start in enumerate(range(0, len(drawn.articles), BATCH), 1):
        publisher.publish(drawn.articles[start : start + BATCH])
        if number % TOLD_EVERY == 0:
            progress(f"published {min(start + BATCH, len(drawn.articles))} of {len(drawn.articles)} articles")
    published = time.perf_counter()
    if not base.keeper.own():
        raise RuntimeError("another process owns the indexes of a fresh folder")
    base.keeper.catch_up_lexical(progress)
    lexical = time.perf_counter()
    base.keeper.catch_up()
    done = time.perf_counter()
    return Filled(drawn.passages, timed.seconds, published - began - timed.seconds, lexical - published, done - lexical)
