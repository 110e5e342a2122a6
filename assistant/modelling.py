"""Opens the models that ``steps.toml`` names, for the steps that they do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from assistant.agent.asking import PACKAGED, Lane, Limits, Prompt, PromptError, StepModel, read_prompt
from assistant.agent.shadowing import Candidate
from assistant.agent.steps.act import LocalActing
from assistant.agent.steps.act_with_model import ModelActing
from assistant.agent.steps.answer_with_model import AnsweringModel
from assistant.agent.steps.draft_with_model import DraftingModel
from assistant.agent.steps.summarise_with_model import SummarisingModel
from assistant.agent.steps.understand_with_model import UnderstandingModel
from assistant.agent.with_models import Models
from assistant.connections import Misconfigured
from assistant.domain.model_use import Price
from assistant.governance.policy import PolicyError
from assistant.governance.policy_file import load_policy
from assistant.ports.chat import ChatModel
from assistant.ports.clock import Clock
from assistant.ports.models import ActingModel
from assistant.steps_file import LOCAL, LimitsOf, ModelOf, StepName, StepsFile

Opens = Callable[[ModelOf], ChatModel]


def open_chat(asked: ModelOf, environment: Mapping[str, str] = os.environ) -> ChatModel:
    """Open a chat model with LangChain. Nothing is connected before it is asked.

    Raises:
        Misconfigured: its key is missing, its package is not installed, or it cannot be opened as the file says.
    """
    from pydantic import SecretStr

    from assistant.adapters.models.langchain_chat import LangChainChat
    from assistant.adapters.models.opening import ChatConfigurationError, ChatSetup

    if asked.key_env and not environment.get(asked.key_env):
        raise Misconfigured(f"{asked.model}: the environment variable {asked.key_env} holds no key")
    setup = ChatSetup(
        model=asked.model,
        base_url=asked.base_url,
        key=SecretStr(environment.get(asked.key_env, "") if asked.key_env else ""),
        headers=asked.headers,
        temperature=asked.temperature,
        structured=asked.structured,
        usage=asked.usage,
        proxy=asked.proxy,
        ca_file=asked.ca_file,
    )
    try:
        return LangChainChat(setup)
    except ChatConfigurationError as error:
        raise Misconfigured(str(error)) from None


@dataclass(frozen=True)
class Modelling:
    """Makes the steps with models. A model that several steps name is opened once, and all share the places for calls."""

    file: StepsFile
    clock: Clock
    opens: Opens = open_chat
    _opened: dict[str, ChatModel] = field(default_factory=dict, init=False)
    _lane: list[Lane] = field(default_factory=list, init=False)

    @property
    def lane(self) -> Lane:
        """The places for calls at once."""
        if not self._lane:
            self._lane.append(Lane(self.file.calls_at_once))
        return self._lane[0]

    def step(self, name: StepName) -> StepModel | None:
        """Return the model behind a step; None where the local step does it.

        Raises:
            Misconfigured: it cannot be opened, or its prompt cannot be used.
        """
        asked = self.file.step(name)
        return None if asked.model == LOCAL else self.model(name, asked.model, asked.prompt, asked.limits)

    def model(self, step: StepName, model: str, prompt: str, limits: LimitsOf) -> StepModel:
        """Return a named model for a step, asked by a prompt beside the file or by the packaged one.

        Raises:
            Misconfigured: it cannot be opened, or its prompt cannot be used.
        """
        asked = self.file.models[model]
        if model not in self._opened:
            self._opened[model] = self.opens(asked)
        return StepModel(
            step=step,
            chat=self._opened[model],
            prompt=self.prompt(step, prompt),
            limits=Limits(limits.seconds, limits.attempts, limits.longest),
            price=Price(asked.price.read, asked.price.written),
            budget=self.file.budget.value(),
            lane=self.lane,
            now=self.clock.now,
        )

    def prompt(self, step: StepName, name: str) -> Prompt:
        """Return a prompt beside the file, or the packaged one of a step.

        Raises:
            Misconfigured: it cannot be used.
        """
        try:
            return read_prompt(self.file.path(name) if name else PACKAGED / f"{step}.j2")
        except PromptError as error:
            raise Misconfigured(str(error)) from None

    def models(self) -> Models:
        """Return the models behind the steps of a turn.

        Raises:
            Misconfigured: one of them cannot be opened.
        """
        understand, answer, summarise = (self.step(name) for name in ("understand", "answer", "summarise"))
        return Models(
            UnderstandingModel(understand) if understand else None,
            AnsweringModel(answer) if answer else None,
            SummarisingModel(summarise) if summarise else None,
            self.file.budget.value(),
            self.file.calls_at_once if self.file.calls_models else 0,
        )

    def drafting(self) -> DraftingModel | None:
        """Return the model that drafts articles; None where that is done locally.

        Raises:
            Misconfigured: it cannot be opened.
        """
        step = self.step("draft")
        return DraftingModel(step) if step else None

    def candidates(self) -> list[Candidate]:
        """Return what is tried beside the live assistant.

        Raises:
            Misconfigured: a model, a prompt or a policy of theirs cannot be used.
        """
        return [self._candidate(name) for name in self.file.candidates]

    def _candidate(self, name: str) -> Candidate:
        asked = self.file.candidates[name]
        policy = None
        if asked.policy:
            try:
                policy = load_policy(self.file.path(asked.policy))
            except PolicyError as error:
                raise Misconfigured(f"candidate {name}: {error}") from None
        live = self.file.step("answer")
        model, prompt = asked.model or live.model, asked.prompt or live.prompt
        if not (asked.model or asked.prompt):
            return Candidate(name, policy=policy)
        if model == LOCAL:
            raise Misconfigured(f"candidate {name} has a prompt, but neither it nor steps.answer names a model")
        return Candidate(name, AnsweringModel(self.model("answer", model, prompt, asked.limits)), policy, asked.share)

    def acting(self) -> ActingModel | None:
        """Return the model that chooses tools; None where patterns do.

        Raises:
            Misconfigured: it cannot be opened.
        """
        step = self.step("act")
        return ModelActing(step, LocalActing()) if step else None
