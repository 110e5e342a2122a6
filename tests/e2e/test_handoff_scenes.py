"""Somebody asks for a person: an agent takes the conversation, answers in it, gives it back, and the assistant answers the next question."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.accessibility import CONTRAST, check_names, tab_to
from tests.support.browser import LOST_LINE, PHONE, Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
ANSWER = "Good morning.\nIs the ribbon in the right way round? <b>Check</b> **the arrow**."
BROKEN = {
    ("light", "desktop"): "The badge reader at gate 9 stays dark",
    ("dark", "desktop"): "The franking machine wants a new licence",
    ("light", "phone"): "The meeting room clock is an hour late",
    ("dark", "phone"): "The coffee terminal does not take my card",
}


def ask_for_a_person(page: Page, name: str, question: str) -> Helpdesk:
    """Ask something that no article answers, as one of the demo's employees, and then for a person."""
    become(page, name)
    help_desk = Helpdesk(page)
    help_desk.ask(question)
    before = help_desk.replies.count()
    help_desk.panel.get_by_role("button", name="Talk to a person").first.click()
    expect(help_desk.replies).to_have_count(before + 1)
    expect(help_desk.last).to_contain_text("will take over")
    return help_desk


def agent_page(page: Page) -> Page:
    """Open the list of conversations as the desk's agent, in a tab of its own."""
    desk = page.context.new_page()
    sign_in(desk, "Sam Oduya")
    desk.get_by_role("link", name="Conversations").click()
    return desk


def turns(desk: Page) -> Locator:
    """Return what the agent sees of the conversation."""
    return desk.get_by_role("log").get_by_role("listitem")


def test_a_person_takes_answers_and_gives_back_while_the_assistant_keeps_quiet(browser: Browser, desk: Service) -> None:
    question = "The label printer in the packing hall prints blank labels, error E-42"
    with visit(browser, desk) as (page, _):
        sam = agent_page(page)
        expect(sam.get_by_role("heading", name="Who waits for a person")).to_be_visible()
        maria = ask_for_a_person(page, "Maria Santos", question)
        picture(page, "handoff-asked-widget")
        row = sam.get_by_role("row").filter(has_text="blank labels")
        expect(row).to_contain_text("Maria Santos")  # without reloading
        expect(row).to_contain_text("Asked for a person")
        picture(sam, "handoff-list-waiting", full_page=True)

        row.get_by_role("link").click()
        expect(sam.get_by_role("complementary")).to_contain_text("E-42")
        picture(sam, "handoff-console-before", full_page=True)
        sam.get_by_role("button", name="Take the conversation").click()
        expect(sam.get_by_role("textbox", name="Your answer to Maria Santos")).to_be_focused()
        expect(maria.log).to_contain_text("Sam Oduya has joined.")
        expect(maria.panel.get_by_role("button", name="With Sam Oduya")).to_be_disabled()

        replies = maria.replies.count()
        lines = ANSWER.split("\n")
        sam.keyboard.type(lines[0])
        sam.keyboard.press("Shift+Enter")
        sam.keyboard.type(lines[1])
        expect(maria.panel.get_by_text("Sam Oduya is writing")).to_be_visible()
        picture(page, "handoff-person-is-writing-widget")
        sam.keyboard.press("Enter")
        expect(maria.replies).to_have_count(replies + 1)
        assert ANSWER in maria.last.inner_text()
        expect(maria.last).to_contain_text("Sam Oduya")
        expect(maria.last).to_contain_text("Service desk")
        expect(maria.panel.get_by_text("Sam Oduya is writing")).to_have_count(0)
        assert maria.last.locator("b, strong").count() == 0, "no mark means anything"
        expect(sam.get_by_role("textbox")).to_have_value("")
        expect(sam.get_by_role("textbox")).to_be_focused()

        maria.field.fill("No, it was the wrong way round. What now?")
        maria.field.press("Enter")
        expect(turns(sam).last).to_contain_text("wrong way round")
        picture(page, "handoff-person-writing-widget")
        picture(sam, "handoff-console-held", full_page=True)
        page.wait_for_timeout(600)
        expect(maria.replies).to_have_count(replies + 1)
        expect(maria.panel.get_by_text("Looking for an answer")).to_have_count(0)

        sam.get_by_role("checkbox", name="It is solved").check()
        sam.get_by_role("button", name="Give back to Firstline").click()
        expect(maria.log).to_contain_text("Sam Oduya has left the conversation.")
        expect(maria.panel.get_by_role("button", name="Talk to a person").first).to_be_enabled()
        expect(sam.get_by_role("button", name="Take the conversation")).to_be_visible()
        answer = maria.ask("I cannot connect to the VPN")
        expect(answer.get_by_role("heading", name="Sources")).to_be_visible()
        picture(page, "handoff-given-back-widget")
        expect(turns(sam).last).to_contain_text("VPN")
        picture(sam, "handoff-console-given-back", full_page=True)
        maria.press("Yes, solved")


