"""Reads one file: the functions that run in a sealed child process. What a file is says its content, never its name."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

from assistant.domain.attachment import FileKind, FileRefused, Trouble

if TYPE_CHECKING:
    from PIL import Image

PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
MEDIA = {FileKind.IMAGE: frozenset(PICTURES.values()), FileKind.PDF: {"application/pdf"}, FileKind.TEXT: {"text/plain"}}
REFUSED = b"refused"
JPEG_PIXELS, PIXELS = 40_000_000, 25_000_000
"""What fits into the memory of a reader; a photo needs less of it for each pixel."""
SIDE = 30_000
PAGES = 500
QUALITY = 90
PASSWORD = 4
"""pdfium's error for a document that wants a password."""
ORIENTATION = 0x0112
_MARKUP = re.compile(
    r"\s*<(?:!doctype|\?xml-stylesheet|html|head|body|script|iframe|style|title|div|table|svg|h1|img|a|b|p|br|font|form)[\s>/]", re.IGNORECASE
)
_SVG = re.compile(r"\s*<[?!][^<]{0,2000}(?:<!--.{0,4000}?-->\s*)?<(?:svg|html)[\s>:/]", re.IGNORECASE | re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}[mK]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia\w*|XFA|SubmitForm|ImportData|GoToE|GoToR|Rendition|Movie|Sound|3D)(?=[\s/<(\[>])"
)
_STREAM = re.compile(rb"\bstream\r?\n")


def prepare() -> None:
    """Import what reading needs, before the process is sealed."""
    import pypdfium2
    from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # `picture` has its own limits and asks before anything is decoded
    assert all((GifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin))
    for name in PICTURES:
        made = BytesIO()
        Image.new("RGB", (1, 1)).save(made, name)
        Image.open(BytesIO(made.getvalue())).load()
    pypdfium2.PdfDocument.new().close()


def read(content: bytes) -> bytes:
    """Return what ``examined`` found, as bytes that ``answered`` reads."""
    found = examined(content)
    if isinstance(found, Trouble):
        return b"\n".join((REFUSED, found.value.encode(), b""))
    kind, media, kept = found
    return b"\n".join((kind.value.encode(), media.encode(), kept))


def answered(answer: bytes) -> tuple[FileKind, str, bytes] | Trouble:
    """Read what ``read`` wrote. It comes from a process that had the file in its hands, so nothing of it is believed.

    Raises:
        ValueError: no reader of ours says that.
    """
    head, media, kept = answer.split(b"\n", 2)
    if head == REFUSED:
        return Trouble(media.decode())
    kind = FileKind(head.decode())
    if media.decode() not in MEDIA[kind]:
        raise ValueError("that is no kind of file that is taken")
    return kind, media.decode(), kept


def examined(content: bytes) -> tuple[FileKind, str, bytes] | Trouble:
    """Return a file's kind, media type and content as it may be kept, or why it is not taken; raises nothing but MemoryError."""
    try:
        return _read(content)
    except FileRefused as refused:
        return refused.trouble
    except MemoryError:
        raise
    except Exception:
        return Trouble.DAMAGED


def _read(content: bytes) -> tuple[FileKind, str, bytes]:
    if not content:
        raise FileRefused(Trouble.EMPTY)
    if (name := _picture_name(content)) is not None:
        return FileKind.IMAGE, PICTURES[name], picture(content, name)
    if content.startswith(b"%PDF-"):
        return FileKind.PDF, "application/pdf", document(content)
    return FileKind.TEXT, "text/plain", text(content).encode()


def _picture_name(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    return "WEBP" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def picture(content: bytes, name: str) -> bytes:
    """Return a still picture written anew from its pixels: no place, no camera, no comment, nothing behind its end. It stays upright.

    Raises:
        FileRefused: it moves or has too many pixels.
        OSError: it is damaged.
    """
    from PIL import Image

    with Image.open(BytesIO(content), formats=["JPEG", "MPO"] if name == "JPEG" else [name]) as found:
        if max(found.size) > SIDE or found.width * found.height > (JPEG_PIXELS if name == "JPEG" else PIXELS):
            raise FileRefused(Trouble.PIXELS)
        if name != "JPEG" and getattr(found, "is_animated", False):
            raise FileRefused(Trouble.MOVES)
        turned = found.getexif().get(ORIENTATION)
        found.load()
        return _written(found, name, turned)


def _written(found: Image.Image, name: str, turned: Any) -> bytes:
    from PIL import Image

    given: dict[str, Any] = {"PNG": {"compress_level": 3}, "JPEG": {"quality": QUALITY}, "WEBP": {"quality": QUALITY, "method": 2}, "GIF": {}}[name]
    if isinstance(turned, int) and 1 < turned <= 8 and name != "GIF":
        upright = Image.Exif()
        upright[ORIENTATION] = turned
        given = {**given, "exif": upright.tobytes()}
    for said in set(found.info) - {"transparency"}:
        del found.info[said]
    made = BytesIO()
    found.save(made, name, **given)
    return made.getvalue()


def document(content: bytes) -> bytes:
    """Return a PDF as pdfium writes what it understood of it: what other readers could find beside that is gone.

    Raises:
        FileRefused: it wants a password, has too many pages, or holds programs, forms or files.
        PdfiumError: it is damaged.
    """
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    try:
        found = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == PASSWORD or raw.FPDF_GetLastError() == PASSWORD:
            raise FileRefused(Trouble.LOCKED) from None
        raise
    pages = len(found)
    if not pages:
        raise FileRefused(Trouble.DAMAGED)
    if pages > PAGES:
        raise FileRefused(Trouble.PAGES)
    if raw.FPDF_GetSecurityHandlerRevision(found) != -1:
        raise FileRefused(Trouble.LOCKED)
    if raw.FPDFDoc_GetJavaScriptActionCount(found) > 0 or raw.FPDFDoc_GetAttachmentCount(found) > 0 or raw.FPDF_GetFormType(found) > 1:
        raise FileRefused(Trouble.ACTIVE)
    made = BytesIO()
    found.save(made, flags=raw.FPDF_NO_INCREMENTAL)
    written = made.getvalue()
    if _ACTIVE.search(_without_streams(written)):
        raise FileRefused(Trouble.ACTIVE)
    return written


def _without_streams(written: bytes) -> bytes:
    """Return the objects of a PDF that pdfium wrote, without the content of streams. It writes every name plainly and no object into a stream."""
    kept, at = [], 0
    while (begins := _STREAM.search(written, at)) is not None:
        kept.append(written[at : begins.start()])
        at = written.find(b"endstream", begins.end())
        if at < 0:
            return b"".join(kept)
    return b"".join([*kept, written[at:]])


def text(content: bytes) -> str:
    """Return the text of a file. Colours of a terminal are left out.

    Raises:
        FileRefused: it is not text in UTF-8 or UTF-16, has characters that text does not have, or is a page or a drawing in markup.
    """
    found = _decoded(content).removeprefix("\ufeff")
    if _MARKUP.match(found) or _SVG.match(found):
        raise FileRefused(Trouble.KIND)
    plain = _COLOUR.sub("", found)
    if _CONTROL.search(plain):
        # Few of them in a text are a slip; many are a program, an archive, or what else is no text.
        raise FileRefused(Trouble.KIND if len(_CONTROL.findall(plain[:4_096])) * 20 > len(plain[:4_096]) else Trouble.CONTROL)
    return plain


def _decoded(content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        pass
    # What has no NUL and hardly a control character was text once, in an encoding that nobody can tell.
    controls = sum(byte < 9 or 13 < byte < 32 for byte in content[:4_096])
    raise FileRefused(Trouble.ENCODING if not controls else Trouble.KIND)
