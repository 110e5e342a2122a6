"""Mail to and from a world of tests, without servers: what arrives is taken as from the mailbox, what leaves is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage

from assistant.domain.attachment import FileRefused, Trouble
from assistant.entrypoints.inbox import Inbox
from assistant.entrypoints.links import Links
from assistant.entrypoints.mail.automatic import Pace
from assistant.entrypoints.mail.channel import MailChannel
from assistant.entrypoints.mail.identity import Trust
from assistant.entrypoints.mail.mailbox import Standing, Unfit
from assistant.entrypoints.mail.receiving import CHANNEL, Receiving
from assistant.ports.notify import Letter
from tests.support.world import World
from tests.support.written_mails import DESK, SERVER

URL = "https://help.lindqvist.example"


@dataclass
class KeptLetters:
    """The ``Letters`` port: keeps what is posted. ``fails`` is raised, once each, before anything is kept."""

    address: str = DESK
    posted: list[Letter] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)

    def post(self, letter: Letter) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.posted.append(letter)


@dataclass
class Correspondence:
    """Both directions. ``kept`` are the files that were kept; names that begin with ``bad`` are refused."""

    world: World
    letters: KeptLetters
    receiving: Receiving
    inbox: Inbox
    kept: list[tuple[str, str, str, str]]

    def arrives(self, mail: EmailMessage, cut_short: bool = False) -> Standing:
        """Let a mail arrive, handle it and send what follows; return what becomes of it."""
        try:
            name = self.receiving.take(mail.as_bytes(), cut_short)
        except Unfit:
            return Standing.FAILED
        self.inbox.drain()
        self.world.assistant.carrier.drain()
        return self.receiving.standing(name)

    def answered(self, mail: EmailMessage) -> Letter:
        """Let a mail arrive and return the one letter that answers it."""
        before = len(self.letters.posted)
        assert self.arrives(mail) is Standing.DONE
        (letter,) = self.letters.posted[before:]
        return letter


def correspondence(world: World) -> Correspondence:
    """Make an assistant's mail arrive and leave here."""
    assistant, letters, kept = world.assistant, KeptLetters(), list[tuple[str, str, str, str]]()

    def attach(person: str, conversation: str, name: str, content: bytes, key: str) -> None:
        assert content
        if name.startswith("bad"):
            raise FileRefused(Trouble.KIND)
        kept.append((person, conversation, key, name))

    handlers: dict[str, Receiving] = {}
    inbox = Inbox(assistant.store, assistant.clock, handlers, "here")
    receiving = Receiving(
        store=assistant.store,
        directory=assistant.directory,
        clock=assistant.clock,
        turns=assistant.turns,
        letters=letters,
        links=Links(assistant.secret),
        trust=Trust(SERVER),
        pace=Pace(20, 20, assistant.clock.now),
        attach=attach,
        own_addresses=frozenset({DESK}),
    )
    receiving.inbox, handlers[CHANNEL] = inbox, receiving
    assistant.channels[CHANNEL] = MailChannel(assistant.store, assistant.directory, letters, Links(assistant.secret), assistant.clock, URL)
    return Correspondence(world, letters, receiving, inbox, kept)
