"""Asks a model for one step of a turn: within the turn's time and money, at most so many at once, tried again where that helps, checked."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, TypeVar

from jinja2 import Environment, StrictUndefined, TemplateError
from pydantic_core import from_json

from assistant.domain.model_use import LEAST_SECONDS, Account, Budget, ModelCall, Price
from assistant.ports.chat import Answered, Ask, ChatFailed, ChatModel, Line, Trouble, Usage

PACKAGED = Path(__file__).parent / "prompts"
LONGEST_WAIT = 2.0
"""Seconds that a server's wish to be asked later is followed; who asks for more is not asked again in this turn."""
QUOTED = 2_000
_HEADER = re.compile(r"\{#-?\s*version:\s*(\S+)\s*-?#\}\s*\{#-?\s*purpose:\s*(.+?)\s*-?#\}", re.DOTALL)
Found = TypeVar("Found")


class PromptError(ValueError):
    """A prompt file cannot be used; the message says why."""


class Unusable(ValueError):
    """What a model said is not what was asked for. The message goes back to the model, once."""


@dataclass(frozen=True)
class Prompt:
    """What a model is told for a step. The values of a request follow as one JSON object in the user's message."""

    name: str
    version: str
    purpose: str
    text: str

    @cached_property
    def identity(self) -> str:
        """Name, version and the digest of the text, for the audit: an edited prompt is another one."""
        return f"{self.name}/{self.version}@{sha256(self.text.encode()).hexdigest()[:8]}"

    def lines(self, shown: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Line, ...]:
        """Return the request: the template with ``shown``, then ``given`` as JSON."""
        template = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False).from_string(self.text)  # noqa: S701
        return Line("system", template.render(shown).strip()), Line("user", json.dumps(given, ensure_ascii=False))


def read_prompt(path: Path) -> Prompt:
    """Read a prompt file.

    Raises:
        PromptError: it cannot be read, has no header with version and purpose, or is no template.
    """
    try:
        text = path.read_text(encoding="utf-8")
        Environment(autoescape=False).parse(text)  # noqa: S701
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"the prompt {path} cannot be read: {error}") from None
    except TemplateError as error:
        raise PromptError(f"the prompt {path} is no template: {error}") from None
    header = _HEADER.match(text)
    if header is None:
        raise PromptError(f"the prompt {path} does not begin with {{#- version: ... -#}} and {{#- purpose: ... -#}}")
    return Prompt(path.stem, header.group(1), " ".join(header.group(2).split()), text)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how often a model is asked. ``attempts`` count what may pass by itself; a reply of the wrong form is repaired once besides."""

    seconds: float = 8.0
    attempts: int = 2
    longest: int = 800


@dataclass(frozen=True)
class Lane:
    """The places for calls that are under way at once, so that a slow model never holds up those who need none."""

    places: int
    _free: BoundedSemaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Begin with every place free."""
        object.__setattr__(self, "_free", BoundedSemaphore(self.places))

    def enter(self) -> bool:
        """Take a place; return False when there is none."""
        return self._free.acquire(blocking=False)

    def leave(self) -> None:
        """Give the place back."""
        self._free.release()


