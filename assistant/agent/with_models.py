"""The steps of a turn that a language model does, where the organisation named one. All of it happens before the turn's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from assistant.agent.acting import Wishes
from assistant.agent.languages.known import LANGUAGES
from assistant.agent.lookup import FILING, LOOKING, Finding, Setting
from assistant.agent.settlement import category_of
from assistant.agent.steps.act import PLAIN
from assistant.agent.steps.answer_with_model import AnsweringModel, Question, shown_passages
from assistant.agent.steps.summarise import transcript_of
from assistant.agent.steps.summarise_with_model import SummarisingModel
from assistant.agent.steps.understand import Intent, Understanding
from assistant.agent.steps.understand_with_model import UnderstandingModel
from assistant.domain.conversation import State
from assistant.domain.model_use import Account, Budget
from assistant.domain.rollout import Rung
from assistant.governance.policy import Disposition, Policy
from assistant.governance.rollout_rules import rung_of
from assistant.ports.store import Store, UnitOfWork


@dataclass(frozen=True, slots=True)
class Models:
    """The models behind the steps; None where the local step does it."""

    understand: UnderstandingModel | None = None
    answer: AnsweringModel | None = None
    summarise: SummarisingModel | None = None
    budget: Budget = Budget()
    places: int = 0
    """Calls that may be under way at once; 0 where no step and no candidate has a model."""

    @property
    def any(self) -> bool:
        """Say whether a model does any step of a turn."""
        return self.places > 0

    def open_account(self, account: Account, unit: UnitOfWork, conversation: str, day: date) -> None:
        """Read what was spent so far, where something bounds it."""
        if self.any:
            read_spent(account, self.budget, unit, conversation, day)

    def understood(self, base: Understanding, text: str, choice: str, state: State, issue: str, account: Account) -> Understanding:
        """Return what a message in words means; presses are never asked about."""
        if self.understand is None or choice:
            return base
        return self.understand.refine(base, text, state, issue, account)

    def written(self, setting: Setting, finding: Finding, wishes: Wishes, policy: Policy, today: date) -> Finding:
        """Return the finding with the answer that a model wrote, where one is going to be given."""
        found = finding.retrieval
        if self.answer is None or found is None or not found.ranked or setting.understanding.intent not in LOOKING or finding.chosen:
            return finding
        if any(call.confidence >= PLAIN for call in wishes.chosen.calls) or wishes.chosen.about_others or wishes.chosen.said:
            return finding
        band = "second_answer" if setting.understanding.intent is Intent.NOT_SOLVED else "answer"
        if policy.decide(band, found.confidence) is not Disposition.AUTO or rung_of(policy, category_of(found)) is not Rung.AUTOMATIC:
            return finding
        return replace(finding, written=self.answer.write(question_of(setting, finding, today), setting.account))

    def summarised(self, setting: Setting, store: Store) -> Setting:
        """Return the setting with a summary in its memory, where the conversation is likely to go to people now."""
        if self.summarise is None or not setting.memory.issue or setting.understanding.intent not in FILING:
            return setting
        with store.read() as unit:
            events = unit.conversations.events(setting.conversation.id)
        said = transcript_of(events, setting.person, setting.message)
        device = next((f"{one.name}, {one.os}" for one in setting.devices if one.id == setting.memory.device), setting.memory.platform)
        summary = self.summarise.summarise(said, device, setting.memory.offered, setting.account)
        return replace(setting, memory=replace(setting.memory, summary=summary)) if summary else setting


def read_spent(account: Account, budget: Budget, unit: UnitOfWork, conversation: str, day: date) -> None:
    """Read what a conversation and a day have spent so far into an account, where a budget bounds it."""
    if budget.is_limited:
        account.conversation = unit.model_calls.spent(conversation)
        account.day = unit.model_calls.spent_since(datetime.combine(day, time(), UTC))


def question_of(setting: Setting, finding: Finding, today: date) -> Question:
    """Return what a model is asked to answer: the person's words, what they said before, and the passages that were found."""
    assert finding.retrieval is not None, "only what was found is written about"
    memory = finding.memory
    return Question(
        words=setting.message.text or memory.issue,
        before=tuple(words for words in (memory.issue, *memory.details) if words and words != setting.message.text),
        system=finding.target.platform.label if finding.target.platform else "",
        language=LANGUAGES[setting.memory.speaks].name,
        translates=finding.written_in != setting.memory.speaks,
        passages=shown_passages(finding.retrieval, finding.whole),
        today=today,
    )
