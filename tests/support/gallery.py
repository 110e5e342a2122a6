"""The gallery: every scene in one look, each photographed and gone over by axe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from tests.support.accessibility import CONTRAST
from tests.support.axe import violations
from tests.support.browser import ARTEFACTS, DESKTOP, PATIENCE_MS, PHONE
from tests.support.scenes import Play, Scene
from tests.support.script import WORDS
from tests.support.stage import Socket, Stage

SIZES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
}
NARROW = {"viewport": {"width": 320, "height": 640}}
"""WCAG 1.4.10: a window of 1280 pixels at 400 percent."""
LOOKS: dict[str, dict[str, Any]] = {"light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"}, "rtl": {"color_scheme": "light"}}
SMALL = """() => [...document.querySelector('firstline-helpdesk').shadowRoot.querySelectorAll('button, a, input, textarea')]
  .filter((one) => one.checkVisibility() && !one.closest('p, li > span, .body, .unseen') && !one.matches('.unseen *'))
  .map((one) => [one.closest('label') ?? one, one]).map(([target, one]) => [target.getBoundingClientRect(), one])
  .filter(([box]) => box.width && (box.width < 24 || box.height < 24))
  .map(([box, one]) => `${one.className || one.localName} ${box.width}x${box.height}`)"""
WIDE = """() => {
  const root = document.querySelector('firstline-helpdesk').shadowRoot;
  const panel = root.querySelector('.panel').getBoundingClientRect();
  return document.scrollingElement.scrollWidth > innerWidth ? ['the page'] : [...root.querySelectorAll('.panel *')]
    .filter((one) => one.checkVisibility() && !one.closest('pre, table, .unseen, .file-name') && !one.matches('.unseen'))
    .filter((one) => { const box = one.getBoundingClientRect(); return box.width > 1 && (box.right > panel.right + 1 || box.left < panel.left - 1); })
    .map((one) => `${one.localName}.${one.className}`); }"""


@contextmanager
def looking(browser: Browser, size: str, look: str) -> Iterator[Page]:
    """A page of one size in one look, with no motion."""
    options = {"locale": "en-GB", "timezone_id": "Europe/Stockholm", "reduced_motion": "reduce"} | SIZES.get(size, NARROW) | LOOKS[look]
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    context.on("dialog", lambda dialog: dialog.accept())  # a page that is left while a file waits asks about it
    try:
        yield context.new_page()
    finally:
        context.close()


def show(page: Page, stage: Stage, scene: Scene, size: str, look: str, rules: bool = True, frame: str = "") -> list[str]:
    """Play a scene, keep its picture and return what is wrong with it: rules of axe, contrast, small targets, what sticks out.

    Without ``rules`` it is only looked at whether everything has its place. ``frame`` is the language of the frame, else that of the words.
    """
    lang = "ar" if look == "rtl" else "en"
    socket = Socket(close=scene.close)
    play = Play(page, socket, stage, lang, size == "phone", WORDS[lang])
    stage.set(frame or lang, scene.attributes)
    socket.events = scene.events(play)
    stage.service.answers |= scene.answers(play)
    page.unroute_all()
    socket.carry(page)
    if page.url != "about:blank":
        page.evaluate("sessionStorage.clear(); localStorage.clear()")
    page.goto(stage.page.url)
    try:
        scene.act(play)
    except (AssertionError, PlaywrightError) as error:
        return [str(error)[:600]]
    folder = ARTEFACTS / "widget"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{scene.name}-{size}-{look}.png")
    judged = [*violations(page), *page.evaluate(CONTRAST)] if rules else []
    return [*judged, *page.evaluate(SMALL), *page.evaluate(WIDE)]
