"""Every page of the console in a real browser: rules of accessibility, the keyboard, narrow screens, dark mode, and a picture of each."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from assistant.desk.experiments import look_at_all, opened
from assistant.domain.experiment import SELECTION, WEEK, WEEKS_BEFORE
from tests.support.accessibility import CONTRAST, FOCUS, check_names
from tests.support.axe import violations
from tests.support.browser import ARTEFACTS, DESKTOP, PATIENCE_MS, PHONE
from tests.support.console_pages import routes
from tests.support.service import Service, copy_demo, running
from tests.support.topics import add_gaps, ask_for_weeks
from tests.support.world import opened_world

pytestmark = pytest.mark.browser
ADMIN = "tomas.lind"
PAGES = {
    "/console/sign-in": "/console/sign-in",
    "/console/signed-out": "/console/signed-out",
    "/console/approvals": "/console/approvals",
    "/console/approvals/{action_id}": "{approval}",
    "/console/tickets": "/console/tickets?status=",
    "/console/tickets/{ticket_id}": "{ticket}",
    "/console/conversations": "/console/conversations",
    "/console/conversations/{conversation_id}": "{conversation}",
    "/console/actions": "/console/actions",
    "/console/actions/{action_id}": "{action}",
    "/console/week": "/console/week",
    "/console/reviews": "/console/reviews",
    "/console/reviews/{week}": "/console/reviews/{week}",
    "/console/reviews/{week}.html": "/console/reviews/{week}.html",
    "/console/ledger": "/console/ledger",
    "/console/ledger/rows": "/console/ledger/rows",
    "/console/gaps": "/console/gaps",
    "/console/gaps/{gap_id}": "{gap}",
    "/console/experiments": "/console/experiments",
    "/console/experiments/{experiment_id}": "{experiment}",
    "/console/experiments/{experiment_id}/rows": "{experiment}/rows",
    "/console/articles": "/console/articles",
    "/console/articles/new": "/console/articles/new?gap={gap_id}",
    "/console/articles/drafts/{draft_id}": "{draft}",
    "/console/articles/drafts/{draft_id}/trial": "{draft}/trial",
    "/console/articles/drafts/{draft_id}/beside": "{draft}/beside",
    "/console/articles/history": "{history}",
    "/console/tuning": "/console/tuning",
    "/console/tuning/rows": "/console/tuning/rows?step=answer",
    "/console/rollout": "/console/rollout",
    "/console/triage": "/console/triage",
    "/console/triage/routed": "/console/triage/routed",
    "/console/alerts": "/console/alerts",
    "/console/problems": "/console/problems",
    "/console/changes": "/console/changes",
    "/console/compliance": "/console/compliance",
    "/console/joiners": "/console/joiners",
    "/console/joiners/new": "/console/joiners/new",
    "/console/joiners/{case_id}": "{joiner}",
    "/console/policy": "/console/policy?tool=reset_password&pressed=true",
    "/console/connectors": "/console/connectors",
    "/console/audit": "/console/audit",
    "/console/audit/{number}": "/console/audit/1",
}
"""An address for each page; what stands in braces is made by the stage."""
NO_PAGES = {
    "/console": "leads on",
    "/console/sign-in/begin": "leads to the identity provider",
    "/console/sign-in/callback": "comes from the identity provider",
    "/console/attachments/{attachment_id}": "a file",
    "/console/alerts/{group_id}": "looked at on the Monday",
    "/console/changes/{change_id}": "looked at on the Monday",
    "/console/problems/{problem_id}": "looked at on the Monday",
    "/console/reviews/{week}.md": "a file",
    "/console/gaps.csv": "a file",
    "/console/ledger/cells.csv": "a file",
    "/console/ledger/rows.csv": "a file",
    "/console/audit/records.csv": "a file",
    "/console/reviews/{week}/progress": "a part of a page",
    "/console/connectors/checks": "a part of a page",
    "/console/audit/chain": "a part of a page",
}
LOOKS: dict[str, dict[str, Any]] = {
    "desktop-light": {"viewport": DESKTOP, "color_scheme": "light"},
    "desktop-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone-light": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True},
    "narrow-light": {"viewport": {"width": 320, "height": 640}, "color_scheme": "light"},
}
"""The last one is WCAG 1.4.10: a window of 1280 pixels at 400 percent."""
WIDE = """() => document.scrollingElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('main *, header *')]
  .filter((one) => one.checkVisibility() && !one.closest('.table-scroll, svg, pre') && one.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 5).map((one) => `${one.localName}.${one.className}`)"""
SMALL = """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary, textarea')]
  .filter((one) => one.checkVisibility() && !one.closest('p, dd, td, th, li, h2, svg, .unseen, .skip, label') && !one.matches('.skip'))
  .map((one) => [one.getBoundingClientRect(), one]).filter(([box]) => box.width && (box.width < 24 || box.height < 24))
  .map(([box, one]) => `${one.localName}.${one.className} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
FETCH = "() => { htmx.ajax('GET', '/console/audit/chain', { target: '#chain', swap: 'outerHTML' }).catch(() => {}); }"
FETCH_CHECKS = "() => htmx.ajax('GET', '/console/connectors/checks', { target: '#checks', swap: 'outerHTML' })"
STOPS = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
  .filter((one) => one.checkVisibility() && !one.disabled).reduce((sum, one) => sum + (one.type === 'date' ? 4 : 1), 0)"""


def test_every_page_of_the_console_is_looked_at_here() -> None:
    known = {path for method, path in routes() if method == "GET"}
    assert sorted(known ^ (set(PAGES) | set(NO_PAGES))) == [], "a page without a check, or a check without a page"


@pytest.fixture(scope="module")
def one_desk(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The demo company with six topics of some months, one of which an article was published for."""
    home, published = copy_demo(tmp_path_factory.mktemp("console") / "home", model_home), datetime.now(UTC) - 5 * WEEK - timedelta(days=2)
    start = published - SELECTION - WEEKS_BEFORE * WEEK
    with opened_world(home) as world:
        store = world.assistant.store
        add_gaps(store, 6, start)
        ask_for_weeks(store, 6, start, WEEKS_BEFORE + 7, lambda topic, week: 0.9 if topic == 0 and week >= WEEKS_BEFORE + 2 else 0.4, each=6)
        with store.write() as unit:
            opened(unit, "g_0", "vpn-windows", 1, published)
        look_at_all(store, datetime.now(UTC), timedelta(hours=24), lambda _: "")
    with running(home, messages_per_minute="1000") as service:
        yield service


@pytest.fixture(scope="module")
def stage(one_desk: Service) -> dict[str, str]:
    """What there is to show: a ticket, a conversation that waits, an action, a request for approval, a draft, a review."""
    # The week before last, so that the list also says which week has no review yet.
    year, week, _ = (datetime.now(ZoneInfo("Europe/Stockholm")) - timedelta(days=14)).isocalendar()
    made: dict[str, str] = {
        "ticket": "/console/tickets/T-1001",
        "week": f"{year}-W{week:02}",
    }
    for number, asker in enumerate(("maria.santos", "mikael.oberg", "priya.nair", "jonas.weber", "daniel.ortega")):
        with one_desk.client(asker) as client:
            lost = client.post("/v1/conversations", json={"text": f"The Jacquard loom in hall four stops with error {number}"}).json()["conversation"]
            client.post(f"/v1/conversations/{lost}/messages", json={"choice": "file"}).raise_for_status()
    with one_desk.client(Origin=one_desk.url, Cookie=f"firstline_session={one_desk.token(ADMIN)}") as client:
        day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
        joins = {"kind": "join", "number": "E-1", "name": "Lena Holm", "first_day": day, "manager": "johan.ekstrom", "department": "Sales"}
        made["joiner"] = client.post("/console/joiners/new", data=joins).headers["location"]
    with one_desk.client("maria.santos") as client:
        talk = client.post("/v1/conversations", json={"text": "How do I connect to the VPN from home?"}).json()["conversation"]
        client.post(f"/v1/conversations/{talk}/messages", json={"text": "I want to talk to a person"}).raise_for_status()
        made["conversation"] = f"/console/conversations/{talk}"
        wish = client.post("/v1/conversations", json={"text": "I need access to the CRM for 30 days"}).json()
        action = wish["action"]["id"]
        client.post(f"/v1/conversations/{wish['conversation']}/messages", json={"choice": f"do:{action}"}).raise_for_status()
        made |= {"action": f"/console/actions/{action}", "approval": f"/console/approvals/{action}"}
    with one_desk.client(Accept="text/html", Origin=one_desk.url, Cookie=f"firstline_session={one_desk.token(ADMIN)}") as client:
        gap = re.search(r'href="/console/gaps/(g_\w+)"', client.get("/console/gaps", params={"q": "loom"}).text)
        assert gap is not None
        made |= {"gap_id": gap[1], "gap": f"/console/gaps/{gap[1]}"}
        experiment = re.search(r'href="(/console/experiments/[^"/]+)"', client.get("/console/experiments").text)
        assert experiment is not None
        made["experiment"] = experiment[1]
        made["draft"] = client.post("/console/articles/drafts").headers["location"]
        article = re.search(r'href="/articles/([^"]+)"', client.get("/articles").text)
        assert article is not None
        made["history"] = f"/console/articles/history?article={article[1]}"
        client.post(f"/console/reviews/{made['week']}/make")
        client.get("/console/connectors")
        end = time.monotonic() + 60
        while client.get(f"/console/reviews/{made['week']}.html").status_code != 200 or "hx-get" in client.get("/console/connectors/checks").text:
            assert time.monotonic() < end, "the review and the checks were not made in time"
            time.sleep(0.2)
    return made


def filled(path: str, stage: dict[str, str]) -> str:
    for name, value in stage.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@contextmanager
def looking(browser: Browser, service: Service, look: str, person: str = ADMIN) -> Iterator[Page]:
    options = {"base_url": service.url, "locale": "en-GB", "timezone_id": "Europe/Stockholm", "reduced_motion": "reduce", **LOOKS[look]}
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": "firstline_session", "value": service.token(person), "url": service.url}])
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    try:
        yield page
        assert broken == []
    finally:
        context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_breaks_a_rule_sticks_out_or_cannot_be_read(one_desk: Service, browser: Browser, stage: dict[str, str], look: str) -> None:
    folder, faults = ARTEFACTS / "console", []
    folder.mkdir(parents=True, exist_ok=True)
    with looking(browser, one_desk, look) as page:
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        for path, address in PAGES.items():
            answer = page.goto(filled(address, stage))
            assert answer is not None and answer.status == 200, f"{path}: {answer and answer.status}"
            page.wait_for_load_state("load")
            name = re.sub(r"[{}]", "", path.removeprefix("/console/")).replace("/", "-")
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
            found = [*violations(page), *page.evaluate(CONTRAST), *page.evaluate(WIDE), *page.evaluate(SMALL), *errors]
            errors.clear()
            faults += [f"{path}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_goes_through_a_page_from_the_skip_link_to_the_end_and_is_seen_everywhere(
    one_desk: Service, browser: Browser, stage: dict[str, str], path: str
) -> None:
    with looking(browser, one_desk, "desktop-light") as page:
        page.goto(filled(PAGES[path], stage))
        check_names(page)
        assert page.get_by_role("heading", level=1).count() == 1
        stops = page.evaluate(STOPS)
        if page.locator("header").count():  # what is made for paper has no navigation to skip
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.className") == "skip", "the first stop is the link that skips the navigation"
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "main"
            page.reload()
        for number in range(stops + 3):
            page.keyboard.press("Tab")
            focus = page.evaluate(FOCUS)
            if focus["tag"] == "body" and number:
                break
            assert focus["seen"], f"no visible focus on {focus}"
        else:
            pytest.fail(f"the keyboard does not come to the end after {stops} stops")


def test_the_pages_open_on_a_phone_by_a_button_and_close_with_escape(one_desk: Service, browser: Browser) -> None:
    with looking(browser, one_desk, "phone-light") as page:
        page.goto("/console/tickets")
        pages = page.get_by_role("navigation", name="Console")
        expect(pages).to_be_hidden()
        page.get_by_role("button", name="Pages").press("Enter")
        expect(pages).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(pages).to_be_hidden()
        page.get_by_role("button", name="Pages").press("Enter")
        pages.get_by_role("link", name="Approvals").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("What you have to decide")


def test_a_part_that_is_fetched_again_leaves_the_focus_where_it_was(one_desk: Service, browser: Browser) -> None:
    with looking(browser, one_desk, "desktop-light") as page:
        page.goto("/console/connectors")
        page.get_by_role("button", name="Look again").press("Enter")
        expect(page.locator("#checks")).to_contain_text("Looked", timeout=30_000)  # the part fetches itself until the look is over
        page.get_by_role("button", name="Look again").focus()
        with page.expect_response("**/console/connectors/checks"):  # a quick look is over before the page is there, and nothing was fetched
            page.evaluate(FETCH_CHECKS)
        assert page.evaluate("document.activeElement.textContent") == "Look again"
        assert page.locator("#checks time").get_attribute("title"), "a time that was fetched has no zone"


def test_a_service_that_is_away_is_said_in_words(one_desk: Service, browser: Browser) -> None:
    with looking(browser, one_desk, "desktop-light") as page:
        page.goto("/console/audit")
        page.wait_for_load_state("networkidle")  # a part that is still on its way gives way to the next
        page.evaluate(FETCH)
        page.wait_for_load_state("networkidle")
        expect(page.locator("#not-done")).to_be_hidden()
        page.route("**/console/audit/chain", lambda route: route.abort())
        page.evaluate(FETCH)
        expect(page.locator("#not-done")).to_contain_text("cannot be reached")
        page.unroute("**/console/audit/chain")
        page.context.clear_cookies()
        page.evaluate(FETCH)
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to the console")
