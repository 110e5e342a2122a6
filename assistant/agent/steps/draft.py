"""Drafts an article from tickets that people solved, without a language model: in their words, each sentence with its ticket."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.domain.configuration import Person
from assistant.domain.ticket import ASSISTANT, Ticket, TicketNote, TicketStatus
from assistant.governance.redaction import redact

MODEL = "local-draft/1"
LEAST_WORDS = 4
"""A note with fewer words says nothing of a solution."""
ASKED = 300
SYMPTOMS = 3
"""More ways of asking for the same thing help nobody."""
SAME = 0.8
"""Two sentences with so many of their words in common are one."""
THEIR_WORDS = "in the words of whoever asked"
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9])")
_STATUS = re.compile(rf"(?:{'|'.join(status.label.capitalize() for status in TicketStatus)}): ")
CLOSING = tuple(f"{status.label.capitalize()}: " for status in (TicketStatus.RESOLVED, TicketStatus.CLOSED))
_ELSEWHERE = re.compile(r"in \S+, ticket \S+")
_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_NO_FIGURE = re.compile(r"[^\W\d]\w*")


Like = Callable[[Sequence[str], str], int]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the service desk wrote or said about a solution: which note it is, in words, and the text."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one ticket says: ``asked`` are the requester's words, ``solved`` what the service desk wrote, without names and numbers of persons."""

    ticket: str
    subject: str
    asked: str
    solved: str
    worked_by: str
    """Who worked it last, "" for nobody."""
    notes: tuple[Note, ...] = ()
    """The parts of ``solved``."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft in Markdown, or why there is none."""

    text: str
    model: str = MODEL
    prompt: str = "none"
    refused: str = ""


def evidence_of(ticket: Ticket, people: Mapping[str, Person], said: Sequence[TicketNote] = (), mirrored: bool = False) -> Evidence:
    """Return what a ticket says of its problem and its solution; internal notes are left out.

    ``said`` is what people of the desk said in its conversation. In a ``mirrored`` ticket also people whom the directory does not know write for
    the desk: those of the system that it stands in.
    """
    requester = people.get(ticket.requester)
    desk = [one for one in ticket.notes if one.public and _is_desk(one.author, ticket, people, mirrored)]
    words = [text for who, text, _ in ticket.body.transcript if requester is not None and who == requester.name] or [ticket.body.summary]
    named = [one for one in (requester, *(people.get(note.author) for note in desk)) if one is not None]
    nameless = Nameless(named, [note.author for note in desk if note.author not in people])
    notes = tuple(Note(label, nameless(text)) for label, text in _solutions(desk, said))
    by = desk[-1].author if desk and desk[-1].author in people else ticket.assignee if ticket.assignee in people else ""
    solved = "\n".join(note.text for note in notes)
    return Evidence(ticket.id, nameless(ticket.subject), nameless(max(words, key=len))[:ASKED], solved, by, notes)


def _is_desk(author: str, ticket: Ticket, people: Mapping[str, Person], mirrored: bool) -> bool:
    if author in (ASSISTANT, ticket.requester, ""):
        return False
    return author in people or (mirrored and author not in {person.name for person in people.values() if person.id == ticket.requester})


def _solutions(desk: Sequence[TicketNote], said: Sequence[TicketNote]) -> Iterator[tuple[str, str]]:
    """Yield what was written and said, with what it was; a status alone says nothing."""
    for note in sorted((*desk, *said), key=lambda one: one.at):
        status = _STATUS.match(note.text)
        text = note.text[status.end() :] if status else note.text
        if len(text.split()) < LEAST_WORDS or (status and (status[0] not in CLOSING or _ELSEWHERE.fullmatch(text.strip()))):
            continue
        kind = "closing note" if status else "said in the conversation" if note in said else "reply of the desk"
        yield f"{kind}, {note.at.day} {note.at:%B %Y}", text


