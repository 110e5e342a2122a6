"""Signed reports of other systems: who knows the shared secret said exactly this, and said it just now."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

WINDOW_SECONDS = 300
DELIVERY = re.compile(r"[\x21-\x7e]{1,120}")
OURS = "x-firstline-signature", "x-firstline-timestamp", "x-firstline-delivery"
ZENDESK = "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp", "x-zendesk-webhook-invocation-id"


class SignatureRefused(Exception):
    """The report cannot be accepted; the message says why and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class DeskHook:
    """Checks the reports of a ticketing system. ``system`` is its name, ``secret`` what both sides know.

    Two forms are accepted. Ours signs time, delivery id and body: ``sha256=`` and the HMAC-SHA256 of
    ``TIME.DELIVERY.BODY`` in hexadecimal, with the time in Unix seconds. Zendesk's signs time and body, in base64.
    """

    system: str
    secret: bytes

    def delivery(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return the delivery id of a report, given the body as it was sent.

        Raises:
            SignatureRefused: no signature, a wrong one, or one of more than 300 seconds ago or ahead.
        """
        form = ZENDESK if ZENDESK[0] in headers else OURS
        signature, stamp, delivery = (headers.get(name, "") for name in form)
        if not (signature and stamp):
            raise SignatureRefused("the report is not signed")
        if not DELIVERY.fullmatch(delivery):
            raise SignatureRefused("the report has no delivery id")
        if not hmac.compare_digest(self._expected(form, stamp, delivery, body), signature.encode()):
            raise SignatureRefused("the signature is wrong")
        try:
            at = datetime.fromisoformat(stamp) if form is ZENDESK else datetime.fromtimestamp(int(stamp), UTC)
            age = abs((now - at).total_seconds())
        except (ValueError, TypeError, OverflowError, OSError):
            raise SignatureRefused("the time of the report cannot be read") from None
        if age > WINDOW_SECONDS:
            raise SignatureRefused("the report is too old or from the future")
        return delivery

    def _expected(self, form: tuple[str, str, str], stamp: str, delivery: str, body: bytes) -> bytes:
        if form is ZENDESK:
            return base64.b64encode(hmac.new(self.secret, stamp.encode() + body, sha256).digest())
        return b"sha256=" + hmac.new(self.secret, f"{stamp}.{delivery}.".encode() + body, sha256).hexdigest().encode()
