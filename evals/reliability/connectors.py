"""Firstline's side of the stub systems: the ports over HTTP, with the error mapping that the real desk adapters use."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.adapters.ticketing.calls import DeskCalls
from assistant.domain.secret import Secret
from assistant.domain.ticket import TicketStatus
from assistant.ports.notify import Notice
from assistant.ports.outside import Refused, Unavailable, Uncertain
from assistant.ports.ticketing import Changed, DeskChange, DeskFile, DeskNote, DeskTicket, OutgoingTicket

TIMEOUT_SECONDS = 0.8
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Line:
    """A way to the other side. While the file ``cut`` is there, each call uses up one of its bytes and finds nobody listening."""

    url: str
    cut: Path

    def tell(self, path: str, body: dict[str, Any], repeatable: bool) -> dict[str, Any]:
        """Change something there; an answer that says success and holds an error is none."""
        answer: dict[str, Any] = self._calls().tell("POST", path, body, repeatable=repeatable).body
        if "error" in answer:
            if repeatable:
                raise Unavailable(answer["error"])
            raise Uncertain(answer["error"])
        return answer

    def ask(self, path: str, **parameters: str) -> Any:
        """Read something there."""
        return DeskCalls("the stub", self.url, {}, TIMEOUT_SECONDS).ask(path, **parameters).body

    def _calls(self) -> DeskCalls:
        try:
            left = self.cut.stat().st_size
            with self.cut.open("r+b") as file:
                file.truncate(max(0, left - 1))
        except OSError:
            left = 0
        return DeskCalls("the stub", NOBODY_LISTENS if left else self.url, {}, TIMEOUT_SECONDS)


@dataclass(frozen=True, slots=True)
class StubDesk:
    """The ``TicketDesk`` port; only what flows through the outbox is there."""

    line: Line
    honours_keys: bool
    name: str = "the stub desk"

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        """See the port."""
        return _ticket(self.line.tell("tickets", {"key": key, "reference": made.reference}, self.honours_keys))

    def find(self, key: str) -> list[DeskTicket]:
        """See the port."""
        return [_ticket(one) for one in self.line.ask("tickets", key=key)["tickets"]]

    def ticket(self, ticket_id: str) -> DeskTicket | None:
        """See the port."""
        return _ticket(self.line.ask(f"tickets/{ticket_id}"))

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True, files: Sequence[DeskFile] = ()) -> None:  # noqa: ARG002
        """See the port. Notes with the same key are the same note there, as the real adapters see to themselves."""
        self.line.tell(f"tickets/{ticket_id}/notes", {"key": key, "text": text}, True)

    def change_status(self, ticket_id: str, status: TicketStatus, key: str) -> DeskTicket:  # noqa: ARG002
        """See the port."""
        return _ticket(self.line.tell(f"tickets/{ticket_id}/status", {"status": status.value}, True))

    def link(self, ticket_id: str, other_id: str, key: str) -> None:  # noqa: ARG002
        """See the port."""
        self.line.tell(f"tickets/{ticket_id}/links", {"other": other_id}, True)

    def update(self, ticket_id: str, key: str, *, subject: str = "", queue: str = "", category: str = "") -> DeskTicket:
        """See the port; no flow moves tickets."""
        raise Refused(f"{ticket_id} {key} {subject} {queue} {category}")

    def notes(self, ticket_id: str) -> list[DeskNote]:
        """See the port; nobody writes there."""
        raise Refused(ticket_id)

    def open_of(self, requester: str) -> list[DeskTicket]:  # noqa: ARG002
        """See the port; nobody files anything but here."""
        return []

    def changed_since(self, cursor: str) -> Changed:
        """See the port; nobody asks."""
        raise Refused(cursor)

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        """See the port; nobody asks."""
        raise Refused(f"{ticket_id} {known}")


def _ticket(row: dict[str, Any]) -> DeskTicket:
    return DeskTicket(row["id"], TicketStatus(row["status"]), row["reference"], "service-desk", "", datetime.now(UTC), row["key"])


@dataclass(frozen=True, slots=True)
class StubDirectory(BuiltinDirectory):
    """The built-in directory, whose memberships are granted on the other side."""

    line: Line = field(kw_only=True)

    def reset_password(self, person_id: str) -> Secret | None:
        """See the port. Done twice, there is a newer password; the system sends it by itself."""
        self.line.tell("reset", {"person": person_id}, True)
        return None

    def grant(self, person_id: str, group: str) -> bool:
        """See the port. The same membership again changes nothing."""
        return bool(self.line.tell("grant", {"person": person_id, "group": group}, True)["changed"])


@dataclass(frozen=True, slots=True)
class StubNotifier:
    """The ``Notifier`` port."""

    line: Line

    def send(self, notice: Notice, key: str) -> None:  # noqa: ARG002
        """See the port."""
        self.line.tell("mail", {"key": key}, True)
