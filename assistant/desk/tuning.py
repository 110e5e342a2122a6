"""How far confidence can be believed, which thresholds would be better, and whether what was decided came about. Values in, values out.

Only what people confirmed or rejected counts: silence is no verdict. Whoever says something is not everybody, so all rates here are of those who did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from assistant.domain.measures import Change, Rate
from assistant.domain.outcome import Judged
from assistant.domain.tuning import Band, Bin, Calibration, Came, Checked, Expected, Held, Kind, Proposal, TuningDecision
from assistant.governance.in_force import STEPS, applies, in_force
from assistant.governance.policy import Policy, Range

CALIBRATED = ("understand", "answer", "act")
MOST_BINS, LEAST_IN_BIN = 10, 15
LEAST_FOR_CURVE = 2 * LEAST_IN_BIN
LEAST_JUDGED = 100
"""With fewer judged results of a step no threshold is proposed."""
LEAST_BELOW = 30
"""A lower threshold is proposed only where so many results below the one in force were judged."""
LEAST_SINCE = 30
"""With fewer judged results since, a decision is not checked."""
FOLDS = 5
GRID = 0.01
RESAMPLES = 300
SEED = 20_261_122
AUTO, OTHERS = "auto", ("review", "escalate")


def calibration_report(judged: Sequence[Judged]) -> list[Calibration]:
    """Return how far each step's confidence can be believed: bins of alike many results, and the expected calibration error.

    An article that the person chose from a list is left out: its confidence was of another one.
    """
    return [_calibration(step, [one for one in judged if one.step == step and not _is_chosen(one)]) for step in CALIBRATED]


def _is_chosen(one: Judged) -> bool:
    return one.step == "answer" and not one.decision.startswith(STEPS)


def _calibration(step: str, rows: Sequence[Judged]) -> Calibration:
    spoken = [one for one in rows if one.right is not None]
    silent = len(rows) - len(spoken)
    if len(spoken) < LEAST_FOR_CURVE:
        return Calibration(step, (), len(spoken), silent)
    order = sorted(spoken, key=lambda one: (one.confidence, one.at, one.conversation, one.message))
    confidence = np.array([one.confidence for one in order])
    right = np.array([bool(one.right) for one in order], dtype=float)
    of = np.arange(len(order)) * min(MOST_BINS, len(order) // LEAST_IN_BIN) // len(order)
    sizes, hits = np.bincount(of), np.bincount(of, right)
    means = np.bincount(of, confidence) / sizes
    bins = tuple(Bin(float(mean), Rate(int(hit), int(size))) for mean, hit, size in zip(means, hits, sizes, strict=True))
    return Calibration(step, bins, len(spoken), silent, *_corrected(confidence, right, of))


def _error(confidence: NDArray[np.float64], right: NDArray[np.float64], of: NDArray[np.int64], weight: NDArray[np.float64]) -> float:
    """Return the expected calibration error (Naeini, Cooper and Hauskrecht 2015) over bins of alike many results, weighted."""
    apart = np.bincount(of, weight * (confidence - right))
    return float(np.abs(apart).sum() / weight.sum())


def _corrected(confidence: NDArray[np.float64], right: NDArray[np.float64], of: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return the error with its 95 % interval, both less what chance alone adds to it: honest confidence is off by chance too, and always upwards.

    What chance adds is told by the bootstrap (Efron and Tibshirani 1993, 10.6); each result is drawn a Poisson number of times.
    """
    random = np.random.default_rng(SEED)
    plain = _error(confidence, right, of, np.ones(len(of)))
    draws = np.array([_error(confidence, right, of, random.poisson(1.0, len(of)).astype(float)) for _ in range(RESAMPLES)])
    added = float(draws.mean()) - plain
    low, high = np.percentile(draws, [2.5, 97.5])
    return max(0.0, plain - added), max(0.0, float(low) - 2 * added), max(0.0, float(high) - 2 * added)


