"""A reply as a Slack message: a pure function from the envelope to blocks, inside Slack's limits whatever the reply holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assistant.agent import wording
from assistant.agent.present import CHANGED
from assistant.domain.reply import DO, DROP, UNDO, ActionView, Choice, CitationView, Reply, TicketView
from assistant.entrypoints.slack.mrkdwn import SECTION_LIMIT, cut_off, escaped, pieces, plain, sections, shortened
from assistant.entrypoints.slack.words import say
from kb.model import Platform

Block = dict[str, Any]
BLOCKS = 50
ANSWER_SECTIONS = 30
SOURCES = 8
QUOTE_LIMIT = 240
LINE_LIMIT = 1_500
LABEL_LIMIT, OPTION_LIMIT, VALUE_LIMIT, OPTION_VALUE_LIMIT = 75, 75, 2_000, 150
ROW = 25
FALLBACK = 1_000
CHOICE, CODE, DEVICE = "choice", "code", "device"
"""Begin the ids of what can be pressed: one of the reply's choices, the card's one-time code, another device."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message: the words for notifications and screen readers, and its blocks."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a message is written with, beside the reply itself."""

    hosts: Collection[str]
    """Hosts that links may lead to."""
    today: date
    key: str
    """Tells this message from the others of its conversation; part of the ids of its buttons."""
    devices: Sequence[tuple[str, str]] = field(default=())
    """Id and name of the devices that the person may change to."""
    private: bool = True
    """Whether only the person reads it. Elsewhere their device and their ticket are not named."""
    over: bool = False
    """Whether nothing can be pressed in it any more."""


def said(reply: Reply, shown: Shown) -> Said:
    """Return the message of a reply. Every reply gives one that Slack takes."""
    on_card = shown.private and reply.action is not None and reply.action.needs == "press"
    blocks = [] if on_card else _answer(reply, shown)
    if shown.private:
        blocks += _device(reply, shown)
    blocks += _sources(reply, shown)
    if shown.private:
        if reply.action is not None:
            blocks += card(reply.action, reply.language) if on_card else [standing(reply.action, reply.language)]
        blocks += [line(_ticket(reply.ticket, reply.language))] if reply.ticket is not None else []
    buttons = [] if shown.over else _buttons(reply, shown)[:BLOCKS]
    return Said(fallback(reply.text, shown.hosts) or say(reply.language, "no_words"), (*blocks[: BLOCKS - len(buttons)], *buttons))


def fallback(markdown: str, hosts: Collection[str]) -> str:
    """Return the beginning of a text, for notifications and screen readers."""
    found = sections(pieces(markdown, hosts), FALLBACK)
    return found[0] if found else ""


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a section; ``text`` is mrkdwn and not too long."""
    made: Block = {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
    return made if accessory is None else {**made, "accessory": accessory}


def button(action_id: str, label: str, value: str, style: str = "") -> Block:
    """Return a button; a label that is too long is cut."""
    made: Block = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": shortened(plain(label) or "…", LABEL_LIMIT), "emoji": False},
        "value": value[:VALUE_LIMIT],
    }
    return {**made, "style": style} if style else made


def option(label: str, value: str) -> Block:
    """Return one line of a list to choose from."""
    return {"text": {"type": "plain_text", "text": shortened(plain(label) or "…", OPTION_LIMIT), "emoji": False}, "value": value[:OPTION_VALUE_LIMIT]}


