"""Log lines without secrets and without personal numbers, tracebacks included."""

from __future__ import annotations

import logging
import traceback
from copy import copy
from typing import Any

from assistant.governance.redaction import redact

FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class RedactingFormatter(logging.Formatter):
    """Formats a record as a whole, with its traceback and stack, and redacts what came of it."""

    def __init__(self, form: str | None = None, words: bool = True) -> None:
        """Format lines like ``form``; without ``words``, of an exception only its type and the places in the code stay."""
        super().__init__(form)
        self._words = words

    def format(self, record: logging.LogRecord) -> str:
        """Return the redacted line or lines; a record that cannot be formatted or redacted is replaced by a line that says so."""
        try:
            if not self._words:
                record = copy(record)
                record.exc_text = None
            return redact(super().format(record))
        except Exception as error:  # a line that could not be made safe must not be written as it is
            return f"a line of {record.name} was left out: {type(error).__name__}"

    def formatException(self, ei: Any) -> str:
        """Return a traceback; without words, the message of the exception, which may repeat what somebody wrote, is left out."""
        if self._words:
            return super().formatException(ei)
        return "".join([*traceback.format_tb(ei[2]), ei[0].__name__])


def redact_logs(words: bool = True) -> None:
    """Redact what the handlers of this process write, whichever library it comes from; also where no handler was configured."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter(FORM, words))
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(RedactingFormatter(None, words))
