"""What the assistant says, apart from articles: plain, short, and with a way on."""

from __future__ import annotations

from collections.abc import Sequence

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
        "I am Firstline, the IT help of this organisation. I answer from its knowledge base, say where each answer comes from, "
        "and open a ticket for the rest. What can I do for you?"
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


def out_of_scope() -> str:
    """Decline what is not IT."""
    return "I can help with IT only, so I have no answer to that. If it is about a device, an account or an application, tell me which one."


def no_article() -> str:
    """Abstain, and ask the one question."""
    return (
        "I don't have an article for that. Which application or device is it about, and what exactly do you see? "
        f"Or shall I open a ticket? {TICKET_CONTENT}"
    )


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


def trouble(reference: str) -> str:
    """Own up to a failure."""
    return (
        "Something went wrong on my side and your message has no answer yet. Nothing is lost. "
        f"Try again, or talk to a person; the reference is {reference}."
    )


def moved_on() -> str:
    """Answer a button that no longer fits."""
    return "That button belongs to an earlier step. Tell me in your own words what you need."
