"""A real Chromium for tests: launched as CI can, watched for everything that a page must not do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.support.service import ROOT, Service

ARTEFACTS = ROOT / "artifacts"
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 15_000
LOST_LINE = ("ERR_CONNECTION", "ERR_INTERNET_DISCONNECTED", "WebSocket connection to")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Launch Debian's chromium; where there is none the test is skipped, but on CI it fails."""
    executable = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(executable).exists():
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("chromium is not installed (Debian: apt-get install chromium)")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What happened in a browser context that a page of ours never does."""

    allowed: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        """Watch every page of a context from now on; a dialog is remembered and dismissed."""
        context.on("request", lambda request: self._seen(request.url))
        context.on("page", self._page)
        context.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        context.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _page(self, page: Page) -> None:
        page.on("websocket", lambda socket: self._seen(socket.url))

    def _seen(self, url: str) -> None:
        self.requests.append(url)
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.netloc != self.allowed:
            self.outside.append(url)

    def check(self, expected: Sequence[str] = ()) -> None:
        """Fail when anything happened that must not; errors that hold one of the expected words are no surprise."""
        surprises = [error for error in self.errors if not any(words in error for words in expected)]
        assert not (self.outside or self.dialogs or surprises), f"outside: {self.outside}, dialogs: {self.dialogs}, errors: {surprises}"


@contextmanager
def visit(browser: Browser, service: Service, path: str = "/", expected: Sequence[str] = (), **options: Any) -> Iterator[tuple[Page, Watch]]:
    """Open a page of the service in a browser of its own; afterwards nothing may have gone wrong in it but what was expected."""
    settings: dict[str, Any] = {"base_url": service.url, "viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/Stockholm", **options}
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_MS)
    watch = Watch(urlsplit(service.url).netloc)
    watch.follow(context)
    try:
        page = context.new_page()
        page.goto(path)
        yield page, watch
        watch.check(expected)
    finally:
        context.close()


def picture(page: Page, name: str, full_page: bool = False) -> None:
    """Keep a screenshot as an artefact of the run."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=full_page)


class Helpdesk:
    """What a person sees and does in the widget, by roles and labels."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log")
        self.field = page.get_by_role("textbox", name="Your message")
        self.launcher = page.get_by_role("button", name="Ask IT")

    @property
    def panel(self) -> Locator:
        """The panel, a dialog."""
        return self.page.get_by_role("dialog", name="IT help")

    @property
    def replies(self) -> Locator:
        """The replies so far."""
        return self.log.get_by_role("article")

    @property
    def last(self) -> Locator:
        """The latest reply."""
        return self.replies.last

    def ask(self, text: str) -> Locator:
        """Write something, send it and return the reply to it."""
        before = self.replies.count()
        self.field.fill(text)
        self.field.press("Enter")
        expect(self.replies).to_have_count(before + 1)
        return self.last

    def press(self, label: str) -> Locator:
        """Press one of the choices under the latest reply and return the reply to that."""
        before = self.replies.count()
        self.last.get_by_role("button", name=label, exact=True).click()
        expect(self.replies).to_have_count(before + 1)
        return self.last


def become(page: Page, name: str) -> None:
    """Choose one of the demo's employees."""
    page.get_by_role("radio", name=name).check()


def sign_in(page: Page, name: str) -> None:
    """Sign in to the console as one of the demo's staff."""
    page.goto("/console/sign-in")
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/console/**")
