"""Hostile rows in a real browser, in every place where the widget shows text, on a page without any policy: nothing runs and nothing leaves.

The rows of this project are few; ``FIRSTLINE_TEST_RENDER`` may name a file of JSON lines with more, each with its text in ``payload``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.test_hostile_content_scenes import HOSTILE, SEEN
from tests.support.stage import Socket, Stage, replied, said

pytestmark = pytest.mark.browser
TRAPS = """() => {
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = (...all) => { window.pwned = `${name} ${all[0]}`; };
}"""
AT_ONCE = 25
NAMED = os.environ.get("FIRSTLINE_TEST_RENDER")  # read before the tests are rid of settings


def payloads() -> list[str]:
    """The rows of this project, and those of the file that the environment names."""
    lines = Path(NAMED).read_text(encoding="utf-8").splitlines() if NAMED else []
    return [*HOSTILE, *(json.loads(line)["payload"] for line in lines if line.strip())]


def everywhere(payload: str, number: int) -> list[dict[str, Any]]:
    """Events that show a text in every place: rendered by the service, given past its renderer, quoted, named, written by a person."""
    cited = {"article": payload, "revision": 1, "title": payload, "heading": payload, "quote": payload, "start": 0, "end": 1, "withdrawn": ""}
    facts = {"owner": payload, "updated": payload, "review_by": payload, "overdue": True, "platforms": [payload]}
    choices = [{"id": payload[:80] or "x", "label": payload}]
    action = {"id": f"a_{number}", "tool": "x", "title": payload, "lines": [payload], "blast_radius": payload, "undo": payload}
    action |= {"status": "proposed", "needs": "press", "channel": "", "reverts": ""}
    ticket = {"id": payload, "subject": payload, "status": payload, "queue": payload, "attached": False}
    person = {"id": payload, "name": payload}
    device = person | {"os": payload}
    return [
        said(payload, f"m{number}"),
        replied(
            payload,
            message=f"m{number}",
            citations=[cited | facts],
            choices=choices,
            ticket=ticket,
            reference=payload,
            device=device,
        ),
        replied("", message=f"n{number}", html=payload, action=action, choices=[{"id": f"do:a_{number}", "label": payload}], state=payload),
        replied("", message=f"o{number}", html=payload),
        {"type": "holding", "person": person, "holds": True, "why": "taken", "text": payload},
        {"type": "person", "message": f"p{number}", "person": person, "text": payload, "html": payload},
        {"type": "attachment", "person": person, "attachment": {"id": f"f{number}", "name": payload, "kind": payload, "size": 1}},
        {"type": "feedback", "message": f"m{number}", "verdict": "unhelpful", "reason": payload},
        {"type": "holding", "person": person, "holds": False, "why": "given back", "text": payload},
    ]


def test_no_row_runs_or_leaves_wherever_it_is_shown(browser: Browser, the_stage: Stage) -> None:
    own = {urlsplit(origin.url).netloc for origin in (the_stage.page, the_stage.service)}
    outside, dialogs = [], []
    rows = payloads()
    with browser.new_context(locale="en-GB") as context:
        context.on("request", lambda request: outside.append(request.url) if urlsplit(request.url).netloc not in own else None)
        context.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page = context.new_page()
        page.add_init_script(f"({TRAPS})()")
        for numbers in (range(len(rows))[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)):
            socket = Socket()
            the_stage.set(attributes="data-open", strict=False)
            page.unroute_all()
            socket.carry(page)
            if page.url != "about:blank":
                page.evaluate("sessionStorage.clear(); localStorage.clear()")
            page.goto(the_stage.page.url)
            widget = page.locator("firstline-helpdesk")
            expect(widget.locator(".greeting")).to_be_visible()
            expect(widget.locator(".greeting")).to_contain_text("Maria")
            for number in numbers:
                socket.say(*everywhere(rows[number].replace("\0", ""), number))
            expect(widget.locator(".file-row")).to_have_count(len(numbers))
            for title in widget.locator(".source-title").all():
                title.dispatch_event("click")
            page.wait_for_timeout(100)
            seen = page.evaluate(SEEN)
            assert (seen["pwned"], seen["elements"], seen["clobbered"]) == (None, [], 0)
            assert [name for name in seen["attributes"] if name["name"].startswith("on")] == []
            assert [link for link in seen["links"] if urlsplit(link).scheme not in ("http", "https", "mailto", "")] == []
    print(f"{len(rows)} rows in {len(everywhere('', 0))} events each: 0 scripts, 0 requests to other hosts")
    assert (outside, dialogs) == ([], [])
