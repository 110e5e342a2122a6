"""Both index filters and the store's re-check agree with the rule of the feature, for any partition of groups and after any change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.adapters.chroma import ChromaIndex
from kb.adapters.lexical import TantivyIndex
from kb.adapters.store.articles import SqlArticleStore
from kb.model import Audience, Platform, Reader
from kb.ports import Scope
from kb.retrieve import Question, Retriever, Searches
from tests.contract.kb.conftest import database
from tests.support.kb_properties import ANY_PLATFORM, PLATFORM_SETS, examples
from tests.support.kb_samples import EMBEDDER, document, entry, publish

WORD = "canaryword"
MANY_GROUPS = ("finance", "finance-emea", "hr", "hr (emea)", "r", "r+d", "it admins", "it", "everyones", "ekonomi åäö", "0", "any")
GROUP_PICK = st.frozensets(st.sampled_from(MANY_GROUPS), max_size=5)
LAYOUT = st.lists(st.tuples(GROUP_PICK, PLATFORM_SETS), min_size=1, max_size=6)


@dataclass
class Shelf:
    """A real store and both real indexes, and a record in plain sets of who may read what."""

    store: SqlArticleStore
    lexical: TantivyIndex
    vector: ChromaIndex
    record: dict[str, tuple[frozenset[str], frozenset[Platform]]]

    def publish(self, layout: Sequence[tuple[frozenset[str], frozenset[Platform]]], *, follow: bool) -> None:
        """Give the articles these audiences and systems; ``follow`` says whether the indexes are told."""
        for number, (groups, platforms) in enumerate(layout):
            name = f"a{number}"
            publish(self.store, document(name, f"{WORD} {name}", groups=sorted(groups), platforms=sorted(platforms)))
            self.record[name] = groups, platforms
        if follow:
            self.follow()

    def follow(self) -> None:
        """Tell both indexes what the store says."""
        for index in (self.lexical, self.vector):
            index.replace(list(self.record), self.store.entries(list(self.record), EMBEDDER.identity))

    def readable(self, groups: frozenset[str], platform: Platform | None) -> set[str]:
        """Say by the words of the feature what somebody finds on a system."""
        return {
            name
            for name, (audience, platforms) in self.record.items()
            if (not audience or any(group in groups for group in audience)) and (platform is None or not platforms or platform in platforms)
        }


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One shelf for all examples: what an example leaves behind is the next one's past."""
    from chromadb.api.shared_system_client import SharedSystemClient

    folder: Path = tmp_path_factory.mktemp("shelf")
    with database("sqlite", folder) as engine:
        yield Shelf(SqlArticleStore(engine), TantivyIndex(folder / "lexical"), ChromaIndex.embedded(folder / "chroma", EMBEDDER.identity), {})
    SharedSystemClient.clear_system_cache()


def articles(passage_ids: Sequence[str]) -> set[str]:
    return {key.partition("@")[0] for key in passage_ids}


@examples(60)
@given(layout=LAYOUT, groups=GROUP_PICK, platform=ANY_PLATFORM)
def test_every_layer_admits_exactly_what_the_audience_admits(
    shelf: Shelf, layout: list[tuple[frozenset[str], frozenset[Platform]]], groups: frozenset[str], platform: Platform | None
) -> None:
    shelf.publish(layout, follow=True)
    scope, expected = Scope(Reader(groups), platform), shelf.readable(groups, platform)
    everything = sorted(shelf.store.passage_ids())
    assert articles([hit.passage_id for hit in shelf.lexical.search(WORD, scope, 100)]) == expected
    assert articles([hit.passage_id for hit in shelf.vector.search(EMBEDDER.embed([WORD])[0], scope, 100)]) == expected
    assert {found.passage.article.id for found in shelf.store.candidates(everything, scope, EMBEDDER.identity)} == expected
    for name, (audience, _) in shelf.record.items():
        assert Audience(audience).admits(Reader(groups)) == (name in shelf.readable(groups, None))


@examples(40)
@given(before=LAYOUT, after=LAYOUT, groups=GROUP_PICK, platform=ANY_PLATFORM)
def test_retrieval_obeys_the_tables_also_while_the_indexes_lag(
    shelf: Shelf,
    before: list[tuple[frozenset[str], frozenset[Platform]]],
    after: list[tuple[frozenset[str], frozenset[Platform]]],
    groups: frozenset[str],
    platform: Platform | None,
) -> None:
    shelf.publish(before, follow=True)
    retriever = Retriever(Searches(shelf.store, shelf.lexical, shelf.vector, EMBEDDER, lambda: ""))
    shelf.publish(after, follow=False)
    found = retriever.retrieve(Question(WORD), Scope(Reader(groups), platform))
    assert {article.id for article in found.articles} <= shelf.readable(groups, platform)
    shelf.follow()
    found = retriever.retrieve(Question(WORD), Scope(Reader(groups), platform))
    assert {article.id for article in found.articles} == shelf.readable(groups, platform)


def test_a_word_of_more_deleted_passages_than_there_are_live_ones_is_still_found(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path)
    names = [f"a{number}" for number in range(50)]
    index.replace(names, [entry(f"{name}@1#0", f"{WORD} {name}") for name in names])
    index.replace(names[1:], [])
    assert [hit.passage_id for hit in index.search(WORD, Scope(Reader()), 10)] == ["a0@1#0"]
