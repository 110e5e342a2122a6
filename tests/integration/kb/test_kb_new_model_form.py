"""A home whose vectors come from an earlier form of the model: nothing is mixed, and the next synchronisation embeds anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ingest.report import LineReport
from ingest.sync import sync
from ingest.upkeep import rebuild
from kb.adapters.embedders import FORM, OnnxEmbedder
from kb.bootstrap import KnowledgeBase, prepare_model
from kb.keeper import Health
from kb.model import Reader
from kb.ports import Scope
from kb.retrieve import Question
from kb.settings import KnowledgeSettings

OLD = "all-MiniLM-L6-v2@53aa51172d14"
Open = Callable[..., KnowledgeBase]


def settings(home: Path) -> KnowledgeSettings:
    return KnowledgeSettings(home=home, _env_file=None)  # type: ignore[call-arg]


def make_old(folder: Path) -> None:
    """Make an export look like one of the form before: no number of a form, and the identity of then."""
    facts = json.loads((folder / "identity.json").read_text())
    del facts["form"]
    (folder / "identity.json").write_text(json.dumps({**facts, "identity": OLD}))


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, text in {"vpn": "Open the client and connect.", "printer": "Load paper into tray two.", "mail": "Archive old messages."}.items():
        (folder / f"{name}.md").write_text(f"# {name}\n\n{text}\n")
    return folder


@pytest.fixture
def old_home(fresh_home: Callable[[str], Path], articles: Path, reopen: Open) -> Path:
    """A home that was filled with the form before and has since been prepared for the present one."""
    home = fresh_home("old")
    folder = settings(home).model_folder
    present = shutil.copytree(folder, home / "present")
    make_old(folder)
    base = reopen(home)
    sync(articles, base, settings(home), LineReport(lambda _line: None))
    assert base.embedder.identity == OLD
    assert base.keeper.health() == (Health.READY, "")
    base.close()
    shutil.rmtree(folder)
    present.rename(folder)
    return home


def dense_of(base: KnowledgeBase) -> float:
    return base.retriever.retrieve(Question("connect the client"), Scope(Reader())).ranked[0].dense


def test_words_serve_alone_until_everything_is_embedded_anew(old_home: Path, reopen: Open) -> None:
    base = reopen(old_home)
    base.keeper.catch_up()
    state, why = base.keeper.health()
    assert state is Health.OTHER_MODEL
    assert OLD in why
    found = base.retriever.retrieve(Question("connect the client"), Scope(Reader()))
    assert (found.ranked[0].passage.article.id, found.ranked[0].dense) == ("vpn", 0.0)


def test_the_next_synchronisation_embeds_what_did_not_change(old_home: Path, articles: Path, reopen: Open) -> None:
    base = reopen(old_home)
    assert base.publisher.outdated() == {"vpn", "printer", "mail"}
    run = sync(articles, base, settings(old_home), LineReport(lambda _line: None))
    assert (run.unchanged, run.changed, run.added) == (3, 0, 0)
    assert base.keeper.health() == (Health.READY, "")
    assert base.publisher.outdated() == set()
    assert dense_of(base) > 0.3
    assert all(agreement.agrees for agreement in base.keeper.check())


def test_a_rebuild_does_so_too(old_home: Path, reopen: Open) -> None:
    base = reopen(old_home)
    assert rebuild(base, settings(old_home), lambda _text: None) == 3
    assert base.keeper.health() == (Health.READY, "")
    assert dense_of(base) > 0.3


def test_preparing_notices_the_form_before_and_leaves_the_present_one_alone(
    fresh_home: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb.adapters import onnx_export

    made: list[Path] = []
    monkeypatch.setattr(onnx_export, "export", lambda _model, folder: made.append(folder))
    home = settings(fresh_home("prepared"))
    prepare_model(home, lambda _line: None)
    assert made == []
    make_old(home.model_folder)
    said: list[str] = []
    prepare_model(home, said.append)
    assert made == [home.model_folder]
    assert "exporting" in said[0]


def test_a_process_that_is_open_refuses_a_model_that_was_exchanged_under_it(fresh_home: Callable[[str], Path]) -> None:
    from kb.ports import EmbedderUnavailable

    folder = settings(fresh_home("open")).model_folder
    opened = OnnxEmbedder(folder)
    assert opened.form == FORM
    make_old(folder)
    with pytest.raises(EmbedderUnavailable):
        opened.embed(["text"])


def test_the_eight_bit_vectors_are_the_same_to_the_last_bit_in_any_company(model_home: Path) -> None:
    texts = ["How do I reset my password?", "Wi-Fi", "", "printer " * 900, "Wie verbinde ich mein Telefon? 日本語 🙂", "vpn " * 40]
    alone = np.stack([OnnxEmbedder(settings(model_home).model_folder).embed([text])[0] for text in texts])
    for threads in (1, 2, 5):
        embedder = OnnxEmbedder(settings(model_home).model_folder, threads)
        assert embedder.embed(texts).tobytes() == alone.tobytes()
        assert embedder.embed(texts[::-1] + texts)[: len(texts)][::-1].tobytes() == alone.tobytes()
