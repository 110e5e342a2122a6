"""Drafts an article from tickets that people solved, without a language model: in their words, each sentence with its ticket."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain.configuration import Person
from assistant.domain.ticket import ASSISTANT, Ticket
from assistant.governance.redaction import redact

MODEL = "local-draft/1"
LEAST_WORDS = 4
"""A note with fewer words says nothing of a solution."""
ASKED = 300
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one ticket says: ``asked`` are the requester's words, ``solved`` what the service desk wrote, without names and numbers of persons."""

    ticket: str
    subject: str
    asked: str
    solved: str
    worked_by: str
    """Who worked it last, "" for nobody."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft in Markdown, or why there is none."""

    text: str
    model: str = MODEL
    prompt: str = "none"
    refused: str = ""


def evidence_of(ticket: Ticket, people: dict[str, Person]) -> Evidence:
    """Return what a ticket says of its problem and its solution; internal notes are left out."""
    requester = people.get(ticket.requester)
    desk = [note for note in ticket.notes if note.public and note.author not in (ASSISTANT, ticket.requester) and note.author in people]
    words = [said for who, said, _ in ticket.body.transcript if requester is not None and who == requester.name] or [ticket.body.summary]
    nameless = _Nameless([one for one in (requester, *(people.get(note.author) for note in desk)) if one is not None])
    solved = [note.text for note in desk if len(note.text.split()) >= LEAST_WORDS]
    by = desk[-1].author if desk else ticket.assignee if ticket.assignee in people else ""
    return Evidence(ticket.id, nameless(ticket.subject), nameless(max(words, key=len))[:ASKED], nameless("\n".join(solved)), by)


class _Nameless:
    def __init__(self, people: Sequence[Person]) -> None:
        parts = {part for person in people for part in (person.name, *person.name.split(), person.id) if len(part) > 2}
        self._names = re.compile(rf"\b(?:{'|'.join(re.escape(part) for part in sorted(parts, key=len, reverse=True))})\b") if parts else None

    def __call__(self, text: str) -> str:
        return redact(self._names.sub("the employee", text) if self._names else text)


def thin(evidence: Sequence[Evidence], people: dict[str, Person]) -> str:
    """Return why tickets are too little to draft from and what to ask whom, "" when they are enough."""
    if not evidence:
        return "No ticket was given."
    if any(one.solved for one in evidence):
        return ""
    asks = [
        f"{one.ticket} does not say how it was solved. Ask {people[one.worked_by].name if one.worked_by else 'whoever worked it'}: "
        f"what was wrong, what did you do, and how can the next person do it?"
        for one in evidence
    ]
    return "\n".join(asks)


def drafted(evidence: Sequence[Evidence]) -> Drafted:
    """Return a draft: a title and symptoms in the words of those who asked, and the solution as steps in the words of the desk."""
    solved = [one for one in evidence if one.solved]
    lines = [f"# {solved[0].subject}", "", "## Symptoms", ""]
    lines += [f"- {' '.join(one.asked.split())} [{one.ticket}]" for one in evidence if one.asked]
    lines += ["", "## Solution", ""]
    steps = [
        (sentence.strip(), one.ticket) for one in solved for part in one.solved.splitlines() for sentence in _SENTENCE.split(part) if sentence.strip()
    ]
    lines += [f"{number}. {sentence} [{ticket}]" for number, (sentence, ticket) in enumerate(steps, 1)]
    return Drafted("\n".join(lines) + "\n")
