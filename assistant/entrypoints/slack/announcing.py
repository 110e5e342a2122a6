"""Announcements in a channel of Slack, for everybody there."""

from __future__ import annotations

from assistant.entrypoints.slack.blocks import Block, Said, line, section
from assistant.entrypoints.slack.calls import Calls
from assistant.entrypoints.slack.mrkdwn import SECTION_LIMIT, cut_off, escaped, shortened
from assistant.ports.channels import Announcement

WORDS = 600
"""Of one sentence; its link needs room beside it."""


def announcement_said(announcement: Announcement) -> Said:
    """Return an announcement as a message inside Slack's limits: what others wrote in it is no mark and mentions nobody."""
    numbered = [f"{number}. {_sentence(*one)}" for number, one in enumerate(announcement.lines, 1)]
    blocks: list[Block] = [section(f"*{escaped(shortened(announcement.title, WORDS))}*"), *(section(cut_off(one, SECTION_LIMIT)) for one in numbered)]
    words = " ".join([announcement.title + ".", *(f"{number}. {text}" for number, (text, _) in enumerate(announcement.lines, 1))])
    return Said(escaped(shortened(words, SECTION_LIMIT)), (*blocks, line(_sentence(*announcement.last, "Read the review"))))


def _sentence(text: str, address: str, label: str = "Open") -> str:
    words = escaped(shortened(" ".join(text.split()), WORDS))
    if not address.startswith("https://"):  # a service without TLS: Slack shows the address, nobody is led over a plain connection by a press
        return f"{words} {escaped(address)}".strip()
    return f"{words} <{escaped(address).replace('|', '%7C')}|{label}>"


def announce(calls: Calls, channel: str, announcement: Announcement, key: str, uncertain: bool) -> str:
    """See ``Announces``: the post is found again by its key where an earlier call may have made it."""
    known = calls.find(channel, "", key) if uncertain else ""
    return f"{channel}:{known or calls.post(channel, announcement_said(announcement), '', key)}"
