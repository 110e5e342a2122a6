"""``firstline articles``: what authors do in the console, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kb.drafts import Content
from tests.support.service import copy_demo, firstline
from tests.support.world import opened_world

LONG_TEXT = "## Steps\n\n1. Open the side flap and remove the torn card."


@pytest.fixture
def home(model_home: Path, tmp_path: Path) -> Path:
    return copy_demo(tmp_path / "home", model_home)


def in_review(home: Path) -> str:
    """Leave a draft in review, and return its id."""
    with opened_world(home) as world:
        elin, authoring = world.assistant.directory.person("elin.berg"), world.assistant.authoring
        assert elin is not None
        review_by = authoring.today().replace(year=authoring.today().year + 1)
        draft = authoring.begin(elin, content=Content("Badge printer", LONG_TEXT, "print-team", review_by=review_by))
        return authoring.submit(elin, draft.id, draft.version).id


def test_a_draft_is_tried_published_listed_and_taken_back(home: Path) -> None:
    draft = in_review(home)
    assert draft in firstline(home, "articles", "drafts").stdout
    tried = firstline(home, "articles", "try", draft, "--as", "elin.berg", "--json")
    assert json.loads(tried.stdout)["draft"] == draft, tried.stderr
    own = firstline(home, "articles", "publish", draft, "--as", "elin.berg")
    assert (own.returncode, "second person" in own.stderr) == (1, True)
    assert "badge-printer is live as revision 1" in firstline(home, "articles", "publish", draft, "--as", "laura.keane").stdout
    rows = json.loads(firstline(home, "articles", "list", "--json").stdout)
    assert [row["source"] for row in rows if row["id"] == "badge-printer"] == ["firstline"]
    history = firstline(home, "articles", "history", "badge-printer", "--as", "elin.berg").stdout
    assert "by elin.berg, reviewed by laura.keane" in history
    same = firstline(home, "articles", "restore", "badge-printer", "1", "--as", "elin.berg", "--why", "wrong")
    assert (same.returncode, "says what is live now" in same.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("publish", "d_none", "--as", "elin.berg"), 2, "there is no draft d_none"),
        (("publish", "d_none", "--as", "maria.santos"), 2, "does not write the knowledge base"),
        (("publish", "d_none", "--as", "nobody.here"), 2, "nobody is called nobody.here"),
        (("publish", "d_none"), 2, "say who does it"),
        (("draft", "g_none", "--as", "elin.berg"), 2, "there is no gap g_none"),
        (("history", "nothing", "--as", "elin.berg"), 2, "there is no article nothing"),
        (("restore", "nothing", "1", "--as", "elin.berg", "--why", "x"), 2, "there is no revision 1"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(home: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = firstline(home, "articles", *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
