"""Writes published articles where they also go, after the commit that made them live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from assistant.domain.audit import AuditEntry
from assistant.ports.articles import ArticleTarget, Change
from assistant.ports.identity import Directory
from assistant.ports.outside import Refused
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.errands import DONE, Call, Ended
from kb.model import Article, Document, Revision

FIRSTLINE = "firstline"


@dataclass(frozen=True, slots=True)
class WriteArticle:
    """``article.write``: one revision as a change in the repository. A second call under the same key finds the first one's commit."""

    store: Store
    target: ArticleTarget
    directory: Directory
    revisions_of: Callable[[str], Sequence[Revision]]
    patience: timedelta = timedelta(days=3)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. What a later revision has replaced is not written any more: that one's change holds it."""
        del at
        article = unit.articles.article(entry.body["article"])
        return None if article is not None and article.revision == entry.body["revision"] else []

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        with self.store.read() as unit:
            article = unit.articles.article(call.entry.body["article"])
        found = {one.number: one for one in self.revisions_of(call.entry.body["article"])}
        now = found.get(call.entry.body["revision"])
        if article is None or now is None:
            raise Refused("the article was withdrawn")
        return asdict(self.target.write(self._change(article, now, [one.text for one in found.values() if one.number < now.number], call.entry.key)))

    def _change(self, article: Article, now: Revision, known: Sequence[str], key: str) -> Change:
        document = Document(
            article.id, article.source, article.path, now.title, now.text, now.owner, article.audience, now.platforms, now.review_by, now.tags
        )
        author, reviewer = (self.directory.person(one) if one else None for one in (now.author, now.reviewer))
        return Change(
            document=document,
            known=tuple(known),
            summary=now.why or f"{now.title}, revision {now.number}",
            author=author.name if author is not None else "Firstline",
            author_email=author.email if author is not None else "",
            reviewer=reviewer.name if reviewer is not None else "",
            at=now.published_at,
            key=key,
        )

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. Where it is, or why it is nowhere, stands in the audit."""
        body = {"article": entry.body["article"], "revision": entry.body["revision"]}
        known = {name: ended.result[name] for name in ("file", "branch", "commit") if ended.result.get(name)}
        decision = "written" if ended.state == DONE else "not written"
        unit.audit.append([AuditEntry(at, FIRSTLINE, "article", decision, detail=body | known)])
        return []
