"""Indexes follow the tables, whatever happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest

from kb import keeper as keeper_module
from kb.adapters.memory import HashingEmbedder, MemoryArticleStore, MemoryIndexState, MemoryLexicalIndex, MemoryVectorIndex
from kb.keeper import Health, IndexKeeper
from kb.model import Reader
from kb.ports import Entry, Scope
from kb.retrieve import Question, Retriever, Searches
from tests.support.kb_samples import EMBEDDER, document, publish

OTHER = HashingEmbedder(32, "other")


class Failing(MemoryLexicalIndex):
    """An index whose process dies at a given replacement."""

    fails_in = 99

    def replace(self, article_ids: Sequence[str], entries: Iterable[Entry]) -> None:
        self.fails_in -= 1
        if self.fails_in == 0:
            raise OSError("killed")
        super().replace(article_ids, entries)


@dataclass
class World:
    """A keeper over fakes, with every part in reach."""

    store: MemoryArticleStore = field(default_factory=MemoryArticleStore)
    lexical: Failing = field(default_factory=Failing)
    vector: MemoryVectorIndex = field(default_factory=lambda: MemoryVectorIndex(EMBEDDER.identity))
    state: MemoryIndexState = field(default_factory=MemoryIndexState)
    embedder: HashingEmbedder = EMBEDDER

    @property
    def keeper(self) -> IndexKeeper:
        """A keeper as it starts: it remembers nothing."""
        return IndexKeeper(self.store, self.lexical, self.vector, self.embedder, self.state)

    def configure(self, embedder: HashingEmbedder) -> IndexKeeper:
        """Start again with another embedding model."""
        self.embedder = embedder
        self.vector.model = embedder.identity
        return self.keeper

    def agree(self) -> bool:
        live = self.store.passage_ids()
        return self.lexical.passage_ids() == self.vector.passage_ids() == live


@pytest.fixture
def world() -> World:
    return World()


def test_catching_up_brings_both_indexes_to_the_tables(world: World) -> None:
    publish(world.store, document("a", "One.", "Two."), document("b"))
    assert world.keeper.catch_up() == 2
    assert len(world.store.passage_ids()) == 3
    assert world.agree()
    assert (world.state.position("lexical"), world.state.position("vector")) == (2, 2)


def test_catching_up_again_does_nothing(world: World) -> None:
    publish(world.store, document("a"))
    keeper = world.keeper
    keeper.catch_up()
    world.lexical.fails_in = 1
    assert keeper.catch_up() == 0


def test_only_what_changed_since_is_applied(world: World) -> None:
    publish(world.store, *(document(f"a{number}") for number in range(5)))
    keeper = world.keeper
    keeper.catch_up()
    publish(world.store, document("a1", "Changed."), document("new"))
    world.store.withdraw(["a2"])
    publish(world.store, document("a1", "Changed again."))
    assert keeper.catch_up() == 3
    assert world.agree()


def test_the_lexical_index_alone_may_go_ahead(world: World) -> None:
    publish(world.store, document("a"))
    assert world.keeper.catch_up_lexical() == 1
    assert world.lexical.passage_ids() == world.store.passage_ids()
    assert world.vector.is_empty()


def test_progress_is_reported_in_articles(world: World) -> None:
    publish(world.store, *(document(f"a{number:03}") for number in range(130)))
    said: list[str] = []
    world.keeper.catch_up(said.append)
    assert said[:3] == [f"lexical index: {done} of 130 articles" for done in (64, 128, 130)]
    assert said[-1] == "vector index: 130 of 130 articles"


@pytest.mark.parametrize("fails_in", [1, 2, 3])
def test_a_crash_while_following_is_made_good_by_the_next_time(world: World, fails_in: int) -> None:
    publish(world.store, *(document(f"a{number:03}") for number in range(130)))
    world.lexical.fails_in = fails_in
    with pytest.raises(OSError, match="killed"):
        world.keeper.catch_up()
    assert world.state.position("lexical") is None
    world.keeper.catch_up()
    assert world.agree()


def test_an_index_that_lost_its_position_is_built_anew_without_leftovers(world: World) -> None:
    publish(world.store, document("a"), document("b"))
    world.keeper.catch_up()
    world.store.withdraw(["a"])
    for name in ("lexical", "vector"):
        world.state.advance(name, None)
    world.keeper.catch_up()
    assert world.agree()


def test_an_index_from_the_future_of_a_restored_database_is_built_anew(world: World) -> None:
    publish(world.store, document("a"), document("b"))
    world.keeper.catch_up()
    restored = World(lexical=world.lexical, vector=world.vector, state=world.state)
    publish(restored.store, document("c"))
    restored.keeper.catch_up()
    assert restored.agree()


@pytest.mark.parametrize("lost", ["lexical", "vector"])
def test_an_index_whose_files_are_gone_is_built_anew_though_its_position_stayed(world: World, lost: str) -> None:
    publish(world.store, document("a"), document("b"))
    world.keeper.catch_up()
    {"lexical": world.lexical, "vector": world.vector}[lost].clear()
    world.keeper.catch_up()
    assert world.agree()


def test_a_missing_vector_index_is_said_until_it_is_built(world: World) -> None:
    publish(world.store, document("a"))
    keeper = world.keeper
    assert keeper.health()[0] is Health.MISSING
    assert "firstline ingest rebuild" in keeper.vector_problem()
    keeper.catch_up()
    assert keeper.health() == (Health.READY, "")


def test_an_empty_knowledge_base_is_healthy(world: World) -> None:
    keeper = world.keeper
    keeper.catch_up()
    assert keeper.health() == (Health.READY, "")
    publish(world.store, document("a"))
    keeper.catch_up()
    world.store.withdraw(["a"])
    keeper.catch_up()
    assert keeper.health() == (Health.READY, "")
    assert world.keeper.catch_up() == 0


def test_without_a_vector_index_the_reason_is_said(world: World) -> None:
    keeper = IndexKeeper(world.store, world.lexical, None, EMBEDDER, world.state, "Chroma cannot be reached")
    publish(world.store, document("a"))
    assert keeper.catch_up() == 1
    state, why = keeper.health()
    assert state is Health.UNAVAILABLE
    assert "Chroma cannot be reached" in why
    assert "lexical search serves alone" in why
    assert [agreement.index for agreement in keeper.check()] == ["lexical"]


def test_vectors_of_another_model_are_left_alone_and_refused(world: World) -> None:
    publish(world.store, document("a"))
    world.keeper.catch_up()
    keeper = world.configure(OTHER)
    publish(world.store, document("b"), embedder=OTHER)
    keeper.catch_up()
    state, why = keeper.health()
    assert state is Health.OTHER_MODEL
    assert EMBEDDER.identity in why
    assert OTHER.identity in why
    assert world.vector.stored_model == EMBEDDER.identity
    assert world.lexical.passage_ids() == world.store.passage_ids(), "lexical search goes on"


def test_the_old_model_serves_again_when_it_is_configured_back(world: World) -> None:
    publish(world.store, document("a"))
    world.keeper.catch_up()
    world.configure(OTHER).catch_up()
    keeper = world.configure(EMBEDDER)
    keeper.catch_up()
    assert keeper.health() == (Health.READY, "")
    assert world.agree()


def test_a_vector_index_is_replaced_once_every_passage_has_the_new_models_vectors(world: World) -> None:
    publish(world.store, document("a"), document("b"))
    world.keeper.catch_up()
    keeper = world.configure(OTHER)
    publish(world.store, document("a"), embedder=OTHER)
    keeper.catch_up()
    assert keeper.health()[0] is Health.OTHER_MODEL
    publish(world.store, document("b"), embedder=OTHER)
    keeper.catch_up()
    assert keeper.health() == (Health.READY, "")
    assert world.vector.stored_model == OTHER.identity
    assert world.agree()


def test_articles_that_another_model_embedded_are_noticed_and_said(world: World) -> None:
    publish(world.store, document("a"))
    keeper = world.keeper
    keeper.catch_up()
    publish(world.store, document("b"), embedder=OTHER)
    keeper.catch_up()
    state, why = keeper.health()
    assert state is Health.OTHER_MODEL
    assert "1 passages have vectors of another model" in why
    publish(world.store, document("b"))
    keeper.catch_up()
    assert keeper.health() == (Health.READY, "")
    assert world.agree()


def test_between_publishing_and_catching_up_a_foreign_vector_is_never_compared(world: World) -> None:
    publish(world.store, document("a", "printer toner"))
    keeper = world.keeper
    keeper.catch_up()
    publish(world.store, document("b", "printer paper"), embedder=OTHER)
    keeper.catch_up_lexical()
    retriever = Retriever(Searches(world.store, world.lexical, world.vector, EMBEDDER, lambda: ""))
    found = retriever.retrieve(Question("printer"), Scope(Reader()))
    dense = {item.passage.article.id: item.dense for item in found.ranked}
    assert dense["a"] > 0
    assert dense["b"] == 0.0


def test_a_rebuild_forgets_the_indexes_and_builds_them_from_the_tables(world: World) -> None:
    publish(world.store, document("a"))
    keeper = world.keeper
    keeper.catch_up()
    world.lexical.replace(["ghost"], [Entry("ghost@1#0", "ghost", document("x").audience, frozenset(), "", "", "boo", EMBEDDER.embed(["boo"]))])
    said: list[str] = []
    keeper.rebuild(said.append)
    assert world.agree()
    assert said == ["lexical index: 1 of 1 articles", "vector index: 1 of 1 articles"]
    assert MemoryIndexState(world.state).own(), "a command lets go of the indexes when it is done"


def test_a_check_counts_what_is_missing_and_what_is_too_much(world: World) -> None:
    publish(world.store, document("a", "One.", "Two."), document("b"))
    keeper = world.keeper
    keeper.catch_up()
    assert all(agreement.agrees for agreement in keeper.check())
    world.lexical.replace(["a"], [])
    world.vector.replace(["c"], [Entry("c@1#0", "c", document("x").audience, frozenset(), "", "", "boo", EMBEDDER.embed(["boo"]))])
    assert [(a.index, a.missing, a.extra) for a in keeper.check()] == [("lexical", 2, 0), ("vector", 0, 1)]


def test_repair_mends_what_disagrees_and_says_what_it_found(world: World) -> None:
    publish(world.store, document("a"), document("b"))
    keeper = world.keeper
    keeper.catch_up()
    world.vector.replace(["a"], [])
    found = keeper.repair()
    assert [(a.index, a.agrees) for a in found] == [("lexical", True), ("vector", False)]
    assert world.agree()
    world.lexical.fails_in = 1
    assert all(agreement.agrees for agreement in keeper.repair()), "an index that agrees is not touched"


def test_a_second_process_waits_for_the_owner_to_follow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = world.keeper
    assert service.own()
    publish(world.store, document("a"))
    command = IndexKeeper(world.store, world.lexical, world.vector, EMBEDDER, MemoryIndexState(world.state))
    assert not command.own()
    monkeypatch.setattr(keeper_module.time, "sleep", lambda _seconds: service.catch_up())
    said: list[str] = []
    command.follow(said.append)
    assert said == ["the running service is updating its index"]
    assert world.agree()


def test_a_rebuild_beside_the_service_is_done_by_the_service(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    service = world.keeper
    assert service.own()
    publish(world.store, document("a"))
    service.catch_up()
    world.lexical.replace(["a"], [])
    command = IndexKeeper(world.store, world.lexical, world.vector, EMBEDDER, MemoryIndexState(world.state))
    monkeypatch.setattr(keeper_module.time, "sleep", lambda _seconds: service.catch_up())
    command.rebuild(lambda _text: None)
    assert world.agree()


def test_an_owner_that_never_follows_ends_the_wait_with_a_plain_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.state.own()
    publish(world.store, document("a"))
    command = IndexKeeper(world.store, world.lexical, world.vector, EMBEDDER, MemoryIndexState(world.state))
    monkeypatch.setattr(keeper_module, "WAIT_SECONDS", 0.05)
    with pytest.raises(TimeoutError, match="the articles are stored"):
        command.follow(lambda _text: None)
    assert world.store.article("a") is not None
