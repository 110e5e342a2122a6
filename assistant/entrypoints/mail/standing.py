"""How the mailbox stands, for the doctor: asked of the server itself, changing nothing there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING

from imapclient.exceptions import IMAPClientError, LoginError

from assistant.entrypoints.mail.mailbox import Folders, Server
from assistant.ports.outside import Unavailable

if TYPE_CHECKING:
    from imapclient import IMAPClient

LOOKED_AT = 50
VERDICT = "BODY.PEEK[HEADER.FIELDS (AUTHENTICATION-RESULTS)]"


@dataclass(frozen=True, slots=True)
class MailboxStanding:
    """How many mails are in the folder that is followed and in that of failed ones; whether the server says when mail comes."""

    open: int
    failed: int
    tells: bool
    verdicts: Counter[str]
    """Which servers' verdicts stand topmost on the latest 50 mails, "" for a mail without one."""


def mailbox_standing(server: Server, folders: Folders) -> MailboxStanding:
    """Return how the mailbox stands.

    Raises:
        Unavailable: it cannot be reached or read; the words say why.
    """
    try:
        with server.connected() as client:
            verdicts = _verdicts(client, folders.done) + _verdicts(client, folders.inbox)
            return MailboxStanding(_count(client, folders.inbox), _count(client, folders.failed), bool(client.has_capability("IDLE")), verdicts)
    except LoginError:
        raise Unavailable("the server refuses the user or the password") from None
    except (OSError, IMAPClientError) as error:
        raise Unavailable(f"the server cannot be used: {type(error).__name__}") from None


def _count(client: IMAPClient, folder: str) -> int:
    return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"]) if client.folder_exists(folder) else 0


def _verdicts(client: IMAPClient, folder: str) -> Counter[str]:
    if not client.folder_exists(folder):
        return Counter()
    client.select_folder(folder, readonly=True)
    found = client.fetch(client.search("ALL")[-LOOKED_AT:], [VERDICT])
    heads = [next((value for key, value in one.items() if key.startswith(b"BODY[")), b"") for one in found.values()]
    return Counter(_server(head or b"") for head in heads)


def _server(head: bytes) -> str:
    topmost = str(message_from_bytes(head).get("Authentication-Results", "")).split(";")[0].split()
    return "".join(letter for letter in topmost[0][:80] if letter.isprintable()) if topmost else ""
