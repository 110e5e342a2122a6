"""What the assistant says, apart from articles: plain, short, and with a way on.

Every function speaks the language that ``speaking`` has set (English where nobody has), from the catalogue in ``sentences/``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.agent.languages.known import DEFAULT
from assistant.agent.wording.catalogue import amount, known, moment, say, speaking, spoken, word
from assistant.agent.wording.incidents import (
    SOMETHING_ELSE,
    THAT_IS_IT,
    incident,
    incident_article,
    incident_ask,
    incident_attached,
    incident_back,
    incident_fine,
    incident_news,
    incident_not_solved,
    incident_solved,
    incident_still,
)
from assistant.domain.action import Action, Plan, Status
from assistant.domain.configuration import Device, Entitlement, Person, Service
from assistant.domain.reply import Reply
from assistant.domain.ticket import Ticket
from kb.model import Article

NEXT_CHARACTERS = 70
__all__ = [
    "DEFAULT",
    "SOMETHING_ELSE",
    "THAT_IS_IT",
    "incident",
    "incident_article",
    "incident_ask",
    "incident_attached",
    "incident_back",
    "incident_fine",
    "incident_news",
    "incident_not_solved",
    "incident_solved",
    "incident_still",
    "known",
    "moment",
    "speaking",
    "spoken",
]


def in_reader_language(reply: Reply) -> Reply:
    """Return a reply with its language named, and the labels and the card that are stored in English in that language."""
    if spoken() == DEFAULT:
        return reply
    choices = tuple(choice if choice.article else choice.model_copy(update={"label": known(choice.label)}) for choice in reply.choices)
    action = reply.action
    if action is not None:
        told = {"title": known(action.title), "blast_radius": known(action.blast_radius), "undo": known(action.undo)}
        action = action.model_copy(update={**told, "lines": tuple(known(line) for line in action.lines)})
    return reply.model_copy(update={"choices": choices, "action": action, "language": spoken()})


def greeting(person: Person) -> str:
    """Say hello and what this is for."""
    return say("greeting", name=person.first_name)


def small_talk() -> str:
    """Say what this is."""
    return say("small_talk")


def thanks(awaiting: bool) -> str:
    """Return the courtesy, and the open question if there is one."""
    return say("thanks_and_open" if awaiting else "thanks")


def unreadable() -> str:
    """Say that the message held no words."""
    return say("unreadable")


def shortened(limit: int) -> str:
    """Say that only the beginning of a long message was read."""
    return say("shortened", limit=amount(limit))


def secret_taken_out() -> str:
    """Say that a secret in a message was not kept, and what to do about it."""
    return say("secret_taken_out")


def out_of_scope() -> str:
    """Decline what is not IT."""
    return say("out_of_scope")


def stranger() -> str:
    """Say to somebody whom nobody knows here what they can have, and how they get the rest."""
    return say("stranger")


def no_article(question: str = "") -> str:
    """Abstain, and ask the one question: the given one, or for application, device and what is seen."""
    return say("no_article_but", question=question, content=say("ticket_content")) if question else say("no_article", content=say("ticket_content"))


def next_issue(words: str) -> str:
    """Label the choice that takes up the other issue of a message."""
    return say("next_issue", words=_short(words))


def later(words: str, ended: bool) -> str:
    """Say that the other issue of a message is not forgotten; ``ended`` when the one before it is over."""
    quoted = _short(words).replace("*", "").replace("`", "").replace("[", "(").replace("]", ")")
    return say("later_now" if ended else "later_next", words=quoted)


def _short(words: str) -> str:
    short = " ".join(words.split())
    return short if len(short) <= NEXT_CHARACTERS else f"{short[: NEXT_CHARACTERS - 1].rstrip()}…"


def for_the_desk(queue: str) -> str:
    """Offer a ticket for what the organisation wants the desk to handle."""
    return say("for_the_desk", queue=queue, content=say("ticket_content"))


def translated(language: str) -> str:
    """Say that a model translated the answer, and where the original is."""
    return say("translated", in_language=word("in_language", language))


def what_about() -> str:
    """Ask what a ticket should be about."""
    return say("what_about")


def offer_ticket() -> str:
    """Abstain, and offer a ticket."""
    return say("offer_ticket", content=say("ticket_content"))


def which_topic() -> str:
    """Ask which of several articles fits."""
    return say("which_topic")


def suggested() -> str:
    """Name articles that may help, and offer a ticket, where the assistant does not answer by itself."""
    return say("suggested", content=say("ticket_content"))


def shall_i_show(title: str) -> str:
    """Name the article that would answer, and ask first."""
    return say("shall_i_show", title=title)


def which_device() -> str:
    """Ask for the system."""
    return say("which_device")


def another_source() -> str:
    """Introduce the second try."""
    return say("another_source")


def found_in(language: str) -> str:
    """Introduce an answer from an article in another language than the person's."""
    return say("found_in", in_language=word("in_language", language))


