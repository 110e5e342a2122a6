"""What the product is for, as people see it: an answer that solves it, a ticket where there is none, the right guide for each."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
WINDOWS_GUIDE = "Install and connect the VPN on a Windows laptop"
MAC_GUIDE = "Install and connect the VPN on a Mac"


def ticket_in(text: str) -> str:
    """Return the ticket number that a text names."""
    found = re.search(r"T-\d+", text)
    assert found is not None, text
    return found[0]


def close_what_is_open(desk: Service, person: str) -> None:
    """End what other scenes left open, so that a question opens a ticket of its own."""
    with desk.client(person) as client:
        for one in client.get("/v1/conversations").json():
            if one["state"] == "awaiting_confirmation":
                assert client.post(f"/v1/conversations/{one['conversation']}/messages", json={"choice": "yes"}).status_code == 200


def test_marias_vpn_question_is_answered_confirmed_and_closed_by_nobody(browser: Browser, desk: Service) -> None:
    close_what_is_open(desk, "maria.santos")
    with visit(browser, desk) as (page, _):
        expect(page.get_by_role("radio", name="Maria Santos")).to_be_checked()
        expect(page.get_by_role("heading", name="What can we help with, Maria?")).to_be_visible()
        help_desk = Helpdesk(page)
        expect(help_desk.panel.get_by_text("Your device: Dell Latitude 5450, Windows 11")).to_be_visible()
        picture(page, "help-centre-desktop-light")

        answer = help_desk.ask("I cannot connect to the VPN")
        expect(answer.get_by_role("button", name=f"Source 1: {WINDOWS_GUIDE}").first).to_be_visible()
        expect(answer.get_by_role("heading", name="Sources")).to_be_visible()
        expect(answer).to_contain_text("for Windows 11")
        expect(answer.get_by_role("group", name="Did this solve it?").get_by_role("button")).to_have_text(["Yes, solved", "No", "Talk to a person"])
        picture(page, "vpn-answer-desktop-light")
        open_and_check_the_source(page, help_desk, desk)

        closed = help_desk.press("Yes, solved")
        expect(closed).to_contain_text("I closed ticket")
        expect(help_desk.log.get_by_text("You answered: Yes, solved")).to_be_visible()
        number = ticket_in(closed.inner_text())
        picture(page, "vpn-solved-desktop-light")

        sign_in(page, "Sam Oduya")
        expect(page.get_by_role("heading", name="Who is waiting")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text=number)).to_have_count(0)
        page.get_by_role("navigation", name="Status").get_by_role("link", name="Closed").click()
        row = page.get_by_role("row").filter(has_text=number)
        expect(row).to_contain_text("Maria Santos")
        expect(row).to_contain_text("Closed")
        picture(page, "tickets-closed-desktop-light", full_page=True)
        row.get_by_role("link", name="I cannot connect to the VPN").click()
        expect(page.get_by_role("heading", name="I cannot connect to the VPN")).to_be_visible()
        facts = page.get_by_role("main")
        expect(facts).to_contain_text("Dell Latitude 5450")
        expect(facts).to_contain_text("confirmed as solved")
        picture(page, "ticket-solved-desktop-light", full_page=True)


def open_and_check_the_source(page: Page, help_desk: Helpdesk, desk: Service) -> None:
    """Open the quotation under an answer, compare it with the article, follow it to the whole article, and close it."""
    title = help_desk.last.get_by_role("button", name=WINDOWS_GUIDE, exact=True)
    expect(title).to_have_attribute("aria-expanded", "false")
    title.click()
    quote = help_desk.last.get_by_role("group", name=f"Quoted from {WINDOWS_GUIDE}")
    expect(quote).to_be_focused()
    expect(title).to_have_attribute("aria-expanded", "true")
    with desk.client("maria.santos") as maria:
        article = maria.get("/v1/articles/vpn-install-windows").json()
    plain = re.sub(r"\W+", " ", re.sub(r"\]\([^)]*\)", "]", article["text"]))
    quoted = quote.get_by_role("blockquote").all_inner_texts()
    assert quoted
    for line in "\n".join(quoted).splitlines():
        words = re.sub(r"\W+", " ", line).strip()
        assert words in plain, f"'{words}' is not in the article"
    picture(page, "vpn-source-desktop-light")
    with page.context.expect_page() as opened:
        quote.get_by_role("link", name="Open the whole article").click()
    reader = opened.value
    expect(reader.get_by_role("heading", name=WINDOWS_GUIDE)).to_be_visible()
    expect(reader.get_by_text("Kept by")).to_be_visible()
    picture(reader, "article-desktop-light", full_page=True)
    reader.close()
    quote.get_by_role("button", name="Close the quote").click()
    expect(quote).to_have_count(0)
    expect(title).to_be_focused()


def test_a_question_without_an_article_becomes_a_complete_ticket_and_a_gap(browser: Browser, desk: Service) -> None:
    question = "The moisture meter MX-77 in the lab loses its calibration"
    with visit(browser, desk, expected=("403",)) as (page, _):
        help_desk = Helpdesk(page)
        abstention = help_desk.ask(question)
        expect(abstention).to_contain_text("I don't have an article for that.")
        expect(abstention.get_by_role("heading", name="Sources")).to_have_count(0)
        picture(page, "no-article-desktop-light")
        offer = help_desk.ask("It shows E7 after ten minutes and the display turns grey")
        expect(offer).to_contain_text("Shall I open a ticket?")
        filed = help_desk.press("Open a ticket")
        expect(filed).to_contain_text("I filed ticket")
        number = ticket_in(filed.inner_text())
        picture(page, "ticket-filed-desktop-light")

        sign_in(page, "Sam Oduya")
        page.get_by_role("row").filter(has_text=number).get_by_role("link").click()
        main = page.get_by_role("main")
        expect(main).to_contain_text(f"{number} from Maria Santos")
        conversation = page.get_by_role("list").filter(has_text="It shows E7 after ten minutes")
        expect(conversation).to_contain_text(question)
        expect(conversation).to_contain_text("I don't have an article for that.")
        expect(conversation.get_by_role("listitem").last).to_contain_text("Open a ticket")
        expect(main).to_contain_text("Dell Latitude 5450 (LT-2417), Windows 11")
        picture(page, "ticket-open-desktop-light", full_page=True)

        sign_in(page, "Elin Berg")
        page.goto("/console/gaps")
        expect(page.get_by_role("heading", name="What to write first")).to_be_visible()
        expect(page.get_by_role("main")).to_contain_text(re.compile("moisture meter", re.IGNORECASE))
        expect(page.get_by_role("main")).not_to_contain_text(question)
        expect(page.get_by_role("main")).to_contain_text("Write an article")
        picture(page, "gap-report-desktop-light", full_page=True)
        page.goto("/console/tickets")
        expect(page.get_by_role("heading", name="Forbidden")).to_be_visible()
        picture(page, "forbidden-desktop-light")


def test_jonas_gets_the_guide_for_his_mac_and_marias_talk_is_hers_alone(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        help_desk.ask("hello")
        become(page, "Jonas Weber")
        expect(page.get_by_role("heading", name="What can we help with, Jonas?")).to_be_visible()
        expect(help_desk.panel.get_by_text("Your device: MacBook Pro 14, macOS 15")).to_be_visible()
        expect(help_desk.replies).to_have_count(0)
        answer = help_desk.ask("I cannot connect to the VPN")
        expect(answer.get_by_role("button", name=re.compile(f"Source 1: {MAC_GUIDE}")).first).to_be_visible()
        expect(answer).to_contain_text("for macOS 15")
        picture(page, "vpn-answer-macos-desktop-light")
        help_desk.press("Yes, solved")
        become(page, "Maria Santos")
        expect(help_desk.replies).to_have_count(1)
        expect(help_desk.log).to_contain_text("hello")


def test_the_first_answer_did_not_help_another_source_follows_and_then_a_ticket(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        become(page, "Priya Nair")
        help_desk = Helpdesk(page)
        expect(help_desk.panel.get_by_text("Your device: ThinkStation P3, Ubuntu 24.04")).to_be_visible()
        first = help_desk.ask("I cannot connect to the VPN").get_by_role("heading", name="Sources").locator("..").inner_text()
        second = help_desk.press("No")
        expect(second).to_contain_text("Sorry that it did not help")
        assert second.get_by_role("heading", name="Sources").locator("..").inner_text() != first
        filed = help_desk.press("No")
        expect(filed).to_contain_text("I filed ticket")
        number = ticket_in(filed.inner_text())
        sign_in(page, "Sam Oduya")
        page.get_by_role("row").filter(has_text=number).get_by_role("link").click()
        tried = page.get_by_role("table")
        expect(tried.get_by_role("row")).to_have_count(3)
        expect(tried).to_contain_text("did not solve it")
        picture(page, "ticket-after-two-sources-desktop-light", full_page=True)


def test_the_search_field_of_the_page_asks_the_assistant(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        help_desk.panel.get_by_role("button", name="Close").click()
        expect(help_desk.panel).to_have_count(0)
        page.get_by_role("searchbox", name="Your question").fill("How do I set up my out of office reply?")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(help_desk.panel).to_be_visible()
        expect(help_desk.last.get_by_role("heading", name="Sources")).to_be_visible()
        expect(help_desk.field).to_be_focused()
