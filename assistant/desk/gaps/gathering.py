"""Puts new unresolved intents into gaps, and never moves one that has a gap."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.desk.gaps.failing import Judging
from assistant.ports.clock import Clock
from assistant.ports.identity import Directory
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Store, UnitOfWork
from kb.gaps import Placement, category_of, centroid_of, place, worded
from kb.model import Gap, UnresolvedIntent
from kb.naming import Speech, name_of, spread_of

AT_ONCE = 20_000
"""Intents that are gathered in one go; more wait for the next one."""
COMPARED = 40
"""The latest members of each gap that new intents are compared with."""
IN_A_TRANSACTION = 2_000
SOON = 200
"""So few new intents are gathered while somebody waits for a page."""
UNNAMED = "general"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came of the new intents."""

    joined: int = 0
    """Put into gaps that were there."""
    begun: int = 0
    """Put into new gaps."""
    gaps: int = 0
    """New gaps."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """The job that keeps gaps. Several may run at once: what one has placed, another leaves alone."""

    store: Store
    knowledge: Knowledge
    directory: Directory
    clock: Clock
    judging: Judging
    common: Callable[[], Collection[str]]
    """Words that everybody knows, for names."""

    def gather(self, at_most: int = AT_ONCE) -> Gathered:
        """Place every intent that has no gap yet; return what came of it. Reads, decides without holding the database, and then writes."""
        with self.store.read() as unit:
            new = unit.gaps.homeless(at_most)
            members = unit.gaps.recent(COMPARED) if new else {}
        if not new:
            self.judging.judge([])
            return Gathered()
        embedded = {one.id: vector for one in new if not one.vector and worded(one) and (vector := self.knowledge.embed(one.question))}
        new = [replace(one, vector=embedded.get(one.id, one.vector)) for one in new]
        placement = place(new, members)
        speech = self._speech([one for some in (*members.values(), new) for one in some])
        done = Gathered()
        for part in _parts(placement):
            with self.store.write() as unit:
                unit.gaps.lock()
                for intent_id in {one.id for one in _intents(part)} & embedded.keys():
                    unit.intents.learn_vector(intent_id, embedded[intent_id])
                done = _sum(done, self._keep(unit, part, speech))
        self.judging.judge([one.id for one in new])
        return done

    def gather_soon(self) -> int:
        """Gather when there is little to gather, as before a page is shown; return how many intents still wait."""
        with self.store.read() as unit:
            waiting = unit.gaps.waiting()
        if not waiting:
            return 0
        if waiting <= SOON:
            self.gather()
            return 0
        return waiting

    def _keep(self, unit: UnitOfWork, part: Placement, speech: Speech) -> Gathered:
        now, joined, begun, gaps = self.clock.now(), 0, 0, 0
        for gap_id, some in part.known.items():
            if unit.gaps.load(gap_id) is None:  # its last member was erased meanwhile
                continue
            if placed := unit.gaps.place([one.id for one in some], gap_id, now):
                joined += placed
                refresh(unit, gap_id, speech)
        for some in part.fresh:
            free = [one for one in some if not unit.gaps.gap_of(one.id)]
            if not free:
                continue
            gap_id = f"g_{secrets.token_hex(8)}"
            unit.gaps.save(Gap(gap_id, UNNAMED, min(one.asked_at for one in free)))
            if placed := unit.gaps.place([one.id for one in free], gap_id, now):
                begun, gaps = begun + placed, gaps + 1
                refresh(unit, gap_id, speech)
            else:
                unit.gaps.remove(gap_id)
        return Gathered(joined, begun, gaps)

    def _speech(self, intents: Sequence[UnresolvedIntent]) -> Speech:
        spread = spread_of([one.question for one in intents])
        return Speech(self.common(), name_parts(self.directory), spread, len(intents))

    def speech(self) -> Speech:
        """Return which words may stand in names now."""
        with self.store.read() as unit:
            members = unit.gaps.recent(COMPARED)
        return self._speech([one for some in members.values() for one in some])

    def tidy(self, before: datetime | None = None) -> int:
        """Drop gaps whose members have all been erased or retained away, unless people did something about them; give the others what is missing.

        Returns how many were dropped. Gaps that were opened after ``before`` (an hour ago) are left alone.
        """
        before = before or self.clock.now() - timedelta(hours=1)
        with self.store.read() as unit:
            found = unit.gaps.heads()
        empty = [gap.id for gap in found if not gap.demand and gap.opened_at < before and gap.state.waits and not gap.assigned_to]
        faded = [gap.id for gap in found if gap.demand and not gap.centroid]
        if not (empty or faded):
            return 0
        speech = self.speech()
        with self.store.write() as unit:
            unit.gaps.lock()
            dropped = [gap_id for gap_id in empty if not unit.gaps.members(gap_id, limit=1) and not unit.drafts.of_gap(gap_id)]
            for gap_id in dropped:
                unit.gaps.remove(gap_id)
            for gap_id in faded:
                refresh(unit, gap_id, speech)
        return len(dropped)


def refresh(unit: UnitOfWork, gap_id: str, speech: Speech) -> None:
    """Learn a gap's centroid and category from its members, and its name while it has none that stays."""
    gap, members = unit.gaps.load(gap_id), unit.gaps.members(gap_id)
    if gap is None or not members:
        return
    category = category_of(members)
    learnt = replace(gap, centroid=centroid_of(members), category=category)
    if not gap.named:
        name, stays = name_of([one for one in members if worded(one)], speech)
        learnt = replace(learnt, name=name or category or UNNAMED, named=stays and gap.demand > 1)
    if learnt != gap:
        unit.gaps.save(learnt)


def name_parts(directory: Directory) -> frozenset[str]:
    """Return the parts of everybody's name, in lower case."""
    return frozenset(part.lower().strip(".,") for person in directory.people() for part in (*person.name.split(), person.id) if len(part) > 1)


def _parts(placement: Placement) -> list[Placement]:
    """Return a placement in parts that are small enough for a transaction; a gap stays whole."""
    parts, known, fresh, size = [], {}, [], 0  # type: list[Placement], dict[str, list[UnresolvedIntent]], list[list[UnresolvedIntent]], int
    groups: list[tuple[str, list[UnresolvedIntent]]] = [*placement.known.items(), *(("", some) for some in placement.fresh)]
    for gap_id, some in groups:
        if size and size + len(some) > IN_A_TRANSACTION:
            parts.append(Placement(known, fresh))
            known, fresh, size = {}, [], 0
        if gap_id:
            known[gap_id] = some
        else:
            fresh.append(some)
        size += len(some)
    return [*parts, Placement(known, fresh)]


def _intents(part: Placement) -> list[UnresolvedIntent]:
    return [one for some in (*part.known.values(), *part.fresh) for one in some]


def _sum(one: Gathered, other: Gathered) -> Gathered:
    return Gathered(one.joined + other.joined, one.begun + other.begun, one.gaps + other.gaps)
