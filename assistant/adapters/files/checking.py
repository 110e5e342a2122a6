"""The check of a file: read in a sealed child process, then shown to the organisation's own scanner."""

from __future__ import annotations

import logging
from collections.abc import Callable

from assistant.adapters.files import reading
from assistant.domain.attachment import CheckedFile, FileRefused, Trouble, clean_name
from kb.isolation import Bounds, GivenUp, Sealed

log = logging.getLogger("firstline.files")
BOUNDS = Bounds(seconds=5.0, memory_megabytes=256, processes=2)
MOST = 60_000_000
"""Bytes that a reader may make of a file; a picture that was packed very well may come back larger."""


class IsolatedCheck:
    """The ``FileCheck`` port. A child process starts with the first file; another then waits for the next one."""

    def __init__(self, scan: Callable[[bytes], None] | None = None, bounds: Bounds = BOUNDS, module: str = reading.__name__) -> None:
        """Check within these bounds; ``scan`` raises ``FileRefused`` for what it does not let pass, and sees a file as it was sent."""
        self._scan = scan
        self._readers = Sealed(bounds, module, MOST)

    def check(self, name: str, content: bytes) -> CheckedFile:
        """See the port."""
        try:
            found = reading.answered(self._readers.work(content))
        except GivenUp as reason:
            log.warning("a file %s", reason)
            raise FileRefused(Trouble.TOO_COSTLY) from None
        except (ValueError, OSError) as error:
            log.error("a file could not be checked: %s", type(error).__name__)
            raise FileRefused(Trouble.DAMAGED) from None
        if isinstance(found, Trouble):
            raise FileRefused(found)
        if self._scan is not None:
            self._scan(content)
        kind, media, kept = found
        return CheckedFile(clean_name(name, media), kind, media, kept)

    def close(self) -> None:
        """End the child processes."""
        self._readers.close()
