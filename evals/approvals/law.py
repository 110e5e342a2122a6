"""What must hold whenever an action begins, said a second time and independently of the rules that are measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assistant.domain.action import Action
from assistant.domain.approval import Stage
from assistant.domain.configuration import Entitlement, Person

WITHOUT, REQUESTER, ALTERED, EXPIRED, REPLAYED, ROLE = "without", "by the requester", "altered", "expired", "replayed", "lost the role"
KINDS = (WITHOUT, REQUESTER, ALTERED, EXPIRED, REPLAYED, ROLE)


class Unlawful(AssertionError):
    """An action began, or a vote counted, that must not. ``kind`` is one of ``KINDS``."""

    def __init__(self, kind: str, what: str) -> None:
        """Remember which rule was broken."""
        super().__init__(f"{kind}: {what}")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Yes:
    """A vote that counted."""

    voter: str
    stage: int
    seen: str


@dataclass
class Case:
    """What is known of one action from outside."""

    content: tuple[Any, ...]
    hash: str
    actor: str
    group: str
    pressed_at: datetime | None = None
    yes: list[Yes] = field(default_factory=list)
    refused: bool = False
    begun: int = 0
    undoes: str = ""


def content_of(action: Action) -> tuple[Any, ...]:
    """Return what a person was shown and agreed to."""
    return action.id, action.tool, action.actor, action.subject, sorted(action.arguments.items()), action.plan, action.reverts


@dataclass
class Law:
    """Judges by the people as they are at the moment; ``person``, ``people`` and ``entitlements`` ask for them."""

    stages: Sequence[Stage]
    life: timedelta
    person: Callable[[str], Person | None]
    people: Callable[[], Sequence[Person]]
    entitlements: Callable[[], Sequence[Entitlement]]
    cases: dict[str, Case] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)

    def propose(self, action: Action) -> None:
        """Take note of an action as it was shown."""
        self.cases[action.id] = Case(content_of(action), action.hash, action.actor, action.arguments["group"], undoes=action.reverts)

    def voted(self, action_id: str, yes: Yes) -> None:
        """Judge a yes that was accepted, and keep it."""
        case = self.cases[action_id]
        if yes.voter == case.actor:
            raise Unlawful(REQUESTER, f"{yes.voter} approved their own {action_id}")
        if not self._has_role(yes.voter, case, yes.stage):
            raise Unlawful(ROLE, f"{yes.voter} approved {action_id} without the role")
        if yes.seen != case.hash:
            raise Unlawful(ALTERED, f"{yes.voter} approved something else than {action_id}")
        case.yes.append(yes)
        self.counted["votes"] += 1

    def begins(self, action: Action, at: datetime) -> None:
        """Judge an action that was let run at this moment."""
        case = self.cases[action.id]
        if case.begun:
            raise Unlawful(REPLAYED, f"{action.id} was let run twice")
        if content_of(action) != case.content:
            raise Unlawful(ALTERED, f"{action.id} is not what was proposed")
        case.begun += 1
        self.counted["begun"] += 1
        if case.undoes:
            self.counted["undone"] += 1
            return
        self._judge_approval(action.id, case, at)

    def _judge_approval(self, action_id: str, case: Case, at: datetime) -> None:
        if case.pressed_at is None or case.refused or not case.yes:
            raise Unlawful(WITHOUT, f"{action_id} was let run without an approval")
        if at >= case.pressed_at + self.life:
            raise Unlawful(EXPIRED, f"{action_id} was let run after its approval had expired")
        if any(yes.voter == case.actor for yes in case.yes):
            raise Unlawful(REQUESTER, f"{action_id} was approved by its requester")
        for number, stage in enumerate(self.stages):
            voters = {yes.voter for yes in case.yes if yes.stage == number}
            if len(voters) < stage.quorum:
                raise Unlawful(WITHOUT, f"{action_id} was let run with {len(voters)} votes in stage {number + 1}")
            if sum(self._has_role(voter, case, number) for voter in voters) < stage.quorum:
                raise Unlawful(ROLE, f"{action_id} was let run although its approvers of stage {number + 1} lost the role")

    def acts(self, action: Action) -> None:
        """Judge a call to the other system."""
        case = self.cases[action.id]
        if content_of(action) != case.content:
            raise Unlawful(ALTERED, f"{action.id} acts otherwise than it was proposed")
        if case.begun != 1:
            raise Unlawful(WITHOUT, f"{action.id} acts and was let run {case.begun} times")

    def _has_role(self, voter: str, case: Case, stage: int) -> bool:
        if self.person(voter) is None or voter == case.actor:
            return False
        holders = self._holders(self.stages[stage].role, case) - {"", case.actor}
        known = (self.person(one) for one in holders)
        return voter in holders or any(one is not None and one.delegate == voter for one in known)

    def _holders(self, role: str, case: Case) -> set[str]:
        requester = self.person(case.actor)
        if requester is None:
            return set()
        if role == "manager":
            return {requester.manager}
        if role == "owner":
            return {one.owner for one in self.entitlements() if one.id == case.group}
        return {one.id for one in self.people() if role.removeprefix("group:") in one.groups}
