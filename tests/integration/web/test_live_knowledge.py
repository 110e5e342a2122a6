"""Commands beside a running service: questions go through it, and what is taken in or withdrawn counts at once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from ingest.report import LineReport
from ingest.sync import sync as synchronise
from kb.bootstrap import open_knowledge
from kb.settings import KnowledgeSettings
from tests.support.chat import Chat
from tests.support.service import Service, firstline

GUIDE = """---
id: plotter-kestrel
title: Load paper into the Kestrel plotter
owner: facilities@lindqvist.example
audience: [{audience}]
platforms: []
review_by: 2027-06-30
tags: [plotter]
---
The Kestrel plotter in Leeds prints drawings up to A0.

## Load a roll

1. Open the amber drawer of the Kestrel plotter.
2. Push the roll onto the spindle until it clicks.
3. Close the drawer and select {word} on the panel.
"""
QUESTION = "How do I load a paper roll into the Kestrel plotter?"


def sync(web: Service, folder: Path) -> None:
    """Synchronise a folder beside the running service, as the command does in its own process."""
    settings = KnowledgeSettings(home=web.home)
    opened = open_knowledge(settings)
    try:
        assert not synchronise(folder, opened, settings, LineReport(lambda _: None)).failures
    finally:
        opened.close()


def cited(chat: Chat) -> tuple[list[str], str]:
    """Ask on a new conversation; return the cited articles and the quotes."""
    chat.drop()
    chat.conversation, chat.last_event = None, 0
    chat.connect()
    reply = chat.ask(QUESTION)
    return [citation["article"] for citation in reply["citations"]], " ".join(citation["quote"] for citation in reply["citations"])


def visible_within(seconds: float, since: float, condition: Callable[[], bool]) -> bool:
    """Say whether something becomes so within some seconds of a moment."""
    while not condition():
        if time.monotonic() - since > seconds:
            return False
        time.sleep(0.1)
    return True


def test_an_article_is_answered_from_changed_closed_and_withdrawn_while_the_service_runs(web: Service, tmp_path: Path) -> None:
    article = tmp_path / "articles" / "plotter.md"
    article.parent.mkdir()
    with Chat(web, "mikael.oberg") as chat, web.client("mikael.oberg") as mikael:
        assert "plotter-kestrel" not in cited(chat)[0]
        article.write_text(GUIDE.format(audience="everyone", word="READY"))
        done = firstline(web.home, "ingest", "sync", str(article.parent))
        assert done.returncode == 0, done.stderr
        assert visible_within(2, time.monotonic(), lambda: "plotter-kestrel" in cited(chat)[0])

        article.write_text(GUIDE.format(audience="everyone", word="FEED"))
        sync(web, article.parent)
        articles, quotes = cited(chat)
        assert "plotter-kestrel" in articles
        assert "FEED" in quotes
        assert "READY" not in quotes, "the next question already has the new revision"
        assert "READY" in mikael.get("/v1/articles/plotter-kestrel?revision=1").json()["text"]

        article.write_text(GUIDE.format(audience="finance", word="FEED"))
        sync(web, article.parent)
        assert "plotter-kestrel" not in cited(chat)[0], "it was closed to everybody outside finance"
        assert mikael.get("/v1/articles/plotter-kestrel").status_code == 404
        assert mikael.get("/v1/articles/plotter-kestrel?revision=1").status_code == 404, "its past is closed too"

        article.unlink()
        sync(web, article.parent)
        with web.client("fiona.baxter") as finance:
            reply = finance.post("/v1/conversations", json={"text": QUESTION}).json()
            assert "plotter-kestrel" not in [citation["article"] for citation in reply["citations"]], "it is withdrawn for everybody"
            assert finance.get("/v1/articles/plotter-kestrel").status_code == 404


def test_a_question_on_the_command_line_goes_through_the_running_service(web: Service) -> None:
    with web.client("helena.ahlgren") as helena:
        conversation = helena.post("/v1/conversations", json={"text": "hello"}).json()["conversation"]
        with Chat(web, "helena.ahlgren", conversation) as chat:
            assert [chat.frame()["id"], chat.frame()["id"]] == [1, 2]
            done = firstline(web.home, "ask", "How do I change my password?", "--as", "helena.ahlgren", "--conversation", conversation, "--json")
            assert done.returncode == 0, done.stderr
            reply = json.loads(done.stdout)
            pushed = [chat.frame()["event"], chat.frame()["event"]]
    assert reply["kind"] == "answer"
    assert pushed[0]["text"] == "How do I change my password?"
    assert pushed[1]["reply"] == reply, "the open socket saw it happen"
