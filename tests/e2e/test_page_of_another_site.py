"""The widget on a page of another site: another host name, another port, a strict policy of its own, and the real service behind it."""

from __future__ import annotations

import importlib.util
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import DESKTOP, PATIENCE_MS, Helpdesk
from tests.support.sample_files import picture
from tests.support.service import Service, copy_demo, free_port

pytestmark = pytest.mark.browser
GUIDE = Path(__file__).parents[2] / "docs" / "guide"
KEY, NAME = "k" * 40, "2026-11"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Intranet</title>
<script src="{service}/widget/widget.js" data-token-url="/helpdesk-token" defer></script></head>
<body><h1>Intranet</h1><p>The canteen is open.</p></body></html>"""


WATCH = "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(`${e.violatedDirective} ${e.blockedURI}`));"
FETCH = """async ([url, method, token]) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    try {
        return (await fetch(url, { method, headers, body: method === 'POST' ? '{}' : undefined })).status;
    } catch (error) {
        return error.name;
    }
}"""
SOCKET = """(url) => new Promise((done) => {
    const socket = new WebSocket(url);
    socket.onopen = () => done('open');
    socket.onerror = () => done('refused');
})"""


def documented_policy(service: str) -> str:
    """Return the sources that the guide names, for this service, and nothing else."""
    (block,) = re.findall(r"^```\n(script-src.*?)```", (GUIDE / "widget.md").read_text(), re.DOTALL | re.MULTILINE)
    sources = " ".join(block.split()).replace("wss://help.example.org", service.replace("http", "ws", 1)).replace("https://help.example.org", service)
    return f"default-src 'none'; base-uri 'none'; {sources}"


def minted(person: str) -> dict[str, Any]:
    """Mint a token as the guide's plain example does."""
    spec = importlib.util.spec_from_file_location("plain_token", GUIDE / "tokens" / "plain_token.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: dict[str, Any] = module.helpdesk_token(person, NAME, KEY)
    return made


@contextmanager
def intranet(service: str, port: int) -> Iterator[str]:
    """Serve the page of another site, whose back end mints tokens for Maria Santos."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def answer(self, kind: str, body: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", documented_policy(service))
            self.end_headers()
            self.wfile.write(body.encode())

        def do_GET(self) -> None:
            self.answer("text/html; charset=utf-8", PAGE.format(service=service))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer("application/json", json.dumps(minted("maria.santos")))

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://intranet.localhost:{port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@pytest.fixture(scope="module")
def serve(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], tuple[Service, int]]]:
    """Starts the service for a page that is on its list, or is not; returns it and the page's port."""
    port, home = free_port(), copy_demo(tmp_path_factory.mktemp("other") / "home", model_home)
    origins = {True: [f"http://intranet.localhost:{port}"], False: ["http://somewhere.else.example"]}
    started: list[Service] = []

    def start(listed: bool) -> tuple[Service, int]:
        while started:
            started.pop().close()
        service = Service(home, free_port(), {"allowed_origins": json.dumps(origins[listed]), "token_secrets": json.dumps({NAME: KEY})})
        started.append(service)
        service.start()
        return service, port

    yield start
    for service in started:
        service.close()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; yields it with what its console says of errors. What its policy refused stands in ``refused``."""
    context = browser.new_context(viewport=DESKTOP, locale="en-GB", accept_downloads=True)
    context.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.add_init_script(WATCH)
    page = context.new_page()
    try:
        page.goto(url)
        yield page, errors
    finally:
        context.close()


def test_the_widget_works_end_to_end_on_a_listed_page_with_the_documented_policy(browser: Browser, serve: Any) -> None:
    service, port = serve(True)
    with intranet(service.url, port) as url, opened(browser, url) as (page, errors):
        help_desk = Helpdesk(page)
        help_desk.launcher.click()
        help_desk.ask("I cannot connect to the VPN")
        expect(help_desk.last.get_by_role("heading", name="Sources")).to_be_visible()
        page.locator("input[type=file]").set_input_files({"name": "error.png", "mimeType": "image/png", "buffer": picture()})
        page.get_by_role("button", name="Send", exact=True).click()
        expect(help_desk.log.get_by_role("button", name="Download error.png")).to_be_visible()
        with page.expect_download() as saved:
            help_desk.log.get_by_role("button", name="Download error.png").first.click()
        assert saved.value.suggested_filename == "error.png"
        help_desk.press("Talk to a person")
        expect(help_desk.log.get_by_text(re.compile(r"T-\d+")).first).to_be_visible()
        assert page.evaluate("refused") == []
        assert errors == []
        assert KEY not in page.content()
    with service.client() as client:
        token = minted("maria.santos")["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        latest = client.get("/v1/conversations").json()[0]
        assert latest["ticket"] and latest["channel"] == "widget"


def test_a_page_that_is_not_listed_gets_nothing(browser: Browser, serve: Any) -> None:
    service, port = serve(False)
    with intranet(service.url, port) as url, opened(browser, url) as (page, errors):
        page.wait_for_timeout(1_500)
        assert page.evaluate("customElements.get('firstline-helpdesk') === undefined")
        assert any("403" in error or "CORS" in error for error in errors)
        token = minted("maria.santos")["token"]
        for method, path in (("GET", "/v1/me"), ("POST", "/v1/conversations"), ("DELETE", "/v1/conversations/c_1/attachments/f_1")):
            assert page.evaluate(FETCH, [f"{service.url}{path}", method, token]) == "TypeError", path
        assert page.evaluate(SOCKET, f"{service.url.replace('http', 'ws', 1)}/v1/chat") == "refused"
    with service.client() as client:
        client.headers["Authorization"] = f"Bearer {token}"
        before = len(client.get("/v1/conversations").json())
        assert before <= 1, "nothing was begun from there"
