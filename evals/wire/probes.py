"""Small conversations that each show one ability of a chat server, through the adapter that the service itself uses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from pydantic import SecretStr

from assistant.adapters.models.langchain_chat import LangChainChat
from assistant.adapters.models.opening import ChatSetup
from assistant.ports.chat import Answered, Ask, ChatCall, ChatFailed, Line, Trouble

Way = Literal["json_schema", "json_object", "tool", "prompt"]
WAYS: tuple[Way, ...] = ("json_schema", "tool", "json_object", "prompt")
"""Ways to ask for an object, the one that binds the server most first."""

UNREACHABLE = frozenset({Trouble.UNAVAILABLE, Trouble.TIMEOUT, Trouble.REFUSED, Trouble.RATE_LIMITED})
HELLO = "Reply with this one sentence and nothing else: The line works."
COUNTING = "Write the numbers from one to twenty in words, separated by commas, and nothing else."
LONG = "Write the numbers from one to five hundred in words, separated by commas, and nothing else."
SHORT = 24
PIECES = 2
REPORT = "My VPN has been dropping every ten minutes since this morning. It is urgent."
MOODS = ("calm", "annoyed", "upset")
READING: dict[str, Any] = {
    "title": "reading",
    "type": "object",
    "properties": {
        "about": {"type": "string", "enum": ["vpn", "printer", "password", "other"]},
        "mood": {"type": "string", "enum": list(MOODS)},
        "urgent": {"type": "boolean"},
        "confidence": {"type": "number"},
    },
    "required": ["about", "mood", "urgent", "confidence"],
    "additionalProperties": False,
}
CLASSIFY = "You read messages to the IT help. Say what a message is about, the mood, whether it is urgent, and your confidence from 0 to 1."
ROOM, PRINTER = "2.14", "P-7731"
TOOLS: tuple[dict[str, Any], ...] = (
    {
        "name": "find_printer",
        "description": "Finds the printer that is nearest to a room.",
        "parameters": {"type": "object", "properties": {"room": {"type": "string"}}, "required": ["room"], "additionalProperties": False},
    },
    {
        "name": "reset_password",
        "description": "Sends a new password for the person's own account.",
        "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
    },
)
WHERE = f"Which printer is nearest to room {ROOM}? Look it up."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a probe showed: how often of how many times, and a remark for people."""

    name: str
    worked: int
    times: int
    seconds: float
    remark: str = ""

    @property
    def always(self) -> bool:
        """It worked each time."""
        return self.worked == self.times


class Unreachable(Exception):
    """The server gave no reply to the simplest request; the message says why."""


class NotShown(Exception):
    """A reply came, and does not show the ability; the message says why."""


