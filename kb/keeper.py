"""Keeps the two indexes in step with the tables by following the publication log.

The tables are the truth; an index is a cache that may vanish at any time. One process at a time owns the indexes of a
state folder: the running service, or a command while no service runs. Others only write the tables; the owner follows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from kb.ports import ArticleStore, Embedder, LexicalIndex, PassageIndex, VectorIndex

BATCH = 64
WAIT_SECONDS = 120.0
Report = Callable[[str], None]
_ADVICE = "lexical search serves alone; run `firstline ingest rebuild`"


class IndexState(Protocol):
    """Where each index stands in the publication log, and who owns them. Survives restarts with the index."""

    def position(self, index: str) -> int | None:
        """Return the position that an index has reached, None when it must be built anew."""

    def advance(self, index: str, position: int | None) -> None:
        """Record the position durably."""

    def own(self) -> bool:
        """Become the owner, or return False when another process is."""

    def disown(self) -> None:
        """Let another process own the indexes."""


class Health(StrEnum):
    """What the vector index can do now."""

    READY = "ready"
    OTHER_MODEL = "other model"
    MISSING = "missing"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How tables and one index differ: passages that the index lacks, and entries that it should not have."""

    index: str
    missing: int
    extra: int

    @property
    def agrees(self) -> bool:
        """Say whether the index holds exactly the live passages."""
        return not (self.missing or self.extra)


class IndexKeeper:
    """Applies publications to both indexes."""

    def __init__(
        self, store: ArticleStore, lexical: LexicalIndex, vector: VectorIndex | None, embedder: Embedder, state: IndexState, problem: str = ""
    ) -> None:
        """Keep ``lexical`` and ``vector`` in step with ``store``; ``problem`` says why there is no vector index."""
        self._store = store
        self._lexical = lexical
        self._vector = vector
        self._embedder = embedder
        self._state = state
        self._problem = problem
        self._foreign = 0

    def own(self) -> bool:
        """Become the owner of the indexes, or return False when another process is."""
        return self._state.own()

    def disown(self) -> None:
        """Stop owning the indexes."""
        self._state.disown()

    def vector_problem(self) -> str:
        """Return why vector search may not be used now, in a sentence for the operator, or "" when it may."""
        return self.health()[1]

    def health(self) -> tuple[Health, str]:
        """Say whether vector search may be used, with a sentence for the operator when not. Costs no query while there is an index."""
        if self._vector is None:
            return Health.UNAVAILABLE, f"{self._problem}; lexical search serves alone"
        stored, model = self._vector.stored_model, self._embedder.identity
        if stored not in (None, model):
            why = f"the index was made with {stored}, configured is {model}"
        elif self._foreign:
            why = f"{self._foreign} passages have vectors of another model than {model}"
        elif stored is None and self._store.passage_ids():
            return Health.MISSING, f"the vector index is missing or not built yet; {_ADVICE}"
        else:
            return Health.READY, ""
        return Health.OTHER_MODEL, f"{why}; {_ADVICE}"

    def catch_up(self, report: Report | None = None) -> int:
        """Apply what was published since the last time; return how many articles changed. The caller owns the indexes.

        A missing index is built from the tables. A vector index of another model is replaced once every passage has
        vectors of the configured model; until then it is left alone.
        """
        changed = self.catch_up_lexical(report)
        if self._vector is not None and self._vector_may_follow(self._vector):
            changed = max(changed, self._follow("vector", self._vector, report))
        return changed

    def catch_up_lexical(self, report: Report | None = None) -> int:
        """Do so for the lexical index alone, which needs no vectors and is fast; return how many articles changed."""
        return self._follow("lexical", self._lexical, report)

    def _vector_may_follow(self, vector: VectorIndex) -> bool:
        model = self._embedder.identity
        if vector.stored_model == model and not self._foreign and self._state.position("vector") == self._store.head():
            return True
        self._foreign = len(self._store.passage_ids() - self._store.passage_ids(model))
        if self._foreign:
            return False
        if vector.stored_model not in (None, model):
            vector.clear()
            self._state.advance("vector", None)
        return True

    def _follow(self, name: str, index: PassageIndex, report: Report | None) -> int:
        position = self._state.position(name)
        head = self._store.head()
        if position is None or position > head or self._lost(index):
            index.clear()
            articles = [article.id for article in self._store.articles()]
        elif position == head:
            return 0
        else:
            articles = list(dict.fromkeys(line.article_id for line in self._store.publications(position)))
        for start in range(0, len(articles), BATCH):
            part = articles[start : start + BATCH]
            index.replace(part, self._store.entries(part, self._embedder.identity))
            if report is not None:
                report(f"{name} index: {min(start + BATCH, len(articles))} of {len(articles)} articles")
        self._state.advance(name, head)
        return len(articles)

    def _lost(self, index: PassageIndex) -> bool:
        """Say whether the files of an index that had been built are gone."""
        return index.is_empty() and bool(self._store.passage_ids())

    def keep_up(self) -> None:
        """Bring the indexes up to the log if no other process owns them; an owner follows by itself."""
        if self._state.own():
            try:
                self.catch_up()
            finally:
                self._state.disown()

    def follow(self, report: Report) -> None:
        """Bring the indexes up to the log, or wait for the running service, which owns them, to do so.

        Raises:
            TimeoutError: the owner did not follow within two minutes; the tables are complete all the same.
        """
        if self._state.own():
            try:
                self.catch_up(report)
            finally:
                self._state.disown()
            return
        head, until = self._store.head(), time.monotonic() + WAIT_SECONDS
        report("the running service is updating its index")
        while (self._state.position("lexical") or 0) < head:
            if time.monotonic() > until:
                raise TimeoutError("the running service has not updated its index; the articles are stored and will appear when it does")
            time.sleep(0.1)

    def rebuild(self, report: Report) -> None:
        """Mark both indexes for building from the tables, and do so (or wait for the running service to do so)."""
        for name in self._names():
            self._state.advance(name, None)
        self.follow(report)

    def _names(self) -> Sequence[str]:
        return ("lexical",) if self._vector is None else ("lexical", "vector")

    def check(self) -> list[Agreement]:
        """Compare each index with the tables, id by id."""
        live = self._store.passage_ids()
        found = [_agreement("lexical", live, self._lexical)]
        if self._vector is not None and self.health()[0] is Health.READY:
            found.append(_agreement("vector", live, self._vector))
        return found

    def repair(self, report: Report | None = None) -> list[Agreement]:
        """Rebuild every index that disagrees with the tables; return what was found before. The caller owns them."""
        found = self.check()
        for agreement in found:
            if not agreement.agrees:
                self._state.advance(agreement.index, None)
        if not all(agreement.agrees for agreement in found):
            self.catch_up(report)
        return found


def _agreement(name: str, live: set[str], index: PassageIndex) -> Agreement:
    indexed = index.passage_ids()
    return Agreement(name, len(live - indexed), len(indexed - live))
