"""Drafts, and their trials on past questions, in tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from kb.adapters.store.tables import drafts, trials
from kb.drafts import Content, Draft, DraftState, Origin, Provenance, Seen, Trial, TrialState, Tried
from kb.model import Audience, Platform
from kb.ports import DraftChanged

OPEN = tuple(state.value for state in DraftState if state.is_open)
GOES_ON = tuple(state.value for state in TrialState if state.goes_on)
PLAIN = ("id", "article", "based_on", "gap", "author", "reviewer", "note", "why", "version", "revision", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class SqlDrafts:
    """The ``Drafts`` port on a connection whose owner commits."""

    connection: Connection

    def add(self, draft: Draft) -> None:
        """See the port."""
        self.connection.execute(insert(drafts).values(**_row(draft)))

    def load(self, draft_id: str) -> Draft | None:
        """See the port."""
        return next(iter(self._drafts(drafts.c.id == draft_id)), None)

    def save(self, draft: Draft) -> Draft:
        """See the port."""
        saved = replace(draft, version=draft.version + 1)
        mine = (drafts.c.id == draft.id) & (drafts.c.version == draft.version)
        if not self.connection.execute(update(drafts).where(mine).values(**_row(saved))).rowcount:
            raise DraftChanged(draft.id)
        return saved

    def open(self) -> list[Draft]:
        """See the port."""
        return self._drafts(drafts.c.state.in_(OPEN))

    def of_article(self, article_id: str) -> list[Draft]:
        """See the port."""
        return self._drafts(drafts.c.article == article_id)

    def of_gap(self, gap_id: str) -> list[Draft]:
        """See the port."""
        return self._drafts(drafts.c.gap == gap_id)

    def _drafts(self, where: Any) -> list[Draft]:
        rows = self.connection.execute(select(drafts).where(where).order_by(drafts.c.updated_at.desc(), drafts.c.id)).mappings()
        return [_draft(row) for row in rows]


def _row(draft: Draft) -> dict[str, Any]:
    one = draft.content
    content = {"title": one.title, "text": one.text, "owner": one.owner, "review_by": one.review_by, "tags": list(one.tags)}
    rights = {"audience": sorted(one.audience.groups), "platforms": sorted(one.platforms)}
    sentences = [asdict(sentence) for sentence in draft.provenance]
    plain = {name: getattr(draft, name) for name in PLAIN}
    return {**plain, **content, **rights, "state": draft.state.value, "writers": list(draft.writers), "provenance": sentences}


def _draft(row: Any) -> Draft:
    content = Content(
        row["title"],
        row["text"],
        row["owner"],
        Audience(frozenset(row["audience"])),
        frozenset(Platform(name) for name in row["platforms"]),
        row["review_by"],
        tuple(row["tags"]),
    )
    sentences = tuple(Provenance(one["sentence"], tuple(Origin(**origin) for origin in one["origins"])) for one in row["provenance"])
    plain = {name: row[name] for name in PLAIN}
    return Draft(content=content, state=DraftState(row["state"]), writers=tuple(row["writers"]), provenance=sentences, **plain)


@dataclass(frozen=True, slots=True)
class SqlTrials:
    """The ``Trials`` port on a connection whose owner commits."""

    connection: Connection

    def put(self, trial: Trial) -> None:
        """See the port."""
        self.connection.execute(delete(trials).where(trials.c.draft == trial.draft))
        row = {name: getattr(trial, name) for name in ("draft", "version", "asked_by", "asked_at", "done", "total", "why")}
        made = {"state": trial.state.value, "tried": [asdict(one) for one in trial.tried], "left_out": [list(one) for one in trial.left_out]}
        self.connection.execute(insert(trials).values(**row, **made))

    def load(self, draft_id: str) -> Trial | None:
        """See the port."""
        row = self.connection.execute(select(trials).where(trials.c.draft == draft_id)).mappings().first()
        if row is None:
            return None
        tried = tuple(Tried(**{**one, "before": Seen(**one["before"]), "after": Seen(**one["after"])}) for one in row["tried"])
        left_out = tuple((str(why), int(number)) for why, number in row["left_out"])
        return Trial(**{**row, "state": TrialState(row["state"]), "tried": tried, "left_out": left_out})

    def advance(self, draft_id: str, version: int, done: int, total: int) -> bool:
        """See the port."""
        mine = (trials.c.draft == draft_id) & (trials.c.version == version) & trials.c.state.in_(GOES_ON)
        values = {"state": TrialState.RUNNING.value, "done": done, "total": total}
        return self.connection.execute(update(trials).where(mine).values(**values)).rowcount > 0
