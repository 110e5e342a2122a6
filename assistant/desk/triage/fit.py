"""Learns the reader of a field from examples. scikit-learn and scipy, only here and only while learning.

Everything that is chosen is chosen by rows that were held out of the training rows: folds that keep equal texts together, or, where tickets carry the
time of their opening, later tickets by earlier ones. The opinions are weighed by a conditional logit (McFadden 1974) over held-out opinions, which
makes the result a calibrated probability; it has few numbers, so it cannot remember rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assistant.desk.triage.counts import Counted, Key, keys_of, telling_fields
from assistant.desk.triage.features import Example, Vocabulary
from assistant.desk.triage.measures import AUTOMATIC, Scored, threshold_for
from assistant.desk.triage.model import FieldReader, log_shares
from assistant.desk.triage.teaching import FEWEST, FOLDS, NOTHING, TIMED, Head, fold_of

MOST_ROWS = 60_000
"""Learnt from; of more, the latest, or a fixed draw where no time is known."""
PENALTIES = (0.1, 0.3, 1.0)
RATIO_PENALTY = 0.3
SMOOTHING = 0.1
ABSENT = -2.0
"""The margin of a label that a fold's training rows do not have."""
HOLD = 1e-3
"""How far the weights of the opinions are held back."""


class TooFewExamples(ValueError):
    """There are not two labels with enough rows each."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A reader, and how it fared on rows of the training that its parts had not seen."""

    reader: FieldReader
    held_out: Scored
    timed: bool
    left_out: tuple[str, ...]
    """Labels with too few rows to be learnt."""
    penalty: float
    letters: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a fine-tuned encoder says of the rows: its head, and which of them it never saw. Of those the vectors have to be there."""

    head: Head
    unseen: np.ndarray
    """(n,) bool"""


@dataclass(frozen=True, slots=True)
class _Rows:
    examples: Sequence[Example]
    labels: np.ndarray
    k: int
    vectors: np.ndarray
    table: Any
    """(n, m) features, sparse. Which features there are, and how rare they are, is taken from all rows; what they mean is learnt from a fold's."""
    taught: np.ndarray | None = None
    """The head of a fine-tuned encoder over these labels, (d + 1, k)."""

    def part(self, rows: np.ndarray) -> _Rows:
        vectors = self.vectors[rows] if len(self.vectors) else self.vectors
        return _Rows([self.examples[row] for row in rows], self.labels[rows], self.k, vectors, self.table[rows], self.taught)


@dataclass(frozen=True, slots=True)
class _Choice:
    penalty: float
    letters: bool
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class _Parts:
    weights: np.ndarray
    bias: np.ndarray
    by_ratio: np.ndarray
    bias_by_ratio: np.ndarray
    counted: Counted
    by_meaning: np.ndarray