@dataclass
class Wire:
    """A server under examination. ``setup`` says how it is reached; each probe runs ``times`` times with ``seconds`` for each request."""

    setup: ChatSetup
    times: int
    seconds: float
    refused: set[str] = field(default_factory=set)
    """Parameters that it did not understand."""

    def model(self, way: Way = "prompt") -> LangChainChat:
        """Open it anew, so that one probe's findings do not help another."""
        return LangChainChat(replace(self.setup, structured=way))

    def reach(self) -> None:
        """Ask the simplest thing.

        Raises:
            Unreachable: there was no reply at all.
        """
        model = self.model()
        try:
            model.ask(_user(HELLO), self.seconds)
        except ChatFailed as failed:
            if failed.trouble in UNREACHABLE:
                raise Unreachable(str(failed)) from None
        self.refused |= model.left_out

    def shown(self, name: str, probe: Callable[[], str]) -> Shown:
        """Run a probe; its return value and its failures are the remark."""
        worked, remarks, began = 0, [], time.monotonic()
        for _ in range(self.times):
            try:
                remarks.append(probe())
                worked += 1
            except NotShown as why:
                remarks.append(str(why))
            except ChatFailed as failed:
                remarks.append(str(failed))
        return Shown(name, worked, self.times, (time.monotonic() - began) / self.times, "; ".join(dict.fromkeys(filter(None, remarks))))

    def all(self) -> list[Shown]:
        """Run every probe."""
        objects = [self.shown(f"object: {way}", partial(self.object_by, way)) for way in WAYS]
        return [
            self.shown("streaming", self.streaming),
            self.shown("usage", self.usage),
            *objects,
            self.shown("tool: forced", lambda: self.call(must=True)),
            self.shown("tool: automatic", lambda: self.call(must=False)),
            self.shown("tool: result", self.result),
            self.shown("length is kept", self.length),
        ]

    def streaming(self) -> str:
        """Show that text comes in pieces while it is written."""
        heard: list[float] = []
        self.model().ask(_user(COUNTING), self.seconds, lambda _: heard.append(time.monotonic()))
        if len(heard) < PIECES:
            raise NotShown(f"the reply comes in {len(heard)} piece{'s' * (len(heard) != 1)}")
        return ""

    def usage(self) -> str:
        """Show that the server counts tokens in a stream."""
        answered = self.model().ask(_user(HELLO), self.seconds)
        if answered.usage.estimated:
            raise NotShown("tokens are not counted; they are estimated")
        return ""

    def object_by(self, way: Way) -> str:
        """Show that an object of a schema comes when it is asked for in this way."""
        model = self.model(way)
        answered = model.ask(Ask((Line("system", CLASSIFY), Line("user", REPORT)), schema=READING), self.seconds)
        self.refused |= model.left_out
        if way.startswith("json") and "response_format" in model.left_out:
            raise NotShown("the server refuses response_format")
        _matching(answered.text)
        return ""

    def call(self, *, must: bool) -> str:
        """Show that the right tool is called with the right argument."""
        model = self.model()
        answered = model.ask(Ask((Line("user", WHERE),), tools=TOOLS, must_call=must), self.seconds)
        self.refused |= model.left_out
        _found_printer(answered)
        if must and "tool_choice" in model.left_out:
            raise NotShown("the server refuses tool_choice")
        return ""

    def result(self) -> str:
        """Show that the result of a call is understood."""
        call = ChatCall("call_1", "find_printer", {"room": ROOM})
        told = (Line("user", WHERE), Line("assistant", "", (call,)), Line("tool", json.dumps({"printer": PRINTER}), answers="call_1"))
        answered = self.model().ask(Ask(told, tools=TOOLS), self.seconds)
        if PRINTER not in answered.text:
            raise NotShown("the result does not come back in the reply")
        return ""

    def length(self) -> str:
        """Show that a reply ends where it has to, and says that it was cut."""
        try:
            answered = self.model().ask(_user(LONG, SHORT), self.seconds)
        except ChatFailed as failed:
            if failed.trouble is not Trouble.CUT_OFF:
                raise
            if failed.detail:
                raise NotShown("longer replies are cut by Firstline alone") from None
            return ""
        raise NotShown(f"a reply of {len(answered.text)} characters to a limit of {SHORT} tokens is called whole")


def setup_for(url: str, model: str, key: str) -> ChatSetup:
    """Return how an unknown server is reached."""
    return ChatSetup(f"openai:{model}", base_url=url, key=SecretStr(key), temperature=0.0)


def _user(words: str, longest: int = 200) -> Ask:
    return Ask((Line("user", words),), longest=longest)


def _matching(text: str) -> None:
    try:
        made = json.loads(text)
    except ValueError:
        raise NotShown("the reply is not JSON") from None
    wanted = set(READING["properties"])
    if not isinstance(made, dict) or set(made) != wanted:
        raise NotShown("the reply is JSON of another form")
    number = made["confidence"]
    right = made["mood"] in MOODS and isinstance(made["urgent"], bool) and isinstance(number, (int, float)) and not isinstance(number, bool)
    if not right or made["about"] not in READING["properties"]["about"]["enum"]:
        raise NotShown("the reply has the right fields with values that the schema does not allow")


def _found_printer(answered: Answered) -> None:
    if not answered.calls:
        raise NotShown("it answers in words instead of calling")
    named = {call.tool for call in answered.calls}
    if named != {"find_printer"}:
        raise NotShown("it calls another tool")
    if any(ROOM not in str(call.arguments.get("room", "")) for call in answered.calls):
        raise NotShown("the argument is not the one that was given")
