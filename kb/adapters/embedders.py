"""Embedding models: the local one on ONNX Runtime, and any OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from kb.ports import EmbedderUnavailable, Vector

BATCH = 32


class OnnxEmbedder:
    """A sentence-transformers model, exported once to ONNX (float32) and served without torch.

    The export is a folder with ``model.onnx``, ``tokenizer.json`` and ``identity.json``. Vectors do not depend on what
    else is in a batch.
    """

    def __init__(self, folder: Path, threads: int = 2) -> None:
        """Open an export; the model itself is loaded at the first use.

        Raises:
            EmbedderUnavailable: the folder holds no complete export.
        """
        try:
            facts = json.loads((folder / "identity.json").read_text())
            self.identity: str = facts["identity"]
            self.dimension: int = facts["dimension"]
            self._limit: int = facts["max_tokens"]
            for part in ("model.onnx", "tokenizer.json"):
                (folder / part).stat()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EmbedderUnavailable(f"the embedding model is not prepared ({folder}); run `firstline prepare`") from error
        self._folder = folder
        self._threads = threads
        self._lock = Lock()
        self._parts: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> Vector:
        """See the port."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        tokenizer, session = self._load()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        made = np.empty((len(texts), self.dimension), dtype=np.float32)
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            with self._lock:
                encoded = tokenizer.encode_batch([_readable(texts[i]) for i in part])
            feed = {
                "input_ids": np.array([item.ids for item in encoded], dtype=np.int64),
                "attention_mask": np.array([item.attention_mask for item in encoded], dtype=np.int64),
            }
            made[part] = session.run(None, feed)[0]
        return made

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._parts is None:
                try:
                    self._parts = self._open()
                except Exception as error:  # the libraries raise bare exceptions for a damaged file
                    raise EmbedderUnavailable(f"the embedding model in {self._folder} cannot be loaded ({type(error).__name__})") from error
            return self._parts

    def _open(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(self._limit)
        tokenizer.enable_padding()
        return tokenizer, session


def _readable(text: str) -> str:
    """Replace what has no UTF-8 form, such as half of a surrogate pair in a message's JSON."""
    return text.encode("utf-8", "replace").decode()


class OpenAIEmbedder:
    """Embeddings of any OpenAI-compatible endpoint."""

    def __init__(self, model: str, base_url: str | None, api_key: str, dimension: int) -> None:
        """Use ``model`` at ``base_url``; ``dimension`` is the length of its vectors."""
        self._model = model
        self._base_url = base_url
        self._api_key = api_key
        self._client: Any = None
        self.identity = f"{model}@{base_url or 'openai'}"
        self.dimension = dimension

    def embed(self, texts: Sequence[str]) -> Vector:
        """See the port."""
        import openai

        if self._client is None:
            self._client = openai.OpenAI(
                base_url=self._base_url, api_key=self._api_key or os.environ.get("OPENAI_API_KEY", "none"), timeout=20, max_retries=1
            )
        rows: list[list[float]] = []
        try:
            for start in range(0, len(texts), 256):
                answer = self._client.embeddings.create(model=self._model, input=list(texts[start : start + 256]))
                rows += [item.embedding for item in answer.data]
        except openai.OpenAIError as error:
            raise EmbedderUnavailable(f"the embedding service does not answer ({type(error).__name__})") from error
        except (AttributeError, TypeError, ValueError) as error:
            raise EmbedderUnavailable("the embedding service answers something else than embeddings") from error
        lengths = {len(row) for row in rows}
        if len(rows) != len(texts) or lengths - {self.dimension}:
            given = f"{len(rows)} vectors of length {' and '.join(str(length) for length in sorted(lengths))} for {len(texts)} texts"
            raise EmbedderUnavailable(f"{self._model} gave {given}, configured is length {self.dimension}")
        made = np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimension)
        return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12), dtype=np.float32)


class MissingEmbedder:
    """Stands where no model could be opened, so that everything but vectors goes on."""

    identity = "none"
    dimension = 1

    def __init__(self, reason: str) -> None:
        """Remember why, for whoever asks."""
        self.reason = reason

    def embed(self, texts: Sequence[str]) -> Vector:  # noqa: ARG002
        """Always refuse, with the reason."""
        raise EmbedderUnavailable(self.reason)
