"""Heads of the audit chain in a file of their own, so that a database that was cut or rebuilt shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from assistant.domain.audit import Anchor

LONGEST = 4_096
"""More bytes than a line ever has."""


@dataclass(frozen=True, slots=True)
class FileAnchors:
    """The ``Anchors`` protocol: one JSON line an anchor. Keep the file where the database's operator cannot write."""

    path: Path

    def add(self, anchor: Anchor) -> None:
        """See the port. The line is on the disk when this returns; so is the name of a file that was made for it."""
        fresh = not self.path.exists()
        with self.path.open("a+b") as file:
            torn = _last_line(file)
            if torn and _torn(torn):
                file.truncate(file.seek(0, os.SEEK_END) - len(torn))
            start = b"\n" if torn and not _torn(torn) else b""
            file.write(start + json.dumps(asdict(anchor)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def read(self) -> Iterator[Anchor]:
        """See the port."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and (line.endswith("\n") or not _torn(line.encode())):
                    yield _anchor(line, number)


def _last_line(file: BinaryIO) -> bytes:
    """Return what stands after the last line end: what a power cut left of a line that was being written."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - LONGEST))
    return file.read().rpartition(b"\n")[2]


def _torn(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def _anchor(line: str, number: int) -> Anchor:
    try:
        found = Anchor(**json.loads(line))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"line {number} is not an anchor: {error}") from error
    if type(found.number) is not int or not all(isinstance(text, str) for text in (found.hash, found.seal, found.at)):
        raise ValueError(f"line {number} is not an anchor")
    return found
