"""A chat model as the steps of a turn see it: a conversation in, streamed text and wishes for tools out, or one failure of a known kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol


class Trouble(StrEnum):
    """Why a model gave nothing that can be used; ``label`` says it for a report."""

    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    BROKEN_STREAM = "broken_stream"
    CUT_OFF = "cut_off"
    EMPTY = "empty"
    MALFORMED = "malformed"
    UNKNOWN_TOOL = "unknown_tool"
    BUSY = "busy"
    OVER_BUDGET = "over_budget"

    @property
    def label(self) -> str:
        """The sentence."""
        return _LABELS[self]

    @property
    def passes(self) -> bool:
        """Say whether the same request may well succeed a moment later."""
        return self in (Trouble.TIMEOUT, Trouble.RATE_LIMITED, Trouble.UNAVAILABLE, Trouble.BROKEN_STREAM, Trouble.EMPTY)


_LABELS = {
    Trouble.TIMEOUT: "the model took too long",
    Trouble.RATE_LIMITED: "the model's server asks to wait",
    Trouble.UNAVAILABLE: "the model's server cannot be reached or has an error",
    Trouble.REFUSED: "the model's server refuses the request",
    Trouble.BROKEN_STREAM: "the model's reply stopped half-way",
    Trouble.CUT_OFF: "the model's reply was longer than allowed",
    Trouble.EMPTY: "the model said nothing",
    Trouble.MALFORMED: "the model's reply does not match its schema",
    Trouble.UNKNOWN_TOOL: "the model asks for a tool that was not offered",
    Trouble.BUSY: "too many calls to the model are under way",
    Trouble.OVER_BUDGET: "the budget for models is used up",
}


class ChatFailed(Exception):
    """A call that gave nothing to use. ``used`` is what it cost all the same; ``after`` the seconds that the server asks to wait, or 0."""

    def __init__(self, trouble: Trouble, detail: str = "", after: float = 0.0, used: Usage | None = None) -> None:
        """Remember what went wrong. ``detail`` is for the log of the operator: no words of a person, no key."""
        super().__init__(f"{trouble.label}{f' ({detail})' if detail else ''}")
        self.trouble, self.detail, self.after, self.used = trouble, detail, after, used


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A wish for one tool. ``arguments`` is any JSON object; nothing about it has been checked against the tool's schema."""

    id: str
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation with a model. ``calls`` are an assistant's; ``answers`` is the id of the call whose result a tool's line is."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[ChatCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    lines: tuple[Line, ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    """Each ``name``, ``description`` and ``parameters`` (JSON Schema)."""
    must_call: bool = False
    """One of the tools has to be called; else the model may answer in words."""
    schema: Mapping[str, Any] | None = None
    """JSON Schema (with ``title``) of the object that the reply's text has to be; None for plain text. The server is asked for it in the way
    that it is configured to understand; whoever asks checks the text again."""
    longest: int = 800
    """Tokens that the reply may have."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. ``estimated``: the server did not say, and they were counted from characters (four make a token)."""

    read: int = 0
    written: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A whole reply: text, wishes or both."""

    text: str
    calls: tuple[ChatCall, ...] = ()
    usage: Usage = Usage()


class ChatModel(Protocol):
    """One model at one provider. Safe to use from many threads."""

    @property
    def identity(self) -> str:
        """Provider, model and version as far as known, for the audit; no key and no address."""

    def ask(self, ask: Ask, seconds: float, hear: Callable[[str], None] = ...) -> Answered:
        """Return the whole reply within so many seconds; ``hear`` gets each piece of its text as it arrives. One attempt, no retry.

        Raises:
            ChatFailed: anything else. A reply with neither text nor calls is ``EMPTY``; arguments that are no JSON object are ``MALFORMED``; a stream
                that ends without saying that it is complete is ``BROKEN_STREAM``, one stopped by ``longest`` is ``CUT_OFF``; a tool that
                was not in ``ask.tools`` is ``UNKNOWN_TOOL``. Nothing else is ever raised, whatever the server sends.
        """
