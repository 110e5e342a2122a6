"""Checks the closed renderer and Slack's blocks against hostile rows: nothing that executes, loads, calls people or links off the allow-list."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urlsplit

from assistant.domain.reply import Choice, CitationView, Reply, ReplyKind
from assistant.entrypoints.slack.blocks import Shown, said
from assistant.governance.rendering import TAGS, render
from evals.slack.rules import message_faults

ALLOWED_HOSTS = ("corp.example",)
ATTRIBUTES = {"a": {"href", "rel"}, "ol": {"start"}}
SECONDS = 0.5
_SLACK_LINK = re.compile(r"<((?:https?|mailto|javascript|data|ftp)[^<>|\s]*)")


class _Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"element {tag}")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()):
                self.faults.append(f"attribute {name}")
            if name == "href" and not _leads_home(value or ""):
                self.faults.append(f"link {(value or '')[:60]}")

    handle_startendtag = handle_starttag


def _leads_home(url: str) -> bool:
    """Judge a link independently of the renderer's own rule."""
    plain = re.sub(r"[\x00-\x20\u200b-\u200f\u202a-\u202e]", "", url)
    parts = urlsplit(plain)
    if plain != url or "\\" in url or "@" in parts.netloc:
        return False
    host = parts.hostname or ""
    return parts.scheme == "mailto" or (parts.scheme == "https" and any(host == h or host.endswith("." + h) for h in ALLOWED_HOSTS))


def faults_of(payload: str) -> list[str]:
    """Render one payload and return what is wrong with the result; slower than half a second is wrong too."""
    began = time.perf_counter()
    html = render(payload, ALLOWED_HOSTS)
    took = time.perf_counter() - began
    inspector = _Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector.faults + slack_faults(payload) + ([f"took {took:.2f} s"] if took > SECONDS else [])


def slack_faults(payload: str) -> list[str]:
    """Write one payload as Slack blocks: answer, source and button; return what Slack would refuse or read as a mark, and links off the list."""
    view = CitationView(article="a", revision=1, title=payload[:300] or "t", heading=payload[:300], quote=payload, start=0, end=1)
    reply = Reply(conversation="c", state="open", kind=ReplyKind.ANSWER, text=payload, citations=(view,), choices=(Choice(id="x", label=payload),))
    made = said(reply, Shown(ALLOWED_HOSTS, date(2026, 1, 1), "1"))
    links = [link for link in _SLACK_LINK.findall(str(made)) if not _leads_home(link)]
    return [*message_faults({"text": made.text, "blocks": list(made.blocks)}), *(f"Slack link {link[:60]}" for link in links)]


def check_rows(rows: Sequence[dict[str, str]]) -> list[tuple[str, list[str]]]:
    """Return the ids and faults of the rows that fail. Rows about CSV are for exports, not for the renderer."""
    checked = ((row["id"], faults_of(row["payload"])) for row in rows if row.get("kind") != "csv_formula")
    return [(key, faults) for key, faults in checked if faults]
