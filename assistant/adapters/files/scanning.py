"""The organisation's own virus scanner, as a command that reads a file from its standard input."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain.attachment import FileRefused, Trouble

log = logging.getLogger("firstline.files")
CLEAN, FOUND = 0, 1


@dataclass(frozen=True, slots=True)
class ScanCommand:
    """Runs a command for each file. It says by its exit status what it found, as clamdscan does: 0 nothing, 1 something; all else is no verdict."""

    command: Sequence[str]
    seconds: float

    def __call__(self, content: bytes) -> None:
        """Let a file pass, or raise ``FileRefused``: also when the command cannot be run, ends otherwise or takes too long."""
        try:
            done = subprocess.run(  # noqa: S603  the operator's own command, without a shell
                self.command, input=content, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=self.seconds, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("the scanner %s gave no verdict: %s", self.command[0], type(error).__name__)
            raise FileRefused(Trouble.UNSCANNED) from None
        if done.returncode == FOUND:
            raise FileRefused(Trouble.MALWARE)
        if done.returncode != CLEAN:
            log.error("the scanner %s gave no verdict: exit status %s", self.command[0], done.returncode)
            raise FileRefused(Trouble.UNSCANNED)
