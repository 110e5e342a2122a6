"""What the assistant says, apart from articles: plain, short, and with a way on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from assistant.domain.action import Action, Plan, Status
from assistant.domain.configuration import Person
from assistant.domain.ticket import Ticket
from kb.model import Article

TICKET_CONTENT = "It will contain what you told me and what we tried."


def greeting(person: Person) -> str:
    """Say hello and what this is for."""
    return f"Hello {person.first_name}. Tell me what does not work or what you need, in your own words."


def small_talk() -> str:
    """Say what this is."""
    return (
        "I am Firstline, the IT help of this organisation. I answer from its knowledge base and say where each answer comes from. "
        "Some things I do for you, once you have said yes. For the rest I open a ticket. What can I do for you?"
    )


def thanks(awaiting: bool) -> str:
    """Return the courtesy, and the open question if there is one."""
    return "You are welcome. Did it solve the problem?" if awaiting else "You are welcome."


def unreadable() -> str:
    """Say that the message held no words."""
    return "I could not read any words in that message. Tell me what does not work, on which device, and what you see."


def shortened(limit: int) -> str:
    """Say that only the beginning of a long message was read."""
    return f"Your message is very long; I read its first {limit:,} characters."


def secret_taken_out() -> str:
    """Say that a secret in a message was not kept, and what to do about it."""
    return "Your message held a password, a code or a card number. I did not keep it. If it is still in use, change it; nobody at the desk needs it."


def out_of_scope() -> str:
    """Decline what is not IT."""
    return "I can help with IT only, so I have no answer to that. If it is about a device, an account or an application, tell me which one."


def no_article(question: str = "") -> str:
    """Abstain, and ask the one question: the given one, or for application, device and what is seen."""
    asked = question or "Which application or device is it about, and what exactly do you see?"
    return f"I don't have an article for that. {asked} Or shall I open a ticket? {TICKET_CONTENT}"


def what_about() -> str:
    """Ask what a ticket should be about."""
    return "Tell me first what it is about: what does not work, on which device, and what you see."


def offer_ticket() -> str:
    """Abstain, and offer a ticket."""
    return f"I still don't have an article for that. Shall I open a ticket? {TICKET_CONTENT}"


def which_topic() -> str:
    """Ask which of several articles fits."""
    return "I am not sure which of these you mean. Which one is it? You can also tell me more in your own words."


def which_device() -> str:
    """Ask for the system."""
    return "That depends on the device. Which one is it for?"


def another_source() -> str:
    """Introduce the second try."""
    return "Sorry that it did not help. Here is one other source that may:"


def overdue(article: Article) -> str:
    """Warn that an article's review date has passed."""
    return f"This article should have been reviewed by {article.review_by}; details may have changed."


def changed_since() -> str:
    """Stand in for what an answer said from an article that was edited."""
    return "This part of the answer was withdrawn: the article has changed since."


def no_longer_available() -> str:
    """Stand in for what an answer said from an article that was deleted or is closed to the reader."""
    return "This part of the answer was withdrawn: the article is no longer available to you."


def unchecked() -> str:
    """Stand in for an answer whose sources are not on record."""
    return "This answer is not shown: its sources can no longer be checked."


def unnamed_article() -> str:
    """Name an article that the reader may not see."""
    return "an article that is not available to you"


def unconfirmed_step() -> str:
    """Stand in for a step of a procedure that its source does not say."""
    return "This step is left out: the article does not say it. Open the source before you go on."


def ask_again() -> str:
    """Label the choice that repeats a question."""
    return "Ask again"


def attached(ticket: Ticket) -> str:
    """Say that an open ticket is about the same thing."""
    return f"You already have ticket {ticket.id} about this ({ticket.status.label}). I added this conversation to it."


def confirm_question() -> str:
    """Ask whether it worked."""
    return "Did this solve it?"


def solved(ticket: str) -> str:
    """Close."""
    return f"Good. I closed ticket {ticket}. If it comes back, just write here again." if ticket else "Good. If it comes back, just write here again."


def filed(ticket: Ticket, queue: str, hours: str) -> str:
    """Say where the ticket is and what happens next."""
    return f"I filed ticket {ticket.id} with the team {queue}. It holds what you told me and what we tried, so nobody will ask again. {hours}".strip()


def handed_off(ticket: Ticket, queue: str, hours: str) -> str:
    """Say who takes over."""
    return " ".join(f"A person from {queue} will take over in ticket {ticket.id}. {hours} Whatever you write here goes to the ticket.".split())


def people_first(ticket: Ticket, queue: str, hours: str) -> str:
    """Say that a person answers, where people answer first."""
    return " ".join(f"A person from {queue} will answer you here; your ticket is {ticket.id}. {hours} What you write meanwhile goes to it.".split())


def upset(ticket: Ticket, queue: str, hours: str) -> str:
    """Take it seriously, and say who takes over."""
    return f"I am sorry that this is so hard on you. {handed_off(ticket, queue, hours)}"


def still_waiting(ticket: str, hours: str) -> str:
    """Answer somebody who asks for a person again."""
    return f"A person was asked to take over in ticket {ticket}. {hours} You do not have to ask again.".replace("  ", " ")


def joined(name: str) -> str:
    """Say that a person is there now."""
    return f"{name} has joined. You are writing with a person now, and Firstline does not answer."


def left(name: str) -> str:
    """Say that the person gave the conversation back."""
    return f"{name} has left the conversation. Firstline answers again from your next message on."


def lapsed(name: str, minutes: float) -> str:
    """Say that the person who had the conversation fell silent."""
    return f"{name} has not written for {minutes:g} minutes, so your conversation waits for somebody of the desk again."


