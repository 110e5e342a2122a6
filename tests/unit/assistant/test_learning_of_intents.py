"""The classifier: what it learns, what it notices that no example stands for, and that it is the same when it was kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assistant.agent.steps.understand_file import Examples
from assistant.agent.steps.understand_fit import TooFewExamples, learn, shrunk
from assistant.agent.steps.understand_model import FAMILIAR, Classifier, softmax
from assistant.agent.steps.understand_train import trained
from assistant.agent.steps.understand_words import LETTERS, WORDS, Lexicon, words_of

WIDTH, EACH = 16, 12
THINGS = {"print": "printer", "mail": "mailbox", "vpn": "tunnel", "sound": "headset", "screen": "monitor"}


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def made(seed: int = 1) -> tuple[list[str], list[str], np.ndarray]:
    """Five intents around five directions, and words to match."""
    drawn = np.random.default_rng(seed)
    texts = [f"my {thing} is broken number {place}" for thing in THINGS.values() for place in range(EACH)]
    labels = [name for name in THINGS for _ in range(EACH)]
    vectors = np.repeat(np.eye(len(THINGS), WIDTH), EACH, axis=0) + drawn.normal(0, 0.15, (len(texts), WIDTH))
    return texts, labels, unit(vectors)


def test_held_out_examples_are_read_rightly_and_what_no_example_covers_is_less_familiar() -> None:
    texts, labels, vectors = made()
    learnt = learn(texts, labels, vectors)
    known = [one for one in learnt.held_out if one.known]
    strange = [one for one in learnt.held_out if not one.known]
    assert sum(one.read_as == one.label for one in known) >= 0.95 * len(known)
    assert len(known) and len(strange)
    assert np.mean([one.familiar for one in known]) > np.mean([one.familiar for one in strange]) + 0.4
    odd = np.zeros(WIDTH, dtype=np.float32)
    odd[-1] = 1
    assert learnt.classifier.read("who won the cup", odd).familiar < FAMILIAR < learnt.classifier.read(texts[0], vectors[0]).familiar


def test_no_example_is_measured_by_a_classifier_that_saw_it() -> None:
    texts, labels, vectors = made()
    jumbled = list(np.random.default_rng(0).permutation(labels))
    known = [one for one in learn(texts, jumbled, np.eye(WIDTH, dtype=np.float32)[np.zeros(len(texts), dtype=int)]).held_out if one.known]
    assert sum(one.read_as == one.label for one in known) < 0.5 * len(known)


def test_what_is_not_meant_is_told_from_what_is() -> None:
    texts, labels, vectors = made()
    classifier = learn(texts, labels, vectors, frozenset({"sound", "screen"})).classifier
    assert set(classifier.labels[classifier.outside].tolist()) == {"sound", "screen"}
    place = labels.index("sound")
    outside, inside = classifier.read(texts[place], vectors[place]), classifier.read(texts[0], vectors[0])
    assert outside.outside > 0.5 > inside.outside
    assert outside.label not in ("sound", "screen")
    assert outside.familiar < inside.familiar


def test_learning_twice_comes_to_the_same_and_so_does_what_was_kept(tmp_path: Path) -> None:
    texts, labels, vectors = made()
    first, second = learn(texts, labels, vectors).classifier, learn(texts, labels, vectors).classifier
    first.keep(tmp_path / "index" / "u.npz", "key")
    kept = Classifier.kept(tmp_path / "index" / "u.npz", "key")
    assert kept is not None
    for one in (second, kept):
        assert one.read(texts[3], vectors[3]) == first.read(texts[3], vectors[3])
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["u.npz"]


def test_what_was_kept_of_other_examples_or_was_cut_off_is_not_used(tmp_path: Path) -> None:
    texts, labels, vectors = made()
    path = tmp_path / "u.npz"
    learn(texts, labels, vectors).classifier.keep(path, "key")
    assert Classifier.kept(path, "another key") is None
    path.write_bytes(path.read_bytes()[:2_000])
    assert Classifier.kept(path, "key") is None
    assert Classifier.kept(tmp_path / "none.npz", "key") is None


def test_examples_are_learnt_once_and_again_when_they_or_the_embedding_model_change(tmp_path: Path) -> None:
    texts, labels, vectors = made()
    asked: list[int] = []

    def embed(wanted: object) -> np.ndarray:
        asked.append(1)
        return vectors

    rows = tuple(zip(texts, labels, strict=True))
    path = tmp_path / "u.npz"
    for examples, identity, times in ((rows, "a", 1), (rows, "a", 1), (rows, "b", 2), ((("changed", labels[0]), *rows[1:]), "b", 3)):
        assert trained(Examples(examples), embed, path, identity) is not None
        assert len(asked) == times


def test_without_an_embedding_model_nothing_is_learnt_and_nothing_is_kept(tmp_path: Path) -> None:
    texts, labels, _ = made()
    assert trained(Examples(tuple(zip(texts, labels, strict=True))), lambda _: np.zeros((0, 1)), tmp_path / "u.npz", "none") is None
    assert not (tmp_path / "u.npz").exists()


@pytest.mark.parametrize("labels", [["a"] * 6, ["a", "b", "c", "d", "e", "f"], ["a", "a", "a", "a", "a", "b"]])
def test_too_few_examples_are_refused(labels: list[str]) -> None:
    with pytest.raises(TooFewExamples):
        learn([f"text {place}" for place in range(6)], labels, unit(np.random.default_rng(1).normal(size=(6, WIDTH))))


def test_two_intents_with_two_examples_each_are_enough() -> None:
    vectors = unit(np.eye(4, WIDTH) + 0.01)
    classifier = learn(["print page", "print sheet", "send mail", "read mail"], ["p", "p", "m", "m"], vectors).classifier
    assert classifier.read("print a page", vectors[0]).label == "p"
    assert classifier.read("send a mail", vectors[2]).label == "m"


def test_grams_have_the_lengths_that_they_are_given_and_unknown_ones_are_left_out() -> None:
    lexicon = Lexicon.of(["reset my password", "the printer jams"])
    places, values = lexicon.row("reset my password")
    words = lexicon.buckets[places] < 1 << 15
    assert np.linalg.norm(values[words]) == pytest.approx(WORDS, abs=1e-5)
    assert np.linalg.norm(values[~words]) == pytest.approx(LETTERS, abs=1e-5)
    assert len(lexicon.row("zzz qqq")[0]) == 0
    assert len(lexicon.row("")[0]) == 0


def test_a_misspelt_word_shares_runs_of_letters_with_the_right_one() -> None:
    lexicon = Lexicon.of(["password", "printer"])
    places, _ = lexicon.row("pasword")
    right, other = set(lexicon.row("password")[0]), set(lexicon.row("printer")[0])
    assert len(set(places) & right) >= 5
    assert not set(places) & other


def test_words_are_folded() -> None:
    assert words_of("Ｄon’t  STRASSE-test_1") == ["don't", "strasse", "test", "1"]


def test_the_shrunk_covariance_can_be_inverted_and_is_the_plain_one_with_many_rows() -> None:
    drawn = np.random.default_rng(3)
    few = drawn.normal(size=(4, 10))
    assert np.linalg.cond(shrunk(few - few.mean(axis=0))) < 1e6
    spread = np.diag([4.0, 1.0, 0.25])
    many = drawn.multivariate_normal(np.zeros(3), spread, size=20_000)
    assert np.allclose(shrunk(many), spread, atol=0.1)


def test_probabilities_add_up_however_large_the_scores() -> None:
    assert softmax(np.array([1e4, 1e4, -1e4])).tolist() == pytest.approx([0.5, 0.5, 0.0])
