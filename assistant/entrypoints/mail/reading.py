"""One mail, read within limits: who it says it is from, what it answers, the words in it and the files with it.

Everything in a mail is material that a stranger may have written. Nothing that it points to is ever fetched, and what goes beyond a limit
is refused before the parser sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from hashlib import sha256

from assistant.entrypoints.mail.charsets import decoded
from assistant.entrypoints.mail.markup import text_of
from assistant.entrypoints.mail.quoting import own_words

MOST_BYTES = 25_000_000
"""The longest mail that is read whole; of a longer one only the beginning is."""
MOST_HEADER_BYTES = 200_000
MOST_HEADERS = 500
MOST_PARTS = 200
MOST_NESTED = 20
MOST_BOUNDARIES = 5_000
MOST_TEXT = 200_000
MOST_SUBJECT = 300
DECORATION_BYTES = 10_000
"""A picture inside the text that is smaller is taken for a logo of a signature."""
SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,400})>")
_NESTING = re.compile(rb"^content-type:\s*(?:multipart/|message/)", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb"^--", re.MULTILINE)


class Unreadable(ValueError):
    """The mail goes beyond a limit, or is no mail; the message says which and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that came with a mail. ``declared`` is the type that the sender says it has."""

    name: str
    declared: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What one mail holds. ``headers`` are the fields of its head in order, names in small letters, values unfolded and undecoded."""

    id: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    text: str
    """The person's own words: without what is quoted, without the signature."""
    files: tuple[Enclosed, ...]
    kind: str
    """The content type of the whole."""

    def all(self, name: str) -> list[str]:
        """Return the values of a field, topmost first."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """Return the value of a field that may stand once; "" when it is missing or stands more than once."""
        found = self.all(name)
        return found[0].strip() if len(found) == 1 else ""

    @property
    def answers(self) -> tuple[str, ...]:
        """The ids of the mails that this one follows, the nearest first: In-Reply-To, then References from the last to the first."""
        named = [*_MESSAGE_ID.findall(self.one("in-reply-to")), *reversed(_MESSAGE_ID.findall(self.one("references")))]
        return tuple(dict.fromkeys(named))[:50]


def read_mail(raw: bytes, cut_short: bool = False) -> Mail:
    """Read a mail; of one that was ``cut_short`` only the words, because files would not be whole.

    Raises:
        Unreadable: it goes beyond a limit, or cannot be parsed.
    """
    _check(raw)
    try:
        message = message_from_bytes(raw)
        headers = tuple((name.lower(), _unfolded(_characters(value))) for name, value in message.raw_items())
        parts = list(_parts(message))
        text = own_words(_words(message)[:MOST_TEXT])
    except Unreadable:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError, AssertionError) as error:
        raise Unreadable(f"it cannot be parsed: {type(error).__name__}") from None
    files = () if cut_short else tuple(file for part in parts if (file := _file(part)) is not None)
    subject = " ".join(_plain_header(next((value for name, value in headers if name == "subject"), "")).split())[:MOST_SUBJECT]
    return Mail(_id(headers, raw), headers, subject, text, files, message.get_content_type())


def _check(raw: bytes) -> None:
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"it is larger than {MOST_BYTES:,} bytes")
    head = re.split(rb"\r?\n\r?\n", raw[: MOST_HEADER_BYTES + 4], maxsplit=1)[0]
    if len(head) > MOST_HEADER_BYTES:
        raise Unreadable(f"its head is larger than {MOST_HEADER_BYTES:,} bytes")
    if head.count(b"\n") > MOST_HEADERS:
        raise Unreadable(f"its head has more than {MOST_HEADERS} lines")
    if sum(1 for _ in _NESTING.finditer(raw)) > MOST_NESTED or sum(1 for _ in _BOUNDARY.finditer(raw)) > MOST_BOUNDARIES:
        raise Unreadable("it has too many parts inside one another")


def _parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk(), 1):
        if number > MOST_PARTS:
            raise Unreadable(f"it has more than {MOST_PARTS} parts")
        yield part


def _id(headers: tuple[tuple[str, str], ...], raw: bytes) -> str:
    """Return the Message-ID without its brackets, or one made from the mail where there is none or more than one."""
    named = [value for name, value in headers if name == "message-id"]
    found = _MESSAGE_ID.fullmatch(named[0].strip()) if len(named) == 1 else None
    return found.group(1) if found is not None and found.group(1).isascii() else f"{sha256(raw).hexdigest()[:40]}@without-message-id"


def _characters(value: object) -> str:
    """Return a header as characters: what is not ASCII was kept as bytes by the parser, and is UTF-8 today."""
    return decoded(str(value).encode("ascii", "surrogateescape"), "utf-8")


def _unfolded(value: str) -> str:
    return re.sub(r"\r?\n[ \t]*", " ", value).replace("\r", " ").replace("\n", " ").replace("\0", "")


def _plain_header(value: str) -> str:
    """Return a header's words with encoded words decoded; what cannot be decoded stays as it is."""
    try:
        found = decode_header(value)
    except (ValueError, LookupError):
        return value
    return "".join(decoded(words, charset or "ascii") if isinstance(words, bytes) else words for words, charset in found)


def _words(part: Message) -> str:
    """Return the text of a part: the plain alternative where there is one with words, else the text of the HTML."""
    kind = part.get_content_type()
    if part.is_multipart() and kind.startswith("multipart/"):
        return _words_of_parts(kind, [one for one in part.get_payload() if isinstance(one, Message)])
    if kind not in ("text/plain", "text/html") or _is_file(part):
        return ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    text = decoded(payload, part.get_content_charset() or "utf-8")
    return text_of(text) if kind == "text/html" else text


def _words_of_parts(kind: str, parts: list[Message]) -> str:
    if kind == "multipart/alternative":
        plain_first = sorted(parts, key=lambda one: one.get_content_type() != "text/plain")
        return next((words for one in plain_first if (words := _words(one)).strip()), "")
    if kind in ("multipart/related", "multipart/signed", "multipart/report"):
        return _words(parts[0]) if parts else ""
    return "\n\n".join(words for one in parts if (words := _words(one)).strip())


def _file_name(part: Message) -> str:
    return (part.get_filename() or "").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _file(part: Message) -> Enclosed | None:
    kind = part.get_content_type()
    if kind.startswith("multipart/") or kind in SIGNATURES or (kind.startswith("text/") and not _is_file(part)):
        return None
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload:
        return None
    shown_inside = bool(part["Content-ID"]) and part.get_content_disposition() != "attachment" and kind.startswith("image/")
    if shown_inside and len(payload) < DECORATION_BYTES:
        return None
    name = re.sub(r"[\x00-\x1f\x7f/\\]", "_", _plain_header(_unfolded(_file_name(part))))
    return Enclosed(name[-120:] or f"{kind.partition('/')[0]}.{kind.partition('/')[2]}", kind, payload)
