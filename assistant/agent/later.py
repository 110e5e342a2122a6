"""A second issue in a message: the first is handled now, the second waits in the memory and is offered in every reply until then."""

from __future__ import annotations

from dataclasses import replace

from assistant.agent import wording
from assistant.agent.settlement import Settlement
from assistant.agent.state import Memory
from assistant.agent.steps.facts import upset
from assistant.agent.steps.understand import asks_for_person
from assistant.agent.steps.understand_issues import two_issues
from assistant.domain.conversation import Happening
from assistant.domain.reply import NEXT, Choice
from assistant.ports.store import Message

WAITING, WORDS = 3, 1_000
"""Issues that wait in a conversation at most, and characters of each; what is beyond them stands in the conversation and in its ticket."""
ENDS = frozenset({Happening.CONFIRMED, Happening.FILED, Happening.HANDED_OFF, Happening.DECLINED, Happening.DROPPED})


def taken_up(message: Message, memory: Memory) -> Message:
    """Return the message that a press of "next" stands for: the issue that waits first. Anything else stays what it is."""
    return replace(message, text=memory.later[0], choice="") if message.choice == NEXT.id and memory.later else message


def parted(text: str, memory: Memory, *, fresh: bool) -> tuple[str, tuple[str, ...]]:
    """Return what a turn is about, and the issues that wait after it; ``fresh`` when the turn takes up the first that waited.

    Who is beside themselves or asks for a person anywhere in the message gets one: nothing is taken apart then.
    """
    waiting = memory.later[1:] if fresh else memory.later
    found = None if upset(text) or asks_for_person(text) else two_issues(text)
    if found is None or len(waiting) >= WAITING:
        return text, waiting
    first, second = found
    return first, (*waiting, second[:WORDS])


def with_later(settlement: Settlement, before: Memory, later: tuple[str, ...]) -> Settlement:
    """Return a settlement that keeps what waits, and offers it; it says so when that is new, and when the issue before it has ended."""
    settled = replace(settlement, memory=replace(settlement.memory, later=later))
    if not later:
        return settled
    choice = Choice(id=NEXT.id, label=wording.next_issue(later[0]))
    settled = replace(settled, choices=(*(one for one in settled.choices if one.id != NEXT.id), choice))
    if len(later) > len(before.later) or settlement.happening in ENDS:
        settled = replace(settled, text=f"{settled.text}\n\n{wording.later(later[0], settlement.happening in ENDS)}")
    return settled
