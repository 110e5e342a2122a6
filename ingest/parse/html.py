"""HTML pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ingest.parse.draft import Draft, Parsed, Unreadable
from ingest.parse.fields import read_fields
from ingest.parse.text import decode
from kb.markdown import take_title
from kb.text import clean, one_line

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_ROOTS = ("main", "[role=main]", "article", "body")
_FURNITURE = (
    "script, style, template, nav, footer, aside, noscript, iframe, object, svg, button, input, select, textarea, [hidden], [aria-hidden=true]"
)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([A-Za-z0-9_-]+)", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_NOT_NESTED = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "option",
        "p",
        "param",
        "source",
        "td",
        "th",
        "tr",
        "track",
        "wbr",
    ]
)
MAX_DEPTH = 1_000
_WEB = ("http://", "https://", "mailto:")
_META = "firstline:"


def parse_html(raw: bytes, path: str) -> Parsed:
    """Read one article from an HTML page; fields come from ``<meta name="firstline:owner" content="...">`` and alike.

    Raises:
        Unreadable: it is no text, or its audience cannot be read.
    """
    declared = _CHARSET.search(raw[:4096])
    text, warnings = decode(raw, declared.group(1).decode("ascii") if declared else "")
    soup = _soup(text)
    fields, notes = read_fields(_meta(soup))
    page_title = one_line(soup.title.get_text()) if soup.title else ""
    root = _content(soup)
    heading = root.find("h1")
    title = fields.title or (one_line(heading.get_text(" ")) if heading else "") or page_title
    title, body = take_title(_markdown(root), title, path)
    return Parsed((Draft(title, body, fields),), warnings=warnings + notes)


def to_markdown(html: str) -> str:
    """Return the visible content of an HTML fragment as clean Markdown without images."""
    return clean(_markdown(_content(_soup(html))))


def _soup(text: str) -> BeautifulSoup:
    """Parse HTML, unless its tags are nested so deeply that only a machine can have written them."""
    from bs4 import BeautifulSoup

    depth = 0
    for tag in _TAG.finditer(text):
        if tag[2].lower() not in _NOT_NESTED:
            depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > MAX_DEPTH:
            raise Unreadable(f"has more than {MAX_DEPTH} tags inside one another")
    return BeautifulSoup(text, "html.parser")


def _meta(soup: BeautifulSoup) -> dict[object, object]:
    found: dict[object, object] = {}
    for tag in soup.find_all("meta"):
        name = str(tag.get("name") or tag.get("property") or "").lower()
        if name.startswith(_META):
            found[name.removeprefix(_META)] = str(tag.get("content") or "")
    return found


def _content(soup: BeautifulSoup) -> Tag:
    """Return the main part of a page without navigation, forms and what a reader does not see."""
    from bs4 import Comment, Doctype

    for unseen in soup.find_all(string=lambda text: isinstance(text, Comment | Doctype)):
        unseen.extract()
    for tag in soup.select(_FURNITURE):
        tag.decompose()
    for tag in soup.find_all(style=_INVISIBLE):
        if not tag.decomposed:
            tag.decompose()
    for form in soup.find_all("form"):
        _drop_form(form)
    root = next((found[0] for selector in _ROOTS if len(found := soup.select(selector)) == 1), soup)
    for header in root.find_all("header"):
        _drop_header(header, root.name == "body" or root is soup)
    return root


def _drop_form(form: Tag) -> None:
    """Drop a form, unless the page itself is wrapped in it."""
    if form.find(["h1", "main", "article"]):
        form.unwrap()
    else:
        form.decompose()


def _drop_header(header: Tag, of_site: bool) -> None:
    """Drop a header; the header of an article gives its title first."""
    heading = header.find("h1")
    if heading and not (of_site and not header.find_parent("article")):
        header.insert_before(heading.extract())
    header.decompose()


def _markdown(root: Tag) -> str:
    from markdownify import MarkdownConverter

    for image in root.find_all(["img", "picture", "video", "audio", "canvas"]):
        image.decompose()
    for link in root.find_all("a"):
        if not str(link.get("href") or "").lower().startswith(_WEB):
            link.unwrap()
    converter = MarkdownConverter(
        heading_style="ATX", bullets="-", autolinks=False, escape_asterisks=False, escape_underscores=False, table_infer_header=True
    )
    return clean(re.sub(r"\n{3,}", "\n\n", str(converter.convert_soup(root))))
