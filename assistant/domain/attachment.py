"""Files that people attach to a conversation: what is taken, under which name, and what is said of the rest."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

NAME_LENGTH = 120
UNNAMED = "file"


class FileKind(StrEnum):
    """What a file is, by its content."""

    IMAGE = "image"
    PDF = "pdf"
    TEXT = "text"


class Trouble(StrEnum):
    """Why a file is not taken. The values go to clients and never change."""

    KIND = "kind"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    DAMAGED = "damaged"
    TOO_COSTLY = "too_costly"
    PIXELS = "pixels"
    MOVES = "moves"
    PAGES = "pages"
    LOCKED = "locked"
    ACTIVE = "active"
    CONTROL = "control"
    ENCODING = "encoding"
    MALWARE = "malware"
    UNSCANNED = "unscanned"
    MANY_HERE = "many_here"
    MANY_TODAY = "many_today"
    NOTHING_KEPT = "nothing_kept"
    STRANGER = "stranger"


WORDS = {
    Trouble.KIND: (
        "Files of this kind are not taken. Send a picture (PNG, JPEG, GIF, WebP), a PDF or a text file such as a log. "
        "Of a document, an archive or a web page send a PDF or a screenshot."
    ),
    Trouble.EMPTY: "This file is empty. Look whether it is the right one and send it again.",
    Trouble.TOO_LARGE: "This file is too large. Send the part of it that matters, or a smaller picture.",
    Trouble.DAMAGED: "This file is damaged, or it is not what its beginning says. Save it once more and send it again, or send a screenshot of it.",
    Trouble.TOO_COSTLY: "This file takes too much time or memory to check. Send the part of it that matters, or a screenshot of it.",
    Trouble.PIXELS: "This picture has too many pixels. Make it smaller, or send a screenshot of the part that matters.",
    Trouble.MOVES: "Pictures that move are not taken. Send a still picture, or several of them.",
    Trouble.PAGES: "This PDF has too many pages. Send only those that matter.",
    Trouble.LOCKED: "This PDF is protected by a password, so nobody could read it here. Save it without protection and send it again.",
    Trouble.ACTIVE: "This PDF holds a program, a form or other files. Print it into a new PDF and send that, or send a screenshot of it.",
    Trouble.CONTROL: "This text holds characters that a text file does not have. If it is a log, send the part that matters as plain text.",
    Trouble.ENCODING: "The characters of this text cannot be read. Save it as UTF-8 and send it again.",
    Trouble.MALWARE: "The virus scanner did not let this file pass, so it was not kept. Tell the service desk if you think that it is harmless.",
    Trouble.UNSCANNED: "This file could not be scanned now, so it was not kept. Try again in a few minutes.",
    Trouble.MANY_HERE: "This conversation has as many files as it can hold. Remove one that is not needed, or talk to a person.",
    Trouble.MANY_TODAY: "You have sent as many files as fit into a day. Send the rest tomorrow, or talk to a person.",
    Trouble.NOTHING_KEPT: "This service keeps nothing of what is sent, so it takes no files. Describe what you see, or talk to a person.",
    Trouble.STRANGER: "Files are taken only from people whom we know. Sign in, or ask the service desk how to send it.",
}
"""What the person is told; each says what to do instead."""


class FileRefused(Exception):
    """A file is not taken. ``str()`` is what the person is told."""

    def __init__(self, trouble: Trouble) -> None:
        """Say why."""
        super().__init__(WORDS[trouble])
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file as it may be kept: its content is read anew, so that nothing but the picture, the pages or the text is in it."""

    name: str
    kind: FileKind
    media: str
    content: bytes


ENDINGS = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".log", ".md", ".json", ".ini", ".conf", ".cfg", ".yaml", ".yml", ".toml"),
}
"""The endings that a name may have for what the file is, the usual one first. None of them is opened as a page, a program or a spreadsheet."""
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
SPACES = frozenset({"Zl", "Zp", "Zs"})
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]+')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def clean_name(name: str, media: str) -> str:
    """Return a file's own name without its folders and without what could mislead, with an ending that says what the file is.

    Nothing stays that moves text about or cannot be seen (control characters, directions of writing), no path of any system, no name
    that a system keeps for itself; at most 120 characters. ``holiday.pdf.exe`` that is a picture becomes ``holiday.pdf.exe.png``.
    """
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(" " if unicodedata.category(c) in SPACES else c for c in last if unicodedata.category(c) not in HIDDEN)
    plain = " ".join(_NOT_IN_NAMES.sub("_", seen).split()).strip(". ")
    if not plain or _RESERVED.match(plain):
        plain = f"{UNNAMED}-{plain}".rstrip("-")
    endings = ENDINGS[media]
    ending = next((one for one in endings if plain.lower().endswith(one)), "")
    stem = plain[: len(plain) - len(ending)] if ending else plain
    return f"{stem[: NAME_LENGTH - len(ending or endings[0])].rstrip('. ') or UNNAMED}{ending or endings[0]}"


def said_size(size: int) -> str:
    """Return a size in bytes as people say it: ``340 kB``, ``2.4 MB``."""
    return f"{max(1, round(size / 1000))} kB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"
