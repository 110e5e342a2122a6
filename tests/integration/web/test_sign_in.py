"""Signing in with an identity provider: who comes in, and everything that a stranger or a thief tries."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.oidc_provider import CLIENT, SECRET, Provider, key, providing
from tests.support.service import LocalService, copy_demo
from tests.support.signing_in import BEGIN, CALLBACK, SAM, browser, came_back, console

AGENT = "sam.oduya"
Bend = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def running(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, LocalService]]:
    home = copy_demo(tmp_path_factory.mktemp("sign-in") / "home", model_home)
    with providing(**SAM) as provider, console(home, provider) as service:
        yield provider, service


@pytest.fixture
def both(running: tuple[Provider, LocalService]) -> Iterator[tuple[Provider, LocalService]]:
    """A provider as it should be, and the service that trusts it."""
    provider, _ = running
    before = dict(vars(provider))
    yield running
    vars(provider).update(before)


def test_an_agent_signs_in_and_lands_on_the_page_that_they_asked_for(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    with browser(service) as client:
        sent_away = client.get("/console/tickets/T-1001")
        assert sent_away.headers["location"] == "/console/sign-in?next=/console/tickets/T-1001"
        assert f"Sign in with 127.0.0.1:{provider.port}" in client.get(sent_away.headers["location"]).text
        arrived = client.get(came_back(client, provider, "/console/tickets/T-1001"))
        assert arrived.status_code == 200 and "url=/console/tickets/T-1001" in arrived.text
        cookie = next(line for line in arrived.headers.get_list("set-cookie") if line.startswith("firstline_session="))
        assert {"httponly", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "T-1001" in client.get("/console/tickets/T-1001").text


def test_the_session_ends_with_the_token_of_the_provider(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    provider.claims = lambda facts: {**facts, "exp": int(time.time()) + 2}
    with browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 200
        assert client.get("/console/tickets").status_code == 200
        cookie = client.cookies["firstline_session"]
        time.sleep(2.2)
        client.cookies.set("firstline_session", cookie, domain="127.0.0.1")
        assert client.get("/console/tickets").status_code == 303


def test_a_session_is_no_token_of_the_api_and_the_departure_is_no_session(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    with browser(service) as client:
        client.get(BEGIN)
        departure = client.cookies["firstline_departure"]
        client.get(came_back(client, provider))
        session = client.cookies["firstline_session"]
        assert "firstline_departure" not in client.cookies
    for token in (session, departure):
        assert service.client(Authorization=f"Bearer {token}").get("/v1/actions").status_code == 401
    assert service.client(Cookie=f"firstline_session={departure}", Accept="text/html").get("/console/tickets").status_code == 303


def test_an_answer_counts_once(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    with browser(service) as client:
        address = came_back(client, provider)
        kept = client.cookies["firstline_departure"]
        assert client.get(address).status_code == 200
        again = client.get(address)
        assert again.status_code == 403 and "used already" in again.text
        client.cookies.set("firstline_departure", kept)
        replayed = client.get(address)
        assert replayed.status_code == 403 and "invalid_grant" in replayed.text


def test_an_answer_counts_only_in_the_browser_that_left(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    with browser(service) as thief, browser(service) as victim:
        stolen = came_back(thief, provider)
        refused = victim.get(stolen)
        assert refused.status_code == 403 and "not begun in this browser" in refused.text and "set-cookie" in refused.headers
        assert "firstline_session" not in victim.cookies
        victim.get(BEGIN)
        mixed = victim.get(stolen)
        assert mixed.status_code == 403 and "belongs to another sign-in" in mixed.text and "firstline_session" not in victim.cookies


@pytest.mark.parametrize(
    "change", [{"state": "x" * 43}, {"state": ""}, {"iss": "https://evil.example"}, {"iss": ""}, {"code": "made-up"}, {"code": ""}]
)
def test_an_answer_with_something_changed_is_refused(both: tuple[Provider, LocalService], change: dict[str, str]) -> None:
    provider, service = both
    with browser(service) as client:
        sent = {name: values[0] for name, values in parse_qs(urlsplit(came_back(client, provider)).query).items()}
        refused = client.get(CALLBACK, params=sent | change)
        assert refused.status_code == 403 and "firstline_session" not in client.cookies
        assert "Begin again" in refused.text


def test_a_person_who_declines_is_told_so(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    with browser(service) as client:
        state = parse_qs(urlsplit(client.get(BEGIN).headers["location"]).query)["state"][0]
        said = {"state": state, "iss": provider.issuer, "error": "access_denied", "error_description": "<script>alert(1)</script>"}
        refused = client.get(CALLBACK, params=said)
        assert refused.status_code == 403 and "access_denied" in refused.text and "<script>alert" not in refused.text


WRONG_TOKENS: dict[str, Bend] = {
    "another issuer": lambda facts: facts | {"iss": "https://evil.example"},
    "another audience": lambda facts: facts | {"aud": "somebody-else"},
    "several audiences and made for another": lambda facts: facts | {"aud": [CLIENT, "other"], "azp": "other"},
    "another nonce": lambda facts: facts | {"nonce": "n" * 43},
    "no nonce": lambda facts: {name: value for name, value in facts.items() if name != "nonce"},
    "expired": lambda facts: facts | {"exp": int(time.time()) - 120},
    "no end": lambda facts: {name: value for name, value in facts.items() if name != "exp"},
    "not yet": lambda facts: facts | {"nbf": int(time.time()) + 600},
    "from the future": lambda facts: facts | {"iat": int(time.time()) + 600},
    "nobody": lambda facts: {name: value for name, value in facts.items() if name != "sub"},
    "an address that nobody verified": lambda facts: facts | {"email_verified": False},
    "an address verified in a word": lambda facts: facts | {"email_verified": "true"},
    "no address": lambda facts: {name: value for name, value in facts.items() if name != "email"},
    "an address of nobody here": lambda facts: facts | {"email": "mallory@lindqvist.example"},
    "another access token": lambda facts: facts | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_a_token_that_is_not_for_this_sign_in_signs_nobody_in(both: tuple[Provider, LocalService], wrong: str) -> None:
    provider, service = both
    provider.claims = WRONG_TOKENS[wrong]
    with browser(service) as client:
        refused = client.get(came_back(client, provider))
        assert refused.status_code == 403 and "firstline_session" not in client.cookies, refused.text
        assert client.get("/console/tickets").status_code == 303


def test_clocks_may_differ_by_a_minute(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    provider.claims = lambda facts: facts | {"iat": int(time.time()) + 45, "nbf": int(time.time()) + 45}
    with browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 200


def test_a_token_signed_with_a_key_that_the_provider_does_not_publish_is_refused(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    provider.signs = key(str(provider.keys[0].kid))
    with browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 403


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_of_the_provider_alone_is_refused(both: tuple[Provider, LocalService], algorithm: str) -> None:
    from base64 import urlsafe_b64encode
    from json import dumps

    import jwt

    provider, service = both
    seen: dict[str, Any] = {}

    def remembered(facts: dict[str, Any]) -> dict[str, Any]:
        seen.update(facts)
        return facts

    def forged(tokens: dict[str, Any]) -> dict[str, Any]:
        header = {"alg": algorithm, "kid": str(provider.keys[0].kid)}
        if algorithm == "none":
            parts = [urlsafe_b64encode(dumps(one).encode()).rstrip(b"=").decode() for one in (header, seen)]
            return tokens | {"id_token": f"{parts[0]}.{parts[1]}."}
        return tokens | {"id_token": jwt.encode(seen, SECRET, algorithm="HS256", headers=header)}

    provider.claims, provider.tokens = remembered, forged
    provider.published = lambda facts: facts | {"id_token_signing_alg_values_supported": ["RS256", "none", "HS256"]}
    with browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 403


def test_a_token_answer_without_an_id_token_is_refused(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    provider.tokens = lambda tokens: {name: value for name, value in tokens.items() if name != "id_token"}
    with browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 403


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/console/../v1/actions", "/articles", "/console//evil.example", "javascript:alert(1)"]
)
def test_a_sign_in_leads_to_pages_of_the_console_only(both: tuple[Provider, LocalService], back: str) -> None:
    provider, service = both
    with browser(service) as client:
        arrived = client.get(came_back(client, provider, back))
        assert 'content="0; url=/console"' in arrived.text and "evil" not in arrived.text


def test_signing_out_ends_the_session_and_leads_to_signing_out_at_the_provider(both: tuple[Provider, LocalService]) -> None:
    provider, service = both
    with browser(service) as client:
        client.get(came_back(client, provider))
        out = client.post("/console/sign-out", headers={"Origin": service.url})
        assert out.headers["location"] == "/console/signed-out" and "firstline_session" not in client.cookies
        assert f"{provider.issuer}/end_session?client_id={CLIENT}&amp;post_logout_redirect_uri=" in client.get("/console/signed-out").text
