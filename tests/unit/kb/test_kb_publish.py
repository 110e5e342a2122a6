"""Windows over long passages, and publishing a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.adapters.memory import HashingEmbedder, MemoryArticleStore
from kb.ports import EmbedderUnavailable, Vector
from kb.publish import OVERLAP_WORDS, WINDOW_WORDS, Publisher, windows
from tests.support.kb_properties import examples
from tests.support.kb_samples import document, sections


class CountingEmbedder(HashingEmbedder):
    """Remembers what it was asked to embed, and fails from a given call on."""

    def __init__(self, fails_at: int = 99) -> None:
        object.__setattr__(self, "asked", [])
        object.__setattr__(self, "fails_at", fails_at)
        super().__init__(32)

    def embed(self, texts: Sequence[str]) -> Vector:
        self.asked.append(list(texts))  # type: ignore[attr-defined]
        if len(self.asked) >= self.fails_at:  # type: ignore[attr-defined]
            raise EmbedderUnavailable("the model is gone")
        return super().embed(texts)


def numbered(count: int) -> str:
    return " ".join(f"w{number}" for number in range(count))


def test_a_short_passage_is_one_window_with_title_and_heading_first() -> None:
    assert windows("VPN", "Install", "Click  it.\nThen wait.") == ["VPN. Install. Click it. Then wait."]


def test_a_heading_that_repeats_the_title_is_said_once() -> None:
    assert windows("VPN", "VPN", "Click it.") == windows("VPN", "", "Click it.") == ["VPN. Click it."]


def test_a_passage_without_words_still_gives_one_window() -> None:
    assert windows("VPN", "", "") == ["VPN. "]


@pytest.mark.parametrize(("words", "count"), [(1, 1), (130, 1), (131, 2), (235, 2), (236, 3)])
def test_a_passage_gives_as_many_windows_as_it_needs(words: int, count: int) -> None:
    assert len(windows("T", "", numbered(words))) == count


@examples(150)
@given(count=st.integers(0, 900))
def test_every_word_is_in_a_window_and_neighbours_overlap(count: int) -> None:
    parts = [window.removeprefix("T. H. ").split() for window in windows("T", "H", numbered(count))]
    assert all(len(part) <= WINDOW_WORDS for part in parts)
    assert {word for part in parts for word in part} == set(numbered(count).split())
    for one, two in zip(parts, parts[1:], strict=False):
        assert one[-OVERLAP_WORDS:] == two[:OVERLAP_WORDS]
        assert len(two) > OVERLAP_WORDS, "a window of nothing but overlap says nothing new"


def test_a_batch_is_embedded_at_once_and_each_text_once() -> None:
    store, embedder = MemoryArticleStore(), CountingEmbedder()
    batch = [document("a", "Same.", "Same.", title="T"), document("b", "Same.", title="T")]
    Publisher(store, embedder).publish([(one, sections(one)) for one in batch])
    assert len(embedder.asked) == 1  # type: ignore[attr-defined]
    assert sorted(embedder.asked[0]) == ["T", "T. Part 0. Same.", "T. Part 1. Same."]  # type: ignore[attr-defined]


def test_an_edit_embeds_only_what_is_new() -> None:
    store, embedder = MemoryArticleStore(), CountingEmbedder()
    publisher = Publisher(store, embedder)
    for one in (document("a", "First.", "Second.", title="T"), document("a", "First.", "Changed.", title="T")):
        publisher.publish([(one, sections(one))])
    assert embedder.asked[1:] == [["T. Part 1. Changed."]]  # type: ignore[attr-defined]
    rows = {entry.text: entry.vectors for entry in store.entries(["a"], embedder.identity)}
    assert np.array_equal(rows["First."], HashingEmbedder(32).embed(["T. Part 0. First."]))


def test_nothing_of_a_batch_is_published_when_the_model_is_gone() -> None:
    store = MemoryArticleStore()
    batch = [document("a"), document("b")]
    with pytest.raises(EmbedderUnavailable):
        Publisher(store, CountingEmbedder(fails_at=1)).publish([(one, sections(one)) for one in batch])
    assert store.articles() == []
    assert store.head() == 0


def test_an_empty_batch_asks_nothing_of_the_model() -> None:
    embedder = CountingEmbedder()
    assert Publisher(MemoryArticleStore(), embedder).publish([]) == []
    assert embedder.asked == []  # type: ignore[attr-defined]


def test_documents_are_published_in_order() -> None:
    store = MemoryArticleStore()
    batch = [document(name) for name in ("c", "a", "b")]
    made = Publisher(store, HashingEmbedder(32)).publish([(one, sections(one)) for one in batch])
    assert [article.id for article in made] == ["c", "a", "b"]
    assert [line.article_id for line in store.publications(0)] == ["c", "a", "b"]
