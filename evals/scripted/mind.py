"""What the scripted model says. It reads the JSON of our prompts and follows simple rules; it knows nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.agent.steps.act import LocalActing
from assistant.ports.models import Handle, Situation
from evals.scripted.answers import answer, article, summary
from evals.scripted.reading import reading

NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A reply: text and calls (tool and arguments). ``step`` is what was asked for, "other" for what is no step of ours."""

    step: str
    text: str = ""
    calls: tuple[tuple[str, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the mind sees it: the values, the instructions, the tools by name."""

    step: str
    given: Mapping[str, Any]
    told: str
    tools: tuple[str, ...]


def spoken(body: Mapping[str, Any]) -> Spoken:
    """Return the reply to a request in the wire format of OpenAI."""
    given = asked(body)
    tools = tuple(tool["function"]["name"] for tool in body.get("tools", ()))
    for step, keys, mind in _MINDS:
        if keys <= set(given):
            return mind(Request(step, given, _system(body), tools))
    return Spoken("other", "The line works.")


def asked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON object of the request, which a request for repair follows; {} when there is none."""
    for message in body.get("messages", ()):
        if message.get("role") == "user":
            try:
                given = json.loads(message.get("content") or "")
            except ValueError:
                return {}
            return given if isinstance(given, dict) else {}
    return {}


def _system(body: Mapping[str, Any]) -> str:
    first: Mapping[str, Any] = next(iter(body.get("messages", ())), {})
    return str(first.get("content") or "") if first.get("role") == "system" else ""


def _understand(request: Request) -> Spoken:
    given = request.given
    made = reading(str(given["message"]), str(given["state"]), str(given.get("issue", "")))
    if request.tools:
        return Spoken(request.step, calls=((request.tools[0], made),))
    return Spoken(request.step, json.dumps(made, ensure_ascii=False))


def _answer(request: Request) -> Spoken:
    given, quotes = request.given, "copied exactly, in double quotes" in request.told
    return Spoken(request.step, answer(str(given["question"]), given["before"], given["passages"], quotes=quotes) or NOTHING)


def _act(request: Request) -> Spoken:
    """Choose by the plain patterns of the local step: what is measured is the way there and back, not cleverness."""
    given = request.given
    handles = [Handle(str(one["handle"]), str(one["kind"]), str(one["label"])) for one in given["offered"]]
    situation = Situation(str(given["message"]), str(given.get("issue", "")), lambda: handles, lambda: ())
    calls = tuple((call.tool, dict(call.arguments)) for call in LocalActing().choose(situation).calls if call.tool in request.tools)
    return Spoken(request.step, "" if calls else NOTHING, calls)


def _summarise(request: Request) -> Spoken:
    lines: Sequence[Mapping[str, str]] = request.given["transcript"]
    return Spoken(request.step, summary([str(line["what"]) for line in lines if line["who"] == "employee"]))


def _draft(request: Request) -> Spoken:
    return Spoken(request.step, article(request.given["tickets"]) or NOTHING)


_MINDS: tuple[tuple[str, frozenset[str], Callable[[Request], Spoken]], ...] = (
    ("act", frozenset({"message", "offered"}), _act),
    ("understand", frozenset({"message", "state"}), _understand),
    ("answer", frozenset({"question", "before", "passages"}), _answer),
    ("summarise", frozenset({"transcript"}), _summarise),
    ("draft", frozenset({"tickets"}), _draft),
)
