"""An index that is missing, or made with another model: said on /healthz, repaired where possible, and answers go on meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.entrypoints.web.site import Site
from kb.adapters.chroma import ROWS_FILE
from tests.support.service import Address, LocalService, served_here

QUESTION = {"text": "How do I install and connect the VPN on Windows?"}


def health(service: Address) -> dict[str, Any]:
    with service.client() as client:
        facts: dict[str, Any] = client.get("/healthz").json()
        return facts


def wait_for(service: Address, name: str, value: object) -> dict[str, Any]:
    """Wait until ``/healthz`` says so."""
    end = time.monotonic() + 20
    while (facts := health(service))[name] != value:
        assert time.monotonic() < end, facts
        time.sleep(0.05)
    return facts


def cited(service: Address) -> list[str]:
    """Ask the question and return the articles that the answer cites, or else those that it offers as topics."""
    with service.client("maria.santos") as maria:
        reply = maria.post("/v1/conversations", json=QUESTION).json()
    assert reply["kind"] in ("answer", "clarification"), reply
    return [citation["article"] for citation in reply["citations"]] or [choice["label"] for choice in reply["choices"]]


def agrees(service: LocalService) -> bool:
    return all(found.agrees for found in service.assistant.knowledge_base.keeper.check())


def test_a_removed_index_is_built_again_while_lexical_search_serves(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    shutil.rmtree(home / "index")
    held = threading.Event()

    def hold(site: Site) -> Site:
        follow = site.upkeep.follow

        def follow_later() -> None:
            if held.wait(20):
                follow()

        return replace(site, upkeep=replace(site.upkeep, follow=follow_later))

    with served_here(home, hold, messages_per_minute=1000) as service:
        try:
            facts = health(service)
            assert (facts["status"], facts["vector_search"], facts["caught_up"]) == ("degraded", "missing", False)
            assert "lexical search serves" in facts["detail"]
            found = cited(service)
            assert "vpn-install-windows" in found or any("VPN" in label for label in found)
        finally:
            held.set()
        facts = wait_for(service, "caught_up", True)
        assert (facts["status"], facts["vector_search"], facts["detail"]) == ("ready", "ready", "")
        assert "vpn-install-windows" in cited(service)
        assert agrees(service)


def test_an_index_of_another_model_is_said_to_be_one_and_not_searched(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    index_of_another_model(home)
    vectors_of_another_model(home)
    with served_here(home, messages_per_minute=1000) as service:
        facts = wait_for(service, "caught_up", True)
        assert (facts["status"], facts["vector_search"]) == ("degraded", "other model")
        assert "firstline ingest rebuild" in facts["detail"]
        assert "lexical search serves" in facts["detail"]
        found = cited(service)
        assert "vpn-install-windows" in found or any("VPN" in label for label in found)
        with service.client("maria.santos") as maria:
            unknown = maria.post("/v1/conversations", json={"text": "How do I fold a paper crane?"}).json()
        assert unknown["citations"] == [], "without vectors the assistant is not surer than with them"


def index_of_another_model(home: Path) -> None:
    """Make the vector index look as another embedding model would have left it."""
    import chromadb
    from chromadb.config import Settings

    client = chromadb.PersistentClient(path=str(home / "index" / "chroma"), settings=Settings(anonymized_telemetry=False))
    for collection in client.list_collections():
        collection.modify(metadata=dict(collection.metadata or {}) | {"model": "another-model"})
    chromadb.api.shared_system_client.SharedSystemClient.clear_system_cache()
    (home / "index" / "chroma" / ROWS_FILE).unlink()


def vectors_of_another_model(home: Path) -> None:
    """Make the tables look so too."""
    with closing(sqlite3.connect(home / "firstline.db")) as database, database:
        database.execute("UPDATE vectors SET model = 'another-model'")
        database.execute("UPDATE articles SET model = 'another-model'")


def test_an_index_of_another_model_is_built_anew_when_the_tables_have_the_right_vectors(demo_home: Callable[[str], Path]) -> None:
    home = demo_home("home")
    index_of_another_model(home)
    with served_here(home, messages_per_minute=1000) as service:
        facts = wait_for(service, "caught_up", True)
        assert (facts["status"], facts["vector_search"]) == ("ready", "ready")
        assert agrees(service)
        assert "vpn-install-windows" in cited(service)


def test_a_missing_model_is_named_and_lexical_search_serves(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home"), embedding_model="no-such-model", messages_per_minute=1000) as service:
        facts = wait_for(service, "caught_up", True)
        assert (facts["status"], facts["vector_search"]) == ("degraded", "unavailable")
        assert "no-such-model" in facts["detail"]
        found = cited(service)
        assert "vpn-install-windows" in found or any("VPN" in label for label in found)


def test_a_database_that_is_gone_is_failing_with_status_503(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home")) as service:
        with closing(sqlite3.connect(service.home / "firstline.db")) as database, database:
            database.execute("ALTER TABLE articles RENAME TO misplaced")
        with service.client() as client:
            answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"
