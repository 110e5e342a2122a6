"""The one renderer of text for people: a closed set of elements, links to allowed hosts only, never an image or raw HTML."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

LIMIT = 20_000
NESTING = 20
TAGS = {"p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "a", "br", "hr", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"}
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": NESTING}).enable("table").disable(["image", "autolink"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - judged below, where the words can be kept
    return parser


_PARSER = _parser()


def allowed_link(url: str, hosts: Collection[str]) -> bool:
    """Say whether a link may be shown: mailto, or https on an allowed host or below one, without user or port."""
    if "\\" in url or any(ord(character) < 33 or ord(character) == 127 or 0x200B <= ord(character) <= 0x202E for character in url):
        return False
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "mailto":
        return "@" in parts.path and "?" not in url and "%" not in url
    on_list = any(host == known or host.endswith(f".{known}") for known in hosts)
    return parts.scheme == "https" and parts.username is None and port in (None, 443) and on_list


def render(markdown: str, hosts: Collection[str]) -> str:
    """Return safe HTML; what is not allowed keeps its words and loses its effect. Only the first 20,000 characters are read."""
    tokens = _PARSER.parse(markdown[:LIMIT])
    for token in tokens:
        token.tag = _HEADINGS.get(token.tag, token.tag)
        token.attrs = {name: value for name, value in token.attrs.items() if name == "start"}
        if token.children:
            token.children = _close(token.children, hosts)
    html: str = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return nh3.clean(html, tags=TAGS, attributes={"a": {"href"}, "ol": {"start"}}, url_schemes={"https", "mailto"}, link_rel="noopener noreferrer")


def render_plain(text: str) -> str:
    """Return text as it was typed, as safe HTML: no mark in it means anything, lines and paragraphs stay. It reads 20,000 characters."""
    parts = [part.strip("\n") for part in re.split(r"\n\s*\n", text[:LIMIT]) if part.strip()]
    html: str = nh3.clean("".join(f"<p>{'<br>'.join(map(escape, part.split(chr(10))))}</p>" for part in parts), tags=TAGS, attributes={})
    return html


def parsed(markdown: str) -> list[Token]:
    """Return a text's tokens for surfaces that show no HTML. Headings and cells are named in ``meta`` of their words; 20,000 characters are read."""
    tokens = _PARSER.parse(markdown[:LIMIT])
    for before, token in zip(tokens, tokens[1:], strict=False):
        if token.type == "inline":
            token.meta = {**token.meta, "heading": before.type == "heading_open", "cell": before.type in ("th_open", "td_open")}
    return tokens


def _close(children: list[Token], hosts: Collection[str]) -> list[Token]:
    kept: list[Token] = []
    shown: list[str | None] = []
    for token in children:
        if token.type == "link_open":
            url = str(token.attrs.get("href", ""))
            shown.append(url if allowed_link(url, hosts) else None)
            if shown[-1] is not None:
                token.attrs = {"href": url}
                kept.append(token)
        elif token.type == "link_close":
            url_or_none = shown.pop() if shown else None
            if url_or_none is not None:
                kept.append(token)
                kept += _host_note(url_or_none, kept)
        else:
            kept.append(token)
    return kept


def _host_note(url: str, before: list[Token]) -> list[Token]:
    host = urlsplit(url).hostname
    words: Any = before[-2].content if len(before) > 1 else ""
    if not host or host in words:
        return []
    return [Token("text", "", 0, content=f" ({host})")]
