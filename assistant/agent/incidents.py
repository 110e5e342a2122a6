"""Known problems in a conversation: who asks about one is told how it stands and is attached to it, instead of filing it again.

What is said is the desk's words or a template. Nobody is told of a problem that does not concern them, and whoever says that theirs is
something else goes the normal way. It costs a turn a few rows: the question's vector is the turn's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from assistant.agent import wording
from assistant.agent.issue import issue_of
from assistant.agent.languages.reading import in_english
from assistant.agent.languages.recognise import language_of
from assistant.agent.lookup import Finding, Setting, asks_in_full
from assistant.agent.settlement import Settlement, Step, category_of, citation_view
from assistant.agent.state import Memory
from assistant.agent.steps import answer
from assistant.agent.steps.facts import applications
from assistant.agent.steps.understand import Intent, Understanding, yes_or_no
from assistant.desk import requests
from assistant.desk.problems.raising import raise_problem, standing_for
from assistant.desk.problems.relating import Side, matched
from assistant.desk.problems.tracing import Reading, error_codes, manner_of
from assistant.domain.configuration import Device, Person, Service, queue_name
from assistant.domain.conversation import CLOSED, Conversation, Happening, State
from assistant.domain.handoff import Handoff, HandoffReason
from assistant.domain.problem import WISH, How, Kind, Link, Problem
from assistant.domain.reply import NO, PERSON, YES, Choice, Reply, ReplyKind, TicketView
from assistant.domain.ticket import Ticket
from assistant.governance.policy import Disposition
from assistant.governance.problem_rules import CHAT
from assistant.governance.rendering import render
from assistant.ports.knowledge import Knowledge
from assistant.ports.store import Message, UnitOfWork

if TYPE_CHECKING:
    from assistant.agent.settle import Settler

THAT, OTHER, FINE, STILL = "that:", "other:", "fine:", "still:"
"""Begin the ids of the choices under what was said of a problem: it is that, it is something else; and of a ticket: solved, not solved."""
ASKING = frozenset({Intent.QUESTION, Intent.OUT_OF_SCOPE, Intent.FOLLOW_UP, Intent.FILE, Intent.NOT_SOLVED})
_ELSE = re.compile(
    r"\b(?:something|somewhat) (?:else|different)\b|\b(?:different|other|another) (?:problem|issue|thing|matter|error)\b"
    r"|\bnot (?:that|the same|my problem|what i (?:mean|have))\b",
    re.IGNORECASE,
)


class Turn(Protocol):
    """A turn that is being settled."""

    @property
    def rules(self) -> Settler: ...  # noqa: D102
    @property
    def setting(self) -> Setting: ...  # noqa: D102
    @property
    def finding(self) -> Finding: ...  # noqa: D102
    @property
    def unit(self) -> UnitOfWork: ...  # noqa: D102
    @property
    def at(self) -> datetime: ...  # noqa: D102
    def say(self, text: str, kind: ReplyKind = ..., choices: tuple[Choice, ...] = ...) -> Settlement: ...  # noqa: D102
    def place_ticket(self, memory: Memory) -> requests.Opened: ...  # noqa: D102
    def with_ticket(self, settled: Settlement, opened: requests.Opened) -> Settlement: ...  # noqa: D102


# -- before the turn is understood ------------------------------------------------------------------------------------


def attached_to(unit: UnitOfWork, conversation: Conversation | None) -> Link | None:
    """Return how the ticket of a conversation belongs to a problem; one row, and none where people were not given anything."""
    if conversation is None or conversation.before not in (State.FILED, State.HANDED_OFF) or not conversation.episode.ticket:
        return None
    return unit.problems.link_of(conversation.episode.ticket)


def asked_anew(message: Message, memory: Memory) -> tuple[Message, Memory, str]:
    """Return what "It is something else" stands for: the question once more, without the problem, whose id comes last; "" for other messages."""
    if not message.choice.startswith(OTHER) or not memory.issue:
        return message, memory, ""
    aside = message.choice.removeprefix(OTHER)
    others = (*(one for one in memory.others if one != aside), aside)
    return replace(message, text=memory.question, choice=""), replace(memory, others=others, suggested=""), aside


def pressed_by(read: Understanding, english: str, memory: Memory, link: Link | None) -> str:
    """Return the choice that words under what was said of a problem stand for, "" for none."""
    said = yes_or_no(" ".join(english.split()).lower().replace("’", "'"))
    if memory.suggested and (said is not None or read.intent is Intent.DECLINE):
        return f"{THAT if said else OTHER}{memory.suggested}"
    if memory.suggested and _ELSE.search(english):
        return f"{OTHER}{memory.suggested}"
    if link is None:
        return ""
    if link.asked_at is not None and not link.answer:
        if said is not None or read.intent in (Intent.SOLVED, Intent.NOT_SOLVED):
            solved = said if said is not None else read.intent is Intent.SOLVED
            return f"{FINE if solved else STILL}{link.ticket}"
    elif link.how is How.CHAT and _ELSE.search(english):
        return f"{OTHER}{link.problem}"
    return ""


def no_longer_asked(memory: Memory, choice: str) -> Memory:
    """Return the memory without the problem that was asked about, once something else is said: a later yes is about something else."""
    return memory if choice.startswith(THAT) else replace(memory, suggested="")


# -- the turn ---------------------------------------------------------------------------------------------------------


def settle(turn: Turn, otherwise: Callable[[], Settlement]) -> Settlement:
    """Settle a turn that is about a known problem; every other one goes the way that it would go without."""
    setting = turn.setting
    if setting.understanding.intent is Intent.INCIDENT:
        return _pressed(turn)
    if setting.aside:
        return _aside(turn, otherwise)
    if setting.understanding.intent is Intent.STATUS and setting.link is not None:
        problem = turn.unit.problems.load(setting.link.problem)
        if problem is not None and problem.state.is_active:
            return _still(turn, problem, setting.link)
    found = _best(turn) if _asks(setting) else None
    if found is None:
        return otherwise()
    problem, sure = found
    if setting.link is not None and setting.link.problem == problem.id:
        return _still(turn, problem, setting.link)
    disposition = turn.rules.policy.decide(CHAT, sure)
    return _attached(turn, problem, sure, disposition) if disposition is Disposition.AUTO else _asked(turn, problem, sure, disposition)


def _asks(setting: Setting) -> bool:
    read, state = setting.understanding, setting.conversation.before
    if setting.person.is_guest or read.intent not in ASKING or read.plain and read.intent is Intent.QUESTION:
        return False
    if read.intent is Intent.FILE and not asks_in_full(setting):
        return bool(setting.memory.issue) and state not in CLOSED
    return bool(setting.message.text.strip()) or bool(setting.memory.issue)


def _best(turn: Turn) -> tuple[Problem, float] | None:
    """Return the active problem that the person most probably asks about, if the policy lets them be told or asked of it."""
    setting, policy = turn.setting, turn.rules.policy
    services = turn.rules.acting.workplace.services
    known = [*turn.unit.problems.active(), *standing_for(turn.unit, setting.person, setting.devices, services(), turn.at)]
    problems = [one for one in known if one.id not in setting.memory.others and concerned(one, setting.person, setting.devices)]
    mine = _side(turn) if problems else None
    if mine is None:
        return None
    return matched(problems, mine, policy, turn.at)


def _side(turn: Turn) -> Side | None:
    """Return what the person asks about as it is compared with problems; None when they ask how to do or get something."""
    setting, found = turn.setting, turn.finding.retrieval
    fresh = setting.understanding.intent in (Intent.QUESTION, Intent.OUT_OF_SCOPE) or asks_in_full(setting)
    text = setting.message.text if fresh and setting.message.text.strip() else turn.finding.memory.question or setting.memory.question
    english = in_english(text, setting.memory.language)
    manner = manner_of(english)
    if manner == WISH:
        return None
    vector = setting.vector if fresh and setting.vector else turn.finding.issue_vector or (found.vector if found is not None else ())
    sure = found is not None and found.confidence >= turn.rules.policy.bands["answer"].review
    category = category_of(found) if found is not None and sure else setting.memory.category
    service = reading_over(turn.rules.acting.workplace.services, lambda _: ()).service_of([text], category)
    sites, own = frozenset({setting.person.location} - {""}), [name for device in setting.devices for name in (device.id, device.name)]
    return Side(service, category, frozenset(error_codes([text], own)), sites, manner, turn.at, vector)


def concerned(problem: Problem, person: Person, devices: Sequence[Device]) -> bool:
    """Say whether a problem concerns somebody: by their site, their groups or their devices; where nothing is said, it concerns everybody."""
    mine = {f"site:{person.location}", *(f"group:{group}" for group in person.groups), *(f"device:{device.id}" for device in devices)}
    return not problem.concerns or bool(mine & set(problem.concerns))


def _attached(turn: Turn, problem: Problem, sure: float, disposition: Disposition, decision: str = "attached") -> Settlement:
    setting, before = turn.setting, turn.setting.conversation.before
    raised = raise_problem(turn.unit, problem.id, turn.rules.acting.workplace.services(), turn.at)
    problem = raised if raised is not None else problem
    memory = _memory(turn, problem)
    opened, reopens = turn.place_ticket(memory), before in CLOSED
    link = turn.unit.problems.link_of(opened.ticket.id)
    if link is None or link.problem != problem.id:
        turn.unit.problems.link(Link(problem.id, opened.ticket.id, setting.person.id, turn.at, How.CHAT, setting.person.id, sure))
    conversation = setting.conversation
    number = conversation.episode.number + (1 if reopens else 0)
    turn.unit.handoffs.end(conversation.id, turn.at)
    turn.unit.handoffs.record(Handoff(conversation.id, number, HandoffReason.KNOWN_INCIDENT, turn.at, opened.ticket.id, waits=False))
    parts = [wording.incident(problem, turn.rules.acting.zone), wording.incident_attached(opened.ticket.id)]
    step = _step(turn, decision, sure, disposition, {"problem": problem.id, "ticket": opened.ticket.id})
    choices = (Choice(id=f"{OTHER}{problem.id}", label=wording.SOMETHING_ELSE), PERSON)
    settled = Settlement(Happening.FILED, ReplyKind.STATUS, "", memory, choices=choices, confidence=round(sure, 3), reopens=reopens)
    settled = _with_article(turn, settled, parts)
    return turn.with_ticket(replace(settled, steps=(step,)), opened)


def _with_article(turn: Turn, settled: Settlement, parts: list[str]) -> Settlement:
    """Put the answer of the knowledge base, where it surely has one, below the status."""
    found, policy = turn.finding.retrieval, turn.rules.policy
    sure = found is not None and found.ranked and policy.decide("answer", found.confidence) is Disposition.AUTO
    composed = answer.compose(found, turn.finding.whole, turn.at.date()) if found is not None and sure else None
    if composed is None or not composed.text or not turn.rules.knowledge.still_true(composed.citations, turn.setting.reader):
        return replace(settled, text="\n\n".join(parts))
    text = "\n\n".join([*parts, wording.incident_article(), composed.text])
    return replace(settled, text=text, citations=tuple(citation_view(citation) for citation in composed.citations))


def _asked(turn: Turn, problem: Problem, sure: float, disposition: Disposition) -> Settlement:
    memory = replace(_memory(turn, problem), suggested=problem.id, category=turn.finding.memory.category)
    that = Choice(id=f"{THAT}{problem.id}", label=wording.THAT_IS_IT)
    other = Choice(id=f"{OTHER}{problem.id}", label=wording.SOMETHING_ELSE)
    step = _step(turn, "asked", sure, disposition, {"problem": problem.id})
    return Settlement(
        Happening.ASKED,
        ReplyKind.CLARIFICATION,
        wording.incident_ask(problem, turn.rules.acting.zone),
        memory,
        choices=(that, other, PERSON),
        confidence=round(sure, 3),
        steps=(step,),
        reopens=turn.setting.conversation.before in CLOSED,
    )


def _aside(turn: Turn, otherwise: Callable[[], Settlement]) -> Settlement:
    """Let go of a problem that is not the person's, and go the normal way; that they were attached does not count any more."""
    setting = turn.setting
    link, reopens = setting.link, setting.conversation.before in CLOSED
    if link is not None and link.problem == setting.aside:
        turn.unit.problems.link(replace(link, removed=True, by=setting.person.id))
        requests.let_go(turn.unit.tickets, link.ticket, setting.person.id, "it is about something else", turn.at)
    settled = otherwise()
    step = _step(turn, "something else", None, None, {"problem": setting.aside})
    memory = replace(settled.memory, others=setting.memory.others, suggested="")
    return replace(settled, memory=memory, steps=(step, *settled.steps), reopens=reopens, deducts=reopens)


