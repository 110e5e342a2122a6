"""Signed, short-lived tokens that say who somebody is. The subject is the identity; an e-mail address never is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

AUDIENCE = "firstline"
ALGORITHM = "HS256"
LEEWAY_SECONDS = 30
LONGEST = timedelta(hours=1)
LENGTH_LIMIT = 4_096
STRANGERS = "guest:"
"""Begins the ids of people for whom nobody vouches; a token that vouches for one contradicts itself."""


class TokenRefused(Exception):
    """The token cannot be accepted; the message says why in words fit for a client."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues and checks tokens.

    ``keys``, by their names, are those of the organisation: the first signs, all of them verify. Without any, ``key`` does both.
    """

    key: bytes
    minutes: int
    keys: Mapping[str, bytes] = field(default_factory=dict)

    def issue(self, person: str) -> tuple[str, datetime]:
        """Return a token for a person and the time it expires."""
        now = datetime.now(UTC)
        until = now + timedelta(minutes=self.minutes)
        facts = {"sub": person, "aud": AUDIENCE, "iat": now, "exp": until}
        for name, key in self.keys.items():
            return jwt.encode(facts, key, algorithm=ALGORITHM, headers={"kid": name}), until
        return jwt.encode(facts, self.key, algorithm=ALGORITHM), until

    def person_of(self, token: str) -> tuple[str, datetime]:
        """Return whose token this is and when it expires.

        Raises:
            TokenRefused: it is missing, malformed, expired, lives longer than an hour, is for another audience, or was
                not signed with a key of ours and our algorithm.
        """
        if not token or len(token) > LENGTH_LIMIT:
            raise TokenRefused("a token is required")
        facts = self._facts(token)
        issued, expires = facts["iat"], facts["exp"]
        if not isinstance(issued, int | float) or not isinstance(expires, int | float):
            raise TokenRefused("the token is not valid")
        if expires - issued > LONGEST.total_seconds():
            raise TokenRefused("the token lives too long; one hour is the most")
        if not facts["sub"] or facts["sub"].startswith(STRANGERS):
            raise TokenRefused("the token names nobody")
        return facts["sub"], datetime.fromtimestamp(expires, UTC)

    def _facts(self, token: str) -> dict[str, Any]:
        for key in self._candidates(token):
            try:
                facts: dict[str, Any] = jwt.decode(
                    token, key, algorithms=[ALGORITHM], audience=AUDIENCE, leeway=LEEWAY_SECONDS, options={"require": ["exp", "iat", "sub", "aud"]}
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise TokenRefused("the token has expired") from None
            except (jwt.PyJWTError, ValueError):
                break
            return facts
        raise TokenRefused("the token is not valid")

    def _candidates(self, token: str) -> Iterator[bytes]:
        """Yield the keys that may have signed a token: the one that it names, or all of them when it names none."""
        if not self.keys:
            yield self.key
            return
        try:
            name = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, ValueError):
            return
        yield from self.keys.values() if name is None else (key for known, key in self.keys.items() if known == name)
