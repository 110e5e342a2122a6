"""Which sentences lint holds against each other, and which it must leave alone."""

from __future__ import annotations

import random

import pytest

from kb.lint.examine import contradictions
from kb.lint.findings import Contradiction
from kb.model import Audience, Platform
from kb.ports import Vector
from tests.support.kb_samples import passage, unit

WINDOWS, MACOS = frozenset({Platform.WINDOWS}), frozenset({Platform.MACOS})
NEAR, FAR = {"a@1#0": unit(1, 0)[None, :], "b@1#0": unit(1, 0.3)[None, :]}, {"a@1#0": unit(1, 0)[None, :], "b@1#0": unit(0, 1)[None, :]}
FILLER = [
    passage(f"The {name} in the hall is cleaned by the {other} team.", article_id=f"filler-{name}")
    for name, other in (("printer", "canteen"), ("lamp", "garden"), ("door", "night"), ("carpet", "morning"), ("window", "spring"))
]


Facts = dict[str, object]


def between(
    first: str, second: str, vectors: dict[str, Vector] | None = None, one: Facts | None = None, other: Facts | None = None
) -> list[Contradiction]:
    a = passage(first, **{"title": "Mail in brief", "article_id": "a", **(one or {})})  # type: ignore[arg-type]
    b = passage(second, **{"title": "About mail", "article_id": "b", **(other or {})})  # type: ignore[arg-type]
    return contradictions([a, b, *FILLER], NEAR if vectors is None else vectors)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("Deleted messages are kept in the archive for 30 days.", "Deleted messages are kept in the archive for 90 days.", "quantity"),
        ("A mailbox of the sales staff holds at most 50 GB.", "A mailbox of the sales staff holds at most 100 GB.", "quantity"),
        ("Wait fifteen minutes after the fifth wrong password.", "Wait 30 minutes after the fifth wrong password.", "quantity"),
        ("The licence costs $12 a month for each colleague.", "The licence costs $20 a month for each colleague.", "quantity"),
        ("Sign in to the portal at mail.lindqvist.example.", "Sign in to the portal at post.lindqvist.example.", "host name"),
        ("Write to the archive team at archive@lindqvist.example.", "Write to the archive team at mailbox@lindqvist.example.", "e-mail address"),
        ("Call the mail team on extension 4357 about the archive.", "Call the mail team on extension 4375 about the archive.", "telephone number"),
        ("The mail server answers on port 993 inside the office.", "The mail server answers on port 143 inside the office.", "port"),
        ("The archive client needs version 5.4 or newer.", "The archive client needs version 6.1 or newer.", "version"),
        ("The mail desk answers 07:00-18:00 on weekdays.", "The mail desk answers 08:30-16:30 on weekdays.", "hours"),
        ("Find the archive under **Settings > General > Storage**.", "Find the archive under **Options > Mail > Storage**.", "menu path"),
        ("Guests must sign the archive agreement.", "Guests must not sign the archive agreement.", "yes or no"),
        ("The archive of guests is enabled by the sales staff.", "The archive of guests is disabled by the sales staff.", "yes or no"),
    ],
)
def test_two_sentences_that_cannot_both_be_followed_are_found(first: str, second: str, kind: str) -> None:
    found = between(first, second)
    assert [one.kind for one in found] == [kind]
    assert (found[0].first.text, found[0].second.text) == (first, second)
    assert found[0].readers == "everyone, any system"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("Deleted messages are kept for 30 days.", "Deleted messages are kept for 30 days.", id="the same"),
        pytest.param("Deleted messages are kept for 14 days.", "Deleted messages are kept for 2 weeks.", id="the same time in another unit"),
        pytest.param("A message may hold 2,000 characters.", "A message may hold 2000 characters.", id="the same number written otherwise"),
        pytest.param("A password has at least 14 characters.", "A password has at most 64 characters.", id="a lower and an upper bound"),
        pytest.param("The archive takes about 20 minutes to open.", "The archive takes about 30 minutes to open.", id="two rough figures"),
        pytest.param("Messages for Ledgerline are kept 30 days.", "Messages for Paygrove are kept 90 days.", id="two products"),
        pytest.param("If the archive is enabled, close the mail client.", "If the archive is disabled, close the mail client.", id="two conditions"),
        pytest.param("For example, allow mail.contoso.com in the archive.", "For example, allow post.adatum.com in the archive.", id="two examples"),
        pytest.param("Select **Mail > Rename** for the archive.", "Select **Mail > Remove** for the archive.", id="two things in one menu"),
        pytest.param(
            "Open **Settings > Storage** when the archive of the sales staff is full.",
            "Open **Settings > General > Storage** when the archive of the sales staff is full.",
            id="a shorter path",
        ),
        pytest.param("The mail archive has no owner.", "The mail archive does not have an owner.", id="no and not"),
    ],
)
def test_sentences_that_can_both_be_true_are_left_alone(first: str, second: str) -> None:
    assert between(first, second) == []


def test_the_same_said_of_two_subjects_is_no_contradiction() -> None:
    told = "The {0} in the hall is ready for all of us after {1} minutes."
    subjects = {"title": "All about the copier"}, {"title": "All about the scanner"}
    assert between(told.format("copier", 3), told.format("scanner", 9), one=subjects[0], other=subjects[1]) == []
    assert len(between(told.format("copier", 3), told.format("copier", 9), one=subjects[0], other=subjects[1])) == 1


