"""Questions for one-time codes, and registered second factors."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from assistant.adapters.store.tables import challenges, second_factors
from assistant.domain.step_up import Challenge, Channel, SecondFactor

TOTP = "totp"


@dataclass(frozen=True, slots=True)
class SqlChallenges:
    """The ``Challenges`` protocol over one transaction."""

    connection: Connection

    def challenge(self, action: str) -> Challenge | None:
        """See the port."""
        row = self.connection.execute(select(challenges).where(challenges.c.action == action).with_for_update()).one_or_none()
        if row is None:
            return None
        return Challenge(row.action, row.hash, row.digest, Channel(row.channel), row.expires_at, row.tries, row.used_at)

    def open(self, challenge: Challenge) -> None:
        """See the port."""
        asked = {"hash": challenge.hash, "digest": challenge.digest, "channel": challenge.channel.value, "expires_at": challenge.expires_at}
        if self.challenge(challenge.action) is not None:
            self.connection.execute(update(challenges).where(challenges.c.action == challenge.action).values(asked))
        else:
            self.connection.execute(insert(challenges), {"action": challenge.action, "tries": challenge.tries, "used_at": challenge.used_at, **asked})

    def judged(self, challenge: Challenge) -> None:
        """See the port."""
        became = {"tries": challenge.tries, "used_at": challenge.used_at}
        self.connection.execute(update(challenges).where(challenges.c.action == challenge.action).values(became))


@dataclass(frozen=True, slots=True)
class SqlSecondFactors:
    """The ``SecondFactors`` protocol over one transaction."""

    connection: Connection

    def factor(self, person: str) -> SecondFactor | None:
        """See the port."""
        row = self.connection.execute(select(second_factors).where(second_factors.c.person == person).with_for_update()).one_or_none()
        return SecondFactor(row.person, row.secret, row.registered_at, row.last_step) if row else None

    def register(self, factor: SecondFactor) -> None:
        """See the port."""
        self.remove(factor.person)
        row = {"person": factor.person, "secret": factor.secret, "last_step": factor.last_step, "registered_at": factor.registered_at}
        self.connection.execute(insert(second_factors), row | {"kind": TOTP})

    def used(self, factor: SecondFactor) -> None:
        """See the port."""
        mine = second_factors.c.person == factor.person, second_factors.c.secret == factor.secret
        self.connection.execute(update(second_factors).where(*mine, second_factors.c.last_step < factor.last_step).values(last_step=factor.last_step))

    def remove(self, person: str) -> bool:
        """See the port."""
        return self.connection.execute(delete(second_factors).where(second_factors.c.person == person)).rowcount > 0
