"""Where questions for one-time codes and registered authenticator apps are kept."""

from __future__ import annotations

from typing import Protocol

from assistant.domain.step_up import Challenge, SecondFactor


class Challenges(Protocol):
    """Questions for one-time codes, one for an action."""

    def challenge(self, action: str) -> Challenge | None:
        """Return an action's challenge, or None. Nobody else can answer it before this transaction ends."""

    def open(self, challenge: Challenge) -> None:
        """Store a challenge. Where the action has one already, the new code takes the place of the old one; wrong tries and a use stay counted."""

    def judged(self, challenge: Challenge) -> None:
        """Store the tries and the use of a challenge."""


class SecondFactors(Protocol):
    """Registered authenticator apps, one for a person."""

    def factor(self, person: str) -> SecondFactor | None:
        """Return a person's second factor, or None. Nobody else can use it before this transaction ends."""

    def register(self, factor: SecondFactor) -> None:
        """Store a second factor in place of the person's one before."""

    def used(self, factor: SecondFactor) -> None:
        """Store the latest accepted step, unless a later one is stored or the factor was registered anew."""

    def remove(self, person: str) -> bool:
        """Forget a person's second factor; return whether there was one."""
