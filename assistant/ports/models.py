"""Models behind the steps of a turn. What a model returns is a wish; the server decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from assistant.domain.model_use import Account


@dataclass(frozen=True, slots=True)
class Handle:
    """Something that a slot can take, by its handle."""

    handle: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What a model that chooses tools is told: the person's own words of this message and what is offered to this person. Nothing else."""

    words: str
    issue: str
    handles: Callable[[], Sequence[Handle]]
    tools: Callable[[], Sequence[Mapping[str, Any]]]
    """Names, descriptions and JSON Schema of the arguments."""
    english: str = ""
    """The words in English, for models that know no other language; "" where they are English or were not understood in full."""
    showing: frozenset[str] = frozenset()
    """The names of those tools that only show something."""
    shown: Callable[[], str] = lambda: ""
    """What the person was shown last, where it was what a tool showed: words of tickets, devices, services. A model that is told this may be
    given none but ``showing`` tools."""
    account: Account = field(default_factory=Account)
    """Of the calls to language models in this turn."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A wish for one tool. ``arguments`` are whatever the model said; they are checked against the schema."""

    tool: str
    arguments: Mapping[str, Any]
    confidence: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tools that a message asks for, in order. ``about_others``: it asks for something to be done to somebody else's account."""

    calls: tuple[ToolCall, ...] = ()
    about_others: bool = False
    not_theirs: str = ""
    """A ticket that the message wants changed and that is not among those offered to the person, "" for none."""
    said: str = ""
    """An answer from what the person was shown last, in its words; "" for none."""
    model: str = ""
    """What chose, where it was not the model that was asked first; "" where it was."""


class ActingModel(Protocol):
    """Chooses tools."""

    @property
    def identity(self) -> str:
        """Name and version, for the audit."""

    def choose(self, situation: Situation) -> Chosen:
        """Return what a message asks for."""
