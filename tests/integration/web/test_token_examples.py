"""The guide's examples of back ends that sign tokens: each is the file that stands there, and the service accepts what it makes."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask, session

from assistant.entrypoints.tokens import TokenRefused, Tokens
from tests.support.service import served_here

GUIDE = Path(__file__).parents[3] / "docs" / "guide"
EXAMPLES = sorted((GUIDE / "tokens").iterdir())
KEY, NAME = "k" * 40, "2026-11"
TOKENS = Tokens(b"another", 15, {"newer": b"n" * 40, NAME: KEY.encode()})


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, GUIDE / "tokens" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.is_file()], ids=lambda path: path.name)
def test_the_guide_shows_each_example_as_it_is_tested(path: Path) -> None:
    shown = re.findall(r"```(?:python|js)\n(.*?)```", (GUIDE / "widget.md").read_text(), re.DOTALL)
    assert path.read_text() in shown


def test_the_plain_example_makes_a_token_that_the_service_accepts(demo_home: Callable[[str], Path]) -> None:
    made = loaded("plain_token").helpdesk_token("maria.santos", NAME, KEY)
    person, until = TOKENS.person_of(made["token"])
    assert (person, int(until.timestamp())) == ("maria.santos", made["expires_at"])
    with served_here(demo_home("home"), token_secrets={"newer": "n" * 40, NAME: KEY}) as here, here.client() as client:
        answer = client.get("/v1/me", headers={"Authorization": f"Bearer {made['token']}"})
        assert answer.json()["person"]["id"] == "maria.santos"
        assert client.get("/v1/me", headers={"Authorization": f"Bearer {here.token('maria.santos')}"}).status_code == 401


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setenv("HELPDESK_KEY", KEY)
    monkeypatch.setenv("HELPDESK_KEY_NAME", NAME)
    app = Flask("page")
    app.secret_key = "for tests only"
    app.register_blueprint(loaded("flask_token").helpdesk)

    @app.post("/sign-in/<person>")
    def sign_in(person: str) -> str:
        session["user_id"] = person
        return ""

    return app


def test_the_flask_example_gives_a_token_to_whoever_is_signed_in(site: Flask) -> None:
    with site.test_client() as page:
        assert page.post("/helpdesk-token", headers={"Origin": "http://localhost"}).status_code == 403
        page.post("/sign-in/maria.santos")
        answer = page.post("/helpdesk-token", headers={"Origin": "http://localhost"}).get_json()
    person, until = TOKENS.person_of(answer["token"])
    assert (person, int(until.timestamp())) == ("maria.santos", answer["expires_at"])
    with pytest.raises(TokenRefused):
        Tokens(b"another", 15, {"newer": b"n" * 40}).person_of(answer["token"])


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", ""])
def test_the_flask_example_gives_no_token_to_a_page_of_another_site(site: Flask, origin: str) -> None:
    with site.test_client() as page:
        page.post("/sign-in/maria.santos")
        assert page.post("/helpdesk-token", headers={"Origin": origin} if origin else {}).status_code == 403
        assert page.get("/helpdesk-token").status_code == 405
