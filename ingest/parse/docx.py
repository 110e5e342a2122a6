"""Word documents."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from ingest.parse.draft import Draft, Fields, Parsed, Unreadable
from ingest.parse.html import to_markdown
from kb.markdown import take_title
from kb.text import one_line

MAX_PARTS = 5_000
MAX_UNPACKED = 200_000_000
MAX_XML = 30_000_000
MAX_RATIO = 200
_RATIO_FROM = 1_000_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_TITLE = re.compile(r"<h1 class=\"document-title\">(.*?)</h1>", re.DOTALL)


def parse_docx(raw: bytes, path: str) -> Parsed:
    """Read one article from a Word document; the title is the paragraph in the style ``Title``, else a heading.

    Raises:
        Unreadable: it is protected, damaged, no Word document, or larger inside than any document.
    """
    import mammoth

    if raw.startswith(_OLD_OFFICE):
        raise Unreadable("is protected with a password or in the old .doc format; save it as .docx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            _check(package)
        styles = "p[style-name='Title'] => h1.document-title:fresh"
        html = mammoth.convert_to_html(io.BytesIO(raw), style_map=styles, convert_image=_no_image, external_file_access=False).value
    except (zipfile.BadZipFile, KeyError, NotImplementedError, OSError) as error:
        raise Unreadable("is damaged or no Word document") from error
    titled = _TITLE.search(html)
    declared = one_line(to_markdown(titled.group(1))) if titled else ""
    title, body = take_title(to_markdown(_TITLE.sub("", html, count=1)), declared, path)
    return Parsed((Draft(title, body, Fields()),))


def _no_image(_image: Any) -> list[Any]:
    return []


def _check(package: zipfile.ZipFile) -> None:
    """Refuse by what the archive declares, then by what its XML declares, before anything is interpreted."""
    parts = package.infolist()
    if len(parts) > MAX_PARTS:
        raise Unreadable(f"holds {len(parts)} parts, more than any document (limit {MAX_PARTS})")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED:
        raise Unreadable(f"unpacks to {unpacked // 1_000_000} MB, the limit is {MAX_UNPACKED // 1_000_000} MB")
    if unpacked > _RATIO_FROM and unpacked > MAX_RATIO * max(1, sum(part.compress_size for part in parts)):
        raise Unreadable(f"unpacks to more than {MAX_RATIO} times its size, as no document does")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            _check_xml(package, part)


def _check_xml(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    if part.flag_bits & 1:
        raise Unreadable("is protected with a password")
    if part.file_size > MAX_XML:
        raise Unreadable(f"holds {part.file_size // 1_000_000} MB of text and layout, the limit is {MAX_XML // 1_000_000} MB; split it")
    content = package.read(part)
    if b"\0" in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Unreadable("declares entities in its XML, as no word processor does; it was not opened")
