"""Log lines: secrets leave messages, arguments and tracebacks; without words, exceptions keep their type only."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from assistant.governance.logs import FORM, RedactingFormatter, redact_logs


@pytest.fixture
def written() -> Iterator[tuple[logging.Logger, io.StringIO, logging.Handler]]:
    """A logger of its own with a redacting handler, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(FORM))
    logger = logging.Logger("somebody.else")
    logger.addHandler(handler)
    yield logger, stream, handler


SECRET, PLAIN = "Orchid#22", "an ordinary remark"


def fail(words: str) -> None:
    raise ValueError(f"cannot read: my password is {words}")


def test_messages_arguments_and_tracebacks_lose_their_secrets(written: tuple[logging.Logger, io.StringIO, logging.Handler]) -> None:
    logger, stream, _ = written
    logger.warning("user said %s and wrote to %s", "my password is Orchid#22", "anna.berg@home.example")
    try:
        fail(SECRET)
    except ValueError:
        logger.exception("turn failed")
    text = stream.getvalue()
    assert "Orchid" not in text
    assert "anna.berg" not in text
    assert "ValueError: cannot read: my password is [secret]" in text
    assert "WARNING somebody.else user said" in text


def test_without_words_only_the_type_of_an_exception_is_written(written: tuple[logging.Logger, io.StringIO, logging.Handler]) -> None:
    logger, stream, handler = written
    handler.setFormatter(RedactingFormatter(FORM, words=False))
    try:
        fail(PLAIN)
    except ValueError:
        logger.exception("turn failed")
    text = stream.getvalue()
    assert PLAIN not in text
    assert text.rstrip().endswith("ValueError")
    assert "in fail" in text, "where it happened stays"


def test_a_line_that_cannot_be_formatted_is_left_out_and_said_so(written: tuple[logging.Logger, io.StringIO, logging.Handler]) -> None:
    logger, stream, _ = written
    logger.warning("two %s %s", "my password is Orchid#22")
    assert "Orchid" not in stream.getvalue()
    assert "was left out" in stream.getvalue()


def test_the_handlers_of_the_process_are_made_to_redact() -> None:
    handler, root, before = logging.StreamHandler(io.StringIO()), logging.getLogger(), logging.lastResort
    assert before is not None
    kept = {one: one.formatter for one in (*root.handlers, before)}
    root.addHandler(handler)
    try:
        redact_logs()
        assert all(isinstance(one.formatter, RedactingFormatter) for one in (*root.handlers, before))
    finally:
        root.removeHandler(handler)
        for one, formatter in kept.items():
            one.setFormatter(formatter)
