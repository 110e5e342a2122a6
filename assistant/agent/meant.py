"""What a press of a button stands for: its words, and for some the message that it repeats."""

from __future__ import annotations

from dataclasses import replace

from assistant.agent import wording
from assistant.domain.reply import AGAIN, PERSON, RETRY, Choice, ReplyKind
from assistant.ports.store import Message, UnitOfWork


def pressed(unit: UnitOfWork, message: Message) -> Choice:
    """Return the button that was pressed, as the person saw it."""
    if message.choice.startswith(AGAIN):
        return Choice(id=message.choice, label=wording.ask_again())
    seen = {PERSON.id: PERSON}
    for event in unit.conversations.events(message.conversation):
        if event.body["type"] == "reply":
            seen |= {choice["id"]: Choice.model_validate(choice) for choice in event.body["reply"]["choices"]}
    return seen.get(message.choice, Choice(id=message.choice, label=message.choice))


def meant(unit: UnitOfWork, message: Message) -> Message:
    """Return what a message stands for: "Try again" is the message whose turn failed last, "Ask again" an earlier question, each said anew."""
    if message.choice.startswith(AGAIN):
        words = _asked(unit, message.conversation, message.choice.removeprefix(AGAIN))
        return replace(message, text=words, choice="") if words else message
    if message.choice != RETRY.id:
        return message
    replies = (event.body["reply"] for event in reversed(unit.conversations.events(message.conversation)) if event.body["type"] == "reply")
    for reply in replies:
        failed = unit.conversations.message(message.conversation, reply["message"]) if reply["kind"] == ReplyKind.ERROR else None
        if failed is not None and failed.choice != RETRY.id:
            return replace(message, text=failed.text, choice=failed.choice, device=failed.device)
    return message


def _asked(unit: UnitOfWork, conversation_id: str, message_id: str) -> str:
    """Return the words of a message, or of the last one before it that had words when it was a choice; "" when there is none."""
    words = ""
    for event in unit.conversations.events(conversation_id):
        if event.body["type"] == "message":
            words = words if event.body["choice"] else event.body["text"]
            if event.body["message"] == message_id:
                return words
    return ""
