"""The tools by which the desk has a change authorised, and taken back. No conversation offers them: they begin from records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assistant.agent.tools.tool import Tool, Undo
from assistant.desk.changing.carrying_out import authorised, take_back
from assistant.desk.changing.opening import not_authorised
from assistant.domain.action import Action, Effect, Status
from assistant.domain.change import ChangeStatus
from assistant.ports.store import UnitOfWork

BACK = "take_change_back"
ENDS = {Status.REFUSED: ChangeStatus.REFUSED, Status.FAILED: ChangeStatus.REFUSED, Status.EXPIRED: ChangeStatus.EXPIRED}


def _plan_for_window(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    authorised(unit, action, at)
    return {"changed": True, "change": action.arguments["change"]}


def _ended(unit: UnitOfWork, action: Action, at: datetime) -> None:
    """Nobody authorised it. People hear of it, unless it was one of them who said no."""
    status = ENDS.get(action.status)
    if status is None or action.reverts:
        return
    why = str(action.result.get("why", ""))
    not_authorised(unit, action.arguments["change"], status, why, at, tell=why != "an approver said no")


def _undo(action: Action) -> Undo | None:
    return Undo(BACK, {"change": action.arguments["change"]}) if action.result.get("changed") else None


def _take_back(unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any]:
    number = take_back(unit, action.arguments["change"], action.actor, at)
    return {"changed": True, "devices": str(number)}


def _authority(name: str, about: str) -> Tool:
    return Tool(
        name, Effect.WRITE, about, inside=_plan_for_window, undo=_undo, ended=_ended, offered=False, done="The change is planned for its window."
    )


TOOLS = (
    _authority("standard_change", "Carry out a change that the policy authorises beforehand."),
    _authority("normal_change", "Carry out a change that its chain authorises."),
    _authority("emergency_change", "Carry out a change at once that its chain authorises."),
    Tool(
        BACK,
        Effect.WRITE,
        "Take a change back on every device on which it worked.",
        inside=_take_back,
        offered=False,
        done="The change is being taken back.",
    ),
)
