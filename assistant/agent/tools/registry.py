"""All tools by name. What is not here does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.agent.tools import access, devices, tickets
from assistant.agent.tools.tool import Hands, Offered, Tool
from assistant.domain.action import Action, Effect, Plan
from assistant.governance.policy import Policy

TOOLS: dict[str, Tool] = {tool.name: tool for tool in (*access.TOOLS, *tickets.TOOLS, *devices.TOOLS)}


def undoing(action: Action) -> tuple[str, dict[str, str], Plan] | None:
    """Return by which tool, with which arguments and plan an action is taken back; None when it changed nothing or cannot be."""
    tool = TOOLS.get(action.tool)
    undo = tool.undo(action) if tool is not None and tool.undo is not None else None
    if undo is None:
        return None
    plan = Plan(f"Take back: {action.plan.title}", (TOOLS[undo.tool].about,), action.plan.blast_radius, "It can be asked for anew.")
    return undo.tool, undo.arguments, plan


def switched_off(policy: Policy, hands: Hands) -> dict[str, str]:
    """Return the tools that cannot be used in this installation, each with the reason."""
    off = {}
    for tool in TOOLS.values():
        reason = tool.missing(hands) or ("" if not tool.offered or tool.name in policy.tools else "the policy does not name it")
        if reason:
            off[tool.name] = reason
    return off


def schemas(offers: Sequence[Offered], policy: Policy, hands: Hands, changing: bool = True) -> list[dict[str, Any]]:
    """Return the tools that a model may be shown now; without those that change something where it reads what others wrote."""
    off = switched_off(policy, hands)
    usable = (tool for tool in TOOLS.values() if tool.offered and tool.name not in off)
    return [tool.schema(offers) for tool in usable if changing or tool.effect is Effect.READ]
