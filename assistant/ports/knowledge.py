"""The knowledge base, as the assistant uses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kb.model import Article, Citation, Passage, Platform, Reader, Retrieval


class Knowledge(Protocol):
    """Finds and cites passages within a reader's rights."""

    def embed(self, text: str) -> tuple[float, ...]:
        """Return the text's vector, or () when no embedding model is available."""

    def passages_for(
        self, question: str, reader: Reader, platform: Platform | None, exclude: Sequence[str] = (), vector: tuple[float, ...] = ()
    ) -> Retrieval:
        """Return ranked live passages that the reader may see, without those of the excluded articles."""

    def exists_for_others(self, question: str, vector: tuple[float, ...]) -> Retrieval:
        """Return what somebody with every right would find. Its content must never reach a reader: it only classifies a failure."""

    def passages_of(self, article_id: str, reader: Reader) -> list[Passage]:
        """Return the article's live passages in order, [] when the reader may not see it."""

    def still_true(self, citations: Sequence[Citation], reader: Reader) -> bool:
        """Say whether every cited article still exists at that revision and the reader may still see it."""

    def article(self, article_id: str, reader: Reader, revision: int | None = None) -> tuple[Article, str] | None:
        """Return an article and the text of a revision (the live one by default), or None when the reader may not see it."""
