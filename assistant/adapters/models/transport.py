"""The way to an OpenAI-compatible server: our headers only, a limit on time and size, and a reply in the one form that LangChain reads well."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import httpcore
import httpx

from assistant.adapters.models.clocked import CALL, ClockedBackend
from assistant.adapters.models.tidying import tidied
from assistant.ports.chat import ChatFailed, Trouble

if TYPE_CHECKING:
    import ssl

PIECE = 65_536
ERROR_LIMIT = 100_000
CONNECTIONS = 64
IDLE_SECONDS = 30.0
SENT = frozenset({"host", "content-type", "content-length", "transfer-encoding", "connection", "accept"})
"""Headers of the OpenAI client that are passed on. Others tell of this machine, or come from its environment."""


class ChatTransport(httpx.BaseTransport):
    """Sends requests with exactly the key and the headers that were configured, and returns replies as tidied event streams.

    Proxies, keys and headers in the environment have no effect; redirects are not followed. A reply is unpacked here (gzip or deflate)
    in pieces of 64 KiB.
    """

    def __init__(self, trust: ssl.SSLContext, headers: Mapping[str, str], proxy: str = "") -> None:
        """Keep connections for later calls. ``headers`` hold the credentials."""
        self._headers = {"User-Agent": "Firstline", "Accept-Encoding": "identity", **headers}
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            proxy=_proxy(proxy) if proxy else None,
            max_connections=CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=ClockedBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response, whose body is read as it arrives.

        Raises:
            httpx.TransportError: no response came.
        """
        kept = [(name, value) for name, value in request.headers.raw if name.decode().lower() in SENT]
        ours = [(name.encode("ascii"), value.encode("utf-8")) for name, value in self._headers.items()]
        url = httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path)
        try:
            response = self._pool.handle_request(
                httpcore.Request(request.method, url, headers=kept + ours, content=request.stream, extensions=_timeouts())
            )
        except httpcore.TimeoutException as error:
            raise httpx.ReadTimeout(type(error).__name__) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol, OSError) as error:
            raise httpx.ConnectError(type(error).__name__) from None
        headers = httpx.Headers(response.headers)
        body = _Body(response, headers.pop("content-encoding", "").strip().lower())
        headers.pop("content-length", None)
        return httpx.Response(response.status, headers=headers, stream=body)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _proxy(url: str) -> httpcore.Proxy:
    """Return a proxy; a user and a password in its URL are sent to it alone."""
    read = httpx.Proxy(url)
    return httpcore.Proxy(str(read.url), auth=read.raw_auth)


def _timeouts() -> dict[str, dict[str, float]]:
    call = CALL.get(None)
    return {"timeout": {"pool": max(call.left, 0.001)}} if call else {}


class _Body(httpx.SyncByteStream):
    """The body of a reply, tidied; the body of an error as it is, but not longer than it has to be."""

    def __init__(self, response: httpcore.Response, encoding: str) -> None:
        self._response, self._encoding = response, encoding

    def __iter__(self) -> Iterator[bytes]:
        pieces = _unpacked(_arriving(self._response), self._encoding)
        if not 200 <= self._response.status < 300:
            yield from _beginning(pieces)
            return
        call = CALL.get(None)
        if call:
            call.answered = True
        yield from tidied(pieces, call)

    def close(self) -> None:
        self._response.close()


def _arriving(response: httpcore.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_stream()
    except httpcore.TimeoutException:
        raise ChatFailed(Trouble.TIMEOUT, "in the middle of the reply") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        raise ChatFailed(Trouble.BROKEN_STREAM, type(error).__name__) from None


def _beginning(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the beginning of an error; how it ends is no matter."""
    length = 0
    try:
        for piece in pieces:
            yield piece
            length += len(piece)
            if length > ERROR_LIMIT:
                return
    except ChatFailed:
        return


def _unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise ChatFailed(Trouble.BROKEN_STREAM, "packed in a way that was not asked for")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                yield unpacking.decompress(rest, PIECE)
                rest = unpacking.unconsumed_tail
        yield unpacking.flush(PIECE)
    except zlib.error:
        raise ChatFailed(Trouble.BROKEN_STREAM, "cannot be unpacked") from None
    if not unpacking.eof:
        raise ChatFailed(Trouble.BROKEN_STREAM, "packed, and not whole")
