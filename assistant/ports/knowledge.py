"""The knowledge base, as the assistant uses it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from kb.model import Article, Citation, Passage, Platform, Reader, Retrieval


@dataclass(frozen=True, slots=True)
class Standing:
    """A cited article as it is now, for a reader who may see it; ``unchanged`` when title and text are still those that were cited."""

    article: Article
    unchanged: bool


class Knowledge(Protocol):
    """Finds and cites passages within a reader's rights."""

    def embed(self, text: str) -> tuple[float, ...]:
        """Return the text's vector, or () when no embedding model is available."""

    def passages_for(
        self,
        question: str,
        reader: Reader,
        platform: Platform | None,
        exclude: Sequence[str] = (),
        vector: tuple[float, ...] = (),
        turns: Sequence[str] = (),
    ) -> Retrieval:
        """Return ranked live passages that the reader may see, without those of the excluded articles.

        ``vector`` is the question's, if it is known; ``turns`` are earlier messages about the same issue, oldest first.
        """

    def exists_for_others(self, question: str, vector: tuple[float, ...]) -> Retrieval:
        """Return what somebody with every right would find. Its content must never reach a reader: it only classifies a failure."""

    def passages_of(self, article_id: str, reader: Reader) -> list[Passage]:
        """Return the article's live passages in order, [] when the reader may not see it."""

    def standing(self, cited: Collection[tuple[str, int]], reader: Reader) -> dict[tuple[str, int], Standing]:
        """Return what has become of each (article, revision), by one query; what is gone or not for this reader is missing.

        The revision 0 asks for the article alone.
        """

    def still_true(self, citations: Sequence[Citation], reader: Reader) -> bool:
        """Say whether every cited article still exists at that revision and the reader may still see it."""

    def article(self, article_id: str, reader: Reader, revision: int | None = None) -> tuple[Article, str] | None:
        """Return an article and the text of a revision (the live one by default), or None when the reader may not see it.

        An earlier revision is for those who may read the article now and could read that revision when it was live.
        """