@dataclass(frozen=True, slots=True)
class _Results:
    """All decisions of a band: their confidence, and 1 right, 0 wrong, -1 where nobody said."""

    confidence: NDArray[np.float64]
    verdict: NDArray[np.int64]
    fold: NDArray[np.int64]

    @classmethod
    def of(cls, where: str, judged: Sequence[Judged]) -> _Results:
        wanted = {f"{where}:{decision}" for decision in (AUTO, *OTHERS)}
        rows = [one for one in judged if one.decision in wanted]
        verdicts = [-1 if one.right is None else int(one.right) for one in rows]
        folds = [sha256(one.conversation.encode()).digest()[0] % FOLDS for one in rows]
        return cls(np.array([one.confidence for one in rows]), np.array(verdicts, dtype=np.int64), np.array(folds, dtype=np.int64))

    def part(self, rows: NDArray[np.bool_]) -> _Results:
        return _Results(self.confidence[rows], self.verdict[rows], self.fold[rows])

    def expected(self, auto: float) -> Expected:
        there = self.confidence >= auto
        spoken = there & (self.verdict >= 0)
        wrong = int((spoken & (self.verdict == 0)).sum())
        return Expected(Rate(int(there.sum()), len(there)), Rate(wrong, int(spoken.sum())))

    def lowest(self, limits: Range, least: float) -> float | None:
        """Return the lowest threshold from ``least`` up within the limits under which the share of wrong results is small enough."""
        for step in range(round((limits.highest - limits.lowest) / GRID) + 1):
            auto = round(limits.lowest + step * GRID, 2)
            wrong = self.expected(auto).wrong
            if auto >= least and wrong.share is not None and wrong.share <= limits.wrong:
                return auto
        return None

    def crossed(self, limits: Range, least: float) -> Expected | None:
        """Return what thresholds bring that were chosen by the other conversations: nothing is measured by what it was chosen by."""
        hits = np.zeros(4, dtype=int)
        for fold in range(FOLDS):
            auto = self.part(self.fold != fold).lowest(limits, least)
            if auto is None:
                return None
            one = self.part(self.fold == fold).expected(auto)
            hits += (one.automatic.hits, one.automatic.total, one.wrong.hits, one.wrong.total)
        return Expected(Rate(int(hits[0]), int(hits[1])), Rate(int(hits[2]), int(hits[3])))


def threshold_proposals(judged: Sequence[Judged], policy: Policy) -> list[Proposal]:
    """Return for each step that the policy lets be tuned another threshold, or why there is none.

    A higher one is proposed when more than the allowed share of its answers is surely wrong, a lower one when surely less is and what was answered
    below was judged too. The lowest that keeps within the allowed share is taken; what is expected of it comes from conversations that it was not
    chosen by.
    """
    return [_proposal(step, limits, judged, policy) for step, limits in sorted(policy.tuning.items())]


def _proposal(step: str, limits: Range, judged: Sequence[Judged], policy: Policy) -> Proposal:
    band = Band(policy.bands[step].auto, policy.bands[step].review)
    where, results = f"{STEPS}{step}", _Results.of(f"{STEPS}{step}", judged)
    now = results.expected(band.auto)
    spoken = int((results.verdict >= 0).sum())

    def stays(why: str) -> Proposal:
        return Proposal(where, band, None, None, now if len(results.verdict) else None, why)

    if spoken < LEAST_JUDGED:
        return stays(f"{spoken} results were judged, {LEAST_JUDGED} are needed")
    if now.wrong.total and now.wrong.low > limits.wrong:
        return _other(results, limits, band, where, band.auto) or stays("no threshold in the range of the policy file keeps errors within its limit")
    if now.wrong.total and now.wrong.high < limits.wrong:
        below = int(((results.confidence < band.auto) & (results.verdict >= 0)).sum())
        if below < LEAST_BELOW:
            return stays(f"fewer errors than allowed, but only {below} results below were judged: what is not answered is not known")
        return _other(results, limits, band, where, limits.lowest) or stays("the threshold in force is as good as any")
    return stays(f"wrong {now.wrong.text}: not surely other than the allowed {100 * limits.wrong:.0f} %")


