"""What every ``Encoders`` promises: the one that teaches the shipped model, and the one of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.adapters.encoders import KeptEncoders
from assistant.adapters.memory.encoders import MemoryEncoders
from assistant.ports.encoders import Encoders
from kb.adapters.onnx_export import MINILM
from kb.ports import EmbedderUnavailable, FineTuned
from tests.support.ticket_history import SAID, history

QUEUES = sorted({group for _, group in SAID})
PLACES = ["Lab", "Office"]
TEACHING, ASKED = history(160, 1, 0.0), history(80, 2, 0.0)
SECONDS, A_MOMENT = 120.0, 1.0


@pytest.fixture(scope="module", params=["shipped model", "counted words"])
def encoders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encoders]:
    yield KeptEncoders(tmp_path_factory.mktemp("encoders"), MINILM) if request.param == "shipped model" else MemoryEncoders()


@pytest.fixture(scope="module")
def taught(encoders: Encoders) -> FineTuned:
    """Taught two fields, of which every third text has only the first."""
    labels = [(QUEUES.index(row["assignment_group"]), PLACES.index(row["location"]) if n % 3 else -1) for n, row in enumerate(TEACHING)]
    return encoders.fine_tune([row["short_description"] for row in TEACHING], np.array(labels, dtype=np.int32), SECONDS, lambda _: None)


def read(encoders: Encoders, made: FineTuned, texts: list[str], field: int = 0) -> np.ndarray:
    return np.asarray((encoders.embed(made.name, texts) @ made.heads[field][:-1] + made.heads[field][-1]).argmax(axis=1))


def test_texts_like_those_it_was_taught_with_are_read_rightly(encoders: Encoders, taught: FineTuned) -> None:
    found = read(encoders, taught, [row["short_description"] for row in ASKED])
    assert (found == np.array([QUEUES.index(row["assignment_group"]) for row in ASKED])).mean() > 0.9


def test_each_field_has_a_head_as_wide_as_it_has_labels(encoders: Encoders, taught: FineTuned) -> None:
    width = encoders.embed(taught.name, ["printer"]).shape[1]
    assert [head.shape for head in taught.heads] == [(width + 1, len(QUEUES)), (width + 1, len(PLACES))]


def test_vectors_have_the_length_one_whatever_the_text(encoders: Encoders, taught: FineTuned) -> None:
    vectors = encoders.embed(taught.name, ["", "漢字 🙂", "half \ud83d of a pair", "printer " * 2_000])
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)


def test_a_text_means_the_same_alone_and_among_others(encoders: Encoders, taught: FineTuned) -> None:
    texts = [row["short_description"] for row in ASKED[:5]]
    together = encoders.embed(taught.name, texts)
    assert np.array_equal(together, np.vstack([encoders.embed(taught.name, [text]) for text in texts]))


def test_teaching_again_makes_another_and_leaves_the_first(encoders: Encoders, taught: FineTuned) -> None:
    before = encoders.embed(taught.name, ["toner is empty"])
    texts = [row["short_description"] for row in TEACHING[:32]]
    other = encoders.fine_tune(texts, np.array([[n % 2] for n in range(32)], dtype=np.int32), A_MOMENT, lambda _: None)
    assert other.name != taught.name
    assert np.array_equal(encoders.embed(taught.name, ["toner is empty"]), before)


@pytest.mark.parametrize("name", ["", "nobody", "../encoders", "/etc"])
def test_what_was_never_taught_is_refused(encoders: Encoders, name: str) -> None:
    with pytest.raises(EmbedderUnavailable):
        encoders.embed(name, ["printer"])


class TestOfTheShippedModel:
    """What holds only where something is kept."""

    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("kept")

    def test_one_that_was_kept_reads_alike_after_a_restart_and_a_damaged_one_is_refused(self, folder: Path) -> None:
        encoders = KeptEncoders(folder, MINILM)
        texts = [row["short_description"] for row in history(64, 4)]
        made = encoders.fine_tune(texts, np.arange(64, dtype=np.int32)[:, None] % 2, A_MOMENT, lambda _: None)
        assert np.array_equal(encoders.embed(made.name, texts), KeptEncoders(folder, MINILM).embed(made.name, texts))
        (folder / made.name / "model.onnx").write_bytes(b"broken")
        with pytest.raises(EmbedderUnavailable):
            KeptEncoders(folder, MINILM).embed(made.name, texts)

    @pytest.mark.parametrize("model", ["/nowhere", __file__])
    def test_a_model_that_is_not_there_is_named(self, folder: Path, model: str) -> None:
        teach: Callable[..., FineTuned] = KeptEncoders(folder, model).fine_tune
        with pytest.raises(EmbedderUnavailable, match="there is no sentence-transformers model"):
            teach(["a", "b"], np.array([[0], [1]], dtype=np.int32), SECONDS, lambda _: None)