class Nameless:
    """Takes people out of texts: those named here by every part of their names, others of the directory by whole names and addresses."""

    def __init__(self, people: Sequence[Person], authors: Sequence[str] = (), others: Collection[Person] = ()) -> None:
        """Know these people; ``authors`` are names of people whom no directory knows."""
        names = [*(person.name for person in people), *authors]
        parts = {part for name in names for part in (name, *name.split())} | {person.id for person in people} | {person.email for person in people}
        parts |= {word for person in others for word in (person.name, person.id, person.email) if len(word.split()) > 1 or not word.isalpha()}
        long = sorted((part for part in parts if len(part) > 2), key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(part) for part in long)})(?!\w)") if long else None

    def __call__(self, text: str) -> str:
        """Return the text without names, secrets and numbers of persons."""
        return redact(self._names.sub("the employee", text) if self._names else text)


def thin(evidence: Sequence[Evidence], people: Mapping[str, Person]) -> str:
    """Return why tickets are too little to draft from and what to ask whom, "" when they are enough."""
    if not evidence:
        return "No ticket was given."
    if any(one.solved for one in evidence):
        return ""
    return "\n".join(silent(one, people) for one in evidence)


def silent(one: Evidence, people: Mapping[str, Person]) -> str:
    """Say whom to ask what about a ticket that does not tell how it was solved."""
    who = people[one.worked_by].name if one.worked_by in people else "whoever worked it"
    return f"{one.ticket} does not say how it was solved. Ask {who}: what was wrong, what did you do, and how can the next person do it?"


def drafted(evidence: Sequence[Evidence], title: str = "", symptoms: bool = True, like: Like | None = None) -> Drafted:
    """Return a draft: a title and, if wanted, symptoms in the words of those who asked, and the solution as steps in the words of the desk.

    What several tickets say alike stands once, with all of them; ``like`` says which sentence of those that stand there says the same as another,
    by its place, or -1.
    """
    solved = [one for one in evidence if one.solved]
    lines = [f"# {title or solved[0].subject}", ""]
    if symptoms:
        asked = {" ".join(one.asked.split()): one.ticket for one in reversed(evidence) if one.asked}
        lines += ["## Symptoms", "", *(f"- {words} [{ticket}]" for words, ticket in reversed(list(asked.items())[-SYMPTOMS:])), ""]
    lines += ["## Solution", ""]
    lines += [f"{number}. {sentence} {handles}" for number, (sentence, handles) in enumerate(_steps(solved, like), 1)]
    return Drafted("\n".join(lines) + "\n")


def _steps(solved: Sequence[Evidence], like: Like | None) -> Iterator[tuple[str, str]]:
    kept: list[tuple[str, list[str]]] = []
    for one in solved:
        for sentence in sentences(one.solved):
            place = _known([step for step, _ in kept], sentence, like)
            if place < 0:
                kept.append((sentence, [one.ticket]))
            elif one.ticket not in kept[place][1]:
                kept[place][1].append(one.ticket)
    for sentence, tickets in kept:
        yield sentence, " ".join(f"[{ticket}]" for ticket in tickets)


def _known(steps: Sequence[str], sentence: str, like: Like | None) -> int:
    words = set(_WORD.findall(sentence.lower()))
    same = next((place for place, step in enumerate(steps) if _alike(set(_WORD.findall(step.lower())), words)), -1)
    return like(steps, sentence) if same < 0 and steps and like is not None else same


def differing(solved: Sequence[Evidence]) -> list[tuple[str, str, str]]:
    """Return pairs of tickets that say the same sentence with other figures, each with both sentences."""
    stated = [(one.ticket, sentence, set(_NO_FIGURE.findall(sentence.lower()))) for one in solved for sentence in sentences(one.solved)]
    found: dict[tuple[str, str], str] = {}
    for place, (ticket, sentence, words) in enumerate(stated):
        for other, another, others in stated[place + 1 :]:
            if other != ticket and _alike(words, others) and set(_FIGURE.findall(sentence)) != set(_FIGURE.findall(another)):
                found.setdefault((ticket, other), f"“{sentence}” and “{another}”")
    return [(one, other, reason) for (one, other), reason in found.items()]


def sentences(text: str) -> list[str]:
    """Return the sentences of what the desk wrote."""
    return [sentence.strip() for part in text.splitlines() for sentence in _SENTENCE.split(part) if sentence.strip()]


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one) and len(one & other) >= SAME * len(one | other)