def _other(results: _Results, limits: Range, band: Band, where: str, least: float) -> Proposal | None:
    auto, expected = results.lowest(limits, least), results.crossed(limits, least)
    if auto is None or expected is None or abs(auto - band.auto) < GRID / 2:
        return None
    better = "fewer of them are wrong" if auto > band.auto else "more is answered, and still few enough are wrong"
    return Proposal(where, band, Band(auto, min(band.review, auto)), expected, results.expected(band.auto), better)


def check_of_decisions(
    decisions: Sequence[TuningDecision], judged: Sequence[Judged], file: Policy, at: datetime, since: datetime | None = None
) -> list[Checked]:
    """Return each decision beside what happened from it until it was undone or replaced, the newest first.

    ``judged`` should reach back to the oldest decision; ``since`` leaves out decisions made before.
    """
    standing = {one.id for one in in_force(decisions, file)}
    made = [_checked(one, decisions, judged, file, one.id in standing, at) for one in decisions if since is None or one.at >= since]
    return sorted(made, key=lambda one: one.decision.at, reverse=True)


def _checked(
    decision: TuningDecision, decisions: Sequence[TuningDecision], judged: Sequence[Judged], file: Policy, standing: bool, at: datetime
) -> Checked:
    later = [one.at for one in decisions if one.where == decision.where and one.number > decision.number]
    until = min([at, *later, *([decision.undone_at] if decision.undone_at else [])])
    held = _held(decision, bool(later), file, standing)
    if decision.kind is Kind.RANKING:
        return _checked_ranking(decision, judged, held, until)
    happened = _Results.of(decision.where, [one for one in judged if decision.at <= one.at < until]).expected(float(decision.after["auto"]))
    predicted = decision.prediction()
    if predicted is None or happened.wrong.total < LEAST_SINCE:
        text = f"{happened.wrong.total} results were judged since, {LEAST_SINCE} are needed to check it"
        return Checked(decision, held, predicted, happened, Came.NOT_ENOUGH, text)
    automatic, wrong = Change(predicted.automatic, happened.automatic), Change(predicted.wrong, happened.wrong)
    came = Came.OTHERWISE if automatic.clear or wrong.clear else Came.AS_PREDICTED
    numbers = f"automatic {predicted.automatic.text} predicted, {happened.automatic.text} since; wrong {predicted.wrong.text} predicted, "
    return Checked(decision, held, predicted, happened, came, f"{numbers}{happened.wrong.text} since")


def _held(decision: TuningDecision, replaced: bool, file: Policy, standing: bool) -> Held:
    if not decision.stands:
        return Held.UNDONE
    if decision.kind is Kind.THRESHOLD and not standing:
        return Held.LAPSED if not applies(decision, file) else Held.REPLACED
    return Held.REPLACED if decision.kind is Kind.RANKING and replaced else Held.IN_FORCE


def _checked_ranking(decision: TuningDecision, judged: Sequence[Judged], held: Held, until: datetime) -> Checked:
    """Compare the share of right first answers with the same time before."""
    answers = [one for one in judged if one.step == "answer" and one.right is not None]
    begin = decision.at - (until - decision.at)
    before = Rate(*_right([one for one in answers if begin <= one.at < decision.at]))
    since = Rate(*_right([one for one in answers if decision.at <= one.at < until]))
    happened = Expected(Rate(since.total, since.total), Rate(since.total - since.hits, since.total))
    if min(before.total, since.total) < LEAST_SINCE:
        text = f"{since.total} answers were judged since and {before.total} before, {LEAST_SINCE} of each are needed to check it"
        return Checked(decision, held, None, happened, Came.NOT_ENOUGH, text)
    change = Change(before, since)
    came = Came.OTHERWISE if change.clear and (change.difference or 0) < 0 else Came.AS_PREDICTED
    return Checked(decision, held, None, happened, came, f"right answers {before.text} before, {since.text} since")


def _right(rows: Sequence[Judged]) -> tuple[int, int]:
    return sum(bool(one.right) for one in rows), len(rows)
