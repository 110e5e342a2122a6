"""LlamaIndex's documented hybrid set-up: a VectorStoreIndex and a BM25Retriever in a QueryFusionRetriever.

Splitting is the default (sentences to 1,024 tokens, 20 overlapping), of which the embedding model reads the first 256. The title is
metadata of the document, which LlamaIndex puts before every passage that it embeds. Fusion is by reciprocal rank with ``num_queries=1``:
the other documented modes compare BM25 with cosine directly, and more queries would need a language model.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

DEPTH = 40
HIDDEN = "document"


class System:
    """LlamaIndex."""

    PACKAGES = ("llama-index-core", "llama-index-retrievers-bm25", "llama-index-embeddings-huggingface", "bm25s", "torch")
    SETTINGS: dict[str, Any] = {
        "retrieval": "QueryFusionRetriever(mode=reciprocal_rerank, num_queries=1) of VectorStoreIndex and BM25Retriever",
        "splitter": "SentenceSplitter, default: 1,024 tokens, 20 overlapping; the title is metadata",
        "embeddings": "HuggingFaceEmbedding (sentence-transformers, torch)",
        "passages_per_retriever": DEPTH,
        "index": "SimpleVectorStore and BM25Retriever, both persisted as files",
    }

    def open(self, folder: str, model: str) -> None:
        """See the protocol."""
        core = import_module("llama_index.core")
        core.Settings.embed_model = import_module("llama_index.embeddings.huggingface").HuggingFaceEmbedding(model_name=model)
        core.Settings.llm = import_module("llama_index.core.llms").MockLLM()
        self._folder = Path(folder)
        self._retriever: Any = None
        self._words = import_module("llama_index.retrievers.bm25").BM25Retriever
        if (self._folder / "vectors").is_dir():
            kept = core.StorageContext.from_defaults(persist_dir=str(self._folder / "vectors"))
            self._combine(core.load_index_from_storage(kept), self._words.from_persist_dir(str(self._folder / "words")))

    def ingest(self, rows: list[dict[str, str]], split: bool) -> int:
        """See the protocol."""
        core = import_module("llama_index.core")
        schema = import_module("llama_index.core.schema")
        made = [
            (schema.Document if split else schema.TextNode)(
                text=row["text"],
                metadata={HIDDEN: row["id"]} | ({"title": row["title"]} if row["title"] else {}),
                excluded_embed_metadata_keys=[HIDDEN],
                excluded_llm_metadata_keys=[HIDDEN],
            )
            for row in rows
        ]
        index = core.VectorStoreIndex.from_documents(made) if split else core.VectorStoreIndex(made)
        words = self._words.from_defaults(docstore=index.docstore, similarity_top_k=DEPTH)
        index.storage_context.persist(persist_dir=str(self._folder / "vectors"))
        words.persist(str(self._folder / "words"))
        self._combine(index, words)
        return len(index.docstore.docs)

    def _combine(self, index: Any, words: Any) -> None:
        fusion = import_module("llama_index.core.retrievers").QueryFusionRetriever
        vectors = index.as_retriever(similarity_top_k=DEPTH)
        self._retriever = fusion([vectors, words], mode="reciprocal_rerank", similarity_top_k=DEPTH, num_queries=1)

    def search(self, question: str) -> list[str]:
        """See the protocol."""
        return [found.node.metadata[HIDDEN] for found in self._retriever.retrieve(question)]
