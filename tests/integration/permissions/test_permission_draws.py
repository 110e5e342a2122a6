"""The draws find nothing in the build as it is, and do find what each layer holds back once that layer is taken away."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.adapters.knowledge import KnowledgeFromBase
from assistant.agent import present
from assistant.domain.reply import Reply
from assistant.domain.ticket import TicketBody, Tried
from assistant.ports.store import Event
from assistant.workflows.standing import Standing
from evals.cli import app
from evals.permissions.canaries import CANARY, GROUPS, Canary, Maker, Record
from evals.permissions.company import Company, company
from evals.permissions.draws import Draws, watching
from evals.permissions.surface import Surface, surface
from evals.permissions.tally import Tally
from evals.permissions.turns import TurnDraws
from kb.adapters.store.articles import SqlArticleStore
from kb.model import Reader
from kb.ports import Scope

ARTICLES = 40
Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def place(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Company, Surface]]:
    """One company for the module; every test draws on with it."""
    home = tmp_path_factory.mktemp("canaries") / "home"
    home.mkdir()
    (home / "models").symlink_to(model_home / "models")
    with company(home, ARTICLES, 5, lambda _: None) as made, surface(made.assistant) as shown:
        yield made, shown


def retrieved(made: Company, count: int, change_every: int = 20) -> Tally:
    """Draw at retrieval."""
    tally = Tally()
    with watching(made) as watched:
        draws = Draws(made, tally, watched)
        for number in range(count):
            if number % change_every == 0:
                draws.aims = made.change()
            draws.one()
    return tally


def conversed(place: tuple[Company, Surface], *ways: Callable[[TurnDraws], None], times: int = 6) -> Tally:
    """Draw through the whole assistant, in these ways only."""
    tally = Tally()
    turns = TurnDraws(*place, tally)
    place[1].news()
    for _ in range(times):
        for way in ways:
            way(turns)
    return tally


class Unfiltered:
    """An index that has lost its filter."""

    def __init__(self, index: Any) -> None:
        self.index = index

    def search(self, asked: Any, scope: Scope, *more: Any) -> Any:
        return self.index.search(asked, AllRights(scope.reader), *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.index, name)


class AllRights(Scope):
    """A scope that admits everything, also for an index that builds its own filter from the groups."""

    def __init__(self, _: Reader) -> None:
        super().__init__(Reader(frozenset(GROUPS)))


def unfilter(made: Company, monkeypatch: Patch, *names: str) -> None:
    retriever: Any = made.assistant.knowledge_base.retriever
    parts = retriever._searches
    monkeypatch.setattr(retriever, "_searches", replace(parts, **{name: Unfiltered(getattr(parts, name)) for name in names}))


def drop_the_recheck(monkeypatch: Patch) -> None:
    kept = SqlArticleStore.candidates
    monkeypatch.setattr(SqlArticleStore, "candidates", lambda self, ids, scope, model: kept(self, ids, AllRights(scope.reader), model))


def test_the_build_as_it_is_leaks_nothing_and_still_answers(place: tuple[Company, Surface]) -> None:
    found = retrieved(place[0], 300)
    assert found.leaks.total() == found.filter_misses == found.wrong_device == 0, found.examples
    assert found.entitled_found > 30, "somebody with the right is given the article"
    assert found.stranger_draws > 150, "most draws ask for what is hidden"
    spoken = Tally()
    turns = TurnDraws(*place, spoken)
    for _ in range(24):
        turns.one()
    assert spoken.leaks.total() == spoken.errors == 0, spoken.examples
    assert spoken.answers >= 10


@pytest.mark.parametrize("index", ["lexical", "vector"])
def test_one_lost_filter_shows_though_the_tables_still_hold(place: tuple[Company, Surface], monkeypatch: Patch, index: str) -> None:
    unfilter(place[0], monkeypatch, index)
    found = retrieved(place[0], 60)
    assert found.filter_misses > 0
    assert found.leaks.total() == 0, found.examples


def test_without_the_recheck_alone_the_filters_hold(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    drop_the_recheck(monkeypatch)
    found = retrieved(place[0], 60)
    assert found.filter_misses == found.leaks["retrieval"] == 0, found.examples


@pytest.mark.parametrize("index", ["lexical", "vector"])
def test_a_lost_filter_and_no_recheck_leak_at_retrieval(place: tuple[Company, Surface], monkeypatch: Patch, index: str) -> None:
    unfilter(place[0], monkeypatch, index)
    drop_the_recheck(monkeypatch)
    assert retrieved(place[0], 60).leaks["retrieval"] > 0


def test_a_cache_that_forgets_who_asks_leaks(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    retriever: Any = place[0].assistant.knowledge_base.retriever
    kept, cache = retriever.retrieve, dict[str, Any]()

    def careless(question: Any, *rest: Any) -> Any:
        if question.text not in cache:
            cache[question.text] = kept(question, *rest)
        return cache[question.text]

    monkeypatch.setattr(retriever, "retrieve", careless)
    assert retrieved(place[0], 120).leaks["cache"] > 0


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("still_true", lambda *_: True),
        ("article", lambda self, article_id, reader, revision=None: (None, self.base.store.revision_text(article_id, revision or 1))),
    ],
)
def test_a_citation_that_is_not_checked_again_leaks(place: tuple[Company, Surface], monkeypatch: Patch, name: str, broken: Any) -> None:
    monkeypatch.setattr(KnowledgeFromBase, name, broken)
    assert retrieved(place[0], 200, change_every=5).leaks["citation"] > 0


def test_an_earlier_revision_that_was_for_fewer_people_would_leak_without_its_audience(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    made = place[0]
    canary = next(one for one in made.record.live.values() if one.document.audience.groups)
    made.move(canary, frozenset())
    stranger = next(name for name in made.people if not canary.document.audience.groups & made.record.groups[name])
    with watching(made) as watched:
        draws = Draws(made, Tally(), watched)
        draws._probe(stranger, canary)
        assert draws.tally.leaks.total() == 0, draws.tally.examples
        monkeypatch.setattr(SqlArticleStore, "revision_audience", lambda *_: made.record.live[canary.document.article_id].document.audience)
        draws._probe(stranger, canary)
    assert draws.tally.leaks["citation"] > 0


def test_groups_that_were_read_before_they_were_taken_away_leak(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    directory: Any = type(place[0].assistant.directory)
    kept, known = directory.person, {}
    monkeypatch.setattr(directory, "person", lambda self, name: known.setdefault(name, kept(self, name)))
    assert retrieved(place[0], 200, change_every=4).leaks.total() > 0


def test_history_that_is_shown_as_it_was_stored_leaks(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    assert conversed(place, TurnDraws._lost).leaks.total() == 0
    monkeypatch.setattr(present, "presented", lambda reply, *_: reply)
    assert conversed(place, TurnDraws._lost).leaks["history"] > 0


def leave_the_groups(turns: TurnDraws, person: str, canary: Canary) -> str:
    """Take somebody out of every group that may read an article."""
    company = turns.company
    company.set_groups(person, company.record.groups[person] - canary.document.audience.groups)
    company.replenish()
    return person


def test_a_right_that_is_lost_while_the_turn_runs_leaks_without_the_last_checks(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    held = conversed(place, TurnDraws._in_flight)
    assert held.leaks.total() == held.errors == 0, held.examples
    monkeypatch.setattr(TurnDraws, "_take_away", leave_the_groups)
    held = conversed(place, TurnDraws._in_flight)
    assert held.leaks.total() == held.errors == 0, held.examples
    monkeypatch.setattr("assistant.agent.turn.citable", lambda *_: True)
    monkeypatch.setattr(KnowledgeFromBase, "still_true", lambda *_: True)
    monkeypatch.setattr(present, "presented", lambda reply, *_: reply)
    assert conversed(place, TurnDraws._in_flight, times=12).leaks["citation"] > 0


def test_a_fault_writes_no_article_into_the_log(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    assert conversed(place, TurnDraws._fault, times=3).leaks["log"] == 0
    monkeypatch.setattr(place[0].assistant.knowledge_base.engine, "hide_parameters", False)
    place[0].assistant.knowledge_base.engine.dispose()
    assert conversed(place, TurnDraws._fault, times=3).leaks["log"] > 0


def test_a_public_count_of_all_articles_leaks(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    assert conversed(place, TurnDraws._existence, times=2).leaks["count"] == 0
    monkeypatch.setattr("assistant.service.Reader", lambda: Reader(frozenset(GROUPS)))
    assert conversed(place, TurnDraws._existence, times=2).leaks["count"] > 0


def test_time_that_goes_on_between_two_looks_is_no_leak(place: tuple[Company, Surface], monkeypatch: Patch) -> None:
    begun, seconds = datetime(2026, 5, 4, tzinfo=UTC), itertools.count()
    hurried = SimpleNamespace(now=lambda: begun + timedelta(seconds=next(seconds)))
    monkeypatch.setattr(place[1].clock, "clock", hurried)
    monkeypatch.setattr("assistant.service.standing", lambda _, now: Standing(1, now - begun, 0))
    assert place[1].get("/healthz") != place[1].get("/healthz"), "something has waited for longer at the second look"
    assert conversed(place, TurnDraws._existence, times=1).leaks["count"] == 0


def test_a_topic_whose_article_was_closed_is_no_longer_offered_by_name(place: tuple[Company, Surface]) -> None:
    made = place[0]
    person, canary = next((name, one) for one in made.record.live.values() if one.document.audience.groups for name in made.readers(one))
    topic = {"id": "topic:0", "label": canary.document.title, "article": canary.document.article_id}
    said = {"conversation": "c", "state": "clarifying", "kind": "clarification", "text": "Which one?"}
    reply = Reply.model_validate({**said, "choices": [topic, {"id": "file", "label": "Open a ticket"}]})
    presenter = present.Presenter(made.assistant.knowledge, made.assistant.clock, lambda: ())
    assert presenter.reply(reply, Reader(made.record.groups[person])) == reply
    assert [choice.id for choice in presenter.reply(reply, Reader()).choices] == ["file", "person"]


def test_an_article_that_was_opened_to_more_people_is_named_by_its_title_of_now(place: tuple[Company, Surface]) -> None:
    made = place[0]
    then = made.maker.canary(audience=frozenset({"hr"}))
    now = made.maker.canary(then.document.article_id, frozenset())
    made.publish([then])
    made.publish([now])
    body = TicketBody(f"Tried: “{then.document.title}” (no)", (), (Tried(then.document.article_id, then.document.title, 1, "no"),))
    label = {"id": "topic:0", "label": then.document.title, "article": then.document.article_id}
    pressed = {"type": "message", "message": "m", "text": then.document.title, "choice": "topic:0", "article": then.document.article_id}
    said = {"conversation": "c", "state": "clarifying", "kind": "clarification", "text": "Which one?", "choices": [label]}
    presenter = present.Presenter(made.assistant.knowledge, made.assistant.clock, lambda: ())
    events = [Event(1, "c", made.assistant.clock.now(), {"type": "reply", "reply": Reply.model_validate(said).model_dump(mode="json")})]
    shown = presenter.events([*events, Event(2, "c", made.assistant.clock.now(), pressed)], Reader())
    for text in (str(presenter.ticket(body, [], Reader())), str(shown[0]), str(shown[1])):
        assert then.silent[0] not in text
        assert now.silent[0] in text


def test_words_are_hidden_from_those_without_the_right_and_after_an_edit_from_all() -> None:
    record, maker = Record(), Maker(random.Random(1))
    old = maker.canary(audience=frozenset({"hr"}))
    record.put(old)
    text = f"{old.document.title} {old.silent[1]}"
    assert record.hidden_in(text, frozenset({"hr"})) == set()
    assert record.hidden_in(text, frozenset({"finance"})) == set(CANARY.findall(text.lower()))
    record.put(maker.canary(old.document.article_id, frozenset({"hr"})))
    assert record.hidden_in(text, frozenset({"hr"})) == set(CANARY.findall(text.lower()))
    record.drop(old.document.article_id)
    assert record.hidden_in(old.document.article_id, frozenset({"hr"})) == set(CANARY.findall(old.document.article_id))


def test_the_command_writes_its_figures_with_the_bound_of_its_draws(model_home: Path, tmp_path: Path) -> None:
    target = tmp_path / "permissions.json"
    options = ["--draws", "60", "--seed", "9", "--articles", "20", "--workers", "1", "--model-home", str(model_home), "--json", str(target)]
    done = CliRunner().invoke(app, ["permissions", *options])
    assert done.exit_code == 0, done.output
    facts = json.loads(target.read_text())
    assert facts["n"] == 60
    assert facts["metrics"]["leaks"] == {"value": 0, "low": 0, "high": 0.05}
    assert {f"leaks_{name}" for name in ("retrieval", "citation", "reply", "log", "cache", "count", "review")} <= set(facts["metrics"])
