"""Authors and operators of the played weeks: two articles, decisions on reviews, and one threshold, each on the way that people take."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

if TYPE_CHECKING:
    from assistant.domain.configuration import Person, Role
    from evals.weeks.company import Company

ARTICLES = Path(__file__).parent / "articles"
WRITTEN = {7: "scan-to-mail", 9: "bluetooth-headset"}
"""In which week an article is published. Fewer weeks have fewer articles."""
AUTHOR, REVIEWER = "elin.berg", "laura.keane"
TUNES_FROM = 8
"""In this week, or the first one after it in which one is proposed, a threshold is accepted."""
DONE = 0.75
"""How many decisions are done when the next review comes."""
REVIEW_DAYS = timedelta(days=1, hours=5)
WHATS = (
    "Look at the tickets behind it and write down what the desk does.",
    "Ask the owner whether the article still holds.",
    "Write an article for it.",
)


@dataclass(slots=True)
class Authors:
    """What people do about what the weeks show."""

    company: Company
    draw: random.Random
    written: Mapping[int, str] = field(default_factory=lambda: WRITTEN)

    def plan(self) -> None:
        """Put everything that they will do on the agenda."""
        plan = self.company.plan
        for week, name in self.written.items():
            if week <= plan.weeks:
                self._at(week, 2, time(10, 20), lambda name=name: self._write(name))  # type: ignore[misc]
        for week in range(2, plan.weeks + 1):
            self._at(week, 0, time(14, 5), self._decide)
        for week in range(TUNES_FROM, plan.weeks + 1):
            self._at(week, 3, time(11, 10), self._tune)

    def _at(self, week: int, weekday: int, moment: time, what: Callable[[], None]) -> None:
        zone = ZoneInfo(self.company.zone)
        day = self.company.plan.monday(week).astimezone(zone).date() + timedelta(days=weekday)
        self.company.agenda.put(datetime.combine(day, moment, zone), what)

    def _person(self, name: str) -> Person:
        found = self.company.assistant.directory.person(name)
        assert found is not None, f"the demo company has no {name}"
        return found

    # -- articles -----------------------------------------------------------------------------------------------------

    def _write(self, name: str) -> None:
        """Begin a draft for the topic's gap, as its author; a day later a second person reads and publishes it."""
        author, authoring = self._person(AUTHOR), self.company.assistant.authors.authoring
        draft = authoring.begin(author, gap=self._gap(name), content=content(name, self._today()))
        sent = authoring.submit(author, draft.id, draft.version)
        self.company.after(REVIEW_DAYS, lambda: self._publish(name, sent.id))

    def _publish(self, name: str, draft_id: str) -> None:
        reviewer, authoring = self._person(REVIEWER), self.company.assistant.authors.authoring
        draft = authoring.draft(reviewer, draft_id)
        article = authoring.publish(reviewer, draft_id, draft.version)
        self.company.published[name] = article.id
        self.company.counts["articles published"] += 1
        self.company.service.follow()

    def _gap(self, name: str) -> str:
        """Return the gap that most of the topic's questions are in."""
        asked = {conversation for conversation, topic in self.company.topics.items() if topic.publishes == name}
        with self.company.assistant.store.read() as unit:
            found = Counter[str]()
            for gap in unit.gaps.heads():
                found[gap.id] = sum(one.origin in asked for one in unit.gaps.members(gap.id))
        most, number = found.most_common(1)[0] if found else ("", 0)
        return most if number else ""

    def _today(self) -> date:
        return self.company.clock.now().astimezone(ZoneInfo(self.company.zone)).date()

    # -- reviews ------------------------------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Say how the last decisions went, and take one or two new ones on the newest review."""
        from assistant.desk.review.deciding import Wish, change, decide
        from assistant.domain.review import Kind, Status

        now, operator = self.company.clock.now(), self._of_role("OPERATOR")
        with self.company.assistant.store.write() as unit:
            heads = unit.reviews.heads(1)
            found = unit.reviews.load(heads[0].week, heads[0].version) if heads else None
            if found is None:
                return
            for taken in unit.reviews.open_decisions():
                if taken.week != found.week and self.draw.random() < DONE:
                    change(unit, taken.id, taken.version, Wish(status=Status.DONE), taken.owner or operator.id, now)
            gaps = [one for one in found.review.findings if one.kind is Kind.GAP][: self.draw.choice((1, 1, 2))]
            for one in gaps or list(found.review.findings[:1]):
                due = self._today() + timedelta(days=self.draw.randrange(3, 12))
                decide(unit, found, one.id, Wish(self.draw.choice(WHATS), AUTHOR, due), operator.id, now)
                self.company.counts["decisions"] += 1

    def _tune(self) -> None:
        """Accept the first threshold that is proposed, once; where the weeks give no reason for another one, nothing is changed."""
        from assistant.learning import retuning_of

        retuning = retuning_of(self.company.assistant)
        proposed = [one for one in retuning.report().proposals if one.proposed is not None]
        if proposed and proposed[0].proposed is not None and not self.company.counts["thresholds accepted"]:
            retuning.accept(proposed[0].where, proposed[0].proposed.auto, self._of_role("OPERATOR").id)
            self.company.counts["thresholds accepted"] += 1

    def _of_role(self, name: str) -> Person:
        from assistant.domain.configuration import Role

        role: Role = Role[name]
        return next(one for one in self.company.assistant.directory.people() if role in one.roles)


def content(name: str, today: date) -> Any:
    """Return an article of this folder as its author types it; it is to be looked at again after its number of months."""
    from assistant.desk.authoring import written

    _, head, text = (ARTICLES / f"{name}.md").read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(head)
    review_by = date(today.year + facts["months"] // 12, today.month, min(today.day, 28))
    return written(facts["title"], text.strip(), facts["owner"], (), (), review_by, ", ".join(facts["tags"]))
