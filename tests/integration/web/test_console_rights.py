"""The console: who sees which page, and that no other site can press its buttons."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.support.minting import minted
from tests.support.service import Service

AGENT, AUTHOR, BOTH, EMPLOYEE, APPROVER = "sam.oduya", "elin.berg", "laura.keane", "maria.santos", "ingrid.lindqvist"


def console(web: Service, person: str, **headers: str) -> httpx.Client:
    """Return the client of somebody whose session cookie is good."""
    client = web.client(Accept="text/html", **headers)
    client.cookies.set("firstline_session", web.token(person))
    return client


@pytest.mark.parametrize(
    ("person", "tickets", "gaps", "home"),
    [
        (AGENT, 200, 200, "/console/tickets"),
        (AUTHOR, 403, 200, "/console/week"),
        (BOTH, 200, 200, "/console/tickets"),
        (EMPLOYEE, 403, 403, "/console/approvals"),
        (APPROVER, 403, 403, "/console/approvals"),
    ],
)
def test_each_role_sees_its_pages_only(web: Service, person: str, tickets: int, gaps: int, home: str) -> None:
    with console(web, person) as client:
        assert client.get("/console/tickets").status_code == tickets
        assert client.get("/console/tickets/T-1001").status_code == tickets
        assert client.get("/console/gaps").status_code == gaps
        assert client.get("/console").headers["location"] == home


def test_a_refused_page_holds_nothing_of_what_it_would_show(web: Service) -> None:
    with console(web, AGENT) as agent:
        assert "HC-610" in agent.get("/console/tickets/T-1001").text
    with console(web, EMPLOYEE) as employee:
        for path in ("/console/tickets", "/console/tickets/T-1001", "/console/tickets/T-9999", "/console/gaps"):
            page = employee.get(path)
            assert "HC-610" not in page.text
            assert "Sign in as somebody" in page.text or "for the authors" in page.text


@pytest.mark.parametrize("path", ["/console", "/console/tickets", "/console/tickets/T-1001", "/console/gaps"])
def test_without_a_good_session_people_are_led_to_sign_in_and_programs_are_refused(web: Service, path: str) -> None:
    wrong = ["", "forged", minted(web, sub=AGENT, exp=int(time.time()) - 61), minted(web, sub=AGENT, aud="other")]
    for token in wrong:
        with web.client(Accept="text/html", Cookie=f"firstline_session={token}") as browser:
            answer = browser.get(path)
            back = f"?next={path}" if path != "/console" else ""
            assert (answer.status_code, answer.headers["location"]) == (303, f"/console/sign-in{back}")
        with web.client(Cookie=f"firstline_session={token}") as program:
            assert program.get(path).status_code == 401


def test_a_bearer_token_or_the_reader_cookie_is_no_session(web: Service) -> None:
    with web.client(AGENT, Accept="text/html", Cookie=f"firstline_reader={web.token(AGENT)}") as client:
        assert client.get("/console/tickets").status_code == 303


@pytest.mark.parametrize("path", ["/console/sign-in", "/console/sign-out"])
@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "{own}.evil.example", "http://127.0.0.1"])
def test_a_form_from_another_site_or_from_nowhere_is_refused(web: Service, path: str, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin.format(own=web.url)}
    with console(web, AGENT, **headers) as client:
        answer = client.post(path, data={"person": AGENT})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_the_sign_in_page_offers_staff_and_approvers_of_the_demo_and_takes_nobody_else(web: Service) -> None:
    with web.client(Accept="text/html", Origin=web.url) as browser:
        page = browser.get("/console/sign-in").text
        assert all(name in page for name in ("Sam Oduya", "Elin Berg", "Laura Keane", "Ingrid Lindqvist", "Rachel Thornton"))
        assert "Maria Santos" not in page
        assert browser.post("/console/sign-in", data={"person": APPROVER}).status_code == 303
        for person in (EMPLOYEE, "claire.whitfield", "nobody.here"):
            refused = browser.post("/console/sign-in", data={"person": person})
            assert refused.status_code == 403
            assert "set-cookie" not in refused.headers
        accepted = browser.post("/console/sign-in", data={"person": AGENT})
        assert (accepted.status_code, accepted.headers["location"]) == (303, "/console")


def test_a_wrong_token_on_the_sign_in_page_is_refused_with_its_reason(web: Service) -> None:
    with web.client(Accept="text/html", Origin=web.url) as browser:
        answer = browser.post("/console/sign-in", data={"token": minted(web, exp=int(time.time()) - 100)})
    assert answer.status_code == 401
    assert "the token has expired" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_agents_page_lists_opens_and_filters_tickets(web: Service) -> None:
    with console(web, AGENT) as agent:
        waiting = agent.get("/console/tickets", params={"status": "waiting"}).text
        assert "Need edit access to 2026-11 close workbooks for LQ-UK" in waiting
        assert "HC-610 when connecting from home" not in waiting
        network = agent.get("/console/tickets", params={"status": "", "queue": "Network"}).text
        assert "HC-610 when connecting from home" in network
        assert "Label printer by goods-in" not in network
        assert "No ticket matches" in agent.get("/console/tickets", params={"status": "closed", "queue": "Security"}).text
        assert "T-1001" in agent.get("/console/tickets/T-1001").text
        assert agent.get("/console/tickets/T-9999").status_code == 404
        strange = agent.get("/console/tickets", params={"status": "<script>alert(1)</script>", "queue": "<img src=x onerror=alert(1)>"})
        assert strange.status_code == 200
        assert "<script>alert" not in strange.text
        assert "<img" not in strange.text


@pytest.mark.parametrize("week", ["2026-11-18", "2000-01-01", "2026-03-29", "2100-01-01"])
def test_the_gap_report_opens_for_any_week(web: Service, week: str) -> None:
    with console(web, AUTHOR) as author:
        assert author.get("/console/gaps", params={"week": week}).status_code == 200


@pytest.mark.parametrize("week", ["last", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_week_that_is_no_day_of_this_century_is_refused(web: Service, week: str) -> None:
    with console(web, AUTHOR) as author:
        assert author.get("/console/gaps", params={"week": week}).status_code == 422


def test_a_question_without_an_article_reaches_the_gap_report_with_secrets_taken_out(web: Service) -> None:
    with web.client("mikael.oberg") as mikael:
        asked = mikael.post(
            "/v1/conversations", json={"text": "The moisture meter MX-77 loses its calibration, my password is Hunter2-Secret"}
        ).json()
        assert asked["kind"] == "abstention"
        filed = mikael.post(f"/v1/conversations/{asked['conversation']}/messages", json={"choice": "file"}).json()
        assert filed["state"] == "filed"
    with console(web, AUTHOR) as author:
        report = author.get("/console/gaps").text
    assert "meter" in report.lower()
    assert "loses its calibration" not in report, "one person asked, and is not quoted"
    assert "Hunter2-Secret" not in report
    with console(web, AGENT) as agent:
        assert "moisture meter MX-77" in agent.get("/console/tickets").text
        assert filed["ticket"]["id"] in agent.get("/console/tickets").text