def _pressed(turn: Turn) -> Settlement:
    setting = turn.setting
    name, _, argument = setting.message.choice.partition(":")
    if f"{name}:" == THAT and setting.memory.suggested == argument:
        services = turn.rules.acting.workplace.services()
        problem = turn.unit.problems.load(argument) or raise_problem(turn.unit, argument, services, turn.at)
        if problem is not None and problem.state.is_active and concerned(problem, setting.person, setting.devices):
            return _attached(turn, problem, 1.0, Disposition.AUTO, "confirmed")
    link = turn.unit.problems.link_of(argument) if f"{name}:" in (FINE, STILL) else None
    if link is None or link.person != setting.person.id or link.asked_at is None:
        return turn.say(wording.moved_on())
    return _fine(turn, link) if f"{name}:" == FINE else _not_solved(turn, link)


def _fine(turn: Turn, link: Link) -> Settlement:
    turn.unit.problems.link(replace(link, answer="yes"))
    said = turn.say(wording.incident_fine(link.ticket), ReplyKind.ACTION)
    return replace(said, steps=(_step(turn, "solved", None, None, {"problem": link.problem, "ticket": link.ticket}),))


def _not_solved(turn: Turn, link: Link) -> Settlement:
    """Open the ticket again for whoever says that the end of the problem did not solve theirs, and give it to people."""
    setting, rules, ticket = turn.setting, turn.rules, turn.unit.tickets.ticket(link.ticket)
    if ticket is None:
        return turn.say(wording.moved_on())
    category = "" if ticket.category == "general" else ticket.category
    memory = replace(setting.memory, issue=setting.memory.issue or ticket.subject, category=category)
    device = next((one for one in setting.devices if one.id == memory.device), None)
    issue = issue_of(
        turn.unit, setting.conversation, setting.person, memory, device, rules.queues(), reason=HandoffReason.REJECTED, message=setting.message
    )
    window = timedelta(days=rules.timings.same_issue_days)
    opened = requests.file(turn.unit.tickets, issue, ticket.id, turn.at, window)
    turn.unit.problems.link(replace(link, answer="no", closed=False))
    text = wording.incident_not_solved(ticket.id, queue_name(opened.ticket.queue, rules.queues()), rules.desk_hours())
    said = turn.with_ticket(turn.say(text, ReplyKind.ACTION), opened)
    same = setting.conversation.episode.ticket == ticket.id
    step = _step(turn, "not solved", None, None, {"problem": link.problem, "ticket": ticket.id})
    return replace(said, ticket_id=ticket.id if same else "", steps=(step,))


