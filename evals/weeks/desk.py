"""The simulated service desk: takes what was handed over or filed, writes down how it was solved, and gives the conversation back."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from evals.weeks.clock import working
from evals.weeks.topics import Topic

if TYPE_CHECKING:
    from assistant.agent.handover import Handover
    from evals.weeks.company import Company
    from evals.weeks.employee import Visit

TEAMS = {
    "network": ("tomas.lind", "sam.oduya"),
    "identity": ("tomas.lind", "sam.oduya"),
    "collaboration": ("laura.keane", "sam.oduya"),
    "endpoint": ("yusuf.karim", "sam.oduya"),
    "applications": ("laura.keane", "sam.oduya"),
    "security": ("oskar.hellstrom", "tomas.lind"),
}
DESK = ("sam.oduya", "laura.keane")
NEVER = 0.05
"""How many tickets nobody gets to."""
WORDLESS = 0.12
"""How many are solved without a word about how."""
OUTAGE_ENDS = timedelta(hours=2, minutes=30)


@dataclass(slots=True)
class Desk:
    """Works what was handed over."""

    company: Company
    handover: Handover
    draw: random.Random
    known: set[tuple[str, int]] = field(default_factory=set)
    worked: int = 0

    def notice(self, conversation_id: str, topic: Topic) -> None:
        """Take up a conversation that went to people, in working hours; the same episode once."""
        with self.company.assistant.store.read() as unit:
            conversation = unit.conversations.load(conversation_id)
        if conversation is None or not conversation.episode.ticket or (conversation_id, conversation.episode.number) in self.known:
            return
        self.known.add((conversation_id, conversation.episode.number))
        waits = conversation.state.value == "handed_off"
        if not waits and self.draw.random() < NEVER:
            return
        after = self.draw.uniform(0.1, 0.7) if waits else self.draw.lognormvariate(1.1, 0.8)
        at = working(self.company.clock.now(), self.company.zone, after)
        if topic.incident and self.company.incident is not None:
            at = max(at, working(self.company.incident + OUTAGE_ENDS, self.company.zone, self.draw.uniform(0, 2)))
        self.company.agenda.put(at, lambda: self._take(conversation_id, topic))

    def _take(self, conversation_id: str, topic: Topic) -> None:
        from assistant.desk.handoff import HeldByAnother, NotForYou

        with self.company.assistant.store.read() as unit:
            conversation = unit.conversations.load(conversation_id)
            ticket = unit.tickets.ticket(conversation.episode.ticket) if conversation is not None and conversation.episode.ticket else None
        if conversation is None or ticket is None or conversation.state.value not in ("handed_off", "filed") or not ticket.status.is_open:
            return
        agent = next(one for one in (*TEAMS.get(ticket.queue, ()), *DESK) if one != conversation.person)
        try:
            self.handover.take(agent, conversation_id)
        except (HeldByAnother, NotForYou):
            return
        note = "" if not topic.notes or self.draw.random() < WORDLESS else self.draw.choice(topic.notes)
        if note:
            self._later(1, 6, lambda: self._say(agent, conversation_id, note))
        self._later(7, 15, lambda: self._end(agent, conversation_id))

    def _later(self, least: float, most: float, what: Callable[[], None]) -> None:
        self.company.after(timedelta(minutes=self.draw.uniform(least, most)), what)

    def _say(self, agent: str, conversation_id: str, note: str) -> None:
        from assistant.desk.handoff import NotHeld

        with suppress(NotHeld):
            self.handover.say(agent, conversation_id, f"d{self.worked}-{conversation_id}", note)

    def _end(self, agent: str, conversation_id: str) -> None:
        from assistant.desk.handoff import NotHeld

        with suppress(NotHeld):
            self.handover.give_back(agent, conversation_id, solved=True)
            self.worked += 1


@dataclass(slots=True)
class Approvals:
    """Those who approve: most do within two days, a few refuse, some never look."""

    company: Company
    draw: random.Random

    def notice(self, action: str, visit: Visit) -> None:
        """Let somebody decide the stage that is open, in working hours."""
        if self.draw.random() < 0.93:
            at = working(self.company.clock.now(), self.company.zone, self.draw.uniform(0.3, 14))
            self.company.agenda.put(at, lambda: self._decide(action, visit))

    def _decide(self, action: str, visit: Visit) -> None:
        from assistant.governance.approvals import NotAllowed

        deciding, directory = self.company.assistant.deciding, self.company.assistant.directory
        with self.company.assistant.store.read() as unit:
            waiting = {one.action: one for one in unit.approvals.undecided()}
        if action not in waiting:
            return
        approver = next((one for one in directory.people() if any(each.action.id == action and each.mine for each in deciding.requests(one))), None)
        if approver is None:
            return
        with suppress(NotAllowed):
            deciding.decide(approver, action, self.draw.random() < 0.9, waiting[action].hash, "")
        self.company.heard(visit)
        self.notice(action, visit)
