"""The command ``firstline eval scale``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

if TYPE_CHECKING:
    from evals.report import Metric
    from evals.scale.asking import Timings
    from evals.scale.filling import Filled
    from evals.scale.texts import Drawn

STARTS = 3
TURNS = 40
TIMED_TEXTS = 200


class Vectors(StrEnum):
    """Where the vectors of passages come from."""

    SYNTHETIC = "synthetic"
    REAL = "real"


def scale(
    passages: Annotated[int, typer.Option(min=100, help="How many passages.")] = 40_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of texts, audiences and synthetic vectors.")] = 1,
    articles: Annotated[Path | None, typer.Option(help="JSON lines of articles (title, text), plain or gzipped, instead of generated text.")] = None,
    vectors: Annotated[Vectors, typer.Option(help="Vectors of passages: random projections of their words, or the model's.")] = Vectors.SYNTHETIC,
    queries: Annotated[int, typer.Option(min=10, help="How many questions.")] = 300,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure a large knowledge base: latency with an audience filter, indexing, memory, start."""
    import tempfile

    from evals.report import exact, show
    from evals.scale.asking import ask, start
    from evals.scale.texts import GROUPS, READER_GROUPS, ZIPF, admitted_share
    from evals.world import prepared_home

    reader = frozenset(GROUPS[:READER_GROUPS])
    with tempfile.TemporaryDirectory() as scratch:
        home = prepared_home(Path(scratch), model_home)
        drawn = _drawn(articles, home, passages, queries, seed)
        note(f"{len(drawn.articles)} articles with {drawn.passages} passages; the reader may see {admitted_share(drawn, reader):.0%}")
        metrics = _filled(home, drawn, vectors, seed)
        metrics |= _latencies(ask(home, drawn.questions, reader))
        note("starting processes")
        starts = [start(home, drawn.questions[number], reader) for number in range(STARTS)]
        metrics["cold_start_s"] = exact(sorted(one.seconds for one in starts)[STARTS // 2])
        metrics["cold_start_cpu_s"] = exact(sorted(one.cpu_s for one in starts)[STARTS // 2])
        metrics |= _service(home, drawn.questions)
    metrics["admitted_share"] = exact(admitted_share(drawn, reader))
    text = articles.name if articles else f"generated, Zipf {ZIPF}"
    show("eval scale", len(drawn.questions), metrics, {"passages": drawn.passages, "text": text, "vectors": vectors.value, "seed": seed}, json_file)


def _drawn(articles: Path | None, home: Path, passages: int, queries: int, seed: int) -> Drawn:
    from evals.beir import read_rows
    from evals.scale.texts import generated, real
    from kb.model import Document
    from kb.settings import KnowledgeSettings

    if articles is None:
        return generated(KnowledgeSettings(home=home).model_folder / "tokenizer.json", passages, queries, seed)
    with wellformed():
        rows = read_rows(articles)
    documents = [
        Document(str(row.get("id") or row.get("_id")), "scale", "", str(row.get("title") or ""), str(row.get("text") or ""))
        for row in rows
        if str(row.get("text") or "").strip()
    ]
    if not documents:
        stop(f"malformed input: {articles}: no article has a text")
    return real(documents, passages, queries, seed)


def _filled(home: Path, drawn: Drawn, vectors: Vectors, seed: int) -> dict[str, Metric]:
    import time

    from evals.report import exact
    from evals.scale.filling import ProjectionEmbedder, fill
    from kb.bootstrap import open_knowledge
    from kb.publish import windows
    from kb.settings import KnowledgeSettings

    base = open_knowledge(KnowledgeSettings(home=home))
    try:
        filled = fill(base, drawn, base.embedder if vectors is Vectors.REAL else ProjectionEmbedder(base.embedder, seed), note)
        texts = [text for d, cut in drawn.articles[:TIMED_TEXTS] for s in cut for text in windows(d.title, s.heading, d.text[s.start : s.end])]
        base.embedder.embed(texts[:1])
        began, used = time.perf_counter(), time.process_time()
        base.embedder.embed(texts[:TIMED_TEXTS])
        spent, used = time.perf_counter() - began, time.process_time() - used
    finally:
        base.close()
    timed = min(TIMED_TEXTS, len(texts))
    embedding = {"embedded_passages_per_s": exact(timed / spent), "embedding_cpu_ms_per_passage": exact(used / timed * 1000)}
    return _stages(filled, vectors) | embedding


def _stages(filled: Filled, vectors: Vectors) -> dict[str, Metric]:
    from evals.report import exact

    seconds = {"store": filled.store_s, "lexical": filled.lexical_s, "vector": filled.vector_s}
    if vectors is Vectors.REAL:
        seconds = {"embedding": filled.embedding_s, **seconds}
    found = {f"{stage}_passages_per_s": exact(filled.passages / spent) for stage, spent in seconds.items()}
    return {"passages_per_s": exact(filled.passages / filled.whole_s), **found} if vectors is Vectors.REAL else found


def _latencies(timings: Timings) -> dict[str, Metric]:
    from evals.report import bootstrap, exact, percentile

    def at(share: float, spent: list[float]) -> Metric:
        return bootstrap(spent, lambda part: percentile(part, share))

    found = {
        "latency_p50_ms": at(0.5, timings.call_ms),
        "latency_p95_ms": at(0.95, timings.call_ms),
        "cpu_p50_ms": at(0.5, timings.call_cpu_ms),
        "cpu_p95_ms": at(0.95, timings.call_cpu_ms),
    }
    middle = {stage: at(0.5, spent) for stage, spent in timings.stage_ms.items()}
    shares = {f"{stage}_share": exact(one.value / found["latency_p50_ms"].value) for stage, one in middle.items()}
    return found | {f"{stage}_p50_ms": one for stage, one in middle.items()} | shares


def _service(home: Path, questions: list[str]) -> dict[str, Metric]:
    """Load the demo company's people, start the real service and ask it over REST."""
    from assistant.bootstrap import load_people, open_assistant
    from assistant.settings import Settings
    from evals.benchmarks.turns import measure
    from evals.report import bootstrap, exact, percentile
    from evals.world import DEMO_ARTICLES

    assistant = open_assistant(Settings(home=home))
    load_people(assistant, DEMO_ARTICLES / "company.toml")
    assistant.close()
    measured = measure(home, questions[:TURNS], note)
    return {
        "rss_mb": exact(measured.rss_mb),
        "service_ready_s": exact(measured.restart_s),
        "turn_p95_ms": bootstrap(measured.turn_ms, lambda part: percentile(part, 0.95)),
    }
