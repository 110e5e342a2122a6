"""Files made to harm a reader: each is a clean failure or a clean article, and the run goes on."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from ingest.isolate import Limits, read_files
from ingest.parse.read import Reading
from ingest.sources.folder import SourceFile, list_folder

MEGABYTE = 1_000_000
ROOT = Path(__file__).parents[3]


def pdf(objects: list[bytes]) -> bytes:
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def inflating_pdf() -> bytes:
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(b" " * MEGABYTE) for _ in range(500)) + packer.flush()
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    content = b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream)
    return pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, content])


def laughing_docx() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", f'<!DOCTYPE x [<!ENTITY a0 "lol">{entities}]><x>&a9;</x>')
    return file.getvalue()


def inflating_docx() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b"\0" * 10 * MEGABYTE)
    return file.getvalue()


def aliases() -> bytes:
    doubling = b"".join(b"%c: &%c [*%c,*%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(20))
    return b"---\na: &a [x,x]\n" + doubling + b"title: *u\n---\nx"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a_inflating.pdf": inflating_pdf,
    "b_endless.pdf": lambda: pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>"]),
    "c_loop.pdf": lambda: b"%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF",
    "d_script.pdf": lambda: b"<html><script>alert(1)</script></html>",
    "e_laughs.docx": laughing_docx,
    "f_inflating.docx": inflating_docx,
    "g_deep.html": lambda: b"<div>" * 200_000,
    "h_brackets.md": lambda: b"[" * 100_000 + b"*a" * 100_000,
    "i_comments.md": lambda: b"<!--" * 100_000,
    "j_quotes.md": lambda: b">" * 200_000 + b" a",
    "k_aliases.md": aliases,
    "l_wide.html": lambda: b"<table><tr><td colspan=1000000000>x</td></tr></table>",
    "m_fine.md": lambda: b"# Fine\n\nThis one is fine.",
}  # fmt: skip


def read_all(folder: Path, limits: Limits) -> dict[str, Reading]:
    return {file.path: reading for file, reading in read_files(list_folder(folder, limits.file_bytes).files, limits)}


READ_AND_MEASURE = """
import json, resource, sys
from pathlib import Path
from ingest.isolate import Limits, read_files
from ingest.sources.folder import list_folder
if __name__ == "__main__":
    limits = Limits(parsers=1, seconds=10)
    files = list_folder(Path(sys.argv[1]), limits.file_bytes).files
    rows = [[file.path, reading.failure, [made.document.title for made in reading.articles]] for file, reading in read_files(files, limits)]
    print(json.dumps({"rows": rows, "kilobytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))
"""


def test_hostile_files_are_contained_and_the_run_goes_on(tmp_path: Path) -> None:
    """In a process of its own, so that the memory of its parsers is told from that of other tests' children."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name, make in HOSTILE.items():
        (folder / name).write_bytes(make())
    script = tmp_path / "read_and_measure.py"
    script.write_text(READ_AND_MEASURE)
    done = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT)
    measured = json.loads(done.stdout)
    readings = {path: (failure, titles) for path, failure, titles in measured["rows"]}
    assert list(readings) == list(HOSTILE)
    refused = {name for name, (failure, _) in readings.items() if failure}
    assert {name for name in HOSTILE if name[0] in "abcdefg"} <= refused
    assert readings["m_fine.md"] == ("", ["Fine"])
    assert all(titles or len(failure) > 10 for failure, titles in readings.values())
    assert measured["kilobytes"] * 1024 < 450 * MEGABYTE


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("".join(" " * (2 * depth) + "- a\n" for depth in range(3000)))
    (tmp_path / "b.md").write_text("Fine.")
    readings = read_all(tmp_path, Limits(parsers=1, seconds=1))
    assert readings["a.md"].failure == "took longer than 1 seconds to read and was given up"
    assert len(readings["b.md"].articles) == 1


def test_a_reader_that_dies_is_the_failure_of_its_file(tmp_path: Path) -> None:
    """The inflating PDF ends its process by a signal; what matters is that the files around it are read."""
    (tmp_path / "a.md").write_text("Before.")
    (tmp_path / "b.pdf").write_bytes(inflating_pdf())
    (tmp_path / "c.md").write_text("After.")
    readings = read_all(tmp_path, Limits(parsers=1, seconds=10))
    assert f"exit status {-signal.SIGABRT}" in readings["b.pdf"].failure or "memory" in readings["b.pdf"].failure
    assert [len(readings[name].articles) for name in ("a.md", "c.md")] == [1, 1]


def test_a_file_that_became_a_link_after_it_was_listed_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "a.md").symlink_to("secret")
    [(_, reading)] = read_files([SourceFile("a.md", tmp_path / "a.md")], Limits(parsers=1))
    assert reading.articles == ()
    assert "cannot be opened" in reading.failure
