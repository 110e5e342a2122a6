"""Fetches web pages for ingestion. What is connected to is what was checked, and everything that comes back has an end."""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urljoin

import httpcore

from ingest.addresses import FetchRefused, Reach, Target

AGENT = "Firstline-Ingest"
REDIRECTS = 5
ATTEMPTS = 3
SECONDS = 20.0
MOVED = frozenset({301, 302, 303, 307, 308})
PIECE = 65_536
_GZIP = 16 + zlib.MAX_WBITS

Resolve = Callable[[str, int], Sequence[str]]
Dial = Callable[[str, int, float], socket.socket]


class FetchFailed(Exception):
    """The page could not be had: the network, the server, or a limit. The message says what, in words for its reader."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered: ``url`` after redirects; ``body`` only with status 200, decoded and within its limit."""

    url: str
    status: int
    kind: str = ""
    body: bytes = b""
    etag: str = ""
    modified: str = ""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """Connect to an address, never to a name."""
    return socket.create_connection((address, port), seconds)


def unpacked(pieces: Iterable[bytes], limit: int) -> bytes:
    """Return the content of a gzip stream.

    Raises:
        FetchFailed: it is damaged, or larger than ``limit`` bytes; no more than that was ever unpacked.
    """
    unpacker, made = zlib.decompressobj(_GZIP), bytearray()
    try:
        for piece in pieces:
            made += unpacker.decompress(piece, limit + 1 - len(made))
            if len(made) > limit:
                raise FetchFailed(f"unpacks to more than {limit:,} bytes")
    except zlib.error as error:
        raise FetchFailed("is not packed as it says") from error
    if not unpacker.eof:
        raise FetchFailed("ended before it was complete")
    return bytes(made)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches within a reach. A host is resolved once for each connection, and the connection goes to an address that was checked.

    No proxy, cookie or credential from the environment is used. ``seconds`` is for one page with all its redirects.
    """

    reach: Reach
    resolve: Resolve = resolve
    dial: Dial = dial
    seconds: float = SECONDS

    def get(self, url: str, kinds: Collection[str], limit: int, etag: str = "", modified: str = "") -> Page:
        """Return the page at an address; 304 when it is still the one with that ``etag`` or ``modified``.

        Only the content types in ``kinds`` are read, and at most ``limit`` bytes, packed or not.

        Raises:
            FetchRefused: the rules forbid the address or one that it redirects to.
            FetchFailed: the network, the server, a wrong content type, or a limit.
        """
        until = time.monotonic() + self.seconds
        target = self.reach.target(url)
        for _ in range(REDIRECTS + 1):
            asked = _Asked(target, kinds, limit, {"If-None-Match": etag, "If-Modified-Since": modified})
            try:
                page, location = self._once(asked, until)
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
                raise FetchFailed(f"could not be fetched ({type(error).__name__}: {error})") from error
            if not location:
                return page
            target = self._next(target, location)
        raise FetchFailed(f"redirects more than {REDIRECTS} times")

    def _next(self, target: Target, location: str) -> Target:
        try:
            following = self.reach.target(urljoin(target.url, location))
        except ValueError as error:
            raise FetchRefused("redirects to what is no address") from error
        if target.scheme == "https" and following.scheme == "http":
            raise FetchRefused("redirects from https to http")
        return following

    def _once(self, asked: _Asked, until: float) -> tuple[Page, str]:
        """Ask one server once; return its answer, and where it redirects to if it does."""
        backend = _Pinned(self, until)
        pool = httpcore.ConnectionPool(ssl_context=_trust(), max_connections=1, network_backend=backend)
        with pool, pool.stream("GET", asked.target.url, headers=asked.headers()) as answer:
            headers = {name.decode("ascii", "replace").lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status in MOVED and headers.get("location"):
                return Page(asked.target.url, answer.status), headers["location"]
            if answer.status != 200:
                return Page(asked.target.url, answer.status), ""
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind not in asked.kinds:
                raise FetchFailed(f"is {kind or 'of no stated kind'}, which is not read")
            body = _body(answer.iter_stream(), headers, asked.limit)
            return Page(asked.target.url, 200, kind, body, headers.get("etag", ""), headers.get("last-modified", "")), ""


@dataclass(frozen=True, slots=True)
class _Asked:
    target: Target
    kinds: Collection[str]
    limit: int
    known: dict[str, str]

    def headers(self) -> list[tuple[bytes | str, bytes | str]]:
        said: dict[str, str] = {
            "Host": self.target.authority,
            "User-Agent": AGENT,
            "Accept": ", ".join(self.kinds),
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }
        return [(name, value) for name, value in (said | self.known).items() if value]


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _body(pieces: Iterable[bytes], headers: dict[str, str], limit: int) -> bytes:
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise FetchFailed(f"has {int(length):,} bytes, the limit is {limit:,}")
    packed = headers.get("content-encoding", "identity").strip().lower()
    if packed == "gzip":
        return unpacked(pieces, limit)
    if packed not in ("", "identity"):
        raise FetchFailed(f"is packed with {packed[:20]}, which was not asked for")
    made = bytearray()
    for piece in pieces:
        made += piece
        if len(made) > limit:
            raise FetchFailed(f"has more than {limit:,} bytes")
    return bytes(made)


@dataclass(slots=True)
class _Pinned(httpcore.NetworkBackend):
    """Opens connections to checked addresses only. The name stays for the certificate and the Host header."""

    fetcher: Fetcher
    until: float

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        try:
            found = self.fetcher.resolve(host, port)
        except OSError as error:
            raise FetchFailed(f"{host} cannot be found ({error})") from error
        checked = self.fetcher.reach.checked(host, found)
        problem: OSError | None = None
        for address in checked[:ATTEMPTS]:
            try:
                return _Stream(self.fetcher.dial(address, port, _left(self.until)), self.until)
            except OSError as error:
                problem = error
        raise FetchFailed(f"{host} cannot be reached ({problem})")


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise FetchFailed("took too long and was given up")
    return left


@dataclass(slots=True)
class _Stream(httpcore.NetworkStream):
    """A connection that ends at a moment, however slowly the other side speaks."""

    connection: socket.socket
    until: float

    def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        self.connection.settimeout(_left(self.until))
        return self.connection.recv(min(max_bytes, PIECE))

    def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        self.connection.settimeout(_left(self.until))
        self.connection.sendall(buffer)

    def close(self) -> None:
        self.connection.close()

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.connection.settimeout(_left(self.until))
        try:
            return _Stream(ssl_context.wrap_socket(self.connection, server_hostname=server_hostname), self.until)
        except BaseException:
            self.close()
            raise

    def get_extra_info(self, *_: Any) -> None:
        return None