def will_answer() -> str:
    """Agree to answer in the language that is spoken now."""
    return say("will_answer", in_language=word("in_language", spoken()))


def overdue(article: Article) -> str:
    """Warn that an article's review date has passed."""
    return say("overdue", day=article.review_by)


def changed_since() -> str:
    """Stand in for what an answer said from an article that was edited."""
    return say("changed_since")


def no_longer_available() -> str:
    """Stand in for what an answer said from an article that was deleted or is closed to the reader."""
    return say("no_longer_available")


def unchecked() -> str:
    """Stand in for an answer whose sources are not on record."""
    return say("unchecked")


def unnamed_article() -> str:
    """Name an article that the reader may not see."""
    return say("unnamed_article")


def unconfirmed_step() -> str:
    """Stand in for a step of a procedure that its source does not say."""
    return say("unconfirmed_step")


def ask_again() -> str:
    """Label the choice that repeats a question."""
    return known("Ask again")


def attached(ticket: Ticket) -> str:
    """Say that an open ticket is about the same thing."""
    return say("attached", ticket=ticket.id, status=known(ticket.status.label))


def confirm_question() -> str:
    """Ask whether it worked."""
    return say("confirm_question")


def solved(ticket: str) -> str:
    """Close."""
    return say("solved_ticket", ticket=ticket) if ticket else say("solved")


def filed(ticket: Ticket, queue: str, hours: str) -> str:
    """Say where the ticket is and what happens next."""
    return _one_line(say("filed", ticket=ticket.id, queue=queue, hours=hours))


def handed_off(ticket: Ticket, queue: str, hours: str) -> str:
    """Say who takes over."""
    return _one_line(say("handed_off", ticket=ticket.id, queue=queue, hours=hours))


def people_first(ticket: Ticket, queue: str, hours: str) -> str:
    """Say that a person answers, where people answer first."""
    return _one_line(say("people_first", ticket=ticket.id, queue=queue, hours=hours))


def upset(ticket: Ticket, queue: str, hours: str) -> str:
    """Take it seriously, and say who takes over."""
    return say("upset", handed_off=handed_off(ticket, queue, hours))


def still_waiting(ticket: str, hours: str) -> str:
    """Answer somebody who asks for a person again."""
    return _one_line(say("still_waiting", ticket=ticket, hours=hours))


def joined(name: str) -> str:
    """Say that a person is there now."""
    return say("joined", name=name)


def left(name: str) -> str:
    """Say that the person gave the conversation back."""
    return say("left", name=name)


def lapsed(name: str, minutes: float) -> str:
    """Say that the person who had the conversation fell silent."""
    return say("lapsed", name=name, minutes=f"{minutes:g}")


def noted(ticket: str) -> str:
    """Say that a message went to the ticket."""
    return say("noted", ticket=ticket)


def declined() -> str:
    """Accept a no."""
    return say("declined")


def statuses(tickets: Sequence[Ticket], queues: dict[str, str]) -> str:
    """List open tickets."""
    if not tickets:
        return say("no_tickets")
    lines = [f"- {_ticket_line(t, queues.get(t.queue, t.queue) if t.assignee != 'firstline' else say('me'))}" for t in tickets]
    return "\n".join([say("your_ticket" if len(tickets) == 1 else "your_tickets"), "", *lines])


def _ticket_line(ticket: Ticket, queue: str) -> str:
    return say("ticket_line", ticket=ticket.id, subject=ticket.subject, status=known(ticket.status.label), queue=queue)


def one_status(ticket: Ticket, queues: dict[str, str], zone: str) -> str:
    """Tell the state of one ticket and its last public note."""
    public = [note for note in ticket.notes if note.public]
    last = say("last_entry", at=moment(public[-1].at, zone), text=known(public[-1].text)) if public else ""
    queue = queues.get(ticket.queue, ticket.queue)
    state = say("one_status", ticket=ticket.id, subject=ticket.subject, status=known(ticket.status.label), queue=queue)
    return f"{state} {last}" if last else state


