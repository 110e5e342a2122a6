"""What joiners and leavers have to say in a weekly review: who was ready on the first day, whether access ended on time, and what was late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assistant.desk.review.found import Found, Subject, many
from assistant.desk.review.making import Period
from assistant.domain.figure import Figure
from assistant.domain.measures import Rate
from assistant.domain.onboarding import Case, CaseKind, CaseStatus, StepKind, StepState, StepStatus, is_late
from assistant.domain.outcome import Judged
from assistant.domain.review import Kind, Severity
from assistant.ports.store import UnitOfWork

PAGE = "/console/joiners"
ROLE = "agents"
ON_TIME = timedelta(minutes=15)
"""Within which access has to end where the checklist says nothing of it."""
ENDS_ACCESS = frozenset({StepKind.ACCESS, StepKind.DISABLE})


@dataclass(frozen=True, slots=True)
class JoinersSection:
    """Adds what the week showed; nothing is said of a week in which nobody came or went."""

    def __call__(self, unit: UnitOfWork, period: Period, judged: Sequence[Judged], found: Found) -> int:
        """See ``Section``."""
        del judged
        (start, _), until = period.edges, period.known_until
        called_off = (CaseStatus.WITHDRAWING, CaseStatus.WITHDRAWN)
        week = [one for one in unit.joiners.between(period.week.monday, period.week.later().monday) if one.status not in called_off]
        joined = [one for one in week if one.kind is CaseKind.JOIN and one.moment < until]
        left = [one for one in week if one.kind is CaseKind.LEAVE and one.moment < until]
        self._ready(found, joined)
        self._left(found, left, until)
        self._late(found, unit.joiners.changed_since(start), start, until)
        return 0

    @staticmethod
    def _ready(found: Found, joined: Sequence[Case]) -> None:
        if not joined:
            return
        rate = Rate(sum(one.is_ready for one in joined), len(joined))
        text = f"Of {many(rate.total, 'colleague who began', 'colleagues who began')}, {rate.hits} had everything at the look on the first day."
        short = rate.hits < rate.total
        todo = "Look at their checklists: each says what was missing." if short else ""
        about = Subject("joiners.ready", role=ROLE, href=f"{PAGE}?over=true")
        found.add(Kind.MEASURE, Severity.WEEK if short else Severity.KNOW, text, (Figure.rate("ready on the first day", rate, PAGE),), about, todo)

    @staticmethod
    def _left(found: Found, left: Sequence[Case], until: datetime) -> None:
        if not left:
            return
        rate = Rate(sum(ended_on_time(one, until) for one in left), len(left))
        text = f"Of {many(rate.total, 'colleague who left', 'colleagues who left')}, the access of {rate.hits} ended on time."
        behind = rate.hits < rate.total
        todo = "Look today whether access is left, and why it ended late." if behind else ""
        about = Subject("leavers.access", role=ROLE, href=f"{PAGE}?over=true")
        severity = Severity.NOW if behind else Severity.KNOW
        found.add(Kind.MEASURE, severity, text, (Figure.rate("access ended on time", rate, PAGE),), about, todo, float(rate.total - rate.hits))

    @staticmethod
    def _late(found: Found, cases: Iterable[Case], start: datetime, until: datetime) -> None:
        owners, steps, still = Counter[str](), 0, 0
        for case in cases:
            for state in case.steps:
                if state.late_at is None or not start <= state.late_at < until:
                    continue
                steps += 1
                if is_late(state, until):
                    owners[_owner(case.plan(state.step).owner)] += 1
                    still += state.ended_at is None or state.ended_at >= until
        if not steps:
            return
        rate = Rate(sum(owners.values()), steps)
        by = ", ".join(f"{number} of {owner}" for owner, number in owners.most_common())
        late = f"{rate.hits} {'was' if rate.hits == 1 else 'were'} late ({by}), {still} of them not done yet" if rate.hits else "none was late"
        text = f"Of {many(steps, 'step of a checklist', 'steps of checklists')} whose time ran out in the week, {late}."
        todo = "Ask those who own them what is in the way." if still else ""
        about = Subject("joiners.late", role=ROLE, href=PAGE)
        found.add(Kind.MEASURE, Severity.WEEK if still else Severity.KNOW, text, (Figure.rate("late steps", rate, PAGE),), about, todo, float(still))


def ended_on_time(case: Case, until: datetime) -> bool:
    """Say whether everything that ends somebody's access was done in its time."""
    steps = [one for one in case.steps if case.plan(one.step).kind in ENDS_ACCESS and one.status is not StepStatus.SKIPPED]
    return bool(steps) and all(_in_time(case, one, until) for one in steps)


def _in_time(case: Case, state: StepState, until: datetime) -> bool:
    if state.status is not StepStatus.DONE or state.ended_at is None or state.ended_at > until:
        return False
    return state.ended_at <= (state.late_at or max(state.due_at, case.created_at) + ON_TIME)


_NAMED: dict[str, Callable[[str], str]] = {
    "group": lambda name: f"the group {name}",
    "person": lambda _name: "people whom the checklist names",
    "manager": lambda _name: "managers",
    "joiner": lambda _name: "the newcomers themselves",
}


def _owner(said: str) -> str:
    """Return who owns a step, without a name of a person."""
    kind, _, name = said.partition(":")
    return _NAMED[kind](name)
