"""What a run of ``firstline eval durability`` says in figures, and what of it is a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

from evals.durability.load import Arms, Slice, rate, writing_rate
from evals.durability.truncation import Truncated
from evals.report import Metric, bootstrap, exact, percentile

ERROR = "error"


def figures(arms: Arms, cut: Truncated, sync_seconds: float) -> tuple[dict[str, Metric], list[str]]:
    """Return the metrics, and in words what makes the run fail.

    ``turns_per_s`` counts questions only; ``all_turns_per_s`` the confirmations between them as well. Intervals are over slices of some two seconds.
    ``cpu_ms_per_turn`` is processor time, which says more than the clock on a machine that others use too, and ``cores`` is how many processors
    this process got: where others want them all, a process whose threads look for the lock again and again gets more of them than one whose
    threads sleep until they are woken, and the clock then says more about that than about commits. ``commit_share`` is the share of the time
    in which a commit was under way: writing the log, its sync, and now and then a checkpoint. Without a faulty cut the upper end is the 95 %
    bound on their number in the long run, as a share of the cuts.
    """
    pairs = list(zip(arms.group, arms.single, strict=True))
    kinds = sum((one.kinds for one in (*arms.group, *arms.single)), Counter[str]())
    metrics = {
        "turns_per_s": bootstrap(arms.group, rate),
        "turns_per_s_single": bootstrap(arms.single, rate),
        "ratio": bootstrap(pairs, lambda some: rate([group for group, _ in some]) / rate([single for _, single in some])),
        **_arm(arms.group, ""),
        **_arm(arms.single, "_single"),
        "writes_per_s": bootstrap(arms.group, writing_rate),
        "writes_per_s_single": bootstrap(arms.single, writing_rate),
        "write_p99_ms": exact(_slowest(arms.group)),
        "write_p99_ms_single": exact(_slowest(arms.single)),
        "writes_locked": exact(sum(one.locked for one in arms.group)),
        "writes_locked_single": exact(sum(one.locked for one in arms.single)),
        "sync_ms": exact(sync_seconds * 1000),
        "failed_turns": exact(kinds[ERROR]),
        "truncations": exact(cut.cuts),
        "faulty": Metric(cut.faulty, cut.faulty, cut.faulty or 3 / cut.cuts),
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
        f"all_turns_per_s{suffix}": bootstrap(
            slices, lambda part: sum(len(one.turn_ms) + one.pressed for one in part) / sum(one.seconds for one in part)
        ),
        f"turn_p50_ms{suffix}": bootstrap(waits, lambda part: percentile(part, 0.5)),
        f"turn_p95_ms{suffix}": bootstrap(waits, lambda part: percentile(part, 0.95)),
        f"cpu_ms_per_turn{suffix}": exact(sum(one.cpu_seconds for one in slices) * 1000 / turns),
        f"cores{suffix}": exact(sum(one.cpu_seconds for one in slices) / sum(one.seconds for one in slices)),
        f"commits_per_turn{suffix}": exact(len(commits) / turns),
        f"commit_p50_ms{suffix}": exact(percentile(commits, 0.5)),
        f"commit_share{suffix}": exact(sum(commits) / 1000 / sum(one.seconds for one in slices)),
    }


def _slowest(slices: Sequence[Slice]) -> float:
    return percentile([taken for one in slices for taken in one.write_ms], 0.99)


def _faults(arms: Arms, cut: Truncated, failed: int) -> list[str]:
    found = []
    if arms.synchronous not in {"FULL", "EXTRA"}:
        found.append(f"the database is set to synchronous={arms.synchronous}: what was committed may not last")
    if failed:
        found.append(f"{failed} turns ended in an error")
    if locked := sum(one.locked for one in arms.group):
        found.append(f"{locked} writes found the database locked for five seconds, with group commit")
    if cut.faulty:
        found.append(f"{cut.faulty} of {cut.cuts} cuts left something else than the commits before them: {dict(cut.faults)}")
    if cut.unnoticed:
        found.append(f"{cut.unnoticed} of {cut.seeded} seeded faults went unnoticed: the check cannot be trusted")
    return found
