"""All vectors of an index in one matrix in memory, searched exactly, with the file that fills it again in a moment.

The file is a log: each replacement is appended as one record with a checksum, so an edit costs its own size and not the
size of the index. What a crash cut off is not read and is overwritten by the next record.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.model import Audience, Platform
from kb.ports import Entry, Hit, Scope, Vector

HEAD = struct.Struct("<III")
"""Lengths in bytes of a record's description and of its vectors, and the checksum of both."""

SPARE = 1.25
GARBAGE = 1_000
"""The log is written anew when more than half of its rows and this many are dropped."""

DROPPED = 0
SCOPES_KEPT = 256
Partition = tuple[Audience, frozenset[Platform]]


class VectorRows:
    """Rows of vectors with their passages and who may see them. Several threads may use it.

    Other processes may read the file at the same time; one may write. A reader takes up what was appended since.
    """

    def __init__(self, file: Path | None = None) -> None:
        """Fill from ``file`` if it is there; without a file the rows live as long as the process."""
        self._file = file
        self._lock = RLock()
        self._inode = self._end = self._size = 0
        self._forget()
        self.refresh()

    @property
    def model(self) -> str | None:
        """The model whose vectors are held, None while there are none."""
        return self._model if self._alive else None

    def is_empty(self) -> bool:
        """Say whether no row is held."""
        return not self._alive

    def passage_ids(self) -> set[str]:
        """Return the ids of all passages that have a row."""
        with self._lock:
            return {self._passages[row] for row in np.flatnonzero(self._partition[: self._count] != DROPPED)}

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry], model: str) -> None:
        """Drop the rows of these articles and add those of the entries; on disk when it returns."""
        with self._lock:
            self.refresh()
            record = (list(article_ids), [entry for entry in entries if len(entry.vectors)], model)
            if self._file is not None:
                self._append(self._file, _encoded(*record))
            self._apply(*record)
            if self._count > 2 * self._alive + GARBAGE:
                self._compact()

    def clear(self) -> None:
        """Forget all rows and delete the file."""
        with self._lock:
            self._forget()
            if self._file is not None:
                self._file.unlink(missing_ok=True)

    def refresh(self) -> None:
        """Take up what another process has written since."""
        if self._file is None:
            return
        with self._lock:
            try:
                found = self._file.stat()
            except OSError:
                if self._inode:
                    self._forget()
                return
            if found.st_ino != self._inode or found.st_size < self._end:
                self._forget()
                self._inode = found.st_ino
            if found.st_size != self._size:
                self._size = found.st_size
                self._read(self._file)

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        """Return the nearest passages inside the scope, best first, each with its best row's cosine. Exact."""
        self.refresh()
        with self._lock:
            matrix, partition, passages = self._matrix[: self._count], self._partition[: self._count], self._passages
            admitted = self._admits(scope)
        rows = admitted[partition]
        if not rows.any():
            return []
        scores = np.where(rows, matrix @ np.asarray(vector, dtype=np.float32), -np.inf)
        return _best(scores, int(rows.sum()), passages, limit)

    def _forget(self) -> None:
        self._matrix: Vector = np.zeros((0, 0), dtype=np.float32)
        self._partition: NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._passages: list[str] = []
        self._rows_of: dict[str, list[int]] = {}
        self._partitions: dict[Partition, int] = {}
        self._admitted: dict[Scope, NDArray[np.bool_]] = {}
        self._model = ""
        self._count = self._alive = 0
        self._inode = self._end = self._size = 0

    def _read(self, file: Path) -> None:
        with file.open("rb") as stream:
            stream.seek(self._end)
            for size, record in _records(stream):
                self._apply(*record)
                self._end += size

    def _append(self, file: Path, record: bytes) -> None:
        with file.open("r+b" if self._inode else "w+b") as stream:
            stream.truncate(self._end)
            stream.seek(self._end)
            stream.write(record)
            stream.flush()
            os.fsync(stream.fileno())
            self._inode = os.fstat(stream.fileno()).st_ino
        self._end += len(record)
        self._size = self._end

    def _apply(self, article_ids: Sequence[str], entries: Sequence[Entry], model: str) -> None:
        for article_id in article_ids:
            rows = self._rows_of.pop(article_id, [])
            self._partition[rows] = DROPPED
            self._alive -= len(rows)
        if not entries:
            return
        self._model = model
        added = np.concatenate([entry.vectors for entry in entries])
        self._reserve(self._count + len(added), added.shape[1])
        self._matrix[self._count : self._count + len(added)] = added
        for entry in entries:
            place = self._place((entry.audience, entry.platforms))
            self._partition[self._count : self._count + len(entry.vectors)] = place
            self._rows_of.setdefault(entry.article_id, []).extend(range(self._count, self._count + len(entry.vectors)))
            self._passages.extend([entry.passage_id] * len(entry.vectors))
            self._count += len(entry.vectors)
        self._alive += len(added)

    def _reserve(self, rows: int, dimension: int) -> None:
        if rows <= len(self._matrix) and dimension == self._matrix.shape[1]:
            return
        matrix = np.zeros((int(rows * SPARE), dimension), dtype=np.float32)
        partition = np.zeros(len(matrix), dtype=np.int32)
        if self._count:
            matrix[: self._count], partition[: self._count] = self._matrix[: self._count], self._partition[: self._count]
        self._matrix, self._partition = matrix, partition

    def _place(self, partition: Partition) -> int:
        if partition not in self._partitions:
            self._partitions[partition] = len(self._partitions) + 1
            self._admitted = {}
        return self._partitions[partition]

    def _admits(self, scope: Scope) -> NDArray[np.bool_]:
        """Say for each partition whether it is inside the scope; dropped rows never are."""
        if scope not in self._admitted:
            kept = self._admitted if len(self._admitted) < SCOPES_KEPT else {}
            self._admitted = {**kept, scope: np.array([False, *(scope.admits(*one) for one in self._partitions)])}
        return self._admitted[scope]

    def _compact(self) -> None:
        """Keep what is alive only, in memory and in a new file that takes the place of the old one whole."""
        entries = list(self._entries())
        file, model = self._file, self._model
        self._forget()
        if file is not None:
            fresh = file.with_suffix(".new")
            record = _encoded([], entries, model)
            fresh.unlink(missing_ok=True)
            self._append(fresh, record)
            fresh.replace(file)
        self._apply([], entries, model)

    def _entries(self) -> Iterator[Entry]:
        partitions = list(self._partitions)
        for article_id, rows in self._rows_of.items():
            by_passage: dict[str, list[int]] = {}
            for row in rows:
                by_passage.setdefault(self._passages[row], []).append(row)
            for passage_id, own in by_passage.items():
                audience, platforms = partitions[self._partition[own[0]] - 1]
                yield Entry(passage_id, article_id, audience, platforms, "", "", "", self._matrix[own])


