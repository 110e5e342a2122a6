"""What every ``LexicalIndex`` and ``VectorIndex`` promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from kb.adapters.chroma import ChromaIndex
from kb.adapters.lexical import TantivyIndex
from kb.model import Audience, Platform, Reader
from kb.ports import Entry, Hit, LexicalIndex, Scope, VectorIndex
from tests.contract.kb.conftest import LEXICAL_KINDS, VectorIndexes, open_lexical
from tests.support.kb_properties import ANY_PLATFORM, GROUP_SETS, GROUPS, PLATFORM_SETS, WORDS, examples
from tests.support.kb_samples import EMBEDDER, entry, unit

EVERYBODY = Scope(Reader())
EVERY_GROUP = Scope(Reader(frozenset(GROUPS)))
CANARY = "canaryword"
AnyIndex = LexicalIndex | VectorIndex


def ask(index: AnyIndex, text: str, scope: Scope = EVERYBODY, limit: int = 200) -> list[Hit]:
    """Search either kind of index with words."""
    if hasattr(index, "stored_model"):
        return index.search(EMBEDDER.embed([text])[0], scope, limit)
    return index.search(text, scope, limit)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.passage_id for hit in hits]


def test_what_was_added_is_found_with_the_best_first(index: AnyIndex) -> None:
    index.replace(["vpn", "wifi"], [entry("vpn@1#0", "connect the vpn client"), entry("wifi@1#0", "connect to the wireless network")])
    hits = ask(index, "vpn client connect")
    assert ids(hits)[0] == "vpn@1#0"
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert index.passage_ids() == {"vpn@1#0", "wifi@1#0"}


def test_a_search_returns_at_most_the_limit(index: AnyIndex) -> None:
    index.replace(["a"], [entry(f"a@1#{number}", f"{CANARY} number{number}") for number in range(12)])
    assert len(ask(index, CANARY, limit=5)) == 5
    assert len(ask(index, CANARY, limit=50)) == 12


def test_an_empty_index_finds_nothing_and_says_that_it_is_empty(index: AnyIndex) -> None:
    assert ask(index, "anything") == []
    assert index.passage_ids() == set()
    assert index.is_empty()


def test_replacing_an_article_drops_its_old_passages_only(index: AnyIndex) -> None:
    index.replace(["a", "b"], [entry("a@1#0", f"{CANARY} old"), entry("a@1#1", f"{CANARY} older"), entry("b@1#0", f"{CANARY} other")])
    index.replace(["a"], [entry("a@2#0", f"{CANARY} new")])
    assert index.passage_ids() == {"a@2#0", "b@1#0"}
    assert set(ids(ask(index, CANARY))) == {"a@2#0", "b@1#0"}


def test_replacing_with_nothing_removes_the_article(index: AnyIndex) -> None:
    index.replace(["a", "b"], [entry("a@1#0", CANARY), entry("b@1#0", CANARY)])
    index.replace(["a"], [])
    assert index.passage_ids() == {"b@1#0"}
    assert ids(ask(index, CANARY)) == ["b@1#0"]
    assert not index.is_empty()


def test_replacing_no_article_at_all_changes_nothing(index: AnyIndex) -> None:
    index.replace(["a"], [entry("a@1#0", CANARY)])
    index.replace([], [])
    assert index.passage_ids() == {"a@1#0"}


def test_repeating_a_replacement_after_a_crash_changes_nothing(index: AnyIndex) -> None:
    entries = [entry("a@1#0", CANARY), entry("a@1#1", f"{CANARY} two", groups=["hr"])]
    index.replace(["a"], entries)
    index.replace(["a"], entries)
    assert index.passage_ids() == {"a@1#0", "a@1#1"}
    assert sorted(ids(ask(index, CANARY, EVERY_GROUP))) == ["a@1#0", "a@1#1"]


def test_an_article_whose_id_begins_like_another_stays(index: AnyIndex) -> None:
    index.replace(["vpn", "vpn-install"], [entry("vpn@1#0", CANARY), entry("vpn-install@1#0", CANARY)])
    index.replace(["vpn"], [])
    assert index.passage_ids() == {"vpn-install@1#0"}


def test_a_cleared_index_is_empty_and_can_be_filled_again(index: AnyIndex) -> None:
    index.replace(["a"], [entry("a@1#0", CANARY, groups=["hr"])])
    index.clear()
    assert index.is_empty()
    assert ask(index, CANARY, EVERY_GROUP) == []
    index.replace(["a"], [entry("a@2#0", CANARY)])
    assert index.passage_ids() == {"a@2#0"}


def test_a_changed_audience_moves_the_passage_out_of_sight(index: AnyIndex) -> None:
    index.replace(["pay"], [entry("pay@1#0", CANARY)])
    index.replace(["pay"], [entry("pay@2#0", CANARY, groups=["finance"])])
    assert ask(index, CANARY) == []
    assert ids(ask(index, CANARY, Scope(Reader(frozenset({"finance"}))))) == ["pay@2#0"]
    index.replace(["pay"], [entry("pay@3#0", CANARY)])
    assert ids(ask(index, CANARY)) == ["pay@3#0"]
    assert index.passage_ids() == {"pay@3#0"}


def test_a_changed_platform_moves_the_passage_too(index: AnyIndex) -> None:
    index.replace(["a"], [entry("a@1#0", CANARY, platforms=[Platform.IOS])])
    index.replace(["a"], [entry("a@2#0", CANARY, platforms=[Platform.LINUX])])
    assert ask(index, CANARY, Scope(Reader(), Platform.IOS)) == []
    assert ids(ask(index, CANARY, Scope(Reader(), Platform.LINUX))) == ["a@2#0"]


def test_group_names_with_signs_and_spaces_are_kept_apart(index: AnyIndex) -> None:
    names = ["r+d", "r", "hr (emea)", "it admins", "ekonomi åäö", "a\"b'c"]
    index.replace(["a"], [entry(f"a@1#{number}", CANARY, groups=[name]) for number, name in enumerate(names)])
    for number, name in enumerate(names):
        assert ids(ask(index, CANARY, Scope(Reader(frozenset({name}))))) == [f"a@1#{number}"]
    assert ask(index, CANARY) == []


def test_a_large_batch_is_taken_whole(index: AnyIndex) -> None:
    articles = [f"article-{number}" for number in range(600)]
    vector = EMBEDDER.embed([CANARY])
    many = [entry(f"{name}@1#{part}", f"{CANARY} {name}", article=name, vectors=vector) for name in articles for part in range(10)]
    index.replace(articles, many)
    assert len(index.passage_ids()) == 6_000
    index.replace(articles[:500], [])
    assert index.passage_ids() == {one.passage_id for one in many[5_000:]}


# the filter: nothing outside the scope, and everything inside it

COMBINATIONS = [
    (groups, platforms)
    for groups in ((), ("finance",), ("hr", "managers"), ("it-admins",))
    for platforms in ((), (Platform.IOS,), (Platform.WINDOWS, Platform.MACOS))
]
LAID_OUT = [entry(f"{n}@1#{part}", f"{CANARY} part{part}", groups=g, platforms=p) for n, (g, p) in enumerate(COMBINATIONS) for part in (0, 1)]


def inside(one: Entry, groups: frozenset[str], platform: Platform | None) -> bool:
    """Say by the words of the feature, not by the code, whether a reader may see an entry."""
    readable = one.audience == Audience() or any(group in groups for group in one.audience.groups)
    return readable and (platform is None or one.platforms == frozenset() or platform in one.platforms)


@pytest.fixture(scope="module", params=[*(f"lexical {kind}" for kind in LEXICAL_KINDS), "vector memory", "vector chroma"])
def laid_out(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AnyIndex:
    """An index with passages for many audiences and platforms."""
    port, _, kind = request.param.partition(" ")
    folder = tmp_path_factory.mktemp("index")
    made = open_lexical(kind, folder) if port == "lexical" else VectorIndexes(kind, folder).open()
    made.replace([one.article_id for one in LAID_OUT], LAID_OUT)
    return made


@examples(300)
@given(groups=GROUP_SETS, platform=ANY_PLATFORM)
def test_a_search_finds_exactly_what_the_reader_may_see(laid_out: AnyIndex, groups: frozenset[str], platform: Platform | None) -> None:
    found = ids(ask(laid_out, CANARY, Scope(Reader(groups), platform)))
    assert sorted(found) == sorted(one.passage_id for one in LAID_OUT if inside(one, groups, platform))


@examples(200)
@given(question=WORDS, groups=GROUP_SETS, platform=ANY_PLATFORM)
def test_no_question_reaches_beyond_the_scope(laid_out: AnyIndex, question: str, groups: frozenset[str], platform: Platform | None) -> None:
    allowed = {one.passage_id for one in LAID_OUT if inside(one, groups, platform)}
    assert set(ids(ask(laid_out, f"{question} audience:hr OR {CANARY}", Scope(Reader(groups), platform), limit=10))) <= allowed


@examples(25)
@given(layout=GROUP_SETS.flatmap(lambda groups: PLATFORM_SETS.map(lambda platforms: (groups, platforms))), groups=GROUP_SETS, platform=ANY_PLATFORM)
def test_a_passage_published_for_any_audience_obeys_it_at_once(
    laid_out: AnyIndex, layout: tuple[frozenset[str], frozenset[Platform]], groups: frozenset[str], platform: Platform | None
) -> None:
    fresh = entry("fresh@1#0", f"{CANARY} fresh", groups=sorted(layout[0]), platforms=sorted(layout[1]))
    laid_out.replace(["fresh"], [fresh])
    found = "fresh@1#0" in ids(ask(laid_out, f"{CANARY} fresh", Scope(Reader(groups), platform)))
    laid_out.replace(["fresh"], [])
    assert found == inside(fresh, groups, platform)


# words


@pytest.mark.parametrize(
    "question",
    ["", " \n\t", "\x00", "\ud800", '"unclosed (AND OR NOT * ?:', "🙂🙂", "שלום", "日本語", "a" * 200_000, "word " * 20_000, "text:* OR passage:*"],
    ids=["empty", "blank", "nul", "surrogate", "syntax", "emoji", "hebrew", "japanese", "long word", "many words", "fields"],
)
def test_any_text_is_a_valid_question(lexical: LexicalIndex, question: str) -> None:
    lexical.replace(["a"], [entry("a@1#0", "how to connect")])
    assert lexical.search(question, EVERYBODY, 5) == []


def test_a_word_that_no_passage_holds_finds_nothing(lexical: LexicalIndex) -> None:
    lexical.replace(["a"], [entry("a@1#0", "how to connect")])
    assert lexical.search("printing", EVERYBODY, 5) == []


def test_title_and_heading_are_searched_too(lexical: LexicalIndex) -> None:
    one = entry("a@1#0", "Click the anchor.")
    lexical.replace(["a"], [Entry("a@1#0", "a", one.audience, one.platforms, "Install Harbour", "On a workstation", one.text, one.vectors)])
    for question in ("harbour", "workstation", "anchor"):
        assert ids(lexical.search(question, EVERYBODY, 5)) == ["a@1#0"]


def test_words_match_in_any_case_and_form(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path)
    index.replace(["a"], [entry("a@1#0", "Résumé PRINTING passwords")])
    for question in ("printed", "Password", "resume", "PRINT"):
        assert ids(index.search(question, EVERYBODY, 5)) == ["a@1#0"]


def test_a_lexical_index_is_there_after_it_was_opened_again(tmp_path: Path) -> None:
    TantivyIndex(tmp_path).replace(["a"], [entry("a@1#0", CANARY, groups=["hr"])])
    again = TantivyIndex(tmp_path)
    assert again.passage_ids() == {"a@1#0"}
    assert again.search(CANARY, EVERYBODY, 5) == []


@pytest.mark.parametrize("damage", ["garbage", "truncated", "other schema"])
def test_an_unreadable_lexical_index_is_begun_anew(tmp_path: Path, damage: str) -> None:
    TantivyIndex(tmp_path).replace(["a"], [entry("a@1#0", CANARY)])
    meta = tmp_path / "meta.json"
    changed = {"garbage": "no json", "truncated": meta.read_text()[:40], "other schema": meta.read_text().replace('"audience"', '"listeners"')}
    meta.write_text(changed[damage])
    index = TantivyIndex(tmp_path)
    assert index.is_empty()
    index.replace(["a"], [entry("a@2#0", CANARY)])
    assert ids(index.search(CANARY, EVERYBODY, 5)) == ["a@2#0"]


def test_a_lexical_index_with_a_lost_segment_does_not_stop_the_start(tmp_path: Path) -> None:
    TantivyIndex(tmp_path).replace(["a"], [entry("a@1#0", CANARY)])
    for path in tmp_path.glob("*.store"):
        path.unlink()
    index = TantivyIndex(tmp_path)
    index.replace(["b"], [entry("b@1#0", CANARY)])
    assert "b@1#0" in ids(index.search(CANARY, EVERYBODY, 5))


def test_files_of_a_commit_that_was_killed_are_not_in_the_way(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path)
    index.replace(["a", "b"], [entry("a@1#0", CANARY), entry("b@1#0", CANARY)])
    before = (tmp_path / "meta.json").read_text()
    index.replace(["a"], [])
    (tmp_path / "meta.json").write_text(before)  # as if the process had died just before it changed this file
    again = TantivyIndex(tmp_path)
    assert again.passage_ids() == {"a@1#0", "b@1#0"}
    again.replace(["a"], [])
    assert TantivyIndex(tmp_path).passage_ids() == {"b@1#0"}


# vectors


def test_the_score_is_the_cosine(vectors: VectorIndexes) -> None:
    index = vectors.open()
    index.replace(
        ["a"],
        [entry("a@1#0", vectors=unit(1, 0, 0)[None]), entry("a@1#1", vectors=unit(1, 1, 0)[None]), entry("a@1#2", vectors=unit(-1, 0, 0)[None])],
    )
    hits = index.search(unit(1, 0, 0), EVERYBODY, 5)
    assert ids(hits) == ["a@1#0", "a@1#1", "a@1#2"]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.7071, -1.0], abs=1e-3)


def test_a_passage_with_several_vectors_appears_once_with_its_best(vectors: VectorIndexes) -> None:
    index = vectors.open()
    index.replace(
        ["a"], [entry("a@1#0", vectors=np.stack([unit(0, 1, 0), unit(1, 0, 0), unit(0, 0, 1)])), entry("a@1#1", vectors=unit(1, 1, 0)[None])]
    )
    hits = index.search(unit(1, 0, 0), EVERYBODY, 5)
    assert ids(hits) == ["a@1#0", "a@1#1"]
    assert hits[0].score == pytest.approx(1.0, abs=1e-3)
    assert index.passage_ids() == {"a@1#0", "a@1#1"}


def test_a_shorter_revision_leaves_no_vector_of_the_longer_one(vectors: VectorIndexes) -> None:
    index = vectors.open()
    index.replace(["a"], [entry("a@1#0", vectors=np.stack([unit(1, 0, 0), unit(0, 1, 0), unit(0, 0, 1)]))])
    index.replace(["a"], [entry("a@1#0", vectors=unit(1, 0, 0)[None])])
    assert index.search(unit(0, 0, 1), EVERYBODY, 5)[0].score == pytest.approx(0.0, abs=1e-3)


def test_a_passage_without_vectors_is_not_in_the_vector_index(vectors: VectorIndexes) -> None:
    index = vectors.open()
    index.replace(["a"], [entry("a@1#0"), entry("a@1#1", vectors=np.zeros((0, 1), dtype=np.float32))])
    assert index.passage_ids() == {"a@1#0"}


def test_the_index_names_the_model_of_its_vectors_also_when_opened_again(vectors: VectorIndexes) -> None:
    index = vectors.open()
    assert index.stored_model is None
    index.replace(["a"], [entry("a@1#0")])
    assert index.stored_model == "first"
    assert vectors.open("second").stored_model == "first"


def test_vectors_of_another_model_are_refused_and_nothing_is_lost(vectors: VectorIndexes) -> None:
    vectors.open().replace(["a"], [entry("a@1#0")])
    other = vectors.open("second")
    with pytest.raises(ValueError, match="first"):
        other.replace(["a"], [entry("a@2#0")])
    assert other.passage_ids() == {"a@1#0"}


def test_a_cleared_index_takes_vectors_of_another_model_and_length(vectors: VectorIndexes) -> None:
    vectors.open().replace(["a"], [entry("a@1#0")])
    other = vectors.open("second")
    other.clear()
    assert other.stored_model is None
    other.replace(["a"], [entry("a@2#0", vectors=unit(1, 2, 3)[None])])
    assert other.stored_model == "second"
    assert ids(other.search(unit(1, 2, 3), EVERYBODY, 5)) == ["a@2#0"]


def test_collections_of_other_users_of_the_server_are_left_alone(tmp_path: Path) -> None:
    import chromadb

    index = ChromaIndex.embedded(tmp_path, "first")
    client = chromadb.PersistentClient(path=str(tmp_path), settings=chromadb.Settings(anonymized_telemetry=False))
    client.create_collection("somebody-elses", embedding_function=None).add(ids=["x"], embeddings=[[1.0, 0.0]])
    again = ChromaIndex.embedded(tmp_path, "first")
    assert again.is_empty()
    again.clear()
    assert client.get_collection("somebody-elses", embedding_function=None).count() == 1
    assert index.passage_ids() == set()


@pytest.fixture(autouse=True)
def _free_chroma() -> Iterator[None]:
    """Chroma keeps one system for each path for the life of the process; let it go with the folder."""
    yield
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()
