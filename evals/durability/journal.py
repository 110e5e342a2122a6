"""Reads SQLite's write-ahead log as a file: where its frames end, which of them commit, how much the database holds already.

The formats are those of https://www.sqlite.org/fileformat2.html#walformat and https://www.sqlite.org/walformat.html.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HEADER_BYTES, FRAME_HEADER_BYTES = 32, 24
FRAMES_AT, COPIED_AT = 16, 96
"""Where the index of the log says how many frames are valid, and how many were copied into the database."""


@dataclass(frozen=True, slots=True)
class Journal:
    """The part of a log that only the log holds: from ``start`` to ``end``, in bytes, with the ends of its commits."""

    start: int
    end: int
    commits: tuple[int, ...]

    def kept(self, cut: int) -> int:
        """Return how many commits lie wholly before a cut."""
        return sum(end <= cut for end in self.commits)


def read_journal(database: Path) -> Journal:
    """Read the log beside a database that nobody writes meanwhile and that somebody has open.

    Raises:
        ValueError: the log is not one, or says something that cannot be.
    """
    log, index = (database.with_name(f"{database.name}-{kind}").read_bytes() for kind in ("wal", "shm"))
    if len(log) < HEADER_BYTES:
        raise ValueError("the write-ahead log has no header")
    page_bytes, salts = struct.unpack_from(">I", log, 8)[0], log[16:24]
    (valid,), (copied,) = struct.unpack_from("=I", index, FRAMES_AT), struct.unpack_from("=I", index, COPIED_AT)
    frame_bytes = FRAME_HEADER_BYTES + page_bytes
    ends = [HEADER_BYTES + number * frame_bytes for number in range(valid + 1)]
    if copied > valid or ends[-1] > len(log):
        raise ValueError(f"the log's index names {valid} frames, {copied} of them copied; the log has {len(log)} bytes")
    commits = []
    for start, end in pairwise(ends[copied:]):
        if log[start + 8 : start + 16] != salts:
            raise ValueError(f"the frame at byte {start} is of an earlier log")
        if struct.unpack_from(">I", log, start + 4)[0]:
            commits.append(end)
    return Journal(ends[copied], ends[-1], tuple(commits))
