"""The guide's example for Express, run by node with the packages that it names."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from assistant.entrypoints.tokens import TokenRefused, Tokens

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "guide" / "tokens" / "express_token.mjs"
PACKAGES = os.environ.get("FIRSTLINE_TEST_EXPRESS", "")
KEY, NAME = "k" * 40, "2026-11"
APPLICATION = """
import express from "express";
import session from "express-session";
import { helpdesk } from "./express_token.mjs";
const app = express();
app.use(session({ secret: "for tests only", resave: false, saveUninitialized: false }));
app.post("/sign-in/:person", (request, response) => { request.session.userId = request.params.person; response.sendStatus(204); });
app.use(helpdesk);
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""
pytestmark = [pytest.mark.real, pytest.mark.skipif(not PACKAGES or shutil.which("node") is None, reason="FIRSTLINE_TEST_EXPRESS names no packages")]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("express")
    (folder / "node_modules").symlink_to(Path(PACKAGES) / "node_modules")
    shutil.copy(EXAMPLE, folder)
    (folder / "application.mjs").write_text(APPLICATION)
    environment = {"PATH": os.environ["PATH"], "HELPDESK_KEY": KEY, "HELPDESK_KEY_NAME": NAME}
    process = subprocess.Popen(["node", "application.mjs"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the application did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


def test_its_token_is_accepted_as_the_person_who_is_signed_in(url: str) -> None:
    with httpx.Client(base_url=url, headers={"Origin": url}, trust_env=False) as page:
        assert page.post("/helpdesk-token").status_code == 403
        page.post("/sign-in/maria.santos")
        answer = page.post("/helpdesk-token").json()
    person, until = Tokens(b"another", 15, {NAME: KEY.encode(), "older": b"o" * 40}).person_of(answer["token"])
    assert person == "maria.santos"
    assert abs(until.timestamp() - answer["expires_at"]) <= 2
    with pytest.raises(TokenRefused):
        Tokens(b"another", 15, {NAME: b"o" * 40}).person_of(answer["token"])


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_page_of_another_site_gets_none(url: str, origin: str) -> None:
    with httpx.Client(base_url=url, headers={"Origin": origin} if origin else {}, trust_env=False) as page:
        page.post("/sign-in/maria.santos")
        assert page.post("/helpdesk-token").status_code == 403
        assert page.get("/helpdesk-token").status_code == 404
