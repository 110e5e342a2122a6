"""txtai's documented hybrid set-up: one Embeddings database with ``hybrid=True`` and ``content=True``.

txtai splits nothing by default: a document is one row, of which the embedding model reads the beginning and BM25 everything. The weight
of both searches is the default (equal), and so is the way that their scores are combined.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

DEPTH = 40
SEPARATOR = "\t"


class System:
    """txtai. The title stands at the head of a document's text."""

    PACKAGES = ("txtai", "faiss-cpu", "transformers", "torch")
    SETTINGS: dict[str, Any] = {
        "retrieval": "Embeddings(hybrid=True, content=True), default weights and fusion",
        "splitter": "none, the default",
        "embeddings": "transformers with mean pooling (torch)",
        "passages_per_search": DEPTH,
        "index": "faiss, BM25 and SQLite, saved as files",
    }

    def open(self, folder: str, model: str) -> None:
        """See the protocol."""
        self._folder = Path(folder) / "index"
        self._embeddings = import_module("txtai").Embeddings(path=model, hybrid=True, content=True)
        if self._folder.exists():
            self._embeddings.load(str(self._folder))

    def ingest(self, rows: list[dict[str, str]], split: bool) -> int:  # noqa: ARG002
        """See the protocol."""
        texts = [f"{row['title']}\n\n{row['text']}" if row["title"] else row["text"] for row in rows]
        self._embeddings.index((f"{number}{SEPARATOR}{row['id']}", text) for number, (row, text) in enumerate(zip(rows, texts, strict=True)))
        self._embeddings.save(str(self._folder))
        return int(self._embeddings.count())

    def search(self, question: str) -> list[str]:
        """See the protocol."""
        return [found["id"].split(SEPARATOR, 1)[1] for found in self._embeddings.search(question, DEPTH)]
