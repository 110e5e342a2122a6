"""A web site on this host that a fetcher takes for one on the public network."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ingest.addresses import Reach
from ingest.fetch import Fetcher

HOST, PUBLIC = "help.example.org", "93.184.216.34"


@dataclass
class Stored:
    """What is at a path: its answer, or bytes to send with pauses between them."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0


@dataclass
class Website:
    """Pages by path, requests as they came, and the network between: names, and every address that was connected to."""

    port: int
    pages: dict[str, Stored] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    names: dict[str, list[list[str]]] = field(default_factory=lambda: {HOST: [[PUBLIC]]})
    resolved: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def put(self, path: str, text: str, kind: str = "text/html", **headers: str) -> None:
        """Put a page; its ETag is its text."""
        self.pages[path] = Stored(text.encode(), headers={"Content-Type": kind, "ETag": f'"{hash(text)}"'} | headers)

    def map(self, *urls: str, path: str = "/sitemap.xml", root: str = "urlset", packed: bool = False) -> None:
        """Put a sitemap."""
        entry = "sitemap" if root == "sitemapindex" else "url"
        text = f"<?xml version='1.0'?><{root} xmlns='x'>{''.join(f'<{entry}><loc>{url}</loc></{entry}>' for url in urls)}</{root}>".encode()
        self.pages[path] = Stored(
            gzip.compress(text) if packed else text, headers={"Content-Type": "application/gzip" if packed else "application/xml"}
        )

    def resolve(self, host: str, _port: int) -> list[str]:
        """Give the next answer for a name; the last one stays."""
        self.resolved.append(host)
        answers = self.names.get(host)
        if not answers:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def dial(self, address: str, _port: int, seconds: float) -> socket.socket:
        """Connect to this site for the public address, to nothing for any other."""
        self.connected.append(address)
        if address != PUBLIC:
            raise OSError("nobody is there")
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def fetcher(self, *hosts: str, seconds: float = 5.0) -> Fetcher:
        """Return a fetcher for this network."""
        return Fetcher(Reach.of(hosts or (HOST,)), self.resolve, self.dial, seconds)

    def paths(self) -> list[str]:
        """Return the paths that were asked for, and forget them."""
        seen = [path for _, path, _ in self.asked]
        self.asked.clear()
        return seen


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page = self._page()
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in page.headers and page.status != 304:
            self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self._send(page)

    def _page(self) -> Stored:
        site: Website = self.server.site  # type: ignore[attr-defined]
        site.asked.append((self.headers["Host"], self.path, dict(self.headers)))
        page = site.pages.get(self.path, Stored(b"nothing here", 404, {"Content-Type": "text/html"}))
        known = page.headers.get("ETag")
        return Stored(status=304) if known and self.headers.get("If-None-Match") == known else page

    def _send(self, page: Stored) -> None:
        if not page.drip_seconds:
            self.wfile.write(page.body)
            return
        for place in range(len(page.body)):
            self.wfile.write(page.body[place : place + 1])
            self.wfile.flush()
            time.sleep(page.drip_seconds)

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@contextlib.contextmanager
def website() -> Iterator[Website]:
    """Serve a site on this host inside the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    site = Website(server.server_port)
    server.site = site  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
