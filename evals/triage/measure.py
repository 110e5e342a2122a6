"""Trains the product's reader of one field on some rows and grades it on others.

Every column but the label is looked at: text, the time of the opening, and other fields. What is only known after a ticket was worked, what names the
row and what gives the label away is left out, and said. The thresholds for 95 % and 98 % are chosen on held-out training rows; what they come to is
measured on the rows of the test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.desk.triage.columns import Columns, Used, sorted_out
from assistant.desk.triage.exports import CannotRead, Read, raw_rows, row_of
from assistant.desk.triage.fit import Said, TooFewExamples, learn
from assistant.desk.triage.learning import MOST_EMBEDDED, scored_by, unseen_vectors
from assistant.desk.triage.measures import AUTOMATIC, Scored, calibration_error, macro_f1
from assistant.desk.triage.teaching import NOTHING, Meanings, teach
from evals.beir import BadInput
from evals.report import RESAMPLES, SEED, Metric

MOST_LOOKED_AT = 5_000
"""Rows by which columns are sorted out."""


@dataclass(frozen=True, slots=True)
class Graded:
    """The test rows as they were read, the thresholds, and what of the rows was used."""

    scored: Scored
    thresholds: tuple[float, ...]
    used: Used
    trained: int
    timed: bool
    encoder: str
    """The fine-tuned one, "" where none was."""


def read_rows(path: Path, target: str) -> list[dict[str, str]]:
    """Return the rows of a file that have a label.

    Raises:
        BadInput: the file cannot be read, or no row has one.
    """
    found = Read()
    try:
        rows = [row for row in raw_rows(path, found) if row.get(target)]
    except CannotRead as error:
        raise BadInput(str(error)) from error
    if found.malformed:
        raise BadInput(f"{path}: {found.malformed} lines are no JSON objects, the first at {found.malformed_at[0]}")
    if not rows:
        raise BadInput(f"{path}: no row has a value under {target}")
    return rows


def grade(
    train: Sequence[dict[str, str]],
    test: Sequence[dict[str, str]],
    target: str,
    without: frozenset[str],
    meanings: Meanings,
    note: Callable[[str], None],
    seconds: float = 0.0,
) -> Graded:
    """Learn from the one and read the other. ``without`` are columns that are not read either; ``seconds`` bound the fine-tuning of an encoder.

    Raises:
        BadInput: there is too little to learn from.
    """
    shared = frozenset(name for row in test for name in row) - without
    used = sorted_out(
        train[:: max(len(train) // MOST_LOOKED_AT, 1)], [row[target] for row in train[:: max(len(train) // MOST_LOOKED_AT, 1)]], target, shared
    )
    columns = Columns(used.text, {}, {name: name for name in used.fields}, used.opened)
    teaching, asked = [row_of(row, columns).example for row in train], [row_of(row, columns).example for row in test]
    right = [row[target] for row in train]
    note(f"learning from {len(teaching):,} rows; text: {', '.join(used.text) or 'none'}; fields: {', '.join(used.fields) or 'none'}")
    taught = teach(teaching, [right], meanings.encoders, seconds, note) if seconds and meanings.encoders is not None and used.text else None
    head = taught.heads[0] if taught is not None else None
    said, vectors = None, NOTHING
    if taught is not None and head is not None:
        said, vectors = Said(head, np.array([not taught.encoder.saw(one) for one in teaching])), unseen_vectors(teaching, taught, meanings)
    elif used.text and len(teaching) <= MOST_EMBEDDED:
        vectors = meanings.of([one.text for one in teaching])
    try:
        learnt = learn(teaching, right, vectors, said)
    except TooFewExamples as error:
        raise BadInput(str(error)) from error
    note(f"reading {len(asked):,} rows")
    name = taught.encoder.name if said is not None and taught is not None else ""
    wanted = meanings.of([one.text for one in asked], name) if len(vectors) else None
    scored = scored_by(learnt.reader, asked, np.array([row[target] for row in test]), wanted)
    return Graded(scored, learnt.reader.thresholds, used, len(teaching), learnt.timed, name)


def metrics(found: Graded) -> dict[str, Metric]:
    """Return accuracy, macro-F1, calibration error, and for each wanted accuracy the share routed and how much of that is right."""
    scored = found.scored
    hits, sure = scored.hits.astype(float), scored.confidence
    made = {
        "accuracy": _resampled(len(hits), lambda rows: float(hits[rows].mean())),
        "macro_f1": _resampled(len(hits), lambda rows: macro_f1(scored.right[rows], scored.read[rows])),
        "ece": _resampled(len(hits), lambda rows: calibration_error(hits[rows], sure[rows])),
    }
    for wanted, least in zip(AUTOMATIC, found.thresholds, strict=True):
        above, name = (sure >= least).astype(float), f"{100 * wanted:.0f}"
        made[f"automatic_at_{name}"] = _resampled(len(hits), lambda rows, above=above: float(above[rows].mean()))  # type: ignore[misc]
        made[f"right_of_automatic_at_{name}"] = _resampled(len(hits), lambda rows, above=above: _share(hits[rows], above[rows]))  # type: ignore[misc]
    return made


def _share(hits: np.ndarray, above: np.ndarray) -> float:
    return float((hits * above).sum() / above.sum()) if above.any() else float("nan")


def _resampled(n: int, statistic: Callable[[np.ndarray], float]) -> Metric:
    drawn = np.random.default_rng(SEED)
    values = [statistic(drawn.integers(0, n, n)) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(values, [2.5, 97.5]) if not np.isnan(values).all() else (float("nan"), float("nan"))
    return Metric(statistic(np.arange(n)), float(low), float(high))
