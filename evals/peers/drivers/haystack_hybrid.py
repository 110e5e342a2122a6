"""Haystack's documented hybrid set-up: an embedding retriever and a BM25 retriever over one store, joined by a DocumentJoiner.

The store is the InMemoryDocumentStore of the hybrid tutorial, saved to a file. The splitter's parameters are its defaults. The tutorial
re-ranks the joined list with a second model; without one the joiner has to order it, so it fuses by reciprocal rank.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

DEPTH = 40


class System:
    """Haystack. The title stands at the head of a document's text."""

    PACKAGES = ("haystack-ai", "sentence-transformers-haystack", "sentence-transformers", "torch")
    SETTINGS: dict[str, Any] = {
        "retrieval": "DocumentJoiner(reciprocal_rank_fusion) of InMemoryBM25Retriever and InMemoryEmbeddingRetriever",
        "splitter": "DocumentSplitter, default: 200 words, no overlap",
        "embeddings": "SentenceTransformersDocumentEmbedder (torch)",
        "passages_per_retriever": DEPTH,
        "index": "InMemoryDocumentStore, saved to a file",
    }

    def open(self, folder: str, model: str) -> None:
        """See the protocol."""
        in_memory = import_module("haystack.document_stores.in_memory").InMemoryDocumentStore
        self._file, self._model = Path(folder) / "store.json", model
        self._store = in_memory.load_from_disk(str(self._file)) if self._file.exists() else in_memory()
        self._pipeline = self._query_pipeline()
        self._pipeline.warm_up()

    def _query_pipeline(self) -> Any:
        retrievers = import_module("haystack.components.retrievers.in_memory")
        embedders = import_module("haystack_integrations.components.embedders.sentence_transformers")
        joiner = import_module("haystack.components.joiners").DocumentJoiner
        pipeline = import_module("haystack").Pipeline()
        pipeline.add_component("embedder", embedders.SentenceTransformersTextEmbedder(model=self._model, progress_bar=False))
        pipeline.add_component("vectors", retrievers.InMemoryEmbeddingRetriever(document_store=self._store, top_k=DEPTH))
        pipeline.add_component("words", retrievers.InMemoryBM25Retriever(document_store=self._store, top_k=DEPTH))
        pipeline.add_component("joiner", joiner(join_mode="reciprocal_rank_fusion"))
        pipeline.connect("embedder.embedding", "vectors.query_embedding")
        pipeline.connect("vectors", "joiner")
        pipeline.connect("words", "joiner")
        return pipeline

    def ingest(self, rows: list[dict[str, str]], split: bool) -> int:
        """See the protocol."""
        haystack = import_module("haystack")
        embedders = import_module("haystack_integrations.components.embedders.sentence_transformers")
        skip = import_module("haystack.document_stores.types").DuplicatePolicy.SKIP
        texts = [f"{row['title']}\n\n{row['text']}" if row["title"] else row["text"] for row in rows]
        documents = [haystack.Document(content=text, meta={"document": row["id"]}) for text, row in zip(texts, rows, strict=True)]
        pipeline = haystack.Pipeline()
        pipeline.add_component("embedder", embedders.SentenceTransformersDocumentEmbedder(model=self._model, progress_bar=False))
        pipeline.add_component("writer", import_module("haystack.components.writers").DocumentWriter(self._store, policy=skip))
        pipeline.connect("embedder", "writer")
        if split:
            pipeline.add_component("splitter", import_module("haystack.components.preprocessors").DocumentSplitter())
            pipeline.connect("splitter", "embedder")
        pipeline.run({"splitter" if split else "embedder": {"documents": documents}})
        self._store.save_to_disk(str(self._file))
        return int(self._store.count_documents())

    def search(self, question: str) -> list[str]:
        """See the protocol."""
        found = self._pipeline.run({"embedder": {"text": question}, "words": {"query": question}})
        return [document.meta["document"] for document in found["joiner"]["documents"]]
