"""What a turn leaves for the measures: what its episode is about, the decisions that were made with a confidence, and verdicts on earlier ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from assistant.agent.lookup import Finding, Setting
from assistant.agent.settlement import Settlement, Step
from assistant.agent.state import Memory
from assistant.agent.steps.understand import Intent
from assistant.domain.conversation import Conversation, Happening
from assistant.domain.outcome import QUESTION, Asked, Judged
from assistant.domain.reply import ReplyKind
from assistant.governance.policy import Disposition
from assistant.governance.redaction import redact
from assistant.ports.store import UnitOfWork

ANSWER, ACT, UNDERSTAND = "answer", "act", "understand"
SOLVED, REJECTED = "solved", "did not solve it"
_PLAIN = {Intent.PERSON: "person", Intent.FILE: "ticket"}


def with_intent(setting: Setting, settlement: Settlement) -> Memory:
    """Return the memory with what the episode is about: an action or an intent of the organisation's own before a question, the first of each."""
    memory, read = settlement.memory, setting.understanding
    particular = settlement.action.tool if settlement.action is not None and not settlement.action.reverts else read.name
    if particular and memory.intent in ("", QUESTION):
        return replace(memory, intent=particular)
    if not memory.intent:
        return replace(memory, intent=_PLAIN.get(read.intent, QUESTION))
    return memory


def account(unit: UnitOfWork, setting: Setting, finding: Finding, settlement: Settlement, moved: Conversation, at: datetime) -> None:
    """Write down what the turn leaves for the measures, in its own transaction. ``moved`` is the conversation after it."""
    if setting.person.is_guest:
        return
    _verdicts(unit, setting, settlement, moved)
    memory = settlement.memory
    vector = finding.retrieval.vector if finding.retrieval is not None else finding.issue_vector
    if memory.issue and vector:
        number = moved.episode.number
        unit.outcomes.ask(Asked(moved.id, number, redact(memory.question), tuple(vector), memory.platform, setting.person.id, at))
    for judged in _judged(setting, settlement, moved, at):
        unit.outcomes.judge(judged)


def _judged(setting: Setting, settlement: Settlement, moved: Conversation, at: datetime) -> list[Judged]:
    """Return the decisions of this turn that were made with a confidence.

    On an answer and on a card that were shown, its person can give a verdict. A question that was not answered for want of confidence is kept
    beside them without one: it counts where the share of automatic answers does.
    """
    shown = {Happening.ANSWERED: ANSWER, Happening.PROPOSED: ACT}.get(settlement.happening)
    if shown is None or (shown == ANSWER and settlement.kind is not ReplyKind.ANSWER):
        return _unanswered(setting, settlement, moved, at)
    step = next((one for one in settlement.steps if one.name == shown and one.confidence is not None), None)
    articles = tuple(dict.fromkeys(view.article for view in settlement.citations)) if shown == ANSWER else ()

    def made(name: str, confidence: float, decision: str, policy: str, of: tuple[str, ...]) -> Judged:
        return Judged(moved.id, moved.episode.number, setting.message.id, at, name, round(confidence, 4), decision[:40], of, None, policy)

    rows = [made(UNDERSTAND, setting.understanding.confidence, setting.understanding.intent.value, "", ())]
    if step is not None and step.confidence is not None:
        rows.append(made(shown, step.confidence, _decided(step), step.policy, articles))
    return rows


def _unanswered(setting: Setting, settlement: Settlement, moved: Conversation, at: datetime) -> list[Judged]:
    step = next((one for one in settlement.steps if one.name == ANSWER and one.rule.startswith("steps.") and one.confidence is not None), None)
    if step is None or step.verdict == Disposition.AUTO or step.confidence is None:
        return []
    number = moved.episode.number
    return [Judged(moved.id, number, setting.message.id, at, ANSWER, round(step.confidence, 4), _decided(step), policy=step.policy)]


def _decided(step: Step) -> str:
    """Return which rule of the policy decided, and what it said: ``steps.answer:auto``."""
    return f"{step.rule}:{step.verdict or step.decision}" if step.rule else step.decision


def _verdicts(unit: UnitOfWork, setting: Setting, settlement: Settlement, moved: Conversation) -> None:
    """Note what this turn says about earlier decisions. Of the understanding only what was confirmed or not wanted says something: a person
    whose article did not help may have been understood all the same."""
    before = setting.conversation
    number = before.episode.number
    known = {item.article: item.verdict for item in setting.memory.offered}
    for item in settlement.memory.offered:
        if item.verdict in (SOLVED, REJECTED) and known.get(item.article) == "":
            unit.outcomes.decide(moved.id, number, ANSWER, item.verdict == SOLVED, item.article)
    if settlement.happening is Happening.CONFIRMED:
        unit.outcomes.decide(moved.id, number, UNDERSTAND, True)
    elif settlement.happening is Happening.STARTED:
        unit.outcomes.decide(moved.id, number, ACT, True)
        unit.outcomes.decide(moved.id, number, UNDERSTAND, True)
    elif settlement.happening is Happening.DROPPED:
        unit.outcomes.decide(moved.id, number, ACT, False)
        unit.outcomes.decide(moved.id, number, UNDERSTAND, False)
