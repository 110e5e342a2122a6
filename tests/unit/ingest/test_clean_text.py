"""Clean text, slugs, titles and declared fields."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.draft import Unreadable
from ingest.parse.fields import read_fields
from ingest.parse.text import decode
from kb.model import Audience, Platform
from kb.text import clean, humanise, one_line, slug


def test_what_nobody_sees_is_removed() -> None:
    assert clean("a\u202eb\u2066c\x00d\x07e\u200bf\ufeffg\U000e0041h") == "abcdefgh"


def test_line_ends_become_one_kind_and_accents_one_form() -> None:
    assert clean("a\r\nb\rc\u2028cafe\u0301") == "a\nb\nc\ncaf\u00e9"


def test_a_hard_line_break_of_markdown_survives_and_other_blank_ends_do_not() -> None:
    assert clean("one   \ntwo \nthree") == "one  \ntwo\nthree"


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(min_size=1))
def test_a_slug_is_safe_in_addresses_and_never_empty(text: str) -> None:
    name = slug(text)
    assert re.fullmatch(r"[a-z0-9._/-]{1,100}", name)
    assert not any(segment in ("", ".", "..") for segment in name.split("/"))


def test_slugs_of_titles_stay_readable() -> None:
    assert slug("VPN/Set up (Windows 11)") == "vpn/set-up-windows-11"
    assert slug("Passwort zur\u00fccksetzen") == "passwort-zurucksetzen"


def test_names_in_other_scripts_stay_apart() -> None:
    assert slug("\u91cd\u7f6e VPN") != slug("\u5b89\u88c5 VPN")


def test_long_names_that_start_alike_stay_apart() -> None:
    assert slug("a" * 150 + "1") != slug("a" * 150 + "2")


def test_a_file_name_becomes_a_title() -> None:
    assert humanise("vpn/reset-password_windows.md") == "Reset password windows"
    assert humanise("printing/index.md") == "Printing"


def test_a_title_is_one_line_of_bounded_length() -> None:
    assert one_line(" a\n b\t c ") == "a b c"
    assert len(one_line("word " * 200)) <= 200


@pytest.mark.parametrize("raw", [b"%PDF-1.4 x", b"PK\x03\x04rest", b"text\x00text", bytes(range(1, 9)) * 40 + b"\xff"])
def test_binary_content_is_not_taken_for_text(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="not a text file"):
        decode(raw)


def test_encodings_of_older_systems_are_read_with_a_warning() -> None:
    assert decode("caf\u00e9 \u201cx\u201d".encode("cp1252"))[0] == "caf\u00e9 \u201cx\u201d"
    assert decode("caf\u00e9".encode("cp1252"))[1] == ("is not UTF-8; it was read as cp1252",)
    assert decode("caf\u00e9".encode("utf-16")) == ("caf\u00e9", ())
    assert decode(b"\xef\xbb\xbfx") == ("x", ())


def test_declared_fields_are_read_whatever_their_spelling() -> None:
    fields, warnings = read_fields(
        {"Title": "T", "Owner": ["a@x", "b@x"], "audience": "HR, Finance", "Platforms": ["Windows 11", "Mac OS", "iPad"],
         "Review-By": "2026-01-31", "tags": "Wi-Fi, vpn", "category": "Network"}
    )  # fmt: skip
    assert warnings == ()
    assert (fields.title, fields.owner, fields.review_by) == ("T", "a@x, b@x", date(2026, 1, 31))
    assert fields.audience == Audience(frozenset({"hr", "finance"}))
    assert fields.platforms == {Platform.WINDOWS, Platform.MACOS, Platform.IOS}
    assert fields.tags == ("network", "wi-fi", "vpn")


@pytest.mark.parametrize("declared", [{"platform": "any"}, {"platforms": []}, {"platform": None}, {"platforms": ["windows", "all"]}])
def test_any_platform_means_no_restriction(declared: dict[object, object]) -> None:
    assert read_fields(declared)[0].platforms == frozenset()


def test_unknown_platforms_and_dates_are_warnings() -> None:
    fields, warnings = read_fields({"platforms": ["windows", "solaris"], "review_by": "next spring"})
    assert fields.platforms == {Platform.WINDOWS}
    assert fields.review_by is None
    assert len(warnings) == 2


@pytest.mark.parametrize(
    "declared", [{"audience": None}, {"audience": []}, {"audience": {"a": 1}}, {"audience": ["hr", {"x": 1}]}, {"audence": "hr"}]
)
def test_an_audience_that_cannot_be_understood_keeps_the_article_out(declared: dict[object, object]) -> None:
    with pytest.raises(Unreadable, match="audience"):
        read_fields(declared)
