"""The weights of the ranking: what they add up, how the question moves them, how they are stored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kb.adapters.weights_file import WeightsFile
from kb.ranking import FEATURES, TRAITS, WORD_FEATURES, Weights, shipped, standardised, traits_of, word_columns


def weights(**features: float) -> Weights:
    row = np.array([features.get(name, 0.0) for name in FEATURES], dtype=np.float32)
    zeros = np.zeros(len(TRAITS), dtype=np.float32)
    return Weights(row, row * 0 + 0.01, zeros, zeros + 1, np.zeros((len(TRAITS), len(WORD_FEATURES)), dtype=np.float32))


def table(**columns: list[float]) -> np.ndarray:
    rows = len(next(iter(columns.values())))
    made = np.zeros((rows, len(FEATURES)), dtype=np.float32)
    for name, values in columns.items():
        made[:, FEATURES.index(name)] = values
    return made


def test_a_feature_counts_by_how_far_it_stands_from_the_others() -> None:
    scores = weights(passage=2.0).scores(table(passage=[0.1, 0.2, 0.3]), np.zeros(len(TRAITS)))
    assert scores == pytest.approx([-2.449, 0.0, 2.449], abs=0.01)


def test_a_feature_that_is_the_same_everywhere_decides_nothing() -> None:
    assert not standardised(table(passage=[0.4, 0.4]), weights().floor).any()


def test_a_difference_that_is_smaller_than_usual_counts_less() -> None:
    scores = weights(passage=1.0).scores(table(passage=[0.400, 0.401]), np.zeros(len(TRAITS)))
    assert scores[1] - scores[0] == pytest.approx(0.1, abs=0.01)


def test_a_question_with_codes_makes_words_count_more() -> None:
    made = weights(passage=1.0, passage_words=1.0)
    made.moves[TRAITS.index("codes"), WORD_FEATURES.index("passage_words")] = 1.0
    rows = table(passage=[0.9, 0.1], passage_words=[0.0, 5.0])
    codes = np.zeros(len(TRAITS), dtype=np.float32)
    codes[TRAITS.index("codes")] = 2.0
    plain = made.scores(rows, np.zeros(len(TRAITS)))
    assert plain[0] == pytest.approx(plain[1], abs=1e-5)
    assert np.argmax(made.scores(rows, codes)) == 1


def test_an_extreme_trait_moves_no_further_than_its_limit() -> None:
    made = weights(passage_words=1.0)
    made.moves[0, 0] = 1.0
    rows = table(passage_words=[1.0, 0.0])
    far, farther = np.zeros(len(TRAITS), dtype=np.float32), np.zeros(len(TRAITS), dtype=np.float32)
    far[0], farther[0] = 10.0, 1_000.0
    assert made.scores(rows, far) == pytest.approx(made.scores(rows, farther))


def test_an_error_code_and_a_product_name_are_codes_and_everyday_words_are_not() -> None:
    codes = TRAITS.index("codes")
    assert traits_of("AADSTS7000112", [], [])[codes] == 1.0
    assert traits_of("OneDrive 0x80070005", [], [])[codes] == 1.0
    assert traits_of("My screen is black and nothing helps", [], [])[codes] == 0.0


def test_a_passage_that_stands_out_by_its_words_shows_as_a_peak() -> None:
    peak = TRAITS.index("word_peak")
    assert traits_of("x", [20.0, 2.0, 2.0], [])[peak] == pytest.approx(0.9)
    assert traits_of("x", [2.0, 2.0, 2.0], [])[peak] == 0.0
    assert traits_of("", [], [])[peak] == 0.0


def test_weights_come_back_from_their_file_as_they_went_in(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = WeightsFile(tmp_path / "ranking.json")
    assert file.current() is None
    assert file.facts() == {}
    file.write({"week": "2026-11-16"}, shipped()[0])
    read = file.current()
    assert read is not None
    assert read.facts() == shipped()[0].facts()
    assert file.facts()["week"] == "2026-11-16"
    file.write({"week": "2026-11-23"}, None)
    assert file.current() is None
    assert file.facts()["week"] == "2026-11-23"


@pytest.mark.parametrize("text", ["", "[1]", '{"weights": {"features": {}}}', '{"weights": 3}', "{"])
def test_a_damaged_file_of_weights_leaves_the_shipped_ones(tmp_path, text: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "ranking.json"
    path.write_text(text)
    assert WeightsFile(path).current() is None


def test_the_shipped_constants_name_their_origin_and_cover_every_feature() -> None:
    from kb.ranking import SHIPPED

    facts = json.loads(SHIPPED.read_text())
    assert facts["fitted_on"]
    assert facts["cross_validated"]
    for kind in ("hybrid", "words"):
        assert set(facts[kind]["features"]) == set(FEATURES)
        assert set(facts[kind]["traits"]) == set(TRAITS)


def test_words_alone_are_ranked_without_any_weight_on_vectors() -> None:
    by_words = shipped()[1]
    rows = table(passage=[0.9, 0.1], title=[0.9, 0.1], background=[0.9, 0.1], passage_words=[1.0, 2.0])
    rows[:, :3] = 0.0  # what the retriever gives when there are no vectors
    assert np.argmax(by_words.scores(rows, by_words.centre)) == 1
    assert word_columns() == [FEATURES.index(name) for name in WORD_FEATURES]
