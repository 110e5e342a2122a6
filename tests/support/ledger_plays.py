"""Random sequences of what can happen to conversations, through the real turns, desk and timers, and what the ledger has to say about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from assistant.agent.handover import Handover
from assistant.agent.silence import settle_silence
from assistant.agent.state import Inbound
from assistant.desk.handoff import HeldByAnother, NotForYou, NotHeld
from assistant.domain.conversation import Outcome
from assistant.domain.measures import Cell, total
from assistant.domain.reply import Reply
from assistant.ports.store import Store
from kb.model import Document, Section
from tests.support.workshop import Wishing, Workshop

CELL = ("day", "channel", "category", "intent")
LATE = datetime(2026, 11, 23, 21, 40, tzinfo=UTC)
"""Of which the local day ends within the hour in Stockholm, and not in UTC."""
PEOPLE = ("ann", "bo", "cy")
CHANNELS = ("widget", "slack")
LAMP = "The blue lamp on the wall blinks twice"
"""Nothing answers it."""
SAYS = (
    "How do I connect to the VPN tunnel?",
    "The VPN tunnel breaks",
    "The printer tray jams",
    "My mailbox is full of mail",
    LAMP,
    "hello",
    "thanks",
    "It does not work, the VPN tunnel still breaks",
    "I want to talk to a person",
    "open a ticket please",
    "what is for lunch",
    "reset the printer tray",
)
TOOLS = ("unlock_account", "reset_password", "close_ticket")
WAITS = (0.2, 2.0, 25.0, 26.0, 200.0, 400.0)
ARTICLES = (
    ("vpn-tunnel", "vpn", "Connect to the VPN tunnel", "How do I connect to the VPN tunnel when it breaks? Press connect."),
    ("vpn-again", "vpn", "The VPN tunnel still breaks", "It does not work, the VPN tunnel still breaks: restart the tunnel."),
    ("printer-tray", "printing", "The printer tray jams", "Reset the printer tray when it jams: open it."),
    ("mail-full", "email", "A full mailbox", "My mailbox is full of mail: empty the bin."),
)
Step = tuple[str, int, int]
"""What happens, to which of the conversations, and which of the ways it can happen in."""
KINDS = ("say", "say", *("press",) * 6, *("decline",) * 3, "begin", "begin", "wait", "wait", "take", "answer", "give back", "lapse", "wish", "decide")


@dataclass
class Seen:
    """An episode as the tables showed it when it ended last, and whether it stands."""

    day: str
    channel: str
    category: str
    intent: str
    outcome: Outcome
    closed_at: datetime
    reopened: bool = False

    @property
    def cell(self) -> tuple[str, ...]:
        """Where it is counted."""
        return self.day, self.channel, self.category, self.intent


@dataclass
class Play:
    """Conversations of a workshop, and what was seen of their episodes after every step. ``zone`` is the organisation's time zone."""

    store: Store
    zone: str = "UTC"
    seen: dict[tuple[str, int], Seen] = field(default_factory=dict)
    talks: list[tuple[str, str]] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.model = Wishing()
        self.workshop = Workshop(self.store, model=self.model, at=LATE)
        self.handover = Handover(self.workshop.parts)
        for key, category, title, text in ARTICLES:
            document = Document(key, "test", f"{key}.md", title, text, tags=(category,))
            self.workshop.parts.knowledge.publish(document, [Section(0, title, 0, len(text))])  # type: ignore[attr-defined]

    def run(self, steps: Sequence[Step]) -> list[str]:
        """Let everything happen, and return in what the ledger differs from what was seen."""
        for kind, which, way in steps:
            self._step(kind, which, way)
            self.workshop.carry()
            self._look()
        self.workshop.turns.close()
        return self.differences()

    # -- what happens -----------------------------------------------------------------------------------------------

    def _step(self, kind: str, which: int, way: int) -> None:
        if kind == "begin" or not self.talks:
            self._send(PEOPLE[which % len(PEOPLE)], None, CHANNELS[way % 2], text=SAYS[way % len(SAYS)])
        elif kind == "wait":
            self._wait(WAITS[way % len(WAITS)])
        elif kind == "lapse":
            self.handover.release_silent()
        elif kind in ("take", "answer", "give back"):
            self._desk(kind, self.talks[which % len(self.talks)][0], way)
        else:
            self._turn(kind, *self.talks[which % len(self.talks)], way)

    def _turn(self, kind: str, conversation: str, person: str, way: int) -> None:
        choices = self.replies[conversation].choices
        if kind == "wish":
            self.model.tool = TOOLS[way % len(TOOLS)]
        if kind == "press" and choices:
            self._send(person, conversation, "widget", choice=choices[way % len(choices)].id)
        elif kind == "decline" and any(one.id == "not_now" for one in choices):
            self._send(person, conversation, "widget", choice="not_now")
        elif kind == "decline":
            self._send(person, conversation, "widget", text=LAMP)
        elif kind == "decide":
            self._decide(way)
        else:
            self._send(person, conversation, "widget", text=SAYS[way % len(SAYS)])
        self.model.tool = ""

    def _send(self, person: str, conversation: str | None, channel: str, text: str = "", choice: str = "") -> None:
        reply = self.workshop.turns.take(person, conversation, Inbound(f"m{next(self.numbers)}", text, choice), channel)
        if reply.conversation not in self.replies:
            self.talks.append((reply.conversation, person))
        self.replies[reply.conversation] = reply

    def _wait(self, hours: float) -> None:
        self.workshop.clock.advance(timedelta(hours=hours))
        self.workshop.carry()
        self._look()
        settle_silence(self.workshop.parts)

    def _desk(self, kind: str, conversation: str, way: int) -> None:
        with suppress(NotHeld, HeldByAnother, NotForYou):
            if kind == "take":
                self.handover.take("fay", conversation)
            elif kind == "answer":
                self.handover.say("fay", conversation, f"d{next(self.numbers)}", "Look at the cable.")
            else:
                self.handover.give_back("fay", conversation, solved=way % 2 == 0)

    def _decide(self, way: int) -> None:
        with self.store.read() as unit:
            waiting = unit.approvals.undecided()
        for one in waiting[:1]:
            self.workshop.deciding.decide(self.workshop.person("bo"), one.action, way % 3 != 0, one.hash, "")

    # -- what the ledger has to say ---------------------------------------------------------------------------------

    def _look(self) -> None:
        """Note every episode that ended since the last look, as conversations and episodes say it, and what was reopened."""
        for name in list(self.replies):
            with self.store.read() as unit:
                head, episodes = unit.conversations.load(name), unit.conversations.episodes(name)
            assert head is not None
            for one in episodes:
                known = self.seen.get((name, one.number))
                if one.outcome is not None and one.closed_at is not None and (known is None or known.closed_at != one.closed_at):
                    memory = head.memory if head.episode.number == one.number else {}
                    self.seen[name, one.number] = Seen(
                        one.closed_at.astimezone(ZoneInfo(self.zone)).date().isoformat(),
                        head.channel,
                        str(memory.get("category") or ""),
                        str(memory.get("intent") or "question"),
                        one.outcome,
                        one.closed_at,
                    )
                if one.reopened:
                    self.seen[name, one.number].reopened = True

    def cells(self) -> list[Cell]:
        """Return the whole ledger in its finest cells."""
        with self.store.read() as unit:
            return unit.outcomes.cells(date(2026, 1, 1), date(2030, 1, 1), CELL)

    def differences(self) -> list[str]:
        """Return in what the ledger differs from what was seen; nothing when every episode is counted once, where and as it ended."""
        stands: dict[tuple[str, ...], Counter[Outcome]] = {}
        back: Counter[tuple[str, ...]] = Counter()
        for one in self.seen.values():
            stands.setdefault(one.cell, Counter())
            if one.reopened:
                back[one.cell] += 1
            else:
                stands[one.cell][one.outcome] += 1
        found = {tuple(cell.keys[name] for name in CELL): cell for cell in self.cells()}
        said = [f"{key} stands in the ledger, and nothing ended there" for key in found.keys() - stands.keys()]
        for key, counts in stands.items():
            said += _compared(key, found.get(key), counts, back[key])
        with self.store.read() as unit:
            [whole] = unit.outcomes.cells(date(2026, 1, 1), date(2030, 1, 1))
        summed = total(list(found.values()))
        if any(summed.of(one) != whole.of(one) for one in Outcome) or summed.demand != whole.demand:
            said.append("the cells do not sum to the whole")
        return said


def _compared(key: tuple[str, ...], cell: Cell | None, counts: Counter[Outcome], reopened: int) -> list[str]:
    if cell is None:
        return [f"{key} is missing in the ledger"]
    said = []
    if {outcome: number for outcome, number in cell.counts.items() if number} != {outcome: number for outcome, number in counts.items() if number}:
        said.append(f"{key} holds {dict(cell.counts)}, and {dict(counts)} ended there")
    if cell.demand != sum(counts.values()):
        said.append(f"{key}: the outcomes sum to {sum(counts.values())}, demand is {cell.demand}")
    if cell.reopened != reopened:
        said.append(f"{key}: {cell.reopened} are taken out, and {reopened} were reopened")
    if sum(cell.reasons.values()) != cell.of(Outcome.HANDED_OFF):
        said.append(f"{key}: the reasons do not sum to what was handed off")
    return said
