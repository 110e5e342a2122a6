"""Reads the files of examples: the packaged one, and over it the organisation's own, with its own intents and what each brings about."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from assistant.agent.steps.understand_words import words_of

PACKAGED = Path(__file__).parent.parent / "understand.toml"
TAUGHT = frozenset({"greeting", "thanks", "smalltalk", "status", "person", "file", "solved", "not_solved", "out_of_scope", "question"})
"""The intents of ``understand.Intent`` that examples stand for; the others come from buttons, patterns or the conversation's state."""
OUTSIDE = frozenset({"out_of_scope"})
RESERVED = frozenset({"follow_up", "decline", "topic", "device", "retry", "act", "next", "unreadable", "words"})
SLOTS = frozenset({"windows", "macos", "linux", "ios", "android", "phone", "computer"})
FEWEST, MOST, LONGEST = 3, 1_000, 500
"""Examples of an own intent, at least and at most; characters of one."""
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


class EffectKind(StrEnum):
    """What an own intent brings about."""

    ARTICLE = "article"
    """Is answered from one article."""
    SEARCH = "search"
    """Is looked up among the articles of one category."""
    TICKET = "ticket"
    """A ticket of one category is offered."""
    PERSON = "person"
    """Goes to a person."""
    TOOL = "tool"
    """Is a wish for one tool, which the policy judges like any other."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an own intent brings about: the kind, and the article, category or tool (empty for a person)."""

    kind: EffectKind
    value: str = ""


@dataclass(frozen=True, slots=True)
class Examples:
    """What was read: texts with their intents, the effects of own intents, more words for systems and kinds of device."""

    rows: tuple[tuple[str, str], ...]
    """Text and intent."""
    effects: Mapping[str, Effect] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """A digest that changes with every text and intent."""
        return hashlib.sha256(repr(sorted(self.rows)).encode("utf-8", "replace")).hexdigest()


class BadExamples(ValueError):
    """A file of examples that cannot be used; the message says which file and line, and why."""


def read_examples(own: Path | None = None, tools: frozenset[str] = frozenset()) -> Examples:
    """Return the packaged examples, with those of an own file over them; ``tools`` are those that an intent may wish for.

    Raises:
        BadExamples: a file cannot be read, or says something that cannot be used.
    """
    packaged = _File(PACKAGED, tools).read()
    if own is None:
        return packaged
    added = _File(own, tools).read()
    mine = {tuple(words_of(text)): intent for text, intent in packaged.rows}
    for text, intent in added.rows:
        if mine.get(tuple(words_of(text)), intent) != intent:
            raise BadExamples(f"{own}: “{text}” already is an example of {mine[tuple(words_of(text))]}; it cannot be one of {intent} as well")
    return Examples((*packaged.rows, *added.rows), {**packaged.effects, **added.effects}, added.words)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    tools: frozenset[str]

    def read(self) -> Examples:
        try:
            text = self.path.read_text(encoding="utf-8")
            found = tomllib.loads(text)
        except (OSError, UnicodeDecodeError) as error:
            raise BadExamples(f"the file of intents {self.path} cannot be read: {error}") from None
        except tomllib.TOMLDecodeError as error:
            raise BadExamples(f"{self.path}: {error}") from None
        rows: dict[tuple[str, ...], tuple[str, str]] = {}
        effects = {}
        words = self._words(text, found.pop("words", {}))
        for name, value in found.items():
            texts, effect = self._intent(text, name, value)
            if effect is not None:
                effects[name] = effect
            for one in texts:
                before = rows.setdefault(tuple(words_of(one)), (one, name))
                if before[1] != name:
                    raise self._bad(text, name, f"“{one}” already is an example of {before[1]}")
        return Examples(tuple(rows.values()), effects, words)

    def _bad(self, text: str, name: str, why: str) -> BadExamples:
        line = next((number for number, one in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[?{re.escape(name)}\b", one)), 1)
        return BadExamples(f"{self.path}, line {line}, {name}: {why}")

    def _intent(self, text: str, name: str, value: Any) -> tuple[Sequence[str], Effect | None]:
        if name in TAUGHT:
            return self._texts(text, name, value.get("examples") if isinstance(value, dict) and set(value) == {"examples"} else value, 1), None
        if not _NAME.fullmatch(name) or name in RESERVED:
            raise self._bad(text, name, "this name cannot be used; take small letters, digits and _, and none that Firstline uses itself")
        if not isinstance(value, dict):
            raise self._bad(text, name, "an intent of your own is a table with examples and what they bring about")
        effect = self._effect(text, name, {key: one for key, one in value.items() if key != "examples"})
        return self._texts(text, name, value.get("examples"), FEWEST), effect

    def _texts(self, text: str, name: str, value: Any, fewest: int) -> Sequence[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self._bad(text, name, "examples have to be a list of texts")
        if not fewest <= len(value) <= MOST:
            raise self._bad(text, name, f"{len(value)} examples; {fewest} to {MOST} are needed")
        wrong = next((one for one in value if not words_of(one) or len(one) > LONGEST), None)
        if wrong is not None:
            raise self._bad(text, name, f"“{wrong[:60]}” holds no word, or more than {LONGEST} characters")
        return value

    def _effect(self, text: str, name: str, said: dict[str, Any]) -> Effect:
        kinds = {kind.value for kind in EffectKind}
        if len(said) != 1 or not set(said) <= kinds:
            raise self._bad(text, name, f"say with exactly one of {', '.join(sorted(kinds))} what it brings about")
        ((key, value),) = said.items()
        kind = EffectKind(key)
        if kind is EffectKind.PERSON:
            if value is not True:
                raise self._bad(text, name, "person can only be true")
            return Effect(kind)
        if not isinstance(value, str) or not value.strip():
            raise self._bad(text, name, f"{key} has to be a text")
        if kind is EffectKind.TOOL and value not in self.tools:
            raise self._bad(
                text, name, f"there is no tool {value} that can be wished for by name alone; there are {', '.join(sorted(self.tools)) or 'none'}"
            )
        return Effect(kind, value)

    def _words(self, text: str, value: Any) -> dict[str, tuple[str, ...]]:
        if not isinstance(value, dict):
            raise self._bad(text, "words", "words is a table of lists")
        for name, listed in value.items():
            if name not in SLOTS:
                raise self._bad(text, "words", f"{name} is none of {', '.join(sorted(SLOTS))}")
            self._texts(text, name, listed, 1)
        return {name: tuple(listed) for name, listed in value.items()}
