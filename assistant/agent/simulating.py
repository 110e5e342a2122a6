"""What a turn would do with a ticket of the past: understood, looked up and judged by the real parts. Nothing is stored and nothing acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.agent.acting import Wishes
from assistant.agent.hearing import careful, heard
from assistant.agent.lookup import Setting, look_up
from assistant.agent.settlement import category_of
from assistant.agent.state import Memory
from assistant.agent.steps.understand import Intent
from assistant.agent.tools.registry import TOOLS
from assistant.agent.turn import READ_CHARACTERS, Parts
from assistant.domain.action import Effect
from assistant.domain.configuration import Person
from assistant.domain.conversation import Conversation, Episode, State
from assistant.governance.policy import Disposition, Policy
from assistant.ports.store import Message

SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What would have been done with a text."""

    disposition: Disposition
    confidence: float
    category: str = ""
    """Of the nearest article."""
    offer: str = ""
    """The tool that would have been offered, "" for none."""
    card: bool = False
    """... at once, in place of an answer."""


@dataclass(frozen=True, slots=True)
class Simulating:
    """Replays texts as somebody who may read what everybody may."""

    parts: Parts
    policy: Policy
    groups: frozenset[str] = field(default_factory=frozenset)

    def replay(self, text: str) -> Replayed:
        """Return what a turn would do with a text as the first message of a conversation."""
        setting = self._setting(text[:READ_CHARACTERS].strip())
        settler = self.parts.settler.under(self.policy)
        offer, card = self._offer(settler.acting.consider(setting, self.parts.store, self.parts.clock.now()))
        found = look_up(setting, self.parts.knowledge, self.policy.bands["answer"].auto).retrieval
        if found is None or not found.ranked:
            return Replayed(Disposition.ESCALATE, 0.0, "", offer, card)
        disposition = self.policy.decide("answer", found.confidence)
        if setting.understanding.intent in (Intent.SMALLTALK, Intent.OUT_OF_SCOPE) and disposition is not Disposition.AUTO:
            disposition = Disposition.ESCALATE
        return Replayed(disposition, found.confidence, category_of(found), offer, card)

    def _setting(self, text: str) -> Setting:
        parts, now = self.parts, self.parts.clock.now()
        memory, reading, only_wish = heard(Memory(), text, "")
        vector = parts.knowledge.embed(parts.understanding.spelt(reading.english)) if text else ()
        spoken = parts.knowledge.embed(reading.said) if reading.said and vector else vector
        read = parts.understanding.understand(reading.said or reading.english or text, "", spoken, State.OPEN, False)
        read = careful(read, reading, "", memory.language)
        person = Person(SHADOW, SHADOW, "", groups=self.groups)
        conversation = Conversation(SHADOW, SHADOW, SHADOW, State.OPEN, State.OPEN, now, now, 0, Episode(1, now), {})
        message = Message(SHADOW, SHADOW, text, "", "", now)
        return Setting(person, (), conversation, memory, message, read, vector, reading=reading, only_wish=only_wish, policy=self.policy)

    def _offer(self, wishes: Wishes) -> tuple[str, bool]:
        """Return the first change that would have been offered, and whether its card would have come in place of an answer."""
        for call in wishes.chosen.calls:
            tool, rule = TOOLS.get(call.tool), self.policy.tools.get(call.tool)
            if tool is None or rule is None or not tool.offered or tool.effect is not Effect.WRITE:
                continue
            disposition = rule.band.of(call.confidence)
            if disposition is not Disposition.ESCALATE:
                return tool.name, disposition is Disposition.AUTO
        return "", False


def shared_groups(people: Sequence[Person]) -> frozenset[str]:
    """Return the groups that everybody is in."""
    return frozenset.intersection(*(person.groups for person in people)) if people else frozenset()
