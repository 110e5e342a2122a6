"""Modals and the app's home: pure functions from what is to be shown to views inside Slack's limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.agent import wording
from assistant.domain.ticket import Ticket
from assistant.entrypoints.slack.arriving import APPROVE, ASK_FORM
from assistant.entrypoints.slack.blocks import Block, Said, button, line, option, section
from assistant.entrypoints.slack.mrkdwn import escaped, plain, sections, shortened
from assistant.entrypoints.slack.words import say

View = dict[str, Any]
TITLE_LIMIT = 24
WORDS_LIMIT = 3_000
NOTE_LIMIT = 500
ENTER, REFUSE, ASK = "code", "refuse", "ask"
OPENERS = (ENTER, REFUSE, ASK)
"""What only opens a modal."""
SHOWN_TICKETS, SHOWN_APPROVALS, SHOWN_GAPS = 10, 10, 5
LINE_LIMIT = 1_500


def _plain(text: str, limit: int = TITLE_LIMIT) -> Block:
    return {"type": "plain_text", "text": shortened(plain(text), limit), "emoji": False}


def modal(callback: str, language: str, title: str, submit: str, blocks: Sequence[Block], private: Any = "") -> View:
    """Return a modal; ``private`` comes back with it and is never shown."""
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title),
        "close": _plain(say(language, "close")),
        "blocks": list(blocks),
        "private_metadata": private if isinstance(private, str) else json.dumps(private),
    }
    return {**view, "submit": _plain(submit)} if submit else view


def field(block: str, label: str, hint: str = "", initial: str = "", limit: int = WORDS_LIMIT, lines: bool = True, optional: bool = False) -> Block:
    """Return a field for words."""
    element: Block = {"type": "plain_text_input", "action_id": block, "multiline": lines, "max_length": limit, "focus_on_load": True}
    if initial:
        element["initial_value"] = initial[:limit]
    made: Block = {"type": "input", "block_id": block, "label": _plain(label, 200), "element": element, "optional": optional}
    return {**made, "hint": _plain(hint, 500)} if hint else made


def ask_form(language: str, devices: Sequence[tuple[str, str]], initial: str = "") -> View:
    """Return the form with which somebody asks; with more than one device also for which one."""
    blocks = [field("words", say(language, "form_words"), say(language, "form_hint"), initial)]
    if len(devices) > 1:
        options = [option(name, device_id) for device_id, name in devices[:100]]
        choose = {"type": "static_select", "action_id": "device", "options": options, "initial_option": options[0]}
        blocks.append(
            {"type": "input", "block_id": "device", "label": _plain(say(language, "form_device"), 200), "element": choose, "optional": True}
        )
    return modal(ASK_FORM, language, say(language, "form_title"), say(language, "form_send"), blocks)


def code_form(language: str, action_id: str, title: str, app: bool) -> View:
    """Return the form for a one-time code; ``app`` says that it comes from the authenticator."""
    where = say(language, "code_from_app" if app else "code_from_notice")
    blocks = [section(f"*{escaped(shortened(title, 300))}*"), field("code", say(language, "code_label"), where, limit=32, lines=False)]
    return modal(ENTER, language, say(language, "code_title"), say(language, "code_send"), blocks, action_id)


def refuse_form(language: str, value: str, title: str) -> View:
    """Return the form with which an approver refuses; the reason may be left out. ``value`` names the action and the hash that was seen."""
    blocks = [section(f"*{escaped(shortened(title, 300))}*"), field("note", say(language, "reason_label"), limit=NOTE_LIMIT, optional=True)]
    return modal(REFUSE, language, say(language, "refuse_title"), say(language, "refuse"), blocks, value)


def notice(language: str, text: str) -> View:
    """Return a modal that only says something."""
    return modal("said", language, say(language, "form_title"), "", [section(one) for one in sections([escaped(text)])])


@dataclass(frozen=True, slots=True)
class Consent:
    """A request as an approver sees it: the action's own typed facts, never what a model wrote."""

    action: str
    hash: str
    requester: str
    title: str
    lines: tuple[str, ...]
    blast_radius: str
    undo: str
    until: str
    stage: str
    """Which stage of how many is decided, and who decides it."""
    standing: str = ""
    """How it was decided, in words; "" while it is open and waits for this person."""
    late: str = ""
    """Why a press came too late."""

    @property
    def value(self) -> str:
        """Names the action and exactly what was shown."""
        return f"{self.action} {self.hash}"


