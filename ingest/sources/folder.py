"""A folder of files as a source of articles."""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from kb.model import IngestFailure

SUFFIXES = frozenset({".md", ".markdown", ".html", ".htm", ".pdf", ".docx", ".csv"})
HIDDEN = (".", "~$")


class SourceUnreadable(Exception):
    """The folder cannot be listed, so nothing may be concluded from what it seems to lack."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: ``path`` is relative with ``/``, ``location`` where its bytes are, ``kind`` its suffix if the path does not tell."""

    path: str
    location: Path
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds now.

    ``files`` are in order of their path. ``refused`` names files and subfolders that could not be taken, with the
    reason; what is at or below such a path may still exist. ``ignored`` counts files of other kinds.
    """

    source: str
    files: tuple[SourceFile, ...]
    refused: tuple[IngestFailure, ...]
    ignored: int
    empty: bool


def source_name(folder: Path) -> str:
    """Return the name under which a folder is synchronised: its absolute path without links."""
    return str(folder.expanduser().resolve())


def list_folder(folder: Path, limit_bytes: int) -> Listing:
    """List the files of a folder and its subfolders.

    Hidden files, Office lock files and special files are left out. A link is followed only to what lies inside the
    folder and is not reached without it. A file over ``limit_bytes`` is refused by its size alone.

    Raises:
        SourceUnreadable: the folder is missing, is no folder or cannot be listed.
    """
    root = Path(source_name(folder))
    if not root.exists():
        raise SourceUnreadable(f"{folder} does not exist. Check the name, or that the drive is mounted. Nothing was changed.")
    if not root.is_dir():
        raise SourceUnreadable(f"{folder} is not a folder. Name the folder that holds the files. Nothing was changed.")
    return _Walk(root, limit_bytes).run()


@dataclass
class _Walk:
    root: Path
    limit_bytes: int
    files: dict[Path, str] = field(default_factory=dict)
    refused: list[IngestFailure] = field(default_factory=list)
    visited: set[Path] = field(default_factory=set)
    links: deque[tuple[Path, str]] = field(default_factory=deque)
    ignored: int = 0
    entries: int = 0

    def run(self) -> Listing:
        try:
            self._folder(self.root, "")
        except OSError as error:
            raise SourceUnreadable(f"{self.root} cannot be listed: {error.strerror}. Nothing was changed.") from error
        while self.links:
            self._link(*self.links.popleft())
        found = sorted((path, location) for location, path in self.files.items())
        return Listing(
            source=str(self.root),
            files=tuple(SourceFile(path, location) for path, location in found),
            refused=tuple(sorted(self.refused, key=lambda failure: failure.path)),
            ignored=self.ignored,
            empty=not self.entries,
        )

    def _folder(self, top: Path, prefix: str) -> None:
        """Walk real folders; an unreadable subfolder is refused, an unreadable ``top`` raises."""
        self._list_one(top, prefix)
        waiting = deque(self._subfolders(top, prefix))
        while waiting:
            location, path = waiting.popleft()
            try:
                self._list_one(location, path + "/")
                waiting.extend(self._subfolders(location, path + "/"))
            except OSError as error:
                self._refuse(path, f"this folder cannot be listed ({error.strerror}); nothing below it was changed")

    def _subfolders(self, location: Path, prefix: str) -> list[tuple[Path, str]]:
        with os.scandir(location) as entries:
            found = [(Path(e.path), prefix + e.name) for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith(HIDDEN)]
        return sorted(item for item in found if self._sayable(item[1]) and item[0] not in self.visited)

    def _list_one(self, location: Path, prefix: str) -> None:
        self.visited.add(location)
        with os.scandir(location) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        self.entries += len(found)
        for entry in found:
            if entry.name.startswith(HIDDEN):
                continue
            path = prefix + entry.name
            if entry.is_symlink():
                self.links.append((Path(entry.path), path))
            elif not entry.is_dir():
                self._file(Path(entry.path), path)

    def _link(self, location: Path, path: str) -> None:
        try:
            target = location.resolve(strict=True)
        except (OSError, RuntimeError):
            if location.suffix.lower() in SUFFIXES:
                self._refuse(path, "this is a link that leads nowhere")
            return
        if not target.is_relative_to(self.root):
            if target.is_dir() or location.suffix.lower() in SUFFIXES:
                self._refuse(path, "this is a link that leads out of the folder; it is not followed")
        elif target.is_dir():
            self._linked_folder(target, path)
        elif target not in self.files:
            self._file(target, path)

    def _linked_folder(self, target: Path, path: str) -> None:
        if target in self.visited:
            return
        try:
            self._folder(target, path + "/")
        except OSError as error:
            self._refuse(path, f"this folder cannot be listed ({error.strerror}); nothing below it was changed")

    def _file(self, location: Path, path: str) -> None:
        if Path(path).suffix.lower() not in SUFFIXES:
            self.ignored += 1
            return
        if not self._sayable(path):
            return
        try:
            status = location.stat()
        except OSError as error:
            self._refuse(path, f"this file cannot be opened ({error.strerror})")
            return
        if not stat.S_ISREG(status.st_mode):
            self.ignored += 1
        elif status.st_size > self.limit_bytes:
            self._refuse(path, f"is {megabytes(status.st_size)}, the limit is {megabytes(self.limit_bytes)}")
        else:
            self.files.setdefault(location, path)

    def _sayable(self, path: str) -> bool:
        try:
            path.encode()
        except UnicodeEncodeError:
            self._refuse(path.encode("utf-8", "replace").decode(), "its name is not valid UTF-8; rename it")
            return False
        return True

    def _refuse(self, path: str, reason: str) -> None:
        self.refused.append(IngestFailure(path, reason))


def megabytes(size: int) -> str:
    """Write a size in bytes as people do: ``300 MB``, ``0.2 MB``."""
    return f"{size / 1_000_000:.1f}".removesuffix(".0") + " MB"
