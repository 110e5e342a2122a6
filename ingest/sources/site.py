"""A web site as a source of articles: the pages of its sitemap, or a single page."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urljoin
from urllib.robotparser import RobotFileParser

from ingest.addresses import FetchRefused, Target
from ingest.fetch import AGENT, Fetcher, FetchFailed, Page, unpacked
from ingest.sources.folder import Listing, SourceFile, SourceUnreadable
from kb.model import IngestFailure

KINDS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}
MAPS = frozenset({"application/xml", "text/xml", "application/gzip", "application/x-gzip"})
ROBOTS = frozenset({"text/plain", "text/html"})
"""Sites without the file like to answer with a page; no line of one is a rule."""
MAX_MAPS, MAX_PAGES, MAX_MAP_BYTES, MAX_ROBOTS_BYTES = 50, 5_000, 10_000_000, 500_000
PAUSE_SECONDS, LONGEST_PAUSE = 0.1, 10.0
SAVED_EVERY = 50
GONE = frozenset({404, 410})
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LOCATION = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*([^<>\]]{1,2000}?)\s*(?:\]\]>)?\s*</loc>", re.IGNORECASE)
_INDEX = re.compile(r"<sitemapindex[\s>]", re.IGNORECASE)
_MAP = re.compile(r"<(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_INSIDE = "/!$&'()*+,;=:@-._~?%"


@dataclass(frozen=True, slots=True)
class Site:
    """A start address on an allowed host: a sitemap (``.xml``), a site or a part of one (ends with ``/``), or one page."""

    start: Target
    fetcher: Fetcher
    cache: Path

    @classmethod
    def of(cls, url: str, fetcher: Fetcher, home: Path) -> Site:
        """Return the site at an address; what was fetched is kept below ``home``.

        Raises:
            SourceUnreadable: the rules forbid the address.
        """
        try:
            start = fetcher.reach.target(url)
        except FetchRefused as reason:
            raise SourceUnreadable(f"{url[:200]}: {reason}. Nothing was changed.") from reason
        return cls(start, fetcher, home / "web" / sha256(start.url.encode()).hexdigest()[:16])

    @property
    def name(self) -> str:
        """The name under which the site is synchronised."""
        return self.start.url

    def clear(self) -> None:
        """Drop every page that was fetched."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def list(self, limit_bytes: int, say: Callable[[str], None]) -> Listing:
        """Fetch the pages that changed and list all that are there, in order of their path.

        A page that is gone (404, 410) is not listed. One that cannot be had, is of another kind, redirects to another
        page, or may not be read by robots is refused, and may still exist.

        Raises:
            SourceUnreadable: the start, its robots file or a sitemap cannot be read, or there are more than 5,000 pages.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        return _Visit(self, limit_bytes, say).run()


@dataclass
class _Visit:
    site: Site
    limit_bytes: int
    say: Callable[[str], None]
    robots: dict[str, RobotFileParser] = field(default_factory=dict)
    files: dict[str, SourceFile] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    gone: set[str] = field(default_factory=set)

    def run(self) -> Listing:
        try:
            pages = self._pages()
        except (FetchRefused, FetchFailed) as reason:
            raise SourceUnreadable(f"{self.site.name}: {reason}. Nothing was changed.") from reason
        kept = _Kept(self.site.cache)
        for done, target in enumerate(pages, 1):
            self._page(target, kept)
            if done % SAVED_EVERY == 0 or done == len(pages):
                kept.save()
                self.say(f"{done} of {len(pages)} pages fetched: {self.seen['new']} new or changed, {self.seen['same']} unchanged")
        if pages == [self.site.start] and self.gone:
            raise SourceUnreadable(f"{self.site.name} does not exist. Check the address. Nothing was changed.")
        kept.forget([target for target in pages if target.url not in self.gone])
        if self.gone:
            self.say(f"{len(self.gone)} pages of the sitemap are gone")
        return Listing(
            source=self.site.name,
            files=tuple(self.files[path] for path in sorted(self.files)),
            refused=tuple(IngestFailure(path, self.refused[path]) for path in sorted(self.refused)),
            ignored=self.seen["outside"],
            empty=not self.files and not self.refused,
        )

    def _pages(self) -> list[Target]:
        """Return the addresses of all pages, each once."""
        start = self.site.start
        path = start.path.partition("?")[0].lower()
        if path.endswith((".xml", ".xml.gz")):
            return self._mapped([start], "")
        if not path.endswith("/"):
            return [start]
        declared = [self.site.fetcher.reach.target(_ascii(url)) for url in self._robots_of(start).site_maps() or ()]
        maps = declared or [self.site.fetcher.reach.target(urljoin(start.url, "/sitemap.xml"))]
        try:
            return self._mapped(maps, start.url)
        except _Missing:
            if declared:
                raise
            return [start]

    def _mapped(self, maps: list[Target], below: str) -> list[Target]:
        """Read sitemaps and the sitemaps that they name; keep the pages below a prefix."""
        waiting, read, pages = list(maps), 0, dict[str, Target]()
        while waiting:
            read += 1
            if read > MAX_MAPS:
                raise FetchFailed(f"has more than {MAX_MAPS} sitemaps; name one of them")
            text = self._map(waiting.pop(0))
            found = self._targets(text)
            if _INDEX.search(text):
                waiting += found
                continue
            pages |= {target.url: target for target in found if target.url.startswith(below)}
            self.seen["outside"] += sum(not target.url.startswith(below) for target in found)
            if len(pages) > MAX_PAGES:
                raise FetchFailed(f"lists more than {MAX_PAGES:,} pages; name a part of it")
        if self.seen["outside"]:
            self.say(f"{self.seen['outside']} addresses of the sitemap lie elsewhere and are left out")
        return list(pages.values())

    def _targets(self, text: str) -> list[Target]:
        made = []
        for written in _LOCATION.findall(_COMMENT.sub("", text)):
            try:
                made.append(self.site.fetcher.reach.target(_ascii(unescape(written))))
            except FetchRefused:
                self.seen["outside"] += 1
        return made

    def _map(self, target: Target) -> str:
        page = self._get(target, MAPS, MAX_MAP_BYTES)
        if page.status in GONE:
            raise _Missing(f"there is no sitemap at {target.url}")
        if page.status != 200:
            raise FetchFailed(f"the sitemap {target.url} answers with status {page.status}")
        body = unpacked([page.body], MAX_MAP_BYTES) if page.body.startswith(b"\x1f\x8b") else page.body
        text = body.decode("utf-8", "replace")
        if not _MAP.search(text):
            raise FetchFailed(f"{target.url} is no sitemap")
        return text

    def _page(self, target: Target, kept: _Kept) -> None:
        path = _path(target, self.site.start)
        if path in self.files or path in self.refused:
            self.say(f"{target.url} is another writing of an address before it and was left out")
            return
        try:
            if not self._robots_of(target).can_fetch(AGENT, target.url):
                raise FetchRefused("may not be read by programs, says robots.txt")
            page = self._get(target, KINDS, self.limit_bytes, *kept.validators(target))
            self._keep(target, path, page, kept)
        except (FetchRefused, FetchFailed) as reason:
            self.refused[path] = str(reason)

    def _keep(self, target: Target, path: str, page: Page, kept: _Kept) -> None:
        if page.status in GONE:
            self.gone.add(target.url)
            return
        if page.status not in (200, 304) or (page.status == 304 and not any(kept.validators(target))):
            raise FetchFailed(f"answers with status {page.status}")
        if _plain(page.url) != _plain(target.url):
            raise FetchFailed(f"redirects to {page.url}; the sitemap should name that address")
        if page.status == 200:
            self.seen["new" if kept.store(target, page) else "same"] += 1
        else:
            self.seen["same"] += 1
        self.files[path] = SourceFile(path, kept.place(target), kept.kind(target))

    def _get(self, target: Target, kinds: frozenset[str] | dict[str, str], limit: int, etag: str = "", modified: str = "") -> Page:
        time.sleep(self._pause(target))
        return self.site.fetcher.get(target.url, kinds, limit, etag, modified)

    def _pause(self, target: Target) -> float:
        robots = self.robots.get(target.authority)
        asked = robots.crawl_delay(AGENT) if robots else None
        return max(PAUSE_SECONDS, min(float(asked or 0), LONGEST_PAUSE))

    def _robots_of(self, target: Target) -> RobotFileParser:
        """Return what a host's robots file says: everything is allowed where there is none, nothing where it cannot be had."""
        if target.authority not in self.robots:
            page = self.site.fetcher.get(urljoin(target.url, "/robots.txt"), ROBOTS, MAX_ROBOTS_BYTES)
            if page.status >= 500 or page.status == 429:
                raise FetchFailed(f"the robots.txt of {target.authority} answers with status {page.status}")
            robots = RobotFileParser()
            robots.parse(page.body.decode("utf-8", "replace").splitlines())
            robots.modified()
            self.robots[target.authority] = robots
        return self.robots[target.authority]


