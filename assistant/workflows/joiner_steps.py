"""What the steps of a checklist do: inside our records, as an action that the policy decides, or by a call outside."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assistant.domain.action import Label, Plan, Status
from assistant.domain.configuration import DEFAULT_QUEUE, Device
from assistant.domain.onboarding import Case, PlannedStep, StepKind, StepState, StepStatus
from assistant.domain.ticket import ASSISTANT, TicketBody, TicketDraft
from assistant.governance.policy import Facts
from assistant.governance.wishes import Wish
from assistant.ports.identity import NewAccount, NoSuchAccount
from assistant.ports.inventory import OutOfStock
from assistant.ports.notify import Notice
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import UnitOfWork
from assistant.workflows.joiner_parts import Around, mail

K, S = StepKind, StepStatus
CATEGORY = "onboarding"
RESTOCKED_SECONDS = 1_800.0
LOOK_AGAIN = timedelta(hours=1)
OUTSIDE = frozenset({K.LAPTOP, K.NOTIFY, K.READINESS})
"""What is done by a call."""


def account_of(case: Case, domain: str) -> NewAccount:
    """Return the account that is opened for somebody who joins."""
    who = case.who
    return NewAccount(
        case.person, who.name, who.email or f"{case.person}@{domain}", who.title, who.department, who.location, case.manager, who.private
    )


def digest_of(wanted: NewAccount) -> str:
    """Return what an action over this account is bound to: the audit and the action hold no word of it."""
    facts = [wanted.id, wanted.name, wanted.email, wanted.title, wanted.department, wanted.location, wanted.manager, wanted.recovery]
    return sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Doing:
    """Begins steps and makes their calls."""

    around: Around

    def begin(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState | None:
        """Return the step after it was begun inside our records; None when a call outside has to be made."""
        planned = case.plan(state.step)
        if planned.kind in OUTSIDE or (planned.kind is K.RETURN and state.status is S.DOING):
            return None
        return {
            K.ACCOUNT: self._account,
            K.GROUPS: self._groups,
            K.DISABLE: self._disable,
            K.ACCESS: self._access,
            K.POLICIES: self._policies,
            K.TASK: self._task,
            K.RETURN: self._task,
            K.HANDOVER: self._handover,
        }[planned.kind](unit, case, state, at)

    # -- actions ------------------------------------------------------------------------------------------------------

    def _account(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        wanted = account_of(case, self.around.workplace.company().domain)
        plan = Plan(
            f"Open the account of {case.who.name}",
            (f"An account {wanted.id} is opened for {case.who.name}, who begins on {case.day:%d %B %Y}.", "It has no password yet."),
            f"the account {wanted.id}, which is new, and nothing else",
            "It can be switched off again.",
        )
        return self._act(unit, case, state, "open_account", plan, {"digest": digest_of(wanted)}, 1, at)

    def _groups(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        groups = sorted(set(case.plan(state.step).groups) - self._held(case))
        if not groups:
            return state.moved(S.DONE, at, result={"groups": []})
        barred = self._barred(groups)
        if barred:
            return state.moved(S.FAILED, at, why=f"{barred} may only be given by people; make it a task of the checklist")
        names = {one.id: one.name for one in self.around.workplace.entitlements()}
        lines = tuple(f"{case.who.name} becomes a member of {one}{f' ({names[one]})' if one in names else ''}." for one in groups)
        plan = Plan(
            f"Access for {case.who.name}, who begins on {case.day:%d %B %Y}",
            (*lines, "One decision counts for the whole list."),
            f"{len(groups)} {'membership' if len(groups) == 1 else 'memberships'} of {case.who.name}, and nothing else",
            "It can be taken back at any time.",
        )
        return self._act(unit, case, state, "give_groups", plan, {"groups": json.dumps(groups)}, len(groups), at)

    def _barred(self, groups: list[str]) -> str:
        """Return the first group that the policy leaves to people whatever is agreed, "" when there is none."""
        known, rules = {one.id: one for one in self.around.workplace.entitlements()}, self.around.fulfilment.policy.people_only
        for group in groups:
            asked = known.get(group)
            facts = Facts("give_groups", group=group, category=asked.category if asked else "", amount=float(asked.cost) if asked else 0.0)
            if any(one.covers(facts) for one in rules):
                return group
        return ""

    def _disable(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        plan = Plan(
            f"Switch off the account of {case.who.name}",
            (f"{case.who.name} leaves. Nobody signs in with {case.person} any more.",),
            f"the account {case.person}, and nothing else",
            "It can be switched on again.",
        )
        return self._act(unit, case, state, "close_account", plan, {}, 1, at)

    def _access(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        """What is held is looked up at the moment of leaving: also what was granted meanwhile ends."""
        groups = sorted(self._held(case))
        if not groups:
            return state.moved(S.DONE, at, result={"groups": []})
        plan = Plan(
            f"End all access of {case.who.name}",
            (f"{case.who.name} leaves. These memberships end: {', '.join(groups)}.",),
            f"{len(groups)} {'membership' if len(groups) == 1 else 'memberships'} of {case.who.name}, and nothing else",
            "The same memberships can be given again.",
        )
        return self._act(unit, case, state, "take_groups", plan, {"groups": json.dumps(groups), "everything": "yes"}, len(groups), at)

    def _held(self, case: Case) -> frozenset[str]:
        return self.around.directory.account(case.person).groups

    def _act(
        self, unit: UnitOfWork, case: Case, state: StepState, tool: str, plan: Plan, more: dict[str, str], touches: int, at: datetime
    ) -> StepState:
        arguments = {"case": case.id, "step": state.step, "manager": case.manager, "try": str(state.generation), **more}
        wish = Wish(tool, arguments, plan, Facts(tool, own=False, label=Label.RECORD, touches=touches))
        action = self.around.fulfilment.begin_for_practice(unit, wish, case.person, at, case.id).action
        begun = state.moved(S.ASKED if action.status is Status.AWAITING else S.DOING, at, action=action.id)
        if action.status is Status.REFUSED:
            return begun.moved(S.FAILED, at, why=str(action.result.get("why", "")))
        return begun

    # -- people -------------------------------------------------------------------------------------------------------

    def _policies(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        mail(unit, case, state.step, "joiner", "policies", str(state.generation), at)
        return state.moved(S.ASKED, at)

    def _task(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        planned = case.plan(state.step)
        queue, body = planned.queue or DEFAULT_QUEUE, TicketBody(self.words(case, planned), facts=(("Case", case.id),))
        subject = f"{planned.title}: {case.who.name}"
        draft = TicketDraft(f"{case.key(state.step)}:{state.generation}", ASSISTANT, subject, queue, CATEGORY, body, origin="joiners")
        ticket = unit.tickets.create(draft, at)
        if ticket.assignee == ASSISTANT:
            unit.tickets.file(ticket.id, body, queue, at)
        return state.moved(S.ASKED, at, ticket=ticket.id)

    def _handover(self, unit: UnitOfWork, case: Case, state: StepState, at: datetime) -> StepState:
        """Of tickets that the person opened the manager is asked; those that they worked on go back to their queue."""
        manager = self.around.named("manager", case)
        opened = [ticket.id for ticket in unit.tickets.of_requester(case.person)]
        for ticket in opened:
            unit.tickets.comment(ticket, ASSISTANT, f"{case.who.name} has left. {manager} answers for this now.", at, public=False)
        held = [ticket.id for ticket in unit.tickets.all() if ticket.status.is_open and ticket.assignee == case.person]
        for name in held:
            worked = unit.tickets.ticket(name)
            assert worked is not None, "it was listed in this transaction"
            unit.tickets.file(name, worked.body, worked.queue, at)
        return state.moved(S.DONE, at, result={"opened": opened, "worked": held})

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self, case: Case, state: StepState, key: str, at: datetime) -> dict[str, Any]:
        """Do it outside; raises what ``ports.outside`` names. Done again with the same key it changes nothing more."""
        planned = case.plan(state.step)
        if planned.kind is K.LAPTOP:
            return self._laptop(case, planned)
        if planned.kind is K.READINESS:
            missing = self.missing(case)
            return {"missing": missing, "looked_at": at.isoformat()}
        if planned.kind is K.RETURN:
            return {"released": [name for name in self.around.inventory.kept_for(case.person) if self.around.inventory.release(name)]}
        return self._tell(case, planned, key, at)

    def _laptop(self, case: Case, planned: PlannedStep) -> dict[str, Any]:
        try:
            kept = self.around.inventory.reserve(case.key(planned.id), case.person, platform=planned.platform)
        except OutOfStock as error:
            raise Unavailable(str(error), RESTOCKED_SECONDS) from None
        return {"device": kept.id, "name": kept.name}

    def _tell(self, case: Case, planned: PlannedStep, key: str, at: datetime) -> dict[str, Any]:
        addresses = sorted({address for whom in planned.to for address in self.around.addresses(case, whom, at)})
        if not addresses:
            raise Refused("there is nobody with an address to tell")
        text = self.words(case, planned)
        for number, address in enumerate(addresses):
            self.around.notifier.send(Notice(address, f"{planned.title}: {case.who.name}", text), f"{key}:{number}")
        return {"told": len(addresses)}

    def words(self, case: Case, planned: PlannedStep) -> str:
        """Return the text of a step with what is known of the case in place of its braces."""
        names = [one.name for one in self.devices(case)]
        when = f"{case.day:%A, %d %B %Y}"
        return planned.text.format_map(
            {
                "name": case.who.name,
                "person": case.person,
                "email": account_of(case, self.around.workplace.company().domain).email,
                "manager": self.around.named("manager", case),
                "first_day": when,
                "last_day": when,
                "title": case.who.title or "no title yet",
                "department": case.who.department or "no department yet",
                "location": case.who.location or "no site yet",
                "laptop": ", ".join(names) if names else "(no laptop is known)",
            }
        )

    def devices(self, case: Case) -> list[Device]:
        """Return what the person has, and what is kept for them."""
        kept = {one.id: one for one in self.around.inventory.kept_for(case.person).values()}
        return list((kept | {one.id: one for one in self.around.fleet.devices_of(case.person)}).values())

    def missing(self, case: Case) -> list[str]:
        """Return what is not there for somebody who begins, in words; [] when everything is."""
        return [*self._missing_laptops(case), *self._missing_account(case), *self._missing_others(case)]

    def _missing_laptops(self, case: Case) -> list[str]:
        found = []
        for step in (one for one in case.planned if one.kind is K.LAPTOP and case.state(one.id).status is not S.SKIPPED):
            device = self.around.inventory.held(case.key(step.id))
            if device is None:
                found.append("no laptop is assigned")
            elif not (self.around.managed(device.id) or device).compliant:
                found.append(f"the laptop {device.name} is not compliant")
        return found

    def _missing_account(self, case: Case) -> list[str]:
        wanted = {group for one in case.planned if one.kind is K.GROUPS and case.state(one.id).status is not S.SKIPPED for group in one.groups}
        try:
            account = self.around.directory.account(case.person)
        except NoSuchAccount:
            return [f"there is no account {case.person}"]
        off = [] if account.active and not account.locked else [f"the account {case.person} is {'locked' if account.active else 'switched off'}"]
        return off + [f"the group {group}" for group in sorted(wanted - account.groups)]

    @staticmethod
    def _missing_others(case: Case) -> list[str]:
        rest = [one for one in case.planned if one.kind in (K.POLICIES, K.TASK) and not case.state(one.id).status.is_over]
        return [f"“{one.title}” is not done" for one in rest if one.days <= 0]

    def after(self, case: Case, state: StepState, result: dict[str, Any], at: datetime) -> StepState:
        """Return a step after its call came off."""
        if case.plan(state.step).kind is not K.READINESS:
            return state.moved(S.DONE, at, result={**state.result, **result})
        first = state.result.get("ready", not result["missing"])
        found = {**state.result, **result, "ready": first}
        if not result["missing"]:
            return state.moved(S.DONE, at, result=found)
        waits = replace(state, status=S.DOING).moved(S.ASKED, at, result=found, why=f"missing: {'; '.join(result['missing'])}")
        return replace(waits, generation=state.generation + 1, due_at=at + LOOK_AGAIN)
