"""Checks the closed renderer against hostile rows: nothing that executes, loads, or links off the allow-list."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import urlsplit

from assistant.governance.rendering import TAGS, render

ALLOWED_HOSTS = ("corp.example",)
ATTRIBUTES = {"a": {"href", "rel"}, "ol": {"start"}}
SECONDS = 0.5


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
    return inspector.faults + ([f"took {took:.2f} s"] if took > SECONDS else [])


def check_rows(rows: Sequence[dict[str, str]]) -> list[tuple[str, list[str]]]:
    """Return the ids and faults of the rows that fail. Rows about CSV are for exports, not for the renderer."""
    checked = ((row["id"], faults_of(row["payload"])) for row in rows if row.get("kind") != "csv_formula")
    return [(key, faults) for key, faults in checked if faults]
