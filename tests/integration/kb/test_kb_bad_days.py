"""Indexes that are missing, broken or from another model: words are searched, the reason is said, and the next start mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.adapters.index_state import FileIndexState
from kb.bootstrap import KnowledgeBase
from kb.keeper import Health
from kb.model import Reader, Retrieval
from kb.ports import Scope
from kb.retrieve import Question

Open = Callable[..., KnowledgeBase]


def ask(base: KnowledgeBase, question: str = "my mailbox is full") -> Retrieval:
    return base.retriever.retrieve(Question(question), Scope(Reader()))


def serves_words_alone(base: KnowledgeBase, reason: str) -> None:
    """Check that lexical search answers, is not sure of itself, and that reason and advice are said."""
    found = ask(base)
    assert found.articles[0].id == "email-quota-full"
    assert found.confidence <= 0.75
    assert reason in found.degraded
    assert "lexical search serves alone" in found.degraded
    assert base.keeper.health()[1] == found.degraded


def serves_fully(base: KnowledgeBase) -> None:
    found = ask(base)
    assert (found.articles[0].id, found.degraded) == ("email-quota-full", "")
    assert found.ranked[0].dense > 0
    assert all(agreement.agrees for agreement in base.keeper.check())
    assert base.keeper.health() == (Health.READY, "")


def test_a_vector_folder_that_was_deleted_is_said_and_built_anew(own_home: Path, reopen: Open) -> None:
    shutil.rmtree(own_home / "index" / "chroma")
    base = reopen(own_home)
    serves_words_alone(base, "missing")
    assert "firstline ingest rebuild" in base.keeper.health()[1]
    base.keeper.catch_up()
    serves_fully(base)


def test_a_lexical_folder_that_was_deleted_is_built_anew(own_home: Path, reopen: Open) -> None:
    shutil.rmtree(own_home / "index" / "lexical")
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_fully(base)


def test_a_whole_index_folder_that_was_deleted_is_built_anew(own_home: Path, reopen: Open) -> None:
    shutil.rmtree(own_home / "index")
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_fully(base)


@pytest.mark.parametrize("content", [b"garbage" * 500, b""], ids=["garbage", "empty"])
def test_a_broken_lexical_folder_still_opens_and_is_built_anew(own_home: Path, reopen: Open, content: bytes) -> None:
    for path in (own_home / "index" / "lexical").iterdir():
        path.write_bytes(content)
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_fully(base)


def test_a_broken_chroma_folder_still_opens_and_says_what_is_wrong(own_home: Path, reopen: Open) -> None:
    for path in (own_home / "index" / "chroma").rglob("*"):
        if path.is_file():
            path.write_bytes(b"garbage" * 500)
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_words_alone(base, "the vector index cannot be opened")
    assert base.keeper.health()[0] is Health.UNAVAILABLE


def test_a_file_in_place_of_the_chroma_folder_still_opens(own_home: Path, reopen: Open) -> None:
    shutil.rmtree(own_home / "index" / "chroma")
    (own_home / "index" / "chroma").write_text("not a folder")
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_words_alone(base, "the vector index cannot be opened")


def test_chroma_files_lost_below_its_database_never_stop_an_answer(own_home: Path, reopen: Open) -> None:
    for folder in (own_home / "index" / "chroma").iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)
    base = reopen(own_home)
    base.keeper.catch_up()
    base.keeper.repair()
    assert ask(base).articles[0].id == "email-quota-full"


def test_an_unreachable_chroma_server_is_said(own_home: Path, reopen: Open) -> None:
    base = reopen(own_home, chroma_url="127.0.0.1:9")
    base.keeper.catch_up()
    serves_words_alone(base, "the vector index cannot be opened")


def test_a_model_that_is_not_prepared_is_said_and_publishing_refuses(own_home: Path, reopen: Open) -> None:
    (own_home / "models").unlink()
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_words_alone(base, "run `firstline prepare`")


def test_an_embedding_service_that_is_down_is_said_at_each_question(own_home: Path, reopen: Open) -> None:
    base = reopen(own_home, embedding_model="openai:text", embedding_base_url="http://127.0.0.1:9/v1", embedding_dimension=384)
    assert ask(base).articles[0].id == "email-quota-full"
    assert base.keeper.health()[0] is Health.OTHER_MODEL


def test_an_index_of_another_model_is_not_mixed_and_comes_back_with_its_model(own_home: Path, reopen: Open) -> None:
    other = reopen(own_home, embedding_model="openai:text", embedding_base_url="http://127.0.0.1:9/v1", embedding_dimension=384)
    other.keeper.catch_up()
    serves_words_alone(other, "all-MiniLM-L6-v2@53aa51172d14")
    assert "text@http://127.0.0.1:9/v1" in ask(other).degraded
    other.close()
    base = reopen(own_home)
    base.keeper.catch_up()
    serves_fully(base)


def test_a_database_from_a_backup_brings_its_indexes_back_to_its_time(own_home: Path, reopen: Open) -> None:
    kept = own_home.with_name("backup.db")
    shutil.copy2(own_home / "firstline.db", kept)
    base = reopen(own_home)
    base.keeper.catch_up()
    base.store.withdraw([article.id for article in base.store.articles()][:5])
    base.keeper.catch_up()
    base.close()
    for path in own_home.glob("firstline.db*"):
        path.unlink()
    shutil.copy2(kept, own_home / "firstline.db")
    restored = reopen(own_home)
    restored.keeper.catch_up()
    serves_fully(restored)


def test_an_article_withdrawn_while_nobody_follows_is_not_found(own_home: Path, reopen: Open) -> None:
    base = reopen(own_home)
    base.keeper.catch_up()
    base.store.withdraw(["email-quota-full"])
    assert "email-quota-full" not in {article.id for article in ask(base).articles}


def test_a_closed_knowledge_base_lets_another_own_its_indexes(own_home: Path, reopen: Open) -> None:
    base = reopen(own_home)
    assert base.keeper.own()
    state = FileIndexState(own_home / "index")
    assert not state.own()
    base.close()
    assert state.own()
    state.disown()
