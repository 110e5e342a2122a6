"""Citations and the markers in a passage's Markdown."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kb.cite import cite, marked
from kb.model import Platform
from tests.support.kb_properties import examples
from tests.support.kb_samples import passage

PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")
PROSE = st.text(alphabet="abå .,_`[]()\\|:~\n", max_size=40)
BLOCKS = st.sampled_from(
    [
        "A paragraph.",
        "Two lines\nof a paragraph",
        "1. First step\n2. Second step",
        "- one\n- two\n  - nested\n\n    more of it",
        "```\nrun [1] me\n```",
        "    indented code",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b\n--|--\n1 | 2",
        "> quoted\nlazily",
        "See [1] and [the page](https://x.example/a).",
        "# A heading",
        "Under\n=====",
        "---",
        "ends with two spaces  \nand a backslash\\\nhere",
    ]
)


def test_a_citation_carries_what_proves_it() -> None:
    one = passage(
        "Click it.",
        "VPN",
        "Install",
        "vpn",
        owner="net",
        revision=3,
        platforms=frozenset({Platform.MACOS, Platform.IOS}),
        review_by=date(2026, 11, 1),
    )
    assert asdict(cite(one, date(2026, 11, 22))) == {
        "article": "vpn",
        "revision": 3,
        "title": "VPN",
        "heading": "Install",
        "quote": "Click it.",
        "start": 0,
        "end": 9,
        "owner": "net",
        "updated": "2026-11-16",
        "review_by": "2026-11-01",
        "overdue": True,
        "platforms": ("ios", "macos"),
    }


def test_a_citation_without_a_review_date_is_never_overdue() -> None:
    made = cite(passage("x"), date(2999, 1, 1))
    assert (made.review_by, made.overdue) == ("", False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One line.", "One line. [2]"),
        ("First line\nsecond line.", "First line\nsecond line. [2]"),
        ("One.\n\nTwo.", "One. [2]\n\nTwo. [2]"),
        ("Trailing blanks.   ", "Trailing blanks. [2]"),
        ("1. Open it.\n2. Close it.", "1. Open it. [2]\n2. Close it. [2]"),
        ("- a\n  - b\n\n    c", "- a [2]\n  - b [2]\n\n    c [2]"),
        ("- two\n  lines\n- one", "- two\n  lines [2]\n- one [2]"),
        ("> quoted\nlazily", "> quoted\nlazily [2]"),
        ("Run:\n\n```\nls [a]\n```\n\nDone.", "Run: [2]\n\n```\nls [a]\n```\n\nDone. [2]"),
        ("Run:\n\n    ls\n\nDone.", "Run: [2]\n\n    ls\n\nDone. [2]"),
        ("Codes:\n\n| a | b |\n|---|---|\n| 1 | 2 |", "Codes: [2]\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
        ("Codes:\n\na | b\n--|--\n1 | 2", "Codes: [2]\n\na | b\n--|--\n1 | 2"),
        ("# Heading\n\nText.", "# Heading\n\nText. [2]"),
        ("Heading\n=======\n\nText.", "Heading\n=======\n\nText. [2]"),
        ("See https://x.example", "See https://x.example [2]"),
        ("Windows\r\nlines.\r\n\r\nMore.", "Windows\nlines. [2]\n\nMore. [2]"),
        ("old\rMac\r\rlines", "old\nMac [2]\n\nlines [2]"),
    ],
)
def test_every_paragraph_and_list_item_ends_with_the_marker(text: str, expected: str) -> None:
    assert marked(text, 2) == expected


@pytest.mark.parametrize("text", ["| a | b |\n|---|---|\n| 1 | 2 |", "```\nls\n```", "    ls", "# Only a heading"])
def test_a_passage_without_paragraphs_is_followed_by_its_marker(text: str) -> None:
    made = marked(text, 3)
    assert made == f"{text}\n\n[3]"
    assert [token.content for token in PARSER.parse(made) if token.type == "inline"][-1] == "[3]"


@pytest.mark.parametrize("literal", ["[1]", "[12]", r"\[1\]", r"[1\]", "&#91;1&#93;", "&lbrack;1&rsqb;", "&#x5B;1&#x05d;", "[1]: https://x.example"])
def test_a_literal_marker_of_the_author_cannot_pass_for_a_citation(literal: str) -> None:
    shown = "".join(
        child.content
        for token in PARSER.parse(marked(f"See {literal} there.\n\n{literal}", 7))
        if token.type == "inline"
        for child in token.children or ()
    )
    assert re.findall(r"\[(\d{1,2})\]", shown) == ["7", "7"]


def test_other_brackets_of_the_author_stay() -> None:
    assert (
        marked("Press [Enter], see [the page](https://x.example) or [2026].", 1) == "Press [Enter], see [the page](https://x.example) or [2026]. [1]"
    )


@examples(300)
@given(blocks=st.lists(BLOCKS | PROSE, min_size=1, max_size=6))
def test_markers_stand_at_the_end_of_paragraphs_and_change_no_other_word(blocks: list[str]) -> None:
    text = re.sub(r"\[(\d{1,2})\]", r"(\1)", "\n\n".join(blocks))
    plain, with_markers = PARSER.parse(text), PARSER.parse(marked(text, 88))
    if not any(token.type == "paragraph_open" for token in plain):
        assert [token.content for token in with_markers[-3:]] == ["", "[88]", ""]
        del with_markers[-3:]
    assert [token.type for token in with_markers] == [token.type for token in plain]
    for before, one, two in zip(plain, plain[1:], with_markers[1:], strict=False):
        expected = [*one.content.split(), "[88]"] if before.type == "paragraph_open" else one.content.split()
        assert two.content.split() == expected


@pytest.mark.parametrize("code", ["`print(row[1])`", "```\nprint(row[1])\n```", "    print(row[1])"])
def test_a_number_in_brackets_inside_code_stays_as_it_is_typed(code: str) -> None:
    assert "print(row[1])" in marked(f"Run this:\n\n{code}\n\nDone [1].", 4)
