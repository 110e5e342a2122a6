"""What the probes mean for the steps, and the lines that configure them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from evals.wire.probes import WAYS, Shown, Wire

NEEDS = {
    "understand": "an object in one of the ways",
    "answer": "a limit of the length that is kept",
    "act": "automatic calls of tools, and their results",
    "summarise": "a limit of the length that is kept",
    "draft": "a limit of the length that is kept",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which steps a server can serve, and how it has to be configured."""

    shown: tuple[Shown, ...]
    way: str
    """How objects are asked for; empty when no way works."""
    steps: dict[str, bool]
    usage: bool
    temperature: bool

    @property
    def serves_all(self) -> bool:
        """Every step can be named in ``steps.toml``."""
        return all(self.steps.values())


def judge(wire: Wire, shown: Sequence[Shown]) -> Verdict:
    """Return what the probes mean. An ability counts when it was shown each time."""
    able = {one.name for one in shown if one.always}
    way = next((way for way in WAYS if f"object: {way}" in able), "")
    words = "length is kept" in able
    steps = {"understand": bool(way), "answer": words, "act": {"tool: automatic", "tool: result"} <= able, "summarise": words, "draft": words}
    return Verdict(tuple(shown), way, steps, "usage" in able, "temperature" not in wire.refused)


def table(verdict: Verdict) -> str:
    """Return the probes and the steps as a table in plain text."""
    lines = [f"  {'ability':<22}{'shown':>8}{'seconds':>9}   remark"]
    lines += [f"  {one.name:<22}{one.worked:>4} of {one.times}{one.seconds:>8.2f}   {one.remark}".rstrip() for one in verdict.shown]
    lines += ["", f"  {'step':<22}{'served':>8}   needs"]
    lines += [f"  {step:<22}{'yes' if served else 'no':>8}   {NEEDS[step]}" for step, served in verdict.steps.items()]
    return "\n".join(lines)


def steps_lines(verdict: Verdict, wire: Wire, key_variable: str) -> str:
    """Return the lines for ``steps.toml``: the server, and the steps that it can serve; the others stay ``local``."""
    name = "served"
    lines = [f"[models.{name}]", f"model = {_quoted(wire.setup.model)}", f"base_url = {_quoted(wire.setup.base_url)}"]
    if key_variable:
        lines.append(f"key_env = {_quoted(key_variable)}")
    if verdict.way:
        lines.append(f"structured = {_quoted(verdict.way)}")
    if verdict.temperature:
        lines.append("temperature = 0.0")
    if not verdict.usage:
        lines.append("usage = false")
    lines += ["", "[steps]", *(f"{step} = {_quoted(name if served else 'local')}" for step, served in verdict.steps.items())]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a basic TOML string; JSON writes the same escapes."""
    return json.dumps(text)
