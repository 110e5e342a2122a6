"""What a turn does with an answer that it has, where the rollout ladder keeps the category below automatic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assistant.agent import wording
from assistant.agent.lookup import Finding
from assistant.agent.settlement import Settlement, Step, category_of
from assistant.agent.state import Memory
from assistant.domain.conversation import Happening
from assistant.domain.reply import FILE, OFFER, PERSON, Choice, ReplyKind
from assistant.domain.rollout import Rung
from assistant.governance.policy import Disposition, Policy
from assistant.governance.rollout_rules import rung_of
from kb.model import Retrieval

SUGGESTED = 3
"""Articles that are named on the rung ``suggest``."""
RULE = "rollout"


def held_on(policy: Policy, found: Retrieval, finding: Finding, disposition: Disposition) -> Rung | None:
    """Return the rung that keeps an answer back, None where the turn goes on as it would.

    What nothing answers is not held. An article that the person chose is shown, but for a category that is triaged only. On ``suggest`` and
    ``confirm`` an unsure result asks which article is meant, as it always does.
    """
    if not found.ranked or (disposition is Disposition.ESCALATE and not finding.chosen):
        return None
    rung = rung_of(policy, category_of(found))
    if rung is Rung.TRIAGE:
        return rung
    return rung if rung is not Rung.AUTOMATIC and disposition is Disposition.AUTO and not finding.chosen else None


def hold_back(rung: Rung, found: Retrieval, memory: Memory, step: Step, queue: str, file: Callable[[Memory], Settlement]) -> Settlement:
    """Return what is said in place of the answer: a ticket, suggestions, or whether the article shall be shown; asked once, then a ticket is offered.

    ``step`` is the decision that the bands made; it is kept with the rung that took it back. It is nobody's failure: no gap comes of it.
    """
    category = category_of(found)
    asked, memory = memory.asked, replace(memory, action_rule=f"{RULE}: {category} is on {rung}", failure="", confidence=None)
    step = replace(step, decision=f"held: {rung}", detail=step.detail | {"rung": rung.value, "category": category})
    if rung is Rung.TRIAGE:
        filed = file(memory)
        return replace(filed, steps=(step, *filed.steps))
    if asked:
        return Settlement(Happening.OFFERED, ReplyKind.CLARIFICATION, wording.for_the_desk(queue), memory, choices=OFFER, steps=(step,))
    articles = found.articles[: 1 if rung is Rung.CONFIRM else SUGGESTED]
    choices = tuple(Choice(id=f"topic:{number}", label=article.title, article=article.id) for number, article in enumerate(articles))
    memory = replace(memory, asked=True, topics=tuple(article.id for article in articles))
    text = wording.shall_i_show(articles[0].title) if rung is Rung.CONFIRM else wording.suggested()
    return Settlement(Happening.ASKED, ReplyKind.CLARIFICATION, text, memory, choices=(*choices, FILE, PERSON), steps=(step,))
