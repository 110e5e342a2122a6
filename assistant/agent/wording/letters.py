"""What a mail and the page behind its links say beside the reply itself, in the language that is spoken now."""

from __future__ import annotations

from assistant.agent.wording.catalogue import word


def in_letter(name: str, /, **values: str) -> str:
    """Return a sentence of the section ``letters`` with its placeholders filled."""
    return word("letters", name).format_map(values)
