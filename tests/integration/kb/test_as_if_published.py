"""Retrieval as if an article were published finds exactly what it finds once the article is."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb.adapters.store.engine import writing
from kb.adapters.store.revising import SqlArticleWriter
from kb.bootstrap import KnowledgeBase, open_knowledge
from kb.drafts import BUILT_IN
from kb.model import Audience, Document, Platform, Reader, Signed
from kb.overlay import Pretended
from kb.ports import Scope
from kb.publish import live_document
from kb.retrieve import Question
from kb.settings import KnowledgeSettings
from kb.split import split
from tests.support.service import copy_demo

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
QUESTIONS = (
    "the badge printer jams with a torn card",
    "how do I connect to the VPN from home",
    "my mailbox is full",
    "card thickness 0.76 mm",
    "printer",
)
SCOPES = (Scope(Reader()), Scope(Reader(frozenset({"it-desk", "finance"})), Platform.WINDOWS), Scope(Reader(), Platform.MACOS))


@pytest.fixture
def base(model_home: Path, tmp_path: Path) -> KnowledgeBase:
    opened = open_knowledge(KnowledgeSettings(home=copy_demo(tmp_path / "home", model_home)), lambda: NOW)
    assert opened.keeper.own()
    opened.keeper.catch_up()
    yield opened
    opened.close()


def found(base: KnowledgeBase, retriever: object) -> list[tuple[list[tuple[str, float, float, float]], float]]:
    made = []
    for question in QUESTIONS:
        for scope in SCOPES:
            one = retriever.retrieve(Question(question), scope)  # type: ignore[attr-defined]
            rows = [(e.passage.id, round(e.dense, 4), round(e.lexical, 4), round(e.fused, 4)) for e in one.ranked[:12]]
            made.append((rows, round(one.confidence, 4)))
    return made


def documents(base: KnowledgeBase) -> dict[str, Document]:
    text = "## Steps\n\n1. Open the side flap and remove the torn card.\n2. Set the card thickness to 0.76 mm.\n\n## Still jams\n\nCall the vendor."
    new = Document("badge", BUILT_IN, "", "The badge printer jams", text, "print-team", Audience.of(["it-desk"]), frozenset({Platform.WINDOWS}))
    head = next(one for one in base.store.articles() if "VPN" in one.title)
    live = live_document(base.store, head)
    return {
        "new": new,
        "changed": Document(head.id, head.source, head.path, head.title, f"{live.text}\n\nThe badge printer needs it too.", head.owner),
    }


@pytest.mark.parametrize("which", ["new", "changed"])
def test_what_would_be_found_is_what_is_found_then_and_nothing_live_is_touched(base: KnowledgeBase, which: str) -> None:
    document = documents(base)[which]
    prepared = base.publisher.prepare(document, split(document.text))
    live = base.store.article(document.article_id)
    before, ids = found(base, base.retriever), base.store.passage_ids()
    with base.as_if(Pretended(prepared, live.revision + 1 if live else 1, NOW)) as pretending:
        expected = found(base, pretending)
    assert expected != before
    assert found(base, base.retriever) == before and base.store.passage_ids() == ids
    assert all(one.agrees for one in base.keeper.check())
    with writing(base.engine) as connection:
        SqlArticleWriter(connection).publish(prepared, Signed(), NOW)
    base.keeper.catch_up()
    assert found(base, base.retriever) == expected


def test_a_damaged_live_index_is_made_anew_from_the_tables_for_the_try_alone(base: KnowledgeBase, tmp_path: Path) -> None:
    document = documents(base)["new"]
    pretended = Pretended(base.publisher.prepare(document, split(document.text)), 1, NOW)
    with base.as_if(pretended) as pretending:
        expected = found(base, pretending)
    shutil.rmtree(tmp_path / "home" / "index" / "lexical-articles")
    with base.as_if(pretended) as pretending:
        assert found(base, pretending) == expected
