"""A file's name may mislead nobody: not about what the file is, and not about where it lies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.domain.attachment import ENDINGS, NAME_LENGTH, WORDS, Trouble, clean_name, said_size


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("screen.png", "screen.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\maria\\vpn error.PNG", "vpn error.png"),
        ("holiday.pdf.exe", "holiday.pdf.exe.png"),
        ("annual\u202egnp.exe", "annualgnp.exe.png"),
        ("a\0b\r\nSet-Cookie: x.png", "abSet-Cookie_ x.png"),
        ("", "file.png"),
        ("...", "file.png"),
        ("CON", "file-CON.png"),
        ("nul.png", "file-nul.png"),
        ("  Fehler\u00a0beim  Öffnen.png ", "Fehler beim Öffnen.png"),
        ("صورة.png", "صورة.png"),
        ("x" * 500 + ".png", "x" * (NAME_LENGTH - 4) + ".png"),
    ],
)
def test_a_name_keeps_what_is_seen_and_loses_what_misleads(sent: str, kept: str) -> None:
    assert clean_name(sent, "image/png") == kept


def test_the_ending_says_what_the_content_is() -> None:
    assert clean_name("run.ps1", "text/plain") == "run.ps1.txt"
    assert clean_name("table.csv", "text/plain") == "table.csv.txt"
    assert clean_name("service.log", "text/plain") == "service.log"
    assert clean_name("scan.png", "application/pdf") == "scan.png.pdf"


@given(st.text(max_size=300), st.sampled_from(sorted(ENDINGS)))
def test_whatever_is_sent_becomes_one_plain_name_of_the_right_kind(sent: str, media: str) -> None:
    name = clean_name(sent, media)
    assert 0 < len(name) <= NAME_LENGTH
    assert name.lower().endswith(ENDINGS[media])
    assert not set(name) & set('/\\:*?"<>|\0\r\n\u202e\u200f\u2066')
    assert not name.startswith(".")
    assert clean_name(name, media) == name


def test_every_refusal_says_in_words_what_to_do() -> None:
    assert set(WORDS) == set(Trouble)
    assert all(len(words.split(". ")) > 1 and words.endswith(".") for words in WORDS.values())


def test_sizes_are_said_as_people_say_them() -> None:
    assert [said_size(size) for size in (1, 340_000, 999_600, 2_400_000)] == ["1 kB", "340 kB", "1.0 MB", "2.4 MB"]
