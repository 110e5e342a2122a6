"""Ranking, and what is left of it when a part is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from kb.adapters.memory import MemoryArticleStore, MemoryLexicalIndex, MemoryVectorIndex
from kb.model import Platform, Reader
from kb.ports import Embedder, EmbedderUnavailable, Hit, Scope, Vector
from kb.ranking import shipped
from kb.retrieve import Question, Retriever, Searches
from tests.support.kb_samples import EMBEDDER, document, publish

EVERYBODY = Scope(Reader())


class Gone:
    """An embedder whose model cannot be reached now."""

    identity, dimension = EMBEDDER.identity, EMBEDDER.dimension

    def embed(self, texts: Sequence[str]) -> Vector:
        raise EmbedderUnavailable("the embedding service does not answer")


class Broken(MemoryVectorIndex):
    """A vector index that fails in a way nobody thought of."""

    def search(self, vector: Vector, scope: Scope, limit: int) -> list[Hit]:
        raise RuntimeError("the file has a hole")


def retriever(
    *texts: str, embedder: Embedder = EMBEDDER, vector: MemoryVectorIndex | None = None, problem: str = "", groups: Sequence[str] = ()
) -> Retriever:
    """A retriever over articles a0, a1, ... of these texts."""
    store, lexical, held = MemoryArticleStore(), MemoryLexicalIndex(), vector or MemoryVectorIndex(EMBEDDER.identity)
    publish(store, *(document(f"a{number}", text, groups=groups) for number, text in enumerate(texts)))
    ids = [article.id for article in store.articles()]
    for index in (lexical, held):
        index.replace(ids, store.entries(ids, EMBEDDER.identity))
    return Retriever(Searches(store, lexical, held, embedder, lambda: problem))


def test_the_best_article_comes_first_with_its_scores() -> None:
    found = retriever("printer toner empty", "wireless network", "toner for printer").retrieve(Question("printer toner empty"), EVERYBODY)
    first = found.ranked[0]
    assert [item.passage.article.id for item in found.ranked[:2]] == ["a0", "a2"]
    assert first.lexical == 3.0
    assert 0 < first.dense <= 1
    assert found.degraded == ""
    assert 0 <= found.confidence <= 1
    assert found.vector == pytest.approx(tuple(EMBEDDER.embed(["printer toner empty"])[0]))


def test_at_most_the_limit_is_returned_and_excluded_articles_are_left_out() -> None:
    base = retriever(*(f"printer number {number}" for number in range(9)))
    assert len(base.retrieve(Question("printer"), EVERYBODY, limit=4).ranked) == 4
    found = base.retrieve(Question("printer"), EVERYBODY, exclude=["a0", "a3"])
    assert {item.passage.article.id for item in found.ranked} == {f"a{number}" for number in (1, 2, 4, 5, 6, 7, 8)}


def test_nothing_inside_the_scope_means_no_evidence_and_no_confidence() -> None:
    found = retriever("printer", groups=["hr"]).retrieve(Question("printer"), EVERYBODY)
    assert (found.ranked, found.confidence, found.degraded) == ((), 0.0, "")


def test_a_vector_that_the_caller_has_is_not_computed_again() -> None:
    found = retriever("printer", embedder=Gone()).retrieve(Question("printer", EMBEDDER.embed(["printer"])[0]), EVERYBODY)
    assert found.degraded == ""
    assert found.ranked[0].dense > 0


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"embedder": Gone()}, "the embedding service does not answer"),
        ({"vector": Broken(EMBEDDER.identity)}, "the file has a hole"),
        ({"problem": "the index was made with another model"}, "made with another model"),
    ],
    ids=["embedder", "index", "model"],
)
def test_without_vectors_words_are_searched_and_the_reason_is_said(parts: dict[str, object], reason: str) -> None:
    found = retriever("printer toner", "wireless network", **parts).retrieve(Question("printer toner"), EVERYBODY)  # type: ignore[arg-type]
    assert [item.passage.article.id for item in found.ranked] == ["a0"]
    assert reason in found.degraded
    assert 0 < found.confidence <= 0.75


def test_a_withdrawn_article_is_not_found_though_the_indexes_still_hold_it() -> None:
    base = retriever("printer toner", "printer paper")
    base._searches.store.withdraw(["a0"])
    assert {item.passage.article.id for item in base.retrieve(Question("printer"), EVERYBODY).ranked} == {"a1"}


def test_a_guide_for_the_readers_own_system_comes_before_a_general_one() -> None:
    store, lexical, vector = MemoryArticleStore(), MemoryLexicalIndex(), MemoryVectorIndex(EMBEDDER.identity)
    publish(store, document("any", "install the vpn", title="VPN"), document("mac", "install the vpn", title="VPN", platforms=[Platform.MACOS]))
    for index in (lexical, vector):
        index.replace(["any", "mac"], store.entries(["any", "mac"], EMBEDDER.identity))
    for problem in ("", "no vectors"):
        made = Retriever(Searches(store, lexical, vector, EMBEDDER, lambda problem=problem: problem))  # type: ignore[misc]
        first = made.retrieve(Question("install the vpn"), Scope(Reader(), Platform.MACOS)).ranked[0]
        assert first.passage.article.id == "mac"


def test_equal_evidence_is_ranked_the_same_way_every_time() -> None:
    base = retriever("same text", "same text", "same text")
    orders = {tuple(item.passage.id for item in base.retrieve(Question("same text"), EVERYBODY).ranked) for _ in range(5)}
    assert len(orders) == 1


def test_an_article_past_its_review_date_stands_behind_its_twin_until_the_twin_is_past_it_too() -> None:
    store, lexical, vector = MemoryArticleStore(), MemoryLexicalIndex(), MemoryVectorIndex(EMBEDDER.identity)
    late, fresh = date(2026, 1, 1), date(2027, 1, 1)
    publish(store, document("a-late", "install the vpn", review_by=late), document("b-fresh", "install the vpn", review_by=fresh))
    for index in (lexical, vector):
        index.replace(["a-late", "b-fresh"], store.entries(["a-late", "b-fresh"], EMBEDDER.identity))
    parts = Searches(store, lexical, vector, EMBEDDER, lambda: "")

    def order(today: date) -> list[str]:
        found = Retriever(parts, today=lambda: today).retrieve(Question("install the vpn"), EVERYBODY)
        return [article.id for article in found.articles]

    assert order(date(2025, 12, 1)) == ["a-late", "b-fresh"]
    assert order(date(2026, 6, 1)) == ["b-fresh", "a-late"]
    assert order(date(2028, 1, 1)) == ["a-late", "b-fresh"]


def test_a_follow_up_is_searched_with_the_conversation_before_it() -> None:
    base = retriever("printer toner replace", "wireless network password", "printer paper tray")
    alone = base.retrieve(Question("and how do I replace it"), EVERYBODY)
    together = base.retrieve(Question("and how do I replace the password", turns=("the wireless network asks again",)), EVERYBODY)
    assert alone.articles[0].id == "a0"
    assert together.articles[0].id == "a1"


def test_only_the_last_turns_of_a_long_conversation_are_searched() -> None:
    assert Question("now", turns=("one", "two", "three", "four")).context == "two three four"
    assert Question("now").context == ""


def test_a_retriever_can_be_left_with_words_or_with_vectors_alone() -> None:
    base = retriever("printer toner", "wireless network")
    by_words = base.without(vectors=True).retrieve(Question("printer"), EVERYBODY)
    by_vectors = base.without(words=True).retrieve(Question("printer"), EVERYBODY)
    assert all(item.dense == 0 for item in by_words.ranked)
    assert by_words.degraded
    assert all(item.lexical == 0 for item in by_vectors.ranked)
    assert not by_vectors.degraded


def test_weights_that_a_knowledge_base_has_learned_are_used_from_the_next_question() -> None:
    base, learned = retriever("printer toner", "printer printer printer"), []
    parts = base._searches
    made = Retriever(parts, lambda: learned[0] if learned else None)
    before = [article.id for article in made.retrieve(Question("printer toner"), EVERYBODY).articles]
    shipped_weights = shipped()[0]
    learned.append(replace(shipped_weights, features=-shipped_weights.features, moves=-shipped_weights.moves))
    assert [article.id for article in made.retrieve(Question("printer toner"), EVERYBODY).articles] == before[::-1]
