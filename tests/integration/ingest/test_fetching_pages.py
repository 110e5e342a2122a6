"""Fetching pages: what is connected to was checked, and everything that comes back has an end."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest import fetch
from ingest.addresses import FetchRefused
from ingest.fetch import FetchFailed
from tests.support.website import HOST, PUBLIC, Stored, Website, website

HTML, LIMIT = {"text/html"}, 10_000
URL = f"http://{HOST}/page"


@pytest.fixture
def site() -> Iterator[Website]:
    with website() as made:
        yield made


def test_a_page_comes_with_what_it_is_recognised_by(site: Website) -> None:
    site.put("/page", "<p>Hello</p>", **{"Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT"})
    page = site.fetcher().get(URL, HTML, LIMIT)
    assert (page.status, page.kind, page.body, page.url) == (200, "text/html", b"<p>Hello</p>", URL)
    again = site.fetcher().get(URL, HTML, LIMIT, page.etag, page.modified)
    assert (again.status, again.body) == (304, b"")
    host, _, headers = site.asked[-1]
    assert host == HOST
    assert headers["If-Modified-Since"] == "Mon, 01 Jun 2026 00:00:00 GMT"
    assert "Cookie" not in headers and "Authorization" not in headers


def test_a_name_that_changes_its_answer_is_held_to_the_first_for_one_page(site: Website) -> None:
    site.put("/page", "ok")
    site.names[HOST] = [[PUBLIC], ["127.0.0.1"]]
    assert site.fetcher().get(URL, HTML, LIMIT).status == 200
    assert (site.resolved, site.connected) == ([HOST], [PUBLIC])
    with pytest.raises(FetchRefused, match="127.0.0.1, which is not a public address"):
        site.fetcher().get(URL, HTML, LIMIT)
    assert site.connected == [PUBLIC]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//evil.example/x",
        "file:///etc/passwd",
        "http://[host]:[port]/",
        "ftp://x.example/",
    ],
)
def test_a_redirect_out_of_the_rules_is_refused_before_any_connection(site: Website, location: str) -> None:
    site.pages["/page"] = Stored(status=302, headers={"Location": location})
    with pytest.raises(FetchRefused):
        site.fetcher().get(URL, HTML, LIMIT)
    assert site.connected == [PUBLIC]


def test_each_redirect_is_resolved_and_checked_again_and_the_sixth_is_too_many(site: Website) -> None:
    for number in range(9):
        site.pages[f"/{number}"] = Stored(status=301, headers={"Location": f"/{number + 1}"})
    site.put("/5", "arrived")
    page = site.fetcher().get(f"http://{HOST}/0", HTML, LIMIT)
    assert (page.url, page.body) == (f"http://{HOST}/5", b"arrived")
    assert len(site.resolved) == len(site.connected) == 6
    site.pages["/5"] = Stored(status=301, headers={"Location": "/6"})
    with pytest.raises(FetchFailed, match="more than 5 times"):
        site.fetcher().get(f"http://{HOST}/0", HTML, LIMIT)


def test_a_redirect_to_a_name_that_leads_inside_is_refused(site: Website) -> None:
    site.names["wiki.example.org"] = [["10.0.0.5"]]
    site.pages["/page"] = Stored(status=302, headers={"Location": "http://wiki.example.org/"})
    with pytest.raises(FetchRefused, match="10.0.0.5"):
        site.fetcher(HOST, "wiki.example.org").get(URL, HTML, LIMIT)
    assert site.connected == [PUBLIC]


BOMB = gzip.compress(b"\0" * 20_000_000)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (Stored(b"x" * (LIMIT + 1), headers={"Content-Type": "text/html"}), "10,001 bytes"),
        (Stored(BOMB, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}), "unpacks to more|has 19"),
        (Stored(BOMB[:9_000], headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}), "unpacks to more than 10,000"),
        (Stored(gzip.compress(b"cut off")[:-9], headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}), "ended before"),
        (Stored(b"not packed", headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}), "not packed as it says"),
        (Stored(b"x", headers={"Content-Type": "text/html", "Content-Encoding": "br"}), "packed with br"),
        (Stored(b"\x89PNG", headers={"Content-Type": "image/png"}), "image/png"),
        (Stored(b"x"), "no stated kind"),
        (Stored(b"abc", headers={"Content-Type": "text/html", "Content-Length": "900"}), "could not be fetched"),
    ],
)
def test_what_is_too_large_or_not_what_it_says_is_not_read(site: Website, page: Stored, reason: str) -> None:
    site.pages["/page"] = page
    with pytest.raises(FetchFailed, match=reason):
        site.fetcher(seconds=1.0).get(URL, HTML, LIMIT)


def test_a_packed_page_is_unpacked(site: Website) -> None:
    site.pages["/page"] = Stored(gzip.compress(b"a" * LIMIT), headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})
    assert site.fetcher().get(URL, HTML, LIMIT).body == b"a" * LIMIT


def test_a_server_that_speaks_slowly_is_given_up_in_time(site: Website) -> None:
    site.pages["/page"] = Stored(b"x" * 200, headers={"Content-Type": "text/html"}, drip_seconds=0.05)
    began = time.monotonic()
    with pytest.raises(FetchFailed):
        site.fetcher(seconds=0.5).get(URL, HTML, LIMIT)
    assert time.monotonic() - began < 3


def test_a_server_that_never_ends_its_headers_is_given_up_in_time() -> None:
    def endless(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(100):
                    connection.sendall(b"X: y\r\n")
                    time.sleep(0.05)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=endless, args=(listener,), daemon=True).start()
        site = Website(listener.getsockname()[1])
        began = time.monotonic()
        with pytest.raises(FetchFailed):
            site.fetcher(seconds=0.5).get(URL, HTML, LIMIT)
        assert time.monotonic() - began < 3


def test_no_proxy_of_the_environment_is_used(site: Website, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    site.put("/page", "direct")
    assert site.fetcher().get(URL, HTML, LIMIT).body == b"direct"


def test_a_host_that_cannot_be_found_or_reached_is_said_to_be_so(site: Website) -> None:
    with pytest.raises(FetchFailed, match="cannot be found"):
        site.fetcher("gone.example.org").get("http://gone.example.org/", HTML, LIMIT)
    site.names[HOST] = [["1.1.1.1", "1.0.0.1"]]
    with pytest.raises(FetchFailed, match="cannot be reached"):
        site.fetcher().get(URL, HTML, LIMIT)
    assert site.connected == ["1.1.1.1", "1.0.0.1"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for the site's name, and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    made, key = tmp_path / "site.pem", tmp_path / "key.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        f"/CN={HOST}",
        "-addext",
        f"subjectAltName=DNS:{HOST}",
    ]
    subprocess.run([*command, "-keyout", key, "-out", made], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made


@pytest.mark.parametrize(("asked", "good"), [(HOST, True), ("other.example.org", False)])
def test_the_name_stays_for_the_certificate_though_the_connection_goes_to_an_address(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, asked: str, good: bool
) -> None:
    names: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    server.set_servername_callback(lambda _socket, name, _context: names.append(name))

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        try:
            with server.wrap_socket(connection, server_side=True) as secure:
                secure.recv(65_536)
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nsecret")
        except OSError:
            return

    trust = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(fetch, "_trust", lambda: trust)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        site = Website(listener.getsockname()[1], names={asked: [[PUBLIC]]})
        fetcher = site.fetcher(asked)
        if good:
            assert fetcher.get(f"https://{asked}/", HTML, LIMIT).body == b"secret"
        else:
            with pytest.raises(FetchFailed, match="certificate verify failed|Hostname mismatch"):
                fetcher.get(f"https://{asked}/", HTML, LIMIT)
    assert names == [asked]
