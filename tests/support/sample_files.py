"""Files for tests of attachments: pictures, documents, and what is hidden in them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image, PngImagePlugin

GPS = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
CAMERA = "Secret Camera 3000"


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 24), colour: str = "steelblue") -> bytes:
    """A small plain picture."""
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, kind)
    return made.getvalue()


def photo_with_place(orientation: int = 6) -> bytes:
    """A photo that says where it was taken, by which camera, and which side is up."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = CAMERA, orientation
    exif[0x8825] = GPS
    made = io.BytesIO()
    Image.new("RGB", (40, 20), "olive").save(made, "JPEG", exif=exif.tobytes(), comment=b"taken at home")
    return made.getvalue()


def png_with_words() -> bytes:
    """A PNG with a text in it, and a second file behind its end."""
    words, made = PngImagePlugin.PngInfo(), io.BytesIO()
    words.add_text("Comment", "my own address")
    Image.new("RGB", (8, 8), "red").save(made, "PNG", pnginfo=words)
    return made.getvalue() + b"PK\x03\x04 and more"


def moving_gif() -> bytes:
    """A picture that moves."""
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    made = io.BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:])
    return made.getvalue()


def flat_png(width: int, height: int) -> bytes:
    """A PNG of any size in few bytes, without having it in memory."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + part(b"IDAT", packed) + part(b"IEND", b"")


PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Resources<<>>/Contents 4 0 R>>"
CONTENT = b"<</Length 26>>stream\n0 0 0 rg 20 20 100 100 re f\nendstream"


def pdf(catalog: bytes = b"", page: bytes = PAGE, more: Sequence[bytes] = ()) -> bytes:
    """A PDF of one page; ``catalog`` goes into its catalog, ``more`` are objects from number 5 on."""
    objects = [b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, CONTENT, *more]
    body, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def pdf_with_hidden_object(hidden: bytes, catalog: bytes) -> bytes:
    """A PDF whose object 5, and with it what it holds, stands in a packed stream of objects where no search of its bytes finds it."""
    packed = zlib.compress(b"5 0 " + hidden)
    holder = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)
    objects = {1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog, 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: PAGE, 4: CONTENT, 6: holder}
    body, offsets = b"%PDF-1.7\n", {}
    for number, content in objects.items():
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    rows = [(0, 0, 0)] + [(2, 6, 0) if number == 5 else (1, offsets.get(number, len(body)), 0) for number in range(1, 8)]
    index = zlib.compress(b"".join(struct.pack(">BIB", *row) for row in rows))
    table = b"<</Type/XRef/Size 8/W[1 4 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(index), index)
    return body + b"7 0 obj\n" + table + b"\nendobj\nstartxref\n%d\n%%%%EOF" % len(body)


EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE" + "!$H+H*"
"""The harmless text that every virus scanner answers to."""
