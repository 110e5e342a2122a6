"""Where articles are written beside the built-in store."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kb.model import Article, Document


@dataclass(frozen=True, slots=True)
class Change:
    """One revision as it goes into another place. The file may say any of ``known``, the texts of the revisions before, () for a new article.

    ``key`` stays the same however often the same change is written.
    """

    document: Document
    known: tuple[str, ...]
    summary: str
    author: str
    """Name of whoever wrote it."""
    author_email: str
    reviewer: str
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Written:
    """Where a change is now, for people and for the record: the file, the branch, the commit, and the remote it was pushed to, if any."""

    file: str
    branch: str
    commit: str
    pushed: str = ""


class ArticleTarget(Protocol):
    """A place where articles are kept as files under version control.

    Writing raises ``Refused`` (somebody has to look, nothing was lost) or ``Unavailable`` (try again) of ``ports.outside``.
    """

    @property
    def name(self) -> str:
        """What people call it."""

    def reaches(self, article: Article) -> bool:
        """Say whether the file that an article comes from can be written here; one that was written in Firstline always can."""

    def unlike(self, article: Article, known: Collection[str]) -> str:
        """Return why a change of the article could not be merged: its file says none of the ``known`` texts; "" when it could be."""

    def write(self, change: Change) -> Written:
        """Write a change so that it can be merged; the same change a second time is found and not written again."""
