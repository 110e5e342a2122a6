"""Questions are grouped by what they ask for, where nobody knows how many kinds there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from kb.clusters import clusters, fused, in_order, placed
from kb.ward import ward_tree
from tests.support.kb_properties import WORDS, examples

SIZE = 64


def topics(count: int, each: int, spread: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors around so many directions, shuffled, and the direction of each."""
    drawn = np.random.default_rng(seed)
    centres = drawn.normal(size=(count, SIZE))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    truth = drawn.permutation(np.repeat(np.arange(count), each))
    rows = centres[truth] + spread / np.sqrt(SIZE) * drawn.normal(size=(len(truth), SIZE))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), truth


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Say whether two labellings are the same grouping."""
    return np.array_equal(in_order(np.asarray(one)), in_order(np.asarray(other)))


@pytest.mark.parametrize(("count", "each"), [(2, 10), (6, 5), (12, 20), (40, 8)])
def test_topics_are_found_without_being_told_how_many(count: int, each: int) -> None:
    vectors, truth = topics(count, each, 0.6)
    assert same(clusters(vectors, [""] * len(vectors)), truth)


@pytest.mark.parametrize("size", [2, 5, 15, 30, 200])
def test_ways_to_ask_the_same_are_one_group(size: int) -> None:
    vectors, _ = topics(1, size, 0.8)
    assert set(clusters(vectors, [""] * size)) == {0}


@pytest.mark.parametrize("size", [2, 5, 30, 60])
def test_questions_that_have_nothing_in_common_are_groups_of_their_own(size: int) -> None:
    vectors = np.eye(SIZE, dtype=np.float32)[:size]
    assert clusters(vectors, [f"word{i}" for i in range(size)]).tolist() == list(range(size))


def test_a_large_topic_leaves_lone_questions_alone() -> None:
    vectors, _ = topics(1, 40, 0.6)
    others, _ = topics(20, 1, 0.0, seed=2)
    found = clusters(np.vstack([vectors, others]), [""] * 60)
    assert len(set(found[:40])) == 1
    assert sorted(np.bincount(found))[-2:][0] <= 2


@pytest.mark.parametrize("size", [2, 3, 5, 8, 20])
def test_one_stranger_is_not_drawn_into_the_only_topic(size: int) -> None:
    vectors, _ = topics(1, size, 0.5)
    stranger, _ = topics(1, 1, 0.0, seed=7)
    found = clusters(np.vstack([vectors, stranger]), [""] * (size + 1))
    assert found.tolist() == [0] * size + [1]


def test_words_part_what_meaning_leaves_together() -> None:
    drawn = np.random.default_rng(3)
    vectors, _ = topics(1, 40, 1.1, seed=3)
    texts = [f"outlook calendar {drawn.integers(99)}" if i % 2 else f"zoom microphone {drawn.integers(99)}" for i in range(40)]
    alike = fused(vectors, texts) @ fused(vectors, texts).T
    own = np.arange(40) % 2
    assert alike[own[:, None] == own].mean() > alike[own[:, None] != own].mean() + 0.1


def test_without_any_vector_words_alone_make_the_groups() -> None:
    texts = [f"bank token battery {word}" for word in "abcdefgh"] + [f"visitor parking permit {word}" for word in "ijklmnop"]
    found = clusters(np.zeros((16, 0), dtype=np.float32), texts)
    assert same(found, np.repeat([0, 1], 8))


def test_equal_questions_share_a_group_and_the_result_is_the_same_each_time() -> None:
    vectors, _ = topics(9, 7, 0.9)
    doubled, texts = np.vstack([vectors, vectors]), [""] * 126
    found = clusters(doubled, texts)
    assert np.array_equal(found[:63], found[63:])
    assert np.array_equal(found, clusters(doubled, texts))


@examples(40)
@given(st.lists(WORDS, max_size=25), st.integers(0, 9), st.booleans())
def test_any_questions_are_grouped_each_into_one_group(texts: list[str], seed: int, known: bool) -> None:
    rows = np.random.default_rng(seed).normal(size=(len(texts), 8)).astype(np.float32)
    vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True) if known else np.zeros_like(rows)
    found = clusters(vectors.astype(np.float32), texts)
    assert found.shape == (len(texts),)
    assert sorted(set(found.tolist())) == list(range(len(set(found.tolist()))))
    assert np.array_equal(found, in_order(found))


@pytest.mark.parametrize("seed", range(5))
def test_the_tree_is_wards(seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(120, 6)).astype(np.float32)
    tree, known = ward_tree(points), linkage(points.astype(np.float64), "ward")
    for k in (1, 2, 7, 30, 119, 120):
        assert same(tree.cut(k), fcluster(known, k, "maxclust")), k
    assert np.allclose(np.sort(np.sqrt(2 * tree.cost)), known[:, 2], rtol=1e-3)


def test_a_tree_of_equal_points_is_a_tree_all_the_same() -> None:
    tree = ward_tree(np.ones((50, 3), dtype=np.float32))
    assert [len(set(tree.cut(k).tolist())) for k in (1, 3, 50)] == [1, 3, 50]
    assert len(ward_tree(np.ones((1, 3), dtype=np.float32)).joined) == 0


def test_being_placed_is_the_silhouette_with_an_imaginary_member() -> None:
    rows, labels = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]], np.array([0, 0, 1, 2])
    alone, pair = (1 - 0.45) / 1, (1 - 0.45 / 2) / 1
    assert placed(rows, labels, np.arange(4)) == pytest.approx((2 * pair + 2 * alone) / 4)
