"""Signed names that leave the house in mails and come back: the links of a reply, and the Message-IDs by which an answer finds its conversation.

A name holds a conversation and the number of one of its events, and a code over both that only we can make. It says nothing of who presents
it: what it may be used for is decided where it is used.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

PAGE = "/console/answer"
"""Below it stands the page that a link opens, by its token."""
LIFE = timedelta(days=14)
CODE_LENGTH, NAME_CODE_LENGTH = 32, 16
"""Hexadecimal digits. A Message-ID is kept short, because some programs break what does not fit on a line."""
_LINK = re.compile(rf"(c_[0-9a-f]{{1,38}})\.(\d{{1,9}})\.(\d{{1,12}})\.([0-9a-f]{{{CODE_LENGTH}}})")
_NAME = re.compile(rf"fl\.(c_[0-9a-f]{{1,38}})\.(\d{{1,9}})\.([0-9a-f]{{8}})\.([0-9a-f]{{{NAME_CODE_LENGTH}}})")


class LinkRefused(Exception):
    """The link is not ours, was cut off on its way, or has expired."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is about: the reply that is event ``number`` of a conversation. ``press`` is the message id of whatever is pressed behind it."""

    conversation: str
    number: int
    press: str


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks names with one key. A link is bound to the person it was made for."""

    key: bytes

    def token(self, conversation: str, number: int, person: str, now: datetime) -> str:
        """Return the token of a link that counts for 14 days."""
        until = int((now + LIFE).timestamp())
        return f"{conversation}.{number}.{until}.{self._code('link', conversation, str(number), str(until), person)}"

    def conversation_in(self, token: str) -> str:
        """Return the conversation that a token claims to be about, to look up whose it is; "" for what is no token."""
        found = _LINK.fullmatch(token)
        return found.group(1) if found is not None else ""

    def checked(self, token: str, person: str, now: datetime) -> Link:
        """Return what a token is about, given the person whose conversation it names.

        Whatever is pressed behind one link has one message id, so only the first press counts.

        Raises:
            LinkRefused: it was not made by us for this person, or has expired.
        """
        found = _LINK.fullmatch(token)
        if found is None:
            raise LinkRefused("it is not complete")
        conversation, number, until, code = found.groups()
        if not hmac.compare_digest(code, self._code("link", conversation, number, until, person)):
            raise LinkRefused("it was not made for this")
        if now.timestamp() > int(until):
            raise LinkRefused("it has expired")
        return Link(conversation, int(number), f"l_{sha256(token.encode()).hexdigest()[:40]}")

    def message_name(self, conversation: str, number: int, place: str) -> str:
        """Return the first half of the Message-ID of a mail: the same for the same event in the same place."""
        where = sha256(place.encode()).hexdigest()[:8]
        return f"fl.{conversation}.{number}.{where}.{self._code('mail', conversation, str(number), where)[:NAME_CODE_LENGTH]}"

    def conversation_named(self, message_id: str) -> str:
        """Return the conversation that a Message-ID of ours is about; "" when we did not make it."""
        found = _NAME.fullmatch(message_id.partition("@")[0])
        if found is None:
            return ""
        conversation, number, where, code = found.groups()
        return conversation if hmac.compare_digest(code, self._code("mail", conversation, number, where)[:NAME_CODE_LENGTH]) else ""

    def _code(self, *facts: str) -> str:
        return hmac.new(self.key, "\n".join(("firstline", *facts)).encode(), sha256).hexdigest()[:CODE_LENGTH]
