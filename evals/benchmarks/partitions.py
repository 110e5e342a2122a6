"""What an audience filter costs: Chroma's own metadata filter, a Chroma collection for each audience, the service's own index.

Vectors are synthetic: seeded random unit vectors. They say what a query costs, nothing about quality. In every layout the
reader may see half of the vectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kb.adapters.chroma import ChromaIndex
from kb.model import Audience, Platform, Reader
from kb.ports import Entry, Scope, Vector

DIMENSION = 384
LIMIT = 40
MODEL = "synthetic"
PARTITIONS = (2, 10, 60, 300)
HNSW: Any = {"hnsw": {"space": "cosine", "ef_search": 200}}
"""300: 60 audiences, each with articles for all systems and for four of the five systems alone."""
SYSTEMS: tuple[frozenset[Platform], ...] = (frozenset(), *(frozenset({platform}) for platform in list(Platform)[:4]))
BATCH = 2_000
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """One layout: milliseconds of each query, and seconds that filling took."""

    layout: str
    query_ms: list[float]
    fill_s: float


def unit_vectors(count: int, seed: int) -> Vector:
    """Return seeded random unit vectors."""
    made = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def measure(vectors: int, queries: int, seed: int, scratch: Path, progress: Callable[[str], None]) -> Iterator[Cost]:
    """Measure every layout, one after another: each query alone, ``LIMIT`` hits wanted."""
    rows, asked = unit_vectors(vectors, seed), unit_vectors(queries + WARM_UP, seed + 1)
    yield from _one_collection(rows, asked, scratch / "one", progress)
    for count in PARTITIONS:
        if count <= vectors:
            yield _collections(rows, asked, count, scratch / f"collections-{count}", progress)
            yield _own(rows, asked, count, scratch / f"own-{count}", progress)


def timed(search: Callable[[Vector], object], asked: Vector) -> list[float]:
    """Return the milliseconds of each query; the first few only warm up."""
    spent = []
    for query in asked:
        began = time.perf_counter()
        search(query)
        spent.append((time.perf_counter() - began) * 1000)
    return spent[WARM_UP:]


def _one_collection(rows: Vector, asked: Vector, folder: Path, progress: Callable[[str], None]) -> Iterator[Cost]:
    """Chroma as it is usually used: one collection, the audience as metadata of each vector."""
    began = time.perf_counter()
    collection = _client(folder).create_collection("all", configuration=HNSW, embedding_function=None)
    for start in range(0, len(rows), BATCH):
        part = range(start, min(start + BATCH, len(rows)))
        facts: list[Any] = [{"audience": f"group{i % 2}"} for i in part]
        collection.add(ids=[str(i) for i in part], embeddings=rows[part.start : part.stop], metadatas=facts)
        progress(f"one collection: {part.stop} of {len(rows)} vectors")
    filled = time.perf_counter() - began

    def query(vector: Vector, **where: Any) -> object:
        return collection.query(query_embeddings=[vector], n_results=LIMIT, include=["distances"], **where)

    yield Cost("unfiltered", timed(query, asked), filled)
    yield Cost("metadata_filter", timed(lambda vector: query(vector, where={"audience": {"$in": ["group0"]}}), asked), filled)


def _collections(rows: Vector, asked: Vector, count: int, folder: Path, progress: Callable[[str], None]) -> Cost:
    """Chroma with a collection for each combination of audience and platforms; a query asks those that the reader sees."""
    began = time.perf_counter()
    client = _client(folder)
    made = [client.create_collection(f"part-{i}", configuration=HNSW, embedding_function=None) for i in range(count)]
    for number, collection in enumerate(made):
        part = range(-(-number * len(rows) // count), -(-(number + 1) * len(rows) // count))
        for start in range(part.start, part.stop, BATCH):
            stop = min(start + BATCH, part.stop)
            collection.add(ids=[str(i) for i in range(start, stop)], embeddings=rows[start:stop])
    progress(f"{count} collections filled")
    filled = time.perf_counter() - began

    def query(vector: Vector) -> list[tuple[float, str]]:
        hits: list[tuple[float, str]] = []
        for collection in made[::2]:
            found = collection.query(query_embeddings=[vector], n_results=LIMIT, include=["distances"])
            hits += zip(found["distances"][0], found["ids"][0], strict=True)
        return sorted(hits)[:LIMIT]

    return Cost(f"collections_{count}", timed(query, asked), filled)


def _own(rows: Vector, asked: Vector, count: int, folder: Path, progress: Callable[[str], None]) -> Cost:
    """The service's own vector index with so many combinations of audience and platforms."""
    began = time.perf_counter()
    index = ChromaIndex.embedded(folder, MODEL)
    systems = SYSTEMS if count > len(SYSTEMS) else SYSTEMS[:1]
    for start in range(0, len(rows), BATCH):
        part = range(start, min(start + BATCH, len(rows)))
        index.replace([], [_entry(i, i * count // len(rows), systems, rows[i]) for i in part])
    progress(f"{count} partitions in the service's own index filled")
    filled = time.perf_counter() - began
    scope = Scope(Reader(frozenset(f"group{i}" for i in range(0, -(-count // len(systems)), 2))))
    return Cost(f"own_{count}", timed(lambda vector: index.search(vector, scope, LIMIT), asked), filled)


def _entry(number: int, partition: int, systems: tuple[frozenset[Platform], ...], row: Vector) -> Entry:
    group, system = divmod(partition, len(systems))
    name = f"article{number}"
    return Entry(f"{name}@1#0", name, Audience(frozenset({f"group{group}"})), systems[system], "", "", "", row[None])


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
