"""What people decide on a review: who does what until when, and how it went. Each step is in the audit; the review itself never changes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from assistant.domain.audit import AuditEntry
from assistant.domain.review import Decision, Frozen, Status
from assistant.governance.redaction import without_secrets
from assistant.ports.reviews import DecisionChanged
from assistant.ports.store import UnitOfWork

STEP = "review"
LONGEST = 500
MOST = 100
"""Decisions on one week."""
NO_DECISION = "there is no decision {}"


class NotDecided(ValueError):
    """What was decided cannot be taken down as it is; the message says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be done: in words, by whom, until when; and how it stands. What is None stays as it is."""

    what: str | None = None
    owner: str | None = None
    due: date | None | str = ""
    """A day, None for no day, "" for no change."""
    status: Status | None = None


def decide(unit: UnitOfWork, review: Frozen, finding: str, wish: Wish, by: str, at: datetime) -> Decision:
    """Take down a decision on a review.

    Raises:
        NotDecided: it says nothing, too much, or answers a finding that the review does not have.
    """
    if finding and review.review.finding(finding) is None:
        raise NotDecided("the review has no such finding")
    if len(unit.reviews.decisions(review.week)) >= MOST:
        raise NotDecided(f"a week has at most {MOST} decisions")
    made = Decision(
        id=f"d_{secrets.token_hex(6)}",
        week=review.week,
        review=review.version,
        finding=finding,
        what=_said(wish.what or ""),
        owner=wish.owner or "",
        due=wish.due if isinstance(wish.due, date) else None,
        status=Status.OPEN,
        made_by=by,
        made_at=at,
        changed_by=by,
        changed_at=at,
    )
    unit.reviews.add(made)
    _note(unit, made, "decided", by, at, {"finding": finding})
    return made


def change(unit: UnitOfWork, decision_id: str, seen: int, wish: Wish, by: str, at: datetime) -> Decision:
    """Change a decision as somebody saw it in version ``seen``; the same again changes nothing.

    Raises:
        NotDecided: there is no such decision, or it would say nothing or too much.
        DecisionChanged: somebody changed it since.
    """
    before = unit.reviews.decision(decision_id)
    if before is None:
        raise NotDecided(NO_DECISION.format(decision_id))
    if before.version != seen:
        raise DecisionChanged(decision_id)
    after = replace(
        before,
        what=_said(wish.what) if wish.what is not None else before.what,
        owner=wish.owner if wish.owner is not None else before.owner,
        due=before.due if isinstance(wish.due, str) else wish.due,
        status=wish.status or before.status,
    )
    if after == before:
        return before
    changed = [name for name in ("what", "owner", "due", "status") if getattr(after, name) != getattr(before, name)]
    unit.reviews.save(replace(after, changed_by=by, changed_at=at))
    _note(unit, after, _word(before, after), by, at, {"changed": changed})
    return replace(after, changed_by=by, changed_at=at, version=before.version + 1)


def _word(before: Decision, after: Decision) -> str:
    if after.status is before.status:
        return "changed"
    return "taken up again" if after.status is Status.OPEN else after.status.value


def _said(words: str) -> str:
    kept = without_secrets(" ".join(words.encode("utf-8", "replace").decode().replace("\0", " ").split()))
    if not kept:
        raise NotDecided("say what is to be done")
    if len(kept) > LONGEST:
        raise NotDecided(f"say it in {LONGEST} characters or fewer")
    return kept


def _note(unit: UnitOfWork, decision: Decision, word: str, by: str, at: datetime, more: Mapping[str, Any]) -> None:
    due = decision.due.isoformat() if decision.due is not None else ""
    facts = {"week": decision.week, "version": decision.review, "decision": decision.id, "due": due, "status": decision.status.value}
    unit.audit.append([AuditEntry(at, by, STEP, word, detail={**facts, "owner": decision.owner, **more})])


def froze(unit: UnitOfWork, review: Frozen, by: str, at: datetime) -> None:
    """Freeze a review, and bind its hash to the chain of the audit.

    Raises:
        ReviewExists: there is one of this week and version.
    """
    unit.reviews.freeze(review)
    detail = {"week": review.week, "version": review.version, "hash": review.hash}
    unit.audit.append([AuditEntry(at, by, STEP, "frozen", detail=detail)])
