"""Whether something that nobody asked us would be answered, and in which language somebody writes. Nothing is stored and nobody is told."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.agent.hearing import heard
from assistant.agent.languages.known import DEFAULT
from assistant.agent.settlement import category_of
from assistant.agent.state import Memory
from assistant.agent.steps.understand import Intent
from assistant.agent.turn import READ_CHARACTERS, Parts
from assistant.domain.conversation import State
from assistant.domain.rollout import Rung
from assistant.governance.rollout_rules import rung_of
from kb.model import Reader

FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Overhearing:
    """Looks things up as a turn would, without one."""

    parts: Parts

    def would_answer(self, person_id: str, text: str, floor: float) -> bool:
        """Say whether a text is a question of which an answer is found, within this person's rights, with at least this confidence."""
        text = text[:READ_CHARACTERS].strip()
        if len(text.split()) < FEWEST_WORDS:
            return False
        parts, person = self.parts, self.parts.directory.person(person_id)
        _, reading, only_wish = heard(Memory(), text, "")
        english = reading.english or text
        vector = parts.knowledge.embed(parts.understanding.spelt(english))
        read = parts.understanding.understand(reading.said or english, "", vector, State.OPEN, False)
        if only_wish or read.intent is not Intent.QUESTION:
            return False
        reader = Reader(person.groups if person is not None else frozenset())
        found = parts.knowledge.passages_for(english, reader, read.platform, vector=vector)
        with parts.store.read() as unit:
            automatic = rung_of(parts.policy(unit), category_of(found)) is Rung.AUTOMATIC
        return automatic and found.confidence >= floor

    def language_of(self, person_id: str) -> str:
        """Return the language in which somebody wrote in their latest conversation, English where there is none."""
        with self.parts.store.read() as unit:
            latest = unit.conversations.of_person(person_id, 1)
        return Memory.load(latest[0].memory).speaks if latest else DEFAULT
