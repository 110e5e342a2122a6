"""Tools of joiners and leavers. Only the checklist of a case begins them, from its records; an approver sees what would be done."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from assistant.agent.tools.tool import Hands, Tool, Undo
from assistant.domain.action import Action, Effect, Status
from assistant.ports.identity import NoSuchAccount
from assistant.ports.outside import Refused
from assistant.ports.store import OutboxEntry, UnitOfWork

ENDED = "joiner.ended"
"""The errand that moves the step of an action that has ended."""


def _ended(unit: UnitOfWork, action: Action, at: datetime) -> None:
    unit.outbox.put(OutboxEntry(f"{ENDED}:{action.id}:{action.status}", ENDED, {"action": action.id}, at, at))


def _groups(action: Action) -> list[str]:
    return list(json.loads(action.arguments.get("groups", "[]")))


def _open(hands: Hands, action: Action) -> dict[str, Any]:
    """Open the account that the case describes, if it is still the one that was decided about."""
    known = hands.newcomers(action.arguments["case"])
    if known is None or known[1] != action.arguments["digest"]:
        raise Refused("what is known of the person has changed since")
    return {"changed": hands.directory.create(known[0])}


def _is_new(hands: Hands, action: Action) -> bool:
    try:
        hands.directory.account(action.subject)
    except NoSuchAccount:
        return True
    return False


def _close(hands: Hands, action: Action) -> dict[str, Any]:
    return {"changed": hands.directory.disable(action.subject)}


def _is_on(hands: Hands, action: Action) -> bool:
    return hands.directory.account(action.subject).active


def _reopen(hands: Hands, action: Action) -> dict[str, Any]:
    return {"changed": hands.directory.enable(action.subject)}


def _give(hands: Hands, action: Action) -> dict[str, Any]:
    """Give all groups of the list. Done again after a broken call, it gives those that are missing."""
    return {"given": [group for group in _groups(action) if hands.directory.grant(action.subject, group)]}


def _end(hands: Hands, action: Action) -> dict[str, Any]:
    """End the memberships of the list; where somebody leaves, also those that came in the moment between."""
    more = hands.directory.account(action.subject).groups if action.arguments.get("everything") else frozenset()
    return {"ended": [group for group in sorted({*_groups(action), *more}) if hands.directory.revoke(action.subject, group)]}


def _changes(action: Action) -> bool:
    return action.status is Status.UNKNOWN or bool(action.result.get("changed", True))


OPEN = Tool(
    "open_account",
    Effect.WRITE,
    "Open the account of somebody who joins, without a password.",
    outside=_open,
    would_change=_is_new,
    undo=lambda action: Undo("close_account", {}) if _changes(action) else None,
    offered=False,
    missing=lambda hands: hands.directory.unable().get("create", ""),
    ended=_ended,
    done="The account is open.",
)
CLOSE = Tool(
    "close_account",
    Effect.WRITE,
    "Switch an account off.",
    outside=_close,
    would_change=_is_on,
    undo=lambda action: Undo("reopen_account", {}) if _changes(action) else None,
    offered=False,
    missing=lambda hands: hands.directory.unable().get("disable", ""),
    ended=_ended,
    done="The account is switched off.",
)
REOPEN = Tool(
    "reopen_account",
    Effect.WRITE,
    "Switch an account on again.",
    outside=_reopen,
    offered=False,
    ended=_ended,
    done="The account is switched on again.",
)
GIVE = Tool(
    "give_groups",
    Effect.WRITE,
    "Make somebody who joins a member of the groups of their checklist.",
    outside=_give,
    undo=lambda action: Undo("take_groups", {"groups": action.arguments["groups"]}),
    offered=False,
    ended=_ended,
    done="The memberships are there.",
)
END = Tool(
    "take_groups",
    Effect.WRITE,
    "End the memberships of somebody who leaves.",
    outside=_end,
    undo=lambda action: Undo("give_groups", {"groups": action.arguments["groups"]}),
    offered=False,
    ended=_ended,
    done="The memberships have ended.",
)
TOOLS = (OPEN, CLOSE, REOPEN, GIVE, END)
