"""Brings the articles of a source into agreement with its folder."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from ingest.isolate import Limits, read_files
from ingest.parse.read import Reading
from ingest.pipeline import Change, Duplicate, Placed, Reconciliation
from ingest.sources.folder import Listing, SourceFile, SourceUnreadable, list_folder, source_name
from ingest.sources.site import Site
from kb.model import Document, IngestFailure, IngestRun, Section
from kb.ports import ArticleStore, IngestLog
from kb.publish import Publisher, live_document
from kb.settings import KnowledgeSettings
from kb.split import split

BATCH = 32
EMPTIED = 10
KEEP_UP_SECONDS = 15.0
COMPLETE, FAILED = "complete", "failed"
_KEPT = "; its article stays as it was before"


class Busy(Exception):
    """Another process changes the articles now."""


class Keeper(Protocol):
    """What brings the indexes up to the tables."""

    def keep_up(self) -> None:
        """Bring the indexes up to what is in the tables by now, unless another process does."""

    def follow(self, report: Callable[[str], None]) -> None:
        """Return when the indexes hold what the tables hold."""

    def rebuild(self, report: Callable[[str], None]) -> None:
        """Build the indexes anew from the tables."""


class Knowledge(Protocol):
    """The parts of a knowledge base that ingestion writes to."""

    @property
    def store(self) -> ArticleStore:
        """The articles."""

    @property
    def ingest_log(self) -> IngestLog:
        """The record of runs."""

    @property
    def publisher(self) -> Publisher:
        """Makes documents live."""

    @property
    def keeper(self) -> Keeper:
        """Keeps the indexes."""


class Report(Protocol):
    """Where a run says how far it is."""

    def advance(self, done: int, total: int, failed: int) -> None:
        """So many of all files are done, and so many of those failed."""

    def say(self, text: str) -> None:
        """Something that its reader should know, in one line."""


def named(source: Path | Site) -> str:
    """Return the name under which articles of a source are kept."""
    return source.name if isinstance(source, Site) else source_name(source)


def sync(source: Path | Site, kb: Knowledge, settings: KnowledgeSettings, report: Report) -> IngestRun:
    """Make the live articles of a folder or site what its files say, bring the indexes up to date, and record the run.

    Each article is committed by itself, and a long run lets the indexes follow in between, so that what was taken in is
    found. Articles that did not change but were embedded by another model are embedded again. A run that was killed at
    any point is made good by the next. A file that
    cannot be read is a failure of the run and leaves its article as it was.

    Raises:
        SourceUnreadable: the source is missing or cannot be listed; nothing was changed.
        Busy: another synchronisation is running; nothing was changed.
        EmbedderUnavailable: the embedding model cannot be used; what was published before stays.
        TimeoutError: everything is stored, but the running service did not update its index in time.
    """
    with alone(settings):
        run = _Run(named(source), kb, settings, report)
        try:
            listing = run.list(source)
        except SourceUnreadable as problem:
            run.note(problem)
            raise
        with run.recorded():
            run.go(listing)
    return run.result


@contextmanager
def alone(settings: KnowledgeSettings) -> Iterator[None]:
    """Hold the right to change articles on this host.

    Raises:
        Busy: another process holds it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.home / "ingest.lock", timeout=0):
            yield
    except Timeout as held:
        raise Busy("Another synchronisation is running. Wait until it is done, then run this again.") from held


