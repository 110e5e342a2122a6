"""Small fixed parts of development sets for the gates: ``python -m evals.subset SETS TARGET``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evals.beir import read_qrels, read_rows

QUERIES = 120
OTHERS = 120
FAQ_QUERIES = 200


def write(folder: Path, documents: Iterable[dict[str, Any]], queries: Iterable[dict[str, Any]], grades: dict[str, dict[str, int]]) -> None:
    """Write a collection in the BEIR layout."""
    folder.mkdir(parents=True)
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents), encoding="utf-8")
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries), encoding="utf-8")
    lines = [f"{query}\t{document}\t{grade}\n" for query, found in grades.items() for document, grade in found.items()]
    (folder / "qrels.tsv").write_text("".join(lines), encoding="utf-8")


def faq(sets: Path, target: Path) -> None:
    """Answers without their questions' titles, and every third or so of the questions asked of them."""
    source = sets / "stackfaq"
    queries = read_rows(source / "queries.jsonl")
    documents = [{**row, "title": ""} for row in read_rows(source / "corpus.jsonl")]
    write(target, documents, queries[:: max(1, len(queries) // FAQ_QUERIES)], read_qrels(source / "qrels.tsv"))


def symptoms(sets: Path, target: Path) -> None:
    """Symptoms with their articles, symptoms without one, and articles that nobody asks for."""
    source = sets / "kb_symptoms"
    queries, grades = read_rows(source / "queries.jsonl")[:QUERIES], read_qrels(source / "qrels.tsv")
    wanted = {document for query in queries for document in grades.get(query["_id"], {})}
    documents = read_rows(source / "corpus.jsonl.gz")
    kept = [row for row in documents if row["_id"] in wanted] + [row for row in documents if row["_id"] not in wanted][:OTHERS]
    write(target, kept, queries, grades)


def devices(sets: Path, target: Path) -> None:
    """The articles that device queries are about, with their variants."""
    source = sets / "itkb_small"
    rows = read_rows(source / "device_queries.jsonl")
    wanted = {key for row in rows for key in (*row["relevant"], *row["wrong_device"])}
    target.mkdir(parents=True)
    kept = [row for row in read_rows(source / "articles.jsonl") if row["id"] in wanted]
    (target / "articles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")


def main() -> None:
    """Write all parts."""
    sets, target = Path(sys.argv[1]), Path(sys.argv[2])
    faq(sets, target / "faq")
    symptoms(sets, target / "symptoms")
    devices(sets, target / "devices")


if __name__ == "__main__":
    main()
