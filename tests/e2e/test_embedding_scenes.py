"""One script tag on a page of another origin with a strict policy: placed once, in the page's language and colours, usable by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.accessibility import FOCUS, tab_to
from tests.support.browser import DESKTOP, PATIENCE_MS, PHONE, picture
from tests.support.scenes import LOG, PDF, UPLOAD, Play, asked, attachment, rows
from tests.support.script import WORDS
from tests.support.stage import Page as Sheet
from tests.support.stage import Socket, Stage, replied, said

pytestmark = pytest.mark.browser
NEW = "Start a new conversation"
FRENCH = "Aide informatique"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one's own, in which no page may say an error: a refused source of the page's policy is one."""
    opened = browser.new_context(viewport=DESKTOP, locale="en-GB", reduced_motion="reduce")
    opened.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("weberror", lambda error: errors.append(str(error.error)))
    yield opened
    opened.close()
    expected = ("ERR_CONNECTION", "WebSocket connection to", "status of 503", "status of 422")
    assert [error for error in errors if not any(words in error for words in expected)] == []


def shown(context: BrowserContext, the_stage: Stage, socket: Socket | None = None, **page: Any) -> Play:
    """Open the page with the widget in it."""
    opened = context.new_page()
    socket = socket or Socket()
    play = Play(opened, socket, the_stage, "en", phone=False, words=WORDS["en"])
    if page.pop("anew", True):
        the_stage.set(**page)
    socket.carry(opened)
    opened.goto(the_stage.page.url)
    return play


def test_the_tag_twice_gives_one_widget_and_attributes_reach_it(context: BrowserContext, the_stage: Stage) -> None:
    again = f'<script src="{the_stage.service.url}/widget/widget.js" data-token-url="/helpdesk-token" defer></script>'
    play = shown(context, the_stage, attributes="data-heading='Ask us' data-open", head=again)
    expect(play.widget).to_have_count(1)
    expect(play.page.get_by_role("dialog", name="Ask us")).to_be_visible()


def test_a_target_makes_the_widget_stand_in_the_page(context: BrowserContext, the_stage: Stage) -> None:
    play = shown(context, the_stage, attributes="data-target='#here'", words='<div id="here"></div>')
    expect(play.page.locator("#here firstline-helpdesk")).to_have_count(1)
    expect(play.page.get_by_role("region", name="IT help")).to_be_visible()
    expect(play.page.get_by_role("button", name="Ask IT")).to_have_count(0)


def test_a_page_that_writes_the_element_itself_gets_no_second_one(context: BrowserContext, the_stage: Stage) -> None:
    element = '<firstline-helpdesk token-url="/helpdesk-token" heading="By hand" open></firstline-helpdesk>'
    play = shown(context, the_stage, words=element)
    expect(play.widget).to_have_count(1)
    expect(play.page.get_by_role("dialog", name="By hand")).to_be_visible()


def test_the_language_follows_the_page_and_what_was_being_written_stays(context: BrowserContext, the_stage: Stage) -> None:
    play = shown(context, the_stage, lang="de", attributes="data-open")
    expect(play.page.get_by_role("dialog", name="IT-Hilfe")).to_be_visible()
    play.field.fill("Der Drucker")
    play.page.evaluate("document.documentElement.lang = 'ar'")
    expect(play.page.get_by_role("dialog", name="الدعم التقني")).to_be_visible()
    assert play.widget.locator(".frame").evaluate("frame => getComputedStyle(frame).direction") == "rtl"
    expect(play.field).to_have_value("Der Drucker")
    play.widget.evaluate("element => element.setAttribute('lang', 'fr')")
    expect(play.page.get_by_role("dialog", name=FRENCH)).to_be_visible()
    loaded = play.page.evaluate("performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.includes('/words/'))")
    assert sorted(name.rsplit("/", 1)[1] for name in loaded) == ["ar.js", "de.js", "en.js", "fr.js"], "only what was spoken is loaded"


