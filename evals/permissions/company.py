"""The company of canaries in a real assistant: real tables, real indexes, real directory; and the changes that it goes through."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.bootstrap import Assistant, open_assistant
from assistant.domain.configuration import Company as Employer
from assistant.domain.configuration import Device, Organisation, Person
from assistant.settings import Settings
from evals.permissions.canaries import PEOPLE, Canary, Maker, Record
from kb.model import Platform
from kb.split import split

BATCH = 50
AUTHOR, AGENT = "author", "agent"
"""People who keep their group: one writes the knowledge base, one works the desk; neither may read everything."""


@dataclass(frozen=True, slots=True)
class Aim:
    """A draw that follows from a change: somebody who lost a right, or still has it, asks about the article."""

    person: str
    canary: Canary


@dataclass(slots=True)
class Company:
    """An assistant over canaries, with the record of what is true; ``followed`` says that the indexes know the latest change."""

    assistant: Assistant
    record: Record
    maker: Maker
    random: random.Random
    articles: int
    followed: bool = True
    deleted: dict[str, Canary] = field(default_factory=dict)

    @property
    def people(self) -> list[str]:
        """Everybody."""
        return list(self.record.groups)

    def publish(self, canaries: Sequence[Canary]) -> None:
        """Publish through the real publisher; the indexes follow later."""
        self.assistant.knowledge_base.publisher.publish([(one.document, split(one.document.text)) for one in canaries])
        for one in canaries:
            self.record.put(one)
        self.followed = False

    def employ(self) -> None:
        """Write the people and their groups of the record into the real directory."""
        people = tuple(Person(name, name.capitalize(), groups=groups) for name, groups in self.record.groups.items())
        systems = list(Platform)
        devices = tuple(
            Device(f"device-{name}", name, "Device", systems[number % len(systems)], systems[number % len(systems)].label, primary=True)
            for number, name in enumerate(self.record.groups)
        )
        self.assistant.workplace.replace(Organisation(Employer("Canaries", "canaries.example"), people, devices))

    def follow(self) -> None:
        """Let the indexes follow the tables, as the running service does within a second."""
        self.assistant.knowledge_base.keeper.catch_up()
        self.followed = True

    def change(self) -> list[Aim]:
        """Change one audience, article or membership; return the draws that show whether the change holds at once."""
        kinds = (self._move, self._move, self._delete, self._restore, self._edit, self._revoke, self._revoke, self._grant)
        aims = self.random.choice(kinds)()
        self.replenish()
        if self.random.random() < 0.5:
            self.follow()
        return aims

    def replenish(self) -> None:
        """Publish new articles for those that were deleted, and give groups to people who have lost all of theirs."""
        missing = self.articles - len(self.record.live)
        if missing > 0:
            self.publish([self.maker.canary() for _ in range(missing)])
        poor = [name for name, groups in self.record.groups.items() if not groups]
        if len(poor) > len(self.people) // 3:
            self.record.groups.update({name: self.maker.groups() for name in poor})
            self.employ()

    def readers(self, canary: Canary) -> list[str]:
        """Return who may read an article now."""
        return [name for name in self.people if self.record.admits(self.record.groups[name], canary.document.article_id)]

    def some_live(self) -> Canary:
        """Return a live article."""
        return self.record.live[self.random.choice(list(self.record.live))]

    def _move(self) -> list[Aim]:
        canary = self.some_live()
        return self.move(canary, self.random.choice(self.maker.audiences))

    def move(self, canary: Canary, groups: frozenset[str]) -> list[Aim]:
        """Give an article to another audience."""
        before = self.readers(canary)
        document = replace(canary.document, audience=replace(canary.document.audience, groups=groups))
        self.publish([replace(canary, document=document)])
        return self._aims(canary, before)

    def _delete(self) -> list[Aim]:
        return self.delete(self.some_live())

    def delete(self, canary: Canary) -> list[Aim]:
        """Delete an article."""
        before = self.readers(canary)
        self.assistant.knowledge_base.store.withdraw([canary.document.article_id])
        self.record.drop(canary.document.article_id)
        self.deleted[canary.document.article_id] = canary
        self.followed = False
        return self._aims(canary, before)

    def _restore(self) -> list[Aim]:
        """A deleted article comes back under its id with other words, for others."""
        if not self.deleted:
            return self._move()
        article_id = self.random.choice(list(self.deleted))
        old = self.deleted.pop(article_id)
        self.publish([self.maker.canary(article_id)])
        return self._aims(old, self.random.sample(self.people, 2))

    def _edit(self) -> list[Aim]:
        old = self.some_live()
        before = self.readers(old)
        self.publish([self.maker.canary(old.document.article_id, old.document.audience.groups)])
        return self._aims(old, before)

    def _revoke(self) -> list[Aim]:
        someone = self.random.choice([name for name in self.people if name not in (AUTHOR, AGENT) and self.record.groups[name]] or self.people)
        if someone in (AUTHOR, AGENT):
            return self._grant()
        mine = [canary for canary in self.record.live.values() if canary.document.audience.groups & self.record.groups[someone]]
        self.set_groups(someone, frozenset(self.random.sample(sorted(self.record.groups[someone]), len(self.record.groups[someone]) - 1)))
        return [Aim(someone, canary) for canary in self.random.sample(mine, min(3, len(mine)))]

    def _grant(self) -> list[Aim]:
        someone = self.random.choice([name for name in self.people if name not in (AUTHOR, AGENT)])
        self.set_groups(someone, self.maker.groups())
        return [Aim(someone, self.some_live())]

    def set_groups(self, person: str, groups: frozenset[str]) -> None:
        """Give somebody other groups."""
        self.record.groups[person] = groups
        self.employ()

    def _aims(self, canary: Canary, before: Sequence[str]) -> list[Aim]:
        lost = [name for name in before if not self.record.admits(self.record.groups[name], canary.document.article_id)]
        chosen = self.random.sample(lost, min(2, len(lost))) or self.random.sample(self.people, 1)
        return [Aim(name, canary) for name in chosen]


@contextmanager
def company(home: Path, articles: int, seed: int, progress: Callable[[str], None]) -> Iterator[Company]:
    """Open a company of so many canaries in a state folder that holds an embedding model."""
    generator = random.Random(seed)
    assistant = open_assistant(Settings(home=home, messages_per_minute=10_000_000, deadline_seconds=60))
    try:
        made = Company(assistant, Record(), Maker(generator), generator, articles)
        made.record.groups.update({f"person{number}": made.maker.groups() for number in range(PEOPLE)})
        made.record.groups.update({AUTHOR: frozenset({"kb-authors"}), AGENT: frozenset({"it-desk"})})
        made.employ()
        for start in range(0, articles, BATCH):
            made.publish([made.maker.canary() for _ in range(min(BATCH, articles - start))])
            progress(f"{min(start + BATCH, articles)} of {articles} articles")
        assistant.knowledge_base.keeper.own()
        made.follow()
        yield made
    finally:
        assistant.close()
