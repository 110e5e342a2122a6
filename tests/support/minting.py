"""Tokens that somebody else might try, signed with a real service's key or with another."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt

from assistant.entrypoints.tokens import AUDIENCE
from tests.support.service import Address

OTHER_KEY = b"the key of somebody else, long enough for HS256"


def minted(service: Address, key: bytes | None = None, **changes: Any) -> str:
    """Return a token of maria.santos with claims changed; a change to None takes the claim away."""
    now = int(time.time())
    claims = {"sub": "maria.santos", "aud": AUDIENCE, "iat": now - 900, "exp": now + 600} | changes
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key or service.key, algorithm="HS256")


def refused_tokens(service: Address) -> dict[str, tuple[str, str]]:
    """Return tokens that must not be accepted, by what is wrong with them, each with a word of the reason that is given."""
    now = int(time.time())
    plain = urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    return {
        "no signature": (f"{plain}.{minted(service, sub='ingrid.lindqvist').split('.')[1]}.", "not valid"),
        "another key": (minted(service, key=OTHER_KEY), "not valid"),
        "another audience": (minted(service, aud="another-installation"), "not valid"),
        "no expiry": (minted(service, exp=None), "not valid"),
        "expired 61 seconds ago": (minted(service, exp=now - 61), "expired"),
        "lives too long": (minted(service, exp=now + 3_600), "too long"),
        "no subject but an e-mail address": (minted(service, sub=None, email="ingrid.lindqvist@lindqvist.example"), "not valid"),
        "somebody the directory does not know": (minted(service, sub="nobody.here"), "does not know"),
        "not a token": ("x.y.z", "not valid"),
    }
