"""Draws at retrieval: somebody asks about an article, mostly one that they may not read, and everything that comes back is examined."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from evals.permissions.canaries import Canary
from evals.permissions.company import Aim, Company
from evals.permissions.tally import Tally
from kb.model import Citation, Platform, Reader, Retrieval
from kb.ports import Hit, Scope, Vector
from kb.retrieve import Question, Searches

HIDDEN_SHARE = 0.6
PROBE_EVERY = 10
LIMIT = 60


@dataclass(slots=True)
class Watched:
    """An index of the service, with a note of every hit that it returned."""

    index: Any
    hits: list[str] = field(default_factory=list)

    def search(self, *asked: Any) -> list[Hit]:
        """Search, and note the hits."""
        found: list[Hit] = self.index.search(*asked)
        self.hits += [hit.passage_id for hit in found]
        return found

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the index."""
        return getattr(self.index, name)


@contextmanager
def watching(company: Company) -> Iterator[tuple[Watched, Watched]]:
    """Watch both indexes of the service's own retriever inside the block."""
    retriever: Any = company.assistant.knowledge_base.retriever
    kept: Searches = retriever._searches
    lexical, vector = Watched(kept.lexical), Watched(kept.vector)
    retriever._searches = replace(kept, lexical=lexical, vector=vector)
    try:
        yield lexical, vector
    finally:
        retriever._searches = kept


@dataclass(slots=True)
class Draws:
    """Draws at retrieval, one after another."""

    company: Company
    tally: Tally
    watched: tuple[Watched, Watched]
    aims: list[Aim] = field(default_factory=list)
    vectors: dict[str, Vector] = field(default_factory=dict)
    answered: tuple[str, Canary] | None = None
    """The last question whose asker was shown the article: the next one asks the same without the right."""

    def one(self) -> None:
        """Draw once."""
        company, tally = self.company, self.tally
        person, canary, question, place = self._drawn()
        groups = company.record.groups[person]
        platform = company.random.choice((None, *Platform))
        found = self._retrieve(person, question, platform)
        shown = self._examine(found, groups, place, f"{person} asked {question!r}", platform)
        if canary.document.article_id in shown and company.record.admits(groups, canary.document.article_id):
            tally.entitled_found += 1
            self.answered = (question, canary) if place != "cache" and self._strangers_to(canary) else None
        tally.stranger_draws += not company.record.admits(groups, canary.document.article_id)
        if tally.draws % PROBE_EVERY == 0:
            self._probe(person, canary)
        tally.draws += 1

    def _drawn(self) -> tuple[str, Canary, str, str]:
        """Return who asks, about what, in which words, and where a leak would come from."""
        company = self.company
        if self.aims:
            aim = self.aims.pop()
            return aim.person, aim.canary, company.random.choice(company.maker.questions(aim.canary)), "retrieval"
        if self.answered is not None:
            question, canary = self.answered
            self.answered = None
            return company.random.choice(self._strangers_to(canary) or company.people), canary, question, "cache"
        canary = company.some_live()
        sides = self._strangers_to(canary), company.readers(canary)
        chosen = sides[company.random.random() > HIDDEN_SHARE]
        person = company.random.choice(chosen or company.people)
        return person, canary, company.random.choice(company.maker.questions(canary)), "retrieval"

    def _strangers_to(self, canary: Canary) -> list[str]:
        readers = set(self.company.readers(canary))
        return [name for name in self.company.people if name not in readers]

    def _retrieve(self, person: str, question: str, platform: Platform | None) -> Retrieval:
        """Ask as a turn does: with the groups that the directory says now."""
        base, directory = self.company.assistant.knowledge_base, self.company.assistant.directory
        if question not in self.vectors:
            self.vectors[question] = base.embedder.embed([question])[0]
        for index in self.watched:
            index.hits.clear()
        someone = directory.person(person)
        assert someone is not None
        return base.retriever.retrieve(Question(question, self.vectors[question]), Scope(Reader(someone.groups), platform), LIMIT)

    def _examine(self, found: Retrieval, groups: frozenset[str], place: str, why: str, platform: Platform | None) -> set[str]:
        """Count what came back and should not have; return the articles that came back."""
        record, leaked = self.company.record, set()
        for item in found.ranked:
            article = item.passage.article
            words = f"{article.id} {article.title} {article.tags} {item.passage.heading} {item.passage.text}"
            if not record.admits(groups, article.id) or record.hidden_in(words, groups):
                leaked.add(item.passage.id)
            self.tally.wrong_device += bool(platform and article.platforms and platform not in article.platforms)
        self.tally.leak(place, leaked, why)
        for index in self.watched:
            outside = sum(not record.admits(groups, key.rpartition("@")[0]) for key in index.hits)
            self.tally.filter_misses += outside if self.company.followed else 0
            self.tally.stale_hits += 0 if self.company.followed else outside
        return {article.id for article in found.articles}

    def _probe(self, person: str, canary: Canary) -> None:
        """Try the other ways to an article: its passages, its pages, every revision, a citation that was made while it was readable."""
        company, knowledge = self.company, self.company.assistant.knowledge
        article_id, groups = canary.document.article_id, company.record.groups[person]
        reader, why = Reader(groups), f"{person} went to {article_id}"
        passages = knowledge.passages_of(article_id, reader)
        leaked = {passage.id for passage in passages if company.record.hidden_in(f"{passage.heading} {passage.text}", groups)}
        self.tally.leak("retrieval", leaked, why)
        for number, audience in enumerate(company.record.audiences[article_id], 1):
            seen = knowledge.article(article_id, reader, number)
            allowed = company.record.admits(groups, article_id) and (not audience or bool(audience & groups))
            if seen is not None and not allowed:
                self.tally.leak("citation", {f"{article_id}@{number}"}, f"{why}, revision {number}")
        latest = len(company.record.audiences[article_id])
        citation = Citation(article_id, latest, canary.document.title, "", "", 0, 0)
        if not company.record.admits(groups, article_id) and knowledge.still_true([citation], reader):
            self.tally.leak("citation", {f"{article_id}@{latest}"}, f"{why}, an old citation was confirmed")
