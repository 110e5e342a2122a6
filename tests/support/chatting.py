"""A scripted model behind the steps of the demo company's assistant, and what it was told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.adapters.memory.scripted_chat import Said, ScriptedChat
from assistant.ports.chat import Ask, ChatFailed, Trouble
from tests.support.world import World, opened_world

READING = {"intent": "question", "confidence": 0.9, "system": "", "search": "", "ask": "", "mood": "calm", "urgent": False}
Plays = Callable[[Mapping[str, Any], Ask], "Said | ChatFailed"]


def reading(**changes: object) -> Said:
    """Return a reading of a message, as a model writes it."""
    return Said(json.dumps(READING | changes))


def step_of(ask: Ask) -> str:
    """Return which step a request is for, by what its system prompt is about."""
    system = ask.lines[0].text
    signs = {
        "read messages": "understand",
        "write answers": "answer",
        "choose tools": "act",
        "summarise a conversation": "summarise",
        "draft an article": "draft",
    }
    return next(step for sign, step in signs.items() if sign in system[:120])


def given(ask: Ask) -> dict[str, Any]:
    """Return what a request is about."""
    found: dict[str, Any] = json.loads(ask.lines[1].text)
    return found


def quoting(handle: str, passage: Mapping[str, str], sentences: int = 2) -> str:
    """Return the first sentences of a passage, each cited."""
    lines = [line for line in passage["text"].splitlines() if line.strip() and not line.startswith(("#", "|"))]
    return "\n".join(f"{line} [{handle}]" for line in lines[:sentences])


@dataclass
class Script:
    """What each step's model says; a step without an entry is unavailable. ``asked`` are the requests of all."""

    plays: dict[str, Plays] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any], Ask]] = field(default_factory=list)

    def __call__(self, ask: Ask) -> Said | ChatFailed:
        step = step_of(ask)
        self.asked.append((step, given(ask), ask))
        play = self.plays.get(step)
        return play(given(ask), ask) if play else ChatFailed(Trouble.REFUSED, "not in the script")

    def of(self, step: str) -> list[dict[str, Any]]:
        """Return what a step's model was told, request by request."""
        return [told for name, told, _ in self.asked if name == step]


STEPS = """
calls_at_once = 4
[models.scripted]
model = "openai:scripted"
price = { read = 1.0, written = 10.0 }
[steps]
"""


@contextmanager
def scripted_world(
    home: Path,
    script: Script,
    steps: str = 'understand = "scripted"\nanswer = "scripted"\nact = "scripted"\nsummarise = "scripted"',
    **settings: object,
) -> Iterator[World]:
    """Open the demo company with the scripted model behind some of its steps."""
    file = home / "steps.toml"
    file.write_text(STEPS + steps)
    with opened_world(home, opens=lambda _: ScriptedChat(script), steps_file=file, **settings) as world:
        yield world
