"""Bytes of an export to lines of text. Each line is decoded for itself, because exports are often glued together from several systems."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

LONGEST_LINE = 8 * 1024 * 1024
_PROBE = 4096
_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or an archive; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet; save the sheet as CSV",
    b"%PDF": "a PDF; export the tickets as CSV",
}


class ExportUnreadable(ValueError):
    """This export cannot be used; the message says why and what to do."""


Opener = Callable[[], IO[bytes]]
"""Opens the same export from its beginning, as often as it is called."""


@dataclass(slots=True)
class Encodings:
    """How many lines were written in which encoding, and the first lines of each that is not the most frequent one."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, list[int]] = field(default_factory=dict)
    replaced: list[int] = field(default_factory=list)
    """The first lines with bytes that are no text in any of them; those bytes became U+FFFD."""
    cut: int = 0
    """The line at which a compressed file broke off; 0 when it did not."""

    def saw(self, encoding: str, line: int) -> None:
        """Count one line."""
        self.counts[encoding] = self.counts.get(encoding, 0) + 1
        lines = self.first.setdefault(encoding, [])
        if len(lines) < 5:
            lines.append(line)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as text, with its end; ``number`` counts from 1."""

    number: int
    text: str


def lines(opener: Opener, seen: Encodings) -> Iterator[Line]:
    """Yield the lines of an export, plain or gzip, in constant memory; ``seen`` is filled along the way.

    A byte order mark, or zeros at every second byte, say UTF-16; otherwise a line is UTF-8, or Windows-1252 where it is not valid UTF-8.

    Raises:
        ExportUnreadable: it is no text, or has a line of more than 8 MiB.
    """
    with opener() as raw:
        start = raw.read(2)
        raw.seek(0)
        stream: IO[bytes] = gzip.GzipFile(fileobj=raw) if start == b"\x1f\x8b" else raw  # type: ignore[assignment]
        head = _head(stream)
        why = next((why for magic, why in _NOT_TEXT.items() if head.startswith(magic)), "")
        if why:
            raise ExportUnreadable(f"This is {why}.")
        wide = _wide(head) if head[:2] in _MARKS else _wide(head.partition(b"\n")[0])
        found = _wide_lines(stream, wide, seen) if wide else _narrow_lines(stream, seen, _only_returns(head))
        number = 0
        try:
            for number, text in enumerate(found, start=1):
                yield Line(number, text)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            seen.cut = number + 1


def _head(stream: IO[bytes]) -> bytes:
    try:
        head = stream.read(_PROBE)
        stream.seek(0)
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise ExportUnreadable(f"The compressed file cannot be opened: {exc}.") from None
    return head


def _only_returns(head: bytes) -> bool:
    return b"\r" in head and b"\n" not in head


def _wide(head: bytes) -> str:
    """Return the UTF-16 encoding of a piece of text, "" when it is none."""
    marked = _MARKS.get(head[:2])
    if marked:
        return marked
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half < 2 or max(even, odd) < 0.3 * half:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _wide_lines(stream: IO[bytes], encoding: str, seen: Encodings) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    rest, number = "", 0
    while True:
        piece = stream.read(1 << 16)
        rest += decoder.decode(piece, final=not piece)
        *whole, rest = rest.split("\n")
        for text in whole:
            number += 1
            yield _counted(text + "\n", encoding, number, seen)
        if len(rest) > LONGEST_LINE:
            raise ExportUnreadable(f"Line {number + 1} is longer than {LONGEST_LINE >> 20} MiB: this is no table of tickets.")
        if not piece:
            break
    if rest:
        yield _counted(rest, encoding, number + 1, seen)


def _counted(text: str, encoding: str, number: int, seen: Encodings) -> str:
    seen.saw(encoding, number)
    if "\ufffd" in text and len(seen.replaced) < 5:
        seen.replaced.append(number)
    return text.removeprefix("\ufeff") if number == 1 else text


def _narrow_lines(stream: IO[bytes], seen: Encodings, only_returns: bool) -> Iterator[str]:
    before = ""
    for number, raw in enumerate(_returned(stream) if only_returns else _read_lines(stream), start=1):
        text, before = _decoded(raw, before, number, seen)
        if text is not None:
            yield text


def _read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise ExportUnreadable(f"Line {number} is longer than {LONGEST_LINE >> 20} MiB: this is no table of tickets.")
        yield raw


def _returned(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(1 << 16):
        *whole, rest = (rest + piece).split(b"\r")
        if len(rest) > LONGEST_LINE:
            raise ExportUnreadable(f"A line is longer than {LONGEST_LINE >> 20} MiB: this is no table of tickets.")
        yield from (one + b"\n" for one in whole)
    if rest:
        yield rest


def _decoded(raw: bytes, before: str, number: int, seen: Encodings) -> tuple[str | None, str]:
    """Return the text of a line and, when it lies in a stretch of UTF-16, which: its line ends are two bytes and straddle ours."""
    if b"\0" not in raw:
        return _plain(raw, number, seen), ""
    if before == "utf-16-le" and raw.startswith(b"\0"):
        raw = raw[1:]
    if not raw:
        return None, ""
    if b"\0" not in raw:
        return _plain(raw, number, seen), ""
    wide = _wide(raw) or before
    if not wide:
        return _plain(raw, number, seen), ""
    body = raw.removesuffix(b"\n") if wide == "utf-16-le" else raw.removesuffix(b"\0\n")
    text = body.decode(wide, "replace").removeprefix("\ufeff")
    return _counted(text + "\n", wide, number, seen), wide


def _plain(raw: bytes, number: int, seen: Encodings) -> str:
    encoding = "utf-8"
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = raw.decode("cp1252", "replace")
    return _counted(text, encoding, number, seen)
