"""A line that breaks, a service that is killed, a page that is loaded again, a sign-in that expires: nothing lost, nothing twice."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Route, WebSocketRoute, expect

from tests.support.browser import LOST_LINE, Helpdesk, become, picture, visit
from tests.support.minting import minted
from tests.support.service import Service

pytestmark = pytest.mark.browser
OFFLINE = "You are offline. You can go on writing."
WAITING = "Not sent yet. It goes out when the connection is back."


def stored_messages(desk: Service, person: str) -> list[str]:
    """Return the words that a person has said in the conversation that changed last."""
    with desk.client(person) as client:
        conversation = client.get("/v1/conversations").json()[0]["conversation"]
        events = client.get(f"/v1/conversations/{conversation}/events").json()
    return [event["event"]["text"] for event in events if event["event"]["type"] == "message"]


def mine(help_desk: Helpdesk, words: str) -> int:
    """Return how often the log shows a message of mine with these words."""
    return help_desk.log.locator("[data-state]").filter(has_text=words).count()


def test_the_service_is_killed_and_what_was_written_meanwhile_arrives_once(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, expected=LOST_LINE) as (page, _):
        help_desk = Helpdesk(page)
        help_desk.ask("hello")
        desk.kill()
        expect(help_desk.panel.get_by_text(OFFLINE)).to_be_visible()
        help_desk.field.fill("How do I add a printer?")
        help_desk.field.press("Enter")
        expect(help_desk.log.get_by_text(WAITING).last).to_be_visible()
        picture(page, "offline-desktop-light")
        desk.start()
        page.evaluate("dispatchEvent(new Event('online'))")  # or else the next try may be half a minute away
        expect(help_desk.replies).to_have_count(2)
        expect(help_desk.last.get_by_role("heading", name="Sources")).to_be_visible()
        expect(help_desk.log.get_by_text(WAITING).last).to_be_hidden()
        assert mine(help_desk, "How do I add a printer?") == 1
        picture(page, "back-online-desktop-light")
        help_desk.press("Yes, solved")
    assert stored_messages(desk, "maria.santos") == ["hello", "How do I add a printer?", "Yes, solved"]


def test_a_browser_that_goes_offline_sends_when_it_is_back(browser: Browser, desk: Service) -> None:
    line = Line()
    with visit(browser, desk, "/docs", expected=LOST_LINE) as (page, _):
        page.route_web_socket("**/v1/chat", line.carry)
        page.goto("/")
        become(page, "Jonas Weber")
        help_desk = Helpdesk(page)
        help_desk.ask("hello")
        page.context.set_offline(True)
        line.cut()
        expect(help_desk.panel.get_by_text(OFFLINE)).to_be_visible()
        help_desk.field.fill("How do I reset my password?")
        help_desk.field.press("Enter")
        expect(help_desk.log.get_by_text(WAITING).last).to_be_visible()
        line.whole = True
        page.context.set_offline(False)
        expect(help_desk.replies).to_have_count(2)
        expect(help_desk.panel.get_by_text("Connected again. Nothing was lost.")).to_be_visible()
        assert mine(help_desk, "How do I reset my password?") == 1
        help_desk.press("Yes, solved")
    assert stored_messages(desk, "jonas.weber") == ["hello", "How do I reset my password?", "Yes, solved"]


class Line:
    """The line between browser and service: an open socket outlives Chromium's offline mode, so the line has to be cut too."""

    def __init__(self) -> None:
        self.whole = True
        self._open: list[WebSocketRoute] = []

    def carry(self, socket: WebSocketRoute) -> None:
        """Carry a new socket, or drop it while the line is cut."""
        if self.whole:
            socket.connect_to_server()
            self._open.append(socket)
        else:
            socket.close()

    def cut(self) -> None:
        """Cut the line: every open socket is lost, and new ones are too."""
        self.whole = False
        for socket in self._open:
            socket.close()


