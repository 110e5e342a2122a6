"""Asks the page fetcher for forbidden addresses in every way they can reach it, and watches every connection that it makes."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from evals.security.outcome import Outcome, Verdict
from ingest.addresses import FetchRefused, Reach
from ingest.fetch import Fetcher, FetchFailed

KIND = "ssrf_url"
DRAWN = "drawn_address"
FRONT, PUBLIC, PRIVATE = "help.corp.example", "93.184.216.34", "10.0.0.5"
SHIPPED = frozenset({FRONT, "kb.corp.example"})
KINDS = {"text/html"}
LIMIT = 100_000
SECONDS = 5.0
SPECIAL = """
0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48
100::/64 2001::/32 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fd00:ec2::/32 fe80::/10 fec0::/10 ff00::/8
"""
"""What is not the public network, from the registries of special-purpose addresses; kept apart from the fetcher's own rules."""
_NETWORKS = tuple(ip_network(written) for written in SPECIAL.split())
_HOST = re.compile(r"^[a-z][a-z0-9+.:-]*?//(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#\\]*)(:\d+)?", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def special(written: str) -> bool:
    """Say whether a connection to this address would leave the public network; a name counts as one that does."""
    try:
        address = ip_address(written.partition("%")[0])
    except ValueError:
        return True
    return any(address.version == network.version and address in network for network in _NETWORKS)


@dataclass
class Spy:
    """A network of one public server: what each name resolves to is set by the test, what is connected to is kept."""

    port: int
    answers: dict[str, list[str]] = field(default_factory=dict)
    otherwise: str = PRIVATE
    connected: list[str] = field(default_factory=list)

    def resolve(self, host: str, _port: int) -> list[str]:
        """Give a name's next answer; the last one stays."""
        given = self.answers.get(host, [self.otherwise])
        return [given.pop(0) if len(given) > 1 else given[0]]

    def dial(self, address: str, port: int, seconds: float) -> socket.socket:
        """Connect to the stand-in for a public address; keep and refuse every other. A name is resolved once more, as a system would."""
        try:
            ip_address(address)
        except ValueError:
            (address,) = self.resolve(address, port)
        self.connected.append(address)
        if special(address):
            raise OSError("nobody is there")
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def trespasses(self) -> list[str]:
        """Return the addresses outside the public network that were connected to."""
        return [address for address in self.connected if special(address)]


@dataclass
class _Front:
    """The public server: it redirects its start page to wherever the row leads, and has no other page but one."""

    listener: socket.socket
    location: str = ""

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(SECONDS)
                try:
                    asked = connection.recv(65_536)
                    connection.sendall(self._answer(asked))
                except OSError:
                    continue

    def _answer(self, asked: bytes) -> bytes:
        if asked.startswith(b"GET /start "):
            where = re.sub(r"[\r\n]", "", self.location).encode("utf-8", "replace")
            return b"HTTP/1.1 302 Found\r\nLocation: " + where + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        if asked.startswith(b"GET /page "):
            return _ANSWER
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Watch:
    """Sees every connection and every look-up of this process while it is on, whoever makes it."""

    def __init__(self) -> None:
        self.allowed: int | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.allowed is None or event not in ("socket.connect", "socket.getaddrinfo"):
            return
        if event == "socket.connect" and arguments[1][:2] == ("127.0.0.1", self.allowed):
            return
        if event == "socket.getaddrinfo" and arguments[0] == "127.0.0.1":
            return
        self.seen.append(f"{event} {arguments[1] if event == 'socket.connect' else arguments[0]}")


_WATCHES: list[_Watch] = []
"""The one watch of this process: an audit hook cannot be taken away again."""


@contextlib.contextmanager
def _stage() -> Iterator[tuple[_Front, int, _Watch]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        front = _Front(listener)
        thread = threading.Thread(target=front.serve, daemon=True)
        thread.start()
        if not _WATCHES:
            _WATCHES.append(_Watch())
        watch, port = _WATCHES[0], listener.getsockname()[1]
        watch.allowed, watch.seen = port, []
        try:
            yield front, port, watch
        finally:
            watch.allowed = None
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(SECONDS)


def run(rows: Sequence[dict[str, Any]], draws: int = 0, seed: int = 1) -> list[Outcome]:
    """Play the rows of kind ``ssrf_url`` in four ways each, and ``draws`` random special-purpose addresses in one way each.

    Ways: as the shipped rules have it; with the host allowed by mistake and leading to a private address; as the target
    of a redirect from an allowed page; as the second answer for an allowed name. A row passes when no page came of it
    and nothing but public addresses was connected to.
    """
    outcomes = []
    with _stage() as (front, port, watch):
        for row in rows:
            if row.get("kind") == KIND:
                outcomes.append(_row(row, front, port))
        draw = random.Random(seed)
        outcomes += [_drawn(number, draw, front, port) for number in range(draws)]
        if watch.seen:
            outcomes.append(Outcome("the whole run", KIND, Verdict.FAILED, "no other connection", watch.seen[0], f"{len(watch.seen)} in all"))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Attack:
    """One forbidden address, and the private address that names lead to."""

    url: str
    private: str
    front: _Front
    port: int

    def shipped(self) -> str:
        """Ask for it directly, with the rules as an installation has them."""
        return self._tried(SHIPPED, self.url, {})

    def allowed_by_mistake(self) -> str:
        """Ask for it directly, its host allowed."""
        return self._tried(SHIPPED | _named(self.url), self.url, {})

    def redirected(self) -> str:
        """Ask for a public page that redirects there, its host allowed."""
        self.front.location = self.url
        return self._tried(SHIPPED | _named(self.url), f"http://{FRONT}/start", {FRONT: [PUBLIC]})

    def rebound(self) -> str:
        """Ask twice for a public page whose name leads to the private address from the second answer on."""
        spy = Spy(self.port, {FRONT: [PUBLIC, self.private]}, self.private)
        fetcher = Fetcher(Reach.of(SHIPPED), spy.resolve, spy.dial, SECONDS)
        try:
            fetcher.get(f"http://{FRONT}/page", KINDS, LIMIT)
        except (FetchRefused, FetchFailed) as refused:
            return f"connected to {spy.trespasses()[0]}" if spy.trespasses() else f"the public page was refused: {refused}"
        return _tried(spy, SHIPPED, f"http://{FRONT}/page")

    def _tried(self, hosts: frozenset[str], url: str, answers: dict[str, list[str]]) -> str:
        return _tried(Spy(self.port, answers, self.private), hosts, url)


_WAYS = (_Attack.shipped, _Attack.allowed_by_mistake, _Attack.redirected, _Attack.rebound)


def _row(row: dict[str, Any], front: _Front, port: int) -> Outcome:
    url = str(row["payload"])
    attack = _Attack(url, _literal(url) or PRIVATE, front, port)
    faults = [f"{way.__name__}: {fault}" for way in _WAYS if (fault := way(attack))]
    verdict = Verdict.FAILED if faults else Verdict.PASSED
    return Outcome(str(row["id"]), KIND, verdict, "no page, no private connection", "; ".join(faults), tries=len(_WAYS))


def _tried(spy: Spy, hosts: frozenset[str], url: str) -> str:
    """Fetch and return what went wrong, empty when it was refused."""
    fetcher = Fetcher(Reach.of(hosts), spy.resolve, spy.dial, SECONDS)
    try:
        page = fetcher.get(url, KINDS, LIMIT)
        got = f"got a page with status {page.status}" if page.status == 200 else ""
    except (FetchRefused, FetchFailed):
        got = ""
    trespassed = spy.trespasses()
    return f"connected to {trespassed[0]}" if trespassed else got


def _named(url: str) -> frozenset[str]:
    """Return host and host:port as somebody might copy them from the address into the list of allowed hosts."""
    found = _HOST.match(url)
    return frozenset({found[1].lower(), f"{found[1]}{found[2] or ''}".lower()}) if found else frozenset()


def _literal(url: str) -> str:
    """Return the address that a host means when a system reads it as one, in whatever spelling; empty for a name."""
    found = _HOST.match(url)
    host = found[1].strip("[]") if found else ""
    with contextlib.suppress(ValueError):
        return str(ip_address(host.partition("%")[0]))
    with contextlib.suppress(OSError, ValueError):
        return socket.inet_ntoa(socket.inet_aton(host.partition(" ")[0]))
    return ""


def _drawn(number: int, draw: random.Random, front: _Front, port: int) -> Outcome:
    network = draw.choice(_NETWORKS)
    address = str(network[draw.randrange(network.num_addresses)])
    host = f"[{address}]" if ":" in address else address
    url = draw.choice((f"http://intranet{number}.corp.example/", f"http://{host}/"))
    way = draw.choice(_WAYS)
    fault = way(_Attack(url, address, front, port))
    return Outcome(f"draw {number}", DRAWN, Verdict.FAILED if fault else Verdict.PASSED, "no private connection", fault)