def test_a_page_in_a_language_that_is_not_spoken_gets_the_browsers(browser: Browser, the_stage: Stage) -> None:
    for own, name in (("pl-PL", "Pomoc IT"), ("ja-JP", "IT help")):
        with browser.new_context(locale=own) as context:
            play = shown(context, the_stage, lang="ja", attributes="data-open")
            expect(play.page.get_by_role("dialog", name=name)).to_be_visible()


def test_six_properties_theme_all_of_it(context: BrowserContext, the_stage: Stage) -> None:
    head = f'<link rel="stylesheet" href="{the_stage.page.url}/theme.css">'
    socket = Socket()
    play = Play(context.new_page(), socket, the_stage, "en", phone=False, words=WORDS["en"])
    the_stage.set(attributes="data-open", head=head)
    theme = """firstline-helpdesk { --fl-accent: rgb(120, 20, 90); --fl-on-accent: rgb(255, 250, 240); --fl-surface: rgb(255, 252, 245);
      --fl-text: rgb(40, 20, 30); --fl-border: rgb(220, 205, 200); --fl-radius: 2px; color-scheme: light; }"""
    the_stage.page.answers["GET", "/theme.css"] = (200, Sheet(theme, "text/css"))
    socket.events = asked(play)
    socket.carry(play.page)
    play.page.goto(the_stage.page.url)
    expect(play.widget.locator(".sources")).to_be_visible()
    style = "(one, name) => getComputedStyle(one)[name]"
    assert play.widget.locator(".panel").evaluate(style, "backgroundColor") == "rgb(255, 252, 245)"
    assert play.widget.locator(".panel").evaluate(style, "color") == "rgb(40, 20, 30)"
    assert play.widget.locator(".field").evaluate(style, "borderTopLeftRadius") == "2px"
    play.field.fill("x")
    assert play.widget.locator(".send").evaluate(style, "backgroundColor") == "rgb(120, 20, 90)"
    assert play.widget.locator(".send").evaluate(style, "color") == "rgb(255, 250, 240)"


def test_past_conversations_by_keyboard_alone(context: BrowserContext, the_stage: Stage) -> None:
    play = shown(context, the_stage, attributes="data-open")
    the_stage.service.answers["GET", "/v1/conversations"] = (200, rows(play))
    play.field.focus()
    tab_to(play.page, "Your conversations", "Shift+Tab")
    play.page.keyboard.press("Enter")
    expect(play.page.get_by_role("heading", name="Your conversations")).to_be_focused()
    expect(play.widget.locator(".past-entry")).to_have_count(5)
    play.page.keyboard.press("Escape")
    expect(play.page.get_by_role("button", name="Your conversations")).to_be_focused()
    expect(play.field).to_be_visible()
    expect(play.page.get_by_role("dialog", name="IT help")).to_be_visible()
    play.page.keyboard.press("Enter")
    expect(play.widget.locator(".past-entry")).to_have_count(5)
    play.page.keyboard.press("Tab")
    play.page.keyboard.press("Tab")
    assert "The dock on my desk" in play.page.evaluate(FOCUS)["name"] or "I cannot connect" in play.page.evaluate(FOCUS)["name"]
    play.socket.events = [said("What I asked then")]
    play.page.keyboard.press("Enter")
    expect(play.widget.locator(".log")).to_contain_text("What I asked then")
    expect(play.field).to_be_focused()
    tab_to(play.page, "Your conversations", "Shift+Tab")
    play.page.keyboard.press("Enter")
    tab_to(play.page, NEW)
    play.socket.events = []
    play.page.keyboard.press("Enter")
    expect(play.widget.locator(".log")).not_to_contain_text("What I asked then")
    expect(play.field).to_be_focused()


