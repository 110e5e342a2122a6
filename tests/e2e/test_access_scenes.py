"""Everybody can use it: with the keyboard alone, a screen reader, a phone, dark colours, larger text, less motion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.accessibility import CONTRAST, FOCUS, LIGHTNESS, check_names, tab_to
from tests.support.browser import PHONE, Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser


def is_focused(locator: Locator) -> None:
    expect(locator).to_be_focused()


def test_the_vpn_scene_with_the_keyboard_alone(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        expect(help_desk.panel.get_by_text("Your device: Dell Latitude 5450")).to_be_visible()
        page.keyboard.press("Tab")
        is_focused(page.get_by_role("link", name="Skip to the content"))
        tab_to(page, "Your message")
        page.keyboard.type("I cannot connect to the VPN")
        page.keyboard.press("Enter")
        expect(help_desk.replies).to_have_count(1)
        is_focused(help_desk.field)

        tab_to(page, "Install and connect the VPN on a Windows laptop", "Shift+Tab")
        page.keyboard.press("Enter")
        quote = help_desk.last.get_by_role("group", name="Quoted from")
        is_focused(quote)
        picture(page, "vpn-keyboard-source-desktop-light")
        page.keyboard.press("Escape")
        expect(quote).to_have_count(0)
        is_focused(help_desk.last.get_by_role("button", name="Install and connect the VPN on a Windows laptop", exact=True))
        expect(help_desk.panel).to_be_visible()

        tab_to(page, "Yes, solved")
        page.keyboard.press("Space")
        expect(help_desk.last).to_contain_text("I closed ticket")
        is_focused(help_desk.field)
        page.keyboard.type("thanks")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("and bye")
        page.keyboard.press("Enter")
        expect(help_desk.replies).to_have_count(3)
        expect(help_desk.log).to_contain_text("thanks\nand bye", use_inner_text=True)
        picture(page, "vpn-keyboard-solved-desktop-light")


def test_the_focus_goes_into_the_panel_and_back_and_escape_closes_it(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        expect(help_desk.panel).to_be_visible()
        assert page.evaluate(FOCUS)["tag"] == "body", "a panel that opens by itself takes no focus"
        help_desk.field.focus()
        page.keyboard.press("Escape")
        expect(help_desk.panel).to_have_count(0)
        is_focused(help_desk.launcher)
        page.keyboard.press("Enter")
        expect(help_desk.panel).to_be_visible()
        is_focused(help_desk.field)
        help_desk.panel.get_by_role("button", name="Close").click()
        is_focused(help_desk.launcher)
        link = page.get_by_role("link", name="Gap report")
        page.get_by_role("searchbox", name="Your question").focus()
        page.keyboard.type("hello")
        page.keyboard.press("Enter")
        is_focused(help_desk.field)
        page.keyboard.press("Escape")
        is_focused(page.get_by_role("searchbox", name="Your question"))
        expect(link).to_be_visible()


def test_a_screen_reader_finds_a_name_and_a_role_for_everything(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        become(page, "Jonas Weber")
        help_desk = Helpdesk(page)
        help_desk.ask("I cannot connect to the VPN")
        help_desk.last.get_by_role("button", name="Install and connect the VPN on a Mac").last.click()
        help_desk.panel.get_by_role("button", name=re.compile("^Your device.*change")).click()
        nodes = check_names(page)
        roles = [(node["role"], node["name"]) for node in nodes]
        assert ("log", "Messages") in roles
        assert ("dialog", "IT help") in roles
        assert ("textbox", "Your message") in roles
        assert ("main", "") in roles
        assert [name for role, name in roles if role == "heading" and name.startswith("What can we help with")] == ["What can we help with, Jonas?"]
        (log,) = [node for node in nodes if node["role"] == "log"]
        assert log["live"] == "polite"
        assert page.get_by_role("radio", name="Samsung Galaxy A55").count() == 1
        help_desk.panel.get_by_role("button", name="Cancel").click()
        help_desk.press("Yes, solved")
        for path in ("/articles", "/articles/vpn-install-macos", "/docs", "/console/sign-in"):
            page.goto(path)
            check_names(page)
            expect(page.get_by_role("main")).to_be_visible()
            expect(page.get_by_role("heading", level=1)).to_have_count(1)
        sign_in(page, "Sam Oduya")
        for path in ("/console/tickets?status=", "/console/tickets/T-1001", "/console/gaps"):
            page.goto(path)
            check_names(page)
            expect(page.get_by_role("heading", level=1)).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(browser: Browser, desk: Service, scheme: str) -> None:
    with visit(browser, desk, color_scheme=scheme, reduced_motion="reduce") as (page, _):
        become(page, "Priya Nair")
        help_desk = Helpdesk(page)
        help_desk.ask("How do I add a printer?")
        help_desk.last.get_by_role("heading", name="Sources").locator("..").get_by_role("button").first.click()
        page.wait_for_timeout(200)
        assert page.evaluate(CONTRAST) == []
        picture(page, f"printer-answer-desktop-{scheme}")
        help_desk.press("Yes, solved")
        assert page.evaluate(CONTRAST) == []
        assert (page.evaluate(LIGHTNESS) < 90) == (scheme == "dark")
        sign_in(page, "Sam Oduya")
        for path, name in (
            ("/console/tickets?status=", "tickets"),
            ("/console/tickets/T-1001", "ticket"),
            ("/console/gaps", "gap-report"),
            ("/articles/vpn-install-linux", "article"),
            ("/docs", "docs"),
        ):
            page.goto(path)
            assert page.evaluate(CONTRAST) == [], path
            if scheme == "dark":
                picture(page, f"{name}-desktop-dark")


def test_the_vpn_scene_on_a_phone(browser: Browser, desk: Service) -> None:
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 2, "reduced_motion": "reduce"}
    with visit(browser, desk, **phone) as (page, _):
        help_desk = Helpdesk(page)
        expect(help_desk.panel).to_have_count(0)
        fits(page)
        picture(page, "help-centre-phone-light")
        help_desk.launcher.tap()
        expect(help_desk.panel).to_be_visible()
        box = help_desk.panel.bounding_box()
        assert box is not None
        assert (box["x"], box["y"], box["width"]) == (0, 0, PHONE["width"]), "the panel fills the phone"
        help_desk.field.fill("I cannot connect to the VPN")
        help_desk.panel.get_by_role("button", name="Send").tap()
        expect(help_desk.replies).to_have_count(1)
        expect(help_desk.last.get_by_role("heading", name="Sources")).to_be_attached()
        picture(page, "vpn-answer-phone-light")
        solved = help_desk.last.get_by_role("button", name="Yes, solved")
        solved.scroll_into_view_if_needed()
        picture(page, "vpn-question-phone-light")
        for target in help_desk.panel.get_by_role("button").all():
            size = target.bounding_box()
            within_a_line = re.search(r"^Source \d|, change$", target.get_attribute("aria-label") or "")
            if size is not None and not within_a_line:
                assert min(size["width"], size["height"]) >= 24, f"{target.inner_text()} is too small to touch: {size}"
        fits(page)
        solved.tap()
        expect(help_desk.last).to_contain_text("I closed ticket")
        picture(page, "vpn-solved-phone-light")
        help_desk.panel.get_by_role("button", name="Close").tap()
        expect(help_desk.panel).to_have_count(0)
        sign_in(page, "Sam Oduya")
        fits(page)
        picture(page, "tickets-phone-light")
        page.goto("/console/tickets/T-1001")
        fits(page)
        picture(page, "ticket-phone-light")


def fits(page: Page) -> None:
    """Check that nothing is wider than the screen."""
    assert page.evaluate("document.scrollingElement.scrollWidth") <= page.evaluate("innerWidth")


def test_text_twice_as_large_on_a_narrow_window_is_still_all_there(browser: Browser, desk: Service) -> None:
    """WCAG 1.4.10: a window of 320 pixels, as 1280 at 400 percent."""
    with visit(browser, desk, viewport={"width": 320, "height": 640}) as (page, _):
        fits(page)
        help_desk = Helpdesk(page)
        help_desk.launcher.click()
        help_desk.ask("How do I set up Approve on a new phone?")
        fits(page)
        wider = "node => [...node.querySelectorAll('p, li, button')].filter((one) => one.scrollWidth > one.clientWidth + 2).length"
        overflowing = help_desk.last.evaluate(wider)
        assert overflowing == 0
        picture(page, "answer-320-pixels-light")


def test_words_from_right_to_left_stand_on_the_right(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        help_desk.ask("لا أستطيع الاتصال بالشبكة الافتراضية VPN")
        bubble = help_desk.log.get_by_text("لا أستطيع").first
        assert bubble.evaluate("node => getComputedStyle(node).direction") == "rtl"
        assert help_desk.last.locator("[dir=auto]").first.evaluate("node => getComputedStyle(node).direction") == "ltr"
        picture(page, "right-to-left-desktop-light")


def test_a_table_in_an_article_is_a_table_in_the_answer(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        answer = help_desk.ask("Up to what size can I send a file as an attachment or a link?")
        picture(page, "table-answer-desktop-light")
        expect(answer.get_by_role("table")).to_be_visible()
        assert answer.get_by_role("cell").count() > 3