def line(text: str) -> Block:
    """Return a line of small print; ``text`` is mrkdwn."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut_off(text, SECTION_LIMIT), "verbatim": True}]}


def _answer(reply: Reply, shown: Shown) -> list[Block]:
    texts = sections(pieces(reply.text, shown.hosts))
    blocks = [section(text) for text in texts[:ANSWER_SECTIONS]]
    if len(texts) > ANSWER_SECTIONS:
        blocks.append(line(escaped(say(reply.language, "cut_short"))))
    return blocks


def _device(reply: Reply, shown: Shown) -> list[Block]:
    device = reply.device
    if device is None:
        return []
    text = escaped(say(reply.language, "for_device", device=f"{device.name} ({device.os})"))
    others = [one for one in shown.devices if one[0] != device.id]
    if not others:
        return [line(text)]
    choose = {
        "type": "static_select",
        "action_id": DEVICE,
        "placeholder": {"type": "plain_text", "text": say(reply.language, "other_device"), "emoji": False},
        "options": [option(name, f"device:{device_id}") for device_id, name in others[:100]],
    }
    return [{**section(text, choose), "block_id": f"device/{reply.conversation}/{shown.key}"}]


def _sources(reply: Reply, shown: Shown) -> list[Block]:
    if not reply.citations:
        return []
    blocks: list[Block] = [{"type": "divider"}]
    blocks += [line(_source(number, view, reply.language, shown.today)) for number, view in enumerate(reply.citations[:SOURCES], 1)]
    more = len(reply.citations) - SOURCES
    return [*blocks, line(escaped(say(reply.language, "more_sources", number=more)))] if more > 0 else blocks


def _source(number: int, view: CitationView, language: str, today: date) -> str:
    if view.withdrawn and view.withdrawn != CHANGED:
        with wording.speaking(language):
            return f"[{number}] {escaped(wording.no_longer_available())}"
    head = f"[{number}] *{escaped(shortened(view.title, 200)).replace('*', '∗')}*"
    facts = [escaped(shortened(view.heading, 200))] if view.heading and view.heading != view.title else []
    facts += [escaped(_age(view.updated, language, today))] if view.updated else []
    facts += [escaped(", ".join(_platform(name) for name in view.platforms))] if view.platforms else []
    text = " · ".join([head, *facts])
    if view.withdrawn:
        with wording.speaking(language):
            return f"{text}\n{escaped(wording.changed_since())}"
    quote = _quote(view.quote)
    return f"{text}\n{quote}" if quote else text


def _platform(name: str) -> str:
    return Platform(name).label if name in {one.value for one in Platform} else name


def _quote(words: str) -> str:
    """Return the beginning of a quoted passage; its links are words here, since the answer has them."""
    found = sections(pieces(words, ()), QUOTE_LIMIT)
    shown = found[0].rstrip(". ") + " …" if len(found) > 1 else "".join(found)
    return "\n".join(f"> {one}" for one in shown.splitlines() if one.strip())


def _age(updated: str, language: str, today: date) -> str:
    try:
        days = max((today - date.fromisoformat(updated)).days, 0)
    except ValueError:
        return ""
    return say(language, "updated_today") if days == 0 else say(language, "updated", days=days)


def _ticket(ticket: TicketView, language: str) -> str:
    with wording.speaking(language):
        status = wording.known(ticket.status.replace("_", " "))
    facts = [f"*{escaped(ticket.id)}*", escaped(shortened(ticket.subject, 200)), escaped(status), escaped(ticket.queue)]
    return " · ".join(one for one in facts if one)


def card(action: ActionView, language: str) -> list[Block]:
    """Return an action's card: its title, what will be done, whom it touches, how it is undone, and where it stands.

    It says everything that the reply's own words say, so it takes their place.
    """
    lines = [f"*{escaped(shortened(action.title, 300)).replace('*', '∗')}*", *(f"• {escaped(shortened(one, LINE_LIMIT))}" for one in action.lines)]
    touches = [escaped(say(language, "touches", what=action.blast_radius))] if action.blast_radius else []
    undo = [escaped(action.undo)] if action.undo else []
    status = escaped(say(language, f"status_{action.status}")) if action.status else ""
    blocks = [section(text) for text in sections(["\n".join(lines)])]
    return [*blocks, line(" · ".join([*([f"*{status}*"] if status else []), *touches, *undo]))]


def standing(action: ActionView, language: str) -> Block:
    """Return where an action stands, in one line; its card was shown when it was proposed."""
    title = escaped(shortened(action.title, 300))
    return line(f"*{escaped(say(language, f'status_{action.status}'))}* · {title}" if action.status else title)


def _buttons(reply: Reply, shown: Shown) -> list[Block]:
    action, where = reply.action, f"{reply.conversation}/{shown.key}"
    elements = [_button(number, choice) for number, choice in enumerate(reply.choices)]
    if shown.private and action is not None and action.needs == "code":
        elements = [button(f"{CODE}:{action.id}", say(reply.language, "enter_code"), action.id, "primary"), *elements]
    rows = [elements[at : at + ROW] for at in range(0, len(elements), ROW)]
    return [{"type": "actions", "block_id": f"{CHOICE}/{where}/{number}", "elements": row} for number, row in enumerate(rows)]


def _button(number: int, choice: Choice) -> Block:
    primary = choice.id.startswith(DO) or choice.id == "yes" or choice.id == "file"
    return button(f"{CHOICE}:{number}", choice.label, choice.id, "primary" if primary else "")


def pressed(blocks: Sequence[Block], block_id: str, words: str) -> list[Block]:
    """Return a message's blocks with the row that was pressed replaced by what was pressed."""
    row = block_id.rpartition("/")[0]
    kept = [block for block in blocks if not (block.get("type") == "actions" and str(block.get("block_id", "")).rpartition("/")[0] == row)]
    return [*kept[: BLOCKS - 1], line(escaped(words))]


def is_way(choice: str) -> bool:
    """Say whether a choice is about an action."""
    return choice.startswith((DO, DROP, UNDO))
