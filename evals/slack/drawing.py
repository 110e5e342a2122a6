"""Draws what somebody sees in Slack from the structure of the blocks, in Slack's manner and with a style of our own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from evals.slack.workspace import Node, Workspace

STYLE = Path(__file__).parent / "page.css"
COLOURS = ("#7a5195", "#2f6f8f", "#b3541e", "#3a7d44", "#8a3b5c")
APP_COLOUR = "#1b4965"
_LINK = re.compile(r"<(https?://[^|>]+|mailto:[^|>]+)(?:\|([^>]*))?>")
_MENTION = re.compile(r"&lt;@(\w+)&gt;|<@(\w+)>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")
_ITALIC = re.compile(r"(?<![\w_])_([^_\n]+)_(?![\w_])")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Screen:
    """One moment: the list at the left, a heading, messages, and perhaps a modal over them."""

    heading: str
    about: str
    places: Sequence[str]
    messages: Sequence[Node] = ()
    alone: Sequence[Node] = ()
    """What only the person who looks is shown."""
    home: Node | None = None
    modal: Node | None = None
    typed: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    status: str = ""


def page(screen: Screen, workspace: Workspace, team: str) -> str:
    """Return the page of a screen; it needs nothing from elsewhere."""
    places = "".join(f'<p class="{"on" if name == screen.heading else ""}">{escape(name)}</p>' for name in screen.places)
    shown = "".join(_message(one, workspace) for one in screen.messages) + "".join(_message(one, workspace, True) for one in screen.alone)
    home = "".join(_block(one) for one in screen.home["blocks"]) if screen.home is not None else ""
    status = f'<p class="status">{escape(screen.status)}</p>' if screen.status else ""
    modal = _modal(screen.modal, screen.typed, screen.wrong) if screen.modal is not None else ""
    box = "" if screen.home is not None else f'<div class="box">Message {escape(screen.heading)}</div>'
    style = STYLE.read_text(encoding="utf-8")
    head = f'<div class="head">{escape(screen.heading)}<span>{escape(screen.about)}</span></div>'
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(screen.heading)}</title><style>{style}</style>
<div class="app"><nav class="side"><h1>{escape(team)}</h1>{places}</nav><div class="main">{head}
<div class="talk {"top" if screen.home is not None else ""}"><div class="inner">{home}{shown}{status}</div></div>{box}{modal}</div></div></html>"""


def _message(message: Node, workspace: Workspace, alone: bool = False) -> str:
    user = workspace.users.get(str(message.get("user")), {}) if not alone else {}
    is_app = alone or bool(message.get("bot_id"))
    name = "Firstline" if is_app else str(user.get("real_name", ""))
    colour = APP_COLOUR if is_app else COLOURS[sum(map(ord, name)) % len(COLOURS)]
    clock = datetime.fromtimestamp(float(message["ts"]), UTC).strftime("%H:%M")
    tag = '<span class="tag">APP</span>' if is_app else ""
    typed = _MENTION.sub(lambda found: f"<@{workspace.users[found[1] or found[2]]['real_name']}>", str(message["text"]))
    words = "".join(_block(one) for one in message.get("blocks") or ()) or f'<div class="section"><div>{mrkdwn(typed)}</div></div>'
    note = '<p class="alone">Only visible to you</p>' if alone else ""
    head = f'<div class="who">{escape(name)}{tag}<time>{clock}</time></div>'
    return f'<div class="message"><div class="face" style="background:{colour}">{escape(name[:1])}</div><div>{note}{head}{words}</div></div>'


def _block(block: Node) -> str:
    kind = block["type"]
    if kind == "section":
        accessory = _element(block["accessory"]) if "accessory" in block else ""
        return f'<div class="section"><div>{_text(block["text"])}</div>{accessory}</div>'
    if kind == "context":
        return "".join(f'<div class="context">{_text(one)}</div>' for one in block["elements"])
    if kind == "actions":
        return f'<div class="actions">{"".join(_element(one) for one in block["elements"])}</div>'
    return f'<div class="header">{_text(block["text"])}</div>' if kind == "header" else '<hr class="divider">'


def _element(element: Node) -> str:
    if element["type"] == "static_select":
        shown = (element.get("initial_option") or {}).get("text") or element.get("placeholder") or {"text": ""}
        return f'<span class="select">{escape(shown["text"])}</span>'
    return f'<span class="button {element.get("style", "")}">{escape(element["text"]["text"])}</span>'


def _modal(view: Node, typed: dict[str, str], wrong: dict[str, str]) -> str:
    body = "".join(_field(one, typed, wrong) if one["type"] == "input" else _block(one) for one in view["blocks"])
    submit = f'<span class="button primary">{escape(view["submit"]["text"])}</span>' if "submit" in view else ""
    foot = f'<div class="foot"><span class="button">{escape(view["close"]["text"])}</span>{submit}</div>'
    return f'<div class="shade"><div class="modal"><h2>{escape(view["title"]["text"])}</h2><div class="body">{body}</div>{foot}</div></div>'


def _field(block: Node, typed: dict[str, str], wrong: dict[str, str]) -> str:
    element, name = block["element"], block["block_id"]
    filled = typed.get(name) or str(element.get("initial_value", ""))
    held = _element(element) if element["type"] == "static_select" else f'<div class="input">{escape(filled)}</div>'
    hint = f'<p class="hint">{escape(block["hint"]["text"])}</p>' if "hint" in block else ""
    fault = f'<p class="wrong">{escape(wrong[name])}</p>' if name in wrong else ""
    return f'<div class="field {"bad" if fault else ""}"><label>{escape(block["label"]["text"])}</label>{held}{fault or hint}</div>'


def _text(text: Node) -> str:
    return escape(text["text"]) if text["type"] == "plain_text" else mrkdwn(text["text"])


def mrkdwn(text: str) -> str:
    """Return mrkdwn as HTML. What is escaped in it stays escaped; the few marks that our app writes are drawn."""
    parts = text.split("```")
    drawn = [_lines(part) if number % 2 == 0 else f"<pre><code>{part.strip()}</code></pre>" for number, part in enumerate(parts)]
    return "".join(drawn)


def _lines(text: str) -> str:
    quoted = [f"<blockquote>{_inline(line[2:])}</blockquote>" if line.startswith("> ") else f"{_inline(line)}\n" for line in text.split("\n")]
    return "".join(quoted).rstrip("\n")


def _inline(text: str) -> str:
    text = re.sub(r"<@([^>]+)>", r'<span class="mention">@\1</span>', text)
    linked = _LINK.sub(lambda found: f'<a href="{found[1]}">{found[2] or found[1]}</a>', text)
    return _CODE.sub(r"<code>\1</code>", _ITALIC.sub(r"<i>\1</i>", _BOLD.sub(r"<b>\1</b>", linked)))
