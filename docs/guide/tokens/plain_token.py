"""A token for the widget with nothing but Python's standard library."""

import base64
import hashlib
import hmac
import json
import time


def helpdesk_token(user_id: str, key_name: str, key: str) -> dict:
    """Return a token for whoever is signed in, good for ten minutes."""

    def part(value: dict) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    now = int(time.time())
    claims = {"sub": user_id, "aud": "firstline", "iat": now, "exp": now + 600}
    said = part({"alg": "HS256", "typ": "JWT", "kid": key_name}) + b"." + part(claims)
    mark = base64.urlsafe_b64encode(hmac.digest(key.encode(), said, hashlib.sha256)).rstrip(b"=")
    return {"token": (said + b"." + mark).decode(), "expires_at": now + 600}
