"""The ranking that a knowledge base has learned, in one small file of its state folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from kb.ranking import Weights


class WeightsFile:
    """Weights with the facts of how they were learned. Another process may write: each reading looks at the file's time."""

    def __init__(self, path: Path) -> None:
        """Keep them in ``path``, which need not exist."""
        self._path = path
        self._read: tuple[int, Weights | None] = (0, None)

    def current(self) -> Weights | None:
        """Return the learned weights, or None when there are none or they are not of this form."""
        try:
            stamp = self._path.stat().st_mtime_ns
        except OSError:
            return None
        if stamp != self._read[0]:
            self._read = (stamp, self._load())
        return self._read[1]

    def _load(self) -> Weights | None:
        try:
            weights = self._content().get("weights")
            return Weights.of(weights) if weights else None
        except (KeyError, TypeError, ValueError):
            return None

    def facts(self) -> dict[str, Any]:
        """Return what was written last about learning, {} before that."""
        return {name: value for name, value in self._content().items() if name != "weights"}

    def _content(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, facts: dict[str, Any], weights: Weights | None) -> None:
        """Replace what is there; None goes back to the shipped weights and keeps the facts."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({**facts, "weights": weights.facts() if weights else None}, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self._path)
