"""Answers without a language model: the passages that answer, in the article's own order and words, each cited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kb.cite import cite, marked
from kb.model import Citation, Evidence, Passage, Retrieval

MODEL = "local-answer/1"
WORD_BUDGET = 260
WORDS_WITH_STEPS = 400
PROCEDURES = 2
NEAR = 0.10
_PROCEDURE = re.compile(r"^\s{0,3}\d{1,3}[.)]\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer's text in Markdown and its citations; ``[n]`` in the text is ``citations[n - 1]``."""

    text: str
    citations: tuple[Citation, ...]
    passages: tuple[str, ...]


def has_procedure(passage: Passage) -> bool:
    """Say whether the passage holds numbered steps."""
    return bool(_PROCEDURE.search(passage.text))


def compose(retrieval: Retrieval, whole: Sequence[Passage], today: date) -> Composed:
    """Present the first article's passages that answer.

    ``whole`` are all live passages of that article in order. The best passage is always there; when it holds no steps
    and the article does, so are the procedures that fit best, two at most and up to 400 words in all; others join while they are nearly as
    good, up to about 260.
    """
    first = retrieval.ranked[0].passage.article.id
    live = {passage.id for passage in whole}
    chosen = _choose([item for item in retrieval.ranked if item.passage.article.id == first and item.passage.id in live], whole)
    ordered = [passage for passage in whole if passage.id in chosen]
    parts = [_part(passage, number) for number, passage in enumerate(ordered, 1)]
    citations = tuple(cite(passage, today) for passage in ordered)
    return Composed("\n\n".join(parts), citations, tuple(passage.id for passage in ordered))


def _choose(by_rank: Sequence[Evidence], whole: Sequence[Passage]) -> set[str]:
    best = by_rank[0]
    chosen, spent = {best.passage.id}, _length(best.passage)
    if not has_procedure(best.passage):
        steps = [item.passage for item in by_rank if has_procedure(item.passage)] or [p for p in whole if has_procedure(p)]
        for passage in steps[:PROCEDURES]:
            if spent + _length(passage) <= WORDS_WITH_STEPS:
                chosen.add(passage.id)
                spent += _length(passage)
    for item in by_rank[1:]:
        length = _length(item.passage)
        if item.passage.id not in chosen and item.dense >= best.dense - NEAR and spent + length <= WORD_BUDGET:
            chosen.add(item.passage.id)
            spent += length
    return chosen


def _length(passage: Passage) -> int:
    return len(passage.text.split())


def _part(passage: Passage, number: int) -> str:
    body = marked(passage.text, number)
    return f"### {passage.heading}\n\n{body}" if passage.heading else body
