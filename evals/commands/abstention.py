"""The command ``firstline eval abstention``."""

from __future__ import annotations

from evals.commands.options import HOME, ModelHome, ToJson, note, wellformed
from evals.commands.retrieval import Corpus, Qrels, Queries


def abstention(corpus: Corpus, queries: Queries, qrels: Qrels, model_home: ModelHome = HOME, json_file: ToJson = None) -> None:
    """Measure how well confidence tells what can be answered, on queries of which some have "answerable": false."""
    from assistant.governance.policy_file import load_policy
    from evals.abstention import metrics
    from evals.beir import read_corpus, read_set
    from evals.report import show
    from evals.retrieval import ask
    from evals.world import collection

    with wellformed():
        documents, judged = read_corpus(corpus), read_set(queries, qrels)
    band = load_policy().bands["answer"]
    with collection(documents, model_home, note) as (base, _):
        asked = ask(base.retriever, judged, note)
    unanswerable = sum(not item.answerable for item in judged)
    show("eval abstention", len(asked), metrics(asked, band.auto), {"threshold": band.auto, "unanswerable": unanswerable}, json_file)