class _Missing(FetchFailed):
    """There is no sitemap."""


@dataclass
class _Kept:
    """What was fetched before, with what its server said to recognise it by."""

    folder: Path
    known: dict[str, dict[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.known = json.loads((self.folder / "pages.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}

    def place(self, target: Target) -> Path:
        return self.folder / f"{sha256(target.url.encode()).hexdigest()}.page"

    def kind(self, target: Target) -> str:
        return self.known[target.url]["kind"]

    def validators(self, target: Target) -> tuple[str, str]:
        known = self.known.get(target.url) if self.place(target).exists() else None
        return (known["etag"], known["modified"]) if known else ("", "")

    def store(self, target: Target, page: Page) -> bool:
        """Keep a page and say whether it differs from the one before."""
        place = self.place(target)
        differs = not place.exists() or place.read_bytes() != page.body
        fresh = place.with_suffix(".new")
        fresh.write_bytes(page.body)
        fresh.replace(place)
        self.known[target.url] = {"etag": page.etag, "modified": page.modified, "kind": KINDS[page.kind]}
        return differs

    def save(self) -> None:
        fresh = self.folder / "pages.new"
        fresh.write_text(json.dumps(self.known), encoding="utf-8")
        fresh.replace(self.folder / "pages.json")

    def forget(self, pages: list[Target]) -> None:
        """Drop what no page of the site is any more."""
        named = {target.url for target in pages}
        self.known = {url: known for url, known in self.known.items() if url in named}
        wanted = {self.place(target) for target in pages}
        for place in self._stored():
            if place not in wanted:
                place.unlink()
        self.save()

    def _stored(self) -> Iterator[Path]:
        yield from list(self.folder.glob("*.page"))


def _ascii(url: str) -> str:
    """Return an address with its other letters in percent form; what is no address then stays none."""
    scheme, mark, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host}{slash}{quote(path, safe=_INSIDE)}"


def _plain(url: str) -> str:
    """Return an address without what a tidy redirect changes: the scheme, a slash at the end."""
    return url.partition("://")[2].rstrip("/")


def _path(target: Target, start: Target) -> str:
    """Return how a page is called inside its source; hosts other than the start's go before it."""
    words = unquote(target.path.partition("?")[0]).strip("/")
    _, mark, query = target.path.partition("?")
    clean = "/".join(part for part in words.split("/") if part not in ("", ".", "..")) or "index"
    host = "" if target.authority == start.authority else f"{target.authority}/"
    return host + "".join(letter if letter.isprintable() else "_" for letter in clean + mark + query)
