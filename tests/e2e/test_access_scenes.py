"""Everybody can use it: with the keyboard alone, a screen reader, a phone, dark colours, larger text, less motion."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import PHONE, Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
NAMED_ROLES = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "radio",
    "checkbox",
    "combobox",
    "listbox",
    "tab",
    "dialog",
    "log",
    "heading",
    "image",
    "img",
}
FOCUS = """() => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  const style = active ? getComputedStyle(active) : null;
  const frame = active?.closest('.field') ? getComputedStyle(active.closest('.field')) : null;
  const visible = (one) => one && ((one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) > 0) || one.boxShadow !== 'none');
  return { name: active?.getAttribute('aria-label') || active?.textContent.trim() || active?.getAttribute('name') || '', tag: active?.localName,
           seen: Boolean(visible(style) || visible(frame)) };
}"""
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const parse = (text) => {
    if (!known.has(text)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(text, { r, g, b, a: a / 255 });
    }
    return known.get(text);
  };
  const mix = (top, under, c) => top[c] * top.a + under[c] * (1 - top.a);
  const over = (top, under) => ({ r: mix(top, under, 'r'), g: mix(top, under, 'g'), b: mix(top, under, 'b'), a: 1 });
  const part = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = ({ r, g, b }) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const paper = matchMedia('(prefers-color-scheme: dark)').matches ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 };
  const ground = (node) => {
    const layers = [];
    for (let one = node; one; one = parent(one)) {
      layers.push(parse(getComputedStyle(one).backgroundColor));
      if (layers.at(-1).a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), paper);
  };
  const faults = [];
  const check = (node) => {
    const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    const box = node.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2 || !node.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return;
    const style = getComputedStyle(node);
    if (style.clipPath !== 'none' || node.closest('option, [disabled], script, style')) return;
    const back = ground(node);
    const [high, low] = [light(over(parse(style.color), back)), light(back)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const enough = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < enough) faults.push(`${ratio.toFixed(2)} ${node.localName}.${node.className}: ${node.textContent.trim().slice(0, 40)}`);
  };
  const walk = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) walk(node.shadowRoot);
      check(node);
    }
  };
  walk(document);
  return faults;
}"""


LIGHTNESS = """() => {
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""


def tree(page: Page) -> list[dict[str, Any]]:
    """Return what Chromium tells a screen reader: role, name and properties of every node that is not ignored."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        {
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value", ""),
            **{fact["name"]: fact["value"].get("value") for fact in node.get("properties", [])},
        }
        for node in nodes
        if not node["ignored"] and "role" in node
    ]


def check_names(page: Page) -> list[dict[str, Any]]:
    """Check that everything that can be used or navigated to has a name, and return the tree."""
    nodes = tree(page)
    nameless = [node for node in nodes if node["role"] in NAMED_ROLES and not node["name"].strip()]
    assert nameless == []
    return nodes


def tab_to(page: Page, name: str | re.Pattern[str], key: str = "Tab", limit: int = 120) -> None:
    """Move the focus with the keyboard until it is on what has this name; every stop must show where it is."""
    for _ in range(limit):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if focus["tag"] != "body":
            assert focus["seen"], f"no visible focus on {focus}"
        if re.fullmatch(name, focus["name"]):
            return
    raise AssertionError(f"the keyboard does not reach {name}")


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
        help_desk.panel.get_by_role("button", name=re.compile("change")).click()
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
        bubble = help_desk.log.get_by_text("لا أستطيع")
        assert bubble.evaluate("node => getComputedStyle(node).direction") == "rtl"
        assert help_desk.last.locator("[dir=auto]").first.evaluate("node => getComputedStyle(node).direction") == "ltr"
        picture(page, "right-to-left-desktop-light")


def test_a_table_in_an_article_is_a_table_in_the_answer(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, _):
        help_desk = Helpdesk(page)
        answer = help_desk.ask("Which way should I send a large file, and how large may it be?")
        picture(page, "table-answer-desktop-light")
        with desk.client("maria.santos") as maria:
            conversation = maria.get("/v1/conversations").json()[0]["conversation"]
            html = maria.get(f"/v1/conversations/{conversation}/events").json()[-1]["event"]["reply"]["html"]
        if "<table>" not in html:
            pytest.fail("this question was meant to be answered with a table; choose another")
        expect(answer.get_by_role("table")).to_be_visible()
        assert answer.get_by_role("cell").count() > 3
