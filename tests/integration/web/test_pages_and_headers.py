"""The pages: their headers, cookies and resources, the API's description, health, and what readers may see."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.chat import opened
from tests.support.service import Service, served_here

PAGES = ["/", "/articles", "/articles?category=vpn", "/articles/vpn-install-windows", "/console/sign-in", "/docs"]
CONSOLE = ["/console/tickets", "/console/tickets/T-1001", "/console/gaps", "/console/approvals", "/console/actions", "/console/actions?status=done"]
LOADING = {"src", "srcset", "poster", "data", "background", "action", "formaction"}


class Outside(HTMLParser):
    """Collects what a page would load from elsewhere, and what would run in it."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            loads = name in LOADING or (tag == "link" and name == "href")
            if loads and (urlsplit(value or "").netloc or urlsplit(value or "").scheme not in ("", "data")):
                self.outside.append(f"{tag} {name}={value}")
            if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:"):
                self.inline.append(f"{tag} {name}={value}")
        if tag in ("script", "style") and not dict(attrs).get("src"):
            self.inline.append(tag)


@contextmanager
def signed_in(web: Service, person: str) -> Iterator[httpx.Client]:
    """A browser's client that is signed in to the console."""
    with web.client(Origin=web.url, Accept="text/html") as client:
        assert client.post("/console/sign-in", data={"token": web.token(person)}).status_code == 303
        yield client


@pytest.mark.parametrize("path", PAGES + CONSOLE)
def test_every_page_has_the_security_headers_and_loads_nothing_from_elsewhere(web: Service, path: str) -> None:
    with signed_in(web, "laura.keane") as browser:
        page = browser.get(path)
    assert page.status_code == 200
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    }
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert "server" not in page.headers
    seen = Outside()
    seen.feed(page.text)
    assert seen.outside == []
    assert seen.inline == [], "the policy would block it"


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/widget/widget.js", "/static/console.css", "/console/tickets", "/v1/me"])
def test_everything_else_has_them_too(web: Service, path: str) -> None:
    with web.client() as client:
        answer = client.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_script_and_style_that_a_page_names_is_there(web: Service) -> None:
    with web.client() as client:
        for path in PAGES:
            for name in re.findall(r'(?:src|href)="(/(?:static|widget)/[^"]+)"', client.get(path).text):
                assert client.get(name).status_code == 200, name


