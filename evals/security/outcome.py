"""What became of each hostile row, and how it is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals.report import Metric, exact


class Verdict(StrEnum):
    """How a row ended. Only ``PASSED`` is good: what has no surface, or was not understood, proves nothing."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"
    NOT_UNDERSTOOD = "not understood"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row: what was expected, what was observed, and why that is wrong or was not tried; ``tries`` counts single attempts."""

    id: str
    kind: str
    verdict: Verdict
    expected: str = ""
    observed: str = ""
    why: str = ""
    tries: int = 1

    def line(self) -> str:
        """Return the outcome as one line for a reader."""
        parts = (f"expected {self.expected}" if self.expected else "", f"observed {self.observed}" if self.observed else "", self.why)
        return f"{self.verdict.value}: {self.id} ({self.kind}) {'; '.join(part for part in parts if part)}"


def failed(outcomes: Sequence[Outcome]) -> bool:
    """Say whether a gate must block: a row failed, or was not understood and so never tried."""
    return any(outcome.verdict in (Verdict.FAILED, Verdict.NOT_UNDERSTOOD) for outcome in outcomes)


def metrics_of(outcomes: Sequence[Outcome]) -> dict[str, Metric]:
    """Return counts by verdict and by kind. The share of failed attempts has the bound 3/N as its upper end when none failed."""
    played = [outcome for outcome in outcomes if outcome.verdict in (Verdict.PASSED, Verdict.FAILED)]
    counted = Counter(outcome.verdict for outcome in outcomes)
    metrics = {verdict.value: exact(counted[verdict]) for verdict in Verdict}
    tries = sum(outcome.tries for outcome in played)
    bad = counted[Verdict.FAILED]
    metrics["attempts"] = exact(tries)
    if tries:
        metrics["failed_share"] = Metric(bad / tries, bad / tries, min(1.0, bad / tries if bad else 3 / tries))
    for kind in sorted({outcome.kind for outcome in outcomes}):
        of_kind = Counter(outcome.verdict for outcome in outcomes if outcome.kind == kind)
        for verdict in Verdict:
            if of_kind[verdict]:
                metrics[f"{kind} {verdict.value}"] = exact(of_kind[verdict])
    return metrics
