"""Notices as files, for installations without a mail server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.ports.notify import Notice


@dataclass(frozen=True, slots=True)
class FolderNotifier:
    """The ``Notifier`` port over a folder."""

    folder: Path

    def send(self, notice: Notice, key: str) -> None:
        """See the port."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        last = notice.secret.reveal() if notice.secret else ""
        (self.folder / f"{key}.txt").write_text(f"To: {notice.address}\nSubject: {notice.subject}\n\n{notice.text}\n{last}\n", encoding="utf-8")
