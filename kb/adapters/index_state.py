"""Where the indexes stand, in one small file beside them, and a lock file that names their owner."""

from __future__ import annotations

import json
import os
from pathlib import Path

from filelock import FileLock, Timeout


class FileIndexState:
    """The ``IndexState`` protocol on files. Positions are read from the file at each call: another process may write."""

    def __init__(self, folder: Path) -> None:
        """Keep the state in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "positions.json"
        self._lock = FileLock(folder / "owner.lock", thread_local=False)

    def position(self, index: str) -> int | None:
        """See the protocol."""
        return self._positions().get(index)

    def advance(self, index: str, position: int | None) -> None:
        """See the protocol."""
        positions = {**self._positions(), index: position}
        fresh = self._file.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump({name: value for name, value in positions.items() if value is not None}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)

    def own(self) -> bool:
        """See the protocol."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def disown(self) -> None:
        """See the protocol."""
        self._lock.release()

    def _positions(self) -> dict[str, int]:
        try:
            return {str(name): int(value) for name, value in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
