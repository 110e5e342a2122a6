"""Drafts an article for a gap: from how people solved the tickets of its conversations, or says what is missing and whom to ask for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from assistant.agent.steps.draft import THEIR_WORDS, Drafted, Evidence, Nameless, Note, differing, drafted, evidence_of, silent
from assistant.agent.steps.draft_with_model import DraftingModel
from assistant.agent.with_models import read_spent
from assistant.desk.authoring import Authoring
from assistant.domain.configuration import Person
from assistant.domain.model_use import Account
from assistant.domain.ticket import Ticket, TicketNote
from assistant.ports.store import Event, UnitOfWork
from kb.drafts import Content, Draft, Origin, Provenance
from kb.model import Article, Audience, Passage, Platform, Reader, UnresolvedIntent

LEAST_TICKETS = 2
"""One ticket may be a coincidence: so many have to say the same before something is drafted from them."""
MOST_TICKETS = 12
AGREE = 0.7
"""Two solutions whose texts are this near to each other say the same."""
FEW_PEOPLE = 5
"""Of fewer people no words are quoted."""
NEXT_REVIEW = timedelta(days=182)
MOST_MEMBERS = 500
MOST_ASKS = 4
_HANDLES = re.compile(r"(?:\s*\[[A-Za-z]{1,10}-\d{1,12}\])+\s*$")
_HANDLE = re.compile(r"\[([A-Za-z]{1,10}-\d{1,12})\]")
_MARK = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*]|#+)\s+")
_SPLIT = re.compile(r"(?<=\])\s+(?=[A-Z0-9])")
Contradicts = Callable[[Sequence[Passage]], Sequence[tuple[str, str, str]]]
"""Returns pairs of article ids whose passages contradict each other, each with the reason in words."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was drafted, in lines: each says whom to ask what."""

    why: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GapDrafting:
    """Everything that drafting from a gap needs."""

    authoring: Authoring
    model: DraftingModel | None
    contradicts: Contradicts
    desk: str = ""
    """The other system in which tickets stand, if there is one."""

    def draft(self, person: Person, gap_id: str) -> Draft | Refused:
        """Begin a draft for a gap, or return the one that is under way; where too little is known, why, and whom to ask what.

        Raises:
            Unseen: there is no such gap.
        """
        authoring = self.authoring
        with authoring.store.read() as unit:
            known = next((one for one in unit.drafts.of_gap(gap_id) if one.state.is_open and authoring.may_see(person, one)), None)
            if known is not None:
                return known
            members = unit.gaps.members(gap_id, MOST_MEMBERS)
            gap = unit.gaps.load(gap_id)
            tickets = _tickets(unit, members, self.desk)
        people = {one.id: one for one in authoring.directory.people()}
        nearest = self._nearest(person, members)
        evidence = self._evidence(tickets, people)
        chosen, refused = self._enough(evidence, tickets, people, nearest)
        if refused is not None:
            return refused
        quoted = len({one.asker for one in members}) >= FEW_PEOPLE
        made = self._written(chosen, gap.name if gap is not None and gap.named else "", quoted)
        if made.refused:
            return Refused(made.refused, _owner_asks(nearest))
        content = _content(made.text, members, nearest, gap.category if gap is not None else "")
        content = replace(content, review_by=authoring.today() + NEXT_REVIEW)
        return authoring.begin(person, gap=gap_id, content=content, provenance=provenance_of(made.text, chosen))

    def _evidence(self, tickets: Sequence[tuple[Ticket, list[TicketNote], bool]], people: Mapping[str, Person]) -> list[Evidence]:
        named = {author for ticket, said, _ in tickets for author in (ticket.requester, *(note.author for note in (*ticket.notes, *said)))}
        nameless = Nameless([people[one] for one in sorted(named) if one in people], (), list(people.values()))
        found = [evidence_of(ticket, people, said, mirrored) for ticket, said, mirrored in tickets if not ticket.status.is_open]
        return [_without_names(one, nameless) for one in found]

    def _enough(
        self,
        evidence: Sequence[Evidence],
        tickets: Sequence[tuple[Ticket, list[TicketNote], bool]],
        people: Mapping[str, Person],
        nearest: Sequence[Article],
    ) -> tuple[list[Evidence], Refused | None]:
        """Return the tickets that say the same, or why they are too few."""
        solved = [one for one in evidence if one.solved]
        if len(solved) < LEAST_TICKETS:
            mute = [silent(one, people) for one in evidence if not one.solved]
            open_ones = [_asks_open(ticket, people) for ticket, _, _ in tickets if ticket.status.is_open]
            said = f"{len(solved)} solved {'ticket says' if len(solved) == 1 else 'tickets say'} how it was done"
            return [], Refused(f"{said}, and {LEAST_TICKETS} have to say the same.", (*mute, *open_ones, *_owner_asks(nearest)))
        against = differing(solved) or self.contradicts([_as_passage(one) for one in solved])
        if against:
            asks = tuple(
                f"{one} and {other} cannot both be right: {reason}. Ask {_workers(solved, (one, other), people)}." for one, other, reason in against
            )
            return [], Refused("The tickets contradict each other.", (*asks, *_owner_asks(nearest)))
        same = self._same(solved)
        if len(same) < LEAST_TICKETS:
            asks = tuple(_asks_everybody(one, people) for one in solved[:MOST_ASKS])
            return [], Refused("Each ticket was solved in another way.", (*asks, *_owner_asks(nearest)))
        return same, None

    def _same(self, solved: Sequence[Evidence]) -> list[Evidence]:
        """Return the largest set of tickets around one whose solutions are near to its."""
        rows = [self.authoring.knowledge.embed(one.solved) for one in solved]
        if not all(rows):
            return list(solved)
        vectors = np.asarray(rows, dtype=np.float32)
        alike = vectors @ vectors.T
        near = alike >= AGREE
        best = max(range(len(solved)), key=lambda place: (near[place].sum(), round(float(alike[place].sum()), 3), -place))
        others = [one for place, (one, close) in enumerate(zip(solved, near[best], strict=True)) if close and place != best]
        return [solved[best], *others][:MOST_TICKETS]

    def _like(self, steps: Sequence[str], sentence: str) -> int:
        """Return the place of the step that says the same as a sentence, -1 when none does."""
        embed = self.authoring.knowledge.embed
        rows, row = [embed(step) for step in steps], embed(sentence)
        if not row or not all(rows):
            return -1
        scores = np.asarray(rows, dtype=np.float32) @ np.asarray(row, dtype=np.float32)
        return int(scores.argmax()) if scores.max() >= AGREE else -1

    def _written(self, evidence: Sequence[Evidence], title: str, quoted: bool) -> Drafted:
        if not quoted:
            evidence = [replace(one, asked="") for one in evidence]
        if self.model is None:
            return drafted(evidence, title, quoted, self._like)
        account, store = Account(), self.authoring.store
        with store.read() as unit:
            read_spent(account, self.model.model.budget, unit, "", self.authoring.clock.now().date())
        made = self.model.draft(evidence, account)
        with store.write() as unit:
            unit.model_calls.record("", "", account.calls)
        return made

    def _nearest(self, person: Person, members: Sequence[UnresolvedIntent]) -> list[Article]:
        """Return the articles that came nearest most often, of those that the author may read."""
        counted = Counter(article for one in members for article in one.nearest)
        found = (self.authoring.knowledge.article(article, Reader(person.groups)) for article, _ in counted.most_common(3))
        return [one[0] for one in found if one is not None]


