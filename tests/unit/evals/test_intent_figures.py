"""The instrument for labelled messages: what it reads, and its figures against values worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals.beir import BadInput
from evals.intents.measure import Read, auroc, macro_f1, metrics, read_all
from evals.intents.rows import OUTSIDE, Row, read_rows

LABELS = frozenset(OUTSIDE)


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_of_no_intent_are_known_by_their_label(tmp_path: Path) -> None:
    text = '{"text": "a", "label": "x"}\n\n{"text": "b", "label": "oos"}\n{"text": "c", "label": "NO_NODES_DETECTED"}\n{"text": "d", "label": null}\n'
    path = written(tmp_path, "rows.jsonl", text)
    assert read_rows(path, LABELS) == [Row("a", "x"), Row("b", None), Row("c", None), Row("d", None)]
    assert {row.label for row in read_rows(path, LABELS, all_outside=True)} == {None}


def test_a_file_of_examples_is_read_as_the_product_reads_it(tmp_path: Path) -> None:
    path = written(
        tmp_path, "i.toml", 'greeting = ["hi"]\nout_of_scope = ["rain"]\n[own]\nexamples = ["x y"]\nperson = true\n[words]\nphone = ["h"]\n'
    )
    assert read_rows(path, LABELS) == [Row("hi", "greeting"), Row("rain", None), Row("x y", "own")]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no rows"), ("{", ":1:"), ('{"text": "a"}', "label"), ('{"text": 1, "label": "x"}', "have to be texts"), ('\n["a"]', ":2:")],
)
def test_malformed_rows_are_refused_with_their_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_rows(written(tmp_path, "rows.jsonl", text), LABELS)


def test_a_test_label_without_examples_is_refused() -> None:
    with pytest.raises(BadInput, match="no example of z"):
        read_all([Row("a", "x")], [Row("b", "z")], lambda texts: np.zeros((len(texts), 4)), lambda _: None)


def test_the_area_counts_ties_half() -> None:
    assert auroc(np.array([0.9, 0.8]), np.array([0.1])) == 1.0
    assert auroc(np.array([0.5, 0.2]), np.array([0.5, 0.1])) == pytest.approx((0.5 + 1 + 0 + 1) / 4)


def test_macro_f1_is_the_mean_over_intents_and_not_over_rows() -> None:
    pairs = np.array([(0, 0), (0, 0), (0, 0), (1, 0)])
    assert macro_f1(pairs, 2) == pytest.approx((6 / 7 + 0) / 2)


def test_the_figures_are_those_of_the_rows() -> None:
    rows = [Read("a", "a", 1.0, 0.9), Read("a", "b", 1.0, 0.4), Read("b", "b", 1.0, 0.8), Read(None, "a", 0.3, 0.1), Read(None, "b", 0.9, 0.85)]
    found = {name: metric.value for name, metric in metrics(rows).items()}
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found["ece"] == pytest.approx(1 / 3)
    assert found["auroc_oos"] == pytest.approx((2 + 1 + 1) / 6)
    assert found["recall_oos"] == 0.5
    assert found["kept_in_scope"] == pytest.approx(2 / 3)
    assert found["recall_in_scope"] == pytest.approx(2 / 3)


def test_without_rows_of_one_side_its_figures_are_left_out() -> None:
    assert set(metrics([Read("a", "a", 1.0, 0.9)])) == {"accuracy", "macro_f1", "ece", "kept_in_scope", "recall_in_scope"}
    assert set(metrics([Read(None, "a", 1.0, 0.9)])) == {"recall_oos"}
