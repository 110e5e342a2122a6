"""The text of an HTML mail: words and lines only. Nothing is fetched, nothing that is hidden is read, what is quoted is marked as quoted."""

from __future__ import annotations

import re
from html.parser import HTMLParser

MOST_MARKUP = 400_000
QUOTED = "> "
SILENT = frozenset({"style", "script", "head", "title", "template", "noscript", "object", "svg", "select", "textarea"})
BLOCKS = frozenset(
    ("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5")
    + ("h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul")
)
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"})
_QUOTE_MARK = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|protonmail_quote|moz-cite-prefix|zmail_extra|tutanota_quote|divrplyfwdmsg|appendonsend|mail-editor-reference-message-container|olk_src_body_section",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])|mso-hide\s*:\s*all|opacity\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE
)
_OUTLOOK_LINE = re.compile(r"border-top\s*:\s*solid\s+#(?:e1e1e1|b5c4df)", re.IGNORECASE)


def text_of(markup: str) -> str:
    """Return the words of an HTML mail, a line for each block; lines of what it quotes begin with ``> ``."""
    reader = _Reader()
    reader.feed(markup[:MOST_MARKUP])
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Keeps a stack of open elements, each with what it does to the words in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, bool, bool]] = []
        self._silent = 0
        self._quoted = 0
        self._rest_is_quoted = False
        self._lines: list[list[str]] = [[]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element does; an empty one only breaks the line."""
        facts = {name: value or "" for name, value in attrs}
        if tag in BLOCKS:
            self._break()
        marked = _QUOTE_MARK.search(f"{facts.get('class', '')} {facts.get('id', '')}") is not None
        if (marked and facts.get("id", "").lower() in ("divrplyfwdmsg", "appendonsend")) or _OUTLOOK_LINE.search(facts.get("style", "")):
            self._rest_is_quoted = True
        if tag in VOID:
            return
        silent = tag in SILENT or "hidden" in facts or _HIDDEN.search(facts.get("style", "")) is not None
        quoted = tag == "blockquote" or marked
        self._open.append((tag, silent, quoted))
        self._silent += silent
        self._quoted += quoted

    def handle_endtag(self, tag: str) -> None:
        """Close an element and all that were left open inside it; one that is not open closes nothing."""
        if tag in BLOCKS:
            self._break()
        if not any(tag == one[0] for one in self._open[-200:]):
            return
        while self._open:
            name, silent, quoted = self._open.pop()
            self._silent -= silent
            self._quoted -= quoted
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        """Take words that people see."""
        if self._silent:
            return
        words = re.sub(r"[\s\u00a0]+", " ", data)
        if words.strip() or (self._lines[-1] and words):
            if (self._quoted or self._rest_is_quoted) and not self._lines[-1]:
                self._lines[-1].append(QUOTED)
            self._lines[-1].append(words)

    def _break(self) -> None:
        if self._lines[-1]:
            self._lines.append([])

    def text(self) -> str:
        """Return what was read."""
        return "\n".join("".join(line).strip() for line in self._lines)
