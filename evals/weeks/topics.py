"""What simulated employees ask about: wordings made from templates, and what would in truth help them."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "topics.toml"
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
LANGUAGES = ("sv", "de", "es")


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing that people need. ``solves`` are the articles whose steps help with it."""

    id: str
    weight: float
    says: tuple[str, ...]
    details: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    solves: frozenset[str] = frozenset()
    helps: float = 0.88
    """How often steps that are right also work."""
    outdated: float = 0.0
    """How often steps that did not work are called outdated."""
    season: str = ""
    wants: str = ""
    """The tool that does it; "missing" where there is none."""
    publishes: str = ""
    """The article that is written about it in the course of the weeks."""
    not_of: frozenset[str] = frozenset()
    """Groups whose members do not ask this, because they may read the article."""
    outside: bool = False
    person: bool = False
    incident: bool = False
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Wordings in other languages."""


def read_topics(path: Path = FILE) -> tuple[Topic, ...]:
    """Return the topics of a file.

    Raises:
        ValueError: an id is there twice, or a topic says nothing.
    """
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["topics"]
    found = tuple(_topic(row) for row in rows)
    if len({one.id for one in found}) != len(found) or not all(one.says for one in found):
        raise ValueError(f"{path}: every topic needs an id of its own and something to say")
    return found


def _topic(row: Mapping[str, Any]) -> Topic:
    made: dict[str, Any] = {name: row[name] for name in row if name not in LANGUAGES}
    made |= {name: tuple(row.get(name, ())) for name in ("says", "details", "notes")}
    made |= {name: frozenset(row.get(name, ())) for name in ("solves", "not_of")}
    return Topic(**made, others={language: tuple(row[language]) for language in LANGUAGES if language in row})


def worded(template: str, draw: random.Random) -> str:
    """Return one wording of a template: of each ``[a|b]`` one choice."""
    text = _CHOICE.sub(lambda found: draw.choice(found[1].split("|")), template)
    return " ".join(text.split()).replace(" ?", "?").replace(" ,", ",").strip(" ,")
