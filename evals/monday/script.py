"""Reads the script of the Monday."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("script.toml")


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene: its name on the command line, when it begins, and its title."""

    id: str
    at: datetime
    title: str


@dataclass(frozen=True, slots=True)
class Script:
    """The whole day. ``facts`` are the tables that the scenes read, by name."""

    begins: datetime
    zone: str
    scenes: tuple[Scene, ...]
    facts: Mapping[str, Any]

    def scene(self, name: str) -> Scene:
        """Return a scene by its name.

        Raises:
            KeyError: there is none.
        """
        return {one.id: one for one in self.scenes}[name]


@cache
def read_script() -> Script:
    """Return the packaged script."""
    facts = tomllib.loads(SCRIPT.read_text(encoding="utf-8"))
    day = facts["day"]
    return Script(day["begins"], day["zone"], tuple(Scene(**row) for row in facts["scenes"]), facts)