def test_two_agents_a_restart_and_a_page_that_is_loaded_again(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, expected=(*LOST_LINE, "409")) as (page, _):
        jonas = ask_for_a_person(page, "Jonas Weber", "The shredder on floor 2 hums and shows H-77")
        sam = agent_page(page)
        sam.get_by_role("row").filter(has_text="shredder").get_by_role("link").click()
        with visit(browser, desk, sam.url.removeprefix(desk.url), expected=("409", "401", *LOST_LINE)) as (laura, _watch):
            sign_in(laura, "Laura Keane")
            laura.goto(sam.url)
            expect(laura.get_by_role("button", name="Take the conversation")).to_be_visible()
            laura.evaluate("WebSocket.prototype.send = () => {}")
            sam.get_by_role("button", name="Take the conversation").click()
            expect(laura.get_by_text("Sam Oduya has this conversation")).to_be_visible()
            picture(laura, "handoff-console-held-by-another")
        field = sam.get_by_role("textbox", name="Your answer to Jonas Weber")
        field.fill("I am writing this while the service")
        desk.stop()
        desk.start()
        jonas.field.fill("It still hums")
        jonas.field.press("Enter")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(turns(sam).last).to_contain_text("It still hums", timeout=30_000)
        expect(field).to_have_value("I am writing this while the service")
        field.press("End")
        sam.keyboard.type(" restarts.")
        sam.keyboard.press("Enter")
        expect(jonas.last).to_contain_text("while the service restarts.")
        sam.reload()
        expect(turns(sam).last).to_contain_text("while the service restarts.")
        page.reload()
        become(page, "Jonas Weber")
        expect(jonas.last).to_contain_text("while the service restarts.")
        expect(jonas.panel.get_by_role("button", name="With Sam Oduya")).to_be_disabled()
        sam.get_by_role("button", name="Give back to Firstline").click()
        expect(jonas.log).to_contain_text("Sam Oduya has left")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_the_live_pages_can_be_read_and_used_by_everybody(browser: Browser, desk: Service, scheme: str, device: str) -> None:
    question = BROKEN[scheme, device]
    options: dict[str, Any] = {"color_scheme": scheme} | ({"viewport": PHONE} if device == "phone" else {})
    with visit(browser, desk) as (page, _):
        ask_for_a_person(page, "Maria Santos", question)
    with visit(browser, desk, "/console/sign-in", **options) as (sam, _):
        sign_in(sam, "Sam Oduya")
        sam.goto("/console/conversations")
        check_names(sam)
        assert sam.evaluate(CONTRAST) == []
        picture(sam, f"handoff-list-{device}-{scheme}", full_page=True)
        sam.get_by_role("link", name=question).click()
        tab_to(sam, "Take the conversation")
        sam.keyboard.press("Enter")
        expect(sam.get_by_role("textbox")).to_be_focused()
        sam.keyboard.type("I am on it.")
        sam.keyboard.press("Enter")
        expect(turns(sam).last).to_contain_text("I am on it.")
        check_names(sam)
        assert sam.evaluate(CONTRAST) == []
        assert sam.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(sam, f"handoff-console-{device}-{scheme}", full_page=True)
        tab_to(sam, "Give back to Firstline")
        sam.keyboard.press("Enter")
        expect(sam.get_by_role("button", name="Take the conversation")).to_be_focused()
