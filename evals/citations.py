"""How well the support rule agrees with hand labels, and what the running answer path shows under that rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evals.beir import BadInput, read_rows
from evals.report import Metric, bootstrap, mean
from kb.claims import Kind, claims
from kb.support import supported

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.domain.reply import Reply

ASKERS = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence, the passage that it cites, and whether a person says that the passage supports it."""

    sentence: str
    passage: str
    context: str
    label: bool
    half: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a person and the rule say of one pair."""

    label: bool
    verdict: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence that an answer displayed: whether its own citation supports it under the rule, and whether it stands there word for word."""

    sentence: str
    supported: bool
    verbatim: bool


def read_pairs(path: Path, half: str) -> list[Pair]:
    """Read labelled pairs: those of one half, and those that name none.

    Raises:
        BadInput: the file is malformed, or nothing is left of it.
    """
    made = [_pair(row, f"{path}, row {number}") for number, row in enumerate(read_rows(path), 1)]
    kept = [pair for pair in made if pair.half in ("", half) or not half]
    if not kept:
        raise BadInput(f"{path}: no pairs{f' of the half {half}' if half else ''}")
    return kept


def _pair(row: dict[str, object], where: str) -> Pair:
    sentence, passage, label = row.get("sentence"), row.get("passage"), row.get("supported")
    if not isinstance(sentence, str) or not isinstance(passage, str) or not sentence.strip():
        raise BadInput(f"{where}: sentence and passage must be texts")
    if not isinstance(label, bool):
        raise BadInput(f"{where}: supported must be true or false")
    return Pair(sentence, passage, f"{row.get('title') or ''}\n\n{row.get('heading') or ''}", label, str(row.get("half") or ""))


def judge(pairs: Sequence[Pair]) -> list[Judged]:
    """Ask the rule about every pair."""
    return [Judged(pair.label, supported(pair.sentence, pair.passage, pair.context).value) for pair in pairs]


def agreement(rows: Sequence[Judged]) -> dict[str, Metric]:
    """Return how the rule agrees with the labels, each figure with its interval."""
    return {
        "accuracy": bootstrap(rows, lambda part: mean([float(row.label == row.verdict) for row in part])),
        "kappa": bootstrap(rows, kappa),
        "citation_precision": bootstrap(rows, lambda part: _share([row.label for row in part if row.verdict])),
        "citation_recall": bootstrap(rows, lambda part: _share([row.verdict for row in part if row.label])),
        "unsupported_passed": bootstrap(rows, lambda part: _share([row.verdict for row in part if not row.label])),
    }


def kappa(rows: Sequence[Judged]) -> float:
    """Return Cohen's kappa between labels and verdicts; not a number when both say the same of everything."""
    labels, verdicts = mean([float(row.label) for row in rows]), mean([float(row.verdict) for row in rows])
    by_chance = labels * verdicts + (1 - labels) * (1 - verdicts)
    observed = mean([float(row.label == row.verdict) for row in rows])
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")


def _share(rows: Sequence[bool]) -> float:
    return mean([float(row) for row in rows]) if rows else float("nan")


# -- the running answer path ---------------------------------------------------------------------------------------------


def shown_by(reply: Reply) -> list[Shown]:
    """Return every statement of an answer that rests on a citation, judged against that citation alone."""
    made = []
    for claim in claims(reply.text):
        cited = [reply.citations[number - 1] for number in claim.numbers if 0 < number <= len(reply.citations)]
        if claim.kind is Kind.HEADING or not claim.text or not claim.numbers:
            continue
        context = "\n\n".join(f"{view.title}\n\n{view.heading}" for view in cited)
        quote = "\n\n".join(view.quote for view in cited)
        made.append(Shown(claim.text, supported(claim.text, quote, context).value, claim.text in quote))
    return made


def shown(figures: Sequence[Shown]) -> dict[str, Metric]:
    """Return the share of displayed sentences that are not supported, and of those that stand in their citation word for word."""
    return {
        "unsupported_shown": bootstrap(figures, lambda part: _share([not row.supported for row in part])),
        "verbatim_shown": bootstrap(figures, lambda part: _share([row.verbatim for row in part])),
    }


def ask(assistant: Assistant, questions: Sequence[str], progress: Callable[[str], None]) -> tuple[int, list[Shown]]:
    """Ask every question in a conversation of its own, the first people of the company in turn; return answers and their sentences."""
    from assistant.agent.state import Inbound

    people = assistant.directory.people()[:ASKERS]
    answers, found = 0, list[Shown]()
    for number, question in enumerate(questions):
        reply = assistant.turns.take(people[number % len(people)].id, None, Inbound(f"citations-{number}", question), "eval")
        sentences = shown_by(reply)
        answers += bool(sentences)
        found += sentences
        if (number + 1) % 20 == 0:
            progress(f"{number + 1} of {len(questions)} questions")
    return answers, found
