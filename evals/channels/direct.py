"""No channel at all: turns are taken in this process. What every channel is compared with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evals.channels.stored import Reply, StoredChat
from evals.conversations.channel import Talking
from evals.conversations.stage import Stage

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface


@dataclass
class DirectChat(StoredChat):
    """Calls what channels call."""

    sent: int = 0

    def shown(self) -> list[tuple[str, int]]:
        """Everything is seen."""
        with self.stage.assistant.store.read() as unit:
            return [(self.conversation, event.number) for event in unit.conversations.events(self.conversation)] if self.conversation else []

    def say(self, text: str, device: str = "") -> Reply:
        """Send words and return the reply to them."""
        return self._take(text, device=device)

    def press(self, choice: str) -> Reply:
        """Press a button and return the reply to that."""
        return self._take(choice=choice)

    def enter(self, action: str, code: str) -> dict[str, Any]:
        """Enter a one-time code; return what the card says."""
        from assistant.desk.fulfilment import NotYours

        assistant = self.stage.assistant
        person = assistant.directory.person(self.person)
        assert person is not None, "the cases speak of people of the demo company"
        try:
            return {"reply": assistant.deciding.enter_code(person, action, code).model_dump(mode="json")}
        except NotYours:
            return {"problem": {"detail": "there is no such action, or none that is yours to see"}}

    def _take(self, text: str = "", choice: str = "", device: str = "") -> Reply:
        from assistant.agent.state import Inbound

        self.sent += 1
        name, began = f"m{self.sent}", time.monotonic()
        reply = self.stage.assistant.turns.take(self.person, self.conversation or None, Inbound(name, text, choice, device), "direct")
        self.conversation = reply.conversation
        return self.await_reply(name, began) if reply.message else reply.model_dump(mode="json")


class DirectSide:
    """Nothing stands on the other side."""

    @property
    def settings(self) -> dict[str, Any]:
        """Nothing has to be configured."""
        return {}

    def surfaces(self, assistant: Assistant) -> Sequence[Surface]:
        """Nothing runs beside the widget."""
        del assistant
        return ()

    def end(self, stage: Stage, person: str) -> AbstractContextManager[Talking]:
        """Talk without a channel."""
        return nullcontext(DirectChat(stage, person))
