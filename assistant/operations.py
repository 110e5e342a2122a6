"""What commands do beside turns: the gap report in text, confirmed resolutions, and drafts of articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from assistant.agent.steps.draft import Drafted, drafted, evidence_of, thin
from assistant.agent.with_models import read_spent
from assistant.bootstrap import Assistant
from assistant.desk.gaps.board import DEFINITION, EVERY, Board, Wanted, board
from assistant.desk.gaps.board import facts as row_facts
from assistant.desk.gaps.watching import sentence
from assistant.desk.opinions import LOOK_BACK, Doubted, doubted
from assistant.domain.conversation import Outcome, State
from assistant.domain.model_use import Account
from assistant.domain.week import Week
from assistant.learning import learned_text
from assistant.ports.store import UnitOfWork
from kb.gaps import K
from kb.lint.findings import Overdue, overdue
from kb.lint.show import overdue_facts, overdue_text
from kb.model import Gap


@dataclass(frozen=True, slots=True)
class GapReport:
    """The gaps that were asked for in one week, the costliest first, and the articles that are past their review date now."""

    week_start: date
    week_end: date
    total: int
    people: int
    board: Board
    overdue: tuple[Overdue, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps in order."""
        return tuple(row.gap for row in self.board.rows)


def report_of(assistant: Assistant, week: str = "") -> GapReport:
    """Return the gap report of the week that holds a day (YYYY-MM-DD), of this week by default, with every overdue article.

    What is in no gap yet is gathered first.

    Raises:
        ValueError: that is not a day.
    """
    zone, now = assistant.workplace.company().timezone, assistant.clock.now()
    moment = datetime.combine(date.fromisoformat(week), time(12), ZoneInfo(zone)) if week else now
    start, end = Week.of(moment, zone).bounds(zone)
    assistant.gathering.gather()
    with assistant.store.read() as unit:
        found = board(unit, Wanted(start, end, EVERY), now, assistant.settings.agent_minutes, lambda _: True)
        askers = {intent.asker for intent in unit.intents.between(start, end)}
    late = overdue(assistant.knowledge_base.store.articles(), now.astimezone(ZoneInfo(zone)).date())
    return GapReport(start.date(), (end - timedelta(days=1)).date(), found.demand, len(askers), found, tuple(late))


def report_facts(report: GapReport) -> dict[str, Any]:
    """Return a report for programs."""
    head = {"week_start": report.week_start.isoformat(), "week_end": report.week_end.isoformat(), "total": report.total, "people": report.people}
    spikes = [asdict(one) | {"since": one.since.isoformat(), "seen_at": one.seen_at.isoformat()} for one in report.board.spikes]
    return {**head, "gaps": [row_facts(row) for row in report.board.rows], "spikes": spikes, "overdue": overdue_facts(report.overdue)}


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
    lines += [f"Now: {sentence(spike)}" for spike in report.board.spikes]
    if not report.board.rows:
        lines.append("No gaps. Questions that end without an answer appear here, the costliest first.")
    for row in report.board.rows:
        gap = row.gap
        why = ", ".join(f"{failure.label} {count}" for failure, count in gap.failures.items())
        who = f", {gap.assigned_to}{f' until {gap.due}' if gap.due else ''}" if gap.assigned_to else ""
        lines += ["", f"{row.rank}. {gap.name} ({gap.id}, {gap.state.value}{who})"]
        lines.append(f"   asked {gap.demand} times by {gap.people} people, {gap.tickets} tickets, cost {row.minutes:g} minutes; {why}")
        lines += [f"   - {quote}" for quote in row.quotes]
        if row.nearest:
            lines.append(f"   nearest articles: {', '.join(row.nearest)}")
    if report.board.rows:
        lines += ["", f"Questions are shown where at least {K} people asked. {DEFINITION}"]
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
