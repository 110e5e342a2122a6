"""What somebody sees before they have asked: the assistant pane and the app's home."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from assistant.agent import wording
from assistant.desk.gaps.board import Wanted, board
from assistant.domain.configuration import Person
from assistant.domain.week import Week
from assistant.entrypoints.slack.blocks import Said, section
from assistant.entrypoints.slack.consulting import Consulting
from assistant.entrypoints.slack.identity import Known
from assistant.entrypoints.slack.mrkdwn import escaped
from assistant.entrypoints.slack.parts import SlackParts
from assistant.entrypoints.slack.views import SHOWN_GAPS, SHOWN_TICKETS, Home, home
from assistant.entrypoints.slack.words import say

PROMPTS = ("prompt_trouble", "prompt_access", "prompt_tickets")


class Greeting:
    """Greets in the pane, and publishes homes."""

    def __init__(self, parts: SlackParts) -> None:
        """Work with these parts."""
        self._parts = parts

    def greet(self, channel: str, thread: str, known: Known, key: str) -> None:
        """Say hello in a new thread of the pane and offer first questions."""
        language, calls = self._parts.language(known), self._parts.calls
        with wording.speaking(language):
            hello = escaped(wording.greeting(Person(known.person, known.name)))
        prompts = [(say(language, name), say(language, f"{name}_words")) for name in PROMPTS]
        calls.suggest(channel, thread, prompts[:2] if known.is_guest else prompts)
        if not calls.find(channel, thread, key):
            calls.post(channel, Said(hello, (section(hello),)), thread, key)

    def publish(self, user: str, known: Known, consulting: Consulting) -> None:
        """Show somebody's home as it is now."""
        parts, language, person = self._parts, self._parts.language(known), self._parts.person(known)
        if person is None:
            parts.calls.publish(user, home(Home(known.name, True, (), {}, (), None), language))
            return
        with parts.store.read() as unit:
            mine = unit.tickets.of_requester(person.id, open_only=False)[:SHOWN_TICKETS]
        zone = ZoneInfo(parts.workplace.company().timezone)
        tickets = [replace(ticket, opened_at=ticket.opened_at.astimezone(zone)) for ticket in mine]
        queues = {queue.id: queue.name for queue in parts.workplace.queues()}
        gaps = self._gaps() if person.is_author else None
        shown = Home(person.first_name, False, tickets, queues, consulting.waiting_for(person), gaps, parts.console if gaps is not None else "")
        parts.calls.publish(user, home(shown, language))

    def _gaps(self) -> list[tuple[str, int]]:
        parts = self._parts
        zone = parts.workplace.company().timezone
        start, end = Week.of(parts.clock.now(), zone).bounds(zone)
        with parts.store.read() as unit:
            found = board(unit, Wanted(start, end), parts.clock.now(), {}, lambda _: True, limit=SHOWN_GAPS)
        return [(row.gap.name, row.gap.people) for row in found.rows]
