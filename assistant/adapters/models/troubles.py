"""What each way in which a call to a model can fail means for the step that made it. No words of a person and no key get into a detail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from assistant.ports.chat import ChatFailed, Trouble

LONGEST_WAIT = 3_600.0
BUSY_WORDS = re.compile(r"rate.?limit|quota|too.?many", re.IGNORECASE)
REFUSED_WORDS = re.compile(r"invalid|content.?filter|policy|auth|permission|not.?found|context.?length", re.IGNORECASE)
TOKEN = re.compile(r"[A-Za-z0-9_.\-]{1,60}")
KINDS = {
    "ModelAuthenticationError": Trouble.REFUSED,
    "ModelPermissionDeniedError": Trouble.REFUSED,
    "ModelInvalidRequestError": Trouble.REFUSED,
    "ModelNotFoundError": Trouble.REFUSED,
    "ContextOverflowError": Trouble.REFUSED,
    "ModelRateLimitError": Trouble.RATE_LIMITED,
    "ModelTimeoutError": Trouble.TIMEOUT,
    "ModelConnectionError": Trouble.UNAVAILABLE,
    "ModelAPIError": Trouble.UNAVAILABLE,
    "TimeoutException": Trouble.TIMEOUT,
    "TimeoutError": Trouble.TIMEOUT,
    "ConnectionError": Trouble.UNAVAILABLE,
    "TransportError": Trouble.UNAVAILABLE,
}
"""By the name of a class among an error's bases, so that no provider's package is imported for it."""


def trouble_of(error: BaseException) -> ChatFailed:
    """Return what an error of LangChain, a provider's package or the transport means; what nobody has foreseen is a broken stream."""
    for one in _chain(error):
        if isinstance(one, ChatFailed):
            return one
    for one in _chain(error):
        status = getattr(one, "status_code", None)
        if isinstance(status, int) and not isinstance(status, bool):
            return _of_status(status, one)
    for one in _chain(error):
        for kind in type(one).__mro__:
            if kind.__name__ in KINDS:
                return ChatFailed(KINDS[kind.__name__], type(error).__name__)
    return ChatFailed(Trouble.BROKEN_STREAM, type(error).__name__)


def told(error: object) -> ChatFailed:
    """Return what an error object inside a stream means."""
    fields: Mapping[str, Any] = error if isinstance(error, dict) else {}
    said = " ".join(str(fields.get(name, "")) for name in ("code", "type", "status"))
    status = next((int(str(fields[name])) for name in ("code", "status") if str(fields.get(name, "")).isdigit()), 0)
    detail = _tokens(fields) or "an error in the stream"
    if status == 429 or BUSY_WORDS.search(said):
        return ChatFailed(Trouble.RATE_LIMITED, detail)
    if 400 <= status < 500 or (not status and REFUSED_WORDS.search(said)):
        return ChatFailed(Trouble.REFUSED, detail)
    return ChatFailed(Trouble.UNAVAILABLE, detail)


def asked_wait(headers: Mapping[str, str]) -> float:
    """Return the seconds after which a server wants to be asked again, at most an hour; 0 when it does not say so."""
    millis, value = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    for given, unit in ((millis, 0.001), (value, 1.0)):
        try:
            seconds = float(given) * unit
        except ValueError:
            continue
        return min(seconds, LONGEST_WAIT) if seconds >= 0 else 0.0
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)


def body_of(error: BaseException) -> str:
    """Return what the server said about a refusal, in lower case, to look for names of parameters in; empty when it said nothing."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        if response is not None:
            try:
                return str(response.text).lower()
            except Exception:  # a response that was not read has no text
                return ""
    return ""


def status_of(error: BaseException) -> int:
    """Return the status with which a server refused, 0 when there is none."""
    found = (getattr(one, "status_code", None) for one in _chain(error))
    return next((status for status in found if isinstance(status, int)), 0)


def _of_status(status: int, error: BaseException) -> ChatFailed:
    fields = getattr(error, "body", None)
    detail = " ".join(word for word in (str(status), _tokens(fields if isinstance(fields, dict) else {})) if word)
    response = getattr(error, "response", None)
    after = asked_wait(getattr(response, "headers", {})) if status in (429, 503, 529) else 0.0
    if status == 429:
        return ChatFailed(Trouble.RATE_LIMITED, detail, after)
    if status in (408, 504):
        return ChatFailed(Trouble.TIMEOUT, detail)
    if status >= 500 or status == 425:
        return ChatFailed(Trouble.UNAVAILABLE, detail, after)
    return ChatFailed(Trouble.REFUSED, detail)


def _tokens(fields: Mapping[str, Any]) -> str:
    """Return the machine's words for an error. Its message may repeat what a person said, or the key."""
    words = (str(fields.get(name) or "") for name in ("type", "code", "param"))
    return " ".join(dict.fromkeys(word for word in words if TOKEN.fullmatch(word)))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
