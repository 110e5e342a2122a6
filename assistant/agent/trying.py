"""Tries a draft on past questions before it is published: what would be answered then, and which good answers would change.

The same retrieval, the same threshold and the same doubts as in a turn decide; what a turn does beside that, such as asking back or
acting, is left out. Each question is asked with the rights that its asker has now and for the system it was asked from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from assistant.agent.languages.reading import in_english
from assistant.agent.languages.recognise import language_of
from assistant.agent.lookup import in_doubt
from assistant.agent.steps.facts import without_mood
from assistant.domain.audit import AuditEntry
from assistant.domain.configuration import Person
from assistant.domain.conversation import Outcome
from assistant.governance.policy import Policy
from assistant.governance.redaction import redact
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.store import OutboxEntry, Store, UnitOfWork
from kb.drafts import Draft, DraftState, NotNow, Overtaken, Seen, Trial, TrialState, Tried
from kb.model import Platform, Reader, Retrieval
from kb.ports import EmbedderUnavailable, Prepared, Scope
from kb.retrieve import Question, Retriever

TRY = "article.try"
STEP = "article"
MOST_OF_GAP, MOST_GOOD = 200, 100
"""So many questions are tried, the latest of the gap and the nearest of those with a good answer."""
LOOK_BACK = timedelta(days=90)
SHOWN = 320
"""So many characters of a passage stand beside a question."""
REPORT_EVERY = 10
TOO_MANY, NO_WORDS = "over the bound", "its words are not kept"


@dataclass(frozen=True, slots=True)
class Past:
    """A question that was asked. ``good``: somebody said that its answer solved it."""

    question: str
    vector: tuple[float, ...]
    platform: str
    person: str
    at: datetime
    good: bool = False


class Pretends(Protocol):
    """Gives retrieval as if a document were published."""

    def __call__(self, prepared: Prepared, revision: int, at: datetime) -> AbstractContextManager[Retriever]:
        """Return a retriever that finds it; what is live is only read."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Everything a trial needs. ``of_gap`` gives the questions of a gap, ``kept`` says whether a question's words were."""

    store: Store
    directory: Directory
    clock: Clock
    prepare: Callable[[Draft], Prepared]
    live: Retriever
    as_if: Pretends
    in_force: Callable[[UnitOfWork], Policy]
    of_gap: Callable[[UnitOfWork, str], Sequence[Past]]
    kept: Callable[[str], bool]

    def begin(self, person: Person, draft: Draft) -> Trial:
        """Ask for a trial of the draft as it is stored; one that is under way for it goes on.

        Raises:
            NotNow: there is nothing to try, or the draft is over.
        """
        if not draft.state.is_open:
            raise NotNow(f"This draft is {draft.state.value}. There is nothing to try any more.")
        if not (draft.content.text.strip() and draft.content.title.strip()):
            raise NotNow("Save a title and a text first, then try them on past questions.")
        now = self.clock.now()
        with self.store.write() as unit:
            known = unit.trials.load(draft.id)
            if known is not None and known.version == draft.version and known.state.goes_on:
                return known
            trial = Trial(draft.id, draft.version, person.id, now)
            unit.trials.put(trial)
            body = {"draft": draft.id, "version": draft.version}
            unit.outbox.put(OutboxEntry(f"{TRY}:{draft.id}:{draft.version}:{now.timestamp():.6f}", TRY, body, now, now))
            unit.audit.append([AuditEntry(now, person.id, STEP, "tried on past questions", detail=body)])
        return trial

    def run(self, draft_id: str, version: int) -> Trial:
        """Try a draft and store what came of it, with progress on the way.

        Raises:
            Overtaken: nobody waits for it any more.
            NotNow: it cannot be tried; the message says why.
        """
        with self.store.read() as unit:
            draft, known = unit.drafts.load(draft_id), unit.trials.load(draft_id)
            if draft is None or draft.state is DraftState.DISCARDED or draft.version != version or known is None or known.version != version:
                raise Overtaken(draft_id)
            enough = self.in_force(unit).bands["answer"].auto
            gap = list(self.of_gap(unit, draft.gap)) if draft.gap else []
            answered = self._confirmed(unit)
        try:
            prepared = self.prepare(draft)
        except EmbedderUnavailable as error:
            raise NotNow(f"There is no model that reads the draft: {error}") from None
        chosen, left_out = self._chosen(gap, answered, prepared)
        rows = list(self._tried(draft, prepared, chosen, enough))
        trial = replace(known, state=TrialState.DONE, done=len(rows), total=len(chosen), tried=tuple(rows), left_out=left_out)
        with self.store.write() as unit:
            if not unit.trials.advance(draft_id, version, len(rows), len(chosen)):
                raise Overtaken(draft_id)
            unit.trials.put(trial)
        return trial

    def fail(self, unit: UnitOfWork, draft_id: str, version: int, why: str) -> None:
        """Note that a trial came to nothing."""
        known = unit.trials.load(draft_id)
        if known is not None and known.version == version and known.state.goes_on:
            unit.trials.put(replace(known, state=TrialState.FAILED, why=why))

    def _confirmed(self, unit: UnitOfWork) -> list[Past]:
        now = self.clock.now()
        asked = unit.outcomes.asked(now - LOOK_BACK, now)
        good = (one for one in asked if one.outcome is Outcome.RESOLVED_CONFIRMED and not one.reopened)
        return [Past(one.question, tuple(one.vector), one.platform, one.person, one.at, good=True) for one in good]

    def _chosen(self, gap: Sequence[Past], answered: Sequence[Past], prepared: Prepared) -> tuple[list[Past], tuple[tuple[str, int], ...]]:
        """Return the latest questions of the gap and those with good answers that are nearest to the draft, each wording once."""
        without = sum(not self.kept(one.question) for one in (*gap, *answered))
        of_gap = _once(sorted((one for one in gap if self.kept(one.question)), key=lambda one: one.at, reverse=True))
        rows = np.concatenate([prepared.title_vector[None, :], *prepared.vectors])
        near = sorted((one for one in answered if self.kept(one.question)), key=lambda one: -_nearness(one, rows))
        good = _once(near)
        over = len(of_gap[MOST_OF_GAP:]) + len(good[MOST_GOOD:])
        left = ((TOO_MANY, over), (NO_WORDS, without))
        return [*of_gap[:MOST_OF_GAP], *good[:MOST_GOOD]], tuple((why, number) for why, number in left if number)

    def _tried(self, draft: Draft, prepared: Prepared, chosen: Sequence[Past], enough: float) -> Iterator[Tried]:
        people = {one.id: one for one in self.directory.people()}
        readers = Reader(draft.content.audience.groups)
        with self.as_if(prepared, draft.based_on + 1, self.clock.now()) as pretending:
            for number, past in enumerate(chosen):
                if number % REPORT_EVERY == 0:
                    self._report(draft, number, len(chosen))
                asker = people.get(past.person)
                reader = Reader(asker.groups) if asker is not None else readers
                before, after = _both(past, reader, self.live, pretending, enough)
                yield Tried(redact(past.question), past.person, past.good, before, after)

    def _report(self, draft: Draft, done: int, total: int) -> None:
        with self.store.write() as unit:
            if not unit.trials.advance(draft.id, draft.version, done, total):
                raise Overtaken(draft.id)


