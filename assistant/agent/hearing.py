"""In which language a message is, in which one it is answered, and what it says in English to the parts that know no other."""

from __future__ import annotations

from dataclasses import replace

from assistant.agent.languages.known import DEFAULT
from assistant.agent.languages.reading import Reading, read
from assistant.agent.languages.recognise import language_of, wished
from assistant.agent.state import Memory
from assistant.agent.steps.understand import Intent, Understanding


def heard(memory: Memory, text: str, choice: str) -> tuple[Memory, Reading, bool]:
    """Return what a conversation knows of its language with this message, the message in English, and whether it only asks for a language.

    A press says nothing of languages. An explicit wish stays until there is another.
    """
    if choice or not text.strip():
        return memory, Reading(text), False
    wish, alone = wished(text)
    written = wish if alone else language_of(text, memory.language)
    memory = replace(memory, language=written, wished=wish or memory.wished)
    return memory, read(text, written), alone


def careful(understanding: Understanding, reading: Reading, choice: str, language: str) -> Understanding:
    """Return what was understood, but no success that only search words suggest: then the person is thanked and asked once more."""
    guessed = not choice and not reading.said and language not in ("", DEFAULT)
    return replace(understanding, intent=Intent.THANKS) if guessed and understanding.intent is Intent.SOLVED else understanding
