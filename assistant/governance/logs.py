"""Log lines without secrets and without personal numbers, tracebacks included."""

from __future__ import annotations

import logging

from assistant.governance.redaction import redact

FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class RedactingFormatter(logging.Formatter):
    """Formats a record as a whole, with its traceback and stack, and redacts what came of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the redacted line or lines; a record that cannot be formatted or redacted is replaced by a line that says so."""
        try:
            return redact(super().format(record))
        except Exception as error:  # a line that could not be made safe must not be written as it is
            return f"a line of {record.name} was left out: {type(error).__name__}"


def redact_logs() -> None:
    """Redact what the handlers of this process write, whichever library it comes from; also where no handler was configured."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter(FORM))
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(RedactingFormatter())
