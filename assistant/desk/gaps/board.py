"""What is shown of gaps, the same on pages, in the command line and in files: ranked, and nobody quoted where fewer than five people asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from assistant.governance.redaction import redact
from assistant.ports.store import UnitOfWork
from kb.gaps import MINUTES_LOST, TICKET_MINUTES, K, nearest_of, ranked, worded
from kb.model import Asking, FailureClass, Gap, GapState, Spike, UnresolvedIntent

QUOTES = 4
LOOKED_THROUGH = 20
"""The latest members of a gap in which quotations and nearest articles are looked for."""
SPIKES_SHOWN = timedelta(hours=24)
DEFINITION = (
    "Gaps are ranked by what they cost in minutes of people: for every question "
    + ", ".join(f"{minutes:g} if {failure.label}" for failure, minutes in MINUTES_LOST.items())
    + f"; and for every ticket what it costs the desk, {TICKET_MINUTES:g} where nothing is configured for its category. These figures are estimates."
)
"""The one definition of the ranking."""


@dataclass(frozen=True, slots=True)
class Row:
    """A gap as it is shown, with what was counted in the span that was asked for."""

    rank: int
    gap: Gap
    minutes: float
    quotes: tuple[str, ...]
    nearest: tuple[str, ...]
    """Ids of articles that whoever reads may see."""
    spike: Spike | None

    @property
    def quiet(self) -> bool:
        """Say whether there are too few people to quote any."""
        return self.gap.people < K


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which gaps to show."""

    start: datetime | None = None
    end: datetime | None = None
    states: frozenset[GapState] = frozenset({GapState.OPEN, GapState.DRAFTED})
    category: str = ""
    failure: FailureClass | None = None
    assigned_to: str = ""
    text: str = ""

    def admits(self, gap: Gap) -> bool:
        """Say whether a gap is one of them."""
        return (
            gap.state in self.states
            and bool(gap.demand)
            and self.category in ("", gap.category)
            and (self.failure is None or self.failure in gap.failures)
            and self.assigned_to in ("", gap.assigned_to)
            and self.text.casefold() in gap.name.casefold()
        )


EVERY = frozenset(GapState)


@dataclass(frozen=True, slots=True)
class Board:
    """One page of gaps, with what there is in all."""

    rows: tuple[Row, ...]
    total: int
    demand: int
    spikes: tuple[Spike, ...]
    categories: tuple[str, ...]
    counts: Mapping[GapState, int]
    """How many gaps of each state there are in the span."""


def board(
    unit: UnitOfWork,
    wanted: Wanted,
    now: datetime,
    agent_minutes: Mapping[str, float],
    readable: Callable[[str], bool],
    skip: int = 0,
    limit: int | None = None,
) -> Board:
    """Return the gaps that are wanted, the costliest first; ``readable`` says of an article's id whether the reader may see it."""
    found = unit.gaps.all(wanted.start, wanted.end)
    spikes = unit.gaps.spikes(now - SPIKES_SHOWN)
    of_gap = {one.subject: one for one in reversed(spikes)}
    chosen = ranked([gap for gap in found if wanted.admits(gap)], agent_minutes)
    shown = chosen[skip : None if limit is None else skip + limit]
    members = unit.gaps.recent(LOOKED_THROUGH, wanted.start, wanted.end, [gap.id for gap, _ in shown], vectors=False) if shown else {}
    rows = [
        Row(
            rank,
            gap,
            minutes,
            quotes(gap, members.get(gap.id, ())),
            tuple(nearest_of(members.get(gap.id, ()), readable)),
            of_gap.get(f"gap:{gap.id}"),
        )
        for rank, (gap, minutes) in enumerate(shown, skip + 1)
    ]
    return Board(
        tuple(rows),
        len(chosen),
        sum(gap.demand for gap, _ in chosen),
        tuple(spikes),
        tuple(sorted({gap.category for gap in found if gap.category})),
        Counter(gap.state for gap in found if gap.demand),
    )


def quotes(gap: Gap, members: Sequence[UnresolvedIntent]) -> tuple[str, ...]:
    """Return what people asked, without secrets and each once; nothing where fewer than five people did."""
    if gap.people < K:
        return ()
    said: dict[str, None] = {}
    for question in dict.fromkeys(one.question for one in members if worded(one)):
        if len(said) < QUOTES and (words := _shown(question)):
            said[words] = None
    return tuple(said)


@lru_cache(maxsize=4_096)
def _shown(question: str) -> str:
    """Return a question as it may be shown. It was stored without secrets; what is known of them since takes a moment to look for."""
    return " ".join(redact(question).split())


def weeks_of(askings: Sequence[Asking], mondays: Sequence[datetime]) -> list[tuple[date, int]]:
    """Return how many were asked in each week; ``mondays`` are the moments at which weeks begin, and the end of the last one."""
    spans = zip(mondays, mondays[1:], strict=False)
    return [(start.date(), sum(start <= one.at < end for one in askings)) for start, end in spans]


def facts(row: Row) -> dict[str, object]:
    """Return a row for programs."""
    gap = row.gap
    return {
        "rank": row.rank,
        "id": gap.id,
        "name": gap.name,
        "state": gap.state.value,
        "failure": gap.failure.value,
        "failures": {failure.value: count for failure, count in gap.failures.items()},
        "demand": gap.demand,
        "people": gap.people,
        "tickets": gap.tickets,
        "cost": round(row.minutes, 1),
        "examples": list(row.quotes),
        "nearest": list(row.nearest),
        "category": gap.category,
        "assigned_to": gap.assigned_to,
        "due": gap.due.isoformat() if gap.due else None,
        "article": gap.article,
        "first_asked": gap.first_asked.isoformat() if gap.first_asked else None,
        "last_asked": gap.last_asked.isoformat() if gap.last_asked else None,
        "spike": {"since": row.spike.since.isoformat(), "count": row.spike.count, "expected": round(row.spike.expected, 2)} if row.spike else None,
    }
