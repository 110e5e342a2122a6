"""A configured source of alerts: who may deliver under its name, and how what it delivers is read."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from assistant.entrypoints.alert_sources.mapping import Mapped
from assistant.entrypoints.alert_sources.payloads import Delivered, read_delivery
from assistant.entrypoints.signatures import WINDOW_SECONDS, DeskHook, SignatureRefused

GRAFANA_SIGNATURE, GRAFANA_TIME = "X-Grafana-Alerting-Signature", "X-Grafana-Alerting-Timestamp"
"""The first is Grafana's own name; the second is what our guide calls a header to which Grafana gives no name."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source.

    Three ways to show who one is are taken. Ours: see ``DeskHook``. Grafana's: HMAC-SHA256 of the body in hexadecimal, or of ``TIME:BODY``, with the
    time in Unix seconds, where it is set up to send the time; both headers can be named there ("Configure webhook notifications" in the
    documentation of Grafana 12 and 13, and ``http/hmac.go`` of grafana/alerting). A bearer token, where ``token_allowed``: Alertmanager and NinjaOne
    cannot sign what they send.

    Only a time that is signed tells a delivery of now from one that somebody kept. Where ``time_header`` is named, a delivery without it is refused;
    else one is looked at when it comes, and a body that comes again is known by its digest.
    """

    name: str
    kind: str
    secret: bytes
    mapped: Mapped
    token_allowed: bool = False
    signature_header: str = GRAFANA_SIGNATURE
    time_header: str = ""

    def admit(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return the id of a delivery that may come in: its own where it was signed with one, else a digest of its body.

        Raises:
            SignatureRefused: nobody known sent it, or not just now.
        """
        if "x-firstline-signature" in headers:
            return DeskHook(self.name, self.secret).delivery(headers, body, now)
        digest = f"sha256:{sha256(body).hexdigest()}"
        if self.signature_header.lower() in headers:
            self._check_grafana(headers, body, now)
        elif "authorization" in headers:
            self._check_token(headers["authorization"])
        else:
            raise SignatureRefused("the delivery is not signed" + (" and carries no token" if self.token_allowed else ""))
        return digest

    def _check_grafana(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        stamp = headers.get((self.time_header or GRAFANA_TIME).lower(), "")
        if self.time_header and not stamp:
            raise SignatureRefused(f"the delivery does not say its time: name {self.time_header} in Grafana as the header of the timestamp")
        signed = f"{stamp}:".encode() + body if stamp else body
        expected = hmac.new(self.secret, signed, sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers[self.signature_header.lower()].encode()):
            raise SignatureRefused("the signature is wrong")
        if not stamp:
            return
        try:
            age = abs((now - datetime.fromtimestamp(int(stamp), UTC)).total_seconds())
        except (ValueError, OverflowError, OSError):
            raise SignatureRefused("the time of the delivery cannot be read") from None
        if age > WINDOW_SECONDS:
            raise SignatureRefused("the delivery is too old or from the future")

    def _check_token(self, shown: str) -> None:
        if not self.token_allowed:
            raise SignatureRefused("this source has to sign what it sends: a token is not enough (token_allowed is off)")
        scheme, _, token = shown.partition(" ")
        right = hmac.compare_digest(self.secret, token.strip().encode())
        if scheme.casefold() != "bearer" or not right:
            raise SignatureRefused("the token is wrong")

    def read(self, body: bytes, received_at: datetime) -> Delivered:
        """Read what was delivered.

        Raises:
            Malformed: it is not what such a source sends.
        """
        return read_delivery(self.kind, self.name, body, self.mapped, received_at)
