"""What the desk gets to know of a conversation: the one way from its memory and its words to an issue."""

from __future__ import annotations

from assistant.agent.lookup import NO_ISSUE
from assistant.agent.state import Memory
from assistant.agent.steps import summarise
from assistant.desk.attaching import line_of
from assistant.desk.requests import UNSORTED as UNSORTED
from assistant.desk.requests import Issue
from assistant.domain.action import Status
from assistant.domain.configuration import Device, Person, Queue, queue_for, queue_name
from assistant.domain.conversation import Conversation
from assistant.domain.handoff import HandoffReason
from assistant.ports.store import Message, UnitOfWork


def issue_of(
    unit: UnitOfWork,
    conversation: Conversation,
    person: Person,
    memory: Memory,
    device: Device | None,
    queues: tuple[Queue, ...],
    *,
    reason: HandoffReason | None = None,
    queue: str = "",
    episode: int = 0,
    message: Message | None = None,
    vector: tuple[float, ...] = (),
) -> Issue:
    """Return the issue of a conversation with everything that was said, tried and done.

    ``queue`` and ``episode`` default to those of the category and of the conversation; ``message`` is the one being answered, which may not
    be among the conversation's events yet.
    """
    queue = queue or queue_for(memory.category, queues)
    said = summarise.transcript_of(unit.conversations.events(conversation.id), person, message)
    done = actions_of(unit, conversation.id)
    files = tuple(line_of(one) for one in unit.attachments.of_conversation(conversation.id))
    body = summarise.ticket_body(memory, said, person, device, memory.confidence, queue_name(queue, queues), reason, done, files)
    key = f"{conversation.id}:{episode or conversation.episode.number}"
    return Issue(key, conversation.id, person.id, memory.issue or NO_ISSUE, memory.category or UNSORTED, queue, body, vector)


def actions_of(unit: UnitOfWork, conversation_id: str) -> tuple[tuple[str, str], ...]:
    """Return what was done in a conversation, each with how it ended, for those who take over."""
    begun = (one for one in unit.actions.of_conversation(conversation_id) if one.status not in (Status.PROPOSED, Status.CANCELLED))
    return tuple((one.plan.title, one.status.value) for one in begun)
