"""What Slack's surfaces say around a reply, in the languages of the assistant: one file for each in ``words/``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from assistant.agent.languages.known import DEFAULT, LANGUAGES

FOLDER = Path(__file__).parent / "words"


@cache
def words(language: str) -> dict[str, str]:
    """Return the sentences of a language; of English where it is none of ours."""
    code = language if language in LANGUAGES else DEFAULT
    found: dict[str, str] = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    return found


def say(language: str, name: str, /, **values: object) -> str:
    """Return a sentence with its placeholders filled."""
    return words(language)[name].format(**values)
