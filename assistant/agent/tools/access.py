"""Tools over one's own account: unlock, reset, ask for access, give it up."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from assistant.agent import wording
from assistant.agent.tools.tool import Hands, Slot, Surroundings, Tool, Undo
from assistant.domain.action import Action, Effect, Plan
from assistant.domain.configuration import Entitlement
from assistant.domain.step_up import may_recover
from assistant.ports.notify import Notice
from assistant.ports.outside import Refused, Unavailable, Uncertain

DAYS = ("1", "7", "30", "90")


def _account(surroundings: Surroundings) -> str:
    return f"the account {surroundings.person.id} of {surroundings.person.name}, and nothing else"


def _unable(call: str) -> Callable[[Hands], str]:
    return lambda hands: hands.directory.unable().get(call, "")


def _nothing_to_ask_for(hands: Hands) -> str:
    return "" if hands.workplace.entitlements() else "the people file names no access that can be asked for"


def _named(surroundings: Surroundings, group: str) -> Entitlement:
    return next((one for one in surroundings.entitlements if one.id == group), Entitlement(group, group))


# -- unlock -----------------------------------------------------------------------------------------------------------


def _plan_unlock(surroundings: Surroundings, _arguments: Mapping[str, str]) -> Plan:
    lines = ("Unlock your account after too many wrong passwords.", "Your password stays as it is.")
    return Plan("Unlock your account", lines, _account(surroundings), "It can be locked again.")


def _is_locked(hands: Hands, action: Action) -> bool:
    return hands.directory.account(action.subject).locked


def _is_unlocked(hands: Hands, action: Action) -> bool:
    return not hands.directory.account(action.subject).locked


def _is_member(hands: Hands, action: Action) -> bool:
    return action.arguments["group"] in hands.directory.account(action.subject).groups


def _is_no_member(hands: Hands, action: Action) -> bool:
    return not _is_member(hands, action)


def _unlock(hands: Hands, action: Action) -> dict[str, Any]:
    return {"changed": hands.directory.unlock(action.subject)}


def _undo_unlock(action: Action) -> Undo | None:
    return Undo("lock_account", {}) if action.result.get("changed") else None


UNLOCK = Tool(
    "unlock_account",
    Effect.WRITE,
    "Unlock the caller's own account when it is locked after too many wrong passwords.",
    plan=_plan_unlock,
    outside=_unlock,
    would_change=_is_locked,
    undo=_undo_unlock,
    missing=_unable("unlock"),
    done="Your account is unlocked. You can sign in with your password again.",
    unchanged="Your account was not locked, so I changed nothing. If you cannot sign in, the reason is another one.",
    category="password",
)


def _lock(hands: Hands, action: Action) -> dict[str, Any]:
    return {"changed": hands.directory.lock(action.subject)}


LOCK = Tool(
    "lock_account",
    Effect.WRITE,
    "Lock an account again.",
    outside=_lock,
    would_change=_is_unlocked,
    offered=False,
    done="The account is locked again.",
)


# -- reset ------------------------------------------------------------------------------------------------------------


def _plan_reset(surroundings: Surroundings, _arguments: Mapping[str, str]) -> Plan:
    lines = (
        "Set a temporary password on your own account.",
        "It goes to your registered second channel, never into this conversation.",
        "At the next sign-in you choose a new one. Devices that have the old password stored will ask again.",
    )
    return Plan("Reset your password", lines, _account(surroundings), "This cannot be undone. A one-time code confirms that it is you.")


def _reset(hands: Hands, action: Action) -> dict[str, Any]:
    """Set the password and send it in one breath: it exists nowhere else. Done twice, the later one counts, and is a message of its own."""
    person = hands.directory.person(action.subject)
    if person is None or not may_recover(person, hands.workplace.company().domain):
        raise Refused("no second channel is registered that opens without the account")
    temporary = hands.directory.reset_password(action.subject)
    if temporary is not None:
        text = "You asked for a new password. Sign in with this temporary one and choose your own at once:"
        notice = Notice(person.recovery, "Your temporary password", text, temporary)
        try:
            hands.notifier.send(notice, f"{action.id}-password-{secrets.token_hex(4)}")
        except (Refused, Unavailable) as error:
            raise Uncertain(f"the password is a new one, but nobody could be told: {error}") from error
    return {"changed": True, "sent": temporary is not None}


RESET = Tool(
    "reset_password",
    Effect.WRITE,
    "Reset the caller's own password when it is forgotten or expired. A temporary one goes to the registered second channel.",
    plan=_plan_reset,
    outside=_reset,
    missing=_unable("reset_password"),
    done="Your password is reset. The temporary one is on its way to your registered second channel; choose your own when you sign in.",
    category="password",
)


# -- access -----------------------------------------------------------------------------------------------------------


def _plan_grant(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    """Those who approve it read the same plan, so it says of whom it speaks."""
    wanted, days, name = _named(surroundings, arguments["group"]), arguments["days"], surroundings.person.name
    lines = (
        f"{name} gets access to {wanted.name} for {days} {'day' if days == '1' else 'days'}. {wanted.description}".strip(),
        f"That is a membership in the group {wanted.id}, which ends by itself.",
        f"The manager of {name} and the owner of this access have to agree first.",
    )
    return Plan(f"Access to {wanted.name}", lines, f"the membership of {name} in {wanted.id}, and nothing else", "It can be taken back at any time.")


def _facts_grant(surroundings: Surroundings, arguments: Mapping[str, str]) -> dict[str, Any]:
    wanted = _named(surroundings, arguments["group"])
    return {"group": wanted.id, "category": wanted.category, "amount": float(wanted.cost), "days": int(arguments["days"])}


def _grant(hands: Hands, action: Action) -> dict[str, Any]:
    return {"changed": hands.directory.grant(action.subject, action.arguments["group"])}


def _undo_grant(action: Action) -> Undo | None:
    return Undo("end_access", {"group": action.arguments["group"]}) if action.result.get("changed") else None


GRANT = Tool(
    "grant_access",
    Effect.WRITE,
    "Ask for access of the caller to something for a number of days. Others approve it.",
    (Slot("group", "What access is asked for.", "entitlement"), Slot("days", "For how many days.", values=DAYS)),
    plan=_plan_grant,
    facts=_facts_grant,
    outside=_grant,
    would_change=_is_no_member,
    undo=_undo_grant,
    missing=_nothing_to_ask_for,
    done="You have the access now, for {days} days. Sign out and in again if it does not show.",
    unchanged="You had this access already, so I changed nothing.",
    category="access",
)


def _end(hands: Hands, action: Action) -> dict[str, Any]:
    return {"changed": hands.directory.revoke(action.subject, action.arguments["group"])}


END = Tool(
    "end_access",
    Effect.WRITE,
    "End an access.",
    outside=_end,
    would_change=_is_member,
    offered=False,
    done="The access has ended.",
    category="access",
)


def _plan_give_up(surroundings: Surroundings, arguments: Mapping[str, str]) -> Plan:
    given = _named(surroundings, arguments["group"])
    lines = (f"End your membership in {given.id}.", f"You lose access to {given.name}.")
    return Plan(f"Give up access to {given.name}", lines, f"your membership in {given.id}, and nothing else", "It can be given back within a day.")


def _facts_give_up(surroundings: Surroundings, arguments: Mapping[str, str]) -> dict[str, Any]:
    return {"group": arguments["group"], "category": _named(surroundings, arguments["group"]).category}


def _undo_give_up(action: Action) -> Undo | None:
    return Undo("restore_access", {"group": action.arguments["group"]}) if action.result.get("changed") else None


GIVE_UP = Tool(
    "give_up_access",
    Effect.WRITE,
    "Give up an access that the caller has and no longer needs.",
    (Slot("group", "Which access.", "held"),),
    plan=_plan_give_up,
    facts=_facts_give_up,
    outside=_end,
    would_change=_is_member,
    undo=_undo_give_up,
    missing=_nothing_to_ask_for,
    done="Your access has ended.",
    category="access",
)
RESTORE = Tool(
    "restore_access",
    Effect.WRITE,
    "Give an access back.",
    outside=_grant,
    would_change=_is_no_member,
    offered=False,
    done="The access is back.",
    category="access",
)


def _show_access(surroundings: Surroundings, _arguments: Mapping[str, str]) -> str:
    held = [one for one in surroundings.entitlements if one.id in surroundings.person.groups]
    return wording.access(held, [one for one in surroundings.entitlements if one.offered_to(surroundings.person)])


MY_ACCESS = Tool("my_access", Effect.READ, "Show which access the caller has and can ask for.", show=_show_access, category="access")
TOOLS = (UNLOCK, LOCK, RESET, GRANT, END, GIVE_UP, RESTORE, MY_ACCESS)
