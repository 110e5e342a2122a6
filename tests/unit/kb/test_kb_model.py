"""Audiences, content hashes and the small rules of articles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.model import Audience, Document, Evidence, Platform, Reader, Retrieval
from kb.ports import Scope
from tests.support.kb_properties import GROUP_SETS, examples
from tests.support.kb_samples import document, passage

NAMES = st.frozensets(st.text(alphabet="ab+, \x00", min_size=1, max_size=4).filter(str.strip), max_size=3)


def test_an_article_without_an_audience_is_for_everybody() -> None:
    assert Audience.of([]).admits(Reader())
    assert Audience.of(["everyone"]).admits(Reader())


def test_everyone_among_the_names_means_everybody() -> None:
    assert Audience.of(["finance", " Everyone "]) == Audience()


def test_a_restricted_article_admits_members_of_any_of_its_groups_only() -> None:
    audience = Audience.of(["finance", "hr"])
    assert audience.admits(Reader(frozenset({"hr", "sales"})))
    assert not audience.admits(Reader(frozenset({"sales"})))
    assert not audience.admits(Reader())


def test_group_names_are_compared_without_case_and_blanks() -> None:
    assert Audience.of([" HR ", "IT-Admins"]).groups == {"hr", "it-admins"}


def test_a_reader_who_claims_to_be_everyone_gains_nothing() -> None:
    assert not Audience.of(["finance"]).admits(Reader(frozenset({"everyone"})))


@examples(200)
@given(groups=GROUP_SETS, reader=GROUP_SETS)
def test_more_groups_never_take_a_right_away(groups: frozenset[str], reader: frozenset[str]) -> None:
    audience = Audience(groups)
    if audience.admits(Reader(reader)):
        assert all(audience.admits(Reader(reader | {group})) for group in ("sales", "finance"))


def test_a_scope_without_a_platform_shows_the_guides_of_all() -> None:
    assert Scope(Reader()).admits(Audience(), frozenset({Platform.IOS}))


def test_a_scope_with_a_platform_shows_its_guides_and_the_general_ones() -> None:
    scope = Scope(Reader(), Platform.IOS)
    assert scope.admits(Audience(), frozenset({Platform.IOS, Platform.ANDROID}))
    assert scope.admits(Audience(), frozenset())
    assert not scope.admits(Audience(), frozenset({Platform.ANDROID}))


def test_a_platform_never_opens_a_restricted_article() -> None:
    assert not Scope(Reader(), Platform.IOS).admits(Audience.of(["hr"]), frozenset({Platform.IOS}))


ONE = document("vpn", "Text.", title="VPN", groups=["hr"], platforms=[Platform.IOS])


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Vpn"},
        {"text": "Text"},
        {"owner": "hr@lindqvist.example"},
        {"audience": Audience()},
        {"audience": Audience.of(["hr", "finance"])},
        {"platforms": frozenset()},
        {"review_by": None},
        {"review_by": date(2027, 2, 1)},
        {"tags": ("vpn",)},
        {"tags": ("remote", "vpn")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_reader_or_the_index_sees_changes_the_hash(change: dict[str, object]) -> None:
    assert replace(ONE, **change).content_hash != ONE.content_hash  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [{"path": "b.md"}, {"source": "wiki"}, {"article_id": "other"}], ids=str)
def test_where_an_article_comes_from_does_not_change_the_hash(change: dict[str, str]) -> None:
    assert replace(ONE, **change).content_hash == ONE.content_hash  # type: ignore[arg-type]


@examples(200)
@given(one=NAMES, two=NAMES)
def test_different_audiences_never_share_a_hash(one: frozenset[str], two: frozenset[str]) -> None:
    first, second = (replace(ONE, audience=Audience(groups)) for groups in (one, two))
    assert (first.content_hash == second.content_hash) == (one == two)


def test_a_group_with_a_plus_is_not_two_groups() -> None:
    joined, apart = (replace(ONE, audience=Audience(frozenset(groups))) for groups in ({"r+d"}, {"r", "d"}))
    assert joined.content_hash != apart.content_hash


def test_a_tag_with_a_comma_is_not_two_tags() -> None:
    assert replace(ONE, tags=("a,b",)).content_hash != replace(ONE, tags=("a", "b")).content_hash


def test_the_order_in_which_groups_and_platforms_were_written_does_not_matter() -> None:
    one = document("vpn", groups=["hr", "finance"], platforms=[Platform.IOS, Platform.LINUX])
    two = document("vpn", groups=["finance", "hr"], platforms=[Platform.LINUX, Platform.IOS])
    assert one.content_hash == two.content_hash


def test_the_category_is_the_first_tag() -> None:
    assert passage("x", tags=("vpn", "remote")).article.category == "vpn"
    assert passage("x").article.category == "general"


def test_an_article_is_overdue_from_the_day_after_its_review_date() -> None:
    article = passage("x", review_by=date(2026, 11, 20)).article
    assert not article.overdue(date(2026, 11, 20))
    assert article.overdue(date(2026, 11, 21))
    assert not passage("x").article.overdue(date(2999, 1, 1))


def test_the_articles_of_a_retrieval_are_distinct_and_in_rank_order() -> None:
    ranked = tuple(Evidence(passage("x", article_id=name), 0.0, 0.0, 0.0) for name in ("b", "a", "b", "c"))
    assert [article.id for article in Retrieval(ranked, 0.5).articles] == ["b", "a", "c"]


def test_every_platform_has_the_name_that_its_vendor_writes() -> None:
    assert [platform.label for platform in Platform] == ["Windows", "macOS", "Linux", "iPhone or iPad", "Android"]


def test_a_document_keeps_its_author_out_of_the_hash_by_accident_only_if_empty() -> None:
    bare = Document("a", "s", "p", "T", "x")
    assert bare.content_hash == Document("b", "t", "q", "T", "x").content_hash