def _tickets(unit: UnitOfWork, members: Sequence[UnresolvedIntent], desk: str) -> list[tuple[Ticket, list[TicketNote], bool]]:
    """Return the tickets of a gap's conversations, each with what people of the desk said in it and whether it stands elsewhere."""
    found: dict[str, tuple[Ticket, list[TicketNote], bool]] = {}
    for one in members:
        conversation = unit.conversations.load(one.origin) if one.origin else None
        key = one.ticket or (conversation.episode.ticket if conversation is not None else "")
        ticket = unit.tickets.ticket(key) if key and key not in found else None
        if ticket is None:
            continue
        said = [note for event in unit.conversations.events(one.origin) if (note := _said(event)) is not None] if conversation is not None else []
        found[key] = (ticket, said, bool(desk) and unit.outside.of_ticket(desk, key) is not None)
    return [found[key] for key in sorted(found)]


def _said(event: Event) -> TicketNote | None:
    """Return what a person of the desk said in the conversation itself; what came from a ticket stands there already."""
    body = event.body
    if body.get("type") != "person" or str(body.get("message", "")).startswith("desk:"):
        return None
    return TicketNote(event.at, str(body.get("person", {}).get("id", "")), str(body.get("text", "")))


def _without_names(one: Evidence, nameless: Nameless) -> Evidence:
    notes = tuple(Note(note.label, nameless(note.text)) for note in one.notes)
    return replace(one, subject=nameless(one.subject), asked=nameless(one.asked), solved="\n".join(note.text for note in notes), notes=notes)


