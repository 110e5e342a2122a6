"""Where in Slack somebody talks, as a place of a conversation, and what was meant by their text there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import sha256

from assistant.ports.channels import Place

SLACK = "slack"
ALONE, HEARD = "alone", "heard"
_TAG = re.compile(r"<([^<>]*)>")
TAG_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Spot:
    """One person's part of one thread. ``mode`` is "" for a thread, "alone" where only they are shown what we say, "heard" where nobody called us."""

    team: str
    channel: str
    thread: str
    user: str
    mode: str = ""

    @classmethod
    def of(cls, place: Place) -> Spot:
        """Return the spot of a place of ours."""
        return cls(*place.key.split("/"))

    @property
    def key(self) -> str:
        """Address of the spot."""
        return "/".join((self.team, self.channel, self.thread, self.user, *((self.mode,) if self.mode else ())))

    @property
    def is_direct(self) -> bool:
        """Say whether these are direct messages with the app."""
        return self.channel.startswith("D")

    @property
    def is_public(self) -> bool:
        """Say whether others read there too."""
        return not self.is_direct and self.mode != ALONE

    @property
    def place(self) -> Place:
        """The spot as a place."""
        return Place(SLACK, self.key, self.is_public)

    @property
    def tag(self) -> str:
        """Begins the ids of messages that were written here."""
        return sha256(self.key.encode()).hexdigest()[:TAG_LENGTH]

    def ways(self) -> tuple[Spot, ...]:
        """Return the spots that this thread may be linked as."""
        return tuple(replace(self, mode=mode) for mode in ("", ALONE, HEARD))

    def message_id(self, own: str) -> str:
        """Return the id of a message that has this id at Slack; 64 characters at most."""
        return f"{self.tag}-{sha256(own.encode()).hexdigest()[:40]}"


def tag_of(message_id: str) -> str:
    """Return the tag in a message's id, "" for one that was not written in Slack."""
    head, dash, _ = message_id.partition("-")
    return head if dash and len(head) == TAG_LENGTH else ""


def words_of(text: str, own_user: str = "") -> str:
    """Return what somebody typed: Slack's marks for people, channels and links as words, its escapes undone, our own name left out."""

    def meant(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        if own_user and target == f"@{own_user}":
            return ""
        if target.startswith("!"):
            return label or f"@{target[1:].partition('^')[0]}"
        if target.startswith(("@", "#")):
            return f"{target[0]}{label}" if label else target
        return label if target.startswith("mailto:") and label else target

    shown = _TAG.sub(meant, text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()
