"""Composes what authors work with: drafts and their way to readers, over ready parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from assistant.agent.drafting import GapDrafting
from assistant.agent.steps.draft_with_model import DraftingModel
from assistant.agent.trying import TRY, Past, Trying
from assistant.carriage import Outward
from assistant.desk.authoring import WRITE, Authoring
from assistant.desk.experiments import opened
from assistant.desk.gaps import working
from assistant.governance.policy import Policy
from assistant.ports.articles import ArticleTarget
from assistant.ports.clock import Clock
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Store, UnitOfWork
from assistant.ports.ticketing import TicketDesk
from assistant.workflows.errands import Errand
from assistant.workflows.trying import TryDraft
from assistant.workflows.writing import WriteArticle
from kb.bootstrap import KnowledgeBase
from kb.drafts import BUILT_IN, Draft
from kb.lint.examine import contradictions, examine_beside
from kb.lint.findings import Findings
from kb.model import Document, Passage, Reader
from kb.overlay import Pretended
from kb.ports import ArticleStore, Prepared, Scope
from kb.publish import Publisher
from kb.retrieve import Question, Retriever
from kb.split import split
from kb.text import slug


class Following:
    """What follows from a draft, in its transaction: for the gap that it is for, and for the measurement of its effect."""

    def drafted(self, unit: UnitOfWork, gap_id: str, at: datetime) -> None:
        """The gap is being worked on."""
        working.drafted(unit, gap_id, at)

    def dropped(self, unit: UnitOfWork, gap_id: str, at: datetime) -> None:
        """The gap is as open as before."""
        working.dropped(unit, gap_id, at)

    def published(self, unit: UnitOfWork, gap_id: str, article_id: str, revision: int, at: datetime) -> None:
        """The gap has its article, and from now on it is measured what that changes."""
        working.published(unit, gap_id, article_id, at)
        opened(unit, gap_id, article_id, revision, at)


COMPARED, NEAR_EACH, QUESTION_LENGTH = 20, 12, 600
"""So many passages of a draft are each compared with so many near ones; of a passage so many characters are searched with."""


@dataclass(frozen=True, slots=True)
class Authors:
    """What authors work with, and what the outbox does for them."""

    authoring: Authoring
    drafting: GapDrafting
    trying: Trying
    compare: Callable[[Draft, Reader], Findings]
    """Says what a draft says twice or against the articles near it that a reader may see."""

    @property
    def errands(self) -> dict[str, Errand]:
        """What the outbox does for authors, by kind."""
        authoring, target = self.authoring, self.authoring.target
        written = {} if target is None else {WRITE: WriteArticle(authoring.store, target, authoring.directory, authoring.revisions_of)}
        return {TRY: TryDraft(self.trying), **written}


def authoring_of(
    outward: Outward,
    store: Store,
    clock: Clock,
    knowledge: Knowledge,
    articles: ArticleStore,
    publisher: Publisher,
    target: ArticleTarget | None = None,
) -> Authoring:
    """Return every way in of what authors do."""

    def prepare(document: Document) -> Prepared:
        return publisher.prepare(document, split(document.text))

    directory, workplace = outward.directory, outward.workplace
    return Authoring(store, directory, workplace, knowledge, clock, articles.articles, articles.revisions, prepare, target, Following())


def authors_of(
    authoring: Authoring,
    base: KnowledgeBase,
    in_force: Callable[[UnitOfWork], Policy],
    kept: Callable[[str], bool],
    model: DraftingModel | None,
    desk: TicketDesk | None,
) -> Authors:
    """Return what authors work with; ``kept`` says whether the words of a question were kept."""

    def prepare(draft: Draft) -> Prepared:
        return authoring.prepare(draft.document(draft.article or slug(draft.content.title) or draft.id, BUILT_IN, ""))

    def as_if(prepared: Prepared, revision: int, at: datetime) -> AbstractContextManager[Retriever]:
        return base.as_if(Pretended(prepared, revision, at))

    trying = Trying(authoring.store, authoring.directory, authoring.clock, prepare, base.retriever, as_if, in_force, _past_of_gap, kept)
    drafting = GapDrafting(authoring, model, _contradicting, desk.name if desk is not None else "")

    def compare(draft: Draft, reader: Reader) -> Findings:
        return _beside(base, Pretended(prepare(draft), draft.based_on + 1, authoring.clock.now()), reader)

    return Authors(authoring, drafting, trying, compare)


def _beside(base: KnowledgeBase, pretended: Pretended, reader: Reader) -> Findings:
    """Compare an article with the live passages that come nearest to its own, without those of its live revision."""
    scope, mine, near = Scope(reader), pretended.candidates, dict[str, None]()
    for one in mine[:COMPARED]:
        question = Question(f"{one.passage.article.title}. {one.passage.text}"[:QUESTION_LENGTH], one.vectors[0] if len(one.vectors) else None)
        found = base.retriever.retrieve(question, scope, NEAR_EACH, (pretended.article.id,))
        near.update(dict.fromkeys(item.passage.id for item in found.ranked))
    return examine_beside(mine, base.store.candidates(list(near), scope, base.embedder.identity))


def _past_of_gap(unit: UnitOfWork, gap_id: str) -> list[Past]:
    return [Past(one.question, one.vector, one.platform, one.asker, one.asked_at) for one in unit.gaps.members(gap_id)]


def _contradicting(passages: Sequence[Passage]) -> list[tuple[str, str, str]]:
    return [(one.first.article, one.second.article, one.reason) for one in contradictions(passages, {})]
