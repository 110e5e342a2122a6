"""What somebody sees before they have asked: the assistant pane and the app's home."""

from __future__ import annotations

from assistant.agent import wording
from assistant.desk.review import gap_report, week_of
from assistant.domain.configuration import Person
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
            tickets = unit.tickets.of_requester(person.id, open_only=False)[:SHOWN_TICKETS]
        queues = {queue.id: queue.name for queue in parts.workplace.queues()}
        gaps = self._gaps() if person.is_author else None
        shown = Home(person.first_name, False, tickets, queues, consulting.waiting_for(person), gaps, parts.console if gaps is not None else "")
        parts.calls.publish(user, home(shown, language))

    def _gaps(self) -> list[tuple[str, int]]:
        parts = self._parts
        start, end = week_of(parts.clock.now(), parts.workplace.company().timezone)
        with parts.store.read() as unit:
            intents = unit.intents.between(start, end)
        return [(gap.name, gap.people) for gap in gap_report(intents, start, parts.knowledge.embed).gaps[:SHOWN_GAPS]]
