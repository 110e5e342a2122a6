"""Figures over plays: pass^k and the rates of ``definitions``, each with an interval over cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

from evals.conversations import definitions
from evals.conversations.case import Named
from evals.conversations.grade import faults
from evals.conversations.played import Played
from evals.report import Metric, bootstrap, exact, mean, percentile

POWERS = (1, 4, 8)


@dataclass(frozen=True, slots=True)
class Tried:
    """A case with all its plays, and what was wrong with each."""

    named: Named
    plays: tuple[Played, ...]
    faults: tuple[tuple[str, ...], ...]

    @property
    def passed(self) -> tuple[bool, ...]:
        """Say of each play whether nothing was wrong."""
        return tuple(not one for one in self.faults)


def tried(named: Named, plays: Sequence[Played]) -> Tried:
    """Judge all plays of a case, in the order of their repeats."""
    ordered = tuple(sorted(plays, key=lambda play: play.repeat))
    return Tried(named, ordered, tuple(tuple(faults(named.case, play)) for play in ordered))


def pass_hat(passed: Sequence[bool], k: int) -> float:
    """Return the unbiased estimate of the chance that k plays all pass, C(c, k) / C(n, k) with c of n passed (Yao et al. 2024, tau-bench).

    nan when there are fewer than k plays.
    """
    if len(passed) < k:
        return float("nan")
    return comb(sum(passed), k) / comb(len(passed), k)


def metrics_of(cases: Sequence[Tried]) -> dict[str, Metric]:
    """Return the figures of these cases; 95 % intervals are bootstrapped over cases (by the rule of three where a share is 0 or 1).

    A figure is nan where nothing of the kind was played.
    """
    return _passes(cases) | _rates(cases) | _costs(cases)


def _passes(cases: Sequence[Tried]) -> dict[str, Metric]:
    repeats = min((len(case.plays) for case in cases), default=0)
    return {f"pass^{k}": never_sure(bootstrap([pass_hat(case.passed, k) for case in cases], mean), len(cases)) for k in POWERS if k <= repeats}


def _rates(cases: Sequence[Tried]) -> dict[str, Metric]:
    def share(of: Callable[[Tried, Played], bool], among: Callable[[Tried], bool] = lambda _: True) -> Metric:
        rows = [[of(case, play) for play in case.plays] for case in cases if among(case)]
        return never_sure(bootstrap(rows, _pooled), len(rows))

    truth = definitions
    return {
        "containment": share(lambda _, play: truth.contained(play)),
        "confirmed_resolution": share(lambda case, play: truth.confirmed(case.named.case, play)),
        "false_containment": share(lambda case, play: truth.falsely_contained(case.named.case, play)),
        "correct_abstention": share(lambda _, play: truth.abstained(play), lambda case: truth.needs_abstention(case.named.case)),
        "correct_escalation": share(lambda case, play: truth.escalated(case.named.case, play), lambda case: truth.needs_escalation(case.named.case)),
        "abstained_or_escalated": share(
            lambda case, play: truth.abstained(play) or truth.escalated(case.named.case, play),
            lambda case: truth.needs_abstention(case.named.case),
        ),
        "citation_precision": _ratio([[truth.supported_citations(play) for play in case.plays] for case in cases]),
        "citation_recall": _ratio([[truth.needed_citations(case.named.case, play) for play in case.plays] for case in cases]),
    }


def _costs(cases: Sequence[Tried]) -> dict[str, Metric]:
    turns = [[seconds * 1000 for play in case.plays for seconds in play.turn_seconds] for case in cases]
    whole = [[play.seconds for play in case.plays] for case in cases]
    costs = [[play.cost for play in case.plays if play.cost is not None] for case in cases]
    found = {}
    for name, rows in (("turn", turns), ("conversation", whole)):
        unit = "ms" if name == "turn" else "s"
        for share in (0.5, 0.95):
            found[f"{name}_p{share * 100:.0f}_{unit}"] = _spread(rows, share)
    spent = [row for row in costs if row]
    return found | ({"cost_per_conversation": bootstrap(spent, _pooled)} if spent else {})


def _spread(rows: Sequence[Sequence[float]], share: float) -> Metric:
    kept = [row for row in rows if row]
    return bootstrap(kept, lambda part: percentile([value for row in part for value in row], share)) if kept else exact(float("nan"))


def _pooled(rows: Sequence[Sequence[float]]) -> float:
    return mean([value for row in rows for value in row])


def _ratio(rows: Sequence[Sequence[tuple[int, int]]]) -> Metric:
    kept = [row for row in rows if sum(whole for _, whole in row)]
    if not kept:
        return exact(float("nan"))
    return never_sure(
        bootstrap(kept, lambda part: sum(n for row in part for n, _ in row) / sum(whole for row in part for _, whole in row)), len(kept)
    )


def never_sure(share: Metric, count: int) -> Metric:
    """Return a share of ``count`` cases whose interval does not claim certainty where it is 0 or 1.

    No failure in N leaves up to 3 in N (the rule of three).
    """
    if share.value == 0.0:
        return Metric(0.0, 0.0, min(1.0, 3 / count))
    return Metric(1.0, max(0.0, 1 - 3 / count), 1.0) if share.value == 1.0 else share


def by_group(cases: Sequence[Tried]) -> dict[str, list[Tried]]:
    """Return the cases of each group, in the order of the groups' names."""
    groups: dict[str, list[Tried]] = {}
    for case in cases:
        groups.setdefault(case.named.case.group, []).append(case)
    return dict(sorted(groups.items()))


def outcomes(cases: Sequence[Tried]) -> Mapping[str, list[bool]]:
    """Return by case which of its plays passed, as it is kept for comparisons."""
    return {case.named.name: list(case.passed) for case in cases}
