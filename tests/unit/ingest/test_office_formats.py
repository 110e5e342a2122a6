"""PDF and Word files, made by the libraries that people use."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from fpdf import FPDF
from fpdf.enums import AccessPermission

from ingest.parse.docx import parse_docx
from ingest.parse.draft import Draft, Unreadable
from ingest.parse.pdf import parse_pdf


def pdf(write: Callable[[FPDF], None], path: str = "network/join-vpn.pdf") -> Draft:
    document = FPDF()
    document.add_page()
    write(document)
    return parse_pdf(bytes(document.output()), path).drafts[0]


def line(document: FPDF, text: str, size: int = 11, style: str = "") -> None:
    document.set_font("Helvetica", style, size)
    document.multi_cell(0, size * 0.55, text, new_x="LMARGIN", new_y="NEXT")


LONG = "The virtual private network lets you reach company systems from home and from any hotel that has a network of its own, at any time."


def guide(document: FPDF) -> None:
    line(document, "Join the VPN", 22, "B")
    line(document, LONG)
    document.ln(5)
    line(document, "A second paragraph.")
    document.ln(5)
    line(document, "On Windows", 15, "B")
    line(document, "Follow these steps:")
    line(document, "1. " + LONG)
    line(document, "2. Restart.")
    document.ln(5)
    line(document, "Before you call", 11, "B")
    line(document, "\x95 Check the cable")
    line(document, "# no heading")


def test_sizes_become_headings_and_lines_become_paragraphs_and_lists() -> None:
    draft = pdf(guide)
    assert draft.title == "Join the VPN"
    assert draft.text == (
        f"{LONG}\n\nA second paragraph.\n\n## On Windows\n\nFollow these steps:\n\n1. {LONG}\n2. Restart.\n\n"
        "### Before you call\n\n- Check the cable # no heading"
    )


def test_a_pdf_without_headings_is_named_after_its_file() -> None:
    assert pdf(lambda document: line(document, LONG)).title == "Join vpn"


def test_headers_and_footers_are_dropped_and_a_paragraph_goes_on_over_the_page() -> None:
    def pages(document: FPDF) -> None:
        for number, animal in enumerate(("cat", "dog", "hen", "cow")):
            if number:
                document.add_page()
            line(document, "Contoso manual")
            document.ln(8)
            for part in (f"goes on here after the {animal}.", "A whole one.", f"The {animal} ends in the middle and"):
                line(document, part)
                document.ln(8)
            line(document, f"Page {number + 1} of 4")

    text = pdf(pages).text
    assert "Contoso manual" not in text
    assert " of 4" not in text
    assert "The dog ends in the middle and goes on here after the hen." in text


def test_numbered_slides_with_one_line_each_are_kept() -> None:
    def pages(document: FPDF) -> None:
        for number in range(4):
            if number:
                document.add_page()
            line(document, f"Press button {number}")

    assert "Press button 3" in pdf(pages).text


def test_a_protected_pdf_is_refused() -> None:
    def lock(document: FPDF) -> None:
        line(document, LONG)
        document.set_encryption(owner_password="o", user_password="u", permissions=AccessPermission.none())

    with pytest.raises(Unreadable, match="password"):
        pdf(lock)


def test_a_pdf_of_pictures_is_refused() -> None:
    with pytest.raises(Unreadable, match="pictures of pages"):
        pdf(lambda document: document.rect(10, 10, 50, 50))


def word(write: Callable[[docx.document.Document], object]) -> Draft:
    document = docx.Document()
    write(document)
    file = io.BytesIO()
    document.save(file)
    return parse_docx(file.getvalue(), "a/my-guide.docx").drafts[0]


def test_a_word_document_gives_headings_lists_and_tables() -> None:
    def write(document: docx.document.Document) -> None:
        document.add_heading("Join the VPN", 0)
        document.add_paragraph("Intro.")
        document.add_heading("Steps", 1)
        document.add_paragraph("One", style="List Number")
        document.add_paragraph("Two", style="List Number")
        table = document.add_table(2, 2)
        for number, cell in enumerate(cell for row in table.rows for cell in row.cells):
            cell.text = f"c{number}"

    draft = word(write)
    assert draft.title == "Join the VPN"
    assert draft.text.startswith("Intro.\n\n# Steps\n\n1. One\n2. Two")
    assert "| c0 | c1 |" in draft.text


def test_a_word_document_without_a_title_is_named_by_its_heading_else_its_file() -> None:
    assert word(lambda document: document.add_heading("Only heading", 1) and document.add_paragraph("x")).title == "Only heading"
    assert word(lambda document: document.add_paragraph("x")).title == "My guide"


def package(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"word/document.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "declares entities"),
        ({"word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16")}, "declares entities"),
        ({"word/media/a.bin": b"\0" * 5_000_000}, "200 times its size"),
        ({f"p{number}": b"" for number in range(5_001)}, "5001 parts"),
        ({"a.xml": b"<x/>"}, "no Word document"),
    ],
)
def test_packages_that_no_word_processor_makes_are_refused(parts: dict[str, bytes], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse_docx(package(parts), "a.docx")
