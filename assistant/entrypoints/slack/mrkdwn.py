"""Markdown of a reply as Slack's mrkdwn: parsed, never replaced by pattern, with nothing in it that Slack could take for a mark of ours."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from markdown_it.token import Token

from assistant.governance.rendering import allowed_link, parsed

SECTION_LIMIT = 3_000
WORD_JOINER = "\u2060"
"""Has no width and ends a word: after it Slack reads no mention and no mark."""
_MARK = re.compile(r"<(?=\S)")
_BROADCAST = re.compile("@(here|channel|everyone|group)", re.IGNORECASE)
RULE = "———"
INDENT = "    "
_MARKS = {"strong_open": "*", "strong_close": "*", "em_open": "_", "em_close": "_", "softbreak": " ", "hardbreak": "\n"}


def escaped(text: str) -> str:
    """Return text that Slack shows as it is: ``& < >`` escaped, no mention of everybody."""
    return _without_broadcasts(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def plain(text: str) -> str:
    """Return words for a ``plain_text`` object on one line. Slack reads no marks there; what looks like one is broken all the same."""
    return _MARK.sub(f"<{WORD_JOINER}", _without_broadcasts(" ".join(text.replace("\0", " ").split())))


def _without_broadcasts(text: str) -> str:
    return _BROADCAST.sub(lambda found: f"@{WORD_JOINER}{found[1]}", text)


def shortened(text: str, limit: int) -> str:
    """Return at most ``limit`` characters, with an ellipsis where something is left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def cut_off(text: str, limit: int) -> str:
    """Return at most ``limit`` characters of mrkdwn, cut at a word and in no mark."""
    return text if len(text) <= limit else text[: _border(text, limit - 1)].rstrip() + "…"


def pieces(markdown: str, hosts: Collection[str]) -> list[str]:
    """Return the paragraphs, list items, quotes and code of a text as mrkdwn, in order; links only to allowed hosts."""
    return _Writing(hosts).write(parsed(markdown))


def sections(parts: list[str], limit: int = SECTION_LIMIT) -> list[str]:
    """Return the parts joined to texts of at most ``limit`` characters, cut between parts where that is possible."""
    found: list[str] = []
    for part in (short for one in parts for short in _cut(one, limit)):
        gap = "\n" if found and _is_item(part) and _is_item(found[-1].rpartition("\n")[2]) else "\n\n"
        if found and len(found[-1]) + len(gap) + len(part) <= limit:
            found[-1] += gap + part
        else:
            found.append(part)
    return found


def _is_item(line: str) -> bool:
    head = line.lstrip().partition(" ")[0]
    return head == "•" or (head.endswith(".") and head[:-1].isdigit())


def _cut(part: str, limit: int) -> list[str]:
    if len(part) <= limit:
        return [part]
    code = part.startswith("```") and part.endswith("```")
    if code:
        return [f"```{one}```" for one in _cut(part[3:-3].strip("\n"), limit - 6)]
    cut: list[str] = []
    rest = part
    while len(rest) > limit:
        at = _border(rest, limit)
        cut.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [one for one in (*cut, rest) if one]


def _border(text: str, limit: int) -> int:
    """Return where to cut: at a line, else at a word, and never inside a link or an entity."""
    at = max(text.rfind("\n", limit // 2, limit), text.rfind(" ", limit // 2, limit))
    at = at if at > 0 else limit
    link = text.rfind("<", 0, at)
    if link > text.rfind(">", 0, at):
        at = link or at
    entity = text.rfind("&", max(at - 5, 0), at)
    return entity if entity > 0 and ";" not in text[entity:at] else at


class _Writing:
    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = hosts
        self._lists: list[int | None] = []
        self._quotes = 0
        self._first = ""
        self._cells: list[str] = []
        self._heads: list[str] = []
        self._in_head = False
        self._found: list[str] = []

    def write(self, tokens: list[Token]) -> list[str]:
        for token in tokens:
            self._take(token)
        return [one for one in self._found if one.strip()]

    def _take(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._line(token)
        elif kind in ("fence", "code_block"):
            self._put("```\n" + escaped(token.content).replace("```", "ʼʼʼ").strip("\n") + "\n```")
        elif kind == "hr":
            self._put(RULE)
        elif kind.startswith(("ordered_list", "bullet_list", "list_item", "blockquote")):
            self._nest(token)
        elif kind.startswith(("thead", "tr", "th_", "td_")):
            self._table(token)

    def _nest(self, token: Token) -> None:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            self._lists.append(int(token.attrGet("start") or 1) if token.type.startswith("ordered") else None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._first = "• " if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1
        elif token.type.startswith("blockquote"):
            self._quotes += token.nesting

    def _table(self, token: Token) -> None:
        if token.type.startswith("thead"):
            self._in_head = token.type.endswith("open")
        elif token.type == "tr_open":
            self._cells = []
        elif token.type == "tr_close" and self._in_head:
            self._heads = self._cells
            self._cells = []
        elif token.type == "tr_close":
            named = [f"*{head}:* {cell}" if head else cell for head, cell in zip(self._heads, self._cells, strict=False)]
            self._put("• " + " · ".join(named))

    def _line(self, token: Token) -> None:
        text = self._inline(token.children or [])
        if token.meta.get("cell"):
            self._cells.append(text)
        elif token.meta.get("heading"):
            self._put(f"*{text.replace('*', '')}*")
        else:
            self._put(text)

    def _put(self, text: str) -> None:
        first, self._first = self._first, ""
        depth = max(len(self._lists) - 1, 0)
        hanging = INDENT * depth if first or not self._lists else INDENT * (depth + 1)
        lines = text.split("\n")
        shown = "\n".join((hanging + first if number == 0 else INDENT * (depth + bool(self._lists))) + line for number, line in enumerate(lines))
        if self._quotes:
            shown = "\n".join(f"> {line}" for line in shown.split("\n"))
        self._found.append(shown)

    def _inline(self, children: list[Token]) -> str:
        written: list[str] = []
        links: list[str] = []
        for token in children:
            if token.type == "text":
                written.append(escaped(token.content))
            elif token.type == "code_inline":
                written.append(f"`{escaped(token.content).replace('`', 'ʼ')}`")
            elif token.type == "link_open":
                links.append(self._open(str(token.attrGet("href") or ""), written))
            elif token.type == "link_close":
                self._close(links.pop() if links else "", written)
            else:
                written.append(_MARKS.get(token.type, ""))
        return "".join(written).strip()

    def _open(self, url: str, written: list[str]) -> str:
        if not allowed_link(url, self._hosts):
            return ""
        target = url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
        written.append(f"<{target}|")
        return url

    @staticmethod
    def _close(url: str, written: list[str]) -> None:
        if not url:
            return
        begun = next(at for at in range(len(written) - 1, -1, -1) if written[at].startswith(("<https:", "<mailto:")))
        label = "".join(written[begun + 1 :]).replace("|", "¦").replace("\n", " ").strip("`*_ ")
        host = urlsplit(url).hostname or ""
        note = f" ({host})" if host and host not in label else ""
        written[begun:] = [f"{written[begun]}{label or host or url}>{note}"]