def test_a_page_that_is_loaded_again_shows_the_conversation_as_it_was(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        become(page, "Priya Nair")
        help_desk = Helpdesk(page)
        help_desk.ask("How do I install software on Ubuntu?")
        help_desk.press("Yes, solved")
        before = [reply.inner_text() for reply in help_desk.replies.all()]
        page.reload()
        expect(help_desk.replies).to_have_count(len(before))
        expect(page.get_by_role("radio", name="Priya Nair")).to_be_checked()
        expect(help_desk.log.get_by_text("Welcome back. You can go on where you left off.")).to_be_visible()
        after = [reply.inner_text() for reply in help_desk.replies.all()]
        assert after[-1].splitlines()[0] == before[-1].splitlines()[0]
        assert mine(help_desk, "How do I install software on Ubuntu?") == 1
        expect(help_desk.log.get_by_text("Yes, solved")).to_be_visible()
        picture(page, "resumed-desktop-light")
        help_desk.ask("thanks")


def test_a_new_conversation_begins_when_the_person_wants_one(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        help_desk.ask("How do I join the Wi-Fi in the office?")
        help_desk.press("Yes, solved")
        help_desk.last.get_by_role("button", name="Start a new conversation").click()
        expect(help_desk.replies).to_have_count(0)
        help_desk.ask("hello")
        with desk.client("maria.santos") as maria:
            newest = maria.get("/v1/conversations").json()[0]
        assert newest["issue"] == ""


def test_an_expired_token_is_renewed_without_the_person_noticing(browser: Browser, desk: Service) -> None:
    issued: list[str] = []

    def short_lived_first(route: Route) -> None:
        issued.append(route.request.url)
        if len(issued) > 1:
            route.continue_()
            return
        until = datetime.now(UTC) + timedelta(seconds=2)
        token = minted(desk, exp=int(until.timestamp()))
        body = {"token": token, "expires_at": (until + timedelta(minutes=15)).isoformat()}
        route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    with visit(browser, desk, "/docs") as (page, _):
        page.route("**/demo/token", short_lived_first)
        page.goto("/")
        help_desk = Helpdesk(page)
        help_desk.ask("hello")
        time.sleep(2.1)
        help_desk.ask("hello again")
        assert len(issued) == 2
        assert mine(help_desk, "hello again") == 1
        expect(help_desk.panel.get_by_text("Your sign-in has expired.")).to_be_hidden()
    assert stored_messages(desk, "maria.santos") == ["hello", "hello again"]


def test_a_sign_in_that_cannot_be_renewed_is_said_and_keeps_what_was_written(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, "/docs", expected=("401",)) as (page, _):
        page.route("**/demo/token", lambda route: route.fulfill(status=401, content_type="application/problem+json", body="{}"))
        page.goto("/")
        help_desk = Helpdesk(page)
        expect(help_desk.panel.get_by_text("Your sign-in has expired.")).to_be_visible()
        help_desk.field.fill("How do I record a meeting?")
        help_desk.field.press("Enter")
        expect(help_desk.log.get_by_text("How do I record a meeting?")).to_be_visible()
        picture(page, "signed-out-desktop-light")
        page.unroute("**/demo/token")
        help_desk.panel.get_by_role("button", name="Try again").click()
        expect(help_desk.replies).to_have_count(1)
        assert mine(help_desk, "How do I record a meeting?") == 1
        help_desk.press("Yes, solved")


def test_two_tabs_of_one_person_show_one_conversation_and_a_new_one_is_offered(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        first = Helpdesk(page)
        first.ask("hello")
        other = page.context.new_page()
        other.goto("/")
        second = Helpdesk(other)
        expect(second.log).to_contain_text("hello")
        expect(second.replies).to_have_count(1)
        second.ask("How do I add a printer?")
        expect(first.replies).to_have_count(2)
        first.press("Yes, solved")
        expect(second.log.get_by_text("You answered: Yes, solved")).to_be_visible()
        expect(second.last.get_by_role("button", name="No")).to_have_count(0)

        second.last.get_by_role("button", name="Start a new conversation").click()
        second.ask("hello from the other tab")
        expect(first.panel.get_by_text("You went on in another tab.")).to_be_visible()
        expect(first.log).not_to_contain_text("hello from the other tab")
        first.panel.get_by_role("button", name="Show it here").click()
        expect(first.log).to_contain_text("hello from the other tab")
        expect(first.replies).to_have_count(1)
        expect(first.panel.get_by_text("You went on in another tab.")).to_have_count(0)