def _ignore(_piece: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class StepModel:
    """The model behind one step, with the prompt by which it is asked."""

    step: str
    chat: ChatModel
    prompt: Prompt
    limits: Limits
    price: Price
    budget: Budget
    lane: Lane
    now: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep

    def ask(
        self,
        account: Account,
        ask: Ask,
        check: Callable[[Answered], Found],
        hear: Callable[[str], None] = _ignore,
        restart: Callable[[], None] = lambda: None,
    ) -> Found:
        """Return what ``check`` makes of the reply; every call stands in the account. ``restart`` is told when pieces begin anew.

        ``check`` raises ``Unusable`` for a reply of the wrong form: the model is told so and asked once more.

        Raises:
            ChatFailed: there is nothing to use; the account says why, and the caller goes on without the model.
        """
        key = sha256(repr((self.step, self.chat.identity, ask)).encode()).hexdigest()
        if key not in account.known:
            try:
                account.known[key] = self._tried(account, ask, check, hear, restart)
            except ChatFailed as failed:
                account.known[key] = failed
        found: Found | ChatFailed = account.known[key]
        if isinstance(found, ChatFailed):
            account.fell_back[self.step] = found.trouble.value
            raise found
        account.done_by[self.step] = (self.chat.identity, self.prompt.identity)
        return found

    def _tried(
        self, account: Account, ask: Ask, check: Callable[[Answered], Found], hear: Callable[[str], None], restart: Callable[[], None]
    ) -> Found:
        attempts, repaired = 1, False
        while True:
            try:
                return self._once(account, ask, check, hear)
            except ChatFailed as failed:
                if not failed.trouble.passes or attempts >= self.limits.attempts or not self._waited(account, failed.after):
                    raise
                attempts += 1
            except _Misshapen as misshapen:
                if repaired:
                    raise ChatFailed(Trouble.MALFORMED, misshapen.why) from None
                repaired, ask = True, _repair(ask, misshapen)
            restart()

    def _once(self, account: Account, ask: Ask, check: Callable[[Answered], Found], hear: Callable[[str], None]) -> Found:
        seconds = min(self.limits.seconds, account.seconds_left())
        if account.spent(self.budget):
            raise ChatFailed(Trouble.OVER_BUDGET)
        if seconds < LEAST_SECONDS:
            raise ChatFailed(Trouble.TIMEOUT, "no time is left in this turn")
        if not self.lane.enter():
            raise ChatFailed(Trouble.BUSY)
        began, at = time.monotonic(), self.now()
        try:
            answered = self.chat.ask(ask, seconds, hear)
        except ChatFailed as failed:
            self._note(account, at, began, failed.used or Usage(), failed.trouble.value)
            raise
        finally:
            self.lane.leave()
        try:
            found = check(answered)
        except Unusable as why:
            self._note(account, at, began, answered.usage, Trouble.MALFORMED.value)
            raise _Misshapen(answered, str(why)) from None
        self._note(account, at, began, answered.usage, "")
        return found

    def _note(self, account: Account, at: datetime, began: float, used: Usage, trouble: str) -> None:
        took, cost = round(time.monotonic() - began, 3), self.price.of(used.read, used.written)
        call = ModelCall(self.step, self.chat.identity, self.prompt.identity, at, took, used.read, used.written, used.estimated, cost, trouble)
        account.calls.append(call)

    def _waited(self, account: Account, after: float) -> bool:
        """Wait as long as the server asks for, a moment otherwise; return False when there is no time for that."""
        pause = after or 0.1
        if pause > LONGEST_WAIT or pause + LEAST_SECONDS > account.seconds_left():
            return False
        self.wait(pause)
        return True


class _Misshapen(Exception):
    def __init__(self, answered: Answered, why: str) -> None:
        super().__init__(why)
        self.answered, self.why = answered, why


def _repair(ask: Ask, misshapen: _Misshapen) -> Ask:
    said = Line("assistant", misshapen.answered.text[:QUOTED] or "(nothing)")
    told = Line("user", f"That cannot be used: {misshapen.why}. Reply again, in the form that was asked for and with nothing else.")
    return Ask((*ask.lines, said, told), ask.tools, ask.must_call, ask.schema, ask.longest)


def json_object(answered: Answered) -> dict[str, Any]:
    """Return the JSON object that a reply is, also out of a code block.

    Raises:
        Unusable: it is none.
    """
    text = answered.text.strip()
    fenced = re.fullmatch(r"```(?:json)?\s*(\{.*\})\s*```", text, re.DOTALL)
    try:
        made = from_json(fenced.group(1) if fenced else text)  # unlike json.loads, this refuses bottomless nesting
    except ValueError as error:
        raise Unusable(f"it is not one JSON object ({type(error).__name__})") from None
    if not isinstance(made, dict):
        raise Unusable("it is JSON but no object")
    return made
