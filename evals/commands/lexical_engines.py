"""The command ``firstline eval lexical-engines``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

if TYPE_CHECKING:
    from evals.report import Metric
    from evals.scale.engines import Text
    from kb.model import Document, Section

Given = Annotated[Path | None, typer.Option(help="Part of a judged collection in the BEIR format, for quality; all three or none.")]


def lexical_engines(
    passages: Annotated[int, typer.Option(min=100, help="How many generated passages for speed.")] = 50_000,
    queries: Annotated[int, typer.Option(min=10, help="How many generated questions for speed.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated text.")] = 1,
    judged_corpus: Given = None,
    judged_queries: Given = None,
    judged_qrels: Given = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Compare Tantivy, which is used, with SQLite FTS5 and (where it is installed) bm25s: speed, and quality on a judged collection."""
    from evals.report import bootstrap, exact, percentile, show
    from evals.scale.engines import measure
    from evals.scale.texts import generated
    from kb.bootstrap import prepare_model
    from kb.settings import KnowledgeSettings

    settings = KnowledgeSettings(home=model_home)
    prepare_model(settings, note)
    drawn = generated(settings.model_folder / "tokenizer.json", passages, queries, seed)
    metrics: dict[str, Metric] = {}
    for name, measured in measure(_texts(drawn.articles), drawn.questions):
        note(f"{name}: indexed in {measured.index_s:.1f} s")
        metrics[f"{name}_p50_ms"] = bootstrap(measured.query_ms, lambda part: percentile(part, 0.5))
        metrics[f"{name}_p95_ms"] = bootstrap(measured.query_ms, lambda part: percentile(part, 0.95))
        metrics[f"{name}_index_s"] = exact(measured.index_s)
    parts = [part for part in (judged_corpus, judged_queries, judged_qrels) if part is not None]
    if len(parts) not in (0, 3):
        stop("give --judged-corpus, --judged-queries and --judged-qrels together, or none of them")
    if parts:
        metrics |= _quality(*parts)
    show("eval lexical-engines", queries, metrics, {"passages": drawn.passages, "text": "generated", "seed": seed}, json_file)


def _texts(articles: list[tuple[Document, list[Section]]]) -> list[Text]:
    from evals.scale.engines import Text

    return [
        Text(f"{document.article_id}#{section.ordinal}", document.article_id, f"{document.title} {document.text[section.start : section.end]}")
        for document, sections in articles
        for section in sections
    ]


def _quality(corpus: Path, queries: Path, qrels: Path) -> dict[str, Metric]:
    """Return nDCG@10 of documents ranked by their best passage, for each engine."""
    from evals.beir import read_corpus, read_set
    from evals.measures import ndcg
    from evals.report import bootstrap, mean
    from evals.scale.engines import measure
    from kb.split import split

    with wellformed():
        judged = [one for one in read_set(queries, qrels) if one.relevant]
        texts = _texts([(document, split(document.text)) for document in read_corpus(corpus)])
    owner = {text.key: text.document for text in texts}
    found = {}
    for name, measured in measure(texts, [one.case.text for one in judged]):
        ranked = [list(dict.fromkeys(owner[key] for key in keys)) for keys in measured.found]
        found[f"{name}_ndcg@10"] = bootstrap([ndcg(keys, one.relevant, 10) for keys, one in zip(ranked, judged, strict=True)], mean)
    return found
