"""What the rollout ladder has to say in a weekly review: which categories would move, with the evidence, and which were moved in the week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.desk.laddering import moving, proposals
from assistant.desk.review.found import Found, Subject, many
from assistant.desk.review.making import Period
from assistant.domain.figure import Figure
from assistant.domain.local_time import day_of
from assistant.domain.outcome import Judged
from assistant.domain.review import Kind, Severity
from assistant.domain.rollout import Proposed, RungDecision
from assistant.governance.policy import Policy
from assistant.ports.store import UnitOfWork

PAGE = "/console/rollout"
RUNS = "operators"


@dataclass(frozen=True, slots=True)
class RolloutSection:
    """Proposals of the ladder, and its decisions of the week."""

    in_force: Callable[[UnitOfWork], Policy]
    category_of_tool: Callable[[str], str]

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        known = proposals(unit, self.in_force(unit), self.category_of_tool, period.known_until)
        for one in moving(known):
            _propose(found, one)
        start, end = period.edges
        for decision in unit.rollout.decisions():
            if start <= decision.at < end:
                _decided(found, decision, period.zone)
        below = sum(one.evidence.rung.above is not None for one in known)
        if below and not moving(known):
            text = f"By its rules no category moves on the rollout ladder; {many(below, 'category stands', 'categories stand')} below automatic."
            found.add(Kind.ROLLOUT, Severity.KNOW, text, (), Subject("ladder", role=RUNS, href=PAGE))
        return 0


def _propose(found: Found, one: Proposed) -> None:
    evidence = one.evidence
    assert one.to is not None, "only what moves is proposed"
    figures = [Figure.rate("judged right", evidence.right, PAGE)]
    if evidence.predicted is not None:
        figures.append(Figure.rate("predicted right", evidence.predicted, PAGE))
    todo = f"Move {evidence.category} to {one.to}, or leave it: {one.why}."
    down = one.to.height < evidence.rung.height
    about = Subject(evidence.category, role=RUNS, href=PAGE)
    found.add(
        Kind.ROLLOUT, Severity.NOW if down else Severity.WEEK, one.text[0].upper() + one.text[1:], tuple(figures), about, todo, evidence.right.total
    )


def _decided(found: Found, one: RungDecision, zone: str) -> None:
    undone = ", and that was taken back" if not one.stands else ""
    text = f"{one.category} was moved from {one.before} to {one.rung} on {day_of(one.at, zone)}{undone}."
    found.add(Kind.ROLLOUT, Severity.KNOW, text[0].upper() + text[1:], (), Subject(f"{one.category}/{one.number}", role=RUNS, href=PAGE))
