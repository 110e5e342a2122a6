"""Mails that no person wrote to us, and must therefore never be answered (RFC 3834): replies of machines, lists, bounces, our own."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from assistant.entrypoints.mail.identity import address_of
from assistant.entrypoints.mail.marks import FLAGS, mark
from assistant.entrypoints.mail.reading import Mail

OURS = "x-firstline"
_MACHINES = re.compile(
    r"(?:mailer-?daemon|postmaster|no-?reply|do-?not-?reply|bounces?|notifications?|auto-?reply|.*-bounces?|.*-request|owner-.*)(?:[+=].*)?"
)
_ABSENT = re.compile(rf"(?:{mark('absent')})\s*:", FLAGS)
_LISTS = frozenset({"mailing-list", "x-mailing-list", "x-mailman-version", "feedback-id"})
_ANSWERING = frozenset({"x-autoreply", "x-autorespond", "x-autoresponder", "x-failed-recipients", "x-ms-exchange-generated-message-source"})


def why_automatic(mail: Mail, own_addresses: frozenset[str]) -> str:
    """Return why a mail is not answered, in words; "" when a person seems to have written it to us."""
    submitted = mail.all("auto-submitted")
    if any(value.partition(";")[0].strip().lower() != "no" for value in submitted):
        return "it was sent by a program (Auto-Submitted)"
    precedence = " ".join(mail.all("precedence")).lower()
    reasons = (
        (any(mail.all(OURS)) or address_of(mail) in own_addresses, "it is one of our own"),
        (bool(bounces(mail)), "it is a report of a mail server"),
        (any(word in precedence for word in ("bulk", "junk", "list", "auto_reply")), "it was sent to many (Precedence)"),
        (any(name.startswith("list-") or name in _LISTS for name, _ in mail.headers), "it came over a mailing list"),
        (any(name in _ANSWERING for name, _ in mail.headers), "it is an automatic reply"),
        (_suppresses(mail), "its sender wants no automatic reply"),
        (_MACHINES.fullmatch(address_of(mail).partition("@")[0]) is not None, "nobody reads the address that it came from"),
        (_ABSENT.match(_bare(mail.subject)) is not None, "its subject is that of an automatic reply"),
    )
    return next((why for applies, why in reasons if applies), "")


def bounces(mail: Mail) -> bool:
    """Say whether a mail is the report of a mail server about another mail."""
    empty = any(value.strip() in ("<>", "") for value in mail.all("return-path"))
    return empty or mail.kind in ("multipart/report", "message/delivery-status", "message/disposition-notification")


def _suppresses(mail: Mail) -> bool:
    words = re.split(r"[,\s]+", " ".join(mail.all("x-auto-response-suppress")).lower())
    return bool({"all", "autoreply", "oof"} & set(words))


def _bare(subject: str) -> str:
    return re.sub(r"^(?:[^\w]*(?:re|aw|fw|fwd|wg|sv|antw|odp|rif|res)\s*:\s*)+", "", subject, flags=re.IGNORECASE).strip(" [(")


@dataclass
class Pace:
    """How many mails are answered within an hour: of one sender, and in one thread. What goes beyond may be a loop that says nothing of itself."""

    of_sender: int
    in_thread: int
    now: Callable[[], datetime]
    _seen: dict[str, deque[datetime]] = field(default_factory=dict, init=False)
    _guard: Lock = field(default_factory=Lock, init=False)

    def allows(self, sender: str, thread: str) -> bool:
        """Count a mail, and say whether it is still within both limits."""
        with self._guard:
            return all([self._within(f"s {sender}", self.of_sender), self._within(f"t {thread}", self.in_thread)])

    def _within(self, key: str, limit: int) -> bool:
        now = self.now()
        if len(self._seen) > 10_000:
            self._seen = {name: times for name, times in self._seen.items() if times and now - times[-1] < timedelta(hours=1)}
        times = self._seen.setdefault(key, deque())
        while times and now - times[0] >= timedelta(hours=1):
            times.popleft()
        times.append(now)
        return len(times) <= limit
