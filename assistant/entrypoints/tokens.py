"""Signed, short-lived tokens that say who somebody is. The subject is the identity; an e-mail address never is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

AUDIENCE = "firstline"
ALGORITHM = "HS256"
LEEWAY_SECONDS = 30
LONGEST = timedelta(hours=1)
LENGTH_LIMIT = 4_096


class TokenRefused(Exception):
    """The token cannot be accepted; the message says why in words fit for a client."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and checks tokens with one key."""

    key: bytes
    minutes: int

    def issue(self, person: str) -> tuple[str, datetime]:
        """Return a token for a person and the time it expires."""
        now = datetime.now(UTC)
        until = now + timedelta(minutes=self.minutes)
        facts = {"sub": person, "aud": AUDIENCE, "iat": now, "exp": until}
        return jwt.encode(facts, self.key, algorithm=ALGORITHM), until

    def person_of(self, token: str) -> tuple[str, datetime]:
        """Return whose token this is and when it expires.

        Raises:
            TokenRefused: it is missing, malformed, expired, lives longer than an hour, is for another audience, or was
                not signed with our key and algorithm.
        """
        if not token or len(token) > LENGTH_LIMIT:
            raise TokenRefused("a token is required")
        try:
            facts = jwt.decode(
                token, self.key, algorithms=[ALGORITHM], audience=AUDIENCE, leeway=LEEWAY_SECONDS, options={"require": ["exp", "iat", "sub", "aud"]}
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefused("the token has expired") from None
        except (jwt.PyJWTError, ValueError):
            raise TokenRefused("the token is not valid") from None
        issued, expires = facts["iat"], facts["exp"]
        if not isinstance(issued, int | float) or not isinstance(expires, int | float):
            raise TokenRefused("the token is not valid")
        if expires - issued > LONGEST.total_seconds():
            raise TokenRefused("the token lives too long; one hour is the most")
        if not facts["sub"]:
            raise TokenRefused("the token names nobody")
        return facts["sub"], datetime.fromtimestamp(expires, UTC)
