"""How tools act when the outbox carries them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.agent.tools.registry import TOOLS, undoing
from assistant.agent.tools.tool import Hands
from assistant.domain.action import Action, Plan
from assistant.ports.outside import Refused
from assistant.ports.store import Event, UnitOfWork


@dataclass(frozen=True, slots=True)
class ToolActs:
    """Carries out actions by their tools; ``told`` stores what follows for the conversation."""

    hands: Hands
    told: Callable[[UnitOfWork, Action, datetime], list[Event]]

    def inside(self, unit: UnitOfWork, action: Action, at: datetime) -> dict[str, Any] | None:
        """Act in our own records; None for a tool that acts outside."""
        act = TOOLS[action.tool].inside
        return act(unit, action, at) if act is not None else None

    def outside(self, action: Action) -> dict[str, Any]:
        """Act in another system.

        Raises:
            Refused: the tool does nothing there, or the system says no.
        """
        act = TOOLS[action.tool].outside
        if act is None:
            raise Refused(f"{action.tool} does nothing outside")
        return act(self.hands, action)

    def look(self, action: Action) -> dict[str, Any]:
        """Return whether acting outside would change anything now; {} where that is not known before."""
        would_change = TOOLS[action.tool].would_change
        return {"changed": would_change(self.hands, action)} if would_change is not None else {}

    def undoing(self, action: Action) -> tuple[str, dict[str, str], Plan] | None:
        """Return how an action is taken back, None when it changed nothing or cannot be."""
        return undoing(action)

    def tell(self, unit: UnitOfWork, action: Action, at: datetime) -> list[Event]:
        """Tell the person how an action ended."""
        return self.told(unit, action, at)
