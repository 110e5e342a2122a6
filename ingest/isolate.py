"""Reads files in child processes that may crash, hang or swell without harm to the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.parse.read import Reading, read_file
from ingest.sources.folder import SourceFile
from kb.isolation import Bounds, GivenUp, Isolated, Pending

AHEAD = 16
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost: its size in bytes, seconds of time, and memory above the start in megabytes."""

    file_bytes: int = 50 * _MEGABYTE
    seconds: float = 20.0
    memory_megabytes: int = 256
    parsers: int = 2


def read_files(files: Sequence[SourceFile], limits: Limits) -> Iterator[tuple[SourceFile, Reading]]:
    """Yield each file with its reading, in order.

    Files are read in at most ``limits.parsers`` processes that are kept warm. A crash, a timeout or too much memory is the
    failure of that one file.
    """
    if not files:
        return
    readers = Isolated(Bounds(limits.seconds, limits.memory_megabytes, min(limits.parsers, len(files))), _prepare)
    waiting: deque[tuple[SourceFile, Pending[Reading]]] = deque()
    try:
        for file in files:
            waiting.append((file, readers.begin(read_file, str(file.location), file.path, limits.file_bytes, file.kind)))
            if len(waiting) >= AHEAD:
                yield _result(*waiting.popleft())
        while waiting:
            yield _result(*waiting.popleft())
    finally:
        readers.close()


def _result(file: SourceFile, reading: Pending[Reading]) -> tuple[SourceFile, Reading]:
    try:
        return file, reading.result()
    except GivenUp as reason:
        return file, Reading(failure=str(reason))


def _prepare() -> None:
    for module in ("markdown", "html", "pdf_lines", "docx", "table"):
        __import__(f"ingest.parse.{module}")