def test_a_file_goes_after_the_words_that_begin_the_conversation_and_not_before(context: BrowserContext, the_stage: Stage) -> None:
    play = shown(context, the_stage, attributes="data-open")
    the_stage.service.answers[UPLOAD] = (201, attachment("error.pdf", "pdf", 900)["attachment"])
    play.attach(PDF, PDF | {"name": "second.pdf"})
    expect(play.widget.locator(".tray .file")).to_have_count(2)
    expect(play.widget.locator(".send")).to_be_disabled()
    expect(play.widget.locator(".counter")).to_have_text("Say in a few words what the file shows, then send.")
    tab_to(play.page, "Remove second.pdf", "Shift+Tab")
    play.page.keyboard.press("Enter")
    expect(play.page.get_by_role("button", name="Remove vpn-error.pdf")).to_be_focused()
    assert not [call for call in the_stage.service.asked if call[0] == "POST"], "nothing leaves before the person sends"
    play.write("The VPN shows this")
    expect(play.page.get_by_role("button", name="Download error.pdf")).to_be_visible()
    assert play.socket.heard[-1]["type"] == "message"
    (upload,) = [call for call in the_stage.service.asked if call[0] == "POST"]
    assert b'name="key"' in upload[2]
    assert b'filename="vpn-error.pdf"' in upload[2]


def test_a_file_that_could_not_go_is_sent_once_when_it_can_under_the_same_key(context: BrowserContext, the_stage: Stage) -> None:
    play = shown(context, the_stage, attributes="data-open")
    the_stage.service.answers[UPLOAD] = (503, {})
    play.attach(PDF)
    play.write("The VPN shows this")
    expect(play.widget.locator(".file-state")).to_contain_text("as long as this page stays open")
    the_stage.service.answers[UPLOAD] = (201, attachment("vpn-error.pdf", "pdf", 900)["attachment"])
    play.socket.say(attachment("vpn-error.pdf", "pdf", 900))  # the event may come before the answer
    expect(play.page.get_by_role("button", name="Download vpn-error.pdf")).to_have_count(1)
    expect(play.widget.locator(".file-row")).to_have_count(1)
    keys = {call[2].split(b'name="key"\r\n\r\n')[1].split(b"\r\n")[0] for call in the_stage.service.asked if call[0] == "POST"}
    assert len(keys) == 1


def test_a_screenshot_is_pasted_and_a_file_is_dropped(context: BrowserContext, the_stage: Stage) -> None:
    play = shown(context, the_stage, attributes="data-open")
    play.widget.locator(".composer textarea").evaluate(
        """field => { const clipboardData = new DataTransfer(); clipboardData.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true })); }"""
    )
    expect(play.widget.locator(".tray .file-name")).to_contain_text("Screenshot")
    play.widget.locator(".panel").evaluate(
        """panel => { const dataTransfer = new DataTransfer(); dataTransfer.items.add(new File(['x'], 'vpn.log', { type: '' }));
        panel.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })); }"""
    )
    expect(play.widget.locator(".tray .file")).to_have_count(2)
    play.attach({"name": "empty.log", "mimeType": "text/plain", "buffer": b""}, {"name": "page.html", "mimeType": "text/html", "buffer": b"x"})
    faults = play.widget.locator(".tray-fault")
    expect(faults).to_contain_text("empty.log was not added. It is empty.")
    expect(faults).to_contain_text("page.html was not added. Only images, PDF and log files are taken.")


