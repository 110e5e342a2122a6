"""Stored replies as they may be shown now: for every kind of change, by one question to the knowledge base."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.knowledge import MemoryKnowledge
from assistant.agent import wording
from assistant.agent.present import Presenter
from assistant.agent.settlement import citation_view
from assistant.agent.steps.answer import Composed
from assistant.domain.reply import CONFIRMATION, PERSON, Choice, Reply, ReplyKind
from assistant.domain.ticket import TicketBody, Tried
from assistant.governance.rendering import render
from assistant.ports.knowledge import Standing
from assistant.ports.store import Event
from kb.cite import cite, marked
from kb.model import Audience, Document, Reader
from kb.split import split

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
FINANCE, ANYBODY = Reader(frozenset({"finance"})), Reader()
LAMP = Document("lamp", "t", "lamp.md", "Change the lamp", "1. Open the amber lid.\n2. Turn the lamp left.\n", owner="a@x.example")
VAULT = replace(LAMP, article_id="vault", title="Open the vault", text="The vault code is canary-7.\n", audience=Audience(frozenset({"finance"})))


class Counting(MemoryKnowledge):
    """Counts how often it is asked what has become of citations."""

    asked = 0

    def standing(self, cited: Collection[tuple[str, int]], reader: Reader) -> dict[tuple[str, int], Standing]:
        self.asked += 1
        return super().standing(cited, reader)


class Shelf:
    """Two articles, an answer that cites both, and a presenter."""

    def __init__(self) -> None:
        self.knowledge = Counting()
        for document in (LAMP, VAULT):
            self.publish(document)
        passages = [passage for name in ("lamp", "vault") for passage in self.knowledge.passages_of(name, FINANCE)]
        parts = [marked(passage.text, number) for number, passage in enumerate(passages, 1)]
        made = Composed("\n\n".join([*parts, wording.confirm_question()]), tuple(cite(p, TODAY) for p in passages), ())
        views = tuple(citation_view(citation) for citation in made.citations)
        self.reply = Reply(
            conversation="c_1",
            state="awaiting_confirmation",
            kind=ReplyKind.ANSWER,
            text=made.text,
            html=render(made.text, ()),
            citations=views,
            choices=CONFIRMATION,
            message="m1",
        )
        self.presenter = Presenter(self.knowledge, FixedClock(NOW), lambda: ())

    def publish(self, document: Document) -> None:
        self.knowledge.publish(document, split(document.text))

    def shown(self, reader: Reader = FINANCE) -> Reply:
        return self.presenter.reply(self.reply, reader)

    def event(self, number: int = 1, at: datetime = NOW) -> Event:
        return Event(number, "c_1", at, {"type": "reply", "reply": self.reply.model_dump(mode="json")})


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def test_what_still_stands_is_shown_as_it_was_stored(shelf: Shelf) -> None:
    assert shelf.shown() == shelf.reply


def test_a_deleted_article_leaves_neither_quote_nor_name(shelf: Shelf) -> None:
    shelf.knowledge.withdraw("lamp")
    shown = shelf.shown()
    assert "amber" not in shown.model_dump_json()
    assert "lamp" not in shown.model_dump_json()
    assert wording.no_longer_available() in shown.text
    assert "canary-7" in shown.text, "the other source still stands"
    assert shown.citations[0].withdrawn == "unavailable"
    assert shown.citations[1] == shelf.reply.citations[1]
    assert "[2]" in shown.text, "the numbers stay"


def test_an_edited_article_is_named_in_its_current_revision_without_a_quote(shelf: Shelf) -> None:
    shelf.publish(replace(LAMP, title="Change the new lamp", text="1. Open the green lid.\n"))
    shown = shelf.shown()
    assert "amber" not in shown.model_dump_json()
    assert "green" not in shown.model_dump_json(), "nobody answered from the new text"
    view = shown.citations[0]
    assert (view.article, view.revision, view.title, view.quote, view.start, view.end) == ("lamp", 2, "Change the new lamp", "", 0, 0)
    assert view.withdrawn == "changed"
    assert wording.changed_since() in shown.html


def test_an_edit_that_leaves_the_text_alone_withdraws_nothing_and_names_the_new_revision(shelf: Shelf) -> None:
    shelf.publish(replace(LAMP, owner="b@x.example", review_by=TODAY - timedelta(days=1)))
    shown = shelf.shown()
    view = shown.citations[0]
    assert (view.revision, view.owner, view.overdue, view.withdrawn) == (2, "b@x.example", True, "")
    assert view.quote == shelf.reply.citations[0].quote
    assert shown.text == shelf.reply.text


def test_a_reader_who_lost_the_group_sees_nothing_of_it(shelf: Shelf) -> None:
    shown = shelf.shown(ANYBODY)
    assert "canary-7" not in shown.model_dump_json()
    assert "vault" not in shown.model_dump_json()
    assert "amber" in shown.text


def test_a_withdrawn_answer_can_be_asked_again(shelf: Shelf) -> None:
    shelf.knowledge.withdraw("lamp")
    assert [choice.id for choice in shelf.shown().choices] == ["again:m1", "yes", "no", "person"]
    assert [choice.id for choice in shelf.reply.choices] == ["yes", "no", "person"], "the stored reply does not change"


def test_a_topic_that_the_reader_may_no_longer_read_is_not_offered(shelf: Shelf) -> None:
    topics = tuple(Choice(id=f"topic:{i}", label=document.title, article=document.article_id) for i, document in enumerate((LAMP, VAULT)))
    asking = Reply(conversation="c_1", state="clarifying", kind=ReplyKind.CLARIFICATION, text="Which?", choices=(*topics, PERSON))
    assert shelf.presenter.reply(asking, FINANCE) == asking
    assert [choice.id for choice in shelf.presenter.reply(asking, ANYBODY).choices] == ["topic:0", "person"]
    (shown,) = shelf.presenter.events([Event(1, "c_1", NOW, {"type": "reply", "reply": asking.model_dump(mode="json")})], ANYBODY)
    assert "vault" not in str(shown)


def test_everything_that_is_shown_together_costs_one_question(shelf: Shelf) -> None:
    events = [shelf.event(number) for number in range(1, 8)] + [Event(8, "c_1", NOW, {"type": "message", "message": "m", "text": "hi", "choice": ""})]
    shelf.knowledge.withdraw("lamp")
    shown = shelf.presenter.events(events, FINANCE)
    assert shelf.knowledge.asked == 1
    assert [event.number for event in shown] == list(range(1, 9))
    assert "amber" not in str(shown)
    assert "amber" in str(events)


def test_a_conversation_without_citations_costs_no_question(shelf: Shelf) -> None:
    greeting = Reply(conversation="c_1", state="open", kind=ReplyKind.SMALLTALK, text="Hi")
    event = Event(1, "c_1", NOW, {"type": "reply", "reply": greeting.model_dump()})
    assert shelf.presenter.events([event], FINANCE) == [event]
    assert shelf.knowledge.asked == 0


class TestTicketsOfTheDesk:
    def body(self, shelf: Shelf, words: str = "") -> TicketBody:
        lines = (("Maria", "amber? see [1]", NOW.isoformat()), ("Firstline", words or shelf.reply.text, NOW.isoformat()))
        tried = (Tried("lamp", "Change the lamp", 1, "no"), Tried("vault", "Open the vault", 1, "no"))
        summary = "Asked: x\nTried: “Change the lamp” (no), “Open the vault” (no)"
        return TicketBody(summary, lines, tried, facts=(("Nearest articles", "lamp, vault"), ("Category", "general")))

    def test_an_agent_reads_with_their_own_rights(self, shelf: Shelf) -> None:
        shown = shelf.presenter.ticket(self.body(shelf), [shelf.event()], ANYBODY)
        assert shelf.knowledge.asked == 1
        assert "canary-7" not in str(shown)
        assert "vault" not in str(shown)
        assert "amber lid" in shown.transcript[1][1]
        assert shown.tried[1].title == wording.unnamed_article()
        assert shown.facts == (("Nearest articles", "lamp"), ("Category", "general"))
        assert shelf.presenter.ticket(self.body(shelf), [shelf.event()], FINANCE) == self.body(shelf)

    def test_the_persons_own_words_stay(self, shelf: Shelf) -> None:
        shelf.knowledge.withdraw("lamp")
        shown = shelf.presenter.ticket(self.body(shelf), [shelf.event()], FINANCE)
        assert shown.transcript[0][1] == "amber? see [1]"
        assert "amber" not in shown.transcript[1][1]

    def test_a_line_with_sources_that_nobody_can_check_is_not_shown(self, shelf: Shelf) -> None:
        shown = shelf.presenter.ticket(self.body(shelf, "Open the amber lid. [1]"), [shelf.event()], FINANCE)
        assert shown.transcript[1][1] == wording.unchecked()
        assert shelf.presenter.ticket(self.body(shelf, "I closed it."), [], FINANCE).transcript[1][1] == "I closed it."
