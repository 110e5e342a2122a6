"""How long the pages of the console take: all of them, found in the application and by following links, each read as somebody who may."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import httpx

BEGIN = "/console"
MOST_PER_PAGE = 2
"""Addresses of one page and set of filters that are timed."""
MOST_ADDRESSES = 160
FOLLOWED = 400
"""Links that are followed at most to find pages."""
WARM = 2
LITTLE = 8.0
"""Milliseconds of processor time: less cannot be told apart."""
PATIENCE, LEAST = 20.0, 3
"""Seconds after which an address is not read again in a round, and how often it is read all the same."""
SLOW = 2.0
"""Seconds after which it is said that a page is slow while pages are looked for."""
NOT_FOR_THEM = (403, 404, 422)
"""Not theirs, gone, or in want of a parameter that links to it bring along."""
Kind = tuple[str, tuple[str, ...]]
NO_PAGES = re.compile(r"/sign-in|/sign-out|/signed-out|/oidc|/callback")
Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Address:
    """One address: the page that answers it, and who read it."""

    path: str
    page: str
    person: str
    export: bool = False
    """It is a file to take away, not a page."""


@dataclass(slots=True)
class Timed:
    """Seconds of each address in each round, and pages that nothing led to. Files to take away are told apart from pages."""

    rounds: list[dict[Address, list[float]]] = field(default_factory=list)
    cpu: dict[Address, float] = field(default_factory=dict)
    """Processor time of the service for one request, in milliseconds: what a busy machine hardly changes."""
    unreached: tuple[str, ...] = ()
    failed: dict[str, int] = field(default_factory=dict)

    def p95_by_page(self, number: int, *, exports: bool = False) -> dict[str, float]:
        """Return the 95th percentile of each page in a round, in milliseconds: of its slowest address."""
        from evals.report import percentile

        found: dict[str, float] = {}
        for address, seconds in self.rounds[number].items():
            if address.export is exports:
                found[address.page] = max(found.get(address.page, 0.0), 1_000 * percentile(seconds, 0.95))
        return found

    def medians(self, *, exports: bool = False) -> dict[str, float]:
        """Return the median over rounds of each page's 95th percentile, in milliseconds."""
        rows = [self.p95_by_page(number, exports=exports) for number in range(len(self.rounds))]
        return {page: sorted(row.get(page, 0.0) for row in rows)[len(rows) // 2] for page in rows[0]}

    def effort(self) -> dict[str, float]:
        """Return the processor time of one request of each page, in milliseconds: of its dearest address."""
        found: dict[str, float] = {}
        for address, spent in self.cpu.items():
            if not address.export:
                found[address.page] = max(found.get(address.page, 0.0), spent)
        return found

    def grown(self, before: Timed) -> dict[str, float]:
        """Return by how much the effort of each page grew; less than ``LITTLE`` is as good as that."""
        was = before.effort()
        return {page: max(spent, LITTLE) / max(was[page], LITTLE) for page, spent in self.effort().items() if page in was}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what leads to another page."""
        for name, value in attrs:
            if value and ((tag == "a" and name == "href") or name == "hx-get"):
                self.found.append(value)


def links(html: str, base: str) -> list[str]:
    """Return the addresses of the console that a page leads to, without anchors."""
    parser = _Links()
    parser.feed(html)
    found = []
    for link in parser.found:
        parts = urlsplit(link)
        path = parts.path or (base if parts.query else "")
        if not parts.netloc and path.startswith(BEGIN) and not NO_PAGES.search(path):
            found.append(f"{path}?{parts.query}" if parts.query else path)
    return list(dict.fromkeys(found))


@dataclass(slots=True)
class Reader:
    """Somebody who is signed in to the console of a running service."""

    client: httpx.Client
    person: str

    def get(self, path: str) -> Any:
        """Return the answer."""
        return self.client.get(path)


@contextmanager
def signed_in(url: str, people: Sequence[str]) -> Iterator[list[Reader]]:
    """Sign people in as the demo does, and yield a reader for each whom the console takes."""
    import httpx

    readers = []
    try:
        for person in people:
            client = httpx.Client(base_url=url, timeout=120, trust_env=False, follow_redirects=False)
            answer = client.post("/console/sign-in", data={"person": person}, headers={"Origin": url})
            if answer.status_code == 303:
                readers.append(Reader(client, person))
            else:
                client.close()
        yield readers
    finally:
        for reader in readers:
            reader.client.close()


def pages_of_the_console() -> dict[str, re.Pattern[str]]:
    """Return the console's pages by their path, with what matches their addresses, as the application has them."""
    from assistant.entrypoints.web.app import PARTS

    routes = [route for part in PARTS for route in part.router.routes]
    found = {}
    for route in routes:
        path = getattr(route, "path", "")
        if path.startswith(BEGIN) and "GET" in (getattr(route, "methods", None) or ()) and not NO_PAGES.search(path):
            found[path] = route.path_regex
    return found


def page_of(path: str, pages: dict[str, re.Pattern[str]]) -> str:
    """Return the page that answers an address, the most exact one; "" when there is none."""
    plain = urlsplit(path).path
    fitting = [page for page, pattern in pages.items() if pattern.match(plain)]
    return min(fitting, key=lambda page: page.count("{"), default="")


def _is_html(answer: Any) -> bool:
    return "text/html" in answer.headers.get("content-type", "") and "attachment" not in answer.headers.get("content-disposition", "")


def kind_of(path: str, pages: dict[str, re.Pattern[str]]) -> Kind:
    """Return the page that answers an address, and by what it is filtered."""
    return page_of(path, pages), tuple(sorted(name for name, _ in parse_qsl(urlsplit(path).query, keep_blank_values=True)))


def _few(found: Sequence[str], pages: dict[str, re.Pattern[str]]) -> list[str]:
    """Return some links of each kind: a long list leads to the same page again and again."""
    kinds: dict[Kind, list[str]] = {}
    for link in found:
        same = kinds.setdefault(kind_of(link, pages), [])
        if len(same) < MOST_PER_PAGE:
            same.append(link)
    return [link for same in kinds.values() for link in same]


def discover(
    readers: Sequence[Reader], pages: dict[str, re.Pattern[str]], note: Note = lambda _: None
) -> tuple[list[Address], list[str], dict[str, int]]:
    """Follow links from every page without parameters; return addresses of all pages, the pages that nothing leads to, and what failed.

    Of each page some addresses are kept for each set of filters.
    """
    queue = [(path, reader) for path in sorted(pages) if "{" not in path for reader in readers]
    kept: dict[Kind, list[Address]] = {}
    seen, failed, followed = set[tuple[str, str]](), dict[str, int](), 0
    while queue and followed < FOLLOWED:
        path, reader = queue.pop(0)
        kind = kind_of(path, pages)
        if not kind[0] or (path, reader.person) in seen or len(kept.get(kind, ())) >= MOST_PER_PAGE:
            continue
        seen.add((path, reader.person))
        began = time.perf_counter()
        answer = reader.get(path)
        if (spent := time.perf_counter() - began) > SLOW:
            note(f"{path} took {spent:.1f} s")
        followed += 1
        if answer.status_code >= 400 and answer.status_code not in NOT_FOR_THEM:
            failed[path] = answer.status_code
        if answer.status_code != 200:
            continue
        if not any(one.path == path for one in kept.get(kind, ())):
            kept.setdefault(kind, []).append(Address(path, kind[0], reader.person, not _is_html(answer)))
        if _is_html(answer):
            queue += [(link, one) for link in _few(links(answer.text, urlsplit(path).path), pages) for one in readers]
    addresses = [address for kind in sorted(kept) for address in kept[kind]][:MOST_ADDRESSES]
    reached = {address.page for address in addresses}
    return addresses, sorted(pages.keys() - reached), failed


def time_pages(url: str, pid: int, people: Sequence[str], pages: dict[str, re.Pattern[str]], rounds: int, requests: int, note: Note) -> Timed:
    """Read every page again and again, one request after another, after two that are not counted."""
    import psutil

    timed, process = Timed(), psutil.Process(pid)
    with signed_in(url, people) as readers:
        addresses, unreached, timed.failed = discover(readers, pages, note)
        timed.unreached = tuple(unreached)
        note(f"{len({one.page for one in addresses})} pages at {len(addresses)} addresses; nothing led to {len(unreached)}")
    for number in range(rounds):
        with signed_in(url, people) as readers:  # a session is shorter than a long measurement
            timed.rounds.append(_round({one.person: one for one in readers}, addresses, requests, timed.cpu, process))
        note(f"round {number + 1} of {rounds} is over")
    return timed


def _cpu(process: Any) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _round(
    readers: dict[str, Reader], addresses: Sequence[Address], requests: int, cpu: dict[Address, float], process: Any
) -> dict[Address, list[float]]:
    """Time every address; what the service spends on it is noted where it is less than in the rounds before."""
    found: dict[Address, list[float]] = {}
    for address in addresses:
        reader, ends = readers[address.person], time.perf_counter() + PATIENCE
        for _ in range(WARM):
            reader.get(address.path)
        before = _cpu(process)
        for number in range(requests):
            if number >= LEAST and time.perf_counter() > ends:
                break
            began = time.perf_counter()
            answer = reader.get(address.path)
            found.setdefault(address, []).append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise RuntimeError(f"{address.path} answered {answer.status_code} in the middle of the measurement")
        cpu[address] = min(cpu.get(address, float("inf")), 1_000 * (_cpu(process) - before) / len(found[address]))
    return found


def people_who_read(home: Path) -> list[str]:
    """Return demo people of every role, and one who approves."""
    from assistant.bootstrap import open_assistant
    from assistant.domain.configuration import Role
    from assistant.settings import Settings

    assistant = open_assistant(Settings(home=home, demo=True))
    try:
        people = assistant.directory.people()
        waiting = {name for one in assistant.deciding.undecided()[:50] for name in one}
        of_role = [next((one.id for one in people if role in one.roles), "") for role in Role]
        approver = next((one.id for one in people if one.id in waiting), "")
    finally:
        assistant.close()
    return [one for one in dict.fromkeys((*of_role, approver)) if one]
