"""What every ``Embedder`` promises, and how each says that it cannot be used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from kb.adapters.embedders import FORM, MissingEmbedder, OnnxEmbedder, OpenAIEmbedder
from kb.adapters.memory import HashingEmbedder
from kb.adapters.onnx_export import MINILM
from kb.ports import Embedder, EmbedderUnavailable
from kb.settings import KnowledgeSettings

DIMENSION = 64
TEXTS = ["How do I reset my password?", "Wi-Fi", "", "Wie verbinde ich mein Telefon? 日本語 🙂", "printer " * 900]


def honest(texts: Sequence[str]) -> Any:
    """Answer as the published interface says, in vectors that are not of length 1."""
    rows = HashingEmbedder(DIMENSION).embed(texts) * 3
    made = [{"object": "embedding", "index": number, "embedding": [float(x) for x in row]} for number, row in enumerate(rows)]
    return {"object": "list", "model": "test", "data": made, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@dataclass
class Endpoint:
    """A server that speaks ``/v1/embeddings`` on a free port of this host."""

    answer: Callable[[Sequence[str]], Any] = honest
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""

    def embedder(self, dimension: int = DIMENSION) -> OpenAIEmbedder:
        """Return an embedder that uses this endpoint."""
        return OpenAIEmbedder("test", self.url, "a key", dimension)


@contextmanager
def serving(**options: Any) -> Iterator[Endpoint]:
    """Serve for the length of a test."""
    endpoint = Endpoint(**options)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.requests.append({"path": self.path, **asked})
            endpoint.keys.append(self.headers["Authorization"])
            answer = endpoint.answer(asked["input"])
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(endpoint.status)
            self.send_header("Content-Type", "text/html" if isinstance(answer, bytes) else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def exported(model_home: Path) -> Path:
    """Return the folder of the exported default model."""
    return KnowledgeSettings(home=model_home).model_folder


@pytest.fixture(scope="module", params=["hashing", "onnx", "openai"])
def embedder(request: pytest.FixtureRequest, model_home: Path) -> Iterator[Embedder]:
    """Each embedder, ready for use."""
    if request.param == "hashing":
        yield HashingEmbedder(DIMENSION)
    elif request.param == "onnx":
        yield OnnxEmbedder(exported(model_home))
    else:
        with serving() as endpoint:
            yield endpoint.embedder()


def test_every_text_gives_one_unit_vector_of_the_stated_length(embedder: Embedder) -> None:
    made = embedder.embed(TEXTS)
    assert made.shape == (len(TEXTS), embedder.dimension)
    assert made.dtype == np.float32
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)


def test_no_texts_give_no_vectors_of_the_stated_length(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimension)


def test_a_vector_does_not_depend_on_what_else_is_in_the_batch(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    for number, text in enumerate(TEXTS):
        assert embedder.embed([text])[0] == pytest.approx(together[number], abs=1e-5)


def test_vectors_come_in_the_order_of_their_texts(embedder: Embedder) -> None:
    texts = [f"question number {number} about {'printers ' * (number % 7)}" for number in range(70)]
    forward, backward = embedder.embed(texts), embedder.embed(texts[::-1])
    assert forward == pytest.approx(backward[::-1], abs=1e-5)
    assert len({row.tobytes() for row in np.round(forward, 4)}) > len(texts) / 2


def test_texts_that_share_words_are_nearer_than_those_that_do_not(embedder: Embedder) -> None:
    asked, near, far = embedder.embed(["reset my password", "how to reset a password", "holiday parking permits"])
    assert float(asked @ near) > float(asked @ far) + 0.2


def test_the_identity_is_a_word_that_stays_the_same(embedder: Embedder) -> None:
    assert embedder.identity == embedder.identity != ""
    assert "\n" not in embedder.identity


# the local model


def test_the_local_model_names_itself_with_the_digest_of_its_weights_and_its_precision(model_home: Path) -> None:
    assert OnnxEmbedder(exported(model_home)).identity == f"all-MiniLM-L6-v2@53aa51172d14+int8.{FORM}"


def test_the_local_model_reads_half_a_surrogate_pair_and_other_strange_texts(model_home: Path) -> None:
    made = OnnxEmbedder(exported(model_home)).embed(["\ud800 password", "\x00", "‮שלום"])
    assert np.linalg.norm(made, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_the_local_model_tells_meanings_apart_without_shared_words(model_home: Path) -> None:
    asked, near, far = OnnxEmbedder(exported(model_home)).embed(["my laptop will not go online", "no internet connection", "book a meeting room"])
    assert float(asked @ near) > float(asked @ far) + 0.2


@pytest.mark.parametrize("missing", ["identity.json", "model.onnx", "tokenizer.json"])
def test_an_incomplete_export_is_refused_at_once(model_home: Path, tmp_path: Path, missing: str) -> None:
    folder = tmp_path / MINILM
    shutil.copytree(exported(model_home), folder)
    (folder / missing).unlink()
    with pytest.raises(EmbedderUnavailable, match="firstline prepare"):
        OnnxEmbedder(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", "no json"])
def test_an_export_with_a_damaged_identity_is_refused_at_once(model_home: Path, tmp_path: Path, content: str) -> None:
    folder = tmp_path / MINILM
    shutil.copytree(exported(model_home), folder)
    (folder / "identity.json").write_text(content)
    with pytest.raises(EmbedderUnavailable, match="firstline prepare"):
        OnnxEmbedder(folder)


@pytest.mark.parametrize("damaged", ["model.onnx", "tokenizer.json"])
def test_a_damaged_model_is_unavailable_when_it_is_used(model_home: Path, tmp_path: Path, damaged: str) -> None:
    folder = tmp_path / MINILM
    shutil.copytree(exported(model_home), folder)
    (folder / damaged).write_bytes(b"garbage")
    with pytest.raises(EmbedderUnavailable, match="cannot be loaded"):
        OnnxEmbedder(folder).embed(["text"])


def test_a_missing_model_refuses_with_its_reason() -> None:
    with pytest.raises(EmbedderUnavailable, match="it was never exported"):
        MissingEmbedder("it was never exported").embed(["text"])


# an endpoint


def test_the_endpoint_is_asked_in_batches_with_model_and_key() -> None:
    with serving() as endpoint:
        made = endpoint.embedder().embed([f"text {number}" for number in range(600)])
    assert len(made) == 600
    assert [len(request["input"]) for request in endpoint.requests] == [256, 256, 88]
    assert {(request["path"], request["model"]) for request in endpoint.requests} == {("/v1/embeddings", "test")}
    assert set(endpoint.keys) == {"Bearer a key"}


def test_endpoints_of_different_addresses_have_different_identities() -> None:
    made = [OpenAIEmbedder("m", url, "", 8).identity for url in (None, "http://one.example/v1", "http://two.example/v1")]
    assert len(set(made)) == 3


def test_an_endpoint_that_refuses_is_unavailable() -> None:
    with serving(status=401, answer=lambda texts: {"error": {"message": "wrong key"}}) as endpoint, pytest.raises(EmbedderUnavailable):
        endpoint.embedder().embed(["text"])


def test_an_endpoint_that_is_not_there_is_unavailable() -> None:
    with serving() as endpoint:
        gone = endpoint.embedder()
    with pytest.raises(EmbedderUnavailable, match="does not answer"):
        gone.embed(["text"])


def test_an_endpoint_with_vectors_of_another_length_is_unavailable_and_says_which() -> None:
    with serving() as endpoint, pytest.raises(EmbedderUnavailable, match="length 64.*configured is length 128"):
        endpoint.embedder(128).embed(["text"])


def fewer(texts: Sequence[str]) -> Any:
    answer = honest(texts)
    return {**answer, "data": answer["data"][:-1]}


@pytest.mark.parametrize(
    "answer",
    [fewer, lambda texts: {**honest(texts), "data": []}, lambda texts: b"<html>Welcome</html>", lambda texts: {"choices": []}, lambda texts: []],
    ids=["fewer vectors", "no vectors", "a web page", "another interface", "a list"],
)
def test_an_endpoint_that_answers_nonsense_is_unavailable(answer: Callable[[Sequence[str]], Any]) -> None:
    with serving(answer=answer) as endpoint, pytest.raises(EmbedderUnavailable):
        endpoint.embedder().embed(["one", "two", "three"])
