"""Slack's signature over a delivery (docs.slack.dev/authentication/verifying-requests-from-slack)."""

from __future__ import annotations

import hmac

WINDOW_SECONDS = 300
"""A delivery counts for so long, and no longer ahead of our clock either."""
FAR = 10**12


def signature_of(secret: str, moment: str, body: bytes) -> str:
    """Return the signature of a body at a moment: HMAC-SHA256 over ``v0:moment:body``, in hexadecimal after ``v0=``."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + moment.encode() + b":" + body, "sha256").hexdigest()


def is_signed(secret: str, moment: str, signature: str, body: bytes, now: float) -> bool:
    """Say whether a body was signed with the secret at a moment within the window, compared in constant time."""
    if not (secret and moment.isascii() and moment.isdigit() and len(moment) < len(str(FAR)) and signature.isascii()):
        return False
    if abs(now - int(moment)) > WINDOW_SECONDS:
        return False
    return hmac.compare_digest(signature_of(secret, moment, body), signature)
