"""Alerts and what they are grouped into, as tables keep them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from assistant.domain.alert import Alert, AlertGroup, Fingerprint, Judgement, Report, Standing, Weights


class AlertsChanged(Exception):
    """Somebody changed the groups meanwhile; load them again."""


class Alerts(Protocol):
    """Reports as they came, alerts, groups, judgements and weights. Reports are worked on in the order of their arrival."""

    def receive(self, reports: Sequence[Report]) -> None:
        """Store reports: those with a reason to keep them ``aside`` are never worked on, the others wait."""

    def waiting(self, limit: int) -> list[Report]:
        """Return the reports that wait, in the order of their arrival."""

    def worked_on(self, numbers: Collection[int]) -> None:
        """Let these reports wait no more. One with a lower number may come later: where many write at once, numbers are not the order of commits."""

    def kept_aside(self, limit: int, before: int = 0) -> list[Report]:
        """Return reports that were kept aside, the last first; ``before`` leaves those of that number and above."""

    def of_fingerprints(self, fingerprints: Collection[Fingerprint]) -> dict[Fingerprint, Alert]:
        """Return the latest alert of each fingerprint, where there is one."""

    def keep(self, alerts: Sequence[Alert]) -> None:
        """Store alerts, also in place of what was stored of them."""

    def alerts_of(self, group: str, limit: int = 1_000, after: str = "") -> list[Alert]:
        """Return the alerts of a group by their ids; ``after`` is the last one of the page before."""

    def with_ids(self, ids: Collection[str]) -> list[Alert]:
        """Return these alerts, where they exist."""

    def move(self, ids: Collection[str], group: str) -> None:
        """Put alerts into another group."""

    def move_all(self, group: str, into: str) -> None:
        """Put all alerts of a group into another one."""

    def tally(self, groups: Collection[str]) -> dict[str, tuple[int, int, int, int]]:
        """Return, for each group with alerts: its alerts, those that fire, those that fire and do not flap, and its different devices."""

    def devices_of(self, group: str, limit: int) -> list[str]:
        """Return the different devices of a group, by name."""

    def group(self, group: str) -> AlertGroup | None:
        """Return a group, or None."""

    def these(self, groups: Collection[str]) -> dict[str, AlertGroup]:
        """Return these groups by id, where they exist."""

    def groups(self, standings: Collection[Standing], limit: int, before: datetime | None = None) -> list[AlertGroup]:
        """Return groups, those with the latest alert first; ``before`` leaves those whose last alert is not before it."""

    def calming(self, standing: Standing, until: datetime, limit: int) -> list[AlertGroup]:
        """Return the groups of a standing of which nothing fires since ``until`` or before."""

    def lonely(self, until: datetime, since: datetime, limit: int) -> list[AlertGroup]:
        """Return the single groups with a critical alert that fires, does not flap and began by ``until``, with a last alert after ``since``."""

    def keep_groups(self, groups: Sequence[AlertGroup]) -> None:
        """Store groups, also in place of what was stored of them."""

    def revision(self) -> int:
        """Return a number that grows with every change of groups by ``advance``."""

    def advance(self, expected: int) -> int:
        """Raise the revision, and return it.

        Raises:
            AlertsChanged: it is not the expected one.
        """

    def judge(self, judgement: Judgement) -> None:
        """Store a judgement, also in place of what was stored of it."""

    def judgement(self, judgement: str) -> Judgement | None:
        """Return a judgement, or None."""

    def judgements(self, since: datetime, until: datetime) -> list[Judgement]:
        """Return judgements of a time, oldest first, also those that were undone."""

    def judgements_of(self, group: str) -> list[Judgement]:
        """Return the judgements about a group, oldest first."""

    def made_incidents(self, since: datetime, until: datetime) -> int:
        """Return how many groups with a ticket have their first alert in a time."""

    def weights(self) -> list[Weights]:
        """Return all versions of the rules' weights, the newest first."""

    def keep_weights(self, weights: Weights) -> None:
        """Store a version, also in place of what was stored of it."""

    def counts(self) -> Mapping[str, int]:
        """Return how many groups stand how, by standing, and how many reports are ``waiting`` and ``aside``."""
