"""The text of an HTML mail: words and lines only. Nothing is fetched, nothing that is hidden is read, what is quoted is marked as quoted."""

from __future__ import annotations

import re
from html import unescape

MOST_MARKUP = 400_000
QUOTED = "> "
_NEAR = 100
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


_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>""")
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w:-]{0,40})(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?""")
_RAW = frozenset({"script", "style", "title", "textarea", "noscript", "template"})
"""Elements whose content is no markup until their own end."""
_MOST_ATTRIBUTES = 4_000


def text_of(markup: str) -> str:
    """Return the words of an HTML mail, a line for each block; lines of what it quotes begin with ``> ``.

    Takes time in proportion to its length, whatever stands in it; what is never closed goes on to the end.
    """
    reader, rest = _Reader(), markup[:MOST_MARKUP]
    at = 0
    while at < len(rest):
        mark = rest.find("<", at)
        if mark < 0:
            mark = len(rest)
        reader.words(unescape(rest[at:mark]))
        at = _after_mark(reader, rest, mark) if mark < len(rest) else mark
    return reader.text()


def _after_mark(reader: _Reader, rest: str, at: int) -> int:
    """Read what begins with a ``<`` and return where it ends."""
    if rest.startswith("<!--", at):
        return _behind(rest, "-->", at + 4)
    if rest.startswith(("<!", "<?"), at):
        return _behind(rest, ">", at + 2)
    tag = _TAG.match(rest, at)
    if tag is None:
        reader.words("<")
        return at + 1
    closing, name, attributes = tag.group(1), tag.group(2).lower(), tag.group(3)[:_MOST_ATTRIBUTES]
    if closing:
        reader.end(name)
        return tag.end()
    if name in _RAW:
        found = re.compile(rf"</{name}", re.IGNORECASE).search(rest, tag.end())
        return _behind(rest, ">", found.end()) if found is not None else len(rest)
    facts = {one.group(1).lower(): one.group(2) or one.group(3) or one.group(4) or "" for one in _ATTRIBUTE.finditer(attributes)}
    reader.start(name, facts)
    return tag.end()


def _behind(rest: str, mark: str, at: int) -> int:
    found = rest.find(mark, at)
    return found + len(mark) if found >= 0 else len(rest)


class _Reader:
    """Keeps a stack of open elements, each with what it does to the words in it."""

    def __init__(self) -> None:
        self._open: list[tuple[str, bool, bool]] = []
        self._silent = 0
        self._quoted = 0
        self._rest_is_quoted = False
        self._lines: list[list[str]] = [[]]

    def start(self, tag: str, facts: dict[str, str]) -> None:
        """Note what an element does; an empty one only breaks the line."""
        if tag in BLOCKS:
            self._break()
        marked = _QUOTE_MARK.search(f"{facts.get('class', '')} {facts.get('id', '')}") is not None
        if facts.get("id", "").lower() in ("divrplyfwdmsg", "appendonsend") or _OUTLOOK_LINE.search(facts.get("style", "")):
            self._rest_is_quoted = True
        if tag in VOID:
            return
        silent = tag in SILENT or "hidden" in facts or _HIDDEN.search(facts.get("style", "")) is not None
        quoted = tag == "blockquote" or marked
        self._open.append((tag, silent, quoted))
        self._silent += silent
        self._quoted += quoted

    def end(self, tag: str) -> None:
        """Close an element and all that were left open inside it; one that is not open near by closes nothing."""
        if tag in BLOCKS:
            self._break()
        if not any(tag == one[0] for one in self._open[-_NEAR:]):
            return
        while self._open:
            name, silent, quoted = self._open.pop()
            self._silent -= silent
            self._quoted -= quoted
            if name == tag:
                return

    def words(self, said: str) -> None:
        """Take words, if people see them."""
        if self._silent:
            return
        said = re.sub(r"[\s\u00a0]+", " ", said)
        if said.strip() or (self._lines[-1] and said):
            if (self._quoted or self._rest_is_quoted) and not self._lines[-1]:
                self._lines[-1].append(QUOTED)
            self._lines[-1].append(said)

    def _break(self) -> None:
        if self._lines[-1]:
            self._lines.append([])

    def text(self) -> str:
        """Return what was read."""
        return "\n".join("".join(line).strip() for line in self._lines).strip()