def noted(ticket: str) -> str:
    """Say that a message went to the ticket."""
    return f"I added that to ticket {ticket}."


def declined() -> str:
    """Accept a no."""
    return "All right, I have not opened a ticket. The question is noted for the people who write the knowledge base."


def statuses(tickets: Sequence[Ticket], queues: dict[str, str]) -> str:
    """List open tickets."""
    if not tickets:
        return "You have no open tickets."
    lines = [
        f"- **{t.id}** {t.subject}: {t.status.label}, with {queues.get(t.queue, t.queue) if t.assignee != 'firstline' else 'me'}" for t in tickets
    ]
    return "\n".join(["Your open ticket:" if len(tickets) == 1 else "Your open tickets:", "", *lines])


def one_status(ticket: Ticket, queues: dict[str, str]) -> str:
    """Tell the state of one ticket and its last public note."""
    public = [note for note in ticket.notes if note.public]
    last = f" Last entry, {public[-1].at:%d %B %H:%M} UTC: {public[-1].text}" if public else ""
    return f"**{ticket.id}** {ticket.subject}: {ticket.status.label}, with {queues.get(ticket.queue, ticket.queue)}.{last}"


def no_such_ticket(ticket_id: str) -> str:
    """Say that the person has no such ticket."""
    return f"I cannot find a ticket {ticket_id} of yours."


def assumed_solved(hours: float) -> str:
    """Say that silence was taken for success."""
    return f"I have not heard from you for {hours:g} hours, so I take this as settled and closed it. Write here if it is not."


def plan(made: Plan) -> str:
    """Show what an action would do."""
    steps = "\n".join(f"- {line}" for line in made.lines)
    return f"**{made.title}**\n\n{steps}\n\nIt touches {made.blast_radius}. {made.undo} Shall I do that?"


def going_on(action: Action, approvers: Sequence[str], channel: str, until: datetime | None = None) -> str:
    """Say what an action waits for after its press; ``until`` is when an approval runs out."""
    if action.status is Status.CHALLENGED:
        place = "your authenticator app shows" if channel == "totp" else "I am sending to your registered second channel"
        return f"To make sure that it is you, enter the six-digit code that {place}. Enter it in the card above, not as a message."
    if action.status is Status.AWAITING:
        asked = " and ".join(approvers) or "those who decide this"
        open_until = f" It is open until {until:%d %B %H:%M} UTC." if until is not None else ""
        return f"I asked {asked} to agree to: {action.plan.title}.{open_until} I will tell you here as soon as it is decided."
    return f"I am on it: {action.plan.title}."


def acted(text: str) -> str:
    """Say that an action is done, and ask whether it helped."""
    return f"{text}\n\n{confirm_question()}"


def action_failed(title: str, certain: bool, ticket: Ticket, queue: str, hours: str) -> str:
    """Say that an action did not come off and who takes over."""
    what = f"That did not work: {title}. Nothing was changed." if certain else f"I cannot tell whether this was done: {title}."
    return f"{what} {filed(ticket, queue, hours)}"


def action_ended(title: str, why: str, ticket: Ticket, queue: str) -> str:
    """Say that an action will not be done."""
    return f"This was not done: {title}; {why}. I filed ticket {ticket.id} with the team {queue}, so that a person looks at it."


def dropped(title: str) -> str:
    """Accept that somebody does not want an action."""
    return f"All right, I leave it: {title}."


def taking_back(title: str) -> str:
    """Say that an action is being taken back."""
    return f"I am taking it back: {title}."


def stands(action: Action) -> str:
    """Say where an action stands."""
    return f"{action.plan.title}: {_STANDS[action.status]}"


_STANDS = {
    Status.PROPOSED: "it waits for your button.",
    Status.CHALLENGED: "it waits for your one-time code.",
    Status.AWAITING: "it waits for approval.",
    Status.READY: "it is about to be done.",
    Status.RUNNING: "it is being done.",
    Status.DONE: "it is done.",
    Status.FAILED: "it did not work, and nothing was changed.",
    Status.UNKNOWN: "it is not certain whether it was done; a person looks at it.",
    Status.REFUSED: "it was not allowed.",
    Status.CANCELLED: "it was cancelled.",
    Status.EXPIRED: "it ran out of time.",
    Status.REVERTED: "it was taken back.",
}


def code_refused(title: str, why: str) -> str:
    """Say that a one-time code ended the try."""
    return f"I stopped this: {title}; {why}. Ask again for a new code, or talk to a person."


def only_your_own() -> str:
    """Decline to act on somebody else."""
    return (
        "I can only act on your own account, whoever asks. The person whose account it is can ask me, "
        "or I open a ticket and the service desk looks at it. Shall I open one?"
    )


def only_people(title: str) -> str:
    """Leave an action to people."""
    return f"Only people may decide this: {title}. Shall I open a ticket for them? {TICKET_CONTENT}"


def too_often(title: str) -> str:
    """Refuse an action that was asked for too often."""
    return f"I have done this too often today: {title}. A person should look at it. Shall I open a ticket? {TICKET_CONTENT}"


def not_possible(title: str, why: str) -> str:
    """Say that an action cannot go on."""
    return f"I cannot do this: {title}; {why}. Shall I open a ticket? {TICKET_CONTENT}"


def trouble(reference: str) -> str:
    """Own up to a failure."""
    return (
        "Something went wrong on my side and your message has no answer yet. Nothing is lost. "
        f"Try again, or talk to a person; the reference is {reference}."
    )


def moved_on() -> str:
    """Answer a button that no longer fits."""
    return "That button belongs to an earlier step. Tell me in your own words what you need."
