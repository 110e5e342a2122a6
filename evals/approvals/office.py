"""A small company in which people ask, press, approve, change roles, tamper and replay. Every move may be made at any time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.agent.tools.registry import undoing
from assistant.desk.fulfilment import END, EXPIRE, NOTICE, REMIND, RUN, Fulfilment, NotYours
from assistant.domain.action import Action, Plan, Status
from assistant.domain.approval import ApprovalStatus, Stage
from assistant.domain.configuration import Company, Entitlement, Organisation, Person
from assistant.governance.approvals import NotAllowed
from assistant.governance.audit import verify
from assistant.governance.policy import Chain, Facts, Policy
from assistant.governance.policy_file import load_policy
from assistant.governance.wishes import Wish
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.carrying import Carrier
from assistant.workflows.errands import EndGrant, Errand, Errands, Expire, Remind, RunAction
from evals.approvals.law import REPLAYED, Law, Unlawful, Yes

KEY = b"a key for measuring only, of no other use"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOURS, REMIND_HOURS = 72.0, 24.0
STAGES = (Stage("manager"), Stage("owner"), Stage("group:wardens", 2))
GROUPS = ("ledger", "crm")
CAST = ("ann", "abe", "bo", "cy", "di", "ed", "fay", "gil", "hal")
ALTERATIONS = ("arguments", "plan", "subject", "actor", "days")
CHANGES = ("manager", "owner", "delegate", "leaves the wardens", "joins the wardens", "leaves the company")
PEOPLE = (
    Person("ann", "Ann", manager="bo"),
    Person("abe", "Abe", manager="cy"),
    Person("bo", "Bo", manager="fay", delegate="di"),
    Person("cy", "Cy", manager="fay", delegate="ed"),
    Person("di", "Di", manager="fay", groups=frozenset({"wardens"})),
    Person("ed", "Ed", manager="fay"),
    Person("fay", "Fay", groups=frozenset({"it-desk"})),
    Person("gil", "Gil", manager="fay", groups=frozenset({"wardens"})),
    Person("hal", "Hal", manager="fay", groups=frozenset({"wardens"})),
)
ENTITLEMENTS = (Entitlement("ledger", "Ledger", owner="cy"), Entitlement("crm", "CRM", owner="ed"))


def measured_policy() -> Policy:
    """Return the packaged policy with a longer chain, and without daily limits in the way."""
    packaged = load_policy()
    grant = replace(packaged.tools["grant_access"], per_day=1_000)
    chains = {**packaged.chains, "access": Chain(STAGES, HOURS, REMIND_HOURS)}
    return replace(packaged, tools={**packaged.tools, "grant_access": grant}, chains=chains, writes_per_day=1_000)


@dataclass(frozen=True, slots=True)
class Witness:
    """The ``Acts`` protocol: acts in the directory of the company, and lets the law see it."""

    directory: MemoryDirectory
    law: Law

    def inside(self, _unit: UnitOfWork, _action: Action, _at: datetime) -> dict[str, Any] | None:
        """Nothing of this acts in our own records."""
        return None

    def look(self, _action: Action) -> dict[str, Any]:
        """Nothing has to be known before."""
        return {}

    def outside(self, action: Action) -> dict[str, Any]:
        """Grant or revoke."""
        self.law.acts(action)
        change = self.directory.grant if action.tool == "grant_access" else self.directory.revoke
        return {"changed": change(action.subject, action.arguments["group"])}

    def undoing(self, action: Action) -> tuple[str, dict[str, str], Plan] | None:
        """Return how an action is taken back."""
        return undoing(action)

    def tell(self, _unit: UnitOfWork, _action: Action, _at: datetime) -> list[Event]:
        """There is no conversation."""
        return []


class Office:
    """The company over a store. Moves take whole numbers that choose what they are about, so that anything may draw them."""

    def __init__(self, store: Store, build: Callable[..., Fulfilment] = Fulfilment) -> None:
        """Open it; ``build`` makes the rules that are measured."""
        self.store, self.clock = store, FixedClock(START)
        self.made = Organisation(Company("Example", "x.example"), people=PEOPLE, entitlements=ENTITLEMENTS)
        self.directory = MemoryDirectory(self.made)
        directory = self.directory
        self.law = Law(STAGES, timedelta(hours=HOURS), directory.person, directory.people, directory.entitlements)
        self.rules = build(measured_policy(), directory, directory, KEY)
        witness = Witness(directory, self.law)
        kinds: dict[str, Errand] = {
            RUN: RunAction(store, self.rules, witness),
            REMIND: Remind(self.rules),
            EXPIRE: Expire(self.rules, witness),
            END: EndGrant(self.rules, witness),
            NOTICE: Remind(self.rules),
        }
        self.carrier = Carrier(store, Errands(kinds), self.clock, lambda _events: None)
        self.ids: list[str] = []
        self._shown: dict[str, str] = {}

    # -- moves of people --------------------------------------------------------------------------------------------

    def propose(self, who: int, group: int, days: int) -> None:
        """Somebody asks for access and is shown a card."""
        person, wanted = self._somebody(who), ENTITLEMENTS[group % len(ENTITLEMENTS)]
        if person is None:
            return
        arguments = {"group": wanted.id, "days": ("1", "7", "30", "90")[days % 4]}
        plan = Plan(f"Access to {wanted.name}", (f"for {arguments['days']} days",), f"your membership in {wanted.id}", "It can be taken back.")
        wish = Wish("grant_access", arguments, plan, Facts("grant_access", group=wanted.id, days=int(arguments["days"])))
        now = self.clock.now()
        with self.store.write() as unit:
            decision = self.rules.judge(unit, wish, person, now)
            action = self.rules.propose(unit, wish, person, f"c_{len(self.ids)}", decision, now)
        self.law.propose(action)
        self.ids.append(action.id)
        self._shown[action.id] = action.hash

    def press(self, which: int, who: int) -> None:
        """Somebody presses a card; only its person may."""
        action_id, person = self._action(which), self._somebody(who)
        if action_id is None or person is None:
            return
        with self.store.write() as unit:
            try:
                moved = self.rules.press(unit, action_id, person, self.clock.now())
            except NotYours:
                return
        if moved.action.status is Status.AWAITING and self.law.cases[action_id].pressed_at is None:
            self.law.cases[action_id].pressed_at = self.clock.now()

    def ask(self, who: int, group: int) -> None:
        """Ask for access and press the card."""
        before = len(self.ids)
        self.propose(who, group, 2)
        if len(self.ids) > before:
            self.press(before, CAST.index(self.law.cases[self.ids[-1]].actor))

    def drop(self, which: int, who: int) -> None:
        """Somebody does not want it any more."""
        action_id, person = self._action(which), self._somebody(who)
        if action_id is None or person is None:
            return
        with self.store.write() as unit:
            try:
                self.rules.drop(unit, action_id, person, self.clock.now())
            except NotYours:
                return

    def vote(self, which: int, who: int, yes: bool, stale: bool = False) -> None:
        """Somebody decides, with or without the right, over what they saw when it was asked for, or something else."""
        action_id, person = self._action(which), self._somebody(who)
        if action_id is None or person is None:
            return
        seen = "0" * 64 if stale else self._shown[action_id]
        try:
            with self.store.write() as unit:
                approval = unit.approvals.load(action_id)
                self.rules.vote(unit, action_id, person, yes, seen, "", self.clock.now())
        except (NotAllowed, NotYours):
            return
        assert approval is not None, "a vote that was accepted is over an approval"
        if yes:
            self.law.voted(action_id, Yes(person.id, approval.stage, seen))
        else:
            self.law.cases[action_id].refused = True

    def agree(self, which: int) -> None:
        """Everybody who decides it says yes, one after another."""
        for who in range(len(CAST)):
            self.vote(which, who, True)
        for who in range(len(CAST)):
            self.vote(which, who, True)

    def cheat(self, which: int) -> None:
        """Everybody names the requester as their delegate, and the requester says yes."""
        action_id = self._action(which)
        if action_id is not None:
            actor = self.law.cases[action_id].actor
            self.made = replace(self.made, people=tuple(_changed(one, "delegate", actor) for one in self.made.people))
            self.directory.replace(self.made)
            self.vote(which, CAST.index(actor), True)

    def undo(self, which: int, who: int) -> None:
        """Somebody takes an action back, if they may."""
        action_id, person = self._action(which), self._somebody(who)
        if action_id is None or person is None:
            return
        now = self.clock.now()
        with self.store.write() as unit:
            action = unit.actions.load(action_id)
            back = undoing(action) if action is not None else None
            if action is None or back is None or not self.rules.may_undo(action, person, now):
                return
            made = self.rules.undo(unit, action, *back, by=person.id, at=now)
        self._know(made)

    # -- moves of the world -----------------------------------------------------------------------------------------

    def change(self, kind: int, who: int, to: int) -> None:
        """A role changes hands."""
        person, other = CAST[who % len(CAST)], CAST[to % len(CAST)]
        what, made = CHANGES[kind % len(CHANGES)], self.made
        if what == "owner":
            wanted = GROUPS[who % len(GROUPS)]
            owned = tuple(replace(one, owner=other) if one.id == wanted else one for one in made.entitlements)
            self.made = replace(made, entitlements=owned)
        elif what == "leaves the company":
            self.made = replace(made, people=tuple(one for one in made.people if one.id != person or person in ("ann", "fay")))
        else:
            self.made = replace(made, people=tuple(_changed(one, what, other) if one.id == person else one for one in made.people))
        self.directory.replace(self.made)

    def demote(self, which: int) -> None:
        """Those who agreed lose the roles in which they did, before it runs."""
        action_id = self._action(which)
        if action_id is None:
            return
        gone = {yes.voter for yes in self.law.cases[action_id].yes}
        rest = [name for name in CAST if name not in gone]

        def without(one: Person) -> Person:
            manager = rest[-1] if one.manager in gone and rest[-1:] != [one.id] else one.manager
            groups = frozenset() if one.id in gone else one.groups
            return replace(one, manager=manager, delegate="" if one.delegate in gone else one.delegate, groups=groups)

        if rest:
            owned = tuple(replace(one, owner=rest[0]) if one.owner in gone else one for one in self.made.entitlements)
            self.made = replace(self.made, people=tuple(without(one) for one in self.made.people), entitlements=owned)
            self.directory.replace(self.made)

    def wait(self, hours: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(hours=hours))

    def remind(self, which: int) -> None:
        """Approvers are reminded, due or not."""
        action_id = self._action(which)
        if action_id is not None:
            with self.store.write() as unit:
                self.rules.remind(unit, action_id, self.clock.now())

    def tamper(self, which: int, how: int) -> None:
        """Somebody with the database in hand alters an action."""
        action_id = self._action(which)
        if action_id is None:
            return
        with self.store.write() as unit:
            action = unit.actions.load(action_id)
            assert action is not None, "what was proposed is stored"
            unit.actions.save(_altered(action, ALTERATIONS[how % len(ALTERATIONS)]))

    def force(self, which: int) -> None:
        """Somebody with the database in hand calls an action decided, and puts it into the outbox once more."""
        action_id, now = self._action(which), self.clock.now()
        if action_id is None:
            return
        with self.store.write() as unit:
            action, known = unit.actions.load(action_id), unit.outbox.load(f"{RUN}:{action_id}")
            assert action is not None, "what was proposed is stored"
            unit.actions.save(replace(action, status=Status.READY))
            body = dict(known.body) if known is not None else {"action": action_id, "seal": "0" * 64}
            unit.outbox.put(OutboxEntry(f"{RUN}:forced:{len(unit.outbox.waiting())}:{action_id}:{now.isoformat()}", RUN, body, now, now))

    # -- the outbox -------------------------------------------------------------------------------------------------

    def carry(self, which: int, die: bool = False) -> None:
        """Carry out one entry, also one that was carried out before; or die right after its begin."""
        keys = self._keys()
        if keys:
            self._carry(keys[which % len(keys)], die)

    def carry_all(self) -> None:
        """Carry out everything that is due."""
        for entry in self.carrier.due():
            if entry.due_at <= self.clock.now():
                self._carry(entry.key)

    def _carry(self, key: str, die: bool = False) -> None:
        with self.store.read() as unit:
            entry = unit.outbox.load(key)
            action_id = entry.body["action"] if entry is not None else ""
            before = unit.actions.load(action_id)
        if entry is None or before is None:
            return
        called = self.carrier.begin(key)
        with self.store.read() as unit:
            after = unit.actions.load(action_id)
            made = [one for one in unit.actions.latest() if one.id not in self.law.cases]
        for one in made:
            self._know(one)
        assert after is not None, "actions stay"
        if entry.kind == RUN and before.status is not Status.RUNNING and after.status is Status.RUNNING:
            self.law.begins(after, self.clock.now())
        if called and not die:
            self.carrier.end(key, self.carrier.call(key))

    # -- what holds always ------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Every action that ran has used its approval once, and nothing else has used one."""
        with self.store.read() as unit:
            used = {one: unit.approvals.load(one) for one in self.ids}
        for action_id, approval in used.items():
            begun = self.law.cases[action_id].begun
            if (approval is not None and approval.used_at is not None) != bool(begun):
                raise Unlawful(REPLAYED, f"{action_id} was let run {begun} times, its approval used at {approval.used_at if approval else None}")
            if approval is not None and approval.used_at is not None and approval.status is not ApprovalStatus.APPROVED:
                raise Unlawful(REPLAYED, f"{action_id} used an approval that is {approval.status}")

    def faults(self) -> list[str]:
        """Return what is wrong with the audit."""
        with self.store.read() as unit:
            return verify(unit.audit.read(0, 100_000))

    # -- parts ------------------------------------------------------------------------------------------------------

    def _know(self, made: Action) -> None:
        if made.id not in self.law.cases:
            self.law.propose(made)

    def _somebody(self, who: int) -> Person | None:
        return self.directory.person(CAST[who % len(CAST)])

    def _action(self, which: int) -> str | None:
        return self.ids[which % len(self.ids)] if self.ids else None

    def _keys(self) -> Sequence[str]:
        with self.store.read() as unit:
            waiting = [entry.key for entry in unit.outbox.waiting() if entry.kind != NOTICE]
            ended = [key for one in self.ids if (entry := unit.outbox.load(key := f"{RUN}:{one}")) is not None and entry.state != "waiting"]
        return [*waiting, *ended]


def _changed(person: Person, what: str, other: str) -> Person:
    if what == "manager":
        return replace(person, manager="" if other == person.id else other)
    if what == "delegate":
        return replace(person, delegate="" if other == person.id else other)
    wardens = frozenset({"wardens"})
    return replace(person, groups=person.groups - wardens if what.startswith("leaves") else person.groups | wardens)


def _altered(action: Action, how: str) -> Action:
    other = "crm" if action.arguments.get("group") == "ledger" else "ledger"
    ways: dict[str, Callable[[], Action]] = {
        "arguments": lambda: replace(action, arguments={**action.arguments, "group": other}),
        "days": lambda: replace(action, arguments={**action.arguments, "days": "90"} if action.arguments.get("days") != "90" else {"group": other}),
        "plan": lambda: replace(action, plan=replace(action.plan, title="Something harmless")),
        "subject": lambda: replace(action, subject="hal"),
        "actor": lambda: replace(action, actor="gil", subject="gil"),
    }
    return ways[how]()
