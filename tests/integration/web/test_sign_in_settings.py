"""Signing in as an installation is set up: what names the person, what gives the roles, and a provider that changes, lies or is down."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from assistant.domain.configuration import Organisation
from tests.support.oidc_provider import key, providing, unbent
from tests.support.service import LocalService, copy_demo, firstline, served_here
from tests.support.signing_in import BEGIN, CALLBACK, SAM, browser, came_back, console

AGENT, AUTHOR = "sam.oduya", "elin.berg"
Bend = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def home(model_home: Path, tmp_path: Path) -> Path:
    """A state folder for a service of one test."""
    return copy_demo(tmp_path / "home", model_home)


def test_new_keys_of_the_provider_count_at_once_and_old_ones_no_more(home: Path) -> None:
    with providing(**SAM) as provider, console(home, provider) as service, browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 200
        old = provider.keys[0]
        provider.keys = [key("second")]
        service_provider = provider_of(service)
        service_provider._asked["keys"] -= 31  # the keys were not asked for within the last half minute
        assert client.get(came_back(client, provider)).status_code == 200
        provider.signs = old
        assert client.get(came_back(client, provider)).status_code == 403
        asked = provider.asked.count("/jwks")
        for _ in range(5):
            client.get(came_back(client, provider))
        assert provider.asked.count("/jwks") == asked, "tokens that nobody signed make us ask for keys again and again"


SITES: dict[int, Any] = {}


def provider_of(service: LocalService) -> Any:
    return SITES[service.port]


@pytest.fixture(autouse=True)
def _remember_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    import assistant.service as root
    from assistant.connections import open_provider

    def opened(settings: Any, clock: Any) -> Any:
        SITES[settings.port] = open_provider(settings, clock)
        return SITES[settings.port]

    monkeypatch.setattr(root, "open_provider", opened)


def test_a_provider_that_is_down_has_a_page_and_sessions_go_on(home: Path) -> None:
    with providing(**SAM) as provider, console(home, provider) as service, browser(service) as client:
        assert client.get(came_back(client, provider)).status_code == 200
        address = came_back(client, provider)
        provider.down = True
        away = client.get(address)
        assert away.status_code == 503 and "does not answer" in away.text and "127.0.0.1" not in away.text
        assert client.get("/console/tickets").status_code == 200
    with providing(**SAM) as provider:
        provider.down = True
        with console(home, provider) as service, browser(service) as client:
            assert client.get(BEGIN).status_code == 503
            provider.down = False
            assert client.get(BEGIN).status_code == 303


MISPUBLISHED: list[Bend] = [
    lambda facts: facts | {"issuer": "https://evil.example"},
    lambda facts: facts | {"token_endpoint": "http://id.example.com/token"},
    lambda facts: facts | {"jwks_uri": "file:///etc/passwd"},
    lambda facts: {name: value for name, value in facts.items() if name != "authorization_endpoint"},
]


def test_a_provider_that_publishes_what_cannot_be_trusted_is_not_used(home: Path) -> None:
    with providing(**SAM) as provider, console(home, provider) as service, browser(service) as client:
        for bent in MISPUBLISHED:
            provider.published = bent
            assert client.get(BEGIN).status_code == 503
        provider.published = unbent
        assert client.get(BEGIN).status_code == 303


def test_an_id_of_the_directory_may_name_the_person_and_comes_from_userinfo_too(home: Path) -> None:
    with providing(sub="s-2") as provider:
        provider.userinfo = {"sub": "s-2", "employee": AUTHOR}
        with console(home, provider, oidc_person_claim="employee") as service, browser(service) as client:
            assert client.get(came_back(client, provider)).status_code == 200
            assert "Elin Berg" in client.get("/console/approvals").text
            provider.userinfo = {"sub": "somebody-else", "employee": AGENT}
            client.cookies.clear()
            assert client.get(came_back(client, provider)).status_code == 403


def test_somebody_whom_the_directory_does_not_know_stays_outside(home: Path) -> None:
    with providing(sub="s-2") as provider, console(home, provider, oidc_person_claim="employee") as service, browser(service) as client:
        for claimed in ("nobody.here", "guest:mail:x", "", 7, [AGENT], None):
            provider.person["employee"] = claimed
            assert client.get(came_back(client, provider)).status_code == 403, claimed
            assert "firstline_session" not in client.cookies
        provider.person["employee"] = AGENT
        assert client.get(came_back(client, provider)).status_code == 200


def test_an_address_that_two_people_have_names_nobody(home: Path) -> None:
    with providing(**SAM) as provider, console(home, provider) as service, browser(service) as client:
        directory = service.assistant.workplace
        known = [replace(one, roles=frozenset()) for one in directory.people()]
        twins = [replace(one, email="sam.oduya@lindqvist.example") if one.id == AUTHOR else one for one in known]
        directory.replace(Organisation(directory.company(), tuple(twins)))
        assert client.get(came_back(client, provider)).status_code == 403


def test_groups_of_the_token_give_the_roles_where_that_is_set_and_only_until_its_end(home: Path) -> None:
    with (
        providing(**SAM, teams=["it-auditors"]) as provider,
        console(home, provider, oidc_groups_claim="teams") as service,
        browser(service) as client,
    ):
        assert client.get(came_back(client, provider)).status_code == 200
        assert client.get("/console/tickets").status_code == 403, "the directory's groups give roles although the token's count"
        roles = service.assistant.directory.person(AGENT).roles  # type: ignore[union-attr]
        assert {str(role) for role in roles} == {"auditor"}
        provider.person |= {"teams": ["it-desk"]}
        client.get(came_back(client, provider))
        assert client.get("/console/tickets").status_code == 200
        provider.person |= {"teams": "it-admins"}
        assert client.get(came_back(client, provider)).status_code == 403
        provider.person |= {"teams": ["it-desk"]}
        provider.claims = lambda facts: facts | {"exp": int(time.time()) + 1}
        client.get(came_back(client, provider))
        time.sleep(1.1)
        assert service.assistant.directory.person(AGENT).roles == frozenset()  # type: ignore[union-attr]


def test_without_a_provider_there_is_nothing_to_begin(home: Path) -> None:
    with served_here(home) as service, browser(service) as client:
        assert client.get(BEGIN).status_code == 404 and client.get(CALLBACK).status_code == 404
        assert "Sign in with" not in client.get("/console/sign-in").text


FROM_ELSEWHERE = [
    {"Host": "desk.example.com"},
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Forwarded-Host": "desk.example.com"},
    {"Forwarded": "for=203.0.113.9"},
]


def test_the_people_of_the_demo_can_be_chosen_on_this_host_only(home: Path) -> None:
    with served_here(home, allowed_hosts=["127.0.0.1", "desk.example.com"]) as service:
        with service.client(Accept="text/html", Origin=service.url) as here:
            assert "Sam Oduya" in here.get("/console/sign-in").text
            assert here.post("/console/sign-in", data={"person": AGENT}).status_code == 303
        for headers in FROM_ELSEWHERE:
            origin = f"http://{headers.get('Host', urlsplit(service.url).netloc)}"
            with service.client(Accept="text/html", Origin=origin, **headers) as elsewhere:
                page = elsewhere.get("/console/sign-in").text
                assert "Sam Oduya" not in page and "only in a browser on the host" in page
                refused = elsewhere.post("/console/sign-in", data={"person": AGENT})
                assert refused.status_code == 403 and "set-cookie" not in refused.headers


def test_the_doctor_says_whether_the_provider_answers_and_where_it_sends_people_back_to(home: Path) -> None:
    with providing(**SAM) as provider:
        given = {"oidc_issuer": provider.issuer, "oidc_client_id": "firstline", "public_url": "https://help.example.com"}
        assert (
            f"{provider.issuer} sends people back to https://help.example.com/console/sign-in/callback" in firstline(home, "doctor", **given).stdout
        )
        provider.down = True
        assert "the identity provider cannot be asked" in firstline(home, "doctor", **given).stdout
    assert "no identity provider" in firstline(home, "doctor").stdout
    refused = firstline(home, "doctor", oidc_issuer="http://id.example.com", oidc_client_id="firstline")
    assert "FIRSTLINE_OIDC_ISSUER has to begin with https://" in refused.stdout + refused.stderr
