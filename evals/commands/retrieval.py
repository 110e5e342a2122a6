"""The command ``firstline eval retrieval``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.commands.options import HOME, ModelHome, ToJson, note, stop, wellformed

Corpus = Annotated[Path, typer.Option(help="Documents: JSON lines with _id, title, text; gzipped or not.")]
Queries = Annotated[Path, typer.Option(help="Queries: JSON lines with _id, text, and perhaps turns, device, answerable.")]
Qrels = Annotated[Path, typer.Option(help="Judgements: query id, document id, grade, separated by tabs.")]
FitQueries = Annotated[Path | None, typer.Option(help="Answered queries of this collection to learn a ranking from, with --fit-qrels.")]
FitQrels = Annotated[Path | None, typer.Option(help="Judgements of the queries to learn from.")]


def retrieval(
    corpus: Corpus,
    queries: Queries,
    qrels: Qrels,
    system: Annotated[str, typer.Option(help="lexical, dense or hybrid (what the service uses, as shipped).")] = "hybrid",
    fit_queries: FitQueries = None,
    fit_qrels: FitQrels = None,
    model_home: ModelHome = HOME,
    json_file: ToJson = None,
) -> None:
    """Measure the ranking on a judged collection: quality, latency of the whole call, indexing speed, memory."""
    from evals.beir import read_corpus, read_set
    from evals.report import show
    from evals.retrieval import SYSTEMS, ask, cost_metrics, learned, ranking_metrics, retriever_of
    from evals.world import collection

    if system not in SYSTEMS:
        stop(f"--system must be one of {', '.join(SYSTEMS)}")
    if (fit_queries is None) != (fit_qrels is None):
        stop("--fit-queries and --fit-qrels belong together")
    with wellformed():
        documents, judged = read_corpus(corpus), read_set(queries, qrels)
        to_learn = read_set(fit_queries, fit_qrels) if fit_queries and fit_qrels else []
    settings = {"system": system, "documents": len(documents), "judged": sum(bool(item.relevant) for item in judged)}
    with collection(documents, model_home, note) as (base, indexed):
        retriever = retriever_of(base, system)
        if to_learn:
            retriever, settings["learned"] = learned(retriever, to_learn, note)
        asked = ask(retriever, judged, note)
    show("eval retrieval", len(asked), ranking_metrics(asked) | cost_metrics(asked, indexed), settings, json_file)