def learn(examples: Sequence[Example], labels: Sequence[str], vectors: np.ndarray | None = None, said: Said | None = None) -> Learnt:
    """Learn to read a field, on one core: beside a running service, threads that wait for one another would only be slower.

    ``vectors`` (n, d) are the meanings of the texts, None or (0, d) where there is no embedding model. With ``said`` they are those of a fine-tuned
    encoder, its head is taken as it is, and everything that is weighed or chosen is so by the rows that it never saw.

    Raises:
        TooFewExamples: there are not two labels with three rows each, or not both in what is learnt from when a part is held out.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return _learn(examples, labels, vectors if vectors is not None else NOTHING, said)


def _learn(examples: Sequence[Example], labels: Sequence[str], vectors: np.ndarray, said: Said | None) -> Learnt:
    counted = Counter(labels)
    names = tuple(sorted(label for label, count in counted.items() if count >= FEWEST and label))
    if len(names) < 2:
        raise TooFewExamples(f"two labels with {FEWEST} rows each are needed; there are {len(names)}")
    rows, vocabulary, timed, mine = _rows(examples, labels, names, vectors)
    folds = _folds(rows, timed)
    if said is not None and len(vectors):
        apart = _apart(rows, said.unseen[mine])
        rows, folds = (replace(rows, taught=said.head.over(names)), apart) if apart else (replace(rows, vectors=NOTHING), folds)
    if not folds:
        raise TooFewExamples("the labels stand apart: nothing can be held out so that the rest still has two labels")
    choice = _chosen(rows, folds, vocabulary)
    if vocabulary.has_letters and not choice.letters:
        rows = replace(rows, table=rows.table[:, vocabulary.letters :])
        vocabulary = vocabulary.without_letters()
    seen, opinions = _held_out(rows, folds, choice)
    mixing, shift = _mixed(opinions, rows.labels[seen])
    shares = np.exp(log_shares(np.einsum("m,nmk->nk", mixing, opinions) + shift))
    read, sure, right = shares.argmax(axis=1), shares.max(axis=1), rows.labels[seen]
    thresholds = tuple(threshold_for(read == right, sure, wanted) for wanted in AUTOMATIC)
    parts = _fit(rows, choice)
    # Both linear opinions are of the same features, so their weighted sum is one linear opinion.
    weights = mixing[0] * parts.weights + mixing[1] * parts.by_ratio
    bias = mixing[0] * parts.bias + mixing[1] * parts.bias_by_ratio
    served = np.concatenate([[1.0], mixing[2:]]).astype(np.float32)
    reader = FieldReader(names, vocabulary, weights, bias, parts.counted, parts.by_meaning, served, shift, thresholds)
    left_out = tuple(sorted(set(counted) - set(names)))
    return Learnt(reader, Scored(right, read, sure), timed, left_out, choice.penalty, choice.letters)


def _rows(
    examples: Sequence[Example], labels: Sequence[str], names: tuple[str, ...], vectors: np.ndarray
) -> tuple[_Rows, Vocabulary, bool, np.ndarray]:
    place = {name: number for number, name in enumerate(names)}
    mine = [row for row, label in enumerate(labels) if label in place]
    timed = sum(examples[row].at is not None for row in mine) >= TIMED * len(mine)
    if timed:
        mine = sorted((row for row in mine if examples[row].at is not None), key=lambda row: (str(examples[row].at), examples[row].key))
        mine = mine[-MOST_ROWS:]
    elif len(mine) > MOST_ROWS:
        mine = sorted(np.random.default_rng(0).permutation(mine)[:MOST_ROWS].tolist())
    chosen = np.array(mine)
    kept = vectors[chosen] if len(vectors) else vectors
    chosen_examples = [examples[row] for row in mine]
    vocabulary = Vocabulary.of(chosen_examples)
    numbers = np.array([place[labels[row]] for row in mine])
    return _Rows(chosen_examples, numbers, len(names), kept, _table(vocabulary, chosen_examples)), vocabulary, timed, chosen


def _folds(rows: _Rows, timed: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return training and held-out rows of each fold, without folds whose training rows are all of one label: they teach nothing."""
    n = len(rows.labels)
    every = np.arange(n)
    if timed:
        edges = (np.linspace(0.4, 1.0, FOLDS) * n).astype(int)
        parts = [(every[:start], every[start:end]) for start, end in zip(edges, edges[1:], strict=False)]
        return [(training, asked) for training, asked in parts if len(asked) and len(set(rows.labels[training])) > 1]
    place = np.array([fold_of(one) for one in rows.examples])
    parts = [(every[place != fold], every[place == fold]) for fold in range(FOLDS)]
    return [(training, asked) for training, asked in parts if len(asked) and len(set(rows.labels[training])) > 1]


