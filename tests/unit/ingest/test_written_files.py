"""An article that Firstline writes as a file is read again as the same article."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.markdown import parse_markdown
from kb.markdown import as_file, front_matter, without_comments
from kb.model import Audience, Document, Platform
from kb.text import clean
from tests.support.kb_properties import examples

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)
TITLES = st.sampled_from(["Badge printer", "Steps", "_Badge_ **printer**", "[a](b) #1", "???", "Key: value"])
GROUPS = st.frozensets(st.sampled_from(["hr", "it-desk", "yes", "1"]))
SYSTEMS = st.frozensets(st.sampled_from(list(Platform)))
LINES = st.lists(st.sampled_from(["# Badge printer", "## Steps", "1. Open: the flap", "---", "- one", "", "<!-- hidden -->", "`code`", "key: value"]))


def read(document: Document, kept: dict[object, object]) -> Document:
    [draft] = parse_markdown(as_file(document, kept).encode(), document.path).drafts
    one = draft.fields
    return Document(one.id, document.source, document.path, draft.title, draft.text, one.owner, one.audience, one.platforms, one.review_by, one.tags)


@examples(150)
@given(
    TITLES, ANY_TEXT, LINES, ANY_TEXT, st.frozensets(st.sampled_from(["hr", "it-desk", "yes", "1"])), st.frozensets(st.sampled_from(list(Platform)))
)
def test_the_same_document_comes_back(
    title: str, words: str, lines: list[str], owner: str, groups: frozenset[str], platforms: frozenset[Platform]
) -> None:
    text = clean(without_comments(clean("\n".join([*lines, words]))))
    owner = " ".join(clean(owner).replace(",", " ").split())[:100].strip()
    one = Document("printing/badge", "f", "badge.md", title, text, owner, Audience.of(groups), platforms, date(2027, 1, 31), ("printing", "no"))
    assert read(one, {"colour": "red", "description": words}).content_hash == one.content_hash


def test_fields_that_firstline_does_not_know_stay_and_known_ones_are_written_anew() -> None:
    one = Document("badge", "f", "badge.md", "Badge printer", "Open the flap.", "desk", tags=("printing",))
    kept = {"Title": "Old", "category": "old", "review-by": date(2020, 1, 1), "colour": "red", "description": "Gone from the text."}
    declared, text = front_matter(as_file(one, kept))
    everyone = {"audience": ["everyone"], "platforms": ["any"]}
    assert declared == {"id": "badge", "title": "Badge printer", "owner": "desk", **everyone, "tags": ["printing"], "colour": "red"}
    assert text.strip() == "Open the flap."


@pytest.mark.parametrize("text", ["---\ntitle: x\n---\n\nBody.", "# Badge printer\n\nBody.", "Body.\n\n---\n\nMore."])
def test_a_text_that_looks_like_front_matter_or_a_title_stays_text(text: str) -> None:
    one = Document("badge", "f", "badge.md", "Badge printer", clean(text), "desk")
    assert read(one, {}).content_hash == one.content_hash
