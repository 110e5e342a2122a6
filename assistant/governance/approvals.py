"""Who may approve what, and whether an approval holds. Pure rules; the caller stores what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from assistant.domain.action import Action
from assistant.domain.approval import Approval, ApprovalStatus, Stage, Vote
from assistant.domain.audit import Consent
from assistant.domain.configuration import Person

Lookup = Callable[[str], Person | None]


class NotAllowed(Exception):
    """This person may not decide this now; the message says why, in words for them."""


def holders(role: str, requester: Person, owner: str, people: Iterable[Person]) -> frozenset[str]:
    """Return the ids of those who have a role at this moment, never the requester."""
    kind, _, name = role.partition(":")
    if kind == "manager":
        found = {requester.manager}
    elif kind == "owner":
        found = {owner}
    elif kind == "person":
        found = {name}
    elif kind == "group":
        found = {person.id for person in people if name in person.groups}
    else:
        found = set()
    return frozenset(found - {"", requester.id})


def represented(approver: Person, role_holders: frozenset[str], person: Lookup) -> str | None:
    """Return whom an approver stands for: themselves, or a holder who named them as delegate; None for nobody."""
    if approver.id in role_holders:
        return approver.id
    for holder_id in sorted(role_holders):
        holder = person(holder_id)
        if holder is not None and holder.delegate == approver.id:
            return holder_id
    return None


def consents(approval: Approval | None) -> tuple[Consent, ...]:
    """Return who agreed, for the audit."""
    return tuple(Consent(vote.approver, vote.at, vote.hash, vote.instead_of) for vote in approval.votes if vote.approves) if approval else ()


def spent(approval: Approval) -> frozenset[str]:
    """Return those who have decided, and those for whom somebody has; none of them decides again."""
    return frozenset(one for vote in approval.votes for one in (vote.approver, vote.instead_of) if one)


def unfillable(stages: Sequence[Stage], stage_holders: Sequence[frozenset[str]]) -> Stage | None:
    """Return the first stage for which there are not enough people of its own, as nobody decides twice; None when all can be filled."""
    taken: dict[str, int] = {}
    seats = [number for number, stage in enumerate(stages) for _ in range(stage.quorum)]

    def seated(seat: int, tried: set[str]) -> bool:
        for one in sorted(stage_holders[seats[seat]] - tried):
            tried.add(one)
            if one not in taken or seated(taken[one], tried):
                taken[one] = seat
                return True
        return False

    return next((stages[seats[seat]] for seat in range(len(seats)) if not seated(seat, set())), None)


def cast(approval: Approval, action: Action, approver: Person, stage_holders: frozenset[str], vote: Vote, person: Lookup) -> Approval:
    """Return the approval with one more vote.

    Raises:
        NotAllowed: it is decided or expired, the action is not the one that was shown, the approver is the requester, lacks the
            role at this moment, or has voted before (for themselves or for somebody).
    """
    _must_be_open(approval, vote.at)
    if approval.hash != action.hash or vote.hash != action.hash:
        raise NotAllowed("What you saw is not what would be done now. Open the request again.")
    if approver.id in (approval.requester, action.actor, action.subject):
        raise NotAllowed("Nobody approves their own request.")
    standing_for = represented(approver, stage_holders, person)
    if standing_for is None:
        raise NotAllowed("You are not among those who approve this now.")
    if {approver.id, standing_for} & spent(approval):
        raise NotAllowed("This has been decided by you, or for you, before.")
    kept = replace(vote, approver=approver.id, stage=approval.stage, instead_of="" if standing_for == approver.id else standing_for)
    voted = replace(approval, votes=(*approval.votes, kept))
    if not vote.approves:
        return replace(voted, status=ApprovalStatus.REFUSED)
    return replace(voted, status=ApprovalStatus.APPROVED) if voted.stage == len(voted.stages) else voted


def _must_be_open(approval: Approval, now: datetime) -> None:
    if approval.status is not ApprovalStatus.OPEN:
        raise NotAllowed(f"This request is {approval.status} already.")
    if now >= approval.expires_at:
        raise NotAllowed("This request has expired.")


def holds(approval: Approval, action: Action, stage_holders: Sequence[frozenset[str]], person: Lookup, now: datetime) -> str:
    """Return "" if the approval lets this action run now, else why not.

    Asked in the transaction that lets it run: the hash, expiry, single use, and that everybody who agreed still has their role.
    """
    if approval.status is not ApprovalStatus.APPROVED:
        return f"the approval is {approval.status}"
    if approval.used_at is not None:
        return "the approval was used before"
    if now >= approval.expires_at:
        return "the approval has expired"
    if approval.hash != action.hash:
        return "the action is not the one that was approved"
    if approval.requester != action.actor:
        return "the approval is somebody else's"
    for number, stage in enumerate(approval.stages):
        if _standing_votes(approval, number, stage_holders[number], person) < stage.quorum:
            return f"not enough of those who approved stage {number + 1} still have the role"
    return ""


def _standing_votes(approval: Approval, number: int, role_holders: frozenset[str], person: Lookup) -> int:
    standing = set()
    for vote in approval.votes:
        if vote.stage != number or not vote.approves or vote.hash != approval.hash:
            continue
        approver = person(vote.approver)
        if approver is not None and approver.id != approval.requester:
            standing.add(represented(approver, role_holders, person))
    return len(standing - {None})
