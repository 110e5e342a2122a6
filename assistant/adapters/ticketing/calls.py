"""Calls to a ticketing system over HTTP, and what each way in which they can end means for what may be done next."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from assistant.ports.outside import Refused, Unavailable, Uncertain

ANSWER_LIMIT = 20_000_000
WORDS_LIMIT = 200
NOTHING_DONE = frozenset({408, 425, 429, 503})
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.ProxyError)
KEY = re.compile(r"[A-Za-z0-9_.:@-]{1,120}")


class NotThere(Refused):
    """The system does not have what was asked for, or does not show it to our account."""


class Stale(Refused):
    """What was to be changed has changed meanwhile; nothing was done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A call that went well."""

    body: Any
    headers: Mapping[str, str]


def is_number(ticket_id: str) -> bool:
    """Say whether this can be the number of a ticket; anything else never gets into an address or a query."""
    return ticket_id.isascii() and ticket_id.isdigit()


def checked_key(key: str) -> str:
    """Return a key that may stand in a query of any system.

    Raises:
        ValueError: it holds other characters than letters, digits and ``_.:@-``, or more than 120.
    """
    if not KEY.fullmatch(key):
        raise ValueError("a key has 1 to 120 letters, digits and _.:@-")
    return key


class DeskCalls:
    """Makes calls as our account. Redirects are never followed: the credentials would go along.

    Every call uses a connection of its own. A kept one that the other side has closed meanwhile cannot be told from an answer
    that was lost, and would make an uncertain outcome of a call that never arrived.
    """

    def __init__(self, system: str, url: str, headers: Mapping[str, str], timeout_seconds: float) -> None:
        """Call the system at a URL with these headers, which hold the credentials; each step of a call may take ``timeout_seconds``."""
        self._system = system
        self._client = httpx.Client(
            base_url=f"{url.rstrip('/')}/",
            headers={**headers, "Accept": "application/json"},
            timeout=timeout_seconds,
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    def ask(self, path: str, **parameters: str | int) -> Answer:
        """Read something; whatever goes wrong, nothing was changed.

        Raises:
            NotThere: there is no such thing.
            Refused: the system said no.
            Unavailable: it gave no answer that can be used.
        """
        return self._call("GET", path, None, {}, parameters, repeatable=True)

    def tell(self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None, *, repeatable: bool = False) -> Answer:
        """Change something. ``repeatable`` says that the same call again changes nothing more, so that its outcome need not be known.

        Raises:
            NotThere: there is no such thing.
            Stale: it was changed by somebody else meanwhile.
            Refused: the system said no.
            Unavailable: nothing was changed, or the call is repeatable.
            Uncertain: it may have been changed.
        """
        return self._call(method, path, body, headers or {}, {}, repeatable=repeatable)

    def leave(self, path: str, content: bytes, media: str, **parameters: str) -> Answer:
        """Leave a file there, which is nobody's until another call names it; so the call may be made again.

        Raises:
            Refused: the system said no.
            Unavailable: it gave no answer that can be used.
        """
        return self._call("POST", path, content, {"Content-Type": media}, parameters, repeatable=True)

    def _call(
        self, method: str, path: str, body: object, headers: Mapping[str, str], parameters: Mapping[str, str | int], *, repeatable: bool
    ) -> Answer:
        given: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        try:
            with self._client.stream(method, path, params=dict(parameters) or None, headers=dict(headers), **given) as response:
                content = self._read(response)
        except NEVER_SENT as error:
            raise Unavailable(f"{self._system} cannot be reached ({type(error).__name__})") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise self._lost(f"{self._system} gave no answer ({type(error).__name__})", repeatable) from None
        if not response.is_success:
            raise self._failure(response, content, repeatable)
        try:
            return Answer(json.loads(content) if content else None, response.headers)
        except ValueError:
            raise self._lost(f"{self._system} answered {response.status_code} with something that is not JSON", repeatable) from None

    @staticmethod
    def _read(response: httpx.Response) -> bytes:
        content = b""
        for part in response.iter_bytes():
            content += part
            if len(content) > ANSWER_LIMIT:
                raise httpx.StreamError("the answer is too long")
        return content

    @staticmethod
    def _lost(why: str, repeatable: bool) -> Exception:
        return Unavailable(why) if repeatable else Uncertain(why)

    def _failure(self, response: httpx.Response, content: bytes, repeatable: bool) -> Exception:
        status = response.status_code
        if status in NOTHING_DONE:
            return Unavailable(f"{self._system} has no time for us now ({status})", retry_after(response.headers))
        if status >= 500:
            return self._lost(f"{self._system} failed ({status})", repeatable)
        if status < 400:
            return Refused(f"{self._system} answered {status} and wants us elsewhere; check its address")
        if status == 401:
            return Refused(f"{self._system} does not accept our credentials")
        kinds = {404: NotThere, 409: Stale, 412: Stale}
        return kinds.get(status, Refused)(f"{self._system} refused ({status}): {_words(content)}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which the system wants to be asked again, None when it does not say so."""
    value = headers.get("retry-after", "")
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _words(content: bytes) -> str:
    """Return what the system said about a refusal, for the log and for agents."""
    try:
        body = json.loads(content)
    except ValueError:
        return "without a reason that can be read"
    said = body.get("message") or body.get("description") or body.get("error") if isinstance(body, dict) else body
    words = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return " ".join(words.split())[:WORDS_LIMIT]
