"""The check that a file goes through before it is kept."""

from __future__ import annotations

from typing import Protocol

from assistant.domain.attachment import CheckedFile


class FileCheck(Protocol):
    """Says what a file is, by its content, and makes of it what may be kept."""

    def check(self, name: str, content: bytes) -> CheckedFile:
        """Return the file as it may be kept, under a name that misleads nobody. Its content may be written anew; what does not show is left out.

        Blocks for as long as it takes; a call may wait for others.

        Raises:
            FileRefused: it is not taken. Also when the check itself fails: what was not checked is never kept.
        """

    def close(self) -> None:
        """End what it keeps running; a check after that begins it anew."""
