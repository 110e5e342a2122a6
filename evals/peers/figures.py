"""Figures of a comparison: each system's own, and Firstline's divided by each peer's, both with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evals.beir import Judged
from evals.measures import ndcg, recall, reciprocal_rank
from evals.peers.measure import LIMIT, Measured
from evals.peers.systems import FIRSTLINE
from evals.peers.work import Work
from evals.report import Metric, bootstrap, exact, mean, percentile

Statistic = Callable[[Sequence[float]], float]
Take = Callable[[Measured, Work], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a system: its name, the samples that it is made of, how they become one number, and which way is better.

    ``paired`` says that sample i of every system is about the same question, so that a ratio is resampled by question.
    """

    name: str
    label: str
    samples: Take
    statistic: Statistic = mean
    more_is_better: bool = False
    paired: bool = True

    @property
    def short(self) -> str:
        """The name without its unit, as in the names of ratios."""
        return self.name.removesuffix("_ms").removesuffix("_mb").removesuffix("_s") if not self.more_is_better else self.name


def _grades(grade: Callable[[Sequence[str], Judged], float]) -> Take:
    return lambda measured, work: [grade(found.ranked, item) for found, item in zip(measured.found, work.judged, strict=True)]


def _hit(ranked: Sequence[str], item: Judged) -> float:
    return float(bool(ranked) and ranked[0] in item.relevant)


def _times(measured: Measured, _: Work) -> Sequence[float]:
    return [found.ms for found in measured.found]


def _work(measured: Measured, _: Work) -> Sequence[float]:
    return [found.cpu_ms for found in measured.found]


def _same_speed(measured: Measured, _: Work) -> Sequence[float]:
    return [measured.same.passages / measured.same.seconds] if measured.same else []


def _same_work(measured: Measured, _: Work) -> Sequence[float]:
    return [measured.same.passages / measured.same.cpu_seconds] if measured.same else []


FIGURES = (
    Figure("ndcg@10", "nDCG@10", _grades(lambda ranked, item: ndcg(ranked, item.relevant, LIMIT)), more_is_better=True),
    Figure("recall@5", "recall@5", _grades(lambda ranked, item: recall(ranked, item.relevant, 5)), more_is_better=True),
    Figure("mrr@10", "MRR@10", _grades(lambda ranked, item: reciprocal_rank(ranked, item.relevant, LIMIT)), more_is_better=True),
    Figure("hit@1", "hit@1", _grades(_hit), more_is_better=True),
    Figure("latency_p50_ms", "query, median, ms", _times, lambda part: percentile(part, 0.5)),
    Figure("latency_p95_ms", "query, 95th percentile, ms", _times, lambda part: percentile(part, 0.95)),
    Figure("latency_cpu_p50_ms", "query, median, CPU ms", _work, lambda part: percentile(part, 0.5)),
    Figure("passages_per_s", "indexing, same passages/s", _same_speed, more_is_better=True),
    Figure("passages_per_cpu_s", "same passages/CPU second", _same_work, more_is_better=True),
    Figure("own_passages_per_s", "indexing, own passages/s", lambda m, _: [m.indexed.passages / m.indexed.seconds], more_is_better=True),
    Figure("documents_per_s", "indexing, documents/s", lambda m, w: [len(w.documents) / m.indexed.seconds], more_is_better=True),
    Figure("words_per_s", "indexing, words/s", lambda m, w: [w.words / m.indexed.seconds], more_is_better=True),
    Figure("rss_mb", "memory after indexing, MB", lambda m, _: [m.rss_mb]),
    Figure("cold_start_s", "cold start, s", lambda m, _: m.cold_s, lambda part: percentile(part, 0.5), paired=False),
    Figure("cold_rss_mb", "memory after cold start, MB", lambda m, _: m.cold_mb, lambda part: percentile(part, 0.5), paired=False),
)


def own(figure: Figure, measured: Measured, work: Work) -> Metric | None:
    """Return a system's figure, None where it was not measured."""
    samples = figure.samples(measured, work)
    if not samples:
        return None
    return bootstrap(samples, figure.statistic) if len(samples) > 1 else exact(samples[0])


def ratio(figure: Figure, ours: Sequence[float], theirs: Sequence[float]) -> Metric | None:
    """Return our figure divided by theirs; None where either was not measured or theirs is zero.

    Samples about the same questions are resampled together; others (few repetitions) only give the extremes.
    """
    if not ours or not theirs or not figure.statistic(theirs):
        return None
    statistic = figure.statistic
    if not figure.paired:
        return Metric(statistic(ours) / statistic(theirs), min(ours) / max(theirs), max(ours) / min(theirs))
    pairs = list(zip(ours, theirs, strict=True))
    if len(pairs) == 1:
        return exact(ours[0] / theirs[0])
    return bootstrap(pairs, lambda part: _quotient(statistic([a for a, _ in part]), statistic([b for _, b in part])))


def _quotient(one: float, other: float) -> float:
    return one / other if other else float("nan")


def all_metrics(measured: Mapping[str, Measured], work: Work) -> dict[str, Metric]:
    """Return every figure as ``SYSTEM.NAME``, ``ratio.NAME.PEER`` (Firstline's over the peer's) and ``ratio.NAME.best`` (over the best peer's)."""
    metrics: dict[str, Metric] = {}
    for system, one in measured.items():
        for figure in FIGURES:
            if (metric := own(figure, one, work)) is not None:
                metrics[f"{system}.{figure.name}"] = metric
    if FIRSTLINE in measured:
        for figure in FIGURES:
            metrics |= _ratios(figure, measured, work)
    return metrics


def _ratios(figure: Figure, measured: Mapping[str, Measured], work: Work) -> dict[str, Metric]:
    ours = figure.samples(measured[FIRSTLINE], work)
    found = {}
    for peer, theirs in measured.items():
        if peer != FIRSTLINE and (metric := ratio(figure, ours, figure.samples(theirs, work))) is not None:
            found[f"ratio.{figure.short}.{peer}"] = metric
    if found:
        best = min(found.values(), key=lambda metric: metric.value) if figure.more_is_better else max(found.values(), key=lambda metric: metric.value)
        found[f"ratio.{figure.short}.best"] = best
    return found
