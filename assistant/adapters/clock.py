"""The system's clock, and the demo's, which can be set."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

PLAYED = "clock.json"
"""In the state folder of a demo with a clock of its own."""
_Read = tuple[tuple[int, int], datetime, datetime]


def _system() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The ``Clock`` port."""

    def now(self) -> datetime:
        """See the port."""
        return _system()


class ClockUnreadable(ValueError):
    """The file of a demo's clock holds no time; the message names it."""


class DemoClock:
    """The ``SetClock`` port over a file, so that everything that runs on a state folder has one time.

    The file says which time it was at which moment of the system's clock; time goes on from there at the pace of that one, also while nothing
    runs. Until the clock is set it is the system's.
    """

    def __init__(self, file: Path, system: Callable[[], datetime] = _system) -> None:
        """Follow a file, which need not be there."""
        self._file = file
        self._system = system
        self._read: _Read | None = None

    def now(self) -> datetime:
        """See the port.

        Raises:
            ClockUnreadable: the file holds no time.
        """
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return self._system()
        state = (found.st_mtime_ns, found.st_ino)
        if self._read is None or self._read[0] != state:
            self._read = (state, *self._load())
        _, at, of = self._read
        return at + (self._system() - of)

    def set(self, at: datetime) -> None:
        """See the port. Every process that follows the file sees the new time at its next look."""
        if at.tzinfo is None:
            raise ValueError("a time needs a zone")
        whole = {"at": at.astimezone(UTC).isoformat(), "of": self._system().isoformat()}
        fresh = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        fresh.write_text(json.dumps(whole) + "\n", encoding="utf-8")
        fresh.replace(self._file)

    def _load(self) -> tuple[datetime, datetime]:
        try:
            said = json.loads(self._file.read_text(encoding="utf-8"))
            at, of = datetime.fromisoformat(said["at"]), datetime.fromisoformat(said["of"])
            if at.tzinfo is None or of.tzinfo is None:
                raise ValueError("a time has no zone")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ClockUnreadable(f"{self._file} holds no time ({type(error).__name__}); remove it to have the system's") from None
        return at.astimezone(UTC), of.astimezone(UTC)