def _both(past: Past, reader: Reader, live: Retriever, pretending: Retriever, enough: float) -> tuple[Seen, Seen]:
    """Return what a question gets now and would get; it is embedded once, if its vector is not known."""
    words = in_english(past.question, language_of(past.question))
    platform = Platform(past.platform) if past.platform in {one.value for one in Platform} else None
    vector, seen = past.vector, []
    for retriever in (live, pretending):
        asked = Question(words, np.asarray(vector, dtype=np.float32) if vector else None)
        found = retriever.retrieve(asked, Scope(reader, platform))
        vector = vector or found.vector
        seen.append(_first(found, found.confidence >= enough and not in_doubt(found, without_mood(words), (), enough)))
    return seen[0], seen[1]


def _first(found: Retrieval, answered: bool) -> Seen:
    if not found.ranked:
        return Seen(False, round(found.confidence, 3))
    passage = found.ranked[0].passage
    text = passage.text if len(passage.text) <= SHOWN else f"{passage.text[: SHOWN - 1].rstrip()}…"
    return Seen(answered, round(found.confidence, 3), passage.article.id, passage.article.title, passage.heading, text)


def _once(asked: Sequence[Past]) -> list[Past]:
    """Return one question of each wording, the first."""
    return list({" ".join(one.question.lower().split()): one for one in reversed(asked)}.values())[::-1]


def _nearness(one: Past, rows: np.ndarray) -> float:
    return float((rows @ np.asarray(one.vector, dtype=np.float32)).max()) if len(one.vector) == rows.shape[1] else -1.0