def _still(turn: Turn, problem: Problem, link: Link) -> Settlement:
    """Say how a problem stands to somebody who is attached to it already."""
    text = "\n\n".join((wording.incident(problem, turn.rules.acting.zone), wording.incident_still(link.ticket)))
    choices = (Choice(id=f"{OTHER}{problem.id}", label=wording.SOMETHING_ELSE), PERSON) if link.how is How.CHAT else (PERSON,)
    said = turn.say(text, ReplyKind.STATUS, choices)
    return replace(said, steps=(_step(turn, "told again", None, None, {"problem": problem.id, "ticket": link.ticket}),))


def _memory(turn: Turn, problem: Problem) -> Memory:
    memory, target = turn.finding.memory, turn.finding.target
    issue = memory.issue or turn.setting.message.text
    platform, device = target.platform.value if target.platform else "", target.device.id if target.device else ""
    return replace(memory, issue=issue, category=memory.category or problem.category, platform=platform, device=device, suggested="")


def _step(turn: Turn, decision: str, sure: float | None, disposition: Disposition | None, detail: dict[str, str]) -> Step:
    if sure is None or disposition is None or decision == "confirmed":
        return Step(CHAT, decision, detail=detail)
    facts = {"step": CHAT, "confidence": sure}
    policy = turn.rules.policy.version
    return Step(CHAT, decision, sure, policy=policy, rule=f"steps.{CHAT}", facts=facts, verdict=disposition.value, detail=detail)


