"""A reply as a letter: the answer, its sources, and links that open a page. Plain text and HTML say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assistant.agent import wording
from assistant.agent.languages.known import DEFAULT, LANGUAGES
from assistant.agent.wording.letters import in_letter
from assistant.domain.reply import DO, NO, PERSON, UNDO, YES, Choice, CitationView, Reply

LINKED = (YES.id, NO.id, PERSON.id)
"""The choices that have a link of their own; others are numbered."""
SIGNED_IN = (DO, UNDO)
"""What begins the ids of choices that carry something out: a mail is not enough for them."""
MOST_QUOTED = 400
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True, slots=True)
class Written:
    """The two forms of a letter."""

    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the words of a letter. ``page`` is the address behind its links, "" when there is none."""

    language: str = DEFAULT
    page: str = ""
    stranger: bool = False
    not_kept: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """Files that were not kept, each with why."""


def numbered(choices: Sequence[Choice]) -> list[Choice]:
    """Return the choices that a letter numbers, in their order: neither those with a link of their own nor those that a mail is not enough for."""
    return [choice for choice in choices if choice.id not in LINKED and not choice.id.startswith(SIGNED_IN)]


def written_reply(reply: Reply, around: Around) -> Written:
    """Return a reply as it is presented to its reader, as a letter."""
    with wording.speaking(around.language):
        links = _links(reply, around.page)
        sources = [_source(number, view) for number, view in enumerate(reply.citations, 1)]
        action = reply.action
        facts: dict[str, Any] = {
            "html": reply.html,
            "sources": sources,
            "links": links,
            "numbered": [choice.label for choice in numbered(reply.choices)],
            "sign_in": in_letter("sign_in") if links and action is not None and action.needs in ("press", "code") else "",
            "card": action.title if action is not None else "",
        }
        return _letter(plain(reply.text), facts, around)


def written_words(name: str, html: str, text: str, around: Around) -> Written:
    """Return the words of a person of the desk, or a line about one where ``name`` is empty, as a letter."""
    with wording.speaking(around.language):
        says = in_letter("says", name=name) if name else ""
        return _letter(f"{says}\n\n{text}".strip(), {"html": html, "says": says}, around)


def written_not_kept(around: Around) -> Written:
    """Return a letter that says which files were not kept."""
    with wording.speaking(around.language):
        return _letter("", {"html": ""}, around)


def _letter(text: str, facts: dict[str, Any], around: Around) -> Written:
    whole = {
        "says": "",
        "sources": [],
        "links": [],
        "numbered": [],
        "sign_in": "",
        "card": "",
        **facts,
        "around": around,
        "say": in_letter,
        "direction": "rtl" if LANGUAGES[wording.spoken()].right_to_left else "ltr",
        "language": wording.spoken(),
    }
    return Written(_plain_letter(text, whole, around), _TEMPLATES.get_template("letter.html.j2").render(whole))


def _plain_letter(text: str, facts: dict[str, Any], around: Around) -> str:
    parts = [text]
    if facts["sources"]:
        parts.append("\n".join([f"{in_letter('sources')}:", *(_plain_source(one) for one in facts["sources"])]))
    if around.not_kept:
        parts.append("\n".join([in_letter("not_kept"), *(f"- {name}: {why}" for name, why in around.not_kept)]))
    if facts["numbered"]:
        parts.append("\n".join([in_letter("choose"), *(f"  {number}. {label}" for number, label in enumerate(facts["numbered"], 1))]))
    if facts["links"]:
        parts.append("\n".join([*(f"{label}: {url}" for _, label, url in facts["links"]), in_letter("page_note")]))
    parts += [facts["sign_in"], in_letter("stranger") if around.stranger else "", f"-- \n{in_letter('goes_on')}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _links(reply: Reply, page: str) -> list[tuple[str, str, str]]:
    """Return the links of a letter, each with its kind, its words and its address."""
    if not page:
        return []
    labels = {choice.id: choice.label for choice in reply.choices}
    links = [(name, labels[name], f"{page}?press={name}") for name in LINKED if name in labels]
    if reply.action is not None and reply.action.needs in ("press", "code"):
        links.insert(0, ("open", reply.action.title, page))
    return links


def _source(number: int, view: CitationView) -> dict[str, str]:
    if view.withdrawn:
        return {"number": str(number), "title": in_letter("withdrawn", title=view.title or wording.unnamed_article()), "about": "", "quote": ""}
    about = [in_letter("updated", day=_day(view.updated))] if view.updated else []
    about += [in_letter("review", day=_day(view.review_by))] if view.overdue and view.review_by else []
    heading = f" › {view.heading}" if view.heading and view.heading != view.title else ""
    quote = " ".join(plain(view.quote).split())
    shown = quote if len(quote) <= MOST_QUOTED else quote[:MOST_QUOTED].rsplit(" ", 1)[0] + " …"
    return {"number": str(number), "title": f"{view.title}{heading}", "about": ", ".join(about), "quote": shown}


def _plain_source(source: dict[str, str]) -> str:
    about = f" ({source['about']})" if source["about"] else ""
    quote = f"\n      “{source['quote']}”" if source["quote"] else ""
    return f"  [{source['number']}] {source['title']}{about}{quote}"


def _day(iso: str) -> str:
    try:
        return date.fromisoformat(iso[:10]).isoformat()
    except ValueError:
        return iso


def plain(markdown: str) -> str:
    """Return Markdown as people read it in plain text: marks of emphasis go, the address of a link stands behind its words."""
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", markdown)
    text = re.sub(r"`([^`\n]+)`", r"\1", text)
    text = re.sub(r"^#{1,6} +", "", text, flags=re.MULTILINE)
    return re.sub(r"\[([^\]\n]+)\]\(((?:https|mailto):[^)\s]+)\)", r"\1 (\2)", text).strip()
