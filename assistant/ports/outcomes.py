"""The outcome ledger: how episodes ended, what was asked in them, and which decisions were confirmed or rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from assistant.domain.measures import Cell
from assistant.domain.outcome import Asked, Judged, Settled, Wanted

AXES = ("day", "week", "hour", "channel", "category", "intent", "platform", "outcome", "reason")
"""What the ledger can be cut by. ``day`` is YYYY-MM-DD and ``week`` YYYY-Www of the end, ``hour`` 00 to 23 of the beginning, all in local time."""


class Outcomes(Protocol):
    """What is counted. An episode gets into the ledger by itself when a conversation is saved with its outcome."""

    def cells(self, start: date, end: date, by: Sequence[str] = (), where: Mapping[str, str] | None = None) -> list[Cell]:
        """Return what ended on the days in [start, end), by some of ``AXES``, in the order of their values; ``where`` picks values of axes.

        Without ``by`` there is one cell, also when nothing ended.

        Raises:
            ValueError: an axis is unknown.
        """

    def rows(
        self, start: date, end: date, where: Mapping[str, str] | None = None, limit: int = 50, skip: int = 0, reopened: bool = False
    ) -> list[Settled]:
        """Return the episodes behind a cell, those that stand or those that were ``reopened``, the latest first.

        Raises:
            ValueError: an axis is unknown.
        """

    def ask(self, asked: Asked) -> None:
        """Keep what an episode is about; the first question of an episode stays."""

    def asked(self, start: datetime, end: datetime) -> list[Asked]:
        """Return what was asked in [start, end), oldest first."""

    def judge(self, judged: Judged) -> None:
        """Keep a decision that waits for its person's verdict."""

    def decide(self, conversation: str, episode: int, step: str, right: bool, article: str = "") -> None:
        """Note the verdict on the decisions of a step that have none yet; with ``article`` on those alone that showed it first."""

    def judged(self, start: datetime, end: datetime) -> list[Judged]:
        """Return the decisions made in [start, end), oldest first."""

    def decisions_like(self, wanted: Wanted, start: datetime, end: datetime, limit: int = 50, skip: int = 0) -> list[Judged]:
        """Return some of them, the latest first."""
