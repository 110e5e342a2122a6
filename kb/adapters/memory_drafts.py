"""Drafts, and what is published from them, in memory: the fakes for a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from kb.adapters.memory import MemoryArticleStore
from kb.drafts import Draft, Trial, TrialState
from kb.model import Article, Signed
from kb.ports import DraftChanged, Prepared


@dataclass(frozen=True, slots=True)
class MemoryArticleWriter:
    """The ``ArticleWriter`` port; each transaction has a copy of the store."""

    store: MemoryArticleStore = field(default_factory=MemoryArticleStore)

    def copy(self) -> MemoryArticleWriter:
        """Return a writer of a store that holds the same and changes by itself."""
        return MemoryArticleWriter(self.store.copy())

    def publish(self, prepared: Prepared, signed: Signed, at: datetime) -> Article:
        """See the port."""
        return self.store.write(prepared, signed, at, ahead=True)

    def article(self, article_id: str) -> Article | None:
        """See the port."""
        return self.store.article(article_id)

    def is_taken(self, article_id: str) -> bool:
        """See the port."""
        return bool(self.store.revisions(article_id))


@dataclass(slots=True)
class MemoryDrafts:
    """The ``Drafts`` port over a dictionary."""

    kept: dict[str, Draft] = field(default_factory=dict)

    def copy(self) -> MemoryDrafts:
        """Return the same drafts, of which each set may change without the other."""
        return MemoryDrafts(dict(self.kept))

    def add(self, draft: Draft) -> None:
        """See the port."""
        self.kept[draft.id] = draft

    def load(self, draft_id: str) -> Draft | None:
        """See the port."""
        return self.kept.get(draft_id)

    def save(self, draft: Draft) -> Draft:
        """See the port."""
        stored = self.kept.get(draft.id)
        if stored is None or stored.version != draft.version:
            raise DraftChanged(draft.id)
        self.kept[draft.id] = replace(draft, version=draft.version + 1)
        return self.kept[draft.id]

    def open(self) -> list[Draft]:
        """See the port."""
        return self._where(lambda one: one.state.is_open)

    def of_article(self, article_id: str) -> list[Draft]:
        """See the port."""
        return self._where(lambda one: one.article == article_id)

    def of_gap(self, gap_id: str) -> list[Draft]:
        """See the port."""
        return self._where(lambda one: one.gap == gap_id)

    def _where(self, wanted: Callable[[Draft], bool]) -> list[Draft]:
        found = sorted((one for one in self.kept.values() if wanted(one)), key=lambda one: one.id)
        return sorted(found, key=lambda one: one.updated_at, reverse=True)


@dataclass(slots=True)
class MemoryTrials:
    """The ``Trials`` port over a dictionary."""

    kept: dict[str, Trial] = field(default_factory=dict)

    def copy(self) -> MemoryTrials:
        """Return the same trials, of which each set may change without the other."""
        return MemoryTrials(dict(self.kept))

    def put(self, trial: Trial) -> None:
        """See the port."""
        self.kept[trial.draft] = trial

    def load(self, draft_id: str) -> Trial | None:
        """See the port."""
        return self.kept.get(draft_id)

    def advance(self, draft_id: str, version: int, done: int, total: int) -> bool:
        """See the port."""
        trial = self.kept.get(draft_id)
        if trial is None or trial.version != version or not trial.state.goes_on:
            return False
        self.kept[draft_id] = replace(trial, state=TrialState.RUNNING, done=done, total=total)
        return True
