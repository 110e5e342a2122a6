"""Signing in at a certified OpenID provider (npm oidc-provider), with a browser that follows its forms."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from tests.support.service import LocalService, copy_demo, free_port, served_here

PACKAGES = os.environ.get("FIRSTLINE_TEST_OIDC", "")
SCRIPT = Path(__file__).parent / "oidc" / "provider.mjs"
BEGIN = "/console/sign-in/begin"
pytestmark = [pytest.mark.real, pytest.mark.skipif(not PACKAGES or shutil.which("node") is None, reason="FIRSTLINE_TEST_OIDC names no packages")]


@contextmanager
def provider(port: int, back: str, key: str = "first", claims: str = "userinfo") -> Iterator[str]:
    """Run the provider inside the block; return its issuer."""
    environment = {"PATH": os.environ["PATH"], "PACKAGES": PACKAGES, "PORT": str(port), "BACK": back, "KEY": key, "CLAIMS": claims}
    process = subprocess.Popen(
        ["node", str(SCRIPT)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        assert any(line.strip() == "ready" for line in iter(process.stdout.readline, "")), "the provider did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


@pytest.fixture
def home(model_home: Path, tmp_path: Path) -> Path:
    return copy_demo(tmp_path / "home", model_home)


@contextmanager
def console(home: Path, port: int, issuer: str, **settings: Any) -> Iterator[LocalService]:
    given = {"oidc_issuer": issuer, "oidc_client_id": "firstline", "oidc_client_secret": "a-secret-of-tests", "demo": False, "public_url": ""}
    with served_here(home, **given | settings) as service:
        assert service.port == port
        yield service


def signed_in(browser: httpx.Client, service: LocalService, who: str, decline: bool = False) -> httpx.Response:
    """Follow the provider's forms as a person does, and return what the console answers in the end."""
    answer = browser.get(f"{service.url}{BEGIN}", params={"next": "/console/tickets"})
    for _ in range(6):
        while answer.is_redirect:
            answer = browser.get(urljoin(str(answer.request.url), answer.headers["location"]))
        form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        if str(answer.request.url).startswith(service.url) or form is None:
            return answer
        place = urljoin(str(answer.request.url), html.unescape(form[1]))
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        fields = {"prompt": prompt[1] if prompt else "", "login": who, "password": "any"}
        answer = browser.get(f"{place}/abort") if decline else browser.post(place, data=fields)
    raise AssertionError(f"the sign-in does not come to an end: {answer.text[:300]}")


def browser() -> httpx.Client:
    return httpx.Client(headers={"Accept": "text/html"}, timeout=30, trust_env=False)


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """A port for the service, which the provider has to know before, and one for the provider."""
    mine, theirs = free_port(), free_port()
    monkeypatch.setattr("tests.support.service.free_port", lambda: mine)
    return mine, theirs


@pytest.mark.parametrize("claims", ["userinfo", "token"])
@pytest.mark.parametrize("client", ["firstline", "firstline-public"])
def test_people_of_the_directory_come_in_and_nobody_else(home: Path, ports: tuple[int, int], client: str, claims: str) -> None:
    mine, theirs = ports
    secret = "a-secret-of-tests" if client == "firstline" else ""
    with (
        provider(theirs, f"http://127.0.0.1:{mine}", claims=claims) as issuer,
        console(home, mine, issuer, oidc_client_id=client, oidc_client_secret=secret) as service,
    ):
        with browser() as sam:
            arrived = signed_in(sam, service, "sam")
            assert arrived.status_code == 200 and "url=/console/tickets" in arrived.text, arrived.text
            assert "Sam Oduya" in sam.get(f"{service.url}/console/tickets").text
            again = sam.get(str(arrived.request.url))
            assert again.status_code == 403, "an answer counted twice"
        for who, words in (("stranger", "directory does not"), ("unverified", "has not verified your e-mail address")):
            with browser() as other:
                refused = signed_in(other, service, who)
                assert refused.status_code == 403 and words in refused.text, refused.text
                assert other.get(f"{service.url}/console/tickets").status_code == 303
        with browser() as declining:
            refused = signed_in(declining, service, "sam", decline=True)
            assert refused.status_code == 403 and "access_denied" in refused.text


def test_a_code_is_taken_once_by_the_provider_too(home: Path, ports: tuple[int, int]) -> None:
    mine, theirs = ports
    with provider(theirs, f"http://127.0.0.1:{mine}") as issuer, console(home, mine, issuer) as service, browser() as sam:
        kept: list[str] = []
        sam.event_hooks["response"] = [lambda answer: kept.append(answer.cookies.get("firstline_departure") or "")]
        arrived = signed_in(sam, service, "sam")
        departures = [one for one in kept if one]
        assert arrived.status_code == 200 and len(departures) == 1
        sam.cookies.set("firstline_departure", departures[0], domain="127.0.0.1", path="/console/sign-in")
        replayed = sam.get(str(arrived.request.url))
        assert replayed.status_code == 403 and "invalid_grant" in replayed.text


def test_groups_of_the_token_give_roles_and_new_keys_of_the_provider_count(
    home: Path, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = ports
    monkeypatch.setattr("assistant.adapters.identity.oidc.ASK_AGAIN_SECONDS", 0.0)
    back, settings = f"http://127.0.0.1:{mine}", {"oidc_groups_claim": "teams", "oidc_person_claim": "preferred_username"}
    with console(home, mine, f"http://127.0.0.1:{theirs}", oidc_scopes=["openid", "email", "profile", "teams"], **settings) as service:
        with provider(theirs, back), browser() as fiona:
            assert signed_in(fiona, service, "fiona").status_code == 200
            assert fiona.get(f"{service.url}/console/audit").status_code == 200
            assert fiona.get(f"{service.url}/console/tickets").status_code == 403
        with provider(theirs, back, key="second", claims="token"), browser() as sam:
            assert signed_in(sam, service, "sam").status_code == 200, "a key that the provider took up later is not known"
            assert sam.get(f"{service.url}/console/tickets").status_code == 200


def test_signing_out_leads_to_the_provider_that_knows_the_way_back(home: Path, ports: tuple[int, int]) -> None:
    mine, theirs = ports
    with provider(theirs, f"http://127.0.0.1:{mine}") as issuer, console(home, mine, issuer) as service, browser() as sam:
        signed_in(sam, service, "sam")
        out = sam.post(f"{service.url}/console/sign-out", headers={"Origin": service.url})
        page = sam.get(urljoin(service.url, out.headers["location"])).text
        link = re.search(rf'href="({re.escape(issuer)}/session/end[^"]+)"', page)
        assert link is not None, page
        asked = sam.get(html.unescape(link[1]))
        assert asked.status_code == 200 and "Do you want to sign-out" in asked.text, asked.text[:300]
        assert sam.get(f"{service.url}/console/tickets").status_code == 303
