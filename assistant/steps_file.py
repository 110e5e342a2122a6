"""``steps.toml``: which model does which step of a turn, within which limits and budget, and which candidate is tried beside it."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assistant.domain.model_use import Budget

LOCAL = "local"
STEPS = ("understand", "answer", "act", "summarise", "draft")
StepName = Literal["understand", "answer", "act", "summarise", "draft"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class StepsError(ValueError):
    """The steps file cannot be used; the message says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceOf(_Part):
    """Prices for a million tokens."""

    read: float = Field(default=0.0, ge=0)
    written: float = Field(default=0.0, ge=0)


class ModelOf(_Part):
    """One model and how it is reached. The key stands in an environment variable, never in the file."""

    model: str = Field(pattern=r"^[a-z0-9_]+:\S{1,200}$")
    base_url: str = ""
    key_env: str = Field(default="", pattern=r"^[A-Z][A-Z0-9_]*$|^$")
    headers: dict[str, str] = {}
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    structured: Literal["json_schema", "json_object", "tool", "prompt"] = "json_schema"
    usage: bool = True
    proxy: str = ""
    ca_file: str = ""
    price: PriceOf = PriceOf()


class LimitsOf(_Part):
    """How long and how often a step's model is asked."""

    seconds: float = Field(default=6.0, gt=0, le=120)
    attempts: int = Field(default=2, ge=1, le=4)
    longest: int = Field(default=900, ge=16, le=16_000)


class StepOf(_Part):
    """What does a step. ``prompt`` is a file beside the steps file, in place of the packaged one."""

    model: str = LOCAL
    prompt: str = ""
    limits: LimitsOf = LimitsOf()


class BudgetOf(_Part):
    """The most that may be spent, in the currency of the prices and in tokens."""

    conversation_cost: float | None = Field(default=None, gt=0)
    conversation_tokens: int | None = Field(default=None, gt=0)
    day_cost: float | None = Field(default=None, gt=0)
    day_tokens: int | None = Field(default=None, gt=0)

    def value(self) -> Budget:
        """Return it with infinity for what has no bound."""
        found = (self.conversation_cost, self.conversation_tokens, self.day_cost, self.day_tokens)
        return Budget(*(math.inf if bound is None else bound for bound in found))


class CandidateOf(_Part):
    """What is tried beside the live assistant: another model or prompt for the answer, or another policy.

    ``share`` of the conversations are answered by the candidate itself (a canary); in the others it answers invisibly (a shadow).
    """

    model: str = ""
    prompt: str = ""
    policy: str = ""
    share: float = Field(default=0.0, ge=0, le=0.5)
    limits: LimitsOf = LimitsOf()

    @model_validator(mode="after")
    def _is_something(self) -> CandidateOf:
        if not (self.model or self.prompt or self.policy):
            raise ValueError("a candidate names a model, a prompt or a policy")
        if self.policy and self.share:
            raise ValueError("a policy is only tried as a shadow: leave out share")
        return self


class StepsFile(_Part):
    """The whole file."""

    models: dict[str, ModelOf] = {}
    steps: dict[StepName, StepOf] = {}
    budget: BudgetOf = BudgetOf()
    calls_at_once: int = Field(default=16, ge=1, le=200)
    candidates: dict[str, CandidateOf] = {}
    folder: Path = Field(default=Path(), exclude=True)
    """Where the file stands; prompts and policies are named from there."""

    @model_validator(mode="before")
    @classmethod
    def _short_steps(cls, given: Any) -> Any:
        """Read ``answer = "fast"`` as ``answer = { model = "fast" }``."""
        steps = given.get("steps") if isinstance(given, Mapping) else None
        if isinstance(steps, Mapping):
            given = {**given, "steps": {name: {"model": one} if isinstance(one, str) else one for name, one in steps.items()}}
        return given

    @model_validator(mode="after")
    def _names_exist(self) -> StepsFile:
        for name in (*self.models, *self.candidates):
            if name == LOCAL or not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot be the name of a model or a candidate")
        named = [(f"steps.{step}", one.model) for step, one in self.steps.items()]
        named += [(f"candidates.{name}", one.model) for name, one in self.candidates.items() if one.model]
        for where, model in named:
            if model != LOCAL and model not in self.models:
                raise ValueError(f"{where} names the model {model!r}, which is not among models")
        for where, prompt, model in [(f"steps.{step}", one.prompt, one.model) for step, one in self.steps.items()]:
            if prompt and model == LOCAL:
                raise ValueError(f"{where} has a prompt but no model")
        return self

    @property
    def calls_models(self) -> bool:
        """Say whether a step of a turn or a candidate asks a model."""
        return any(one.model != LOCAL for one in self.steps.values()) or any(one.model or one.prompt for one in self.candidates.values())

    def step(self, name: StepName) -> StepOf:
        """Return what does a step; the local one where nothing is said."""
        return self.steps.get(name, StepOf())

    def path(self, name: str) -> Path:
        """Return a file that the steps file names."""
        return self.folder / name


def read_steps(path: Path | None) -> StepsFile:
    """Read a steps file; without one every step is local.

    Raises:
        StepsError: it cannot be read, is no TOML, or says something that cannot be.
    """
    if path is None:
        return StepsFile()
    try:
        return parse_steps(path.read_text(encoding="utf-8"), str(path), path.parent)
    except (OSError, UnicodeDecodeError) as error:
        raise StepsError(f"the steps file {path} cannot be read: {error}") from None


def parse_steps(text: str, name: str, folder: Path) -> StepsFile:
    """Read the text of a steps file; ``name`` is for messages.

    Raises:
        StepsError: it is no TOML, or says something that cannot be.
    """
    try:
        return StepsFile.model_validate({**tomllib.loads(text), "folder": folder})
    except tomllib.TOMLDecodeError as error:
        raise StepsError(f"{name}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise StepsError(f"{name}: {where}: {first['msg'].removeprefix('Value error, ')}") from None


def as_toml(file: StepsFile) -> str:
    """Return a steps file as TOML, with what differs from the defaults; comments of the file before are lost."""
    said: dict[str, Any] = file.model_dump(exclude_defaults=True)
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items() if not isinstance(value, dict)]
    for name, value in said.items():
        if isinstance(value, dict) and any(isinstance(one, dict) for one in value.values()):
            for inner, table in value.items():
                lines += ["", f"[{name}.{inner}]", *(f"{key} = {_inline(one)}" for key, one in table.items())]
        elif isinstance(value, dict) and value:
            lines += ["", f"[{name}]", *(f"{key} = {_inline(one)}" for key, one in value.items())]
    return "\n".join(lines).lstrip() + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_inline(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)
