"""What was decided in a conversation, from the tables, in words that mean the same wherever it was played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant


class Decision(BaseModel):
    """One reply as it was stored. Generated ids stand as what they name: ``do:unlock_account``, ``topic:vpn-windows``, ``again``."""

    kind: str
    state: str
    cites: tuple[str, ...] = ()
    """Articles with their revisions, in order."""
    choices: tuple[str, ...] = ()
    ticket: str = ""
    action: str = ""
    """Tool and status."""
    language: str = ""


class Decided(BaseModel):
    """All replies of a conversation, and what governance decided on the way."""

    replies: tuple[Decision, ...] = ()
    dispositions: tuple[str, ...] = ()
    """Step, decision and rule of every entry of the audit about the conversation, sorted: errands that run beside one another end in any order."""


def decided(assistant: Assistant, conversation: str) -> Decided:
    """Return what was decided in a conversation; nothing where it does not exist."""
    if not conversation:
        return Decided()
    with assistant.store.read() as unit:
        events = unit.conversations.events(conversation)
        tools = {action.id: action.tool for action in unit.actions.of_conversation(conversation)}
        lines = unit.audit.lines(0, 10_000, mentioning=conversation)
    replies = tuple(_decision(event.body["reply"], tools) for event in events if event.body["type"] == "reply")
    facts = (line.facts for line in lines)
    return Decided(
        replies=replies, dispositions=tuple(sorted(" ".join(str(one.get(name, "")) for name in ("step", "decision", "rule")) for one in facts))
    )


def _decision(reply: dict[str, Any], tools: dict[str, str]) -> Decision:
    ticket, action = reply["ticket"], reply["action"]
    return Decision(
        kind=reply["kind"],
        state=reply["state"],
        cites=tuple(f"{one['article']}@{one['revision']}" for one in reply["citations"]),
        choices=tuple(_meaning(one, tools) for one in reply["choices"]),
        ticket=f"{ticket['queue']} {ticket['status']}{' attached' if ticket['attached'] else ''}" if ticket else "",
        action=f"{action['tool']} {action['status']}" if action else "",
        language=reply["language"],
    )


def _meaning(choice: dict[str, Any], tools: dict[str, str]) -> str:
    kind, mark, rest = str(choice["id"]).partition(":")
    if kind in ("do", "drop", "show", "undo"):
        return f"{kind}:{tools.get(rest, '?')}"
    if kind == "topic":
        return f"topic:{choice['article']}"
    return kind if kind == "again" else f"{kind}{mark}{rest}"
