"""Decides what a file read now means for the articles that are live: new, changed, moved, the same, or gone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from pathlib import PurePath

from ingest.parse.read import ReadArticle
from kb.drafts import BUILT_IN
from kb.model import Article, Document
from kb.text import slug, stem

FOLDER_CHARACTERS = 30


class Change(StrEnum):
    """What happens with an article; the value is how reports count it."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"
    CAUGHT_UP = "caught up"
    """The article was edited in Firstline, and now the file says the same."""
    BEHIND = "behind"
    """The article was edited in Firstline, and the file is as it was before that."""


class Duplicate(Exception):
    """Two files of one run claim the same id; the message names the first."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A document with its final id and source, and what it changes."""

    document: Document
    change: Change


class Reconciliation:
    """Compares the files of a source, one after the other, with the articles that are live.

    An article keeps its id for its life: the file may be edited, moved, or both as long as one of the two leads back to
    it. An id that its author declared always wins. An id that is live in another source is taken; the folder's name
    goes before it. An article that was written in Firstline moves to the folder whose file declares its id. One that was edited in
    Firstline stays as it is while its file says what an earlier revision said; any other change of the file counts.
    """

    def __init__(self, source: str, live: Iterable[Article], paths: Collection[str], earlier: Callable[[str], Collection[str]]) -> None:
        """Compare ``source`` with all ``live`` articles; ``paths`` are the files that the source has now.

        ``earlier`` returns the content hashes of an article's revisions before the live one.
        """
        everything = list(live)
        self._source = source
        self._paths = frozenset(paths)
        self._own = {article.id: article for article in everything if article.source == source}
        self._foreign = {article.id for article in everything if article.source != source}
        self._built_in = {article.id: article for article in everything if article.source == BUILT_IN}
        self._earlier = earlier
        self._claimed: dict[str, str] = {}
        self._by_path: dict[str, list[Article]] = {}
        self._vanished: dict[str, list[Article]] = {}
        for article in self._own.values():
            self._by_path.setdefault(article.path, []).append(article)
            if article.path not in self._paths:
                self._vanished.setdefault(article.content_hash, []).append(article)

    def place(self, read: ReadArticle, alone: bool) -> Placed:
        """Say which article a document is; ``alone`` means that its file holds no other.

        Raises:
            Duplicate: an earlier file of this run has the same id.
        """
        document = replace(read.document, source=self._source)
        wanted = document.article_id
        identity = self._declared(wanted) if read.declared else self._kept(document, alone) or self._derived(wanted)
        if identity in self._claimed:
            raise Duplicate(f"has the id '{identity}' that {self._claimed[identity]} has already; rename one or give it an id")
        self._claimed[identity] = document.path
        return self._compare(replace(document, article_id=identity))

    def gone(self, failed: Collection[str], failed_rows: Collection[tuple[str, str]] = ()) -> list[str]:
        """Return the ids of articles whose file (or row) is no longer there.

        What is at or below a ``failed`` path, or is a failed row (path and title), may still exist and is kept.
        """
        return [
            article.id
            for article in self._own.values()
            if article.id not in self._claimed and (article.path, article.title) not in failed_rows and not _below(article.path, failed)
        ]

    def keeps(self, path: str) -> bool:
        """Say whether an article of this file is live."""
        return path in self._by_path

    def _compare(self, document: Document) -> Placed:
        current = self._own.get(document.article_id) or self._built_in.get(document.article_id)
        if current is None:
            return Placed(document, Change.ADDED)
        if current.content_hash != document.content_hash:
            behind = current.ahead and document.content_hash in self._earlier(current.id)
            return Placed(document, Change.BEHIND if behind else Change.CHANGED)
        if (current.source, current.path) != (document.source, document.path):
            return Placed(document, Change.RENAMED)
        return Placed(document, Change.CAUGHT_UP if current.ahead else Change.UNCHANGED)

    def _declared(self, wanted: str) -> str:
        if wanted in self._built_in:
            return wanted
        return next((name for name in self._names(wanted) if name in self._own), "") or self._free(wanted)

    def _kept(self, document: Document, alone: bool) -> str:
        """Return the id of the article that this file was before, at this path or at one that vanished, else nothing."""
        here = [article for article in self._by_path.get(document.path, ()) if article.id not in self._claimed]
        if not alone:
            here = [article for article in here if article.title == document.title]
        if len(here) == 1:
            return here[0].id
        moved = [article for article in self._vanished.get(document.content_hash, ()) if article.id not in self._claimed]
        return moved[0].id if moved else ""

    def _derived(self, wanted: str) -> str:
        """Return an id for a file that is new here; one that belongs to a file elsewhere in the source is not taken."""
        number = 1
        name = wanted
        while (current := self._own.get(name)) and current.path in self._paths and name not in self._claimed:
            if slug(stem(current.path)) == wanted:
                raise Duplicate(f"has the id '{wanted}' that {current.path} has already; rename one or give it an id")
            number += 1
            name = f"{wanted}-{number}"
        return name if name in self._own or name in self._claimed else self._free(name)

    def _free(self, wanted: str) -> str:
        return next(name for name in self._names(wanted) if name not in self._foreign)

    def _names(self, wanted: str) -> Sequence[str]:
        folder = slug(PurePath(self._source).name or "folder", FOLDER_CHARACTERS)
        mark = sha256(self._source.encode()).hexdigest()[:8]
        return wanted, f"{folder}/{wanted}", f"{folder}-{mark}/{wanted}"


def _below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)
