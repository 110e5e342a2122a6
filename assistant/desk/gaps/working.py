"""What people do with gaps: every change is theirs, is checked here, and stands in the audit."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from assistant.desk.gaps.gathering import refresh
from assistant.domain.audit import AuditEntry
from assistant.governance.redaction import redact
from assistant.ports.store import UnitOfWork
from kb.model import Gap, GapState
from kb.naming import Speech

STEP = "gap"
NAME_LENGTH, REASON_LENGTH = 80, 300


class NotPossible(ValueError):
    """That cannot be done with the gap; the message says why, for whoever wanted it."""


def _gap(unit: UnitOfWork, gap_id: str) -> Gap:
    gap = unit.gaps.load(gap_id)
    if gap is None:
        raise NotPossible(f"There is no gap {gap_id}. Perhaps it was merged into another one.")
    return gap


def _note(unit: UnitOfWork, gap_id: str, actor: str, decision: str, at: datetime, **detail: Any) -> None:
    unit.audit.append([AuditEntry(at, actor, STEP, decision, detail={"gap": gap_id, **detail})])


def rename(unit: UnitOfWork, gap_id: str, name: str, actor: str, at: datetime) -> Gap:
    """Give a gap a name that stays. Raises NotPossible for an empty or overlong one."""
    gap, plain = _gap(unit, gap_id), " ".join(redact(name).split())
    if not plain or len(plain) > NAME_LENGTH:
        raise NotPossible(f"A name has 1 to {NAME_LENGTH} characters.")
    named = replace(gap, name=plain, named=True)
    unit.gaps.save(named)
    _note(unit, gap_id, actor, "renamed", at)
    return named


def assign(unit: UnitOfWork, gap_id: str, owner: str, due: date | None, allowed: Collection[str], actor: str, at: datetime) -> Gap:
    """Say who takes a gap up and until when; "" is nobody. Raises NotPossible for people who are not ``allowed``, by id, and for the past."""
    gap = _gap(unit, gap_id)
    if owner and owner not in allowed:
        raise NotPossible("Only people who write articles or work the desk can take up a gap.")
    if due is not None and due < at.date() and due != gap.due:
        raise NotPossible("The due date has passed already.")
    taken = replace(gap, assigned_to=owner, due=due if owner else None)
    unit.gaps.save(taken)
    _note(unit, gap_id, actor, "assigned" if owner else "given back", at, assignee=owner, due=taken.due.isoformat() if taken.due else "")
    return taken


def dismiss(unit: UnitOfWork, gap_id: str, reason: str, actor: str, at: datetime) -> Gap:
    """Take a gap off the list for a reason; later questions of its kind go to it and do not bring it back. Raises NotPossible without a reason."""
    gap, why = _gap(unit, gap_id), " ".join(redact(reason).split())
    if not why or len(why) > REASON_LENGTH:
        raise NotPossible(f"Say why in 1 to {REASON_LENGTH} characters.")
    if not gap.state.waits:
        raise NotPossible(f"The gap is {gap.state.value}.")
    gone = replace(gap, state=GapState.DISMISSED, reason=why)
    unit.gaps.save(gone)
    _note(unit, gap_id, actor, "dismissed", at)
    return gone


def reopen(unit: UnitOfWork, gap_id: str, actor: str, at: datetime) -> Gap:
    """Put a gap on the list again. Raises NotPossible when it is there."""
    gap = _gap(unit, gap_id)
    if gap.state.waits:
        raise NotPossible(f"The gap is {gap.state.value} already.")
    back = replace(gap, state=GapState.OPEN, reason="")
    unit.gaps.save(back)
    _note(unit, gap_id, actor, "reopened", at)
    return back


def close(unit: UnitOfWork, gap_id: str, actor: str, at: datetime) -> Gap:
    """Say that nothing is left to do about a gap whose article was published. Raises NotPossible for any other."""
    gap = _gap(unit, gap_id)
    if gap.state is not GapState.PUBLISHED:
        raise NotPossible("Only a gap whose article was published can be closed. Dismiss it instead, with a reason.")
    closed = replace(gap, state=GapState.CLOSED)
    unit.gaps.save(closed)
    _note(unit, gap_id, actor, "closed", at)
    return closed


def merge(unit: UnitOfWork, gap_id: str, into: str, speech: Speech, actor: str, at: datetime) -> Gap:
    """Put everything of a gap into another one, which keeps its name. Raises NotPossible when somebody works on an article for the first."""
    gap, target = _gap(unit, gap_id), _gap(unit, into)
    if gap.id == target.id:
        raise NotPossible("A gap cannot be merged with itself.")
    if unit.drafts.of_gap(gap.id) or gap.article:
        raise NotPossible("There is an article for this gap. Merge the other one into it instead.")
    unit.gaps.lock()
    moved = unit.gaps.move([one.id for one in unit.gaps.members(gap.id)], target.id, at)
    unit.gaps.remove(gap.id)
    if not target.assigned_to and gap.assigned_to:
        unit.gaps.save(replace(target, assigned_to=gap.assigned_to, due=gap.due))
    refresh(unit, target.id, speech)
    _note(unit, gap.id, actor, "merged", at, into=target.id, moved=moved)
    return _gap(unit, target.id)


def split(unit: UnitOfWork, gap_id: str, intents: Sequence[str], speech: Speech, actor: str, at: datetime) -> Gap:
    """Put some questions of a gap into a new one and return it. Raises NotPossible when none or all of them are chosen."""
    gap = _gap(unit, gap_id)
    members = {one.id: one for one in unit.gaps.members(gap.id)}
    chosen = [one for one in dict.fromkeys(intents) if one in members]
    if not chosen or len(chosen) == len(members):
        raise NotPossible("Choose some of the questions, not none and not all.")
    unit.gaps.lock()
    fresh = Gap(f"g_{secrets.token_hex(8)}", gap.name, min(members[one].asked_at for one in chosen))
    unit.gaps.save(fresh)
    moved = unit.gaps.move(chosen, fresh.id, at)
    for one in (gap.id, fresh.id):
        refresh(unit, one, speech)
    _note(unit, gap.id, actor, "split", at, into=fresh.id, moved=moved)
    return _gap(unit, fresh.id)


def drafted(unit: UnitOfWork, gap_id: str, at: datetime) -> None:
    """A draft was begun for a gap; one that is gone is no matter."""
    _moved(unit, gap_id, at, frozenset({GapState.OPEN, GapState.DISMISSED, GapState.CLOSED}), GapState.DRAFTED)


def dropped(unit: UnitOfWork, gap_id: str, at: datetime) -> None:
    """The last draft of a gap was thrown away."""
    _moved(unit, gap_id, at, frozenset({GapState.DRAFTED}), GapState.OPEN)


def published(unit: UnitOfWork, gap_id: str, article: str, at: datetime) -> None:
    """An article was published for a gap."""
    _moved(unit, gap_id, at, frozenset(GapState), GapState.PUBLISHED, article)


def _moved(unit: UnitOfWork, gap_id: str, at: datetime, before: frozenset[GapState], after: GapState, article: str = "") -> None:
    gap = unit.gaps.load(gap_id)
    if gap is None or gap.state not in before:
        return
    unit.gaps.save(replace(gap, state=after, reason="", article=article or gap.article))
    _note(unit, gap_id, "firstline", after.value, at, article=article)
