"""The features from which confidence is computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kb.evidence
from kb.evidence import FEATURES, Signals, blend, confidence, features, words
from kb.model import Evidence
from tests.support.kb_properties import WORDS, examples
from tests.support.kb_samples import passage

COSINES = st.floats(-1, 1)


def found(article: str, dense: float, text: str = "some text", title: str = "A title") -> Evidence:
    return Evidence(passage(text, title, article_id=article), dense, 0.0, dense)


def named(question: str, ranked: Sequence[Evidence], title: float = 0.5, lexical_first: str = "") -> dict[str, float]:
    made = features(Signals(question, ranked, title, [item.dense for item in ranked], lexical_first))
    return dict(zip(FEATURES, made, strict=True))


def test_small_words_do_not_count_and_endings_do_not_matter() -> None:
    assert words("How do I print the passwords?") == words("printing password") == ["print", "password"]


def test_a_compound_is_found_in_both_spellings() -> None:
    assert "wifi" in words("Wi-Fi")
    assert set(words("e-mail")) >= set(words("email"))


@pytest.mark.parametrize("question", ["can't", "can’t", "CANT"])
def test_an_apostrophe_does_not_make_a_new_word(question: str) -> None:
    assert words(question) == words("cant")


def test_a_short_word_keeps_its_ending() -> None:
    assert words("VPNs bus") == ["vpn", "bus"]


def test_an_empty_ranking_has_no_features_and_no_confidence() -> None:
    nothing = Signals("anything", (), 0.0, (), "")
    assert features(nothing) == [0.0] * len(FEATURES)
    assert confidence(nothing) == 0.0


def test_similarity_blends_the_passage_and_its_title() -> None:
    assert named("x", [found("a", 0.8)], title=0.4)["similarity"] == pytest.approx(blend(0.8, 0.4)) == pytest.approx((0.8 + 0.12) / 1.3)


def test_the_gap_is_between_the_scores_of_the_first_two_articles_and_a_lone_one_has_none() -> None:
    ranked = [found("a", 0.8), found("b", 0.5)]
    cosines = [item.dense for item in ranked]
    two = Signals("x", ranked, 0.5, cosines, "", scores=(1.5, 0.2, -0.4))
    assert features(two)[FEATURES.index("gap")] == pytest.approx(1.3)
    assert features(Signals("x", ranked, 0.5, cosines, "", scores=(1.5,)))[FEATURES.index("gap")] == 0.0


def test_words_count_by_the_length_of_the_question() -> None:
    ranked = [found("a", 0.8)]
    short = features(Signals("printer", ranked, 0.5, [0.8], "", words=6.0, title_words=3.0))
    long = features(Signals("printer toner paper", ranked, 0.5, [0.8], "", words=6.0, title_words=3.0))
    assert short[FEATURES.index("words")] == 2 * long[FEATURES.index("words")] == 3.0
    assert short[FEATURES.index("title_words")] == 2 * long[FEATURES.index("title_words")] == 1.5


def test_no_reason_to_trust_an_answer_counts_against_it() -> None:
    facts = json.loads(Path(kb.evidence.__file__).with_name("evidence.json").read_text())
    assert set(facts["coefficients"]) == set(FEATURES)
    assert all(slope >= 0 for name, slope in facts["coefficients"].items() if name != "length")


def test_the_lift_is_over_the_twenty_nearest() -> None:
    ranked = [found("a", 0.9), *(found(f"b{number}", 0.5) for number in range(19)), *(found(f"c{number}", -1.0) for number in range(30))]
    assert named("x", ranked)["lift"] == pytest.approx(0.9 - (0.9 + 19 * 0.5) / 20)


def test_coverage_is_the_share_of_the_questions_words_in_the_passage() -> None:
    ranked = [found("a", 0.9, "Install the client and restart.", "Harbour"), found("b", 0.8, "printer toner")]
    assert named("install harbour on a printer", ranked)["coverage"] == pytest.approx(2 / 3)
    assert named("how do I", ranked)["coverage"] == 0.0


def test_agreement_says_whether_words_and_meaning_lead_to_one_article() -> None:
    assert named("x", [found("a", 0.9)], lexical_first="a")["agreement"] == 1.0
    assert named("x", [found("a", 0.9)], lexical_first="b")["agreement"] == 0.0


def test_length_counts_each_word_of_the_question_once() -> None:
    assert named("printer printer toner", [found("a", 0.9)])["length"] == pytest.approx(log(3))


@examples(200)
@given(question=WORDS, cosines=st.lists(COSINES, min_size=1, max_size=30), title=COSINES)
def test_confidence_is_a_probability_for_any_ranking(question: str, cosines: list[float], title: float) -> None:
    ranked = [found(f"a{number % 5}", cosine) for number, cosine in enumerate(cosines)]
    assert 0.0 <= confidence(Signals(question, ranked, title, cosines, "a0")) <= 1.0


def test_a_strong_match_is_surer_than_a_weak_one() -> None:
    strong = [found("a", 0.75, "Install the VPN client on a Mac.", "Install the VPN"), found("b", 0.3)]
    weak = [found("a", 0.2, "Parking permits for visitors.", "Parking"), found("b", 0.19)]
    sure, unsure = (
        confidence(Signals("how to install the vpn on a mac", ranked, title, [i.dense for i in ranked], first))
        for ranked, title, first in ((strong, 0.7, "a"), (weak, 0.1, "b"))
    )
    assert sure > 0.6 > 0.3 > unsure