def test_a_refusal_stays_when_the_limits_are_learnt_after_it(context: BrowserContext, the_stage: Stage) -> None:
    socket = Socket()
    play = shown(context, the_stage, socket)
    the_stage.service.answers["GET", "/v1/me"] = (200, {"attachments": {"max_bytes": 2_000_000}})
    play.attach({"name": "VPN-setup.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    play.open()  # only now it connects, and asks for the limits
    expect(play.widget.locator("#tray-hint")).to_contain_text("up to 2 MB each")
    expect(play.widget.locator(".tray-fault")).to_contain_text("VPN-setup.exe was not added.")
    play.attach(LOG)
    expect(play.widget.locator(".tray-fault")).to_contain_text("It has 2.3 MB, and 2 MB is the most.")


def test_where_no_files_are_taken_none_is_offered(context: BrowserContext, the_stage: Stage) -> None:
    the_stage.set(attributes="data-open")
    the_stage.service.answers["GET", "/v1/me"] = (200, {"attachments": {"max_bytes": 0}})
    play = shown(context, the_stage, anew=False)
    expect(play.field).to_be_visible()
    expect(play.page.get_by_role("button", name="Attach a file")).to_have_count(0)


def test_feedback_with_a_reason_by_keyboard_and_changed_again(context: BrowserContext, the_stage: Stage) -> None:
    socket = Socket()
    play = shown(context, the_stage, socket, attributes="data-open")
    the_stage.service.answers["POST", "/v1/conversations/c_stage/feedback"] = (204, None)
    socket.say(*asked(play))
    play.field.focus()
    tab_to(play.page, "Not helpful", "Shift+Tab")
    play.page.keyboard.press("Enter")
    expect(play.page.get_by_role("radio", name="It is wrong")).to_be_focused()
    play.page.keyboard.press("ArrowDown")
    expect(play.page.get_by_role("radio", name="It is out of date")).to_be_checked()
    tab_to(play.page, re.escape("Anything to add? (optional)"))
    play.page.keyboard.type("Company Portal is called Software Center now")
    tab_to(play.page, "Send")
    with play.page.expect_response("**/feedback"):
        play.page.keyboard.press("Enter")
    expect(play.widget.locator(".feedback")).to_contain_text("You said: not helpful, it is out of date")
    expect(play.page.get_by_role("button", name="Was this answer helpful? change")).to_be_focused()
    (sent,) = [call[2] for call in the_stage.service.asked if call[1].endswith("/feedback")]
    assert b'"reason":"outdated"' in sent
    assert b"Software Center" in sent
    the_stage.service.answers["POST", "/v1/conversations/c_stage/feedback"] = (503, {})
    play.page.keyboard.press("Enter")
    play.page.keyboard.press("Enter")
    expect(play.widget.get_by_role("alert").filter(has_text="That was not saved. Try again.")).to_be_visible()


def test_a_reply_is_counted_while_the_panel_is_closed_until_another_tab_shows_it(context: BrowserContext, the_stage: Stage) -> None:
    socket = Socket()
    first = shown(context, the_stage, socket, attributes="data-open")
    first.write("I cannot connect to the VPN")
    socket.say(replied("Is the cable in?", "clarification", "clarifying"))
    expect(first.widget.locator(".reply")).to_have_count(1)
    first.page.get_by_role("button", name="Close").click()
    second = shown(context, the_stage, socket, anew=False)
    expect(second.widget.locator(".reply")).to_have_count(1)
    second.page.get_by_role("button", name="Close").click()
    socket.say(replied("Is the lamp on?", "clarification", "clarifying", "m9"))
    expect(first.page.get_by_role("button", name="1 new reply")).to_be_visible()
    second.page.bring_to_front()
    second.page.get_by_role("button", name="1 new reply").click()
    socket.say(replied("Is it green?", "clarification", "clarifying", "m10"))
    expect(first.page.get_by_role("button", name="new repl")).to_have_count(0)
    assert sum(frame["type"] == "message" for frame in socket.heard) == 1


def test_on_a_phone_the_focus_stays_in_the_panel_and_comes_back(browser: Browser, the_stage: Stage) -> None:
    with browser.new_context(viewport=PHONE, locale="en-GB") as context:
        play = shown(context, the_stage)
        play.page.get_by_role("button", name="Ask IT").click()
        expect(play.field).to_be_focused()
        names = set()
        for _ in range(12):
            play.page.keyboard.press("Tab")
            focus = play.page.evaluate(FOCUS)
            names |= {focus["name"]} if focus["tag"] != "body" else set()
        assert "Your message" in names
        assert not any("canteen" in name for name in names)
        play.page.keyboard.press("Escape")
        expect(play.page.get_by_role("button", name="Ask IT")).to_be_focused()


def leave(page: Page) -> list[str]:
    """Leave the page and return what the browser asked about it."""
    questions: list[str] = []
    page.on("dialog", lambda dialog: (questions.append(dialog.type), dialog.accept()))
    page.reload()
    return questions


def test_a_page_is_asked_about_before_it_takes_an_unsent_file_away_and_words_survive(context: BrowserContext, the_stage: Stage) -> None:
    socket = Socket()
    play = shown(context, the_stage, socket, attributes="data-open")
    the_stage.service.answers[UPLOAD] = (503, {})
    play.write("The VPN shows this")
    expect(play.widget.locator(".bubble")).to_have_count(1)
    socket.drop()
    play.write("And the lamp is red")
    play.attach(PDF)
    play.widget.locator(".send").click()
    expect(play.widget.locator(".file-row")).to_have_count(1)
    assert leave(play.page) == ["beforeunload"]
    expect(play.widget.locator(".panel")).to_be_visible()
    socket.cut = False
    play.page.evaluate("dispatchEvent(new Event('online'))")
    expect(play.widget.locator(".bubble")).to_have_text(["The VPN shows this", "And the lamp is red"])
    assert [frame["text"] for frame in socket.heard if frame["type"] == "message"] == ["The VPN shows this", "And the lamp is red"]


def test_a_new_conversation_that_is_begun_offline_gives_unsent_words_back(context: BrowserContext, the_stage: Stage) -> None:
    socket = Socket()
    play = shown(context, the_stage, socket, attributes="data-open")
    play.write("The VPN shows this")
    expect(play.widget.locator(".bubble")).to_have_count(1)
    socket.drop()
    expect(play.widget.locator(".banner:not(.offer)")).to_be_visible()
    play.write("And the lamp is red")
    play.widget.evaluate("element => element.restart()")
    expect(play.widget.locator(".bubble")).to_have_count(0)
    expect(play.field).to_have_value("And the lamp is red")


def test_with_forced_colours_what_is_only_a_colour_elsewhere_has_an_outline(browser: Browser, the_stage: Stage) -> None:
    with browser.new_context(viewport=DESKTOP, locale="en-GB", forced_colors="active") as context:
        socket = Socket()
        play = shown(context, the_stage, socket, attributes="data-open")
        expect(play.field).to_be_visible()
        socket.say(*asked(play))
        expect(play.widget.locator(".sources")).to_be_visible()
        for part in (".bubble", ".cite", ".send"):
            assert play.widget.locator(part).first.evaluate("one => parseFloat(getComputedStyle(one).borderTopWidth)") >= 1, part
        picture(play.page, "widget-forced-colours")


def test_who_signs_in_next_in_the_same_tab_sees_nothing_of_the_person_before(context: BrowserContext, the_stage: Stage) -> None:
    socket = Socket()
    play = shown(context, the_stage, socket, attributes="data-open")
    play.write("My account is locked")
    expect(play.widget.locator(".bubble")).to_have_count(1)
    socket.drop()
    play.write("It is about my salary")
    the_stage.sign_in("jonas.weber")
    socket.cut, socket.events = False, []
    before = len(socket.heard)
    play.page.reload()
    expect(play.widget.locator(".greeting")).to_be_visible()
    expect(play.widget.locator(".greeting")).to_contain_text("Maria")  # the stage greets everybody so: the socket has answered
    expect(play.widget.locator(".bubble")).to_have_count(0)
    heard = socket.heard[before:]
    assert [(frame["type"], frame.get("conversation")) for frame in heard] == [("hello", None)]
    kept = play.page.evaluate("JSON.stringify([sessionStorage, localStorage])")
    assert "salary" not in kept