def consent(asked: Consent, language: str = "en") -> Said:
    """Return the message that asks an approver, or says how it was decided."""
    title = escaped(say(language, "asks_for", who=asked.requester, title=asked.title))
    lines = "\n".join([f"*{title.replace('*', '∗')}*", *(f"• {escaped(shortened(one, LINE_LIMIT))}" for one in asked.lines)])
    facts = [say(language, "touches", what=asked.blast_radius) if asked.blast_radius else "", asked.undo, asked.stage]
    blocks = [*(section(one) for one in sections([lines])), line(" · ".join(escaped(one) for one in facts if one))]
    if asked.standing:
        blocks.append(line(f"*{escaped(asked.standing)}*"))
    else:
        blocks.append(line(escaped(say(language, "open_until", until=asked.until))))
        blocks.append({"type": "actions", "block_id": f"consent/{asked.action}", "elements": decide_buttons(asked, language)})
    if asked.late:
        blocks.append(line(escaped(asked.late)))
    return Said(f"{title}. {escaped(asked.standing)}" if asked.standing else title, tuple(blocks))


def decide_buttons(asked: Consent, language: str) -> list[Block]:
    """Return Approve and Refuse; refusing asks for a reason first."""
    return [
        button(f"{APPROVE}:{asked.action}", say(language, "approve"), asked.value, "primary"),
        button(f"{REFUSE}:{asked.action}", say(language, "refuse"), asked.value, "danger"),
    ]


@dataclass(frozen=True, slots=True)
class Home:
    """What somebody's home shows. ``gaps`` is None for those who do not write articles."""

    name: str
    guest: bool
    tickets: Sequence[Ticket]
    queues: dict[str, str]
    approvals: Sequence[Consent]
    gaps: Sequence[tuple[str, int]] | None
    """Questions that had no answer this week, with how many people asked."""
    console: str = ""
    """Address of the page that shows the gaps, "" for none."""


def home(shown: Home, language: str = "en") -> View:
    """Return the home tab."""
    blocks: list[Block] = [section(escaped(say(language, "home_hello", name=shortened(shown.name, 100)))), _ask(language)]
    if shown.guest:
        blocks.append(line(escaped(say(language, "guest"))))
    else:
        blocks += _approvals(shown, language) + _tickets(shown, language)
    if shown.gaps is not None:
        blocks += _gaps(shown, language)
    return {"type": "home", "blocks": blocks[:100]}


def _ask(language: str) -> Block:
    return {"type": "actions", "block_id": "home/ask", "elements": [button(ASK, say(language, "form_title"), "ask", "primary")]}


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, 150)}


def _approvals(shown: Home, language: str) -> list[Block]:
    blocks = [_header(say(language, "my_approvals"))]
    for one in shown.approvals[:SHOWN_APPROVALS]:
        message = consent(one, language)
        blocks += [{"type": "divider"}, *message.blocks]
    return blocks if shown.approvals else [*blocks, line(escaped(say(language, "no_approvals")))]


def _tickets(shown: Home, language: str) -> list[Block]:
    blocks = [_header(say(language, "my_tickets"))]
    for ticket in shown.tickets[:SHOWN_TICKETS]:
        with wording.speaking(language):
            status = wording.known(ticket.status.label)
        head = f"*{escaped(ticket.id)}* {escaped(shortened(ticket.subject, 200))}"
        facts = [status, shown.queues.get(ticket.queue, ticket.queue), f"{ticket.opened_at:%Y-%m-%d}"]
        blocks += [section(head), line(" · ".join(escaped(one) for one in facts if one))]
    return blocks if shown.tickets else [*blocks, line(escaped(say(language, "no_tickets")))]


def _gaps(shown: Home, language: str) -> list[Block]:
    blocks = [_header(say(language, "gaps"))]
    for label, people in (shown.gaps or ())[:SHOWN_GAPS]:
        blocks.append(section(f"*{escaped(shortened(label, 300)).replace('*', '∗')}*\n{escaped(say(language, 'gap_people', people=people))}"))
    if not shown.gaps:
        blocks.append(line(escaped(say(language, "no_gaps"))))
    return [*blocks, line(escaped(say(language, "gaps_where", where=shown.console)))] if shown.console else blocks
