"""Clean text, slugs and titles."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from pathlib import PurePosixPath

TITLE_CHARACTERS = 200
ID_CHARACTERS = 100
NAMELESS = frozenset({"index", "readme", "default"})

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Control characters, overrides of the writing direction, and characters that nobody can see.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]")


def clean(text: str) -> str:
    """Normalise to NFC and LF; drop control, direction-overriding and invisible characters, and blank ends."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text)))
    return re.sub(r"[ \t]+$", _line_break, text, flags=re.MULTILINE).strip("\n ")


def _line_break(spaces: re.Match[str]) -> str:
    return "  " if spaces.group().endswith("  ") and spaces.start() and spaces.string[spaces.start() - 1] != "\n" else ""


def one_line(text: str) -> str:
    """Return the text as one clean line of at most 200 characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


def slug(text: str, characters: int = ID_CHARACTERS) -> str:
    """Return a stable, readable id of ``[a-z0-9._/-]`` for a name or path.

    Accents are dropped. Where letters are lost (another script, a cut), a short hash of the text keeps different
    names apart.
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    lost = any(letter.isalnum() and not letter.isascii() for letter in plain)
    segments = (re.sub(r"[^a-z0-9._]+", "-", segment).strip("-.") for segment in plain.split("/"))
    name = "/".join(segment for segment in segments if segment)
    if not lost and name and len(name) <= characters:
        return name
    mark = sha256(text.encode()).hexdigest()[:8]
    kept = name[: characters - len(mark) - 1].rstrip("-./")
    return f"{kept}-{mark}" if kept else mark


def stem(path: str) -> str:
    """Return a relative path without its suffix."""
    return str(PurePosixPath(path).with_suffix(""))


def humanise(path: str) -> str:
    """Return a title made from a file's name; an ``index`` is named after its folder."""
    location = PurePosixPath(path)
    name = location.stem
    if name.lower() in NAMELESS and location.parent.name:
        name = location.parent.name
    words = one_line(re.sub(r"[-_+]+", " ", name))
    return words[:1].upper() + words[1:]


def same_words(one: str, other: str) -> bool:
    """Say whether two titles differ in nothing but case, spaces and punctuation."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
