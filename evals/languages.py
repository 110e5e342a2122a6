"""Questions in ten languages to the real service over the demo company: is the language known, is the right article found, is the answer in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from assistant.agent.languages.known import LANGUAGES
from assistant.agent.languages.recognise import language_of
from assistant.agent.state import Inbound
from assistant.bootstrap import Assistant
from assistant.domain.reply import Reply, ReplyKind
from evals.beir import BadInput, read_rows

ASKER = "maria.santos"


@dataclass(frozen=True, slots=True)
class Put:
    """One question that was put to the service.

    ``expected`` is the last part of an article's id, a tool whose card has to come, or "" where nothing answers; ``top`` is what came:
    the article cited first, the tool, or "".
    """

    language: str
    question: str
    expected: str
    top: str
    spoken: str

    @property
    def right(self) -> bool:
        """Say whether exactly what was expected came."""
        return self.top == self.expected

    @property
    def misled(self) -> bool:
        """Say whether something came that answers something else."""
        return bool(self.top) and not self.right

    @property
    def missed(self) -> bool:
        """Say whether nothing came although something answers."""
        return bool(self.expected) and not self.top


def read_cases(path: Path, needed: Sequence[str], languages: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of a file in these languages, all of them where none are named.

    Raises:
        BadInput: a row lacks a field or names none of the ten languages.
    """
    rows = read_rows(path)
    for number, row in enumerate(rows, 1):
        if any(not isinstance(row.get(name), str) for name in needed) or row["language"] not in LANGUAGES:
            raise BadInput(f"{path}: row {number} needs {', '.join(needed)}, and one of the ten languages")
    return [row for row in rows if not languages or row["language"] in languages]


def recognised(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return for each row its language, the one that was recognised with nothing known before, and the text."""
    return [(row["language"], language_of(row["text"]), row["text"]) for row in rows]


def put_all(assistant: Assistant, rows: Sequence[dict[str, Any]], progress: Callable[[str], None]) -> list[Put]:
    """Ask each question in a conversation of its own."""
    made = []
    for number, row in zip(count(1), rows, strict=False):
        reply = assistant.turns.take(ASKER, None, Inbound(f"languages-{number}", row["question"]), "eval")
        made.append(Put(row["language"], row["question"], row["expected"], _top(reply), reply.language))
        if number % 20 == 0:
            progress(f"{number} of {len(rows)} questions")
    return made


def _top(reply: Reply) -> str:
    if reply.kind is ReplyKind.ANSWER and reply.citations:
        return reply.citations[0].article.rsplit("/", 1)[-1]
    return reply.action.tool if reply.action is not None else ""
