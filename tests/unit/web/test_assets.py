"""What browsers get of the widget's files: without comments, compressed where they take it, again only when it has changed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from assistant.entrypoints.web.assets import Assets

SCRIPT = """/**
 * What it is for.
 */
export const address = 'https://help.example.org'; // stays
  // goes
export const glob = '/* stays */';
/* goes */
export const text = `
a // stays`;
"""
SENT = """export const address = 'https://help.example.org'; // stays
export const glob = '/* stays */';
export const text = `
a // stays`;
"""


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    folder = tmp_path / "static"
    (folder / "words").mkdir(parents=True)
    (folder / "widget.js").write_text(SCRIPT)
    (folder / "words" / "de.js").write_text("export default {};\n")
    (tmp_path / "secret.key").write_text("not for you")
    return TestClient(Starlette(routes=[Mount("/widget", Assets(folder))]))


def test_comments_with_lines_of_their_own_are_left_out_and_nothing_else(client: TestClient) -> None:
    answer = client.get("/widget/widget.js", headers={"Accept-Encoding": "identity"})
    assert answer.text == SENT
    assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "application/javascript")
    assert "content-encoding" not in answer.headers


def test_a_browser_that_takes_it_compressed_gets_fewer_bytes(client: TestClient) -> None:
    with client.stream("GET", "/widget/widget.js", headers={"Accept-Encoding": "gzip, br"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(raw).decode() == SENT


def test_what_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    mark = client.get("/widget/words/de.js").headers["etag"]
    again = client.get("/widget/words/de.js", headers={"If-None-Match": mark})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/widget/words/de.js", headers={"If-None-Match": 'W/"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/widget/", "/widget", "/widget/words", "/widget/nothing.js", "/widget/../secret.key", "/widget/%2e%2e/secret.key"])
def test_no_other_path_leads_anywhere(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "not for you" not in answer.text


def test_a_file_is_only_read(client: TestClient) -> None:
    assert client.post("/widget/widget.js").status_code == 405
    head = client.head("/widget/widget.js")
    assert (head.status_code, head.content) == (200, b"")