def cookies_of(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("set-cookie")


def test_no_cookie_is_set_that_a_script_or_another_site_could_use(web: Service) -> None:
    token = web.token("laura.keane")
    with web.client(Origin=web.url) as client:
        answers = [
            client.post("/demo/token", json={"person": "maria.santos"}),
            client.post("/console/sign-in", data={"token": token}),
            client.post("/console/sign-in", data={"person": "laura.keane"}),
            client.post("/console/sign-out"),
        ]
        for path in PAGES:
            assert cookies_of(client.get(path)) == []
    for answer in answers:
        (cookie,) = cookies_of(answer)
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict"} <= attributes, cookie


def test_signing_out_ends_the_session(web: Service) -> None:
    with signed_in(web, "sam.oduya") as browser:
        assert browser.get("/console/tickets").status_code == 200
        browser.post("/console/sign-out")
        assert browser.get("/console/tickets").headers["location"] == "/console/sign-in?next=/console/tickets"


def test_the_sign_in_page_repeats_nothing_from_its_address(web: Service) -> None:
    with web.client() as client:
        page = client.get("/console/sign-in", params={"error": "Call +1 555 0100 and tell them your password"})
    assert "555" not in page.text


def test_no_page_allows_another_site_to_read_it(web: Service) -> None:
    with web.client("maria.santos", Origin="https://evil.example") as evil:
        for path in ("/v1/me", "/", "/healthz", "/openapi.json"):
            answer = evil.get(path)
            assert not [name for name in answer.headers if name.startswith("access-control-")], path
        preflight = evil.options("/v1/conversations", headers={"Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in preflight.headers


def test_a_configured_site_may_embed_the_widget_and_call_without_cookies(demo_home: Callable[[str], Path]) -> None:
    intranet = "https://intranet.lindqvist.example"
    with served_here(demo_home("home"), allowed_origins=[intranet], messages_per_minute=1000) as service:
        with service.client("maria.santos", Origin=intranet) as page:
            answer = page.get("/v1/me")
            assert answer.headers["access-control-allow-origin"] == intranet
            assert "access-control-allow-credentials" not in answer.headers
            assert answer.headers["content-security-policy"].endswith(f"frame-ancestors 'self' {intranet}")
            assert page.post("/demo/token", json={}).status_code == 403, "only the service's own page may become a demo employee"
        with service.client("maria.santos", Origin=f"{intranet}.evil.example") as evil:
            assert "access-control-allow-origin" not in evil.get("/v1/me").headers
        with opened(service, origin=intranet) as socket:
            assert socket.close_code is None


DOORS = ("/v1/me", "/v1/conversations", "/widget/widget.js", "/demo/token", "/console/tickets")


FOREIGN = ("https://evil.example", "https://intranet.lindqvist.example.evil.example", "http://intranet.lindqvist.example", "null")


@pytest.mark.parametrize("origin", FOREIGN)
def test_an_origin_that_is_not_listed_is_refused_at_every_door(demo_home: Callable[[str], Path], origin: str) -> None:
    intranet = "https://intranet.lindqvist.example"
    with served_here(demo_home("home"), allowed_origins=[intranet]) as service, service.client("maria.santos", Origin=origin) as evil:
        for path in DOORS:
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                asked = {"Access-Control-Request-Method": "DELETE"} if method == "OPTIONS" else {}
                answer = evil.request(method, path, headers=asked)
                assert answer.status_code == 403, (method, path)
                assert "access-control-allow-origin" not in answer.headers
        with pytest.raises(InvalidStatus, match="403"), opened(service, origin=origin):
            pass


def test_a_listed_page_may_do_all_that_the_widget_does_and_loads_its_modules(demo_home: Callable[[str], Path]) -> None:
    intranet = "https://intranet.lindqvist.example"
    with served_here(demo_home("home"), allowed_origins=[intranet]) as service, service.client("maria.santos", Origin=intranet) as page:
        for method in ("POST", "DELETE"):
            wanted = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization,content-type"}
            preflight = page.options("/v1/conversations/c_1/attachments", headers=wanted)
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-origin"] == intranet
            assert method in preflight.headers["access-control-allow-methods"]
        module = page.get("/widget/widget.js")
        assert module.status_code == 200
        assert module.headers["access-control-allow-origin"] == intranet
        assert module.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "Origin" in module.headers["vary"]
        assert page.get("/v1/me").headers["cross-origin-resource-policy"] == "same-origin"


def test_the_description_of_the_interface_is_valid_and_covers_every_call(web: Service) -> None:
    with web.client() as client:
        described = client.get("/openapi.json").json()
        page = client.get("/docs").text
    assert described["openapi"].startswith("3.")
    paths = {path: set(calls) for path, calls in described["paths"].items()}
    assert paths == {
        "/v1/me": {"get"},
        "/v1/conversations": {"get", "post"},
        "/v1/conversations/{conversation_id}/messages": {"post"},
        "/v1/conversations/{conversation_id}/events": {"get"},
        "/v1/conversations/{conversation_id}/attachments": {"post"},
        "/v1/conversations/{conversation_id}/attachments/{attachment_id}": {"get", "delete"},
        "/v1/conversations/{conversation_id}/feedback": {"post"},
        "/v1/articles/{article_id}": {"get"},
        "/v1/actions": {"get"},
        "/v1/actions/{action_id}/code": {"post"},
        "/v1/approvals": {"get"},
        "/v1/approvals/{action_id}": {"get", "post"},
        "/webhooks/desk": {"post"},
        "/webhooks/tickets": {"post"},
        "/webhooks/alerts/{source}": {"post"},
        "/webhooks/hr": {"post"},
        "/healthz": {"get"},
    }
    schemas = described["components"]["schemas"]
    for reference in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(described)):
        assert reference in schemas
    names = [call["operationId"] for calls in described["paths"].values() for call in calls.values()]
    assert len(set(names)) == len(names)
    for name in (*paths, *schemas):
        assert name in page, "the page shows everything"
    sent = described["paths"]["/v1/conversations/{conversation_id}/messages"]["post"]
    assert sent["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Reply"}


def test_health_is_ready_and_needs_no_token(web: Service) -> None:
    with web.client() as client:
        answer = client.get("/healthz")
    assert answer.status_code == 200
    facts = answer.json()
    assert (facts["status"], facts["vector_search"], facts["detail"], facts["caught_up"]) == ("ready", "ready", "", True)
    assert facts["articles"] >= 60


def test_a_visitor_sees_only_articles_for_everyone(web: Service) -> None:
    with web.client(Accept="text/html") as visitor:
        listed = visitor.get("/articles").text
        assert "/articles/vpn-install-windows" in listed
        for hidden in ("access-banking-portal-tokens", "access-payroll-system", "access-privileged-admin-accounts", "joining-contractors-accounts"):
            assert hidden not in listed
            assert hidden not in visitor.get("/").text
            assert visitor.get(f"/articles/{hidden}").status_code == 404


def test_the_reader_cookie_shows_exactly_the_articles_of_that_person(web: Service) -> None:
    with web.client(Accept="text/html", Origin=web.url) as jonas:
        assert jonas.post("/demo/token", json={"person": "jonas.weber"}).status_code == 200
        assert "access-finance-close-calendar-permissions" in jonas.get("/articles").text
        assert jonas.get("/articles/access-finance-close-calendar-permissions").status_code == 200
        assert jonas.get("/articles/access-payroll-system").status_code == 404
        jonas.post("/demo/token", json={"person": "maria.santos"})
        assert jonas.get("/articles/access-finance-close-calendar-permissions").status_code == 404
    with web.client(Accept="text/html", Cookie="firstline_reader=forged; firstline_session=forged") as forged:
        assert forged.get("/articles/access-payroll-system").status_code == 404


def test_the_demo_gives_tokens_for_its_employees_only_and_to_its_own_page_only(web: Service) -> None:
    with web.client(Origin=web.url) as page:
        issued = page.post("/demo/token", json={"person": "jonas.weber"}).json()
        with web.client(Authorization=f"Bearer {issued['token']}") as client:
            assert client.get("/v1/me").json()["person"]["id"] == "jonas.weber"
        for other in ("ingrid.lindqvist", "laura.keane", "nobody.here"):
            assert page.post("/demo/token", json={"person": other}).status_code == 404
        assert page.post("/demo/token", content='{"person":"maria.santos"}', headers={"Content-Type": "text/plain"}).status_code == 415
    for origin in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": f"{web.url}.evil.example"}):
        with web.client(**origin) as elsewhere:
            assert elsewhere.post("/demo/token", json={"person": "maria.santos"}).status_code == 403


def test_without_the_demo_nobody_becomes_somebody_by_asking(demo_home: Callable[[str], Path]) -> None:
    with served_here(demo_home("home"), demo=False) as service, service.client(Origin=service.url, Accept="text/html") as client:
        for person in ("maria.santos", "laura.keane", ""):
            assert client.post("/demo/token", json={"person": person}).status_code == 404
            assert client.post("/console/sign-in", data={"person": person}).status_code == 401
        assert "Maria" not in client.get("/").text
        assert "Laura" not in client.get("/console/sign-in").text


def test_the_widgets_files_travel_compressed_and_are_not_sent_again_unchanged(web: Service) -> None:
    with web.client() as client:
        first = client.get("/widget/element.js", headers={"Accept-Encoding": "gzip"})
        assert first.headers["content-encoding"] == "gzip"
        assert first.num_bytes_downloaded < len(first.content) / 2
        assert client.get("/widget/element.js", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