# -- what is said to everybody at once ----------------------------------------------------------------------------------


def said_to(
    conversation: Conversation, problem: Problem, kind: Kind, text: str, ticket: Ticket | None, link_hosts: Sequence[str], zone: str
) -> Reply:
    """Return a message of a problem as one person hears it, in their language around the desk's words; its moments are of ``zone``."""
    with wording.speaking(Memory.load(conversation.memory).speaks):
        number = ticket.id if ticket is not None else ""
        words: dict[Kind, Callable[[Problem, str, str], str]] = {
            Kind.STATUS: partial(wording.incident_news, zone=zone),
            Kind.RESOLUTION: wording.incident_solved,
            Kind.REOPENED: wording.incident_back,
        }
        whole = words[kind](problem, text, number)
        asks = kind is Kind.RESOLUTION and bool(number)
        choices = (Choice(id=f"{FINE}{number}", label=YES.label), Choice(id=f"{STILL}{number}", label=NO.label)) if asks else ()
        reply = Reply(
            conversation=conversation.id,
            state=conversation.state.value,
            kind=ReplyKind.STATUS,
            text=whole,
            html=render(whole, link_hosts),
            choices=choices,
            ticket=TicketView(id=number, subject=ticket.subject, status=ticket.status.value, queue=ticket.queue) if ticket is not None else None,
        )
        return wording.in_reader_language(reply)


def reading_over(services: Callable[[], Sequence[Service]], embed: Callable[[str], tuple[float, ...]]) -> Reading:
    """Return what reads tickets and questions; they are read in English."""
    return Reading(services, applications, lambda text: in_english(text, language_of(text)), embed)


def embedding(knowledge: Knowledge) -> Callable[[str], tuple[float, ...]]:
    """Return what makes a ticket's vector where it came without one."""
    return lambda text: knowledge.embed(requests.subject_of(text))
