"""A repository of articles in memory: what was written there, in order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from assistant.ports.articles import Change, Written
from assistant.ports.outside import Refused
from kb.drafts import BUILT_IN
from kb.model import Article


@dataclass(slots=True)
class MemoryTarget:
    """The ``ArticleTarget`` port. ``files`` holds the merged text of each path, ``changes`` what waits to be merged."""

    source: str = "handbook"
    name: str = "a repository in memory"
    files: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)

    def reaches(self, article: Article) -> bool:
        """See the port."""
        return article.source == BUILT_IN or (article.source == self.source and article.path.endswith(".md"))

    def unlike(self, article: Article, known: Collection[str]) -> str:
        """See the port."""
        waiting = [one.document.text for one in self.changes.values() if one.document.article_id == article.id]
        now = waiting[-1] if waiting else self.files.get(article.path, "")
        return "" if article.source == BUILT_IN or now in known else f"The file {article.path} was changed in the repository."

    def write(self, change: Change) -> Written:
        """See the port."""
        document = change.document
        path = document.path or f"{document.article_id}.md"
        if change.key not in self.changes:
            if document.source != BUILT_IN and path in self.files and self.files[path] not in (*change.known, document.text):
                raise Refused(f"The file {path} was changed in the repository.")
            self.changes[change.key] = change
        return Written(path, f"firstline/{document.article_id}", str(list(self.changes).index(change.key)))
