"""The two cookies of a sign-in: the session of the console, and what a browser has to bring back from the identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt

from assistant.entrypoints.tokens import ALGORITHM, LENGTH_LIMIT, TokenRefused, Tokens

SESSION = "firstline_session"
DEPARTURE = "firstline_departure"
CONSOLE, DEPARTED = "firstline-console", "firstline-departure"
"""Who the cookies are for: neither can be used as the other, or as a token of the API."""
LONGEST = timedelta(hours=12)
AWAY = timedelta(minutes=10)
"""How long somebody may be at the identity provider."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes and checks signed cookies. The key is the installation's own: nobody else's pages can issue a session."""

    secret: bytes
    tokens: Tokens

    def begin(self, person: str, until: datetime, now: datetime) -> tuple[str, datetime]:
        """Return the cookie of a session that the provider vouches for until then, and its end: twelve hours from now at the latest."""
        end = min(until, now + LONGEST)
        return self._signed({"sub": person, "exp": end}, CONSOLE, now), end

    def person_of(self, cookie: str) -> tuple[str, datetime]:
        """Return whose session this is, and when it ends. A token of the API begins a session too, for as long as it counts.

        Raises:
            TokenRefused: it is neither, or has ended.
        """
        facts = self._facts(cookie, CONSOLE)
        if facts is None:
            return self.tokens.person_of(cookie)
        return str(facts["sub"]), datetime.fromtimestamp(facts["exp"], UTC)

    def depart(self, facts: Mapping[str, str], now: datetime) -> str:
        """Return the cookie of a browser that goes to the provider."""
        return self._signed({**facts, "exp": now + AWAY}, DEPARTED, now)

    def arrived(self, cookie: str) -> dict[str, str]:
        """Return what the browser left with; nothing when the cookie is not ours or ten minutes have passed."""
        try:
            return {name: str(value) for name, value in (self._facts(cookie, DEPARTED) or {}).items()}
        except TokenRefused:
            return {}

    def _signed(self, facts: Mapping[str, Any], audience: str, now: datetime) -> str:
        return jwt.encode({**facts, "aud": audience, "iat": now}, self._key(audience), algorithm=ALGORITHM)

    def _facts(self, cookie: str, audience: str) -> dict[str, Any] | None:
        if not cookie or len(cookie) > LENGTH_LIMIT:
            return None
        try:
            facts = jwt.decode(cookie, self._key(audience), algorithms=[ALGORITHM], audience=audience, options={"require": ["exp", "iat", "aud"]})
        except jwt.ExpiredSignatureError:
            raise TokenRefused("the session has ended") from None
        except (jwt.PyJWTError, ValueError):
            return None
        return dict(facts)

    def _key(self, audience: str) -> bytes:
        return sha256(audience.encode() + b"\n" + self.secret).digest()
