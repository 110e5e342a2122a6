"""Firstline as the service runs it: its own splitting, its shipped retriever, both indexes embedded in a state folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kb.bootstrap import KnowledgeBase
    from kb.model import Document, Section

BATCH = 64


class System:
    """Firstline. ``model`` is a state folder that holds the exported embedding model."""

    PACKAGES = ("firstline", "onnxruntime", "chromadb", "tantivy")
    SETTINGS: dict[str, Any] = {
        "retrieval": "shipped settings, everyone's articles, no device, no earlier turns",
        "splitter": "kb.split, then windows of at most 130 words led by title and heading",
        "passage": "one embedded window; the titles' own vectors are embedded beside them and not counted",
        "index": "Chroma and tantivy, embedded; articles in SQLite",
    }

    def open(self, folder: str, model: str) -> None:
        """See the protocol. A cold start brings both indexes up to the tables, as the service does."""
        from kb.bootstrap import open_knowledge
        from kb.settings import KnowledgeSettings

        home = Path(folder)
        if not (home / "models").exists():
            shutil.copytree(Path(model) / "models", home / "models")
        self._base: KnowledgeBase = open_knowledge(KnowledgeSettings(home=home))
        self._base.keeper.own()
        self._base.keeper.catch_up()

    def ingest(self, rows: list[dict[str, str]], split: bool) -> int:
        """See the protocol. Its own passages are those that every system gets when all get the same.

        Raises:
            ValueError: it was given passages.
        """
        from evals.peers.work import windows_of
        from kb.model import Document
        from kb.split import split as sections_of

        if not split:
            raise ValueError("Firstline splits documents itself")
        batch: list[tuple[Document, list[Section]]] = []
        passages = 0
        for number, row in enumerate(rows, 1):
            document = Document(row["id"], "collection", row["id"], row["title"], row["text"])
            batch.append((document, sections_of(document.text)))
            if len(batch) == BATCH or number == len(rows):
                self._base.publisher.publish(batch)
                passages += sum(len(windows_of(*published)) for published in batch)
                batch = []
        self._base.keeper.catch_up()
        return passages

    def search(self, question: str) -> list[str]:
        """See the protocol."""
        from kb.model import Reader
        from kb.ports import Scope
        from kb.retrieve import Question

        found = self._base.retriever.retrieve(Question(question), Scope(Reader()))
        return [article.id for article in found.articles]
