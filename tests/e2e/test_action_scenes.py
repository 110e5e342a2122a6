"""Actions as people see them: the card, the code, two approvers, undo, a no, and a request that nobody decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from assistant.governance.policy_file import PACKAGED
from tests.support.accessibility import CONTRAST, check_names, tab_to
from tests.support.browser import LOST_LINE, PHONE, Helpdesk, become, picture, sign_in, visit
from tests.support.letters import letter, letters
from tests.support.service import Service, copy_demo, running

pytestmark = pytest.mark.browser
MARIA, JONAS, PRIYA = "Maria Santos", "Jonas Weber", "Priya Nair"
MANAGER, OWNER, AGENT = "Johan Ekström", "Rachel Thornton", "Sam Oduya"
SHORT_HOURS = 0.002
LOOKS = [(device, scheme) for device in ("desktop", "phone") for scheme in ("light", "dark")]


def look(device: str, scheme: str) -> dict[str, Any]:
    """Return how a browser of this kind looks at a page."""
    return {"color_scheme": scheme} | ({"viewport": PHONE} if device == "phone" else {})


def card(desk: Helpdesk, title: str) -> Locator:
    """Return the latest card of an action."""
    return desk.log.get_by_role("region", name=title, exact=True).last


def open_widget(page: Page, name: str) -> Helpdesk:
    """Be one of the demo's employees with the widget open."""
    become(page, name)
    desk = Helpdesk(page)
    expect(desk.launcher.or_(desk.field).first).to_be_visible()
    if desk.launcher.is_visible():
        desk.launcher.click()
    expect(desk.field).to_be_visible()
    return desk


def ask_for_access(page: Page, name: str, wanted: str = "CRM") -> Helpdesk:
    """Ask for an access and press its card."""
    desk = open_widget(page, name)
    desk.ask(f"I need access to the {wanted} for a week")
    shown = card(desk, f"Access to {wanted}")
    shown.get_by_role("button", name=f"Access to {wanted}", exact=True).click()
    expect(shown).to_contain_text("Waits for approval")
    return desk


def check_page(page: Page) -> None:
    """Check what everybody needs: names, contrast, no sideways scrolling, one main heading."""
    check_names(page)
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def where(home: Path, secret: str) -> list[str]:
    """Return the files of a state folder, its mails and models apart, that hold a secret."""
    pattern = re.compile(rb"(?<![0-9.])" + re.escape(secret.encode()) + rb"(?![0-9])")
    inside = [path for path in home.rglob("*") if path.is_file() and not {"mail", "models"} & set(path.relative_to(home).parts)]
    return [str(path) for path in (*inside, home.with_suffix(".log")) if pattern.search(path.read_bytes())]


