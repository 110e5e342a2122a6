"""Groups labelled questions as the product does, and holds the groups against the labels.

Found from scratch, by ``kb.clusters``: ``nmi``, ``ari``, ``accuracy`` (Hungarian) and the number of groups. ``stability`` is the share of questions
that stay in the same group, groups being matched one to one, when 20 % of the questions are others and everything is grouped anew. ``kept`` is what
the product promises: four fifths of the questions are gathered into gaps, then the others arrive as a new week, through the real job; it is the share
of the first that are still in the gap they were in. ``weekly_nmi`` says how good the gaps are after that second week, ``joined`` how many of the new
questions found a gap that was there, and ``joined_right`` how many of those are of the label that most of its earlier members have.

Shares have bootstrap intervals. Those of agreement are the value and 1.96 standard errors on either side, by the jackknife that leaves out half of
the items (Shao and Wu 1989): items that repeat in a bootstrap sample look like agreement.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.knowledge import MemoryKnowledge
from assistant.adapters.memory.store import MemoryStore
from assistant.desk.gaps.failing import Judging
from assistant.desk.gaps.gathering import Gathering
from assistant.domain.configuration import Company, Organisation
from evals.beir import BadInput
from evals.clusters.agreement import ari, contingency, matched, nmi
from evals.report import RESAMPLES, SEED, Metric, bootstrap, exact, mean
from kb.clusters import Labels, clusters
from kb.model import FailureClass, UnresolvedIntent
from kb.ports import Vector

CHANGED = 0.2
"""The share of questions that are others, and the share that arrives later."""
MONDAY = datetime(2026, 11, 16, 8, tzinfo=UTC)
SAME_ISSUE = 0.72
FEWEST = 10
WITHIN = 1.96


@dataclass(frozen=True, slots=True)
class Item:
    """A question and what it asks for."""

    text: str
    label: str


def read_items(path: Path) -> list[Item]:
    """Return the items of a file of JSON lines, packed with gzip or not.

    Raises:
        BadInput: it cannot be read, a line is not as described, or there are fewer than ten items.
    """
    try:
        whole = path.read_bytes()
        text = (gzip.decompress(whole) if whole[:2] == b"\x1f\x8b" else whole).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    items = [_item(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(items) < FEWEST:
        raise BadInput(f"{path}: {len(items)} items; at least {FEWEST} are needed")
    return items


def sampled(items: Sequence[Item], size: int) -> list[Item]:
    """Return so many of the items, of each label the same share, the same each time; all of them where there are no more."""
    if size >= len(items):
        return list(items)
    drawn = np.random.default_rng(SEED)
    by_label: dict[str, list[Item]] = {}
    for one in items:
        by_label.setdefault(one.label, []).append(one)
    chosen = [some[i] for some in by_label.values() for i in drawn.permutation(len(some))[: max(1, round(size * len(some) / len(items)))]]
    return [chosen[i] for i in drawn.permutation(len(chosen))]


def _item(path: Path, number: int, line: str) -> Item:
    try:
        found = json.loads(line)
        text, label = found["text"], found["label"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}:{number}: {error!r}") from error
    if not isinstance(text, str) or not isinstance(label, str) or not text.strip():
        raise BadInput(f"{path}:{number}: text and label have to be texts, and the text not empty")
    return Item(text, label)


def measure(items: Sequence[Item], vectors: Vector, note: Callable[[str], None]) -> dict[str, Metric]:
    """Return every measure of this page; ``vectors[i]`` is the unit vector of ``items[i]``."""
    truth = np.unique([one.label for one in items], return_inverse=True)[1].astype(np.int64)
    note(f"grouping {len(items):,} questions")
    found = clusters(vectors, [one.text for one in items])
    pairs = np.column_stack([truth, found])
    result = {
        "groups_found": exact(float(found.max() + 1)),
        "groups_true": exact(float(truth.max() + 1)),
        "nmi": _resampled(pairs, nmi),
        "ari": _resampled(pairs, ari),
        "accuracy": _resampled(pairs, matched),
    }
    note("grouping anew with a fifth of the questions changed")
    result["stability"] = _stability(items, vectors)
    note("gathering into gaps, and a new week of questions")
    return result | _weekly(items, truth, vectors)


def _resampled(pairs: np.ndarray, statistic: Callable[[Labels], float]) -> Metric:
    """Return a statistic of the pairs' contingency with its interval, within [-1, 1]. With half left out, the spread is the standard error."""
    drawn = np.random.default_rng(SEED)
    halves = (drawn.permutation(len(pairs))[: len(pairs) // 2] for _ in range(RESAMPLES))
    error = float(np.std([statistic(contingency(pairs[half, 0], pairs[half, 1])) for half in halves]))
    value = statistic(contingency(pairs[:, 0], pairs[:, 1]))
    return Metric(value, max(-1.0, value - WITHIN * error), min(1.0, value + WITHIN * error))


def _stability(items: Sequence[Item], vectors: Vector) -> Metric:
    """Return the share of common questions in matched groups of two samples that differ in a fifth."""
    order = np.random.default_rng(SEED).permutation(len(items))
    sixth = len(items) // 6
    common, first, second = order[2 * sixth :], order[:sixth], order[sixth : 2 * sixth]
    groups = []
    for others in (first, second):
        chosen = np.sort(np.concatenate([common, others]))
        place = {int(item): i for i, item in enumerate(chosen)}
        labels = clusters(vectors[chosen], [items[i].text for i in chosen])
        groups.append(labels[[place[int(item)] for item in common]])
    return _resampled(np.column_stack(groups), matched)


def _weekly(items: Sequence[Item], truth: Labels, vectors: Vector) -> dict[str, Metric]:
    order = np.random.default_rng(SEED + 1).permutation(len(items))
    late = set(order[: round(CHANGED * len(items))].tolist())
    clock = FixedClock(MONDAY)
    store, directory = MemoryStore(SAME_ISSUE), MemoryDirectory(Organisation(Company("Measured", "measured.example")))
    knowledge = MemoryKnowledge()
    gathering = Gathering(store, knowledge, directory, clock, Judging(store, knowledge, directory, clock, lambda: 1.0), frozenset)
    homes: list[dict[int, str]] = []
    for week, chosen in enumerate((sorted(set(range(len(items))) - late), sorted(late))):
        with store.write() as unit:
            for number in chosen:
                unit.intents.record(_intent(number, items[number], vectors[number], week))
        clock.set(MONDAY + timedelta(days=7 * week + 6))
        gathering.gather(len(items))
        with store.read() as unit:
            homes.append({number: unit.gaps.gap_of(f"u_{number}") for number in range(len(items))})
    before, after = homes
    early = [number for number in range(len(items)) if number not in late]
    gap_number = {gap: i for i, gap in enumerate(sorted(set(after.values())))}
    found = np.array([gap_number[after[number]] for number in range(len(items))], dtype=np.int64)
    usual = {
        gap: Counter(int(truth[number]) for number in early if before[number] == gap).most_common(1)[0][0] for gap in set(before.values()) if gap
    }
    joined = [number for number in sorted(late) if after[number] in usual]
    return {
        "kept": bootstrap([float(bool(before[number]) and before[number] == after[number]) for number in early], mean),
        "weekly_nmi": _resampled(np.column_stack([truth, found]), nmi),
        "joined": bootstrap([float(after[number] in usual) for number in sorted(late)], mean),
        "joined_right": bootstrap([float(usual[after[number]] == truth[number]) for number in joined], mean),
    }


def _intent(number: int, item: Item, vector: np.ndarray, week: int) -> UnresolvedIntent:
    at = MONDAY + timedelta(days=7 * week, seconds=number)
    place = {"category": "", "platform": "", "origin": f"c_{number}", "asker": f"p{number}", "asked_at": at}
    return UnresolvedIntent(f"u_{number}", item.text, FailureClass.NO_ARTICLE, (), vector=tuple(vector.tolist()), **place)  # type: ignore[arg-type]
