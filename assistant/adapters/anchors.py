"""Heads of the audit chain in a file of their own, so that a database that was cut or rebuilt shows."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.governance.audit import Anchor


@dataclass(frozen=True, slots=True)
class FileAnchors:
    """One JSON line an anchor. Keep the file, or a copy of it, where the database's operator cannot write."""

    path: Path

    def add(self, anchor: Anchor) -> None:
        """Append an anchor durably."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(anchor)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[Anchor]:
        """Return all anchors, oldest first.

        Raises:
            ValueError: a line is not an anchor.
        """
        if not self.path.exists():
            return []
        return [Anchor(**json.loads(line)) for line in self.path.read_text(encoding="utf-8").splitlines() if line.strip()]
