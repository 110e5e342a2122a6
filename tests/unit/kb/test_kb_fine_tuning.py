"""Teaching an encoder ends when its time is up, with a rate that has fallen to nothing by then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.adapters import fine_tuning
from kb.adapters.embedders import OnnxEmbedder
from kb.adapters.onnx_export import MINILM
from tests.support.ticket_history import history

TEXTS = [row["short_description"] for row in history(4_000, 3)]
LABELS = np.arange(4_000, dtype=np.int32)[:, None] % 3


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let each look at the clock take a second; return the sizes of the steps that were gone."""
    gone, passed, vectors = list[int](), [0.0], fine_tuning._vectors

    def second() -> float:
        passed[0] += 1.0
        return passed[0]

    def counted(torch: Any, bert: Any, tokens: list[list[int]]) -> Any:
        gone.append(len(tokens))
        return vectors(torch, bert, tokens)

    monkeypatch.setattr(fine_tuning.time, "monotonic", second)
    monkeypatch.setattr(fine_tuning, "_vectors", counted)
    return gone


def test_time_that_is_up_ends_it_with_an_encoder_that_serves(steps: list[int], tmp_path: Path) -> None:
    said: list[str] = []
    made = fine_tuning.fine_tune(MINILM, TEXTS, LABELS, tmp_path, 12.0, said.append)
    assert 4 <= len(steps) <= 12
    assert said[-1].startswith("fine-tuning: ")
    assert OnnxEmbedder(tmp_path / made.name).embed(["printer"]).shape == (1, 384)


def test_without_any_time_it_is_the_model_that_it_began_as(steps: list[int], tmp_path: Path) -> None:
    made = fine_tuning.fine_tune(MINILM, TEXTS[:64], LABELS[:64], tmp_path, 0.5, lambda _: None)
    assert steps == []
    assert made.heads[0].shape == (385, 3)


def test_every_text_is_seen_in_each_pass_and_texts_of_a_step_are_about_equally_long() -> None:
    tokens = [[1] * (n % 100 + 2) for n in range(3_210)]
    gone = list(fine_tuning._steps(tokens, 2))
    assert sorted(row for step in gone for row in step) == sorted([*range(3_210)] * 2)
    spent = sum(len(step) * max(len(tokens[row]) for row in step) for step in gone)
    assert spent < 1.15 * 2 * sum(map(len, tokens))
