"""Draws through the whole assistant: conversations before and after a right was lost, pages, logs, the review, tickets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.operations import report_of
from evals.permissions.canaries import CANARY, Canary
from evals.permissions.company import AGENT, AUTHOR, Company
from evals.permissions.surface import Surface, plain
from evals.permissions.tally import Tally

FOLLOW_UPS = ("And what do I do after that step?", "That did not help me, what else is there?", "Which page was that again, and which number?")
CHOICES = ("no", "file", "person", "topic:0", "topic:1")
K = 5
PAGES_EVERY = 10
INDEX_FILES = ("firstline.db", "index", "models")
"""What holds articles by its nature, and is read by nobody but the service."""


@dataclass(slots=True)
class TurnDraws:
    """Draws through the web application, one after another."""

    company: Company
    surface: Surface
    tally: Tally

    def one(self) -> None:
        """Draw one conversation."""
        chances = (self._stranger, self._stranger, self._lost, self._lost, self._lost, self._in_flight, self._in_flight, self._fault)
        self.company.random.choice(chances)()
        if self.tally.turns % PAGES_EVERY == 0:
            self._pages()
            self._existence()
        self.tally.turns += 1

    # -- conversations ----------------------------------------------------------------------------------------------

    def _stranger(self) -> None:
        """Somebody without the right asks."""
        canary = self.company.some_live()
        readers = self.company.readers(canary)
        person = self.company.random.choice([name for name in self.company.people if name not in readers] or self.company.people)
        self._say(person, "", self.company.random.choice(self.company.maker.questions(canary)))

    def _lost(self) -> None:
        """Somebody is answered, loses the right, and goes on in the same conversation; then a stranger asks the same."""
        person, canary, question = self._entitled()
        first = self._say(person, "", question)
        loser = self._take_away(person, canary)
        conversation = first["conversation"]
        choices = [choice["id"] for choice in first["choices"] if choice["id"] in CHOICES]
        choice = self.company.random.choice([*choices, ""])
        words = "" if choice else self.company.random.choice((*FOLLOW_UPS, question))
        self._look_back(loser, conversation)
        self._say(loser, conversation, words, choice)
        self._look_back(loser, conversation)
        readers = self.company.readers(canary)
        strangers = [name for name in self.company.people if name not in readers]
        if strangers:
            self._say(self.company.random.choice(strangers), "", question, place="cache")

    def _in_flight(self) -> None:
        """The right is lost between finding the passages and showing them."""
        person, canary, question = self._entitled()
        self.surface.interrupted.meanwhile = lambda: void(self._take_away(person, canary))
        self._say(person, "", question)
        self.surface.interrupted.meanwhile = None

    def _fault(self) -> None:
        """The database refuses to store an answer: what is logged then?"""
        person, _, question = self._entitled()
        with self.surface.broken():
            self._say(person, "", question, expected=("error",))

    def _entitled(self) -> tuple[str, Canary, str]:
        """Return somebody, a restricted article that they may read, and a question that it answers."""
        company = self.company
        pairs = [(name, one) for one in company.record.live.values() if one.document.audience.groups for name in company.readers(one)]
        person, canary = company.random.choice([pair for pair in pairs if pair[0] not in (AUTHOR, AGENT)] or pairs)
        return person, canary, company.maker.questions(canary)[2]

    def _take_away(self, person: str, canary: Canary) -> str:
        company = self.company
        ways: tuple[Callable[[], object], ...] = (
            lambda: company.move(canary, self._closed_to(person)),
            lambda: company.delete(canary),
            lambda: company.publish([company.maker.canary(canary.document.article_id, canary.document.audience.groups)]),
            lambda: company.set_groups(person, company.record.groups[person] - canary.document.audience.groups),
        )
        company.random.choice(ways)()
        company.replenish()
        self.tally.changes += 1
        if company.random.random() < 0.5:
            company.follow()
        return person

    def _closed_to(self, person: str) -> frozenset[str]:
        mine = self.company.record.groups[person]
        return self.company.random.choice([groups for groups in self.company.maker.audiences if groups and not groups & mine])

    # -- examination ------------------------------------------------------------------------------------------------

    def _say(
        self, person: str, conversation: str, words: str = "", choice: str = "", place: str = "reply", expected: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        self.surface.said |= set(CANARY.findall(words.lower()))
        reply = self.surface.send(person, conversation, words, choice)
        record, groups = self.company.record, self.company.record.groups[person]
        why = f"{person} said {words or choice!r}"
        for citation in reply["citations"]:
            if not record.admits(groups, citation["article"]) or record.hidden_in(json.dumps(citation), groups):
                self.tally.leak("cache" if place == "cache" else "citation", {citation["article"]}, why)
        self._leaked(place, record.hidden_in(plain(reply), groups) - self.surface.said, why)
        self.tally.errors += reply["kind"] == "error" and not expected
        self.tally.answers += bool(reply["citations"])
        self._written(why)
        return reply

    def _written(self, why: str) -> None:
        """Nothing of any article belongs into log or audit but ids: the log of a refusal names the path that somebody asked for."""
        logged, audited = self.surface.news()
        ids = {word for article_id in self.company.record.audiences for word in CANARY.findall(article_id)}
        self._leaked("log", set(CANARY.findall("\n".join(logged).lower())) - ids, f"{why}: logged")
        self._leaked("log", set(CANARY.findall("\n".join(audited).lower())) - ids, f"{why}: audited")

    def _look_back(self, person: str, conversation: str) -> None:
        """Read the conversation again, as a client that comes back does."""
        groups = self.company.record.groups[person]
        shown = self.surface.get(f"/v1/conversations/{conversation}/events", person) + self.surface.get("/v1/conversations", person)
        self._leaked("history", self.company.record.hidden_in(shown, groups) - self.surface.said, f"{person} came back to {conversation}")

    def _pages(self) -> None:
        """Read what the desk, the authors and everybody can open."""
        record = self.company.record
        for place, person, page in (("review", AUTHOR, "/console/gaps"), ("ticket", AGENT, "/console/tickets?status=")):
            shown = self.surface.get(page, person, "firstline_session")
            self._leaked(place, record.hidden_in(shown, record.groups[person]) - self.surface.said, f"{person} opened {page}")
        with self.surface.assistant.store.read() as unit:
            latest = [ticket.id for ticket in unit.tickets.all()][-3:]
        for ticket in latest:
            shown = self.surface.get(f"/console/tickets/{ticket}", AGENT, "firstline_session")
            self._leaked("ticket", record.hidden_in(shown, record.groups[AGENT]) - self.surface.said, f"{AGENT} opened {ticket}")

    def _existence(self) -> None:
        """Delete an article: nothing that somebody without the right can count or compare may change."""
        restricted = [one for one in self.company.record.live.values() if one.document.audience.groups]
        canary = self.company.random.choice(restricted)
        readers = self.company.readers(canary)
        stranger = next(name for name in self.company.people if name not in readers)
        article_id = canary.document.article_id
        with self.surface.clock.held():
            before = self._countable(stranger, article_id)
            self.company.delete(canary)
            self.company.follow()
            after = self._countable(stranger, article_id)
        self.company.replenish()
        self.tally.leak("count", {path for path in before if before[path] != after[path]}, f"{stranger} compared before and after a deletion")

    def _countable(self, person: str, article_id: str) -> dict[str, str]:
        open_to_all = {path: self.surface.get(path) for path in ("/", "/articles", "/healthz")}
        mine = {f"{path} as a reader": self.surface.get(path, person, "firstline_reader") for path in ("/articles", f"/articles/{article_id}")}
        return open_to_all | mine | {"/v1/articles": self.surface.get(f"/v1/articles/{article_id}", person)}

    def _leaked(self, place: str, words: Iterable[str], why: str) -> None:
        """Count articles, not words."""
        self.tally.leak(place, {self.company.record.owner_of[word] for word in words}, why)

    def finish(self, home: Path) -> None:
        """Read the week's review once more, and every file of the state folder that is no index."""
        for path in sorted(path for path in home.rglob("*") if path.is_file()):
            if not path.relative_to(home).parts[0].startswith(INDEX_FILES):
                self._leaked("cache", CANARY.findall(path.read_text(errors="replace").lower()), path.name)
        gaps = report_of(self.surface.assistant).gaps
        self.tally.review_shown += len(gaps)
        self.tally.review_below_k += sum(gap.people < K for gap in gaps)


def void(_: object) -> None:
    """Take a value and do nothing with it."""
