"""What a run of ``firstline eval durability`` says in figures, and what of it is a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from evals.durability.load import Arms, Slice, rate
from evals.durability.truncation import Truncated
from evals.report import Metric, bootstrap, exact, percentile

ERROR = "error"


def figures(arms: Arms, cut: Truncated, sync_seconds: float) -> tuple[dict[str, Metric], list[str]]:
    """Return the metrics, and in words what makes the run fail.

    ``turns_per_s`` counts questions only; the confirmations between them are further turns. Intervals are over slices of some two seconds.
    ``cpu_ms_per_turn`` is processor time, which says more than the clock on a machine that others use too. ``commit_share`` is the share of the time in which a commit was under way: writing the log, its sync, and now and then a checkpoint.
    """
    pairs = list(zip(arms.group, arms.single, strict=True))
    kinds = sum((one.kinds for one in (*arms.group, *arms.single)), Counter[str]())
    metrics = {
        "turns_per_s": bootstrap(arms.group, rate),
        "turns_per_s_single": bootstrap(arms.single, rate),
        "ratio": bootstrap(pairs, lambda some: rate([group for group, _ in some]) / rate([single for _, single in some])),
        **_arm(arms.group, ""),
        **_arm(arms.single, "_single"),
        "sync_ms": exact(sync_seconds * 1000),
        "failed_turns": exact(kinds[ERROR]),
        "truncations": exact(cut.cuts),
        "copies": exact(cut.copies),
        "commits_in_logs": exact(cut.commits),
        **{name: exact(cut.faults[name]) for name in ("damage", "mixed", "chain", "lost")},
        "seeded": exact(cut.seeded),
        "seeded_unnoticed": exact(cut.unnoticed),
    }
    return metrics, _faults(arms, cut, kinds[ERROR])


def _arm(slices: Sequence[Slice], suffix: str) -> dict[str, Metric]:
    waits, commits = list(chain.from_iterable(one.turn_ms for one in slices)), list(chain.from_iterable(one.commit_ms for one in slices))
    turns = len(waits) + sum(one.pressed for one in slices)
    return {
        f"turn_p50_ms{suffix}": bootstrap(waits, lambda part: percentile(part, 0.5)),
        f"turn_p95_ms{suffix}": bootstrap(waits, lambda part: percentile(part, 0.95)),
        f"cpu_ms_per_turn{suffix}": exact(sum(one.cpu_seconds for one in slices) * 1000 / turns),
        f"commits_per_turn{suffix}": exact(len(commits) / turns),
        f"commit_p50_ms{suffix}": exact(percentile(commits, 0.5)),
        f"commit_share{suffix}": exact(sum(commits) / 1000 / sum(one.seconds for one in slices)),
    }


def _faults(arms: Arms, cut: Truncated, failed: int) -> list[str]:
    found = []
    if arms.synchronous not in {"FULL", "EXTRA"}:
        found.append(f"the database is set to synchronous={arms.synchronous}: what was committed may not last")
    if failed:
        found.append(f"{failed} turns ended in an error")
    if cut.faults:
        found.append(f"cuts left something else than the commits before them: {dict(cut.faults)}")
    if cut.unnoticed:
        found.append(f"{cut.unnoticed} of {cut.seeded} seeded faults went unnoticed: the check cannot be trusted")
    return found
