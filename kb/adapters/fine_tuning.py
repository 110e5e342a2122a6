"""Teaches the local sentence encoder an organisation's labels, and writes what came of it in the form that serves without torch.

All weights of the encoder and one linear head for each field of labels are fitted together by cross-entropy (AdamW; the rate rises over the first
steps and then falls to nothing). How far along it is counts by steps or by time, whichever is further, so that a slow machine ends in time too, with
a rate that has fallen all the same.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.adapters.onnx_export import as_bert, source_of, weights_digest, write_bert
from kb.ports import EmbedderUnavailable, FineTuned

TOKENS = 128
"""Of a text, while learning and while serving; a ticket says what it is about at its beginning."""
ROWS = 32
"""Of a step."""
RATE = 1e-4
WARM_UP = 0.06
DECAY = 0.01
DROPPED = 0.1
SHARPNESS = 16.0
"""The length of the vectors that the heads see; those that are served have the length one."""
PASSES = (3, 8)
ENOUGH_ROWS = 15_000
"""Rows to see in all; a small history is gone through more often."""
TOGETHER = 50
"""Steps whose rows are sorted by length, so that little is spent on padding."""
CALIBRATION_TEXTS = 200
NAMED_EVERY = 0.1
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Pace:
    """How far along the learning is."""

    steps: int
    seconds: float
    began: float

    def at(self, step: int) -> float:
        return max(step / self.steps, (time.monotonic() - self.began) / self.seconds)


def fine_tune(model: str, texts: Sequence[str], labels: NDArray[np.int32], folder: Path, seconds: float, note: Callable[[str], None]) -> FineTuned:
    """Teach a sentence-transformers model what texts are labelled as, and write its export to ``folder/<name>``.

    ``labels`` (n, fields) are places of labels from 0, -1 where a text has none of a field. Ends after ``seconds`` at the latest, not counting what
    it takes to load and to write. The same rows on the same machine give the same encoder, unless time ran out.

    Raises:
        EmbedderUnavailable: the model is missing, or no BERT encoder with mean pooling.
    """
    source = source_of(model)
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    import torch
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(source), device="cpu", local_files_only=True)
    if as_bert(encoder) is None:
        raise EmbedderUnavailable(f"{source.name} is no BERT encoder with mean pooling, and no other can be fine-tuned")
    encoder.max_seq_length, said = TOKENS, [text.encode("utf-8", "replace").decode() for text in texts]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        kinds = [max(int(column.max(initial=0)) + 1, 1) for column in labels.T]
        heads = [torch.nn.Linear(encoder.get_embedding_dimension(), many) for many in kinds]
        _learn(torch, encoder, heads, _tokens(source, said), labels, seconds, note)
    encoder.eval()
    name = _named(encoder, source)
    drawn = [said[place] for place in np.random.default_rng(0).permutation(len(said))[:CALIBRATION_TEXTS]]
    write_bert(encoder, source, name, folder / name, drawn, or_exact=True)
    return FineTuned(name, tuple(_as_served(head) for head in heads))


def _tokens(source: Path, texts: Sequence[str]) -> list[list[int]]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.no_padding()
    return [one.ids for one in tokenizer.encode_batch(list(texts))]


def _learn(torch: Any, encoder: Any, heads: list[Any], tokens: list[list[int]], labels: NDArray[np.int32], seconds: float, note: Any) -> None:
    bert, exact = encoder[0].auto_model.train(), _exactness(torch)
    named = [*bert.named_parameters(), *(pair for head in heads for pair in head.named_parameters())]
    plain = [one for name, one in named if "bias" in name or "LayerNorm" in name]
    decayed = [one for name, one in named if "bias" not in name and "LayerNorm" not in name]
    rule = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}], lr=RATE, fused=True)
    passes = min(max(math.ceil(ENOUGH_ROWS / len(tokens)), PASSES[0]), PASSES[1])
    pace = _Pace(passes * math.ceil(len(tokens) / ROWS), seconds, time.monotonic())
    right, said = torch.from_numpy(labels.astype(np.int64)), 0.0
    for step, rows in enumerate(_steps(tokens, passes)):
        along = pace.at(step)
        if along >= 1.0:
            break
        for group in rule.param_groups:
            group["lr"] = RATE * min(along / WARM_UP, (1.0 - along) / (1.0 - WARM_UP))
        with torch.autocast("cpu", exact, enabled=exact is not torch.float32):
            vectors = _vectors(torch, bert, [tokens[row] for row in rows])
        vectors = torch.nn.functional.dropout(vectors.float() * SHARPNESS, DROPPED)
        asked = [n for n in range(len(heads)) if (labels[rows, n] >= 0).any()]
        loss = sum(torch.nn.functional.cross_entropy(heads[n](vectors), right[rows, n], ignore_index=-1) for n in asked)
        rule.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([one for _, one in named], 1.0)
        rule.step()
        if along - said >= NAMED_EVERY:
            said = along
            left = (time.monotonic() - pace.began) * (1 - along) / along
            note(f"fine-tuning: {100 * along:.0f} %, about {math.ceil(left / 60)} minutes more")


def _steps(tokens: list[list[int]], passes: int) -> Iterator[list[int]]:
    """Give the rows of each step, those of one step about equally long."""
    drawn = np.random.default_rng(0)
    for _ in range(passes):
        order = drawn.permutation(len(tokens))
        for start in range(0, len(order), ROWS * TOGETHER):
            near = sorted(order[start : start + ROWS * TOGETHER].tolist(), key=lambda row: len(tokens[row]))
            steps = [near[at : at + ROWS] for at in range(0, len(near), ROWS)]
            for place in drawn.permutation(len(steps)).tolist():
                yield steps[place]


def _vectors(torch: Any, bert: Any, tokens: list[list[int]]) -> Any:
    longest = max(map(len, tokens))
    ids, mask = torch.zeros(len(tokens), longest, dtype=torch.long), torch.zeros(len(tokens), longest, dtype=torch.long)
    for place, one in enumerate(tokens):
        ids[place, : len(one)], mask[place, : len(one)] = torch.tensor(one), 1
    states = bert(input_ids=ids, attention_mask=mask).last_hidden_state
    kept = mask[..., None].to(states.dtype)
    return torch.nn.functional.normalize((states * kept).sum(1) / kept.sum(1), dim=-1)


def _exactness(torch: Any) -> Any:
    """Return the numbers to multiply in: those of 16 bits where the processor is faster with them."""

    def taken(kind: Any) -> float:
        left, right = torch.ones(512, 384, dtype=kind), torch.ones(384, 1536, dtype=kind)
        left @ right
        began = time.perf_counter()
        for _ in range(10):
            left @ right
        return time.perf_counter() - began

    return torch.bfloat16 if taken(torch.bfloat16) < 0.8 * taken(torch.float32) else torch.float32


def _as_served(head: Any) -> Floats:
    """Return a head over vectors of the length one, the bias as the last row, (d + 1, k)."""
    weights, bias = head.weight.detach().numpy(), head.bias.detach().numpy()
    return np.vstack([SHARPNESS * weights.T, bias]).astype(np.float32)


def _named(encoder: Any, source: Path) -> str:
    """Return a name that only these weights have."""
    from hashlib import sha256

    digest = sha256(weights_digest(source).encode())
    for _, value in sorted(encoder[0].auto_model.state_dict().items()):
        digest.update(np.ascontiguousarray(value.detach().float().numpy()).tobytes())
    return f"encoder-{digest.hexdigest()[:12]}"