def provenance_of(text: str, evidence: Sequence[Evidence]) -> tuple[Provenance, ...]:
    """Return each sentence of a draft that names tickets, without those, and the notes of those tickets that say it."""
    by_ticket = {one.ticket: one for one in evidence}
    found = []
    for line in text.splitlines():
        for part in _SPLIT.split(line.strip()):
            handles = _HANDLE.findall(part) if _HANDLES.search(part) else []
            sentence = _MARK.sub("", _HANDLES.sub("", part)).strip()
            origins = tuple(_origin(sentence, by_ticket[handle]) for handle in handles if handle in by_ticket)
            if sentence and origins:
                found.append(Provenance(sentence, origins))
    return tuple(found)


def _origin(sentence: str, one: Evidence) -> Origin:
    """Return the note of a ticket that has most of the sentence's words."""
    words = set(re.findall(r"\w+", sentence.lower()))
    parts = [*one.notes, Note(THEIR_WORDS, one.asked)]
    best = max(parts, key=lambda note: len(words & set(re.findall(r"\w+", note.text.lower()))))
    return Origin(one.ticket, best.label, best.label == THEIR_WORDS)


def without_handles(text: str) -> str:
    """Return a draft's text without the numbers of tickets."""
    lines = (" ".join(_HANDLES.sub("", part).rstrip() for part in _SPLIT.split(line)) for line in text.splitlines())
    return "\n".join(lines).strip() + "\n"


def _content(text: str, members: Sequence[UnresolvedIntent], nearest: Sequence[Article], category: str) -> Content:
    head, _, body = without_handles(text).partition("\n")
    systems = {one.platform for one in members if one.platform}
    known = frozenset(one for one in Platform if {one.value} == systems) if all(one.platform for one in members) else frozenset()
    owner = next((one.owner for one in nearest if one.owner), "")
    return Content(head.lstrip("# ").strip(), body.strip(), owner, Audience(), known, None, (category,) if category else ())


def _as_passage(one: Evidence) -> Passage:
    from datetime import UTC, datetime

    head = Article(one.ticket, one.subject, "", Audience(), frozenset(), None, (), "", "", 1, "", datetime(2000, 1, 1, tzinfo=UTC))
    return Passage(f"{one.ticket}@1#0", head, 0, "", 0, len(one.solved), one.solved)


def _worker(one: Evidence, people: Mapping[str, Person]) -> str:
    return people[one.worked_by].name if one.worked_by in people else "whoever worked it"


def _asks_everybody(one: Evidence, people: Mapping[str, Person]) -> str:
    return f"{one.ticket} was solved like this: {_short(one.solved)} Ask {_worker(one, people)} whether that helps everybody."


def _workers(evidence: Sequence[Evidence], tickets: Sequence[str], people: Mapping[str, Person]) -> str:
    names = dict.fromkeys(_worker(one, people) for one in evidence if one.ticket in tickets)
    return " and ".join(names)


def _asks_open(ticket: Ticket, people: Mapping[str, Person]) -> str:
    who = people[ticket.assignee].name if ticket.assignee in people else f"the queue {ticket.queue}"
    return f"{ticket.id} is still open. Ask {who} to note how it is solved, in words that others can follow."


def _owner_asks(nearest: Sequence[Article]) -> tuple[str, ...]:
    named = next((one for one in nearest if one.owner), None)
    return (f"Ask {named.owner}, who keeps the nearest article “{named.title}”: what should somebody do who asks this?",) if named is not None else ()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:159].rstrip()}…"
