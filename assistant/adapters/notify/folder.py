"""Notices as files, for installations without a mail server. Any mail program opens them."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

from assistant.adapters.notify.message import Sender
from assistant.ports.notify import Letter, Notice
from assistant.ports.outside import Unavailable

ENDING = ".eml"
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True, slots=True)
class FolderNotifier:
    """The ``Notifier`` and ``Letters`` ports over a folder: one file for a key, readable by its owner only, there whole or not at all."""

    folder: Path
    sender: Sender

    def send(self, notice: Notice, key: str) -> None:
        """See the port. The same key again takes the place of the file before."""
        self._put(self.sender.message(notice, key), key)

    @property
    def address(self) -> str:
        """See the port."""
        return self.sender.address

    def post(self, letter: Letter) -> None:
        """See the port. The same id again takes the place of the file before."""
        self._put(self.sender.letter(letter), letter.id.partition("@")[0])

    def _put(self, message: EmailMessage, key: str) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write(self.folder / f"{_name(key)}{ENDING}", message.as_bytes())
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be written: {error.strerror}") from None

    def _write(self, path: Path, content: bytes) -> None:
        fresh = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _name(key: str) -> str:
    """Return a file name for a key: the key itself where that is a plain name, else what is plain of it with its digest."""
    if PLAIN.fullmatch(key):
        return key
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", key).strip("-")[:60]
    return f"{plain or 'notice'}-{sha256(key.encode()).hexdigest()[:12]}"
