"""The part of a turn that acts: from a model's wishes to a card, and from a press to what follows.

A model proposes; everything it says is checked here against the closed set of tools, what was offered, and the policy. The most that a
wish can bring about is a card (or the person's own facts, shown to the person); only a press of the signed-in person goes further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Protocol

from assistant.agent import wording
from assistant.agent.failing import OFF, UNKNOWN, with_wish
from assistant.agent.holding import RULE
from assistant.agent.lookup import Setting
from assistant.agent.settlement import Settlement, Step
from assistant.agent.state import Memory
from assistant.agent.steps.understand import Intent
from assistant.agent.tools.registry import TOOLS, schemas, undoing, why_off
from assistant.agent.tools.tool import Handles, Hands, Offered, Surroundings, Tool, UnknownArgument, judged_by, resolve
from assistant.desk.fulfilment import Fulfilment, Moved, NotYours
from assistant.desk.requests import Opened
from assistant.domain.action import Action, Effect, Plan, Status
from assistant.domain.conversation import CLOSED, Happening
from assistant.domain.reply import DO, DROP, OFFER, PERSON, SHOW, UNDO, ActionView, Choice, ReplyKind
from assistant.domain.rollout import Rung
from assistant.domain.ticket import Ticket
from assistant.governance.policy import Decision, Limit, Policy, Verdict
from assistant.governance.rollout_rules import rung_of
from assistant.governance.wishes import Wish
from assistant.ports.identity import Workplace
from assistant.ports.models import ActingModel, Chosen, Handle, Situation, ToolCall
from assistant.ports.store import Store, UnitOfWork

ACTABLE = frozenset({Intent.QUESTION, Intent.FOLLOW_UP, Intent.SMALLTALK, Intent.OUT_OF_SCOPE, Intent.STATUS, Intent.FILE})
TICKETS_OFFERED = 50
TRIED_AT_MOST = 12
"""Wishes of one message that are looked at; the others are refused unread."""


@dataclass(frozen=True)
class View:
    """What a person's wishes may refer to now. Read only when a model asks for it."""

    setting: Setting
    store: Store
    workplace: Workplace
    handles: Handles
    at: datetime

    @cached_property
    def surroundings(self) -> Surroundings:
        """Everything that is the person's own."""
        with self.store.read() as unit:
            mine = tuple(unit.tickets.of_requester(self.setting.person.id, open_only=False)[:TICKETS_OFFERED])
        place = self.workplace
        return Surroundings(
            person=self.setting.person,
            devices=self.setting.devices,
            tickets=mine,
            entitlements=place.entitlements(),
            services=tuple(place.services()),
            queues=place.queues(),
            company=place.company(),
            read_ticket=self._ticket,
            words=self.setting.message.text,
            message=self.setting.message.id,
            issue=self.setting.memory.issue,
        )

    def _ticket(self, ticket_id: str) -> Ticket | None:
        with self.store.read() as unit:
            return unit.tickets.ticket(ticket_id)

    @cached_property
    def offers(self) -> tuple[Offered, ...]:
        """The handles of all that."""
        return self.handles.offers(self.surroundings, self.setting.conversation.id, self.at)