def no_such_ticket(ticket_id: str) -> str:
    """Say that the person has no such ticket."""
    return say("no_such_ticket", ticket=ticket_id)


def access(held: Sequence[Entitlement], free: Sequence[Entitlement]) -> str:
    """List the access that somebody has and can ask for."""
    lines = [say("you_have"), "", *(f"- **{one.name}**" for one in held)] if held else [say("you_have_nothing")]
    asked = ["", say("you_can_ask_for"), "", *(f"- {one.name}: {one.description}" for one in free)] if free else []
    return "\n".join([*lines, *asked])


def devices(of_person: Sequence[Device]) -> str:
    """List somebody's devices."""
    if not of_person:
        return say("no_device")
    lines = []
    for device in of_person:
        remarks = "" if device.compliant else f"; {say('not_compliant')}"
        remarks += f"; {say('main_device')}" if device.primary else ""
        lines.append(f"- **{device.name}** ({device.id}): {device.os}, {device.kind}{remarks}")
    return "\n".join([say("your_devices"), "", *lines])


def service(one: Service) -> str:
    """Say whether a service works, in the organisation's own words beside."""
    return say("service_is", service=one.name, status=known(one.status), note=one.note).strip()


def assumed_solved(hours: float) -> str:
    """Say that silence was taken for success."""
    return say("assumed_solved", hours=f"{hours:g}")


def plan(made: Plan) -> str:
    """Show what an action would do."""
    steps = "\n".join(f"- {known(line)}" for line in made.lines)
    return say("plan", title=known(made.title), steps=steps, blast_radius=known(made.blast_radius), undo=known(made.undo))


def going_on(action: Action, approvers: Sequence[str], channel: str, until: datetime | None, zone: str) -> str:
    """Say what an action waits for after its press; ``until`` is when an approval runs out, told in the organisation's ``zone``."""
    title = known(action.plan.title)
    if action.status is Status.CHALLENGED:
        return say("code_from_app" if channel == "totp" else "code_sent")
    if action.status is Status.AWAITING:
        asked = _named_together(approvers) or say("those_who_decide")
        if until is None:
            return say("asked_to_agree", approvers=asked, title=title)
        return say("asked_to_agree_until", approvers=asked, title=title, until=moment(until, zone))
    return say("on_it", title=title)


def _named_together(names: Sequence[str]) -> str:
    together = names[0] if names else ""
    for name in names[1:]:
        together = say("two_names", first=together, second=name)
    return together


def acted(text: str) -> str:
    """Say that an action is done, and ask whether it helped."""
    return f"{text}\n\n{confirm_question()}"


def action_failed(title: str, certain: bool, ticket: Ticket, queue: str, hours: str) -> str:
    """Say that an action did not come off and who takes over."""
    return say("failed_certain" if certain else "failed_uncertain", title=known(title), filed=filed(ticket, queue, hours))


def action_ended(title: str, why: str, ticket: Ticket, queue: str) -> str:
    """Say that an action will not be done."""
    return say("action_ended", title=known(title), why=known(why), ticket=ticket.id, queue=queue)


def dropped(title: str) -> str:
    """Accept that somebody does not want an action."""
    return say("dropped", title=known(title))


def taking_back(title: str) -> str:
    """Say that an action is being taken back."""
    return say("taking_back", title=known(title))


def stands(action: Action) -> str:
    """Say where an action stands."""
    return f"{known(action.plan.title)}: {word('stands', action.status.value)}"


def code_refused(title: str, why: str) -> str:
    """Say that a one-time code ended the try."""
    return say("code_refused", title=known(title), why=known(why))


def only_your_own() -> str:
    """Decline to act on somebody else."""
    return say("only_your_own")


def only_people(title: str) -> str:
    """Leave an action to people."""
    return say("only_people", title=known(title), content=say("ticket_content"))


def too_often(title: str) -> str:
    """Refuse an action that was asked for too often."""
    return say("too_often", title=known(title), content=say("ticket_content"))


def not_possible(title: str, why: str) -> str:
    """Say that an action cannot go on."""
    return say("not_possible", title=known(title), why=known(why), content=say("ticket_content"))


def trouble(reference: str) -> str:
    """Own up to a failure."""
    return say("trouble", reference=reference)


def moved_on() -> str:
    """Answer a button that no longer fits."""
    return say("moved_on")


def _one_line(text: str) -> str:
    """Close the gap that an organisation leaves which has not said when its people work."""
    return " ".join(text.split())
