"""The words by which mail programs mark what is not the writer's own, from ``marks.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

FLAGS = re.IGNORECASE


@cache
def _marks() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "marks.toml").read_text(encoding="utf-8"))


def mark(name: str) -> str:
    """Return the expressions of a list, joined by "or"."""
    return "|".join(f"(?:{one})" for one in _marks()[name])
