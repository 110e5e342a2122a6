"""The table ``[compliance]`` of the policy: what devices have to be like, and when that is looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from assistant.domain.compliance import Check, Subject, version_of
from assistant.governance.policy import Policy
from kb.model import Platform

TABLE = "compliance"
CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
LONGEST_ID = 60


@dataclass(frozen=True, slots=True)
class ComplianceRules:
    """The checks, and the time of the day (HH:MM where the organisation is) at which the fleet is looked at; "" for never by itself."""

    at: str = ""
    checks: tuple[Check, ...] = ()

    def check(self, check_id: str) -> Check | None:
        """Return a check by its id, or None."""
        return next((one for one in self.checks if one.id == check_id), None)


def rules_of(policy: Policy) -> ComplianceRules:
    """Return what a policy says."""
    return cast(ComplianceRules, policy.practices[TABLE])


def read(table: Mapping[str, Any]) -> ComplianceRules:
    """Return the rules in a table of the policy file.

    Raises:
        TypeError: a value has a wrong form.
        ValueError: there is a key that nobody knows, or the rules contradict themselves.
    """
    _only(TABLE, table, "at", "checks")
    at = table.get("at", "")
    if not isinstance(at, str) or (at and not CLOCK.fullmatch(at)):
        raise ValueError(f"{TABLE}.at is {at!r} and has to be a time of the day as 03:00, or empty")
    checks = tuple(_check(row) for row in table.get("checks", ()))
    doubles = sorted({one.id for one in checks if [two.id for two in checks].count(one.id) > 1})
    if doubles:
        raise ValueError(f"{TABLE}.checks names {', '.join(doubles)} twice")
    if at and not checks:
        raise ValueError(f"{TABLE}.at says when to look, and there is no check to look at")
    return ComplianceRules(at, checks)


def _check(row: Mapping[str, Any]) -> Check:
    name = f"{TABLE}.checks {row.get('id')!r}"
    _only(name, row, "id", "name", "looks_at", "platforms", "at_most_days", "at_least")
    if not isinstance(row["id"], str) or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", row["id"]) or len(row["id"]) > LONGEST_ID:
        raise ValueError(f"{name}: an id has lower-case letters, digits and -, and at most {LONGEST_ID} of them")
    subject = Subject(row["looks_at"])
    platforms = frozenset(Platform(one) for one in row["platforms"])
    if not platforms:
        raise ValueError(f"{name}: it covers no platform")
    days, least = _days(name, row, subject), _least(name, row, subject, platforms)
    return Check(row["id"], str(row["name"]), subject, platforms, days, least)


def _days(name: str, row: Mapping[str, Any], subject: Subject) -> float:
    days = row.get("at_most_days", 0)
    if isinstance(days, bool) or not isinstance(days, int | float):
        raise TypeError(f"{name}: at_most_days is {days!r} and has to be a number")
    if (subject is Subject.SIGNATURES) != (days > 0):
        raise ValueError(f"{name}: at_most_days, more than 0, belongs to a check that looks at signatures, and only to it")
    return float(days)


def _least(name: str, row: Mapping[str, Any], subject: Subject, platforms: frozenset[Platform]) -> dict[Platform, str]:
    least = {Platform(platform): str(version) for platform, version in dict(row.get("at_least", {})).items()}
    if set(least) != (platforms if subject is Subject.OS_VERSION else set()):
        raise ValueError(f"{name}: at_least names a version for each platform of a check that looks at os_version, and belongs only there")
    unreadable = [version for version in least.values() if not version_of(version)]
    if unreadable:
        raise ValueError(f"{name}: {', '.join(unreadable)} is no version")
    return least


def _only(name: str, row: Mapping[str, Any], *known: str) -> None:
    unknown = sorted(set(row) - set(known))
    if unknown:
        raise ValueError(f"{name}: unknown: {', '.join(unknown)}")
