"""What every ``ArticleStore`` promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from sqlalchemy import Engine
from sqlalchemy import text as sql

from kb.adapters.memory import HashingEmbedder, MemoryArticleStore
from kb.adapters.memory_drafts import MemoryArticleWriter
from kb.adapters.store.articles import SqlArticleStore
from kb.adapters.store.engine import writing
from kb.adapters.store.revising import SqlArticleWriter
from kb.model import Audience, Document, Platform, Reader, Signed
from kb.ports import ArticleStore, Scope
from kb.publish import Publisher, windows
from tests.support.kb_properties import ANY_PLATFORM, GROUP_SETS, GROUPS, examples
from tests.support.kb_samples import EMBEDDER, MONDAY, document, publish, sections

EVERYBODY = Scope(Reader())
MODEL = EMBEDDER.identity
OTHER = HashingEmbedder(64, "other")


def test_an_article_is_live_with_all_that_its_author_wrote(store: ArticleStore) -> None:
    one = document("vpn", "Install it.", "Connect.", groups=["HR", "finance"], platforms=[Platform.IOS, Platform.MACOS])
    [published] = publish(store, one)
    assert store.article("vpn") == published
    assert store.articles() == [published]
    facts = (published.title, published.owner, published.audience, published.platforms, published.review_by, published.tags)
    assert facts == (one.title, one.owner, Audience(frozenset({"hr", "finance"})), frozenset({Platform.IOS, Platform.MACOS}), one.review_by, one.tags)
    assert (published.revision, published.content_hash, published.source, published.path) == (1, one.content_hash, "handbook", "vpn.md")
    assert published.updated_at.tzinfo is not None


def test_a_passage_is_exactly_its_span_of_the_revision(store: ArticleStore) -> None:
    one = document("signs", "Ein Schlüssel 🔑 für alle.", "日本語の説明です。", "e\u0301 combining, then \U0001f469\u200d\U0001f4bb and a tab\there.")
    publish(store, one)
    found = store.passages_of("signs")
    assert [passage.text for passage in found] == one.text.split("\n\n")
    text = store.revision_text("signs", 1)
    assert text == one.text
    assert all(text[passage.start : passage.end] == passage.text for passage in found)
    assert [passage.heading for passage in found] == ["Part 0", "Part 1", "Part 2"]


def test_passages_come_in_order_also_beyond_ten(store: ArticleStore) -> None:
    publish(store, document("long", *(f"Paragraph {number}." for number in range(12))))
    assert [passage.ordinal for passage in store.passages_of("long")] == list(range(12))


def test_publishing_the_same_again_changes_nothing(store: ArticleStore) -> None:
    [first] = publish(store, document("vpn"))
    [again] = publish(store, replace(document("vpn"), path="elsewhere.md"))
    assert again == first
    assert store.head() == 1
    assert len(store.publications(0)) == 1


def test_a_new_revision_replaces_the_passages_and_keeps_the_old_text(store: ArticleStore) -> None:
    publish(store, document("vpn", "Old first.", "Old second.", "Old third."))
    old = store.passage_ids()
    [changed] = publish(store, document("vpn", "New first."))
    assert changed.revision == 2
    assert [passage.text for passage in store.passages_of("vpn")] == ["New first."]
    assert not old & store.passage_ids(), "an old index entry could cite the new text"
    assert store.revision_text("vpn", 1) == "Old first.\n\nOld second.\n\nOld third."
    assert store.revision_text("vpn", 2) == "New first."
    assert store.candidates(sorted(old), EVERYBODY, MODEL) == []


def test_every_revision_of_many_stays_readable(store: ArticleStore) -> None:
    for number in range(1, 6):
        publish(store, document("vpn", f"Text of revision {number}."))
    assert [store.revision_text("vpn", number) for number in range(1, 6)] == [f"Text of revision {number}." for number in range(1, 6)]
    assert store.revision_text("vpn", 6) is None
    assert store.revision_text("nowhere", 1) is None


def test_who_could_read_each_revision_stays_known(store: ArticleStore) -> None:
    publish(store, document("vpn", "One.", groups=["hr", "finance"]))
    publish(store, document("vpn", "Two."))
    store.withdraw(["vpn"])
    publish(store, document("vpn", "Three.", groups=["hr"]))
    assert [store.revision_audience("vpn", number) for number in (1, 2, 3)] == [Audience.of(["hr", "finance"]), Audience(), Audience.of(["hr"])]
    assert store.revision_audience("vpn", 4) is None
    assert store.revision_audience("nowhere", 1) is None


def test_a_withdrawn_article_is_gone_but_its_revisions_stay(store: ArticleStore) -> None:
    publish(store, document("vpn", "Text."), document("wifi"))
    gone = {passage.id for passage in store.passages_of("vpn")}
    store.withdraw(["vpn"])
    assert store.article("vpn") is None
    assert [article.id for article in store.articles()] == ["wifi"]
    assert store.passages_of("vpn") == []
    assert store.entries(["vpn"], MODEL) == []
    assert store.candidates(sorted(gone), EVERYBODY, MODEL) == []
    assert not gone & store.passage_ids()
    assert store.revision_text("vpn", 1) == "Text."


def test_an_article_that_returns_counts_its_revisions_on(store: ArticleStore) -> None:
    publish(store, document("vpn", "Text."))
    store.withdraw(["vpn"])
    [back] = publish(store, document("vpn", "Text."))
    assert back.revision == 2
    assert store.article("vpn") == back
    assert store.revision_text("vpn", 1) == store.revision_text("vpn", 2)


def test_withdrawing_nothing_or_what_is_unknown_harms_nothing(store: ArticleStore) -> None:
    publish(store, document("vpn"))
    store.withdraw([])
    store.withdraw(["nowhere"])
    assert [article.id for article in store.articles()] == ["vpn"]


def test_a_renamed_article_keeps_revision_passages_and_position(store: ArticleStore) -> None:
    publish(store, document("vpn", "Text."))
    before, head = store.passages_of("vpn"), store.head()
    store.rename("vpn", "handbook", "network/vpn.md")
    article = store.article("vpn")
    assert article is not None
    assert (article.path, article.revision) == ("network/vpn.md", 1)
    assert [(passage.id, passage.text) for passage in store.passages_of("vpn")] == [(passage.id, passage.text) for passage in before]
    assert store.head() == head
    assert store.passages_of("vpn")[0].article == article


def test_articles_are_listed_by_source_and_ordered_by_id(store: ArticleStore) -> None:
    publish(store, document("b"), document("a"), replace(document("c"), source="intranet"))
    assert [article.id for article in store.articles()] == ["a", "b", "c"]
    assert [article.id for article in store.articles("handbook")] == ["a", "b"]
    assert store.articles("nowhere") == []


def test_positions_of_publications_strictly_increase_and_are_never_used_twice(store: ArticleStore) -> None:
    publish(store, document("a"), document("b"))
    store.withdraw(["a", "b"])
    publish(store, document("a"))
    log = store.publications(0)
    positions = [line.position for line in log]
    assert all(one < two for one, two in zip(positions, positions[1:], strict=False))
    assert [line.article_id for line in log] == ["a", "b", "a", "b", "a"]
    assert store.head() == positions[-1]
    assert store.publications(positions[2]) == log[3:]
    assert store.publications(store.head()) == []


def test_an_empty_store_has_head_zero(store: ArticleStore) -> None:
    assert (store.head(), store.publications(0), store.articles(), store.passage_ids(), store.groups()) == (0, [], [], set(), frozenset())


def test_groups_are_those_of_live_restricted_articles(store: ArticleStore) -> None:
    publish(store, document("pay", groups=["hr", "finance"]), document("open"), document("admin", groups=["it-admins"]))
    assert store.groups() == {"hr", "finance", "it-admins"}
    store.withdraw(["admin"])
    assert store.groups() == {"hr", "finance"}


def test_vectors_computed_before_are_found_by_their_text(store: ArticleStore) -> None:
    one = document("vpn", "Install it.", "Connect.")
    publish(store, one)
    texts = [one.title, *windows(one.title, "Part 0", "Install it."), *windows(one.title, "Part 1", "Connect.")]
    known = store.known_vectors([*texts, "never seen"], MODEL)
    assert set(known) == set(texts)
    for text, vector in known.items():
        assert np.array_equal(vector, EMBEDDER.embed([text])[0])


def test_vectors_of_another_model_are_never_taken_for_this_ones(store: ArticleStore) -> None:
    one = document("vpn", "Install it.")
    publish(store, one)
    assert store.known_vectors([one.title], OTHER.identity) == {}


def test_entries_carry_the_vectors_of_the_model_asked_for(store: ArticleStore) -> None:
    long = "A step of the procedure that goes on. " * 60
    one = document("vpn", "Short.", long, groups=["hr"], platforms=[Platform.LINUX])
    publish(store, one)
    entries = sorted(store.entries(["vpn"], MODEL), key=lambda entry: entry.passage_id)
    assert [entry.text for entry in entries] == ["Short.", long]
    assert [len(entry.vectors) for entry in entries] == [1, len(windows(one.title, "Part 1", long))]
    assert np.array_equal(entries[1].vectors, EMBEDDER.embed(windows(one.title, "Part 1", long)))
    assert {(e.article_id, e.title, e.audience, e.platforms, e.tags) for e in entries} == {("vpn", one.title, one.audience, one.platforms, one.tags)}


def test_entries_of_another_model_have_no_vector_rows(store: ArticleStore) -> None:
    publish(store, document("old"))
    publish(store, document("new"), embedder=OTHER)
    rows = {entry.article_id: len(entry.vectors) for entry in store.entries(["old", "new", "nowhere"], OTHER.identity)}
    assert rows == {"old": 0, "new": 1}


def test_a_candidate_never_carries_vectors_of_another_model(store: ArticleStore) -> None:
    publish(store, document("old"))
    publish(store, document("new"), embedder=OTHER)
    found = {c.passage.article.id: c for c in store.candidates(sorted(store.passage_ids()), EVERYBODY, OTHER.identity)}
    assert len(found["old"].vectors) == 0
    assert np.array_equal(found["new"].vectors, OTHER.embed(windows("About new", "Part 0", "All there is to say about new.")))
    assert np.array_equal(found["new"].title_vector, OTHER.embed(["About new"])[0])


def test_another_model_makes_a_new_revision_of_the_same_text(store: ArticleStore) -> None:
    publish(store, document("vpn", "Text."))
    [again] = publish(store, document("vpn", "Text."), embedder=OTHER)
    assert store.passage_ids(MODEL) == set()
    assert store.passage_ids(OTHER.identity) == store.passage_ids() == {passage.id for passage in store.passages_of("vpn")}
    assert store.revision_text("vpn", again.revision) == "Text."


def test_passage_ids_count_only_those_of_the_model_asked_for(store: ArticleStore) -> None:
    publish(store, document("old", "One.", "Two."))
    publish(store, document("new"), embedder=OTHER)
    assert len(store.passage_ids()) == 3
    assert len(store.passage_ids(MODEL)) == 2
    assert len(store.passage_ids(OTHER.identity)) == 1


def test_an_article_without_passages_is_live_and_offers_none(store: ArticleStore) -> None:
    one = document("empty", "Text.")
    store.publish(one, [], [], EMBEDDER.embed([one.title])[0], MODEL)
    assert store.article("empty") is not None
    assert store.passages_of("empty") == []
    assert store.entries(["empty"], MODEL) == []


def test_more_articles_than_a_statement_takes_are_read_and_withdrawn_whole(store: ArticleStore) -> None:
    many = [document(f"a{number:04}", f"Text {number}.") for number in range(900)]
    rows, title = [EMBEDDER.embed(["x"])], EMBEDDER.embed(["y"])[0]
    for one in many[: 900 if isinstance(store, MemoryArticleStore) else 420]:
        store.publish(one, sections(one), rows, title, MODEL)
    ids = [article.id for article in store.articles()]
    assert len(store.entries(ids, MODEL)) == len(ids) > 400
    assert len(store.candidates(sorted(store.passage_ids()), EVERYBODY, MODEL)) == len(ids)
    texts = [windows(one.title, "Part 0", one.text)[0] for one in many]
    assert len(store.known_vectors(texts, MODEL)) == len(ids)
    store.withdraw(ids)
    assert store.articles() == []
    assert store.passage_ids() == set()
    assert store.head() == 2 * len(ids)


def admitted(one: Document, groups: frozenset[str], platform: Platform | None) -> bool:
    """Say by the words of the feature, not by the code, whether a reader may see a document."""
    may_read = one.audience.groups == frozenset() or any(group in groups for group in one.audience.groups)
    fits = platform is None or one.platforms == frozenset() or platform in one.platforms
    return may_read and fits


LAYOUT = [
    document(f"{'-'.join(groups) or 'open'}-{'-'.join(platforms) or 'any'}", "One.", "Two.", groups=groups, platforms=platforms)
    for groups in ((), ("finance",), ("hr", "managers"), ("it-admins",), GROUPS)
    for platforms in ((), (Platform.IOS,), (Platform.WINDOWS, Platform.MACOS))
]


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def laid_out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ArticleStore:
    """A store with articles for many audiences and platforms."""
    from tests.contract.kb.conftest import database

    if request.param == "memory":
        made: ArticleStore = MemoryArticleStore()
        publish(made, *LAYOUT)
        return made
    context = database("sqlite", tmp_path_factory.mktemp("store"))
    engine: Engine = context.__enter__()
    request.addfinalizer(lambda: context.__exit__(None, None, None))
    stored = SqlArticleStore(engine)
    publish(stored, *LAYOUT)
    return stored


@examples(300)
@given(groups=GROUP_SETS, platform=ANY_PLATFORM)
def test_candidates_are_exactly_the_passages_inside_the_scope(laid_out: ArticleStore, groups: frozenset[str], platform: Platform | None) -> None:
    found = laid_out.candidates(sorted(laid_out.passage_ids()), Scope(Reader(groups), platform), MODEL)
    expected = {one.article_id for one in LAYOUT if admitted(one, groups, platform)}
    assert sorted(c.passage.article.id for c in found) == sorted([*expected, *expected])


def test_a_changed_audience_takes_effect_with_the_commit(store: ArticleStore) -> None:
    publish(store, document("pay", "Text."))
    publish(store, document("pay", "Text.", groups=["finance"]))
    ids = sorted(store.passage_ids())
    assert store.candidates(ids, EVERYBODY, MODEL) == []
    assert len(store.candidates(ids, Scope(Reader(frozenset({"finance"}))), MODEL)) == 1


def test_revisions_tell_what_an_article_was_the_newest_first(store: ArticleStore) -> None:
    first = document("vpn", "Install it.", groups=["hr"], platforms=[Platform.IOS])
    publish(store, first)
    publish(store, replace(document("vpn", "Install it again."), title="VPN", owner="net", review_by=None, tags=()))
    store.withdraw(["vpn"])
    new, old = store.revisions("vpn")
    assert (new.number, new.title, new.text, new.audience, new.owner, new.review_by, new.tags) == (
        2,
        "VPN",
        "Install it again.",
        Audience(),
        "net",
        None,
        (),
    )
    assert (old.number, old.text, old.audience, old.platforms) == (1, "Install it.", Audience.of(["hr"]), frozenset({Platform.IOS}))
    assert (old.content_hash, old.owner, old.review_by, old.tags) == (first.content_hash, first.owner, first.review_by, first.tags)
    assert all(one.whole and not (one.author or one.reviewer or one.why) for one in (new, old))
    assert store.revisions("other") == []


@pytest.mark.parametrize("kind", ["memory", "sql"])
def test_an_article_that_was_written_here_is_ahead_until_its_file_says_the_same(kind: str, engine: Engine) -> None:
    made: ArticleStore = MemoryArticleStore() if kind == "memory" else SqlArticleStore(engine)
    one, other = document("vpn", "Install it."), document("vpn", "Install it twice.")
    publish(made, one)
    prepared = Publisher(made, EMBEDDER).prepare(other, sections(other))
    signed = Signed("lena", "priya", "It must be done twice.")
    if isinstance(made, MemoryArticleStore):
        article = MemoryArticleWriter(made).publish(prepared, signed, MONDAY)
    else:
        with writing(engine) as connection:
            article = SqlArticleWriter(connection).publish(prepared, signed, MONDAY)
    assert article.ahead and made.article("vpn") == article
    last = made.revisions("vpn")[0]
    assert (last.author, last.reviewer, last.why, last.published_at) == ("lena", "priya", "It must be done twice.", MONDAY)
    publish(made, other, embedder=OTHER)
    assert made.article("vpn").ahead, "vectors of another model change no words"  # type: ignore[union-attr]
    made.rename("vpn", "handbook", "vpn.md")
    assert not made.article("vpn").ahead  # type: ignore[union-attr]


def test_of_revisions_from_before_nobody_knows_who_made_them(engine: Engine) -> None:
    store = SqlArticleStore(engine)
    publish(store, document("vpn"))
    with writing(engine) as connection:
        connection.execute(sql("DELETE FROM revision_facts"))
        connection.execute(sql("DELETE FROM revision_audiences"))
    [one] = store.revisions("vpn")
    assert (one.whole, one.author, one.audience, one.owner) == (False, "", None, "")