def _with_own(chosen: Chosen, setting: Setting) -> Chosen:
    """Add the wish of an intent of the organisation's own, where the model has none; it is weighed and judged like any other."""
    tool = setting.understanding.tool
    if not tool or chosen != Chosen():
        return chosen
    return Chosen((ToolCall(tool, {}, setting.understanding.confidence),))


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a model wants for a message, and what it may refer to."""

    chosen: Chosen = Chosen()
    view: View | None = None


class Ways(Protocol):
    """What the turn around it can do."""

    @property
    def setting(self) -> Setting: ...  # noqa: D102
    @property
    def unit(self) -> UnitOfWork: ...  # noqa: D102
    @property
    def at(self) -> datetime: ...  # noqa: D102
    def say(self, text: str, kind: ReplyKind = ..., choices: tuple[Choice, ...] = ()) -> Settlement: ...  # noqa: D102
    def place_ticket(self, memory: Memory) -> Opened: ...  # noqa: D102
    def with_ticket(self, settled: Settlement, opened: Opened) -> Settlement: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Weighed:
    """One wish, checked and judged. Without a tool, a wish or a decision ``why`` says what was wrong with it."""

    call: ToolCall
    view: View
    tool: Tool | None = None
    wish: Wish | None = None
    decision: Decision | None = None
    why: str = ""
    by: str = ""
    """The model that made the wish."""

    @property
    def asks(self) -> bool:
        """Say whether it is too unsure that the person wants it."""
        return self.decision is not None and self.decision.verdict is Verdict.ASK

    @property
    def refused(self) -> Step:
        """For the audit. A tool that does not exist is not named: its name is whatever a model made up."""
        return Step("act", "refused", detail={"tool": self.tool.name if self.tool else "", "why": self.why})


@dataclass(frozen=True, slots=True)
class Acting:
    """Wishes, cards and presses."""

    model: ActingModel
    fulfilment: Fulfilment
    handles: Handles
    hands: Hands
    workplace: Workplace
    policy: Policy

    @property
    def zone(self) -> str:
        """The time zone in which people are told moments: the organisation's."""
        return self.workplace.company().timezone

    def consider(self, setting: Setting, store: Store, at: datetime) -> Wishes:
        """Ask the model what the message asks for; presses ask no model. A model that fails wishes nothing."""
        if setting.message.choice or not setting.message.text.strip() or setting.person.is_guest:
            return Wishes()
        view = View(setting, store, self.workplace, self.handles, at)
        situation = Situation(
            setting.message.text,
            setting.memory.issue,
            lambda: [Handle(one.handle, one.kind, one.label) for one in view.offers],
            lambda: schemas(view.offers, self.policy, self.hands),
            english=setting.reading.english if setting.reading.understood == 1.0 else "",
            showing=frozenset(name for name, tool in TOOLS.items() if tool.effect is Effect.READ),
            shown=lambda: _last_shown(store, setting.conversation.id),
            account=setting.account,
        )
        chosen = _with_own(self.model.choose(situation), setting)
        if chosen.calls:
            _ = view.offers  # read now, and not inside the turn's transaction
        return Wishes(chosen, view)

    def settle(self, ways: Ways, wishes: Wishes, go_on: Callable[[], Settlement]) -> Settlement:
        """Return what the turn comes to: by a press, by a wish, or as a question by ``go_on``, with what could be done about it."""
        if ways.setting.understanding.intent is Intent.ACT:
            return self._press(ways)
        if wishes.view is None:
            return go_on()
        view = wishes.view
        by = self._by(wishes.chosen)
        weighed = [replace(self._weigh(ways, view, call), by=by) for call in wishes.chosen.calls[:TRIED_AT_MOST]]
        acted = self._acted(ways, wishes, weighed) if ways.setting.understanding.intent in ACTABLE else None
        return acted or self._mention(ways, weighed, go_on())

    def _by(self, chosen: Chosen) -> str:
        return chosen.model or self.model.identity

    def _acted(self, ways: Ways, wishes: Wishes, weighed: Sequence[_Weighed]) -> Settlement | None:
        if wishes.chosen.about_others:
            return self._for_people(ways, wording.only_your_own(), "subject: nobody acts on somebody else")
        if wishes.chosen.not_theirs:
            return ways.say(wording.no_such_ticket(wishes.chosen.not_theirs), ReplyKind.STATUS)
        if wishes.chosen.said:
            step = Step("act", "told from what was shown", model=self._by(wishes.chosen), prompt=ways.setting.account.prompt_of("act"))
            return replace(ways.say(wishes.chosen.said, ReplyKind.STATUS), steps=(step,))
        refused: list[Step] = []
        for one in weighed:
            settled = self._try(ways, one)
            if settled is not None:
                return replace(settled, steps=(*refused, *settled.steps))
            if not one.asks:
                refused.append(one.refused)
        return None

    def _mention(self, ways: Ways, weighed: Sequence[_Weighed], settled: Settlement) -> Settlement:
        """Add to an answer what could be done about it by a press, where the message only asked how it is done; note what was refused."""
        steps = tuple(one.refused for one in weighed if not one.asks)
        offers = (one for one in weighed if one.asks and one.tool is not None and one.tool.effect is Effect.WRITE and not self._held(one.tool))
        asked = next(offers, None)
        choices = settled.choices
        if asked is not None and settled.kind is ReplyKind.ANSWER:
            action = self._propose(ways, asked)
            choices = (*choices, Choice(id=f"{SHOW}{action.id}", label=action.plan.title))
        settled = with_wish(settled, [one.why for one in weighed if not one.asks], ways.setting.reading.english or ways.setting.message.text)
        return replace(settled, steps=(*settled.steps, *steps), choices=choices)

    # -- wishes -----------------------------------------------------------------------------------------------------

    def _weigh(self, ways: Ways, view: View, call: ToolCall) -> _Weighed:
        tool = TOOLS.get(call.tool)
        if tool is None or not tool.offered:
            return _Weighed(call, view, why=UNKNOWN)
        if off := why_off(tool, self.policy, self.hands):
            return _Weighed(call, view, tool, why=f"{OFF}: {off}")
        try:
            values = tool.whole(view.surroundings, resolve(tool, call.arguments, view.offers))
        except UnknownArgument:
            return _Weighed(call, view, tool, why="an argument that was not offered")
        facts = judged_by(tool, view.surroundings, values, call.confidence)
        plan = tool.plan(view.surroundings, values) if tool.plan is not None else _no_plan(tool)
        wish = Wish(tool.name, values, plan, facts)
        decision = self.fulfilment.judge(ways.unit, wish, ways.setting.person, ways.at)
        return _Weighed(call, view, tool, wish, decision, decision.rule)

    def _try(self, ways: Ways, one: _Weighed) -> Settlement | None:
        tool, wish, decision = one.tool, one.wish, one.decision
        if tool is None or wish is None or decision is None:
            return None
        if decision.verdict is Verdict.ALLOW and tool.show is not None:
            step = Step("act", "shown", one.call.confidence, model=one.by, policy=decision.version, detail={"tool": tool.name})
            step = replace(step, prompt=ways.setting.account.prompt_of("act"))
            return replace(ways.say(tool.show(one.view.surroundings, wish.arguments), ReplyKind.STATUS), steps=(step,))
        if decision.verdict is Verdict.CONFIRM and (held := self._held(tool)):
            return self._for_people(ways, wording.only_people(wish.plan.title), held, tool)
        if decision.verdict is Verdict.CONFIRM:
            return self._show(ways, self._propose(ways, one), _memory(ways.setting, tool), one.by)
        if decision.limit is Limit.OFTEN:
            return self._for_people(ways, wording.too_often(wish.plan.title), decision.rule, tool)
        if decision.verdict is Verdict.PEOPLE or decision.limit is Limit.LONG:
            return self._for_people(ways, wording.only_people(wish.plan.title), decision.rule, tool)
        return None

    def _held(self, tool: Tool) -> str:
        """Return why the rollout ladder leaves a change to people, "" where it does not: on its two lower rungs nothing is offered to be done."""
        rung = rung_of(self.policy, tool.category)
        held = bool(tool.category) and tool.effect is Effect.WRITE and rung.height < Rung.CONFIRM.height
        return f"{RULE}: {tool.category} is on {rung}" if held else ""

    def _propose(self, ways: Ways, one: _Weighed) -> Action:
        assert one.wish is not None and one.decision is not None, "only what was judged is proposed"
        return self.fulfilment.propose(ways.unit, one.wish, ways.setting.person, ways.setting.conversation.id, one.decision, ways.at)

    def _show(self, ways: Ways, action: Action, memory: Memory, by: str = "") -> Settlement:
        reopens = ways.setting.conversation.before in CLOSED
        step = Step(
            "act",
            "card shown",
            action.facts.get("confidence"),
            model=by,
            policy=self.policy.version,
            detail={"tool": action.tool, "action": action.id},
        )
        step = replace(step, prompt=ways.setting.account.prompt_of("act") if by else "none")
        return Settlement(
            Happening.PROPOSED,
            ReplyKind.ACTION,
            wording.plan(action.plan),
            memory,
            choices=(Choice(id=f"{DO}{action.id}", label=action.plan.title), Choice(id=f"{DROP}{action.id}", label="Not now"), PERSON),
            action=view_of(action, "press"),
            steps=(step,),
            reopens=reopens,
        )

    def _for_people(self, ways: Ways, text: str, rule: str, tool: Tool | None = None) -> Settlement:
        """Say that people have to do it, and offer a ticket."""
        memory = replace(_memory(ways.setting, tool), asked=True, action_rule=rule)
        step = Step("act", "people", policy=self.policy.version, detail={"tool": tool.name if tool else "", "rule": rule})
        settled = Settlement(Happening.OFFERED, ReplyKind.ABSTENTION, text, memory, choices=OFFER, steps=(step,))
        return replace(settled, reopens=ways.setting.conversation.before in CLOSED)

    # -- presses ----------------------------------------------------------------------------------------------------

    def _press(self, ways: Ways) -> Settlement:
        name, _, action_id = ways.setting.message.choice.partition(":")
        action = ways.unit.actions.load(action_id)
        if action is None or action.conversation != ways.setting.conversation.id:
            return ways.say(wording.moved_on())
        presses: dict[str, Callable[[Ways, Action], Settlement]] = {DO: self._do, DROP: self._drop, SHOW: self._show_again, UNDO: self._undo}
        try:
            return presses[f"{name}:"](ways, action)
        except NotYours:
            return ways.say(wording.moved_on())

    def _do(self, ways: Ways, action: Action) -> Settlement:
        if action.status is not Status.PROPOSED:
            return self._where(ways, action)
        moved = self.fulfilment.press(ways.unit, action.id, ways.setting.person, ways.at)
        return self.follow(ways, moved)

    def follow(self, ways: Ways, moved: Moved) -> Settlement:
        """Return what is said after an action was pressed or a code was entered."""
        action, tool = moved.action, TOOLS[moved.action.tool]
        if action.status.is_over:
            settled = self._for_people(ways, wording.not_possible(action.plan.title, moved.why), moved.rule or moved.why, tool)
            return replace(settled, action=view_of(action))
        memory = _memory(ways.setting, tool)
        opened = ways.place_ticket(memory) if tool.category else None
        step = Step("act", action.status.value, policy=self.policy.version, detail={"tool": action.tool, "action": action.id, "rule": moved.rule})
        kind = ReplyKind.APPROVAL if action.status is Status.AWAITING else ReplyKind.ACTION
        text = wording.going_on(action, self._approvers(ways, action), moved.channel, self._until(ways, action), self.zone)
        leave = () if action.status is Status.READY else (Choice(id=f"{DROP}{action.id}", label="Cancel"),)
        settled = Settlement(
            Happening.STARTED, kind, text, memory, choices=(*leave, PERSON), action=view_of(action, _NEEDS.get(action.status, ""), moved.channel)
        )
        settled = replace(settled, steps=(step,))
        return ways.with_ticket(settled, opened) if opened is not None else settled

    def _approvers(self, ways: Ways, action: Action) -> tuple[str, ...]:
        approval = ways.unit.approvals.load(action.id)
        if approval is None or action.status is not Status.AWAITING:
            return ()
        known = self.fulfilment.directory.person
        return tuple(person.name for one in sorted(self.fulfilment.holders(action, approval, approval.stage)) if (person := known(one)) is not None)

    def _until(self, ways: Ways, action: Action) -> datetime | None:
        approval = ways.unit.approvals.load(action.id)
        return approval.expires_at if approval is not None else None

    def _drop(self, ways: Ways, action: Action) -> Settlement:
        moved = self.fulfilment.drop(ways.unit, action.id, ways.setting.person, ways.at)
        if moved.action.status is not Status.CANCELLED:
            return self._where(ways, moved.action)
        step = Step("act", "dropped", policy=self.policy.version, detail={"tool": action.tool, "action": action.id})
        said = Settlement(Happening.DROPPED, ReplyKind.ACTION, wording.dropped(action.plan.title), ways.setting.memory, steps=(step,))
        return replace(said, action=view_of(moved.action), choices=(PERSON,))

    def _show_again(self, ways: Ways, action: Action) -> Settlement:
        if action.actor != ways.setting.person.id:
            raise NotYours(action.id)
        if action.status is not Status.PROPOSED:
            return self._where(ways, action)
        return self._show(ways, action, _memory(ways.setting, TOOLS[action.tool]))

    def _undo(self, ways: Ways, action: Action) -> Settlement:
        back = undoing(action)
        if back is None or not self.fulfilment.may_undo(action, ways.setting.person, ways.at):
            return self._where(ways, action)
        undo = self.fulfilment.undo(ways.unit, action, *back, by=ways.setting.person.id, at=ways.at)
        said = ways.say(wording.taking_back(action.plan.title), ReplyKind.ACTION, (PERSON,))
        step = Step("act", "undo", policy=self.policy.version, detail={"action": undo.id, "reverts": action.id})
        return replace(said, action=view_of(undo), steps=(step,))

    def _where(self, ways: Ways, action: Action) -> Settlement:
        """Say where an action stands whose button no longer fits."""
        if action.actor != ways.setting.person.id:
            raise NotYours(action.id)
        return replace(ways.say(wording.stands(action), ReplyKind.STATUS), action=view_of(action, _NEEDS.get(action.status, "")))


