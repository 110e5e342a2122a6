"""The figures of groups are what they are called, and input that is none is refused with a line that says where."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from evals.beir import BadInput
from evals.cli import app
from evals.clusters.agreement import ari, contingency, matched, nmi
from evals.clusters.measure import Item, measure, read_items, sampled

LINE = json.dumps({"text": "How do I renew my token?", "label": "token"})


def table(truth: list[int], found: list[int]) -> np.ndarray:
    return contingency(np.array(truth), np.array(found))


def test_the_same_grouping_under_other_names_agrees_wholly() -> None:
    same = table([0, 0, 1, 1, 2], [7, 7, 3, 3, 1])
    assert (nmi(same), ari(same), matched(same)) == pytest.approx((1, 1, 1))


def test_figures_are_those_that_are_published_for_these_groups() -> None:
    """The example of scikit-learn's documentation of both indices."""
    some = table([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2])
    assert ari(some) == pytest.approx(0.24242424)
    assert nmi(some) == pytest.approx(0.51580374)
    assert matched(some) == pytest.approx(4 / 6)


def test_one_group_of_everything_says_nothing() -> None:
    lump = table([0, 0, 1, 1], [0, 0, 0, 0])
    assert (nmi(lump), ari(lump), matched(lump)) == pytest.approx((0, 0, 0.5))


def test_files_are_read_packed_and_plain(tmp_path: Path) -> None:
    text = "\n".join([LINE] * 12) + "\n\n"
    plain, packed = tmp_path / "items.jsonl", tmp_path / "items.jsonl.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_items(plain) == read_items(packed) == [Item("How do I renew my token?", "token")] * 12


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "at least 10"),
        (b"no json\n" * 12, ":1:"),
        ((LINE + "\n").encode() * 11 + b'{"text": 3, "label": "x"}', ":12:"),
        ((LINE + "\n").encode() * 11 + b'{"text": " ", "label": "x"}', "not empty"),
        (b"\xff\xfe\x00", "utf-8"),
        (gzip.compress(b"x", mtime=0)[:9], "items.jsonl"),
    ],
)
def test_what_is_no_list_of_questions_is_refused_with_its_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says):
        read_items(path)
    done = CliRunner().invoke(app, ["clusters", "--items", str(path)])
    assert done.exit_code == 2


def test_a_sample_keeps_the_share_of_every_label() -> None:
    items = [Item(f"{label} {n}", label) for label, size in (("a", 60), ("b", 30), ("c", 1)) for n in range(size)]
    some = sampled(items, 30)
    assert {label: sum(one.label == label for one in some) for label in "abc"} == {"a": 20, "b": 10, "c": 1}
    assert some == sampled(items, 30)
    assert sampled(items, 500) == items


def test_a_measurement_finds_clear_topics_and_sees_that_gaps_keep_their_questions() -> None:
    drawn = np.random.default_rng(4)
    labels = drawn.permutation(np.repeat(np.arange(6), 15))
    rows = np.eye(16)[labels] + 0.05 * drawn.normal(size=(90, 16))
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    found = measure([Item(f"question {n}", f"topic {label}") for n, label in enumerate(labels)], vectors, lambda _: None)
    assert (found["groups_found"].value, found["groups_true"].value) == (6, 6)
    assert found["nmi"].value == pytest.approx(1)
    assert (found["kept"].value, found["joined"].value, found["joined_right"].value) == (1, 1, 1)
    assert found["stability"].value == pytest.approx(1)
