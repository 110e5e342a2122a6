"""Ratios are Firstline's figure over the peer's, resampled by question."""

from __future__ import annotations

import pytest

from evals.beir import Case, Judged
from evals.measures import ndcg
from evals.peers.figures import FIGURES, Figure, all_metrics, own, ratio
from evals.peers.measure import Found, Measured
from evals.peers.process import About, Ingested
from evals.peers.tables import LABEL, number, tables
from evals.peers.work import Work
from kb.model import Document

BY_NAME = {figure.name: figure for figure in FIGURES}
WORK = Work(
    tuple(Document(key, "collection", key, "a title", "five words of some text") for key in "abcd"),
    tuple(Judged(Case(str(i), "text"), {"a": 1}) for i in range(10)),
)


def measured(ms: float, ranked: tuple[str, ...] = ("a", "b"), seconds: float = 2.0, same: int | None = 10) -> Measured:
    indexed = Ingested(seconds=seconds, cpu_seconds=2 * seconds, passages=8)
    return Measured(
        About(settings={}, versions={}),
        indexed,
        Ingested(seconds=seconds, cpu_seconds=2 * seconds, passages=same) if same else None,
        100.0 * seconds,
        tuple(Found(ranked, ms * (i + 1), ms) for i in range(10)),
        (1.0 * seconds, 3.0 * seconds, 2.0 * seconds),
        (50.0, 50.0, 50.0),
    )


def test_a_system_compared_with_itself_gives_one() -> None:
    one = measured(3.0)
    metrics = all_metrics({"firstline": one, "haystack": one}, WORK)
    ratios = {name: metric for name, metric in metrics.items() if name.startswith("ratio.")}
    assert len(ratios) == 2 * len(FIGURES)
    assert {metric.value for metric in ratios.values()} == {1.0}
    assert ratios["ratio.latency_p50.haystack"].low == ratios["ratio.latency_p50.haystack"].high == 1.0


def test_half_the_time_is_a_ratio_of_one_half_whatever_the_spread_of_questions() -> None:
    metrics = all_metrics({"firstline": measured(2.0), "txtai": measured(4.0)}, WORK)
    for name in ("latency_p50", "latency_p95", "latency_cpu_p50"):
        metric = metrics[f"ratio.{name}.txtai"]
        assert (metric.value, metric.low, metric.high) == (0.5, 0.5, 0.5)
    assert metrics["firstline.latency_p50_ms"].low < metrics["firstline.latency_p50_ms"].value


def test_quality_is_that_of_the_ranking() -> None:
    second = measured(1.0, ("b", "a"))
    assert (value := own(BY_NAME["ndcg@10"], second, WORK)) and value.value == pytest.approx(ndcg(["b", "a"], {"a": 1}))
    assert (hit := own(BY_NAME["hit@1"], second, WORK)) and hit.value == 0.0
    assert (rank := own(BY_NAME["mrr@10"], second, WORK)) and rank.value == 0.5
    assert (share := own(BY_NAME["recall@5"], second, WORK)) and share.value == 1.0


def test_indexing_speed_counts_documents_words_and_both_kinds_of_passages() -> None:
    metrics = all_metrics({"txtai": measured(1.0)}, WORK)
    assert metrics["txtai.passages_per_s"].value == 5.0
    assert metrics["txtai.passages_per_cpu_s"].value == 2.5
    assert metrics["txtai.own_passages_per_s"].value == 4.0
    assert metrics["txtai.documents_per_s"].value == 2.0
    assert metrics["txtai.words_per_s"].value == 4 * 7 / 2


def test_cold_start_is_the_median_and_its_ratio_spans_the_extremes() -> None:
    metrics = all_metrics({"firstline": measured(1.0, seconds=1.0), "txtai": measured(1.0, seconds=10.0)}, WORK)
    assert metrics["firstline.cold_start_s"].value == 2.0
    made = metrics["ratio.cold_start.txtai"]
    assert (made.value, made.low, made.high) == pytest.approx((0.1, 1 / 30, 3 / 10))


def test_the_best_peer_is_the_one_that_is_hardest_to_beat() -> None:
    systems = {"firstline": measured(2.0, seconds=1.0), "haystack": measured(4.0, seconds=2.0), "txtai": measured(3.0, seconds=8.0)}
    metrics = all_metrics(systems, WORK)
    assert metrics["ratio.latency_p50.best"] == metrics["ratio.latency_p50.txtai"]
    assert metrics["ratio.passages_per_s.best"] == metrics["ratio.passages_per_s.haystack"]
    assert metrics["ratio.passages_per_s.best"].value == 2.0


def test_nothing_is_divided_by_nothing() -> None:
    figure = Figure("x", "x", lambda *_: [])
    assert ratio(figure, [1.0], []) is None
    assert ratio(figure, [], [1.0]) is None
    assert ratio(figure, [1.0, 2.0], [0.0, 0.0]) is None
    hits = all_metrics({"firstline": measured(1.0), "txtai": measured(1.0, ("b",))}, WORK)
    assert hits["txtai.hit@1"].value == 0.0
    assert "ratio.hit@1.txtai" not in hits and "ratio.hit@1.best" not in hits


def test_without_firstline_there_are_figures_and_no_ratios() -> None:
    metrics = all_metrics({"txtai": measured(1.0)}, WORK)
    assert "txtai.ndcg@10" in metrics
    assert not [name for name in metrics if name.startswith("ratio.")]
    assert "Firstline divided" not in tables(metrics, ["txtai"], ["txtai"])


def test_the_tables_hold_every_system_and_every_ratio() -> None:
    systems = {"firstline": measured(2.0), "txtai": measured(4.0, same=None)}
    text = tables(all_metrics(systems, WORK), list(systems), ["txtai"])
    rows = {line[:LABEL].strip(): line for line in text.splitlines()}
    assert rows["query, median, ms"].count("[") == 2
    assert rows["indexing, same passages/s"].split()[-1] == "-"
    assert rows["query, median, ms (-)"].split()[-1] == "0.5"


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (0.86213, "0.862"), (12.345, "12.3"), (1234.6, "1,235"), (0.00012, "0.0001")])
def test_numbers_are_written_short(value: float, text: str) -> None:
    assert number(value) == text
