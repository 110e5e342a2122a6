"""Embedding models: the local one on ONNX Runtime, and any OpenAI-compatible endpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from kb.ports import EmbedderUnavailable, Vector

FORM = 2
"""Raised when the same weights would give other vectors than before, so that homes prepare and embed anew."""

COMPLETE = ("model.onnx", "tokenizer.json")


class OnnxEmbedder:
    """A sentence-transformers model, exported once to ONNX and served without torch.

    The export is a folder with ``model.onnx``, ``tokenizer.json`` and ``identity.json``. Each text is a run of its own:
    its vector is the same to the last bit alone, in any company and in any order, and nothing is spent on padding.
    Several texts are embedded by several threads, for which the runtime lets go of the interpreter.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Open an export; the model itself is loaded at the first use. ``threads`` is one for each processor by default.

        Raises:
            EmbedderUnavailable: the folder holds no complete export.
        """
        try:
            facts = json.loads((folder / "identity.json").read_text())
            self.identity: str = facts["identity"]
            self.dimension: int = facts["dimension"]
            self._limit: int = facts["max_tokens"]
            for part in COMPLETE:
                (folder / part).stat()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EmbedderUnavailable(f"the embedding model is not prepared ({folder}); run `firstline prepare`") from error
        self.form = int(facts.get("form", 1))
        self._folder = folder
        self._threads = threads or os.cpu_count() or 1
        self._lock = Lock()
        self._parts: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> Vector:
        """See the port."""
        made = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return made
        tokenizer, session = self._load()

        def run(number: int) -> None:
            ids = np.array([tokenizer.encode(_readable(texts[number])).ids], dtype=np.int64)
            made[number] = session.run(["embedding"], {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

        if len(texts) == 1:
            run(0)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, range(len(texts))))
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

        if json.loads((self._folder / "identity.json").read_text())["identity"] != self.identity:
            raise EmbedderUnavailable("another model was prepared since this process started")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(self._limit)
        tokenizer.no_padding()
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
