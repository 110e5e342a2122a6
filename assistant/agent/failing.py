"""Why an episode ends unresolved, from what the conversation knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.agent.settlement import Settlement, nearest_of
from assistant.agent.state import Memory
from assistant.governance.policy import Band
from kb.model import Abstention, FailureClass, Reader, Retrieval

OFF, UNKNOWN = "switched off", "no such tool"
"""How the reasons begin for which a wish for a tool comes to nothing in this installation."""
_ASKS_TO_DO = re.compile(
    r"(?:^|[.!?:,] |\b)(?:please|can you|could you|would you|will you|i want you to|i need you to|i'd like you to)(?: please)? "
    r"(?:install|uninstall|order|buy|create|delete|set up|activate|deactivate|enable|disable|extend|increase|restore|recover|transfer|rename|"
    r"upgrade|migrate|replace|ship|deliver|connect|register|deregister|assign|cancel|book|reserve|approve|release|whitelist|block|unblock)\b",
    re.IGNORECASE,
)
"""Somebody is asked to do something; the words before the verb say so, not the verb alone."""


def class_of(memory: Memory) -> FailureClass | None:
    """Return why the issue is unresolved; None for somebody who has asked nothing that an article or a tool could answer."""
    if memory.failure:
        found = FailureClass(memory.failure)
        return FailureClass.TOOL_MISSING if memory.undone and found is FailureClass.NO_ARTICLE else found
    if memory.offered:
        return FailureClass.REJECTED
    return FailureClass.NOT_RETRIEVED if memory.confidence is not None else None


def shown_class_of(memory: Memory, overdue: Callable[[str], bool]) -> FailureClass | None:
    """Return the same, and ``STALE`` where an answer was rejected whose article is past its review date; ``overdue`` says so of an article's id."""
    found = class_of(memory)
    if found is FailureClass.REJECTED and any(overdue(one.article) for one in memory.offered if one.verdict != "solved"):
        return FailureClass.STALE
    return found


def abstention_of(found: Retrieval, hidden: Retrieval | None, band: Band, reader: Reader) -> Abstention:
    """Return why there is no answer: no article, one that was not found well enough, or one that this person may not read."""
    reason = FailureClass.NOT_RETRIEVED if found.confidence >= band.review else FailureClass.NO_ARTICLE
    if hidden is not None and hidden.confidence >= band.auto:
        first = hidden.ranked[0].passage.article
        reason = FailureClass.NOT_RETRIEVED if first.audience.admits(reader) else FailureClass.NOT_PERMITTED
    return Abstention(reason, found.confidence, nearest_of(found))


def with_wish(settled: Settlement, refused: Sequence[str], words: str) -> Settlement:
    """Note that something is to be done for which there is no tool here, where no article answers either.

    ``refused`` are the reasons why wishes came to nothing, ``words`` is what the person said, in English as far as it was understood.
    """
    if settled.memory.failure != FailureClass.NO_ARTICLE.value:
        return settled
    missing = any(why.startswith((OFF, UNKNOWN)) for why in refused) or (not refused and bool(_ASKS_TO_DO.search(words)))
    if not missing:
        return settled
    failure = FailureClass.TOOL_MISSING if settled.failure is FailureClass.NO_ARTICLE else settled.failure
    return replace(settled, memory=replace(settled.memory, undone=True), failure=failure)
