"""All tools by name. What is not here does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assistant.agent.tools import access, changes, devices, joining, tickets
from assistant.agent.tools.tool import Hands, Offered, Tool
from assistant.domain.action import Action, Effect, Plan, Tier
from assistant.governance.policy import Policy

TOOLS: dict[str, Tool] = {tool.name: tool for tool in (*access.TOOLS, *tickets.TOOLS, *devices.TOOLS, *joining.TOOLS, *changes.TOOLS)}


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
    return {tool.name: reason for tool in TOOLS.values() if (reason := why_off(tool, policy, hands))}


def why_off(tool: Tool, policy: Policy, hands: Hands) -> str:
    """Return why a tool cannot be used in this installation, "" when it can."""
    return tool.missing(hands) or _misjudged(tool, policy)


def _misjudged(tool: Tool, policy: Policy) -> str:
    if not tool.offered:
        return ""
    rule = policy.tools.get(tool.name)
    if rule is None:
        return "the policy does not name it"
    return "the policy takes it for one that only shows something" if tool.effect is Effect.WRITE and rule.tier is Tier.READ else ""


def schemas(offers: Sequence[Offered], policy: Policy, hands: Hands) -> list[dict[str, Any]]:
    """Return the tools that a model may be shown now."""
    off = switched_off(policy, hands)
    return [tool.schema(offers) for tool in TOOLS.values() if tool.offered and tool.name not in off]
