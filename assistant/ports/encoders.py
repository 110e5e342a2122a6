"""Sentence encoders that were taught what an organisation's tickets are labelled as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from kb.ports import FineTuned


class Encoders(Protocol):
    """Teaches encoders, keeps each under its name, and reads with them."""

    def fine_tune(self, texts: Sequence[str], labels: np.ndarray, seconds: float, note: Callable[[str], None]) -> FineTuned:
        """Teach a fresh encoder and keep it; those before stay.

        ``labels`` (n, fields) are the places of labels from 0, -1 where a text has none of a field; each text has one at least. It ends after
        ``seconds`` at the latest, not counting what it takes to load and to write.

        Raises:
            EmbedderUnavailable: there is no model here that can be taught.
        """

    def embed(self, name: str, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors of texts, (n, d), float32, each of length 1.

        Raises:
            EmbedderUnavailable: there is no encoder of that name, or it cannot be read.
        """
