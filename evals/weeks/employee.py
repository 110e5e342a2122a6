"""A simulated employee in one conversation: sees what the channel shows, and does what people do with it, after a while."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from evals.conversations.wording import Voice
from evals.weeks.topics import Topic, worded

if TYPE_CHECKING:
    from assistant.domain.configuration import Person
    from assistant.domain.reply import Reply
    from evals.weeks.arriving import Arrival
    from evals.weeks.company import Company

MOST_TURNS = 9
OVER = frozenset({"filed", "handed_off", "resolved", "abandoned", "with_person"})
BACK = ("It is back: {}", "That did not last. {}", "Same problem again: {}")
FROM = {"Gothenburg": ("sv", 0.4), "Leeds": ("en", 0.0), "Austin": ("es", 0.3)}
GERMAN = frozenset({"jonas.weber"})
Act = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody behaves; the same for all of their conversations."""

    language: str
    own_language: float
    """How often they write in it."""
    confirms: float
    """How often they say that it is solved, when it is."""
    minutes: float
    """How long they take, in the middle."""
    careful: float
    """How often they say more instead of giving up."""

    @classmethod
    def of(cls, person: Person, seed: int) -> Habits:
        """Draw the habits of a person."""
        draw = random.Random(f"{seed}/habits/{person.id}")
        language, share = ("de", 0.5) if person.id in GERMAN else FROM.get(person.location, ("en", 0.0))
        return cls(language, share * draw.uniform(0.3, 1.6), draw.uniform(0.45, 0.85), draw.uniform(1.0, 6.0), draw.uniform(0.35, 0.9))


@dataclass(slots=True)
class Visit:
    """One conversation, from the first words to the last."""

    company: Company
    arrival: Arrival
    habits: Habits
    draw: random.Random
    conversation: str = ""
    turns: int = 0
    details: int = 0
    denied: int = 0
    came_back: bool = False
    language: str = field(default="en")

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return self.arrival.topic

    def begin(self) -> None:
        """Say the first words."""
        if self.topic.wants == "unlock_account":
            self.company.lock(self.arrival.person)
        self._say(self._words())

    def again(self) -> None:
        """Come back about it."""
        self.came_back, self.turns, self.denied = True, 0, 0
        text = self._words()
        self._say(text if self.language != "en" else self.draw.choice(BACK).format(text))

    def hear(self, reply: Reply) -> None:
        """Do something about a reply, later; or nothing, ever."""
        self.conversation = reply.conversation
        act = self._act(reply) if self.turns < MOST_TURNS else None
        if reply.state in ("filed", "handed_off"):
            self.company.desk.notice(reply.conversation, self.topic)
        if act is not None:
            self.company.after(timedelta(minutes=self.draw.lognormvariate(0, 0.8) * self.habits.minutes), act)

    # -- what comes next ----------------------------------------------------------------------------------------------

    def _act(self, reply: Reply) -> Act | None:
        if reply.action is not None and reply.kind not in ("answer", "abstention", "clarification"):
            return self._card(reply)
        if reply.state in OVER:
            return None
        kinds = {"answer": self._judge, "clarification": self._clarify, "abstention": self._stuck, "error": self._retry}
        return kinds.get(reply.kind, self._anything)(reply)

    def _judge(self, reply: Reply) -> Act | None:
        """Try what the answer says."""
        right = bool({one.article for one in reply.citations} & self.company.solving(self.topic))
        if right and self.company.works(self.topic) and self.draw.random() < self.topic.helps:
            return self._solved(reply)
        if right and self.draw.random() < self.topic.outdated:
            self._opinion(reply, helpful=False, reason="outdated", note=self.draw.choice(("The menu has another order now.", "")))
        way = self.draw.random()
        if not right and way < 0.2 * self.habits.careful and self.details < len(self.topic.details):
            return self._more(reply)
        if way < 0.82 and self._offers(reply, "no"):
            self.denied += 1
            return lambda: self._press("no")
        return None

    def _solved(self, reply: Reply) -> Act | None:
        if self.draw.random() < 0.1:
            self._opinion(reply, helpful=True)
        confirms = self.draw.random() < self.habits.confirms and self._offers(reply, "yes")
        if not self.came_back and self.draw.random() < 0.06:
            self.company.after(timedelta(hours=self.draw.uniform(20, 110)), self.again)
        return (lambda: self._press("yes")) if confirms else None

    def _clarify(self, reply: Reply) -> Act | None:
        wanted = next((one.id for one in reply.choices if one.article and one.article in self.company.solving(self.topic)), "")
        platform = f"platform:{self.company.platform_of(self.arrival.person)}"
        if wanted or self._offers(reply, platform):
            chosen = wanted or platform
            return lambda: self._press(chosen)
        return self._more(reply)

    def _stuck(self, reply: Reply) -> Act | None:
        if self.topic.outside:
            return None
        if reply.state != "offering_ticket" and self.draw.random() < self.habits.careful:
            return self._more(reply)
        way = self.draw.random()
        wanted = "file" if way < 0.68 else "person" if way < 0.8 else "not_now" if way < 0.88 else ""
        return (lambda: self._press(wanted)) if wanted and self._offers(reply, wanted) else None

    def _more(self, reply: Reply) -> Act | None:
        if self.details < len(self.topic.details):
            text = self.topic.details[self.details]
            self.details += 1
            return lambda: self._say(text)
        return (lambda: self._press("file")) if self._offers(reply, "file") and self.draw.random() < 0.7 else None

    def _anything(self, reply: Reply) -> Act | None:
        return None if self.topic.outside else self._more(reply)

    def _retry(self, reply: Reply) -> Act | None:
        return (lambda: self._press("retry")) if self._offers(reply, "retry") and self.turns < 3 else None

    # -- cards --------------------------------------------------------------------------------------------------------

    def _card(self, reply: Reply) -> Act | None:
        action = reply.action
        assert action is not None, "a card shows an action"
        if action.needs == "press":
            way = "do" if action.tool == self.topic.wants and self.draw.random() < 0.93 else "drop"
            return lambda: self._press(f"{way}:{action.id}")
        if action.needs == "code":
            return lambda: self._code(action.id)
        if action.needs == "approval":
            self.company.approvals.notice(action.id, self)
            return None
        if self._offers(reply, "yes"):
            good = action.tool == self.topic.wants and action.status == "done"
            if good:
                return (lambda: self._press("yes")) if self.draw.random() < self.habits.confirms else None
            return lambda: self._press("no")
        return None

    def _code(self, action: str) -> None:
        self.company.enter_code(self, action)

    # -- doing --------------------------------------------------------------------------------------------------------

    def _words(self) -> str:
        own = self.topic.others.get(self.habits.language, ())
        foreign = bool(own) and self.draw.random() < self.habits.own_language
        self.language = self.habits.language if foreign else "en"
        wordings = [worded(one, self.draw) for one in (own if foreign else self.topic.says)]
        return Voice(self.draw, self.language, varied=True).say(wordings)

    def _say(self, text: str) -> None:
        self.turns += 1
        self.company.take(self, text=text)

    def _press(self, choice: str) -> None:
        self.turns += 1
        self.company.take(self, choice=choice)

    def _opinion(self, reply: Reply, *, helpful: bool, reason: str = "", note: str = "") -> None:
        self.company.after(timedelta(seconds=40), lambda: self.company.opine(self, reply.message, helpful, reason, note))

    @staticmethod
    def _offers(reply: Reply, choice: str) -> bool:
        return any(one.id == choice for one in reply.choices)
