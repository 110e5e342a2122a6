"""Composes triage: the model in use, what reads tickets with it, and its errands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.adapters.encoders import KeptEncoders
from assistant.agent.steps.facts import Sentiment, Urgency, mood_of, urgency_of
from assistant.desk.triage.filing import LEARN, MOVED, TRIAGE
from assistant.desk.triage.kept import InUse, Kept
from assistant.desk.triage.running import Allowed, Triaging, everything
from assistant.domain.triage import Field
from assistant.practising.ready import Ready
from assistant.workflows.errands import Errand
from assistant.workflows.triage_errands import LearnWeekly, NoteMoved, TriageTicket
from assistant.workflows.triaging import Triages

LEVEL = {Urgency.LOW: "low", Urgency.NORMAL: "medium", Urgency.HIGH: "high", Urgency.CRITICAL: "high"}


def patterns(said: Sequence[str]) -> Mapping[Field, str]:
    """Return what the words themselves say of tone, urgency and impact. Many people hit means a high impact; of one person's ticket it is low."""
    pressing, mood = urgency_of(said), mood_of(said)
    tone = "negative" if mood in (Sentiment.NEGATIVE, Sentiment.UPSET) else mood.value
    impact = "high" if pressing is Urgency.CRITICAL else "low"
    return {Field.SENTIMENT: tone, Field.URGENCY: LEVEL[pressing], Field.IMPACT: impact}


def compose(ready: Ready, allowed: Allowed = everything) -> tuple[Triages, dict[str, Errand]]:
    """Return triage over ready parts, and its errands. ``allowed`` is the most that the rollout lets it do in a category."""
    outward, kept = ready.outward, Kept(ready.settings.home / "triage")
    made = Triages(
        store=ready.store,
        clock=ready.clock,
        directory=outward.directory,
        workplace=outward.workplace,
        knowledge=ready.knowledge,
        triaging=Triaging(ready.in_force.of, outward.workplace.queues, allowed),
        kept=kept,
        encoders=KeptEncoders(kept.folder / "encoders", ready.settings.teachable_model),
        in_use=InUse(kept),
        patterns=patterns,
        may_learn=not ready.settings.zero_persistence,
    )
    weekly = LearnWeekly(made.learn_weekly, lambda: outward.workplace.company().timezone)
    return made, {TRIAGE: TriageTicket(made.reads, made.triaging), MOVED: NoteMoved(made.triaging), LEARN: weekly}
