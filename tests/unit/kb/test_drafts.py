"""Working copies of articles: who may do what with them, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from kb.drafts import BUILT_IN, MOST_CHARACTERS, MOST_KEPT, Content, Draft, DraftState, NotNow, problems
from kb.model import Article, Audience

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
TODAY = NOON.date()
GOOD = Content("Badge printer jams", "Open the side flap.", "desk", review_by=date(2027, 5, 1))
DRAFT = Draft("d_1", GOOD, "lena", NOON, NOON, writers=("lena",))
IN_REVIEW = DRAFT.submitted("lena", (), NOON)


def says(content: Content, article: str = "", others: tuple[Article, ...] = (), groups: tuple[str, ...] = ("hr",)) -> dict[str, str]:
    return {one.field: one.says for one in problems(replace(DRAFT, content=content, article=article), groups, others, TODAY)}


def article(article_id: str, title: str) -> Article:
    return Article(article_id, title, "desk", Audience(), frozenset(), None, (), BUILT_IN, "", 1, "", NOON)


def test_a_draft_goes_from_its_author_to_a_second_person_and_out() -> None:
    out = IN_REVIEW.approved("priya", (), 0, LATER)
    assert (out.state, out.reviewer, out.updated_at) == (DraftState.PUBLISHED, "priya", LATER)


@pytest.mark.parametrize("who", ["lena", "sam"])
def test_nobody_reviews_what_they_wrote(who: str) -> None:
    both = IN_REVIEW.edited("sam", GOOD, "", NOON).submitted("lena", (), NOON)
    with pytest.raises(NotNow, match="second person"):
        both.approved(who, (), 0, NOON)
    with pytest.raises(NotNow, match="second person"):
        both.returned(who, "no", NOON)
    assert both.approved("priya", (), 0, NOON).state is DraftState.PUBLISHED


def test_whoever_sends_it_to_review_counts_as_a_writer() -> None:
    with pytest.raises(NotNow, match="second person"):
        DRAFT.submitted("sam", (), NOON).approved("sam", (), 0, NOON)


def test_what_is_changed_while_it_is_in_review_has_to_be_sent_again() -> None:
    changed = IN_REVIEW.edited("lena", replace(GOOD, text="Something else."), "", LATER)
    assert changed.state is DraftState.DRAFT
    with pytest.raises(NotNow, match="not in review"):
        changed.approved("priya", (), 0, LATER)


def test_a_reviewer_says_what_has_to_change_and_the_author_sends_it_again() -> None:
    with pytest.raises(NotNow, match="Say what"):
        IN_REVIEW.returned("priya", "  ", NOON)
    back = IN_REVIEW.returned("priya", "Which flap?", NOON)
    assert (back.state, back.note, back.reviewer) == (DraftState.CHANGES_ASKED, "Which flap?", "priya")
    again = back.edited("lena", replace(GOOD, text="The left one."), "", LATER)
    assert again.state is DraftState.CHANGES_ASKED and again.note == "Which flap?"
    assert again.submitted("lena", (), LATER).note == ""


@pytest.mark.parametrize("over", [replace(DRAFT, state=DraftState.PUBLISHED), DRAFT.discarded(NOON)])
def test_what_is_over_is_not_changed_any_more(over: Draft) -> None:
    for act in (
        lambda: over.edited("lena", GOOD, "", NOON),
        lambda: over.submitted("lena", (), NOON),
        lambda: over.discarded(NOON),
        lambda: over.approved("priya", (), 0, NOON),
        lambda: over.returned("priya", "no", NOON),
        lambda: over.rebased(3, NOON),
    ):
        with pytest.raises(NotNow):
            act()


def test_a_change_is_published_only_over_the_revision_that_it_was_made_from() -> None:
    change = replace(IN_REVIEW, article="badge", based_on=2)
    assert change.approved("priya", (), 2, NOON).state is DraftState.PUBLISHED
    with pytest.raises(NotNow, match="revision 3 is live"):
        change.approved("priya", (), 3, NOON)
    with pytest.raises(NotNow, match="withdrawn"):
        change.approved("priya", (), 0, NOON)
    caught_up = change.rebased(3, NOON)
    assert (caught_up.based_on, caught_up.state) == (3, DraftState.DRAFT)
    with pytest.raises(NotNow):
        DRAFT.rebased(3, NOON)


def test_what_has_problems_goes_neither_to_review_nor_out() -> None:
    found = problems(replace(DRAFT, content=replace(GOOD, owner="")), (), (), TODAY)
    with pytest.raises(NotNow, match="Nobody owns it"):
        DRAFT.submitted("lena", found, NOON)
    with pytest.raises(NotNow, match="Nobody owns it"):
        IN_REVIEW.approved("priya", found, 0, NOON)
    with pytest.raises(NotNow, match="in review already"):
        IN_REVIEW.submitted("lena", (), NOON)


def test_a_good_draft_has_no_problems() -> None:
    assert says(GOOD) == {}
    assert says(replace(GOOD, audience=Audience.of(["HR"]))) == {}


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        (replace(GOOD, title=" "), "title", "no title"),
        (replace(GOOD, title="t" * 201), "title", "201 characters"),
        (replace(GOOD, text="\n "), "text", "no text"),
        (replace(GOOD, text="x" * (MOST_CHARACTERS + 1)), "text", "20,001 characters"),
        (replace(GOOD, owner=""), "owner", "Nobody owns it"),
        (replace(GOOD, audience=Audience.of(["hr", "finanse"])), "audience", "finanse"),
        (replace(GOOD, review_by=None), "review_by", "no review date"),
        (replace(GOOD, review_by=TODAY), "review_by", "has passed"),
    ],
)
def test_each_problem_names_its_field_and_what_to_do(content: Content, field: str, words: str) -> None:
    found = says(content)
    assert list(found) == [field]
    assert words in found[field]


def test_the_title_of_another_article_is_a_problem_and_its_own_is_not() -> None:
    others = (article("badge", "badge printer JAMS!"), article("vpn", "VPN"))
    assert list(says(GOOD, others=others)) == ["title"]
    assert says(GOOD, article="badge", others=others) == {}
    [twin] = problems(DRAFT, (), others, TODAY)
    assert twin.article == "badge"


def test_a_text_that_nobody_could_read_is_not_even_kept() -> None:
    assert DRAFT.edited("lena", replace(GOOD, text="x" * MOST_KEPT), "", NOON).version == 0
    with pytest.raises(NotNow, match="split it"):
        DRAFT.edited("lena", replace(GOOD, text="x" * (MOST_KEPT + 1)), "", NOON)
