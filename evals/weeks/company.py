"""The demo company at work in played time: everything that people do goes through the parts that the service itself is made of."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from evals.weeks.clock import Agenda, PlayedClock
from evals.weeks.topics import Topic

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.domain.configuration import Person
    from assistant.ports.channels import Delivery
    from assistant.service import Service
    from evals.weeks.arriving import Arrival, Plan
    from evals.weeks.desk import Approvals, Desk
    from evals.weeks.employee import Visit

OUTAGE = timedelta(hours=2, minutes=20)
UPKEEP, AT_REST = timedelta(minutes=30), timedelta(hours=3)
"""How often the service's upkeep runs in played time: while people work, and while they do not."""


class Elsewhere:
    """The ``Channel`` port of a channel whose other side is simulated: everything is shown, and nobody outside hears of it."""

    def __init__(self, name: str) -> None:
        """Stand for the channel of this name."""
        self._name, self._shown = name, 0

    @property
    def name(self) -> str:
        """See the port."""
        return self._name

    def deliver(self, delivery: Delivery) -> str:
        """See the port."""
        del delivery
        self._shown += 1
        return f"simulated-{self._shown}"


@dataclass(slots=True)
class Company:
    """People, desk and service over one agenda. ``counts`` says what was done."""

    assistant: Assistant
    service: Service
    clock: PlayedClock
    plan: Plan
    agenda: Agenda = field(default_factory=Agenda)
    counts: Counter[str] = field(default_factory=Counter)
    published: dict[str, str] = field(default_factory=dict)
    """Articles that were published in the course of the weeks, by what the topics call them."""
    topics: dict[str, Topic] = field(default_factory=dict)
    """What conversations are in truth about."""
    sent: int = 0
    upkeep_seconds: float = 0.0
    desk: Desk = field(init=False)
    approvals: Approvals = field(init=False)

    def __post_init__(self) -> None:
        """Open the desk."""
        from assistant.agent.handover import Handover
        from evals.weeks.desk import Approvals, Desk

        self.desk = Desk(self, Handover(self.assistant.parts), random.Random(f"{self.plan.seed}/desk"))
        self.approvals = Approvals(self, random.Random(f"{self.plan.seed}/approvals"))
        self.assistant.channels.update({name: Elsewhere(name) for name in ("slack", "email")})

    @property
    def zone(self) -> str:
        """The organisation's time zone."""
        return self.plan.zone

    @property
    def incident(self) -> datetime | None:
        """When the incident begins."""
        return self.plan.incident

    # -- time ---------------------------------------------------------------------------------------------------------

    def after(self, pause: timedelta, what: Callable[[], None]) -> None:
        """Let something happen after a while."""
        self.agenda.put(self.clock.now() + pause, what)

    def run(self, end: datetime) -> None:
        """Let everything happen that comes before ``end``, timers of the service included."""
        while (following := self.agenda.next_before(end)) is not None:
            at, what = following
            self._timers(at)
            self.clock.move(at)
            what()
            self.assistant.carrier.drain()
        self._timers(end)
        self.clock.move(end)

    def _timers(self, until: datetime) -> None:
        """Carry out what the outbox holds for the time until then, each at its own moment."""
        seen: set[tuple[str, datetime]] = set()
        while True:
            with self.assistant.store.read() as unit:
                due = unit.outbox.due(until, 1)
            if not due or (due[0].key, due[0].due_at) in seen:
                return
            seen.add((due[0].key, due[0].due_at))
            self.clock.move(due[0].due_at)
            self.assistant.carrier.drain()

    # -- employees ----------------------------------------------------------------------------------------------------

    def expect(self, planned: Sequence[Arrival]) -> None:
        """Put everybody who will begin a conversation on the agenda."""
        for arrival in planned:
            self.agenda.put(arrival.at, partial(self._begin, arrival))

    def _begin(self, arrival: Arrival) -> None:
        from evals.weeks.employee import Habits, Visit

        self.counts["conversations"] += 1
        draw = random.Random(f"{self.plan.seed}/visit/{arrival.number}")
        Visit(self, arrival, Habits.of(arrival.person, self.plan.seed), draw).begin()

    def take(self, visit: Visit, text: str = "", choice: str = "") -> None:
        """Take a turn as the visit's channel does, and let the visit hear what came of it."""
        from assistant.agent.state import Inbound
        from assistant.ports.channels import Place

        arrival = visit.arrival
        self.sent += 1
        self.counts["turns"] += 1
        place = None if arrival.channel == "widget" else Place(arrival.channel, f"simulated/{arrival.number}")
        inbound = Inbound(f"s{self.sent}", text, choice, place=place)
        known = visit.conversation if place is None else ""
        reply = self.assistant.turns.take(arrival.person.id, known or None, inbound, arrival.channel)
        self.counts[f"replies of kind {reply.kind}"] += 1
        visit.conversation = reply.conversation
        self.topics[reply.conversation] = visit.topic
        if reply.action is None:
            visit.hear(reply)
            return
        self.assistant.carrier.drain()
        self.heard(visit)

    def heard(self, visit: Visit) -> None:
        """Let a visit hear the newest reply of its conversation: what came of an action may come after the reply to the press."""
        from assistant.domain.reply import Reply

        self.assistant.carrier.drain()
        with self.assistant.store.read() as unit:
            said = [event.body["reply"] for event in unit.conversations.events(visit.conversation) if event.body["type"] == "reply"]
        if said:
            visit.hear(Reply.model_validate(said[-1]))

    def enter_code(self, visit: Visit, action: str) -> None:
        """Enter the code that was sent to the person's second address."""
        from assistant.desk.fulfilment import NotYours

        code = self._code_for(visit.arrival.person)
        if not code:
            return
        try:
            self.assistant.deciding.enter_code(visit.arrival.person, action, code)
        except NotYours:
            return
        self.counts["codes"] += 1
        self.heard(visit)

    def _code_for(self, person: Person) -> str:
        mails = sorted((self.assistant.settings.home / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        read = (message_from_bytes(path.read_bytes(), policy=policy.default) for path in mails)
        texts = [str(mail.get_content()) for mail in read if person.recovery and person.recovery in str(mail["To"])]
        codes = [found.group() for text in texts if (found := re.search(r"(?<!\d)\d{6}(?!\d)", text))]
        return codes[-1] if codes else ""

    def opine(self, visit: Visit, message: str, helpful: bool, reason: str, note: str) -> None:
        """Say under an answer whether it helped."""
        from assistant.agent.opinions import NoSuchAnswer, Opinions
        from assistant.desk.opinions import Reason

        opinions = Opinions(self.assistant.store, self.clock, self.assistant.parts.notify)
        try:
            opinions.give(visit.arrival.person.id, visit.conversation, message, helpful, Reason(reason), note)
        except NoSuchAnswer:
            return
        self.counts["opinions"] += 1

    # -- what is true -------------------------------------------------------------------------------------------------

    def solving(self, topic: Topic) -> frozenset[str]:
        """Return the articles that help with a topic now."""
        written = self.published.get(topic.publishes, "") if topic.publishes else ""
        return topic.solves | ({written} if written else frozenset())

    def works(self, topic: Topic) -> bool:
        """Say whether what should work does: during the outage, no step makes the VPN connect."""
        under_way = self.incident is not None and self.incident <= self.clock.now() < self.incident + OUTAGE
        return not (under_way and topic.id.startswith("vpn"))

    def lock(self, person: Person) -> None:
        """Lock an account, as a directory does after wrong passwords."""
        self.assistant.workplace.lock(person.id)

    def platform_of(self, person: Person) -> str:
        """Return the system of a person's first device, "" where none is known."""
        devices = sorted(self.assistant.workplace.devices_of(person.id), key=lambda one: not one.primary)
        return devices[0].platform.value if devices else ""

    # -- upkeep -------------------------------------------------------------------------------------------------------

    def keep_up(self) -> None:
        """Do what the running service does by itself, again and again in played time."""
        began = time.perf_counter()
        self.service.settle()
        self.upkeep_seconds += time.perf_counter() - began
        local = self.clock.now().astimezone(ZoneInfo(self.zone))
        self.after(UPKEEP if local.weekday() < 5 and 7 <= local.hour < 19 else AT_REST, self.keep_up)


def facts(company: Company) -> dict[str, Any]:
    """Return what was played, in numbers."""
    return {**dict(sorted(company.counts.items())), "solved by the desk": company.desk.worked, "seconds of upkeep": round(company.upkeep_seconds, 1)}
