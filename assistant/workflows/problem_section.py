"""What problems have to say in the weekly review: what was opened, how many people one message reached, and how many did not have to file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.desk.review.found import Found, Subject, many
from assistant.desk.review.making import Period
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate
from assistant.domain.outcome import Judged
from assistant.domain.problem import How, Kind, Link, Problem, ProblemState
from assistant.domain.review import Kind as Finds
from assistant.domain.review import Severity
from assistant.ports.store import UnitOfWork

ROLE, HREF = "agents", "/console/problems"


@dataclass(frozen=True, slots=True)
class ProblemSection:
    """Problems of the week."""

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        start, end = period.edges
        changed = unit.problems.changed_between(start, end)
        self._waiting(unit, found)
        made = [one for one in changed if start <= one.made_at < end]
        opened = [one for one in changed if one.opened_at is not None and start <= one.opened_at < end]
        if made or opened:
            self._opened(found, made, opened)
        self._told(unit, found, period)
        self._saved(unit, found, period)
        self._asked(unit, found, [one for one in changed if one.resolved_at is not None and start <= one.resolved_at < end])
        return 0

    def _waiting(self, unit: UnitOfWork, found: Found) -> None:
        waiting = unit.problems.counts().get(ProblemState.CANDIDATE, 0)
        if waiting:
            text = f"{many(waiting, 'problem candidate waits', 'problem candidates wait')} for a decision."
            todo = "Accept or dismiss them: until then nobody who asks is told."
            figures = (_count("waiting", waiting),)
            found.add(Finds.PROBLEM, Severity.WEEK, text, figures, Subject("waiting", role=ROLE, href=f"{HREF}?state=candidates"), todo, waiting)

    def _opened(self, found: Found, made: Sequence[Problem], opened: Sequence[Problem]) -> None:
        dismissed = sum(one.state is ProblemState.DISMISSED for one in made)
        text = f"{many(len(made), 'candidate was', 'candidates were')} found among tickets, {dismissed} of {len(made)} dismissed so far;"
        text += f" {many(len(opened), 'problem was', 'problems were')} opened."
        figures = (_count("opened", len(opened)), _count("candidates", len(made)))
        found.add(Finds.PROBLEM, Severity.KNOW, text, figures, Subject("opened", role=ROLE, href=f"{HREF}?state=all"))

    def _told(self, unit: UnitOfWork, found: Found, period: Period) -> None:
        said = [one for one in unit.problems.said_between(*period.edges) if one.kind is not Kind.REOPENED]
        if said:
            people = sum(one.people for one in said)
            told = f"{many(people, 'person was', 'people were')} told at once by {many(len(said), 'message', 'messages')}"
            text = f"{told}, {people / len(said):.1f} by each on average."
            figures = (_count("told", people), _count("messages", len(said)))
            found.add(Finds.PROBLEM, Severity.KNOW, text, figures, Subject("told", role=ROLE, href=f"{HREF}?state=all"))

    def _saved(self, unit: UnitOfWork, found: Found, period: Period) -> None:
        came = unit.problems.linked_between(*period.edges)
        told = [link for link in came if link.how is How.CHAT]
        if not told:
            return
        other = sum(link.removed for link in told)
        kept = len(told) - other
        text = f"{kept} of {many(len(told), 'person', 'people')} who asked about a known problem in a conversation did not have to file it;"
        text += f" {other} of {len(told)} said that theirs was something else."
        severity, todo = Severity.KNOW, ""
        if len(told) >= 10 and other > len(told) / 5:
            severity, todo = Severity.WEEK, "Say more exactly what the open problems are and whom they concern, or raise steps.known_incident."
        figures = (Figure.rate("did not have to file", Rate(kept, len(told))),)
        found.add(Finds.PROBLEM, severity, text, figures, Subject("saved", role=ROLE, href=f"{HREF}?state=all"), todo, other)

    def _asked(self, unit: UnitOfWork, found: Found, resolved: Sequence[Problem]) -> None:
        links = [link for one in resolved for link in unit.problems.links(one.id) if link.asked_at is not None and not link.removed]
        if links:
            yes, no = _answers(links, "yes"), _answers(links, "no")
            text = (
                f"{many(len(resolved), 'problem was', 'problems were')} closed for all. Of {many(len(links), 'ticket', 'tickets')} asked about, {yes}"
            )
            text += f" were solved and {no} were not, by their people; {len(links) - yes - no} gave no answer."
            severity = Severity.WEEK if no > yes else Severity.KNOW
            todo = "Look at what was closed: more people say that it is not solved than that it is." if no > yes else ""
            figures = (Figure.rate("not solved", Rate(no, yes + no)),) if yes + no else (_count("asked", len(links)),)
            found.add(Finds.PROBLEM, severity, text, figures, Subject("asked", role=ROLE, href=f"{HREF}?state=over"), todo, no)


def _count(name: str, number: int) -> Figure:
    return Figure(name=name, value=number)


def _answers(links: Sequence[Link], answer: str) -> int:
    return sum(link.answer == answer for link in links)
