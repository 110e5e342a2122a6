"""From a file of examples to the classifier in use: kept where it was learnt before, learnt where anything changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from assistant.agent.steps.understand_file import OUTSIDE, Examples
from assistant.agent.steps.understand_fit import Learnt, learn
from assistant.agent.steps.understand_model import FORM, Classifier

Embed = Callable[[Sequence[str]], np.ndarray]


def key_of(examples: Examples, identity: str) -> str:
    """Return what a kept classifier has to carry: its form, the embedding model and the examples."""
    return f"{FORM}\n{identity}\n{examples.key}"


def train(examples: Examples, embed: Embed) -> Learnt | None:
    """Learn from examples; None when no embedding model is available (``embed`` returns no rows).

    Raises:
        TooFewExamples: nothing can be learnt from these.
    """
    texts = [text for text, _ in examples.rows]
    vectors = embed(texts)
    return learn(texts, [intent for _, intent in examples.rows], vectors, OUTSIDE) if len(vectors) else None


def trained(examples: Examples, embed: Embed, path: Path | None = None, identity: str = "") -> Classifier | None:
    """Return the classifier of these examples: the kept one where ``path`` holds it, else a new one, which is kept there then."""
    key = key_of(examples, identity)
    kept = Classifier.kept(path, key) if path is not None else None
    if kept is not None:
        return kept
    learnt = train(examples, embed)
    if learnt is not None and path is not None:
        learnt.classifier.keep(path, key)
    return learnt.classifier if learnt is not None else None
