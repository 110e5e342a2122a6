"""What access may still be given, and how long it may last. Pure rules; the caller loads what they look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from assistant.domain.action import Action, Status
from assistant.domain.configuration import Entitlement, Person

LOOK_BACK = timedelta(days=366)
"""Grants that began earlier than this have nothing to do with what is given up now."""


def asked_for(arguments: Mapping[str, str]) -> dict[str, Any]:
    """Return those facts for the policy that follow from an action's arguments, which its hash covers."""
    found: dict[str, Any] = {"group": arguments["group"]} if "group" in arguments else {}
    return found | {name: int(arguments[name]) for name in ("days", "touches") if name in arguments}


def can_be_asked_for(action: Action, person: Person, entitlements: Iterable[Entitlement]) -> bool:
    """Say whether the access that an action grants for a time stands in the list at this moment, and is open to the person."""
    if not action.ends:
        return True
    wanted = next((one for one in entitlements if one.id == action.arguments.get("group")), None)
    return wanted is not None and (not wanted.open_to or bool(person.groups & set(wanted.open_to)))


def gives_back(original: Action) -> bool:
    """Say whether taking an action back gives access to somebody, which then nobody approves."""
    return "group" in original.arguments and not original.ends


def outlived(original: Action, of_person: Iterable[Action], at: datetime) -> bool:
    """Say whether the access that taking an action back would give came from a timed grant that has ended since.

    ``of_person`` are the actions of the same person, from ``LOOK_BACK`` before the original on.
    """
    if not gives_back(original):
        return False
    same = (one for one in of_person if one.ends and one.arguments.get("group") == original.arguments["group"])
    return any(_has_ended(one, original, at) for one in same if one.created_at < original.created_at)


def renewed(grant: Action, of_person: Iterable[Action]) -> bool:
    """Say whether the person was granted the same again after a grant, so that its end must not end that one.

    ``of_person`` are the actions of the same person, from the grant on.
    """
    later = (one for one in of_person if one.id != grant.id and one.tool == grant.tool and one.status is Status.DONE)
    same = (one for one in later if one.arguments.get("group") == grant.arguments.get("group"))
    return any(one.result.get("changed") and one.changed_at > grant.changed_at for one in same)


def _has_ended(grant: Action, original: Action, at: datetime) -> bool:
    if grant.status is Status.REVERTED:
        return grant.changed_at >= original.created_at
    return grant.status in (Status.DONE, Status.UNKNOWN) and grant.changed_at + timedelta(days=int(grant.ends)) <= at
