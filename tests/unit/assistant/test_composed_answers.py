"""Answers: the article's own words in its own order, whole procedures, within a budget, each part cited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.agent.steps.answer import NEAR, OPENING_NEAR, WORD_BUDGET, Composed, compose
from kb.model import Article, Audience, Evidence, Passage, Retrieval, Section

TODAY = date(2026, 3, 2)
INTRO = "Use the lab scanner to turn paper into searchable files."
BEFORE = "- A badge that is enabled for the lab.\n- A network drive with free space."
STEPS = "1. Put the paper into the tray.\n2. Hold your badge to the reader.\n3. Choose **Scan to drive**.\n4. Press the green button."
CHECK = "The file appears on drive S: within a minute."
TROUBLE = "If the tray blinks, the paper is too thick. Use the glass instead."
PARTS = {"": INTRO, "Before you start": BEFORE, "Scan": STEPS, "Check that it works": CHECK, "If it fails": TROUBLE}


def article(name: str = "lab-scanner", **changes: object) -> Article:
    plain = Article(
        id=name,
        title="Use the lab scanner",
        owner="desk@x.example",
        audience=Audience(),
        platforms=frozenset(),
        review_by=date(2026, 12, 31),
        tags=("printing",),
        source="test",
        path="scanner.md",
        revision=3,
        content_hash="",
        updated_at=datetime(2026, 1, 5, tzinfo=UTC),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def laid_out(parts: Mapping[str, str]) -> tuple[str, list[Section]]:
    """Return the Markdown of an article with these parts, and a section for each."""
    text, sections = "", []
    for ordinal, (heading, body) in enumerate(parts.items()):
        text += f"## {heading}\n\n" if heading else ""
        sections.append(Section(ordinal, heading, len(text), len(text) + len(body)))
        text += f"{body}\n\n"
    return text, sections


def passages(parts: Mapping[str, str] = PARTS, of: Article | None = None) -> list[Passage]:
    head, (text, sections) = of or article(), laid_out(parts)
    return [Passage(f"{head.id}@{head.revision}#{s.ordinal}", head, s.ordinal, s.heading, s.start, s.end, text[s.start : s.end]) for s in sections]


def retrieval(*scored: tuple[Passage, float]) -> Retrieval:
    ranked = sorted((Evidence(passage, score, 0.0, score) for passage, score in scored), key=lambda item: -item.fused)
    return Retrieval(tuple(ranked), 0.9)


def named(whole: list[Passage], heading: str) -> Passage:
    return next(passage for passage in whole if passage.heading == heading)


def headings(made: Composed) -> list[str]:
    return [citation.heading for citation in made.citations]


def test_the_parts_keep_the_articles_order_whatever_their_rank() -> None:
    whole = passages()
    made = compose(
        retrieval((named(whole, "If it fails"), 0.72), (named(whole, "Scan"), 0.70), (named(whole, "Check that it works"), 0.71)), whole, TODAY
    )
    assert headings(made) == ["Scan", "Check that it works", "If it fails"]
    assert made.text.index("### Scan") < made.text.index("### Check that it works") < made.text.index("### If it fails")
    assert made.passages == ("lab-scanner@3#2", "lab-scanner@3#3", "lab-scanner@3#4")


def test_a_procedure_is_whole_and_in_its_own_words() -> None:
    whole = passages()
    made = compose(retrieval((named(whole, "Scan"), 0.8)), whole, TODAY)
    for line in STEPS.splitlines():
        assert f"{line} [1]" in made.text
    assert made.citations[0].quote == STEPS


@pytest.mark.parametrize("heading", ["", "Before you start", "If it fails"])
def test_a_part_without_steps_brings_the_procedure_along(heading: str) -> None:
    whole = passages()
    made = compose(retrieval((named(whole, heading), 0.9), (named(whole, "Scan"), 0.3), (named(whole, "Check that it works"), 0.4)), whole, TODAY)
    assert set(headings(made)) == {heading, "Scan"}


def test_the_procedure_comes_along_also_when_retrieval_did_not_find_it() -> None:
    whole = passages()
    assert headings(compose(retrieval((whole[0], 0.9)), whole, TODAY)) == ["", "Scan"]


def test_a_procedure_that_answers_stays_alone() -> None:
    whole = passages()
    made = compose(retrieval((named(whole, "Scan"), 0.9), (named(whole, "If it fails"), 0.9 - NEAR - 0.01)), whole, TODAY)
    assert headings(made) == ["Scan"]


def test_an_article_without_steps_answers_in_words() -> None:
    whole = passages({"": INTRO, "More": TROUBLE})
    assert headings(compose(retrieval((whole[1], 0.9), (whole[0], 0.2)), whole, TODAY)) == ["More"]


def test_of_several_procedures_those_that_fit_best_come_along_and_no_more_than_two() -> None:
    whole = passages({"": INTRO} | {f"Way {i}": STEPS.replace("paper", f"paper {i}") for i in range(1, 5)})
    made = compose(retrieval((whole[0], 0.9), (whole[4], 0.5), (whole[2], 0.4), (whole[1], 0.3), (whole[3], 0.2)), whole, TODAY)
    assert headings(made) == ["", "Way 2", "Way 4"]


def test_passages_of_other_articles_never_join() -> None:
    whole = passages()
    other = passages(of=article("lab-printer"))
    made = compose(retrieval((named(whole, "Scan"), 0.9), *((passage, 0.89) for passage in other)), whole, TODAY)
    assert {citation.article for citation in made.citations} == {"lab-scanner"}


def test_near_passages_join_only_within_the_word_budget() -> None:
    long = " ".join(f"word{i}" for i in range(WORD_BUDGET - 20))
    whole = passages({"One": long, "Two": long, "Three": "Short and near."})
    made = compose(retrieval((whole[0], 0.80), (whole[1], 0.79), (whole[2], 0.78)), whole, TODAY)
    assert headings(made) == ["One", "Three"]


def test_what_opens_the_article_goes_before_what_ranks_higher() -> None:
    filling = " ".join(f"word{i}" for i in range(WORD_BUDGET - 30))
    whole = passages({"": "Call security at once, day or night.", "What we do": "We block it.", "Later": filling})
    made = compose(retrieval((whole[1], 0.80), (whole[2], 0.79), (whole[0], 0.80 - OPENING_NEAR + 0.01)), whole, TODAY)
    assert headings(made) == ["", "What we do", "Later"]
    crowded = passages({"": " ".join(["Call"] * 40), "What we do": "We block it.", "Later": filling})
    made = compose(retrieval((crowded[1], 0.80), (crowded[2], 0.79), (crowded[0], 0.71)), crowded, TODAY)
    assert headings(made) == ["", "What we do"]


def test_what_opens_the_article_stays_out_where_it_is_about_something_else() -> None:
    whole = passages({"": INTRO, "What we do": "We block it."})
    assert headings(compose(retrieval((whole[1], 0.80), (whole[0], 0.80 - OPENING_NEAR - 0.01)), whole, TODAY)) == ["What we do"]


def test_the_best_passage_is_there_even_beyond_the_budget() -> None:
    steps = "\n".join(f"{i}. Do the thing number {i} with great care and patience." for i in range(1, 61))
    whole = passages({"Long": steps})
    made = compose(retrieval((whole[0], 0.8)), whole, TODAY)
    assert made.citations[0].quote == steps
    assert "60. Do the thing" in made.text


def test_a_citation_says_everything_about_its_source() -> None:
    whole = passages()
    citation = compose(retrieval((named(whole, "Scan"), 0.8)), whole, TODAY).citations[0]
    assert (citation.article, citation.revision, citation.title, citation.heading) == ("lab-scanner", 3, "Use the lab scanner", "Scan")
    assert laid_out(PARTS)[0][citation.start : citation.end] == citation.quote
    assert (citation.owner, citation.updated, citation.review_by, citation.overdue) == ("desk@x.example", "2026-01-05", "2026-12-31", False)
    late = compose(retrieval((named(whole, "Scan"), 0.8)), whole, date(2027, 1, 1)).citations[0]
    assert late.overdue


def test_a_marker_that_the_author_wrote_cannot_pass_for_a_citation() -> None:
    whole = passages({"A": "See note [7] and press [2]."})
    made = compose(retrieval((whole[0], 0.8)), whole, TODAY)
    assert "(7)" in made.text
    assert "[7]" not in made.text
    assert "[2]" not in made.text


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5))
def test_every_marker_has_its_citation_and_every_citation_its_marker(scores: list[float]) -> None:
    whole = passages()
    made = compose(retrieval(*zip(whole, scores, strict=True)), whole, TODAY)
    markers = {int(number) for number in re.findall(r"\[(\d+)\]", made.text)}
    assert markers == set(range(1, len(made.citations) + 1))
    assert len(made.passages) == len(made.citations)
    spans = [(citation.start, citation.end) for citation in made.citations]
    assert spans == sorted(spans)
    assert all(laid_out(PARTS)[0][citation.start : citation.end] == citation.quote for citation in made.citations)
    best = max(range(5), key=lambda i: scores[i])
    assert whole[best].id in made.passages or scores.count(scores[best]) > 1
