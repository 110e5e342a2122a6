"""Past conversations, files and feedback as people see them, with the real service behind them."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Helpdesk, become, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
PRIYA = "Priya Nair"


def screenshot() -> bytes:
    """A small picture."""
    kept = io.BytesIO()
    Image.new("RGB", (64, 48), (20, 90, 130)).save(kept, "PNG")
    return kept.getvalue()


def choose(page: Page, name: str, kind: str, content: bytes) -> None:
    """Choose a file to send."""
    page.locator("firstline-helpdesk input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": content})


def test_a_screenshot_goes_with_the_question_is_seen_in_another_tab_downloaded_and_removed(browser: Browser, desk: Service) -> None:
    with visit(browser, desk, expected=("status of 415",)) as (page, _):
        become(page, PRIYA)
        priya = Helpdesk(page)
        choose(page, "C:\\Users\\priya\\vpn error.png", "image/png", screenshot())
        expect(priya.panel.get_by_role("list", name="Files to send")).to_contain_text("vpn error.png")
        priya.ask("How do I encrypt a USB stick?")  # no scene leaves a ticket of hers about this, to which it would be added
        fetched = priya.log.get_by_role("button", name="Download vpn error.png")
        expect(fetched).to_be_visible()

        other = page.context.new_page()
        other.goto("/")
        become(other, PRIYA)
        second = Helpdesk(other)
        expect(second.log.get_by_role("button", name="Download vpn error.png")).to_be_visible()
        with page.expect_download() as download:
            fetched.click()
        assert download.value.suggested_filename == "vpn error.png"
        assert Image.open(download.value.path()).size == (64, 48)

        choose(page, "notes.txt", "text/plain", b"MZ\x00\x01\x02 not a text")
        priya.panel.get_by_role("button", name="Send").click()
        refusal = priya.log.get_by_role("alert")
        expect(refusal).to_contain_text("Not taken.")
        assert len(refusal.inner_text().split()) > 8, "the service's own words say why"
        refusal.get_by_role("button", name="Remove").click()
        expect(refusal).to_have_count(0)

        priya.log.get_by_role("button", name="Remove vpn error.png").click()
        expect(priya.log).to_contain_text("vpn error.png was removed.")
        expect(second.log).to_contain_text("vpn error.png was removed.")
        page.reload()
        become(page, PRIYA)
        expect(priya.log).to_contain_text("vpn error.png was removed.")
        expect(priya.log.get_by_role("button", name="Download vpn error.png")).to_have_count(0)
        priya.press("Yes, solved")


def test_what_is_said_of_an_answer_is_kept_shown_in_both_tabs_and_may_change(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        become(page, "Jonas Weber")
        jonas = Helpdesk(page)
        answer = jonas.ask("How do I reset my password?")
        expect(answer.get_by_role("group", name="Was this answer helpful?").get_by_role("button")).to_have_count(2)
        answer.get_by_role("button", name="Not helpful").click()
        answer.get_by_role("radio", name="Something is missing").check()
        answer.get_by_role("textbox", name="Anything to add? (optional)").fill("The link to the page")
        answer.get_by_role("button", name="Send").click()
        expect(answer).to_contain_text("You said: not helpful, something is missing")

        other = page.context.new_page()
        other.goto("/")
        become(other, "Jonas Weber")
        second = Helpdesk(other)
        expect(second.last).to_contain_text("You said: not helpful, something is missing")
        second.last.get_by_role("button", name="Was this answer helpful? change").click()
        second.last.get_by_role("button", name="Helpful", exact=True).click()
        expect(second.last).to_contain_text("You said: helpful")
        expect(answer).to_contain_text("You said: helpful")
        expect(answer.get_by_role("button", name="Yes, solved")).to_be_visible()
        page.reload()
        become(page, "Jonas Weber")
        expect(jonas.last).to_contain_text("You said: helpful")
        jonas.press("Yes, solved")


def test_an_earlier_conversation_is_found_read_and_gone_on_with(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        maria = Helpdesk(page)
        maria.ask("How do I add a printer?")
        maria.press("Yes, solved")
        maria.last.get_by_role("button", name="Start a new conversation").click()
        maria.ask("hello")
        maria.panel.get_by_role("button", name="Your conversations").click()
        past = maria.panel.get_by_role("region", name="Your conversations")
        row = past.get_by_role("button").filter(has_text="How do I add a printer?").first
        expect(row).to_contain_text("Solved")
        expect(past.get_by_role("button").filter(has_text="open now")).to_have_count(1)
        row.click()
        expect(maria.log).to_contain_text("How do I add a printer?")
        expect(maria.log).not_to_contain_text("hello")
        maria.ask("thanks")
        with desk.client("maria.santos") as client:
            newest = client.get("/v1/conversations").json()[0]
        assert newest["issue"] == "How do I add a printer?"
