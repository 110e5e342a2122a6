"""Answers without a language model: the passages that answer, in the article's own order and words, each cited."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from assistant.agent import wording
from kb.cite import cite, marked
from kb.claims import Claim, Kind, claims, rewritten
from kb.model import Citation, Evidence, Passage, Retrieval
from kb.support import supported

MODEL = "local-answer/1"
WORD_BUDGET = 260
WORDS_WITH_STEPS = 400
PROCEDURES = 2
NEAR = 0.10
OPENING_NEAR = 0.15
QUOTED = 120
_PROCEDURE = re.compile(r"^\s{0,3}\d{1,3}[.)]\s", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer's text in Markdown and its citations; ``[n]`` in the text is ``citations[n - 1]``.

    ``unsupported`` are the statements that were taken out, each with the reason.
    """

    text: str
    citations: tuple[Citation, ...]
    passages: tuple[str, ...]
    unsupported: tuple[str, ...] = ()
    model: str = MODEL
    prompt: str = "none"
    translated: bool = False
    """A language model wrote it in another language than the passages are in."""


def has_procedure(passage: Passage) -> bool:
    """Say whether the passage holds numbered steps."""
    return bool(_PROCEDURE.search(passage.text))


def compose(retrieval: Retrieval, whole: Sequence[Passage], today: date) -> Composed:
    """Present the first article's passages that answer.

    ``whole`` are all live passages of that article in order. The best passage is always there; when it holds no steps
    and the article does, so are the procedures that fit best, two at most and up to 400 words in all; others join while they are nearly as
    good, up to about 260 words. What opens the article joins before the others and from farther away: whoever wrote it put there what matters
    most. What comes out has been through ``faithful``, as every answer has to. The text is "" when the
    article was withdrawn, changed or closed since it was found.
    """
    first = retrieval.ranked[0].passage.article.id
    live = {passage.id for passage in whole}
    mine = [item for item in retrieval.ranked if item.passage.article.id == first and item.passage.id in live]
    if not mine:
        return Composed("", (), ())
    chosen = _choose(mine, whole)
    ordered = [passage for passage in whole if passage.id in chosen]
    parts = [_part(passage, number) for number, passage in enumerate(ordered, 1)]
    citations = tuple(cite(passage, today) for passage in ordered)
    return faithful(Composed("\n\n".join(parts), citations, tuple(passage.id for passage in ordered)))


def faithful(composed: Composed, fault: Callable[[str, Sequence[Citation]], str] | None = None) -> Composed:
    """Return an answer that says only what the passages that it cites say.

    ``fault`` says why a sentence does not rest on its citations, "" when it does; the rule over words unless another is given.
    A sentence that its passage does not support, or that cites nothing, is taken out; a step of a procedure gives way to
    a line that says so, because a procedure with a hole in it would mislead. With nothing supported left the text is "".
    """
    stated = claims(composed.text)
    faults = {claim: why for claim in stated if (why := _fault(claim, composed.citations, fault or _unsaid))}
    if not faults:
        return composed

    def note_for(claim: Claim) -> str | None:
        return None if claim not in faults else wording.unconfirmed_step() if claim.kind is Kind.STEP else ""

    left = any(claim.numbers and claim.text and claim not in faults for claim in stated)
    text = rewritten(composed.text, note_for, keep_steps=True) if left else ""
    return replace(composed, text=text, unsupported=tuple(f"{claim.text[:QUOTED]} ({why})" for claim, why in faults.items()))


def _fault(claim: Claim, citations: Sequence[Citation], unsaid: Callable[[str, Sequence[Citation]], str]) -> str:
    """Return why a statement may not be shown, "" when it may; several citations support it together."""
    if claim.kind is Kind.HEADING:
        return "" if claim.text in {citation.heading for citation in citations} else unsaid(claim.text, citations)
    cited = [citations[number - 1] for number in claim.numbers if 0 < number <= len(citations)]
    return unsaid(claim.text, cited) if cited else "it cites nothing"


def _unsaid(sentence: str, cited: Sequence[Citation]) -> str:
    context = "\n\n".join(f"{citation.title}\n\n{citation.heading}" for citation in cited)
    return supported(sentence, "\n\n".join(citation.quote for citation in cited), context).reason


def _choose(by_rank: Sequence[Evidence], whole: Sequence[Passage]) -> set[str]:
    best = by_rank[0]
    chosen, spent = {best.passage.id}, _length(best.passage)
    if not has_procedure(best.passage):
        steps = [item.passage for item in by_rank if has_procedure(item.passage)] or [p for p in whole if has_procedure(p)]
        for passage in steps[:PROCEDURES]:
            if spent + _length(passage) <= WORDS_WITH_STEPS:
                chosen.add(passage.id)
                spent += _length(passage)
    opening = whole[0].id if not whole[0].heading else ""
    for item in sorted(by_rank[1:], key=lambda item: item.passage.id != opening):
        length, near = _length(item.passage), OPENING_NEAR if item.passage.id == opening else NEAR
        if item.passage.id not in chosen and item.dense >= best.dense - near and spent + length <= WORD_BUDGET:
            chosen.add(item.passage.id)
            spent += length
    return chosen


def _length(passage: Passage) -> int:
    return len(passage.text.split())


def _part(passage: Passage, number: int) -> str:
    body = marked(passage.text, number)
    return f"### {passage.heading}\n\n{body}" if passage.heading else body