def begins_action(choice: str) -> bool:
    """Say whether a press decides about an action, and needs nothing looked up before."""
    return choice.startswith((DO, DROP, UNDO))


_NEEDS = {Status.PROPOSED: "press", Status.CHALLENGED: "code", Status.AWAITING: "approval"}


def view_of(action: Action, needs: str = "", channel: str = "") -> ActionView:
    """Return an action as its card shows it."""
    plan = action.plan
    return ActionView(
        id=action.id,
        tool=action.tool,
        title=plan.title,
        lines=plan.lines,
        blast_radius=plan.blast_radius,
        undo=plan.undo,
        status=action.status.value,
        needs=needs,
        channel=channel,
        reverts=action.reverts,
    )


def _no_plan(tool: Tool) -> Plan:
    return Plan(tool.about, (), "nothing", "Nothing is changed.")


def _memory(setting: Setting, tool: Tool | None) -> Memory:
    memory = setting.memory
    fresh = setting.conversation.before in CLOSED or not memory.issue
    if fresh and setting.message.text:
        memory = Memory(issue=setting.message.text, device=memory.device, platform=memory.platform, hint=memory.hint)
    return replace(memory, category=memory.category or (tool.category if tool else ""))


def _last_shown(store: Store, conversation_id: str) -> str:
    """Return the last reply of a conversation where it showed what a tool or a ticket says, "" for any other."""
    with store.read() as unit:
        events = unit.conversations.events(conversation_id)
    last = next((event.body["reply"] for event in reversed(events) if event.body["type"] == "reply"), None)
    return str(last["text"]) if last is not None and last["kind"] == ReplyKind.STATUS else ""