def _apart(rows: _Rows, unseen: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the one fold whose asked rows a fine-tuned encoder never saw; none where they are too few to weigh anything by."""
    every = np.arange(len(rows.labels))
    enough = int(unseen.sum()) >= FEWEST * rows.k and len(set(rows.labels[~unseen])) > 1
    return [(every[~unseen], every[unseen])] if enough else []


def _chosen(rows: _Rows, folds: list[tuple[np.ndarray, np.ndarray]], vocabulary: Vocabulary) -> _Choice:
    """Choose the penalty, and whether letters count, by the last fold."""
    training, asked = folds[-1]
    keys = keys_of(telling_fields(rows.examples, rows.labels))
    best, found = -1.0, _Choice(PENALTIES[0], vocabulary.has_letters, keys)
    for letters in (True, False) if vocabulary.has_letters else (False,):
        table = rows.table if letters else rows.table[:, vocabulary.letters :]
        before = replace(rows, table=table).part(training)
        for penalty in PENALTIES:
            weights, bias = _linear(before, penalty)
            hits = float(((table[asked] @ weights + bias).argmax(axis=1) == rows.labels[asked]).mean())
            if hits > best:
                best, found = hits, _Choice(penalty, letters, keys)
    return found


def _held_out(rows: _Rows, folds: list[tuple[np.ndarray, np.ndarray]], choice: _Choice) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that a fold held out, and what the opinions that had not seen them say, (n, opinions, k)."""
    seen, made = [], []
    for training, asked in folds:
        parts, mine = _fit(rows.part(training), choice), rows.part(asked)
        linear = np.stack([mine.table @ parts.weights + parts.bias, mine.table @ parts.by_ratio + parts.bias_by_ratio], axis=1)
        meant = np.zeros_like(linear[:, 0])
        if len(parts.by_meaning):
            meant = log_shares(mine.vectors @ parts.by_meaning[:-1] + parts.by_meaning[-1])
        counts = np.stack([parts.counted.scores(one) for one in mine.examples])
        made.append(np.concatenate([linear, counts, meant[:, None]], axis=1).astype(np.float32))
        seen.append(asked)
    return np.concatenate(seen), np.concatenate(made)


def _fit(rows: _Rows, choice: _Choice) -> _Parts:
    weights, bias = _linear(rows, choice.penalty)
    return _Parts(weights, bias, *_by_ratio(rows), Counted.of(rows.examples, rows.labels, rows.k, choice.keys), _meaning(rows))


def _table(vocabulary: Vocabulary, examples: Sequence[Example]) -> Any:
    from scipy.sparse import csr_matrix

    rows = [vocabulary.row(one) for one in examples]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    places, values = np.concatenate([p for p, _ in rows]), np.concatenate([v for _, v in rows])
    return csr_matrix((values, places, ends), shape=(len(examples), len(vocabulary.names)), dtype=np.float32)


def _linear(rows: _Rows, penalty: float) -> tuple[np.ndarray, np.ndarray]:
    """Fit a linear support vector machine, one label against the rest; return weights (m, k) and bias (k,)."""
    from sklearn.svm import LinearSVC

    made = LinearSVC(C=penalty, random_state=0, max_iter=500).fit(rows.table, rows.labels)
    weights = np.zeros((rows.table.shape[1], rows.k), dtype=np.float32)
    bias = np.full(rows.k, ABSENT, dtype=np.float32)
    if len(made.classes_) == 2:
        sides = np.array([-1.0, 1.0])
        weights[:, made.classes_], bias[made.classes_] = made.coef_[0][:, None] * sides, made.intercept_[0] * sides
    else:
        weights[:, made.classes_], bias[made.classes_] = made.coef_.T, made.intercept_
    return weights, bias


def _by_ratio(rows: _Rows) -> tuple[np.ndarray, np.ndarray]:
    """Fit the same with each feature weighed by how much more often it occurs with the label than without (Wang and Manning 2012).

    Return weights (m, k), of the features as they are, and bias (k,). Where words are few and telling, as in tone, this reads better.
    """
    from scipy.sparse import diags
    from sklearn.svm import LinearSVC

    weights = np.zeros((rows.table.shape[1], rows.k), dtype=np.float32)
    bias = np.full(rows.k, ABSENT, dtype=np.float32)
    everything = np.asarray(rows.table.sum(axis=0)).ravel() + SMOOTHING
    for label in np.unique(rows.labels):
        mine = rows.labels == label
        here = np.asarray(rows.table[mine].sum(axis=0)).ravel() + SMOOTHING
        there = everything - here + 2 * SMOOTHING
        ratio = np.log(here / here.sum()) - np.log(there / there.sum())
        scaled = (rows.table @ diags(ratio)).astype(np.float32)
        made = LinearSVC(C=RATIO_PENALTY, random_state=0, max_iter=300).fit(scaled, mine)
        weights[:, label], bias[label] = made.coef_[0] * ratio, made.intercept_[0]
    return weights, bias


def _meaning(rows: _Rows) -> np.ndarray:
    """Fit a regression over the meanings; return its weights with the bias as the last row, (d + 1, k). What was taught stays as it is."""
    if rows.taught is not None:
        return rows.taught
    if not len(rows.vectors):
        return np.zeros((0, rows.k), dtype=np.float32)
    from sklearn.linear_model import LogisticRegression

    made = LogisticRegression(C=10.0, max_iter=200).fit(rows.vectors, rows.labels)
    found = np.zeros((rows.vectors.shape[1] + 1, rows.k), dtype=np.float32)
    found[-1] = -20.0
    weights, bias = (made.coef_, made.intercept_) if len(made.classes_) > 2 else (np.vstack([-made.coef_, made.coef_]) / 2, _both(made.intercept_))
    found[:-1, made.classes_], found[-1, made.classes_] = weights.T, bias
    return found


def _both(intercept: np.ndarray) -> np.ndarray:
    return np.array([-intercept[0], intercept[0]]) / 2


def _mixed(opinions: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weigh opinions (n, m, k) so that their sum gives the right label the highest probability; return weights (m,) and shifts (k,)."""
    from scipy.optimize import minimize

    n, m, k = opinions.shape
    own = opinions[np.arange(n), :, right]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights, shift = flat[:m].astype(np.float32), flat[m:].astype(np.float32)
        shares = log_shares(np.einsum("m,nmk->nk", weights, opinions) + shift)
        value = -float(shares[np.arange(n), right].mean()) + HOLD * float(flat @ flat)
        expected = np.exp(shares)
        by_weight = (np.einsum("nmk,nk->m", opinions, expected) - own.sum(axis=0)) / n
        by_shift = (expected.sum(axis=0) - np.bincount(right, minlength=k)) / n
        return value, np.concatenate([by_weight, by_shift]).astype(np.float64) + 2 * HOLD * flat

    start = np.zeros(m + k)
    start[:2] = 0.5
    found = np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 120}).x)
    return found[:m].astype(np.float32), found[m:].astype(np.float32)