def _best(scores: NDArray[np.float32], admitted: int, passages: Sequence[str], limit: int) -> list[Hit]:
    """Return the best passages; one passage may have several rows, so more rows are looked at until there are enough."""
    wanted = min(admitted, 2 * limit)
    while True:
        rows = np.argpartition(scores, len(scores) - wanted)[len(scores) - wanted :]
        best: dict[str, float] = {}
        for row in rows[np.argsort(-scores[rows], kind="stable")]:
            best.setdefault(passages[row], float(scores[row]))
        if len(best) >= limit or wanted == admitted:
            return [Hit(passage_id, score) for passage_id, score in list(best.items())[:limit]]
        wanted = min(admitted, 4 * wanted)


def _encoded(article_ids: Sequence[str], entries: Sequence[Entry], model: str) -> bytes:
    partitions: dict[Partition, int] = {}
    rows = [
        [entry.passage_id, entry.article_id, partitions.setdefault((entry.audience, entry.platforms), len(partitions)), len(entry.vectors)]
        for entry in entries
    ]
    description = {
        "model": model,
        "dropped": list(article_ids),
        "partitions": [[sorted(audience.groups), sorted(platforms)] for audience, platforms in partitions],
        "rows": rows,
        "dimension": entries[0].vectors.shape[1] if entries else 0,
    }
    head = json.dumps(description).encode()
    body = np.concatenate([entry.vectors for entry in entries]).astype(np.float32).tobytes() if entries else b""
    return HEAD.pack(len(head), len(body), zlib.crc32(body, zlib.crc32(head))) + head + body


def _records(stream: Any) -> Iterator[tuple[int, tuple[list[str], list[Entry], str]]]:
    """Yield the size and the content of each whole record; stop at the first that is not."""
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        lengths = HEAD.unpack(head)
        left = os.fstat(stream.fileno()).st_size - stream.tell()
        if lengths[0] + lengths[1] > left:
            return
        description, body = stream.read(lengths[0]), stream.read(lengths[1])
        if zlib.crc32(body, zlib.crc32(description)) != lengths[2]:
            return
        yield HEAD.size + lengths[0] + lengths[1], _decoded(json.loads(description), body)


def _decoded(description: dict[str, Any], body: bytes) -> tuple[list[str], list[Entry], str]:
    matrix = np.frombuffer(body, dtype=np.float32).reshape(-1, description["dimension"] or 1)
    partitions = [(Audience(frozenset(groups)), frozenset(Platform(name) for name in names)) for groups, names in description["partitions"]]
    entries, at = [], 0
    for passage_id, article_id, place, count in description["rows"]:
        audience, platforms = partitions[place]
        entries.append(Entry(passage_id, article_id, audience, platforms, "", "", "", matrix[at : at + count]))
        at += count
    return description["dropped"], entries, description["model"]
