"""Three people report one thing: an agent accepts it, the fourth is told in the widget and attached, one message and one close reach all of them."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import CONTRAST, check_names
from tests.support.browser import PHONE, Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
REPORTS = {
    "jonas.weber": "The ERP shows error 503 when I post an invoice",
    "emma.lundgren": "ERP is down for me, it says 503 service unavailable",
    "nils.forsberg": "I cannot post invoices in the ERP, http 503",
}
NEWS, SOLVED = "The supplier restarts the ERP at ten.", "A full disk; it is larger now."


def report(desk: Service, person: str, words: str) -> str:
    """Ask in vain and file a ticket; return the conversation."""
    with desk.client(person) as client:
        asked = client.post("/v1/conversations", json={"text": words}).json()
        filed = client.post(f"/v1/conversations/{asked['conversation']}/messages", json={"choice": "file"}).json()
    assert filed["state"] == "filed", filed
    return str(asked["conversation"])


def heard(desk: Service, person: str, conversation: str) -> str:
    """Return what a person was told in a conversation so far."""
    with desk.client(person) as client:
        return str(client.get(f"/v1/conversations/{conversation}/events").text)


def wait_for(desk: Service, conversations: dict[str, str], words: str) -> None:
    """Wait until everybody has been told something."""
    until = time.monotonic() + 30
    while not all(words in heard(desk, person, conversation) for person, conversation in conversations.items()):
        assert time.monotonic() < until, f"not everybody was told: {words}"
        time.sleep(0.3)


def board(page: Page) -> Page:
    """Open the board as the desk's agent, in a tab of its own."""
    agent = page.context.new_page()
    sign_in(agent, "Sam Oduya")
    agent.get_by_role("link", name="Problems").click()
    return agent


def found(agent: Page) -> None:
    """Open the candidate, which appears a moment after the third ticket."""
    link = agent.get_by_role("link", name="ERP: HTTP 503")
    for _ in range(40):
        if link.count():
            break
        agent.wait_for_timeout(500)
        agent.reload()
    link.first.click()


def test_from_three_tickets_to_one_close(browser: Browser, desk: Service) -> None:
    conversations = {person: report(desk, person, words) for person, words in REPORTS.items()}
    with visit(browser, desk) as (page, _):
        sam = board(page)
        found(sam)
        expect(sam.get_by_text("3 tickets of 3 people")).to_be_visible()
        expect(sam.get_by_text("All 3 name the error HTTP 503.")).to_be_visible()
        picture(sam, "problem-candidate", full_page=True)
        check_names(sam)
        sam.get_by_role("button", name="Accept it").click()
        expect(sam.get_by_role("button", name="Send to 3 people")).to_be_visible()

        become(page, "Maria Santos")
        maria = Helpdesk(page)
        told = maria.ask("Is the ERP down? I only get error 503")
        expect(told).to_contain_text("This is a known problem: ERP: HTTP 503")
        expect(told).to_contain_text("I attached you to it")
        picture(page, "problem-told-widget")

        sam.reload()
        sam.get_by_role("textbox", name="Message").fill(NEWS)
        picture(sam, "problem-open", full_page=True)
        replies = maria.replies.count()
        sam.get_by_role("button", name="Send to 4 people").click()
        expect(sam.get_by_text("Told everybody (4 people)")).to_be_visible()
        expect(maria.replies).to_have_count(replies + 1)
        expect(maria.last).to_contain_text(NEWS)
        wait_for(desk, conversations, NEWS)

        sam.get_by_role("textbox", name="What solved it").fill(SOLVED)
        sam.get_by_role("button", name="Close for 4 people").click()
        expect(sam.get_by_text("Closed for everybody (4 people)")).to_be_visible()
        expect(maria.replies).to_have_count(replies + 2)
        expect(maria.last).to_contain_text("Did that solve it for you?")
        wait_for(desk, conversations, SOLVED)
        picture(page, "problem-asked-widget")
        maria.press("No")
        expect(maria.last).to_contain_text("again")
        sam.reload()
        expect(sam.get_by_text("No, and their ticket is open again: 1.")).to_be_visible()
        sam.get_by_role("textbox", name="What people are told").fill("It fails again.")
        picture(sam, "problem-closed", full_page=True)
        sam.get_by_role("button", name="Take the end back").click()
        expect(sam.get_by_text("Opened again (4 people)")).to_be_visible()
        wait_for(desk, conversations, "It fails again.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_and_a_problem_read_well_on_a_phone(browser: Browser, desk: Service, scheme: str) -> None:
    with visit(browser, desk, viewport=PHONE, color_scheme=scheme) as (page, _):
        sign_in(page, "Sam Oduya")
        page.goto("/console/problems?state=all")
        check_names(page)
        assert page.evaluate(CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(page, f"problems-phone-{scheme}", full_page=True)
        row = page.get_by_role("link", name="ERP: HTTP 503")
        if row.count():
            row.first.click()
            assert page.evaluate(CONTRAST) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            picture(page, f"problem-phone-{scheme}", full_page=True)
