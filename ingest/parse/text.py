"""Bytes of a text file as text."""

from __future__ import annotations

from ingest.parse.draft import Unreadable

_BINARY_STARTS = (b"%PDF-", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UNMAPPED = 0.02


def decode(raw: bytes, declared: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the text of a text file, and a warning when its encoding had to be guessed.

    Raises:
        Unreadable: the bytes are no text.
    """
    if raw.startswith(_UTF16):
        return raw.decode("utf-16", "replace"), ()
    if raw.startswith(_BINARY_STARTS) or b"\0" in raw:
        raise Unreadable("is not a text file, whatever its name says")
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        return _decode_legacy(raw, declared)


def _decode_legacy(raw: bytes, declared: str) -> tuple[str, tuple[str, ...]]:
    controls = sum(raw.count(bytes([code])) for code in (*range(9), *range(14, 32), 127))
    if controls > len(raw) * _UNMAPPED:
        raise Unreadable("is not a text file, whatever its name says")
    for encoding in (declared, "cp1252"):
        try:
            return raw.decode(encoding), (f"is not UTF-8; it was read as {encoding}",)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("latin-1"), ("is not UTF-8; it was read as latin-1",)
