"""What speed at size is measured on: the same text for the same seed, audiences as stated, malformed input refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from evals.cli import app
from evals.scale.engines import Text, measure
from evals.scale.filling import ProjectionEmbedder
from evals.scale.texts import GROUPS, QUESTION_WORDS, READER_GROUPS, admitted_share, generated, real
from kb.adapters.memory import HashingEmbedder
from kb.model import Document
from kb.settings import KnowledgeSettings

READER = frozenset(GROUPS[:READER_GROUPS])


@pytest.fixture(scope="module")
def tokenizer(model_home: Path) -> Path:
    return KnowledgeSettings(home=model_home).model_folder / "tokenizer.json"


def test_the_same_seed_gives_the_same_collection_and_another_one_another(tokenizer: Path) -> None:
    assert generated(tokenizer, 300, 5, 7) == generated(tokenizer, 300, 5, 7)
    assert generated(tokenizer, 300, 5, 7).questions != generated(tokenizer, 300, 5, 8).questions


def test_a_reader_may_see_about_half_of_it(tokenizer: Path) -> None:
    drawn = generated(tokenizer, 3_000, 6, 1)
    assert 3_000 <= drawn.passages < 3_020
    assert 0.45 < admitted_share(drawn, READER) < 0.7
    assert admitted_share(drawn, frozenset()) < 0.4
    assert [len(question.split()) for question in drawn.questions[:3]] == list(QUESTION_WORDS)


def test_few_real_articles_are_used_again_under_other_ids() -> None:
    documents = [Document(f"a{n}", "s", "", f"Title {n}", f"Some text about number {n}.") for n in range(3)]
    drawn = real(documents, 8, 4, 1)
    assert drawn.passages == 8
    assert len({document.article_id for document, _ in drawn.articles}) == 8
    assert all(question in " ".join(d.text for d in documents) for question in drawn.questions)


def test_synthetic_vectors_are_unit_vectors_that_share_a_direction_with_shared_words() -> None:
    one, near, far = ProjectionEmbedder(HashingEmbedder(64), 1).embed(["reset the password", "reset a password", "order toner"])
    assert float(one @ one) == pytest.approx(1, abs=1e-5)
    assert float(one @ near) > float(one @ far) + 0.2


def test_every_engine_finds_the_passage_with_the_rare_word() -> None:
    texts = [Text(f"d{n}#0", f"d{n}", f"common words and rare{n}") for n in range(50)]
    found = {name: measured.found for name, measured in measure(texts, ["common rare7", "rare30 words"])}
    assert {"tantivy", "fts5"} <= set(found)
    assert all([keys[0] for keys in lists] == ["d7#0", "d30#0"] for lists in found.values())


@pytest.mark.parametrize("content", ["no json", "[1]", "{}\n"])
def test_malformed_articles_end_the_command_with_status_2(tmp_path: Path, model_home: Path, content: str) -> None:
    file = tmp_path / "articles.jsonl"
    file.write_text(content)
    done = CliRunner().invoke(app, ["scale", "--articles", str(file), "--model-home", str(model_home), "--passages", "100"])
    assert done.exit_code == 2
    assert "malformed input" in done.output


def test_a_judged_collection_is_given_whole_or_not_at_all(tmp_path: Path, model_home: Path) -> None:
    done = CliRunner().invoke(
        app, ["lexical-engines", "--passages", "100", "--queries", "10", "--judged-corpus", str(tmp_path / "x"), "--model-home", str(model_home)]
    )
    assert done.exit_code == 2
    assert "together" in done.output
