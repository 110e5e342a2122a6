"""Encoders that were taught in this process, kept as folders beside the versions of triage that they belong to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Lock, Thread, get_native_id

import numpy as np

from kb.adapters.embedders import OnnxEmbedder
from kb.ports import EmbedderUnavailable, FineTuned

BEHIND = 10
"""The niceness of the threads that teach."""


class KeptEncoders:
    """Implements the port; torch is loaded when one is taught, and never to read with it."""

    def __init__(self, folder: Path, model: str) -> None:
        """Keep them under ``folder``. ``model`` is what they begin as: a sentence-transformers model, as in the knowledge base's settings."""
        self._folder, self._model = folder, model
        self._lock = Lock()
        self._open: OnnxEmbedder | None = None
        self._named = ""

    def fine_tune(self, texts: Sequence[str], labels: np.ndarray, seconds: float, note: Callable[[str], None]) -> FineTuned:
        """See the port."""
        from kb.adapters.fine_tuning import fine_tune

        return _aside(lambda: fine_tune(self._model, texts, labels, self._folder, seconds, note))

    def embed(self, name: str, texts: Sequence[str]) -> np.ndarray:
        """See the port."""
        if not name or Path(name).name != name:
            raise EmbedderUnavailable(f"{name!r} is no name of an encoder")
        with self._lock:
            if self._open is None or self._named != name:
                self._open, self._named = OnnxEmbedder(self._folder / name), name
            found = self._open
        return np.asarray(found.embed(texts))


def _aside(teach: Callable[[], FineTuned]) -> FineTuned:
    """Teach with every core, but let a service on this machine go first: threads have a priority of their own, and pass it on."""
    done: Future[FineTuned] = Future()

    def run() -> None:
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), BEHIND)
        try:
            done.set_result(teach())
        except BaseException as error:  # it is raised again where somebody waits
            done.set_exception(error)

    Thread(target=run, name="fine-tuning", daemon=True).start()
    return done.result()
