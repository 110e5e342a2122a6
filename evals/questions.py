"""Asks a list of questions of a real knowledge base and says which article each answer cites first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.beir import BadInput, read_rows
from kb.bootstrap import open_knowledge
from kb.model import Platform, Reader
from kb.ports import Scope
from kb.retrieve import Question, Retriever
from kb.settings import KnowledgeSettings


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, the article that came first, how surely, and whether it is one of the expected."""

    question: str
    device: str
    top: str
    confidence: float
    right: bool


def ask_all(cases: Path, articles: Path, home: Path, progress: Callable[[str], None]) -> tuple[list[Asked], list[Asked]]:
    """Synchronise ``articles`` into ``home`` with the real ingestion, then ask every case.

    Returns what the service's retrieval says, and what a build says that has lost its vectors: a bound that the second
    one passes as well is worth nothing.

    Raises:
        BadInput: the cases are malformed.
    """
    from ingest.report import LineReport
    from ingest.sync import sync

    settings = KnowledgeSettings(home=home)
    base = open_knowledge(settings)
    try:
        sync(articles, base, settings, LineReport(progress))
        base.keeper.own()
        base.keeper.catch_up()
        rows = read_rows(cases)
        without = base.retriever.without(vectors=True)
        return _ask(base.retriever, rows, cases), _ask(without, rows, cases)
    finally:
        base.close()


def _ask(retriever: Retriever, rows: list[dict[str, Any]], cases: Path) -> list[Asked]:
    made = []
    for row in rows:
        try:
            question, device, expected = row["question"], row["device"], row["expected"]
        except KeyError as error:
            raise BadInput(f"{cases}: a case lacks {error}") from error
        found = retriever.retrieve(Question(question), Scope(Reader(), Platform(device) if device else None))
        top = found.ranked[0].passage.article.id if found.ranked else ""
        right = top.rsplit("/", 1)[-1].lower() in {name.lower() for name in expected}
        made.append(Asked(question, device, top, found.confidence, right))
    return made
