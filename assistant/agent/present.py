"""What was said before, as it may be shown now.

Replies are stored as they were given, for the audit, and are never shown from there as they are: a citation whose
article was deleted, edited or closed to the reader since loses its quote, and the sentences that rested on it give way
to one plain line. Every way in which a reply is shown again goes through ``Presenter``, with the rights that the reader
has at that moment, and asks the knowledge base once for everything that is shown together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from assistant.agent import wording
from assistant.agent.steps.summarise import ASSISTANT_NAME, NEAREST_FACT
from assistant.domain.reply import AGAIN, Choice, CitationView, Reply, ReplyKind
from assistant.domain.ticket import TicketBody, Tried
from assistant.governance.rendering import render
from assistant.ports.clock import Clock
from assistant.ports.knowledge import Knowledge, Standing
from assistant.ports.store import Event
from kb.claims import Claim, rewritten
from kb.model import Reader

CHANGED, UNAVAILABLE = "changed", "unavailable"
_MARKER = re.compile(r"\[\d{1,2}\]")
Places = Mapping[tuple[str, int], Standing]


def citable(citations: Collection[CitationView], choices: Collection[Choice], knowledge: Knowledge, reader: Reader) -> bool:
    """Say whether every cited article is live in exactly the cited revision and readable, and every one that a choice names is readable.

    This is the last question before a reply is stored.
    """
    cited, offered = {(view.article, view.revision) for view in citations}, {(choice.article, 0) for choice in choices if choice.article}
    if not (cited or offered):
        return True
    now = knowledge.standing(cited | offered, reader)
    return offered <= now.keys() and all(place in now and now[place].article.revision == place[1] for place in cited)


def presented(reply: Reply, places: Places, today: date, link_hosts: Callable[[], Collection[str]]) -> Reply:
    """Return a reply as it may be shown, given what has become of everything that it cites."""
    kept = tuple(_choice(choice, places) for choice in reply.choices if not choice.article or (choice.article, 0) in places)
    reply = reply if kept == reply.choices else reply.model_copy(update={"choices": kept})
    if not reply.citations:
        return reply
    views = tuple(_view(view, places.get((view.article, view.revision)), today) for view in reply.citations)
    if not any(view.withdrawn for view in views):
        return reply if views == reply.citations else reply.model_copy(update={"citations": views})
    with wording.speaking(reply.language):
        return _withdrawn(reply, views, link_hosts)


def _withdrawn(reply: Reply, views: tuple[CitationView, ...], link_hosts: Callable[[], Collection[str]]) -> Reply:
    notes = {i: wording.changed_since() if v.withdrawn == CHANGED else wording.no_longer_available() for i, v in enumerate(views, 1) if v.withdrawn}

    def note_for(claim: Claim) -> str | None:
        return next((notes[number] for number in claim.numbers if number in notes), None)

    text = rewritten(reply.text, note_for, keep_steps=False)
    again = (Choice(id=f"{AGAIN}{reply.message}", label=wording.ask_again()),) if reply.message and reply.kind is ReplyKind.ANSWER else ()
    update = {"citations": views, "text": text, "html": render(text, link_hosts()), "choices": (*again, *reply.choices)}
    return reply.model_copy(update=update)


def _view(view: CitationView, standing: Standing | None, today: date) -> CitationView:
    if standing is None:
        return CitationView(article="", revision=0, title="", heading="", quote="", start=0, end=0, withdrawn=UNAVAILABLE)
    head = standing.article
    if head.revision == view.revision:
        return view
    current = {
        "revision": head.revision,
        "owner": head.owner,
        "updated": head.updated_at.date().isoformat(),
        "review_by": head.review_by.isoformat() if head.review_by else "",
        "overdue": head.overdue(today),
        "platforms": tuple(sorted(platform.value for platform in head.platforms)),
    }
    if standing.unchanged:
        return view.model_copy(update=current)
    gone = {"title": head.title, "heading": "", "quote": "", "start": 0, "end": 0, "withdrawn": CHANGED}
    return view.model_copy(update=current | gone)


@dataclass(frozen=True, slots=True)
class Presenter:
    """Shows stored replies to a reader with the rights of that reader now."""

    knowledge: Knowledge
    clock: Clock
    link_hosts: Callable[[], Sequence[str]]

    def reply(self, reply: Reply, reader: Reader) -> Reply:
        """Return a reply as it may be shown."""
        named = _named(reply)
        return presented(reply, self.knowledge.standing(named, reader), self.clock.now().date(), self.link_hosts) if named else reply

    def events(self, events: Sequence[Event], reader: Reader) -> list[Event]:
        """Return events with their replies as they may be shown; their numbers and everything else stay."""
        replies = {event.number: Reply.model_validate(event.body["reply"]) for event in events if event.body["type"] == "reply" and cites(event)}
        pressed = {(str(event.body["article"]), 0) for event in events if _presses(event)}
        named = {place for reply in replies.values() for place in _named(reply)} | pressed
        if not named:
            return list(events)
        places, once = self.knowledge.standing(named, reader), cache(self.link_hosts)
        return [self._event(event, replies.get(event.number), places, once) for event in events]

    def ticket(self, body: TicketBody, events: Sequence[Event], reader: Reader) -> TicketBody:
        """Return a ticket's body as ``reader``, who works the ticket, may see it; ``events`` are those of its conversation.

        Somebody of the desk reads with their own rights, not with those of the person who asked: what the console shows
        elsewhere (the nearest articles of a gap) follows the same rule. The assistant's lines are matched with the events
        that they were copied from; a line with sources that has no event is not shown. Articles that were tried or were
        near are named only to those who may read them, by their titles of now: an earlier one may have been for others.
        """
        stored = [(event, Reply.model_validate(event.body["reply"])) for event in events if event.body["type"] == "reply" and cites(event)]
        buttons = {(event.at.isoformat(), str(event.body["text"])): str(event.body["article"]) for event in events if _presses(event)}
        near = [name for label, value in body.facts if label == NEAREST_FACT for name in value.split(", ")]
        named = [*(place for _, reply in stored for place in _named(reply)), *((name, 0) for name in (*near, *buttons.values()))]
        places = self.knowledge.standing({*named, *((tried.article, 0) for tried in body.tried)}, reader)
        once = cache(self.link_hosts)
        shown = {(event.at.isoformat(), reply.text): self._event(event, reply, places, once) for event, reply in stored}
        called = {key: _title(article, places) for key, article in buttons.items()}
        lines = tuple((who, _line(who, called.get((at, words), words), at, shown), at) for who, words, at in body.transcript)
        tried = tuple(_tried(one, places) for one in body.tried)
        return replace(
            body,
            summary=renamed(body.summary, body.tried, tried),
            transcript=lines,
            tried=tried,
            facts=tuple(_fact(label, value, places) for label, value in body.facts),
        )

    def _event(self, event: Event, reply: Reply | None, places: Places, link_hosts: Callable[[], Collection[str]]) -> Event:
        if _presses(event):
            article = str(event.body["article"]) if (event.body["article"], 0) in places else ""
            return replace(event, body={**event.body, "text": _title(article, places), "article": article})
        if reply is None:
            return event
        shown = presented(reply, places, self.clock.now().date(), link_hosts)
        return event if shown is reply else replace(event, body={**event.body, "reply": shown.model_dump(mode="json")})


def cites(event: Event) -> bool:
    """Say whether an event names articles: a reply with citations or topics, or the press of a topic."""
    if event.body["type"] != "reply":
        return _presses(event)
    reply = event.body["reply"]
    return bool(reply.get("citations")) or any(choice.get("article") for choice in reply.get("choices", ()))


def _presses(event: Event) -> bool:
    return event.body["type"] == "message" and bool(event.body.get("article"))


def names_articles(reply: Reply) -> bool:
    """Say whether a reply holds anything that has to be checked before it is shown."""
    return bool(_named(reply))


def _named(reply: Reply) -> set[tuple[str, int]]:
    """Return the articles that a reply names, with the cited revisions."""
    return {(view.article, view.revision) for view in reply.citations} | {(choice.article, 0) for choice in reply.choices if choice.article}


def renamed(text: str, then: Sequence[Tried], now: Sequence[Tried]) -> str:
    """Return a summary in which each article that was tried, in its quotation marks, is called what it is called ``now``."""
    names = {old.title: f"“{new.title}”" if new.article else new.title for old, new in zip(then, now, strict=True) if old.title != new.title}
    for title in sorted(names, key=len, reverse=True):
        text = text.replace(f"“{title}”", names[title])
    return text


def _line(who: str, words: str, at: str, shown: Mapping[tuple[str, str], Event]) -> str:
    if who != ASSISTANT_NAME:
        return words
    event = shown.get((at, words))
    if event is not None:
        return str(event.body["reply"]["text"])
    return wording.unchecked() if _MARKER.search(words) else words


def _title(article: str, places: Places) -> str:
    return places[article, 0].article.title if (article, 0) in places else wording.unnamed_article()


def _choice(choice: Choice, places: Places) -> Choice:
    return choice.model_copy(update={"label": _title(choice.article, places)}) if choice.article else choice


def _tried(tried: Tried, places: Places) -> Tried:
    title = _title(tried.article, places)
    return replace(tried, title=title) if (tried.article, 0) in places else replace(tried, article="", title=title, revision=0)


def _fact(label: str, value: str, places: Places) -> tuple[str, str]:
    if label != NEAREST_FACT:
        return label, value
    return label, ", ".join(name for name in value.split(", ") if (name, 0) in places) or wording.unnamed_article()
