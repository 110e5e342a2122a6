"""The written graph computes what BERT is, checked against a plain numpy form of it with small random weights."""

from __future__ import annotations

from math import erf, sqrt
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from kb.adapters.onnx_bert import Bert, Floats, activations, write

WIDTH, INNER, LAYERS, HEADS, WORDS = 32, 64, 2, 4, 50
TEXTS = [[2, 7, 9, 3], [2, 3], [2, *range(4, 40), 3]]
gelu = np.vectorize(lambda x: 0.5 * x * (1 + erf(x / sqrt(2))))


@pytest.fixture(scope="module")
def bert() -> Bert:
    chance = np.random.default_rng(3)

    def floats(*shape: int) -> Floats:
        return np.asarray(chance.standard_normal(shape) * 0.3, dtype=np.float32)

    weights = {"embeddings.word_embeddings.weight": floats(WORDS, WIDTH), "embeddings.position_embeddings.weight": floats(64, WIDTH)}
    weights["embeddings.token_type_embeddings.weight"] = floats(2, WIDTH)
    norms = ["embeddings.LayerNorm"]
    dense = {}
    for number in range(LAYERS):
        at = f"encoder.layer.{number}"
        dense |= {f"{at}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        dense |= {f"{at}.attention.output.dense": (WIDTH, WIDTH), f"{at}.intermediate.dense": (INNER, WIDTH), f"{at}.output.dense": (WIDTH, INNER)}
        norms += [f"{at}.attention.output.LayerNorm", f"{at}.output.LayerNorm"]
    for name, shape in dense.items():
        weights |= {f"{name}.weight": floats(*shape), f"{name}.bias": floats(shape[0])}
    for name in norms:
        weights |= {f"{name}.weight": 1 + floats(WIDTH), f"{name}.bias": floats(WIDTH)}
    return Bert(weights, LAYERS, HEADS, 1e-12)


def plain(bert: Bert, ids: list[int]) -> Floats:
    """The definition, in numpy."""

    def norm(x: Floats, at: str) -> Floats:
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + bert.epsilon) * bert.weights[f"{at}.weight"] + bert.bias(at)

    def dense(x: Floats, at: str) -> Floats:
        return x @ bert.matrix(at) + bert.bias(at)

    names = ("word", "position", "token_type")
    words, positions, kinds = (bert.weights[f"embeddings.{name}_embeddings.weight"] for name in names)
    x = norm(words[ids] + positions[: len(ids)] + kinds[0], "embeddings.LayerNorm")
    for number in range(bert.layers):
        at = f"encoder.layer.{number}"
        parts = (dense(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value"))
        q, k, v = (part.reshape(len(ids), bert.heads, -1).transpose(1, 0, 2) for part in parts)
        scores = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(ids), -1)
        x = norm(dense(mixed, f"{at}.attention.output.dense") + x, f"{at}.attention.output.LayerNorm")
        x = norm(dense(gelu(dense(x, f"{at}.intermediate.dense")), f"{at}.output.dense") + x, f"{at}.output.LayerNorm")
    pooled = x.mean(axis=0)
    return np.asarray(pooled / np.linalg.norm(pooled))


def run(file: Path, ids: list[int]) -> Floats:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    row = np.array([ids], dtype=np.int64)
    return np.asarray(session.run(["embedding"], {"input_ids": row, "attention_mask": np.ones_like(row)})[0][0])


@pytest.mark.parametrize("ids", TEXTS, ids=len)
def test_the_float_graph_is_the_model(bert: Bert, tmp_path: Path, ids: list[int]) -> None:
    write(bert, tmp_path / "m.onnx")
    assert run(tmp_path / "m.onnx", ids) == pytest.approx(plain(bert, ids), abs=1e-4)


@pytest.mark.parametrize("ids", TEXTS, ids=len)
def test_the_eight_bit_graph_is_near_the_model_also_where_a_channel_has_outliers(bert: Bert, tmp_path: Path, ids: list[int]) -> None:
    outliers = dict(bert.weights)
    for number in range(LAYERS):
        name = f"encoder.layer.{number}.attention.output.LayerNorm.weight"
        outliers[name] = outliers[name] * np.where(np.arange(WIDTH) == 5, 20, 1).astype(np.float32)
    model = Bert(outliers, LAYERS, HEADS, 1e-12)
    write(model, tmp_path / "m.onnx")
    exact = run(tmp_path / "m.onnx", ids)
    write(model, tmp_path / "m8.onnx", activations(tmp_path / "m.onnx", TEXTS))
    assert float(run(tmp_path / "m8.onnx", ids) @ exact) > 0.998
    assert (tmp_path / "m8.onnx").stat().st_size < (tmp_path / "m.onnx").stat().st_size


def test_activations_name_the_four_products_of_each_layer(bert: Bert, tmp_path: Path) -> None:
    write(bert, tmp_path / "m.onnx")
    seen = activations(tmp_path / "m.onnx", TEXTS)
    assert sorted(seen) == sorted(f"{n}.{part}" for n in range(LAYERS) for part in ("attention", "mixed", "inner", "outer"))
    assert {len(seen["0.outer"]), len(seen["0.inner"])} == {INNER, WIDTH}
    assert all((size > 0).all() for size in seen.values())
