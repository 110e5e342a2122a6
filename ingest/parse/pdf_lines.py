"""Lines of text with their place and type, read from a PDF file through pdfium."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.parse.draft import Unreadable

MAX_PAGES = 3_000
MAX_CHARACTERS = 2_000_000
_PROTECTED = "password"
_FONT_NAME_BYTES = 128


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: ``size`` in points, ``left`` and ``y`` (its base line, growing upwards) in page units."""

    page: int
    text: str
    size: float
    bold: bool
    left: float
    y: float


def document_lines(raw: bytes) -> tuple[str, list[Line]]:
    """Return the title among the file's properties and all lines in reading order.

    Raises:
        Unreadable: the file is protected, damaged, or too long.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(raw)
    except pypdfium2.PdfiumError as error:
        protected = _PROTECTED in str(error).lower()
        raise Unreadable("is protected with a password; save it without one" if protected else "is damaged or no PDF file") from error
    if len(document) > MAX_PAGES:
        raise Unreadable(f"has {len(document)} pages, the limit is {MAX_PAGES}; split it")
    lines: list[Line] = []
    budget = MAX_CHARACTERS
    for number in range(len(document)):
        try:
            page = document[number]
            text_page = page.get_textpage()
        except pypdfium2.PdfiumError:
            continue
        budget -= text_page.count_chars()
        if budget < 0:
            raise Unreadable(f"has more than {MAX_CHARACTERS:,} characters; split it")
        lines.extend(_page_lines(pypdfium2.raw, text_page, number))
        text_page.close()
        page.close()
    return str(document.get_metadata_value("Title") or ""), lines


def _page_lines(api: Any, page: Any, number: int) -> Iterator[Line]:
    codes: list[int] = []
    start = 0
    count = page.count_chars()
    for position in range(count + 1):
        code = api.FPDFText_GetUnicode(page.raw, position) if position < count else 0x0A
        if code not in (0x0A, 0x0D):
            codes.append(code)
            continue
        text = _characters(codes)
        if text.strip():
            yield _line(api, page, number, text.strip(), [start + at for at, one in enumerate(codes) if one > 0x20])
        codes, start = [], position + 1


def _characters(codes: list[int]) -> str:
    units = b"".join(min(code, 0x10FFFF).to_bytes(2 if code < 0x10000 else 4, "little") for code in codes if code < 0x10000)
    return units.decode("utf-16-le", "replace").replace("\xa0", " ")


def _line(api: Any, page: Any, number: int, text: str, places: list[int]) -> Line:
    samples = {places[0], places[len(places) // 2], places[-1]}
    left, y = ctypes.c_double(), ctypes.c_double()
    api.FPDFText_GetCharOrigin(page.raw, places[0], left, y)
    size = max(_size(api, page, place) for place in samples)
    return Line(number, text, size, all(_bold(api, page, place) for place in samples), left.value, y.value)


def _size(api: Any, page: Any, place: int) -> float:
    """Return the size of type in points to the half, with the scale of its matrix."""
    matrix = api.FS_MATRIX()
    size = float(api.FPDFText_GetFontSize(page.raw, place))
    if api.FPDFText_GetMatrix(page.raw, place, matrix):
        size *= float((matrix.c**2 + matrix.d**2) ** 0.5) or 1.0
    return round(size * 2) / 2


def _bold(api: Any, page: Any, place: int) -> bool:
    name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
    flags = ctypes.c_int()
    api.FPDFText_GetFontInfo(page.raw, place, name, _FONT_NAME_BYTES, flags)
    return b"bold" in name.value.lower() or api.FPDFText_GetFontWeight(page.raw, place) >= 600