@dataclass
class _Run:
    source: str
    kb: Knowledge
    settings: KnowledgeSettings
    report: Report
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[IngestFailure] = field(default_factory=list)
    failed_paths: set[str] = field(default_factory=set)
    failed_rows: set[tuple[str, str]] = field(default_factory=set)
    batch: list[tuple[Document, tuple[Section, ...]]] = field(default_factory=list)
    outdated: set[str] = field(default_factory=set)
    kept_up: float = field(default_factory=time.monotonic)
    limits: Limits = field(init=False)
    result: IngestRun = field(init=False)

    def __post_init__(self) -> None:
        self.result = IngestRun(self.source, datetime.now(UTC), None)
        self.limits = Limits(self.settings.ingest_max_megabytes * 1_000_000, self.settings.ingest_seconds_per_file)

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Record the run, also when it fails as a whole."""
        number = self.kb.ingest_log.begin(self.source, self.result.started_at)
        state = COMPLETE
        try:
            yield
        except BaseException as error:
            state = FAILED
            self.failures.append(IngestFailure(".", str(error) or f"stopped ({type(error).__name__})"))
            raise
        finally:
            self.result = self._finished(state)
            self.kb.ingest_log.finish(number, self.result, self.failures)

    def _finished(self, state: str) -> IngestRun:
        return IngestRun(
            source=self.source,
            started_at=self.result.started_at,
            finished_at=datetime.now(UTC),
            seen=self.counts["seen"],
            added=self.counts[Change.ADDED],
            changed=self.counts[Change.CHANGED],
            renamed=self.counts[Change.RENAMED],
            removed=self.counts["removed"],
            unchanged=self.counts[Change.UNCHANGED],
            failures=tuple(self.failures),
            state=state,
        )

    def note(self, problem: SourceUnreadable) -> None:
        """Record a folder that cannot be read, if articles came from it; a mistyped name leaves no trace."""
        if self.kb.store.articles(self.source):
            with suppress(SourceUnreadable), self.recorded():
                raise problem

    def list(self, source: Path | Site) -> Listing:
        """List the source; one that has lost everything it held at once is taken for one that does not work."""
        limit = self.limits.file_bytes
        listing = source.list(limit, self.report.say) if isinstance(source, Site) else list_folder(source, limit)
        if listing.empty and (live := len(self.kb.store.articles(self.source))) >= EMPTIED:
            raise SourceUnreadable(
                f"{self.source} is empty, but {live} articles came from it. Perhaps a drive is not mounted, or the site is broken. "
                f"Nothing was changed. If they should go, run `firstline ingest forget {self.source}`."
            )
        return listing

    def go(self, listing: Listing) -> None:
        """Read every file, publish what is new or changed, withdraw what is gone, and let the indexes follow."""
        reconciliation = Reconciliation(self.source, self.kb.store.articles(), [file.path for file in listing.files], self._earlier)
        self.outdated = self.kb.publisher.outdated()
        self._refused(listing, reconciliation)
        for done, (file, reading) in enumerate(read_files(listing.files, self.limits), start=1):
            self._take(file, reading, reconciliation)
            self.report.advance(done, len(listing.files), len(self.failures))
        self._publish()
        self._withdraw(reconciliation)
        self.kb.keeper.follow(self.report.say)

    def _refused(self, listing: Listing, reconciliation: Reconciliation) -> None:
        self.counts["seen"] = len(listing.files) + len(listing.refused)
        for refused in listing.refused:
            self._fail(refused.path, refused.reason, reconciliation)

    def _take(self, file: SourceFile, reading: Reading, reconciliation: Reconciliation) -> None:
        for warning in reading.warnings:
            self.report.say(f"{file.path}: {warning}")
        if reading.failure:
            self._fail(file.path, reading.failure, reconciliation)
        for row in reading.rows:
            self.failures.append(IngestFailure(file.path, f"line {row.row} {row.reason}"))
            self.failed_rows.add((file.path, row.title))
        single = len(reading.articles) == 1 and not reading.rows
        for article in reading.articles:
            try:
                self._apply(reconciliation.place(article, single), article.sections)
            except Duplicate as duplicate:
                self._fail_article(article.document, str(duplicate), single, reconciliation)

    def _fail(self, path: str, reason: str, reconciliation: Reconciliation) -> None:
        self.failed_paths.add(path)
        self.failures.append(IngestFailure(path, reason + (_KEPT if reconciliation.keeps(path) else "")))

    def _fail_article(self, document: Document, reason: str, single: bool, reconciliation: Reconciliation) -> None:
        if single:
            self._fail(document.path, reason, reconciliation)
            return
        self.failed_rows.add((document.path, document.title))
        self.failures.append(IngestFailure(document.path, f"'{document.title}' {reason}"))

    def _earlier(self, article_id: str) -> set[str]:
        return {revision.content_hash for revision in self.kb.store.revisions(article_id)[1:]}

    def _wait_for(self, document: Document) -> None:
        """Leave an article as it was edited in Firstline; its vectors are made anew if another model made them."""
        self.report.say(f"{document.path}: its article was edited in Firstline and stays; its file waits for that change to be merged")
        live = self.kb.store.article(document.article_id)
        if live is not None and live.id in self.outdated:
            current = live_document(self.kb.store, live)
            self.batch.append((current, tuple(split(current.text))))

    def _apply(self, placed: Placed, sections: tuple[Section, ...]) -> None:
        document = placed.document
        as_it_is = placed.change in (Change.BEHIND, Change.CAUGHT_UP)
        self.counts[Change.UNCHANGED if as_it_is else placed.change] += 1
        if placed.change is Change.BEHIND:
            self._wait_for(document)
            return
        if placed.change in (Change.RENAMED, Change.CAUGHT_UP):
            self.kb.store.rename(document.article_id, document.source, document.path)
        if placed.change in (Change.ADDED, Change.CHANGED) or document.article_id in self.outdated:
            self.batch.append((document, sections))
            if len(self.batch) >= BATCH:
                self._publish()

    def _publish(self) -> None:
        if self.batch:
            self.kb.publisher.publish(self.batch)
            self.batch.clear()
        if time.monotonic() - self.kept_up > KEEP_UP_SECONDS:
            self.kb.keeper.keep_up()
            self.kept_up = time.monotonic()

    def _withdraw(self, reconciliation: Reconciliation) -> None:
        gone = reconciliation.gone(self.failed_paths, self.failed_rows)
        self.counts["removed"] = len(gone)
        if gone:
            self.kb.store.withdraw(gone)
