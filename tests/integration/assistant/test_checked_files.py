"""Files that people send are read in sealed processes; what is kept is made anew, and what is not taken is refused in words."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from assistant.adapters.files import reading
from assistant.adapters.files.checking import IsolatedCheck
from assistant.adapters.files.scanning import ScanCommand
from assistant.domain.attachment import CheckedFile, FileKind, FileRefused, Trouble
from kb.isolation import Bounds, GivenUp, Sealed
from tests.support import sample_files as files


@pytest.fixture(scope="module")
def check() -> Iterator[IsolatedCheck]:
    made = IsolatedCheck()
    yield made
    made.close()


def refused(check: IsolatedCheck, name: str, content: bytes) -> Trouble:
    with pytest.raises(FileRefused) as why:
        check.check(name, content)
    return why.value.trouble


def opened(kept: CheckedFile) -> Image.Image:
    return Image.open(io.BytesIO(kept.content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_taken_and_shows_the_same(check: IsolatedCheck, kind: str) -> None:
    kept = check.check("screen.bin", files.picture(kind))
    assert (kept.kind, kept.media) == (FileKind.IMAGE, f"image/{kind.lower()}")
    red, green, blue = opened(kept).convert("RGB").getpixel((3, 3))
    assert (abs(red - 70), abs(green - 130), abs(blue - 180)) < (6, 6, 6)


def test_a_photo_loses_place_and_camera_and_stays_upright(check: IsolatedCheck) -> None:
    sent = files.photo_with_place(orientation=6)
    assert files.CAMERA.encode() in sent
    kept = check.check("photo.jpg", sent)
    assert dict(opened(kept).getexif()) == {0x0112: 6}
    assert files.CAMERA.encode() not in kept.content and b"taken at home" not in kept.content


def test_words_in_a_picture_and_bytes_behind_its_end_are_left_out(check: IsolatedCheck) -> None:
    kept = check.check("drawing.png", files.png_with_words())
    assert b"my own address" not in kept.content and kept.content.endswith(b"IEND\xaeB`\x82")


def test_a_picture_with_too_many_pixels_or_one_that_moves_is_refused(check: IsolatedCheck) -> None:
    assert refused(check, "flood.png", files.flat_png(50_000, 50_000)) is Trouble.PIXELS
    assert refused(check, "dance.gif", files.moving_gif()) is Trouble.MOVES


def test_the_largest_pictures_that_are_taken_fit_into_a_reader(check: IsolatedCheck) -> None:
    made = io.BytesIO()
    Image.effect_noise((8_000, 5_000), 60).convert("RGB").save(made, "JPEG", quality=50)
    assert check.check("photo.jpg", made.getvalue()).kind is FileKind.IMAGE
    assert check.check("screen.png", files.flat_png(5_000, 5_000)).kind is FileKind.IMAGE


SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
ANNOTATED = files.PAGE[:-2] + b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<<%s>>>>]>>"
EMBEDDED = [b"<</Type/Filespec/F(a)/EF<</F 6 0 R>>>>", b"<</Type/EmbeddedFile/Length 3>>stream\nabc\nendstream"]


@pytest.mark.parametrize(
    "sent",
    [
        files.pdf(b"/OpenAction" + SCRIPT),
        files.pdf(b"/OpenAction<</S/J#61vaScript/#4aS(app.alert\\(1\\))>>"),
        files.pdf_with_hidden_object(SCRIPT, b"/OpenAction 5 0 R"),
        files.pdf(page=ANNOTATED % b"/S/Launch/F(calc.exe)"),
        files.pdf(page=files.PAGE[:-2] + b"/AA<</O" + SCRIPT + b">>>>"),
        files.pdf(b"/Names<</EmbeddedFiles<</Names[(a) 5 0 R]>>>>", more=EMBEDDED),
    ],
    ids=["script", "script by another name", "script in a packed object", "program behind a link", "script of a page", "file in it"],
)
def test_a_document_that_does_something_is_refused(check: IsolatedCheck, sent: bytes) -> None:
    assert refused(check, "form.pdf", sent) is Trouble.ACTIVE


def test_a_document_with_links_and_packed_objects_is_taken(check: IsolatedCheck) -> None:
    for sent in (
        files.pdf(),
        files.pdf(page=ANNOTATED % b"/S/URI/URI(https://example.org/)"),
        files.pdf(b"/OpenAction[3 0 R/Fit]"),
        files.pdf_with_hidden_object(b"<</Title(x)>>", b"/Foo 5 0 R"),
    ):
        kept = check.check("report.pdf", sent + b"\n<script>what another reader would find</script>")
        assert kept.kind is FileKind.PDF and b"<script>" not in kept.content
        reading.prepare()
        assert reading.document(kept.content).startswith(b"%PDF-")


def test_a_document_that_wants_a_password_is_refused(check: IsolatedCheck) -> None:
    from fpdf import FPDF

    made = FPDF()
    made.add_page()
    made.set_encryption(owner_password="owner", user_password="reader")
    assert refused(check, "secret.pdf", bytes(made.output())) is Trouble.LOCKED


def test_logs_are_taken_in_the_encodings_that_systems_write(check: IsolatedCheck) -> None:
    line = "2026-11-22 09:15 Fehler: Verbindung getrennt (Öffnen)\r\n"
    for sent in (line.encode(), line.encode("utf-8-sig"), line.encode("utf-16"), f"\x1b[31m{line}\x1b[0m".encode()):
        kept = check.check("client.log", sent)
        assert (kept.kind, kept.name, kept.content.decode()) == (FileKind.TEXT, "client.log", line)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", Trouble.EMPTY),
        (b"MZ\x90\0\3\0\0\0program", Trouble.KIND),
        (b"PK\x03\x04\x14\0\0\0archive", Trouble.KIND),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1office", Trouble.KIND),
        (b"<html><script>alert(1)</script></html>", Trouble.KIND),
        (b'\xef\xbb\xbf <SVG xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', Trouble.KIND),
        (b"<?xml version='1.0'?><!-- a --><svg/>", Trouble.KIND),
        (b"a line of text\n" * 20 + b"\0", Trouble.CONTROL),
        ("caf\xe9 und Öl".encode("latin-1"), Trouble.ENCODING),
        (b"\x89PNG\r\n\x1a\nnot a picture", Trouble.DAMAGED),
        (b"GIF89a/*<html><script>alert(1)</script>*/=1", Trouble.DAMAGED),
        (b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF", Trouble.DAMAGED),
    ],
)  # fmt: skip
def test_what_is_no_picture_no_document_and_no_text_is_refused(check: IsolatedCheck, sent: bytes, why: Trouble) -> None:
    assert refused(check, "report.pdf", sent) is why


# -- the process that reads ---------------------------------------------------------------------------------------------


WORK = "tests.support.sealed_work"
TIGHT = Bounds(seconds=3.0, memory_megabytes=256, processes=1)


@pytest.fixture(scope="module")
def sealed() -> Iterator[Sealed]:
    made = Sealed(TIGHT, WORK, 1_000_000)
    yield made
    made.close()


@pytest.mark.parametrize("work", [b"open", b"connect", b"start"])
def test_a_sealed_process_opens_no_file_no_connection_and_no_other_process(sealed: Sealed, work: bytes) -> None:
    assert sealed.work(work) in (b"OSError", b"BlockingIOError")


def test_a_sealed_process_knows_no_secret_of_the_environment(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_TOKEN_SECRET", "k" * 40)
    sealed.work(b"number")
    assert b"FIRSTLINE" not in sealed.work(b"secrets")


@pytest.mark.parametrize(("work", "why"), [(b"swell", "memory"), (b"hang", "took longer than 3 seconds"), (b"crash", "stop"), (b"flood", "stop")])
def test_work_that_swells_hangs_crashes_or_floods_is_given_up_and_the_next_goes_on(sealed: Sealed, work: bytes, why: str) -> None:
    with pytest.raises(GivenUp, match=why):
        sealed.work(work)
    assert int(sealed.work(b"number")) != os.getpid()


def test_each_piece_of_work_has_a_process_of_its_own_and_none_is_left_in_the_end() -> None:
    made = Sealed(TIGHT, WORK, 1_000_000)
    numbers = [int(made.work(b"number")) for _ in range(3)]
    made.close()
    assert len(set(numbers)) == 3
    assert not [number for number in numbers if Path(f"/proc/{number}").exists()]
    assert made._ahead == []


def test_a_process_that_ended_while_it_waited_is_not_given_any_work() -> None:
    made = Sealed(TIGHT, WORK, 1_000_000)
    try:
        made.work(b"number")
        (waiting,) = made._ahead
        waiting.kill()
        waiting.wait()
        assert int(made.work(b"number")) != waiting.pid
    finally:
        made.close()


@pytest.mark.parametrize("work", [b"lie", b"babble", b"number"])
def test_what_a_process_says_is_not_believed(work: bytes) -> None:
    check = IsolatedCheck(bounds=TIGHT, module=WORK)
    try:
        assert refused(check, "fine.txt", work) is Trouble.DAMAGED
    finally:
        check.close()


@pytest.mark.parametrize("work", [b"hang", b"crash"])
def test_a_check_that_cannot_be_made_keeps_nothing(work: bytes) -> None:
    check = IsolatedCheck(bounds=TIGHT, module=WORK)
    try:
        assert refused(check, "fine.txt", work) is Trouble.TOO_COSTLY
    finally:
        check.close()


# -- the scanner --------------------------------------------------------------------------------------------------------

SCANNER = "import sys; sys.exit(1 if b'EICAR' in sys.stdin.buffer.read() else 0)"


def test_the_scanner_sees_the_file_as_it_was_sent_and_its_verdict_counts() -> None:
    check = IsolatedCheck(ScanCommand((sys.executable, "-c", SCANNER), 20.0))
    try:
        assert check.check("fine.txt", b"all is well").kind is FileKind.TEXT
        assert refused(check, "eicar.txt", files.EICAR.encode()) is Trouble.MALWARE
        assert refused(check, "drawing.png", files.png_with_words() + files.EICAR.encode()) is Trouble.MALWARE
    finally:
        check.close()


@pytest.mark.parametrize(
    "command", [("/nowhere/scanner",), (sys.executable, "-c", "import sys; sys.exit(2)"), (sys.executable, "-c", "import time; time.sleep(30)")]
)
def test_without_a_verdict_nothing_is_kept(command: tuple[str, ...]) -> None:
    with pytest.raises(FileRefused) as why:
        ScanCommand(command, 0.5)(b"all is well")
    assert why.value.trouble is Trouble.UNSCANNED
