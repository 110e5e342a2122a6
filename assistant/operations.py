"""What commands do beside turns: the gap report in text, confirmed resolutions, and drafts of articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from assistant.agent.steps.draft import Drafted, drafted, evidence_of, thin
from assistant.agent.with_models import read_spent
from assistant.bootstrap import Assistant
from assistant.desk.opinions import LOOK_BACK, Doubted, doubted
from assistant.desk.review import GapReport, gap_report, week_of
from assistant.domain.conversation import Outcome, State
from assistant.domain.model_use import Account
from assistant.learning import learned_text
from assistant.ports.store import UnitOfWork
from kb.lint.findings import overdue
from kb.lint.show import overdue_facts, overdue_text


def report_of(assistant: Assistant, week: str = "") -> GapReport:
    """Return the gap report of the week that holds a day (YYYY-MM-DD), of this week by default, with every overdue article.

    Raises:
        ValueError: that is not a day.
    """
    zone, now = assistant.workplace.company().timezone, assistant.clock.now()
    moment = datetime.combine(date.fromisoformat(week), time(12), ZoneInfo(zone)) if week else now
    start, end = week_of(moment, zone)
    with assistant.store.read() as unit:
        intents = unit.intents.between(start, end)
    late = overdue(assistant.knowledge_base.store.articles(), now.astimezone(ZoneInfo(zone)).date())
    return gap_report(intents, start, assistant.knowledge.embed, late)


def report_facts(report: GapReport) -> dict[str, Any]:
    """Return a report for programs."""
    gaps = [
        {
            "rank": rank,
            "name": gap.name,
            "failure": gap.failure.value,
            "failures": {failure.value: count for failure, count in gap.failures.items()},
            "demand": gap.demand,
            "people": gap.people,
            "tickets": gap.tickets,
            "cost": gap.cost,
            "examples": list(gap.examples),
            "nearest": list(gap.nearest),
            "category": gap.category,
            "first_asked": gap.first_asked.isoformat(),
            "last_asked": gap.last_asked.isoformat(),
        }
        for rank, gap in enumerate(report.gaps, 1)
    ]
    head = {"week_start": report.week_start.isoformat(), "week_end": report.week_end.isoformat(), "total": report.total, "people": report.people}
    return {**head, "gaps": gaps, "overdue": overdue_facts(report.overdue)}


def ranking_text(assistant: Assistant) -> str:
    """Say what the ranking has learned from confirmed answers."""
    return learned_text(assistant.knowledge_base.learned.facts())


def doubts_of(assistant: Assistant) -> list[Doubted]:
    """Return the articles that people called wrong or outdated lately and nobody edited since."""
    heads = {article.id: article for article in assistant.knowledge_base.store.articles()}
    with assistant.store.read() as unit:
        said = unit.feedback.since(assistant.clock.now() - LOOK_BACK)
    return doubted(said, heads.get)


def doubts_facts(rows: Sequence[Doubted]) -> list[dict[str, Any]]:
    """Return articles that are doubted for programs."""
    return [{**asdict(row), "reasons": dict(row.reasons), "notes": list(row.notes), "latest": row.latest.isoformat()} for row in rows]


def doubts_text(rows: Sequence[Doubted]) -> str:
    """Return articles that are doubted for a terminal."""
    if not rows:
        return f"Nobody called an article wrong or outdated in the last {LOOK_BACK.days} days."
    lines = ["What people said about answers: articles called wrong or outdated and not edited since."]
    for row in rows:
        reasons = ", ".join(f"{count} x {label}" for label, count in row.reasons)
        lines += [f"- {row.title} ({row.article}, {row.owner or 'no owner'}): {reasons}; helped {row.helpful} times"]
        lines += [f"  - {' '.join(note.split())}" for note in row.notes]
    return "\n".join(lines)


def report_text(report: GapReport) -> str:
    """Return a report for a terminal."""
    lines = [f"Week of {report.week_start} to {report.week_end}: {report.total} questions from {report.people} people stayed without an answer."]
    if not report.gaps:
        lines.append("No gaps. Questions that end without an answer appear here, the costliest first.")
    for rank, gap in enumerate(report.gaps, 1):
        why = ", ".join(f"{failure.value} {count}" for failure, count in gap.failures.items())
        lines += ["", f"{rank}. {gap.name}", f"   asked {gap.demand} times by {gap.people} people, {gap.tickets} tickets, cost {gap.cost:g}; {why}"]
        lines += [f"   - {example}" for example in gap.examples]
        if gap.nearest:
            lines.append(f"   nearest articles: {', '.join(gap.nearest)}")
    return "\n".join([*lines, *overdue_text(report.overdue)])


def confirmed_between(unit: UnitOfWork, since: datetime, until: datetime) -> int:
    """Return how many conversations ended in [since, until) with somebody's word that it is solved, and have not been reopened."""
    ended = (one.episode for one in unit.conversations.silent_since(State.RESOLVED, until))
    confirmed = (one for one in ended if one.outcome is Outcome.RESOLVED_CONFIRMED and not one.reopened and one.closed_at is not None)
    return sum(since <= one.closed_at < until for one in confirmed if one.closed_at is not None)


def draft_from(assistant: Assistant, tickets: Sequence[str]) -> Drafted:
    """Draft an article from tickets that people solved; ``refused`` says why there is none and whom to ask what.

    Raises:
        LookupError: there is no such ticket.
    """
    people = {person.id: person for person in assistant.directory.people()}
    with assistant.store.read() as unit:
        found = [(ticket_id, unit.tickets.ticket(ticket_id)) for ticket_id in dict.fromkeys(tickets)]
    if missing := [ticket_id for ticket_id, ticket in found if ticket is None]:
        raise LookupError(f"there is no ticket {missing[0]}")
    open_ones = [ticket.id for _, ticket in found if ticket is not None and ticket.status.is_open]
    if open_ones:
        return Drafted("", refused=f"{', '.join(open_ones)} is still open. Draft when it is solved.")
    evidence = [evidence_of(ticket, people) for _, ticket in found if ticket is not None]
    if why := thin(evidence, people):
        return Drafted("", refused=why)
    if assistant.drafting is None:
        return drafted(evidence)
    account, step = Account(), assistant.drafting.model
    with assistant.store.read() as unit:
        read_spent(account, step.budget, unit, "", assistant.clock.now().date())
    made = assistant.drafting.draft(evidence, account)
    with assistant.store.write() as unit:
        unit.model_calls.record("", "", account.calls)
    return made
