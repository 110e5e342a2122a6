"""The mails that a service without a mail server puts into its folder."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast

PATIENCE_SECONDS = 15.0
LINK = re.compile(r"https?://\S+")
CODE = re.compile(r"^\d{6}$", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    """One mail as its reader sees it."""

    to: str
    subject: str
    text: str
    file: Path

    @property
    def links(self) -> list[str]:
        """Every address in the text."""
        return LINK.findall(self.text)

    @property
    def code(self) -> str:
        """The one-time code that stands on a line of its own."""
        found = CODE.findall(self.text)
        assert len(found) == 1, self.text
        return str(found[0])

    @property
    def last_line(self) -> str:
        """The last line, where a secret stands."""
        return self.text.strip().splitlines()[-1].strip()


def letters(home: Path) -> list[Letter]:
    """Return all mails in the folder of a state folder, the latest last."""
    found = sorted((home / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
    read = [(path, cast(EmailMessage, message_from_bytes(path.read_bytes(), policy=default))) for path in found]
    return [Letter(str(one["To"]), str(one["Subject"]), one.get_content().replace("\r\n", "\n"), path) for path, one in read]


def letter(home: Path, to: str, subject: str, but: frozenset[Path] = frozenset()) -> Letter:
    """Wait for the latest mail to somebody whose subject holds some words, none of the files in ``but``, and return it."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = [one for one in letters(home) if to in one.to and subject in one.subject and one.file not in but]
        if found:
            return found[-1]
        assert time.monotonic() < until, f"no mail to {to} about {subject}: {[(one.to, one.subject) for one in letters(home)]}"
        time.sleep(0.05)
