"""What candidates came to, and their promotion: only where the lower bound of the paired difference is not below zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.agent.state import Memory
from assistant.bootstrap import Assistant
from assistant.domain.audit import AuditEntry
from assistant.domain.shadow import ShadowTurn, differences, judged, may_promote
from assistant.governance.policy_file import load_policy
from assistant.steps_file import StepOf, StepsFile, as_toml, parse_steps, read_steps

RESAMPLES, SEED = 10_000, 1
OPERATOR = "operator"


class NotPromoted(ValueError):
    """A candidate may not take the live one's place; the message says why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a candidate came to. Rates are means over turns with a verdict; ``low`` to ``high`` is the 95 % interval of the paired difference."""

    candidate: str
    turns: int
    failed: int
    judged: int
    live: float
    shadow: float
    difference: float
    low: float
    high: float
    canary: tuple[int, int]
    """Answers of the candidate itself that have a verdict, and those of them that solved it."""
    seconds: float
    """Of a turn, on average."""
    cost: float
    """Of all."""

    @property
    def refused(self) -> str:
        """Why it may not be promoted, "" when it may."""
        return may_promote(self.low, self.judged)


def standing_of(assistant: Assistant, candidate: str) -> Standing:
    """Return what a candidate came to so far."""
    with assistant.store.read() as unit:
        turns = unit.shadows.of_candidate(candidate)
        said = {one: unit.conversations.load(one) for one in {turn.conversation for turn in turns}}
    verdicts = {id_: Memory.load(one.memory) for id_, one in said.items() if one is not None}
    paired = [pair for turn in turns if not turn.canary and (pair := judged(turn, _verdict(turn, verdicts))) is not None]
    own = [pair for turn in turns if turn.canary and (pair := judged(turn, _verdict(turn, verdicts))) is not None]
    low, high = _interval(differences(paired))
    return Standing(
        candidate,
        len(turns),
        len([turn for turn in turns if turn.trouble]),
        len(paired),
        _mean(pair.live for pair in paired),
        _mean(pair.shadow for pair in paired),
        _mean(differences(paired)),
        low,
        high,
        (len(own), int(sum(pair.live for pair in own))),
        _mean(turn.seconds for turn in turns if not turn.canary),
        sum(turn.cost for turn in turns),
    )


def _verdict(turn: ShadowTurn, verdicts: dict[str, Memory]) -> str:
    memory = verdicts.get(turn.conversation)
    if memory is None or not turn.live:
        return ""
    return next((offered.verdict for offered in memory.offered if offered.article == turn.live[0]), "")


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def _interval(change: list[float]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a mean; all of the line where there is nothing."""
    if not change:
        return -1.0, 1.0
    values = np.array(change)
    draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def promote(assistant: Assistant, candidate: str) -> Path:
    """Let a candidate take the live one's place; return the file that was written, its earlier form stands beside it with ``.before``.

    The running service takes it up at its next start. The audit keeps the figures.

    Raises:
        NotPromoted: there is no such candidate, its figures do not hold, or the settings leave no file to write.
    """
    path = assistant.settings.steps_file
    file = read_steps(path)
    if path is None or candidate not in file.candidates:
        raise NotPromoted(f"the steps file names no candidate {candidate!r}")
    figures = standing_of(assistant, candidate)
    if figures.refused:
        raise NotPromoted(f"{candidate} is not promoted: {figures.refused}")
    written = _adopt_policy(assistant, file, candidate) or _adopt_step(path, file, candidate)
    entry = AuditEntry(assistant.clock.now(), OPERATOR, "promote", candidate)
    detail = {"turns": figures.judged, "live": figures.live, "shadow": figures.shadow, "low": round(figures.low, 4), "high": round(figures.high, 4)}
    with assistant.store.write() as unit:
        unit.audit.append([replace(entry, detail=detail)])
        unit.shadows.forget(candidate)
    return written


def _adopt_policy(assistant: Assistant, file: StepsFile, candidate: str) -> Path | None:
    asked = file.candidates[candidate]
    if not asked.policy:
        return None
    live = assistant.settings.policy_file
    if live is None:
        raise NotPromoted("the packaged policy is in use: let FIRSTLINE_POLICY_FILE name a file of your own first")
    _keep(live)
    load_policy(file.path(asked.policy))
    live.write_text(file.path(asked.policy).read_text(encoding="utf-8"), encoding="utf-8")
    return live


def _adopt_step(path: Path, file: StepsFile, candidate: str) -> Path:
    asked = file.candidates[candidate]
    before = file.step("answer")
    step = StepOf(model=asked.model or before.model, prompt=asked.prompt or before.prompt, limits=asked.limits)
    rest = {name: one for name, one in file.candidates.items() if name != candidate}
    made = file.model_copy(update={"steps": {**file.steps, "answer": step}, "candidates": rest})
    text = as_toml(made)
    parse_steps(text, str(path), path.parent)
    _keep(path)
    path.write_text(text, encoding="utf-8")
    return path


def _keep(path: Path) -> None:
    path.with_name(f"{path.name}.before").write_bytes(path.read_bytes())
