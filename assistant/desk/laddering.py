"""What is known of each category for the rollout ladder: verdicts of people, actions that the desk took back, and what was predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from assistant.domain.action import Status
from assistant.domain.measured import PREDICTION
from assistant.domain.measures import Rate
from assistant.domain.outcome import Settled
from assistant.domain.prediction import Prediction
from assistant.domain.rollout import Evidence, Proposed, Rung, RungDecision, Verdicts, propose
from assistant.domain.ticket import ASSISTANT
from assistant.governance.policy import Policy
from assistant.governance.rollout_rules import rules_of, rung_of
from assistant.ports.store import UnitOfWork

PAGE = 2_000
BY_ITSELF = (ASSISTANT,)
"""Who ends what was given for a time."""
LOOKED_AT = 5_000
"""So many actions are looked through, the latest first."""


def proposals(unit: UnitOfWork, policy: Policy, category_of_tool: Callable[[str], str], at: datetime) -> list[Proposed]:
    """Return for each category that has demand, a rung, or a limit what the rules say, by category."""
    rules = rules_of(policy)
    return [propose(one, rules) for one in gathered(unit, policy, category_of_tool, at)]


def gathered(unit: UnitOfWork, policy: Policy, category_of_tool: Callable[[str], str], at: datetime) -> list[Evidence]:
    """Return the evidence of each category, by category.

    A verdict counts for the category under which the ledger holds its episode, from the last decision about that category on: what was judged on
    another rung says little about this one. Silence is no verdict.
    """
    rules = rules_of(policy)
    start = at - timedelta(weeks=rules.weeks)
    standing = {one.category: one for one in unit.rollout.standing()}
    since = _since(standing, start)
    judged = {one.category: one for one in unit.rollout.verdicts(start, at)}
    moved = [name for name, one in standing.items() if one.at > start]
    judged |= {name: next(iter(unit.rollout.verdicts(since(name), at, name)), Verdicts(name)) for name in moved}
    undone, predicted = _undone(unit, category_of_tool, since, start), _predicted(unit)
    cells = unit.outcomes.cells(start.date(), at.date() + timedelta(days=2), ("category",))
    names = {*standing, *rules.highest, *judged, *undone, *(str(cell.keys["category"]) for cell in cells if cell.keys["category"])}
    return [
        _evidence(judged.get(name, Verdicts(name)), rung_of(policy, name), since(name), undone[name], predicted.get(name)) for name in sorted(names)
    ]


def _evidence(said: Verdicts, rung: Rung, since: datetime, undone: int, predicted: Rate | None) -> Evidence:
    return Evidence(said.category, rung, since, Rate(said.right, said.right + said.wrong), said.silent, undone, predicted)


def _since(standing: Mapping[str, RungDecision], start: datetime) -> Callable[[str], datetime]:
    return lambda category: max(start, standing[category].at) if category in standing else start


def settled_between(unit: UnitOfWork, start: datetime, at: datetime) -> Iterator[Settled]:
    """Yield the episodes that ended between two moments, a day more on both sides, reopened ones too."""
    first, last = start.date() - timedelta(days=1), at.date() + timedelta(days=2)
    for reopened in (False, True):
        skip = 0
        while rows := unit.outcomes.rows(first, last, limit=PAGE, skip=skip, reopened=reopened):
            yield from rows
            skip += PAGE


def _undone(unit: UnitOfWork, category_of_tool: Callable[[str], str], since: Callable[[str], datetime], start: datetime) -> Counter[str]:
    """Count actions that the desk took back. Whoever changes their own mind, and a grant that ends when it was to end, say nothing of the machine."""
    found: Counter[str] = Counter()
    after, seen = "", 0
    while seen < LOOKED_AT and (page := unit.actions.latest(200, after=after)):
        after, seen = page[-1].id, seen + len(page)
        for one in page:
            original = unit.actions.load(one.reverts) if one.reverts and one.status is Status.DONE else None
            if original is None or one.actor in (original.actor, *BY_ITSELF):
                continue
            category = category_of_tool(original.tool)
            if category and one.changed_at >= since(category):
                found[category] += 1
        if page[-1].changed_at < start:
            break
    return found


def _predicted(unit: UnitOfWork) -> Mapping[str, Rate]:
    """Return what the newest simulation of a go-live expects of each category to be right of what it would answer, in whole tickets."""
    record = unit.rollout.latest(PREDICTION)
    if record is None or not record.whole:
        return {}
    return {one.category: one.expected_right for one in record.read(Prediction).categories}


def moving(found: Iterable[Proposed]) -> list[Proposed]:
    """Return those that would move, down before up."""
    wanted = [one for one in found if one.to is not None]
    return sorted(wanted, key=lambda one: (one.to is not None and one.to.height > one.evidence.rung.height, one.evidence.category))
