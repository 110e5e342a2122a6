"""Questions for one-time codes and second factors, in dictionaries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from assistant.domain.step_up import Challenge, SecondFactor


@dataclass(slots=True)
class MemoryChallenges:
    """The ``Challenges`` protocol."""

    asked: dict[str, Challenge] = field(default_factory=dict)

    def copy(self) -> MemoryChallenges:
        """Return the same challenges, which change by themselves."""
        return MemoryChallenges(dict(self.asked))

    def challenge(self, action: str) -> Challenge | None:
        """See the port."""
        return self.asked.get(action)

    def open(self, challenge: Challenge) -> None:
        """See the port."""
        before = self.asked.get(challenge.action, challenge)
        self.asked[challenge.action] = replace(challenge, tries=before.tries, used_at=before.used_at)

    def judged(self, challenge: Challenge) -> None:
        """See the port."""
        if challenge.action in self.asked:
            self.asked[challenge.action] = replace(self.asked[challenge.action], tries=challenge.tries, used_at=challenge.used_at)


@dataclass(slots=True)
class MemorySecondFactors:
    """The ``SecondFactors`` protocol."""

    registered: dict[str, SecondFactor] = field(default_factory=dict)

    def copy(self) -> MemorySecondFactors:
        """Return the same factors, which change by themselves."""
        return MemorySecondFactors(dict(self.registered))

    def factor(self, person: str) -> SecondFactor | None:
        """See the port."""
        return self.registered.get(person)

    def register(self, factor: SecondFactor) -> None:
        """See the port."""
        self.registered[factor.person] = factor

    def used(self, factor: SecondFactor) -> None:
        """See the port."""
        mine = self.registered.get(factor.person)
        if mine is not None and mine.secret == factor.secret and mine.last_step < factor.last_step:
            self.registered[factor.person] = replace(mine, last_step=factor.last_step)

    def remove(self, person: str) -> bool:
        """See the port."""
        return self.registered.pop(person, None) is not None
