"""Signing in with the organisation's identity provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class SignInRefused(Exception):
    """Nobody was signed in; the message says why in words fit for the person, and holds nothing that the provider was sent."""


@dataclass(frozen=True, slots=True)
class Departure:
    """A sign-in that was begun: where the browser goes, and what has to come back with it. Only the browser that began it may hold the last three."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the provider sent the browser back with."""

    state: str = ""
    code: str = ""
    issuer: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Identified:
    """Who signed in, as the provider vouches: ``value`` of the claim that names people, and until when it does."""

    claim: str
    value: str
    until: datetime
    groups: frozenset[str] | None
    """The groups of the token; None where the directory's count."""


class IdentityProvider(Protocol):
    """OpenID Connect's code flow with PKCE. Calls raise ``Unavailable`` of ``ports.outside`` when the provider cannot be asked."""

    @property
    def name(self) -> str:
        """The host that people sign in at."""

    def begin(self, back: str) -> Departure:
        """Begin a sign-in that leads back to an address of ours."""

    def finish(self, departure: Departure, arrival: Arrival, back: str) -> Identified:
        """Return who signed in; refused unless everything that came back belongs to this departure and is signed by the provider."""

    def sign_out(self, back: str) -> str:
        """Return the address at which the person signs out of the provider too; "" when it offers none."""
