"""LangChain's documented hybrid set-up: a Chroma vector store and a BM25Retriever in an EnsembleRetriever.

The splitter and its parameters are those of LangChain's guide to semantic search; the weights are the ensemble's default (equal). The
BM25 retriever has no store of its own: on an existing index it is built again from the documents that Chroma holds.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

DEPTH = 40
BATCH = 1000


class System:
    """LangChain. The title stands at the head of a document's text."""

    PACKAGES = (
        "langchain-classic",
        "langchain-core",
        "langchain-community",
        "langchain-chroma",
        "langchain-huggingface",
        "rank-bm25",
        "chromadb",
        "torch",
    )
    SETTINGS: dict[str, Any] = {
        "retrieval": "EnsembleRetriever (reciprocal rank fusion, c=60, equal weights) of BM25Retriever and Chroma",
        "splitter": "RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)",
        "embeddings": "HuggingFaceEmbeddings (sentence-transformers, torch)",
        "passages_per_retriever": DEPTH,
        "index": "Chroma on disk; BM25 in memory, built again at a cold start",
    }

    def open(self, folder: str, model: str) -> None:
        """See the protocol."""
        embeddings = import_module("langchain_huggingface").HuggingFaceEmbeddings(model_name=model)
        chroma = import_module("langchain_chroma").Chroma
        self._store = chroma(collection_name="documents", embedding_function=embeddings, persist_directory=folder)
        self._retriever: Any = None
        kept = self._store.get()
        if kept["ids"]:
            document = import_module("langchain_core.documents").Document
            rows = zip(kept["documents"], kept["metadatas"], strict=True)
            self._combine([document(page_content=text, metadata=facts) for text, facts in rows])

    def ingest(self, rows: list[dict[str, str]], split: bool) -> int:
        """See the protocol."""
        document = import_module("langchain_core.documents").Document
        texts = [f"{row['title']}\n\n{row['text']}" if row["title"] else row["text"] for row in rows]
        documents = [document(page_content=text, metadata={"document": row["id"]}) for text, row in zip(texts, rows, strict=True)]
        if split:
            splitter = import_module("langchain_text_splitters").RecursiveCharacterTextSplitter
            documents = splitter(chunk_size=1000, chunk_overlap=200, add_start_index=True).split_documents(documents)
        for start in range(0, len(documents), BATCH):
            self._store.add_documents(documents[start : start + BATCH])
        self._combine(documents)
        return len(documents)

    def _combine(self, documents: list[Any]) -> None:
        words = import_module("langchain_community.retrievers").BM25Retriever.from_documents(documents, k=DEPTH)
        vectors = self._store.as_retriever(search_kwargs={"k": DEPTH})
        self._retriever = import_module("langchain_classic.retrievers").EnsembleRetriever(retrievers=[words, vectors], weights=[0.5, 0.5])

    def search(self, question: str) -> list[str]:
        """See the protocol."""
        return [found.metadata["document"] for found in self._retriever.invoke(question)]