THIRTY, NINETY = "Deleted messages are kept in the archive for 30 days.", "Deleted messages are kept in the archive for 90 days."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"platforms": WINDOWS}, {"platforms": MACOS}, id="two platforms"),
        pytest.param({"title": "Mail on Windows"}, {"title": "Mail on a Mac"}, id="two platforms in the titles"),
        pytest.param({"audience": Audience.of(["sales"])}, {"audience": Audience.of(["finance"])}, id="two audiences"),
        pytest.param({"title": "Mail server 2016"}, {"title": "Mail server 2019"}, id="two editions"),
        pytest.param({"title": "Mail in Ledgerline"}, {}, id="another product in the title"),
        pytest.param({"article_id": "b"}, {}, id="one article"),
    ],
)
def test_guides_that_nobody_reads_both_of_or_for_other_things_do_not_contradict(one: dict[str, object], other: dict[str, object]) -> None:
    assert between(THIRTY, NINETY, one=one, other=other) == []
    assert len(between(THIRTY, NINETY)) == 1


def test_a_general_article_and_one_for_windows_can_contradict_for_those_who_use_windows() -> None:
    (found,) = between(THIRTY, NINETY, one={"platforms": WINDOWS, "audience": Audience.of(["sales"])})
    assert found.readers == "sales, Windows"


def test_passages_far_apart_in_meaning_contradict_only_in_addresses() -> None:
    assert between(THIRTY, NINETY, FAR) == []
    call = "Call the mail team on extension {} about the archive."
    assert len(between(call.format(4357), call.format(4375), FAR)) == 1


def test_without_vectors_the_words_of_the_passages_decide() -> None:
    assert len(between(THIRTY, NINETY, {})) == 1
    padding = " ".join(f"word{n}" for n in range(60))
    assert between(f"{THIRTY} Then {padding}.", f"{NINETY} Then {padding.replace('word', 'other')}.", {}) == []


def test_a_sentence_that_the_other_article_says_too_is_not_held_against_another() -> None:
    both = f"{THIRTY}\n\n{NINETY}"
    assert between(both, NINETY) == []


def test_both_quotes_are_the_authors_words_at_their_place_in_the_article() -> None:
    first = f"Read this.\n\n- Ask.\n- {THIRTY.replace('30 days', '**30 days**')}\n"
    (found,) = between(first, NINETY)
    assert first[found.first.start : found.first.end] == found.first.text == THIRTY.replace("30 days", "**30 days**")


def test_other_words_for_the_same_thing_are_found_where_the_passages_are_near() -> None:
    told = "An archive session of the mail client lasts for 8 hours.", "The archive session of the mail client ends after 12 hours."
    assert [one.kind for one in between(*told)] == ["quantity"]
    assert between(*told, FAR) == []


def test_a_log_or_a_table_without_an_end_is_no_sentence() -> None:
    tail = " and so on" * 80
    assert between(THIRTY[:-1] + tail, NINETY[:-1] + tail) == []


def test_the_same_number_to_call_in_many_articles_is_held_against_a_wrong_one_once() -> None:
    right = [passage("Call the mail team on extension 4357 about the archive.", article_id=f"right-{n}") for n in range(20)]
    wrong = passage("Call the mail team on extension 4375 about the archive.", article_id="wrong")
    found = contradictions([*right, wrong, *FILLER], {})
    assert len(found) == 1
    assert {found[0].first.article, found[0].second.article} == {"right-0", "wrong"}


def test_the_order_of_the_articles_changes_nothing_but_which_quote_comes_first() -> None:
    every = [passage(THIRTY, article_id="a"), passage(NINETY, article_id="b"), *FILLER]
    expected = {frozenset((one.first.article, one.second.article)) for one in contradictions(every, {})}
    random.Random(3).shuffle(every)
    assert {frozenset((one.first.article, one.second.article)) for one in contradictions(every, {})} == expected == {frozenset("ab")}


@pytest.mark.parametrize(("values", "found"), [((5, 9), 1), ((5, 9, 20, 40), 0)])
def test_a_form_that_each_article_fills_in_for_itself_is_no_contradiction(values: tuple[int, ...], found: int) -> None:
    said = "The estimated time of this procedure for all of us is {} minutes."
    every = [passage(said.format(minutes), article_id=f"a{minutes}") for minutes in values]
    assert len(contradictions([*every, *FILLER], {})) == found


def test_an_article_that_gives_the_value_of_each_case_itself_is_not_held_against_another() -> None:
    own = "## Small\n\nThe default value of the sales setting is 5 minutes.\n\n## Large\n\nThe default value of the sales setting is 9 minutes."
    assert between(own, "The default value of the sales setting is 20 minutes.") == []


def test_dates_are_no_telephone_numbers_and_how_often_is_no_quantity() -> None:
    assert between("Page of the mail team updated 2020-02-20 in Leeds.", "Page of the mail team updated 2020-05-15 in Leeds.") == []
    assert between("Select the archive of the mail team two times.", "Select the archive of the mail team three times.") == []


def test_code_and_headings_are_not_sentences() -> None:
    fenced = "```\nDeleted messages are kept in the archive for 30 days.\n```"
    assert between(fenced, NINETY) == between(f"## {THIRTY}", NINETY) == []


def test_a_passage_of_endless_text_is_passed_over_quickly() -> None:
    blob = passage("a-" * 40_000 + "1" * 40_000 + " > B" * 5_000, article_id="blob")
    assert contradictions([blob, passage(NINETY, article_id="b")], {}) == []