def test_an_account_is_unlocked_by_a_card_and_a_second_tab_shows_how_it_ended(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        priya = open_widget(page, PRIYA)
        priya.ask("My account is locked, please unlock it")
        shown = card(priya, "Unlock your account")
        expect(shown).to_contain_text("Waits for you")
        expect(shown).to_contain_text("Your password stays as it is.")
        expect(shown).to_contain_text("and nothing else")
        picture(page, "action-proposed")
        shown.get_by_role("button", name="Unlock your account").click()
        expect(priya.last).to_contain_text("Your account is unlocked.")
        expect(shown).to_contain_text("Done")
        expect(shown.get_by_role("button")).to_have_count(0)
        expect(priya.last.get_by_role("button", name="Undo: Unlock your account")).to_be_visible()
        picture(page, "action-done")

        with page.expect_popup() as popup:
            page.evaluate("window.open('/')")  # a tab that is opened from here begins with what this one keeps
        second = popup.value
        other = open_widget(second, PRIYA)
        expect(card(other, "Unlock your account")).to_contain_text("Done")
        expect(card(other, "Unlock your account").get_by_role("button")).to_have_count(0)
        picture(second, "action-second-tab")

        priya.last.get_by_role("button", name="Undo: Unlock your account").click()
        expect(shown).to_contain_text("Taken back")
        expect(card(other, "Unlock your account")).to_contain_text("Taken back")
        expect(priya.log.get_by_role("button", name="Undo: Unlock your account")).to_have_count(0)
        picture(page, "action-taken-back")
        page.reload()
        open_widget(page, PRIYA)
        expect(card(priya, "Unlock your account")).to_contain_text("Taken back")


def test_a_password_is_reset_with_a_code_that_is_left_nowhere(browser: Browser, desk: Service) -> None:
    before = frozenset(one.file for one in letters(desk.home))
    with visit(browser, desk) as (page, _):
        maria = open_widget(page, MARIA)
        maria.ask("Reset my password please")
        shown = card(maria, "Reset your password")
        shown.get_by_role("button", name="Reset your password").click()
        field = shown.get_by_role("textbox", name="Six-digit code")
        expect(field).to_be_focused()
        picture(page, "action-step-up")
        page.keyboard.type("12ab")
        page.keyboard.press("Enter")
        expect(shown.get_by_role("alert")).to_have_text("The code has six digits.")
        code = letter(desk.home, "maria.santos@private.example", "one-time code", before).code
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        field.fill(wrong)
        page.keyboard.press("Enter")
        expect(shown.get_by_role("alert")).to_contain_text("That code is not right.")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
        picture(page, "action-step-up-wrong")
        replies = maria.replies.count()
        field.fill(f"{code[:3]} {code[3:]}")
        page.keyboard.press("Enter")
        expect(maria.last).to_contain_text("Your password is reset.")
        expect(shown).to_contain_text("Done")
        expect(maria.log.get_by_role("button", name=re.compile("^Undo"))).to_have_count(0)
        assert maria.replies.count() > replies
        picture(page, "action-reset-done")
        kept = page.evaluate(
            "JSON.stringify([{...sessionStorage}, {...localStorage}, document.querySelector('firstline-helpdesk').shadowRoot.innerHTML])"
        )
    password = letter(desk.home, "maria.santos@private.example", "temporary password", before).last_line
    for secret in (code, wrong, password):
        assert secret not in kept
        assert where(desk.home, secret) == []
    told = letter(desk.home, "maria.santos@lindqvist.example", "Done on your account", before)
    assert password not in told.text
    assert code not in told.text


def test_two_approvers_agree_in_their_own_browsers_and_an_agent_takes_it_back(browser: Browser, desk: Service) -> None:
    before = frozenset(one.file for one in letters(desk.home))
    with visit(browser, desk) as (page, _):
        maria = ask_for_access(page, MARIA)
        shown = card(maria, "Access to CRM")
        expect(maria.last).to_contain_text(f"I asked {MANAGER} to agree")
        expect(shown.get_by_role("button", name="Cancel")).to_be_visible()
        picture(page, "action-awaiting")
        address = letter(desk.home, "johan.ekstrom", "asks for: Access to CRM", before).links[0]
        with visit(browser, desk, address.removeprefix(desk.url)) as (johan, _watch):
            expect(johan).to_have_url(re.compile(r"/console/sign-in\?next=/console/approvals/a_"))
            picture(johan, "approval-sign-in", full_page=True)
            johan.get_by_role("button", name=MANAGER).click()
            expect(johan.get_by_role("heading", name="Access to CRM")).to_be_visible()
            expect(johan.get_by_text("gets access to CRM for 7 days")).to_be_visible()
            johan.get_by_role("textbox", name="Note").fill("For the trade fair")
            picture(johan, "approval-open", full_page=True)
            johan.get_by_role("button", name="Approve").click()
            expect(johan.get_by_text("You agreed")).to_be_visible()
            picture(johan, "approval-agreed", full_page=True)
        expect(shown).to_contain_text("Waits for approval")
        link = letter(desk.home, "rachel.thornton", "asks for: Access to CRM", before).links[0]
        with visit(browser, desk, link.removeprefix(desk.url)) as (rachel, _watch):
            rachel.get_by_role("button", name=OWNER).click()
            expect(rachel.get_by_text("For the trade fair")).to_be_visible()
            rachel.get_by_role("button", name="Approve").click()
            expect(rachel.get_by_text("It was approved.")).to_be_visible()
            rachel.goto("/console/approvals")
            expect(rachel.get_by_role("heading", name="Nothing to decide")).to_be_visible()
            picture(rachel, "approvals-empty", full_page=True)
            rachel.reload()
        expect(maria.last).to_contain_text("You have the access now, for 7 days.")
        expect(shown).to_contain_text("Done")
        with visit(browser, desk, "/console/sign-in") as (sam, _watch):
            sign_in(sam, AGENT)
            sam.get_by_role("link", name="Actions").click()
            picture(sam, "actions-list", full_page=True)
            sam.get_by_role("link", name="Access to CRM").first.click()
            expect(sam.get_by_role("row").filter(has_text="approve: yes")).to_have_count(2)
            picture(sam, "action-audit", full_page=True)
            sam.get_by_role("button", name="Undo").click()
            expect(sam.get_by_role("heading", name="Take back: Access to CRM")).to_be_visible()
        expect(maria.last).to_contain_text("The access has ended.")
        expect(shown).to_contain_text("Taken back")
        picture(page, "action-undone-by-agent")


def test_a_no_and_a_cancelled_request_are_told_at_once(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _), visit(browser, desk, "/console/sign-in", expected=("409",)) as (johan, _watch):
        maria = ask_for_access(page, MARIA, "Ledgerline")
        johan.reload()
        johan.get_by_role("button", name=MANAGER).click()
        johan.goto("/console/approvals")
        picture(johan, "approvals-waiting", full_page=True)
        johan.get_by_role("link", name="Access to Ledgerline").click()
        johan.get_by_role("button", name="Refuse").click()
        expect(johan.get_by_text("It was refused. Nothing was done.")).to_be_visible()
        picture(johan, "approval-refused", full_page=True)
        expect(maria.last).to_contain_text("This was not done: Access to Ledgerline; an approver said no.")
        expect(card(maria, "Access to Ledgerline")).to_contain_text("Not done")
        picture(page, "action-refused")

        ask_for_access(page, MARIA, "Design Suite")
        johan.goto("/console/approvals")
        johan.get_by_role("link", name="Access to Design Suite").click()
        card(maria, "Access to Design Suite").get_by_role("button", name="Cancel").click()
        expect(card(maria, "Access to Design Suite")).to_contain_text("Cancelled")
        johan.get_by_role("button", name="Approve").click()
        expect(johan.get_by_role("alert")).to_contain_text("cancelled already")
        picture(johan, "approval-withdrawn", full_page=True)
        johan.context.clear_cookies()


@pytest.fixture(scope="module")
def hasty(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose requests for approval run out after some seconds."""
    folder = tmp_path_factory.mktemp("hasty")
    policy = folder / "policy.toml"
    text = PACKAGED.read_text(encoding="utf-8")
    hasty = text.replace("hours = 72\nremind_hours = 24", f"hours = {SHORT_HOURS}\nremind_hours = {SHORT_HOURS / 2}")
    assert hasty != text
    policy.write_text(hasty, encoding="utf-8")
    with running(copy_demo(folder / "home", model_home), policy_file=str(policy)) as service:
        yield service


def test_a_request_that_nobody_decides_runs_out_and_says_so_everywhere(browser: Browser, hasty: Service) -> None:
    with visit(browser, hasty) as (page, _):
        maria = ask_for_access(page, MARIA)
        address = letter(hasty.home, "johan.ekstrom", "asks for: Access to CRM").links[0]
        expect(maria.last).to_contain_text("nobody decided in time", timeout=30_000)
        expect(card(maria, "Access to CRM")).to_contain_text("Ran out of time")
        picture(page, "action-expired")
    reminder = letter(hasty.home, "johan.ekstrom", "Still waiting for you")
    assert reminder.links == [address]
    with visit(browser, hasty, address.removeprefix(hasty.url)) as (johan, _):
        johan.get_by_text("Others who approve requests").click()
        johan.get_by_role("button", name=MANAGER).click()
        expect(johan.get_by_text("It ran out of time")).to_be_visible()
        expect(johan.get_by_role("button", name="Approve")).to_have_count(0)
        picture(johan, "approval-expired", full_page=True)


def test_a_code_that_cannot_be_sent_stays_on_the_card_until_the_line_is_back(browser: Browser, hasty: Service) -> None:
    before = frozenset(one.file for one in letters(hasty.home))
    with visit(browser, hasty, expected=LOST_LINE) as (page, _):
        jonas = open_widget(page, JONAS)
        jonas.ask("Reset my password please")
        shown = card(jonas, "Reset your password")
        shown.get_by_role("button", name="Reset your password").click()
        code = letter(hasty.home, "jonas.weber@private.example", "one-time code", before).code
        hasty.stop()
        field = shown.get_by_role("textbox", name="Six-digit code")
        field.fill(code)
        page.keyboard.press("Enter")
        expect(shown.get_by_role("alert")).to_contain_text("You are offline, so the code was not sent.")
        picture(page, "action-step-up-offline")
        hasty.start()
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(jonas.panel.get_by_text("Connected again.")).to_be_visible(timeout=30_000)
        expect(field).to_have_value(code)
        field.press("Enter")
        expect(shown).to_contain_text("Done")


def test_a_link_in_a_web_mail_opens_the_page_for_somebody_who_is_signed_in(browser: Browser, desk: Service) -> None:
    context = browser.new_context(base_url=desk.url)
    page = context.new_page()
    sign_in(page, AGENT)
    link = f"{desk.url}/console/approvals"
    page.route("http://webmail.example/", lambda route: route.fulfill(content_type="text/html", body=f'<a href="{link}?from=mail">Look at it</a>'))
    page.goto("http://webmail.example/")
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", name="One moment")).to_have_count(0)
    expect(page.get_by_role("heading", name="What you have to decide")).to_be_visible()
    context.clear_cookies()
    page.goto("http://webmail.example/")
    page.get_by_role("link", name="Look at it").click()
    expect(page).to_have_url(re.compile(r"/console/sign-in\?next=/console/approvals%3Ffrom%3Dmail"))
    context.close()


@pytest.mark.parametrize(("device", "scheme"), LOOKS)
def test_cards_and_pages_can_be_read_and_used_by_everybody(browser: Browser, desk: Service, device: str, scheme: str) -> None:
    name = f"{device}-{scheme}"
    with visit(browser, desk, **look(device, scheme)) as (page, _):
        jonas = open_widget(page, JONAS)
        jonas.ask("Reset my password please")
        check_page(page)
        picture(page, f"action-proposed-{name}")
        jonas.field.focus()
        tab_to(page, "Reset your password", "Shift+Tab")
        page.keyboard.press("Enter")
        shown = card(jonas, "Reset your password")
        expect(shown.get_by_role("textbox", name="Six-digit code")).to_be_focused()
        page.keyboard.type("000")
        page.keyboard.press("Enter")
        expect(shown.get_by_role("alert")).to_be_visible()
        check_page(page)
        picture(page, f"action-step-up-{name}")
        tab_to(page, "Cancel")
        page.keyboard.press("Enter")
        expect(shown).to_contain_text("Cancelled")
        ask_for_access(page, JONAS, "CRM")
        check_page(page)
        picture(page, f"action-awaiting-{name}")
        with visit(browser, desk, "/console/sign-in?next=/console/approvals", **look(device, scheme)) as (fiona, _watch):
            check_page(fiona)
            picture(fiona, f"approval-sign-in-{name}", full_page=True)
            fiona.get_by_role("button", name="Fiona Baxter").click()
            expect(fiona).to_have_url(re.compile("/console/approvals$"))
            check_page(fiona)
            picture(fiona, f"approvals-{name}", full_page=True)
            fiona.get_by_role("link", name="Access to CRM").last.click()
            tab_to(fiona, "Approve")
            check_page(fiona)
            picture(fiona, f"approval-{name}", full_page=True)
        with visit(browser, desk, "/console/sign-in", **look(device, scheme)) as (sam, _watch):
            sign_in(sam, AGENT)
            sam.goto("/console/actions")
            check_page(sam)
            picture(sam, f"actions-{name}", full_page=True)
            sam.get_by_role("link", name="Access to CRM").first.click()
            check_page(sam)
            picture(sam, f"action-page-{name}", full_page=True)
        card(jonas, "Access to CRM").get_by_role("button", name="Cancel").click()
        expect(card(jonas, "Access to CRM")).to_contain_text("Cancelled")
