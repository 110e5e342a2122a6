"""What is said of known problems: templates around the desk's words, and never what a ticket or an alert holds."""

from __future__ import annotations

from assistant.agent.wording.catalogue import moment, say
from assistant.domain.problem import Problem

THAT_IS_IT = "Yes, that is it"
SOMETHING_ELSE = "It is something else"


def incident(problem: Problem, zone: str) -> str:
    """Say that a problem is known, since when, what to do meanwhile, and when there is news."""
    parts = [say("incident_known", title=problem.title, since=moment(problem.since, zone))]
    if problem.said and problem.said_at is not None:
        parts.append(say("incident_latest", at=moment(problem.said_at, zone), text=problem.said))
    if problem.known.workaround:
        parts.append(say("incident_workaround", text=problem.known.workaround))
    if problem.next_update is not None:
        parts.append(say("incident_next", at=moment(problem.next_update, zone)))
    return "\n\n".join(parts)


def incident_attached(ticket: str) -> str:
    """Say that the person need not report it."""
    return say("incident_attached", ticket=ticket)


def incident_still(ticket: str) -> str:
    """Say that the person is attached already."""
    return say("incident_still", ticket=ticket)


def incident_article() -> str:
    """Introduce an article below the status."""
    return say("incident_article")


def incident_ask(problem: Problem, zone: str) -> str:
    """Ask whether it is a known problem."""
    return say("incident_ask", title=problem.title, since=moment(problem.since, zone))


def incident_news(problem: Problem, text: str, ticket: str, zone: str) -> str:
    """Tell news of a problem."""
    del ticket
    parts = [say("incident_news", title=problem.title, text=text)]
    if problem.next_update is not None:
        parts.append(say("incident_next", at=moment(problem.next_update, zone)))
    return "\n\n".join(parts)


def incident_solved(problem: Problem, text: str, ticket: str) -> str:
    """Say that a problem is solved, and ask whether it is for this person."""
    return say("incident_solved", title=problem.title, text=text, ticket=ticket) if ticket else say("incident_over", title=problem.title, text=text)


def incident_back(problem: Problem, text: str, ticket: str) -> str:
    """Say that a problem is not solved after all."""
    del ticket
    return say("incident_back", title=problem.title, text=text)


def incident_fine(ticket: str) -> str:
    """Thank whoever says that it is solved."""
    return say("incident_fine", ticket=ticket)


def incident_not_solved(ticket: str, queue: str, hours: str) -> str:
    """Say that the ticket is open again and who looks at it."""
    return say("incident_not_solved", ticket=ticket, queue=queue, hours=hours).strip()
