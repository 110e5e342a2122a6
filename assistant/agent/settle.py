"""Decides what a turn does, from what was understood and found, and does it inside the turn's transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assistant.agent import incidents, wording
from assistant.agent.acting import Acting, Wishes
from assistant.agent.failing import abstention_of, class_of, shown_class_of
from assistant.agent.holding import held_on, hold_back
from assistant.agent.issue import UNSORTED, issue_of
from assistant.agent.lookup import NO_ISSUE, Finding, Setting, asks_in_full
from assistant.agent.settlement import Settlement, Step, category_of, citation_view, handed_over, nearest_of, target_view
from assistant.agent.state import Memory, Offered, Timings
from assistant.agent.steps import answer
from assistant.agent.steps.facts import upset
from assistant.agent.steps.understand import Intent
from assistant.agent.steps.understand_file import EffectKind
from assistant.agent.strangers import for_people_we_know
from assistant.desk import requests
from assistant.domain.audit import digest
from assistant.domain.configuration import Device, Queue, queue_for, queue_name
from assistant.domain.conversation import CLOSED, Happening, State
from assistant.domain.handoff import Handoff, HandoffReason, reason_for, reason_of_rule
from assistant.domain.reply import CONFIRMATION, FILE, OFFER, PERSON, Choice, DeviceView, ReplyKind, TicketView
from assistant.domain.rollout import Rung
from assistant.domain.ticket import ASSISTANT, Ticket
from assistant.governance.policy import Disposition, Policy
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import UnitOfWork
from kb.model import Abstention, FailureClass, Retrieval

TOPICS = 3
_HANDED_OFF = {HandoffReason.PEOPLE_FIRST: wording.people_first, HandoffReason.DISTRESS: wording.upset}


@dataclass(frozen=True, slots=True)
class Settler:
    """The rules of a turn."""

    knowledge: Knowledge
    policy: Policy
    timings: Timings
    queues: Callable[[], tuple[Queue, ...]]
    desk_hours: Callable[[], str]
    """When people work tickets, as a sentence; "" when the organisation has not said."""
    acting: Acting
    people_first: bool = False
    """A conversation goes to people at once; the assistant answers when they give it back."""

    def under(self, policy: Policy | None) -> Settler:
        """Return the same rules under another policy."""
        if policy is None or policy.version == self.policy.version:
            return self
        acting = replace(self.acting, policy=policy, fulfilment=replace(self.acting.fulfilment, policy=policy))
        return replace(self, policy=policy, acting=acting)

    def settle(self, setting: Setting, finding: Finding, wishes: Wishes, unit: UnitOfWork, at: datetime) -> Settlement:
        """Return what the turn came to; tickets are changed through ``unit``, nothing is committed here."""
        turn = _Turn(self, setting, finding, unit, at)
        if turn.begins_with_people():
            return turn.settle()
        if setting.only_wish:
            return turn.say(wording.will_answer())
        return self.acting.settle(turn, wishes, lambda: incidents.settle(turn, turn.settle))


@dataclass(frozen=True, slots=True)
class _Turn:
    rules: Settler
    setting: Setting
    finding: Finding
    unit: UnitOfWork
    at: datetime

    def settle(self) -> Settlement:
        if self.begins_with_people():
            found = self.finding.retrieval
            return self._hand_off(HandoffReason.PEOPLE_FIRST, self._placed(self._likely_category(found)) if found is not None else None)
        handlers: dict[Intent, Callable[[], Settlement]] = {
            Intent.GREETING: lambda: self._say(wording.greeting(self.setting.person)),
            Intent.THANKS: self._thanks,
            Intent.STATUS: self._status,
            Intent.PERSON: self._hand_off,
            Intent.FILE: self._file,
            Intent.SOLVED: self._solved,
            Intent.NOT_SOLVED: self._not_solved,
            Intent.DECLINE: self._declined,
            Intent.UNREADABLE: lambda: self._say(wording.unreadable()),
            Intent.NEXT: lambda: self._say(wording.moved_on()),
        }
        return handlers.get(self.setting.understanding.intent, self._question)()

    # -- for the part that acts -------------------------------------------------------------------------------------

    def say(self, text: str, kind: ReplyKind = ReplyKind.SMALLTALK, choices: tuple[Choice, ...] = ()) -> Settlement:
        """Return a reply in passing, which leaves the conversation where it is."""
        return self._say(text, kind, choices)

    def place_ticket(self, memory: Memory) -> requests.Opened:
        """Return the ticket of what is being done: the episode's, the open one about the same thing, or a new one."""
        known = "" if self.setting.conversation.before in CLOSED else self._ticket_id()
        return requests.open_or_attach(self.unit.tickets, self._issue(memory, ()), known, self.at, self._window())

    def with_ticket(self, settled: Settlement, opened: requests.Opened) -> Settlement:
        """Return a settlement that names its ticket."""
        return self._with_ticket(settled, opened)

    # -- in passing -----------------------------------------------------------------------------------------------

    def _say(self, text: str, kind: ReplyKind = ReplyKind.SMALLTALK, choices: tuple[Choice, ...] = ()) -> Settlement:
        memory = replace(self.setting.memory, device=self._device_id() or self.setting.memory.device)
        offered = choices or self._standing_choices()
        return Settlement(Happening.CONVERSED, kind, text, memory, choices=offered, device=self._device_view(), steps=(Step("answer", "in passing"),))

    def _standing_choices(self) -> tuple[Choice, ...]:
        state = self.setting.conversation.before
        return CONFIRMATION if state is State.AWAITING_CONFIRMATION else OFFER if state is State.OFFERING_TICKET else ()

    def _thanks(self) -> Settlement:
        return self._say(wording.thanks(self.setting.conversation.before is State.AWAITING_CONFIRMATION))

    def _status(self) -> Settlement:
        names = {queue.id: queue.name for queue in self.rules.queues()}
        asked = self.setting.understanding.argument
        mine = self.unit.tickets.of_requester(self.setting.person.id, open_only=not asked)
        if asked:
            ticket = next((self.unit.tickets.ticket(t.id) for t in mine if t.id == asked), None)
            text = wording.one_status(ticket, names, self.rules.acting.zone) if ticket else wording.no_such_ticket(asked)
            said = self._say(text, ReplyKind.STATUS)
            return replace(said, ticket=self._view(ticket) if ticket else None)
        said = self._say(wording.statuses(mine, names), ReplyKind.STATUS)
        return replace(said, ticket=self._view(mine[0]) if len(mine) == 1 else None)

    # -- questions ------------------------------------------------------------------------------------------------

    def _question(self) -> Settlement:
        intent, found = self.setting.understanding.intent, self.finding.retrieval
        if found is None:
            return self._say(wording.small_talk())
        disposition = Disposition.AUTO if self.finding.chosen else self.rules.policy.decide("answer", found.confidence)
        if intent is Intent.SMALLTALK and disposition is not Disposition.AUTO:
            return self._say(wording.small_talk())
        if intent is Intent.OUT_OF_SCOPE and disposition is not Disposition.AUTO:
            return self._out_of_scope(found)
        if not self.finding.memory.issue:
            return self._say(wording.moved_on())
        effect = self.setting.understanding.effect
        if effect is not None and effect.kind is EffectKind.TICKET:
            return self._offer_to(effect.value)
        reopened = self._reopening(found, disposition)
        if self._belongs_to_ticket() and not reopened:
            return self._note()
        return replace(self._replied(found, disposition), reopens=self.setting.conversation.before in CLOSED, deducts=self._deducts(found))

    def _replied(self, found: Retrieval, disposition: Disposition) -> Settlement:
        rung = held_on(self.rules.policy, found, self.finding, disposition)
        if rung is not None:
            return self._hold_back(rung, found)
        if disposition is Disposition.AUTO and found.ranked:
            return self._ask_device(found) or (self._not_in_the_passages(found) if self._model_abstains() else self._answer(found))
        return self._abstain(found, disposition)

    def _hold_back(self, rung: Rung, found: Retrieval) -> Settlement:
        memory, step = self._placed(category_of(found)), self._step("answer", "auto", found, ())
        if self.setting.upset:
            return self._hand_off(HandoffReason.DISTRESS, memory)
        queue, anew = self._queue_name(queue_for(memory.category, self.rules.queues())), self.setting.conversation.before in CLOSED
        return hold_back(rung, found, memory, step, queue, lambda kept: self._filed(kept, "triage only", "" if anew else None))

    def _model_abstains(self) -> bool:
        """Say whether the model that was to write the answer found none in the passages; it may only lower what is done by itself."""
        return self.finding.written is not None and not self.finding.written.text

    def _not_in_the_passages(self, found: Retrieval) -> Settlement:
        written = self.finding.written
        assert written is not None, "a model has looked"
        settled = self._abstain(found, Disposition.REVIEW)
        steps = tuple(replace(step, model=written.model, prompt=written.prompt) for step in settled.steps)
        return replace(settled, steps=steps)

    def _abstain(self, found: Retrieval, disposition: Disposition) -> Settlement:
        if self.setting.upset:
            memory = self._placed(self._likely_category(found)).abstained(self._abstention(found))
            return self._hand_off(HandoffReason.DISTRESS, memory)
        return self._offer(found) if self.finding.memory.asked else self._ask(found, disposition)

    def _answer(self, found: Retrieval, lead: str = "") -> Settlement:
        composed = self.finding.written or answer.compose(found, self.finding.whole, self.at.date())
        band = "second_answer" if lead else "answer"
        if not composed.text or not self.rules.knowledge.still_true(composed.citations, self.setting.reader):
            return self._offer(found, band)
        article = found.ranked[0].passage.article
        offered = Offered(article.id, article.title, article.revision)
        memory = replace(self._placed(article.category), confidence=found.confidence, failure="", nearest=nearest_of(found), action_rule="")
        memory = replace(memory, offered=(*memory.offered, offered), topics=())
        opened = self._open(memory, found)
        warning = wording.overdue(article) if article.overdue(self.at.date()) else ""
        attached = wording.attached(opened.ticket) if opened is not None and opened.attached else ""
        found_in = wording.found_in(self.finding.written_in) if self.finding.written_in != wording.spoken() else ""
        if found_in and composed.translated:
            found_in = ""
            warning = "\n\n".join(part for part in (wording.translated(self.finding.written_in), warning) if part)
        text = "\n\n".join(part for part in (lead, found_in, composed.text, warning, attached, wording.confirm_question()) if part)
        step = replace(self._step("answer", "auto", found, composed.passages, band=band), model=composed.model, prompt=composed.prompt)
        if composed.unsupported:
            step = replace(step, detail=step.detail | {"unsupported": [digest(claim) for claim in composed.unsupported]})
        return self._with_ticket(
            Settlement(
                Happening.ANSWERED,
                ReplyKind.ANSWER,
                text,
                memory,
                citations=tuple(citation_view(citation) for citation in composed.citations),
                choices=CONFIRMATION,
                device=self._device_view(),
                confidence=round(found.confidence, 3),
                steps=(step,),
            ),
            opened,
        )

    def _ask_device(self, found: Retrieval) -> Settlement | None:
        """Ask for the system when none is known and the best articles are variants of one guide."""
        articles = found.articles
        if self.finding.target.platform is not None or self.finding.memory.asked or len(articles) < 2 or not articles[0].platforms:
            return None
        if articles[0].category != articles[1].category or not articles[1].platforms or articles[0].platforms & articles[1].platforms:
            return None
        systems = sorted({p for article in articles[:5] if article.category == articles[0].category for p in article.platforms})
        choices = tuple(Choice(id=f"platform:{p.value}", label=p.label) for p in systems)
        memory = replace(self._placed(articles[0].category), asked=True, confidence=found.confidence)
        step = self._step("answer", "asked for the device", found, ())
        return Settlement(Happening.ASKED, ReplyKind.CLARIFICATION, wording.which_device(), memory, choices=(*choices, PERSON), steps=(step,))

    def _ask(self, found: Retrieval, disposition: Disposition) -> Settlement:
        abstention = self._abstention(found)
        memory = replace(self._placed(self._likely_category(found)), asked=True).abstained(abstention)
        step = self._step("answer", disposition.value, found, (), abstention)
        text = wording.no_article(self.setting.understanding.ask)
        said = Settlement(Happening.ASKED, ReplyKind.ABSTENTION, text, memory, choices=(FILE, PERSON), device=self._device_view())
        if disposition is Disposition.REVIEW:
            articles = found.articles[:TOPICS]
            choices = tuple(Choice(id=f"topic:{i}", label=article.title, article=article.id) for i, article in enumerate(articles))
            memory = replace(memory, topics=tuple(article.id for article in articles))
            said = replace(said, kind=ReplyKind.CLARIFICATION, text=wording.which_topic(), memory=memory, choices=(*choices, FILE, PERSON))
        return replace(said, confidence=round(found.confidence, 3), steps=(step,))

    @for_people_we_know
    def _offer(self, found: Retrieval, band: str = "answer") -> Settlement:
        abstention = self._abstention(found)
        memory = self._placed(self._likely_category(found)).abstained(abstention)
        step = self._step("answer", Disposition.ESCALATE.value, found, (), abstention, band)
        said = Settlement(Happening.OFFERED, ReplyKind.ABSTENTION, wording.offer_ticket(), memory, choices=OFFER, device=self._device_view())
        return replace(said, confidence=round(found.confidence, 3), steps=(step,))

    @for_people_we_know
    def _offer_to(self, category: str) -> Settlement:
        """Offer a ticket of the category that an intent of the organisation's own names."""
        memory = replace(self._placed(category), category=category)
        text = wording.for_the_desk(self._queue_name(queue_for(category, self.rules.queues())))
        step = Step("answer", "left to the desk", rule=f"intents.{self.setting.understanding.name}")
        reopens = self.setting.conversation.before in CLOSED
        return Settlement(Happening.OFFERED, ReplyKind.CLARIFICATION, text, memory, choices=OFFER, steps=(step,), reopens=reopens)

    def _out_of_scope(self, found: Retrieval) -> Settlement:
        said = self._say(wording.out_of_scope(), ReplyKind.ABSTENTION, (PERSON,))
        said = replace(said, memory=replace(said.memory, issue=said.memory.issue or self.setting.message.text))  # should they want a ticket for it
        return replace(said, failure=FailureClass.OUT_OF_SCOPE, steps=(self._step("answer", "out of scope", found, ()),))

    # -- the resolution loop --------------------------------------------------------------------------------------

    def _solved(self) -> Settlement:
        if self.setting.conversation.before is not State.AWAITING_CONFIRMATION:
            return self._say(wording.thanks(awaiting=False))
        memory = self.setting.memory.with_verdict("solved")
        ticket = requests.close_confirmed(self.unit.tickets, self._issue(memory, ()), self._ticket_id(), self.at)
        step = Step("resolve", "confirmed", detail={"ticket": self._ticket_id()})
        text = wording.solved(ticket.id if ticket else "")
        settled = Settlement(Happening.CONFIRMED, ReplyKind.ACTION, text, memory, device=self._device_view(), steps=(step,))
        return replace(settled, ticket=self._view(ticket) if ticket else None, ticket_id=ticket.id if ticket else "")

    def _not_solved(self) -> Settlement:
        found, before = self.finding.retrieval, self.setting.conversation.before
        if found is None or not self.setting.memory.issue:
            return self._question()
        if before in (State.FILED, State.HANDED_OFF):
            return self._note()
        if self.setting.upset or upset(self.setting.memory.question):
            return self._hand_off(HandoffReason.DISTRESS, self.finding.memory.with_verdict("did not solve it"))
        tries = len(self.setting.memory.offered)
        reopens = before in CLOSED
        sure = self.rules.policy.decide("second_answer", found.confidence)
        allowed = sure is Disposition.AUTO and found.ranked and held_on(self.rules.policy, found, self.finding, sure) is None
        if allowed and (tries < 2 or reopens):
            rejected = replace(self.finding, memory=self.finding.memory.with_verdict("did not solve it"))
            return replace(replace(self, finding=rejected)._answer(found, wording.another_source()), reopens=reopens, deducts=reopens)
        abstention = Abstention(FailureClass.REJECTED, self.finding.memory.confidence or 0.0, self.setting.memory.tried)
        memory = self.finding.memory.with_verdict("did not solve it").abstained(abstention)
        return replace(self._filed(memory, "rejected"), reopens=reopens, deducts=reopens)

    def _declined(self) -> Settlement:
        memory = self.setting.memory
        if self.setting.conversation.before not in (State.CLARIFYING, State.OFFERING_TICKET):
            return self._say(wording.moved_on())
        requests.let_go(self.unit.tickets, self._ticket_id(), self.setting.person.id, "not wanted by the requester", self.at)
        failure = class_of(memory) or FailureClass.NO_ARTICLE
        step = Step("resolve", "ticket declined")
        return Settlement(Happening.DECLINED, ReplyKind.ACTION, wording.declined(), memory, steps=(step,), failure=failure)

    # -- people ---------------------------------------------------------------------------------------------------

    def _file(self) -> Settlement:
        memory, found, closed = self.setting.memory, self.finding.retrieval, self.setting.conversation.before in CLOSED
        if memory.issue and not closed:
            return self._filed(memory, "asked for")
        if memory.issue and self.setting.conversation.before is State.ABANDONED and not asks_in_full(self.setting):
            # "Not now", and then the ticket after all.
            return replace(self._filed(memory, "asked for"), reopens=True, deducts=True)
        if found is None or not asks_in_full(self.setting):
            return self._say(wording.what_about())
        memory = self._placed(self._likely_category(found)).abstained(self._abstention(found))
        return replace(self._filed(memory, "asked for", known=""), reopens=closed)

    @for_people_we_know
    def _filed(self, memory: Memory, why: str, known: str | None = None, reason: HandoffReason | None = None) -> Settlement:
        failure = self._why_unresolved(memory)
        reason = reason or reason_of_rule(memory.action_rule) or reason_for(failure)
        opened, queue = self._give_to_queue(memory, self._ticket_id() if known is None else known, reason, waits=False)
        detail = {"ticket": opened.ticket.id, "queue": queue, "attached": opened.attached, "reason": reason.value}
        step = Step("file", why, memory.confidence, detail=detail, context=handed_over(opened.ticket, queue))
        lead = wording.attached(opened.ticket) if opened.attached else wording.filed(opened.ticket, self._queue_name(queue), self.rules.desk_hours())
        settled = Settlement(Happening.FILED, ReplyKind.ACTION, lead, memory, steps=(step,), failure=failure, device=self._device_view())
        return self._with_ticket(settled, opened)

    def begins_with_people(self) -> bool:
        """Say whether this is the first thing that somebody says, where people answer first."""
        conversation, intent = self.setting.conversation, self.setting.understanding.intent
        untouched = conversation.before is State.OPEN and conversation.episode.number == 1 and not conversation.episode.ticket
        return self.rules.people_first and untouched and intent is not Intent.UNREADABLE

    @for_people_we_know
    def _hand_off(self, reason: HandoffReason | None = None, memory: Memory | None = None) -> Settlement:
        before, memory = self.setting.conversation.before, memory or self.setting.memory
        if before is State.HANDED_OFF and reason is None:
            waits = wording.still_waiting(self._ticket_id(), self.rules.desk_hours())
            return self._note() if self.setting.message.text else self._say(waits, ReplyKind.STATUS)
        reason = reason or self._why_person()
        failure = None if reason is HandoffReason.PEOPLE_FIRST else self._why_unresolved(memory)
        if not memory.issue:
            memory = replace(memory, issue=self.setting.message.text or NO_ISSUE)
        opened, queue = self._give_to_queue(memory, self._ticket_id(), reason, waits=True)
        detail = {"ticket": opened.ticket.id, "queue": queue, "reason": reason.value}
        step = Step("hand_off", reason.label.lower(), detail=detail, context=handed_over(opened.ticket, queue))
        told = _HANDED_OFF.get(reason, wording.handed_off)
        text = told(opened.ticket, self._queue_name(queue), self.rules.desk_hours())
        reopens = self._new_episode()
        settled = Settlement(Happening.HANDED_OFF, ReplyKind.HANDOFF, text, memory, steps=(step,), failure=failure, reopens=reopens, deducts=reopens)
        return self._with_ticket(settled, opened)

    def _new_episode(self) -> bool:
        """Asking for a person after the end begins anew, but not after filing: the same ticket then gets a person in the conversation."""
        before = self.setting.conversation.before
        return before in CLOSED and before is not State.FILED

    def _why_person(self) -> HandoffReason:
        if self.setting.upset:
            return HandoffReason.DISTRESS
        events = self.unit.conversations.events(self.setting.conversation.id)
        last = next((event.body["reply"]["kind"] for event in reversed(events) if event.body["type"] == "reply"), "")
        return HandoffReason.FAILURE if last == ReplyKind.ERROR else HandoffReason.REQUESTED

    def _why_unresolved(self, memory: Memory) -> FailureClass | None:
        """Who wanted a person before saying what it is about, or wanted something done, has asked nothing that an article could answer."""
        return shown_class_of(memory, self._overdue)

    def _overdue(self, article_id: str) -> bool:
        known = self.rules.knowledge.article(article_id, self.setting.reader)
        return known is not None and known[0].overdue(self.at.date())

    def _note(self) -> Settlement:
        """A closed issue with a ticket: what the person adds goes to the ticket."""
        ticket_id = self._ticket_id()
        if not ticket_id:
            return self._say(wording.small_talk())
        words = self.setting.message.text or self.setting.message.choice
        self.unit.tickets.comment(ticket_id, self.setting.person.id, words, self.at)
        ticket = self.unit.tickets.ticket(ticket_id)
        said = self._say(wording.noted(ticket_id), ReplyKind.ACTION)
        return replace(said, ticket=self._view(ticket) if ticket else None, steps=(Step("ticket.comment", "added", detail={"ticket": ticket_id}),))

    # -- parts ----------------------------------------------------------------------------------------------------

    def _belongs_to_ticket(self) -> bool:
        return self.setting.conversation.before in (State.FILED, State.HANDED_OFF) and bool(self._ticket_id())

    def _reopening(self, found: Retrieval, disposition: Disposition) -> bool:
        """After filing, only a question that is clearly about something else begins a new episode."""
        return self.setting.fresh or disposition is Disposition.AUTO and category_of(found) != self.setting.memory.category

    def _deducts(self, found: Retrieval) -> bool:
        """What is said after the end deducts the earlier outcome, unless it is a question in another category or in none."""
        goes_on = self.setting.understanding.intent in (Intent.FOLLOW_UP, Intent.DEVICE, Intent.RETRY)
        same = goes_on or self._likely_category(found) == self.setting.memory.category
        return self.setting.conversation.before in CLOSED and same and not self.setting.fresh

    def _placed(self, category: str) -> Memory:
        target = self.finding.target
        memory = self.finding.memory
        return replace(
            memory,
            platform=target.platform.value if target.platform else "",
            device=target.device.id if target.device else "",
            category=memory.category or category,
        )

    def _likely_category(self, found: Retrieval) -> str:
        """The category of the nearest article, unless it is so far that a person had better sort the question."""
        return category_of(found) if found.confidence >= self.rules.policy.bands["answer"].review else ""

    def _open(self, memory: Memory, found: Retrieval) -> requests.Opened | None:
        if self.setting.person.is_guest:
            return None
        known = self._ticket_id() if not self._reopening_elsewhere(found) else ""
        return requests.open_or_attach(self.unit.tickets, self._issue(memory, found.vector), known, self.at, self._window())

    def _reopening_elsewhere(self, found: Retrieval) -> bool:
        return self.setting.conversation.before in CLOSED and self._reopening(found, Disposition.AUTO)

    def _give_to_queue(self, memory: Memory, known: str, reason: HandoffReason, *, waits: bool) -> tuple[requests.Opened, str]:
        found = self.finding.retrieval
        before = self.unit.tickets.ticket(known) if known else None
        if before is not None and before.category != UNSORTED:  # the team follows what the ticket was opened for
            memory = replace(memory, category=before.category)
        issue = self._issue(memory, self.finding.issue_vector or (found.vector if found is not None else ()), reason)
        opened = requests.file(self.unit.tickets, issue, known, self.at, self._window())
        conversation = self.setting.conversation
        number = conversation.episode.number + (1 if self._new_episode() else 0)
        self.unit.handoffs.end(conversation.id, self.at)
        self.unit.handoffs.record(Handoff(conversation.id, number, reason, self.at, opened.ticket.id, waits))
        return opened, issue.queue

    def _issue(self, memory: Memory, vector: tuple[float, ...], reason: HandoffReason | None = None) -> requests.Issue:
        conversation = self.setting.conversation
        return issue_of(
            self.unit,
            conversation,
            self.setting.person,
            memory,
            self._device(),
            self.rules.queues(),
            reason=reason,
            episode=conversation.episode.number + (1 if conversation.before in CLOSED else 0),
            message=self.setting.message,
            vector=vector,
        )

    def _window(self) -> timedelta:
        return timedelta(days=self.rules.timings.same_issue_days)

    def _ticket_id(self) -> str:
        return self.setting.conversation.episode.ticket

    def _queue_name(self, queue_id: str) -> str:
        return queue_name(queue_id, self.rules.queues())

    def _device(self) -> Device | None:
        target = self.finding.target
        return target.device or next((d for d in self.setting.devices if d.id == self.setting.memory.device), None)

    def _device_id(self) -> str:
        return self.finding.target.device.id if self.finding.target.device else ""

    def _device_view(self) -> DeviceView | None:
        return target_view(self.finding.target.device, self.finding.target.platform)

    def _step(
        self, name: str, decision: str, found: Retrieval, passages: tuple[str, ...], abstention: Abstention | None = None, band: str = "answer"
    ) -> Step:
        looked_at = passages or tuple(item.passage.id for item in found.ranked[:5])
        detail = {"degraded": found.degraded} if found.degraded else {}
        detail |= {"abstained": abstention.reason.value} if abstention else {}
        step = Step(name, decision, found.confidence, looked_at, answer.MODEL, self.rules.policy.version, detail=detail)
        if self.finding.chosen:
            name = self.setting.understanding.name
            return replace(step, rule=f"intents.{name}" if name else "chosen by the person")
        verdict = self.rules.policy.decide(band, found.confidence).value
        return replace(step, rule=f"steps.{band}", facts={"step": band, "confidence": found.confidence}, verdict=verdict)

    def _abstention(self, found: Retrieval) -> Abstention:
        return abstention_of(found, self.finding.hidden, self.rules.policy.bands["answer"], self.setting.reader)

    def _with_ticket(self, settled: Settlement, opened: requests.Opened | None) -> Settlement:
        return replace(settled, ticket=self._view(opened.ticket, opened.attached), ticket_id=opened.ticket.id) if opened else settled

    def _view(self, ticket: Ticket, attached: bool = False) -> TicketView:
        queue = "" if ticket.assignee == ASSISTANT else self._queue_name(ticket.queue)
        return TicketView(id=ticket.id, subject=ticket.subject, status=ticket.status.value, queue=queue, attached=attached)
