"""Composes the weekly review over ready parts: what makes it, when, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from assistant import __version__
from assistant.agent.tools.registry import TOOLS
from assistant.carriage import Outward
from assistant.governance.in_force import InForce
from assistant.ports.channels import Channel
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.notify import Notifier
from assistant.ports.store import Store, UnitOfWork
from assistant.settings import Settings
from assistant.workflows.alerts_section import AlertSection
from assistant.workflows.changes_section import ChangesSection
from assistant.workflows.errands import Errand
from assistant.workflows.joiners_section import JoinersSection
from assistant.workflows.problem_section import ProblemSection
from assistant.workflows.review_errands import Listeners, review_errands
from assistant.workflows.review_sections import EffectSection, GapSection, TuningSection
from assistant.workflows.reviewing import Reviewer, Schedule, Section
from assistant.workflows.rollout_section import RolloutSection
from assistant.workflows.triage_section import TriageSection
from kb.bootstrap import KnowledgeBase
from kb.model import Article


def reviewer_of(
    settings: Settings,
    outward: Outward,
    store: Store,
    clock: Clock,
    base: KnowledgeBase,
    in_force: InForce,
    models: Mapping[str, str],
    gather: Callable[[], object],
) -> Reviewer:
    """Return what makes weekly reviews; ``models`` are those that the steps file names, ``gather`` puts what was not resolved into gaps."""

    def versions(unit: UnitOfWork) -> Mapping[str, str]:
        facts = base.learned.facts()
        ranking = f"learned in the week of {facts['week']}" if facts.get("kept") else "as shipped"
        policy, steps = in_force.of(unit).version, {f"model of {step}": model for step, model in models.items()}
        return {"Firstline": __version__, "policy": policy, "ranking": ranking, "embedding": base.embedder.identity, **steps}

    def articles() -> Sequence[Article]:
        return sorted(base.store.articles(), key=lambda one: one.id)

    schedule = Schedule(settings.review_day, settings.review_hour)
    gaps, effects = GapSection(outward.directory, settings.agent_minutes), EffectSection(articles)
    sections: tuple[Section, ...] = (
        gaps,
        effects,
        TuningSection(in_force.file, in_force.of),
        AlertSection(),
        ProblemSection(),
        JoinersSection(),
        ChangesSection(),
        TriageSection(in_force.of),
        RolloutSection(in_force.of, _category_of_tool),
    )
    return Reviewer(store, clock, lambda: outward.workplace.company().timezone, articles, versions, schedule, sections, gather)


def _category_of_tool(tool: str) -> str:
    return TOOLS[tool].category if tool in TOOLS else ""


def weekly_errands(
    settings: Settings, reviewer: Reviewer, directory: Directory, notifier: Notifier, channels: Mapping[str, Channel]
) -> dict[str, Errand]:
    """Return the errands that make the review and tell of it."""
    listeners = Listeners(frozenset(settings.review_mail_groups), settings.review_slack_channel)
    return review_errands(reviewer, directory, notifier, channels, listeners, settings.url)
