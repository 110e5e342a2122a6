"""The mail channel with a real mail server on the other side, as the contract of channels looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.memory.store import MemoryStore
from assistant.adapters.notify.message import Sender
from assistant.adapters.notify.smtp import MailSecurity, SmtpNotifier
from assistant.adapters.notify.smtp import MailServer as Way
from assistant.domain.configuration import Company, Organisation, Person
from assistant.domain.secret import Secret
from assistant.entrypoints.links import Links
from assistant.entrypoints.mail.channel import MailChannel
from assistant.ports.channels import Place
from tests.support.mail_server import MailServer, running_mail

if TYPE_CHECKING:
    from tests.support.benches import Bench, Failure

ADDRESS = "maria@example.org"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class MailBench:
    """Letters to one person. A mail that was sent cannot be searched for; its Message-ID tells a second one."""

    channel: MailChannel
    server: MailServer
    person: str = "maria"
    own_place: Place = Place("mail", "first@laptop.example")
    public_place: Place | None = None
    searchable: bool = False

    def shown(self, place: Place) -> list[str]:
        found = [one for one in self.server.taken if place.key in str(one["References"])]
        return [body.get_content() for one in found if (body := one.get_body(("plain",))) is not None]

    def shown_alone(self) -> list[str]:
        return []

    def fail(self, how: Failure) -> None:
        self.server.ends_once.add(ADDRESS)
        if how == "uncertain":
            self.server.on_data[ADDRESS] = "drop"
        else:
            self.server.on_recipient[ADDRESS] = "550 no such person" if how == "refused" else "451 later"

    def says_where_the_rest_is(self, shown: str) -> bool:
        return False


@contextmanager
def mail_bench(folder: Path) -> Iterator[Bench]:
    """Letters that a real mail server takes."""
    with running_mail(folder) as server:
        way = Way("127.0.0.1", server.port, MailSecurity.NONE, "", Secret(""), "", 5.0)
        letters = SmtpNotifier(way, Sender("IT help", "it-help@example.org", FixedClock(NOON)))
        directory = MemoryDirectory(Organisation(Company("Example", "example.org"), (Person("maria", "Maria Santos", ADDRESS),)))
        channel = MailChannel(MemoryStore(0.7), directory, letters, Links(b"key"), FixedClock(NOON), "https://help.example.org")
        yield MailBench(channel, server)
