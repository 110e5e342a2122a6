"""What every store promises of drafts, and of articles that are published inside its transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from assistant.ports.store import Store
from kb.adapters.memory import HashingEmbedder, MemoryArticleStore
from kb.drafts import BUILT_IN, Content, Draft, DraftState, Origin, Provenance, Seen, Trial, TrialState, Tried
from kb.model import Article, Audience, Document, Platform, Signed
from kb.ports import DraftChanged, Prepared
from kb.publish import Publisher
from kb.split import split

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
TEXT = "## Steps\n\n1. Open the side flap and remove the torn card.\n2. Close it."


def content(**other: object) -> Content:
    made = Content(
        "Badge printer jams", TEXT, "desk", Audience.of(["hr"]), frozenset({Platform.MACOS, Platform.IOS}), date(2027, 5, 1), ("printing",)
    )
    return replace(made, **other)  # type: ignore[arg-type]


def draft(name: str, **other: object) -> Draft:
    made = Draft(f"d_{name}", content(), "lena", NOON, NOON, writers=("lena",))
    return replace(made, **other)  # type: ignore[arg-type]


def given(store: Store, *drafts: Draft) -> None:
    with store.write() as unit:
        for one in drafts:
            unit.drafts.add(one)


def test_a_draft_comes_back_as_it_was_stored(store: Store) -> None:
    sentence = Provenance("Open the side flap.", (Origin("T-1", "reply 2"), Origin("T-2", "in their words", asked=True)))
    whole = draft("1", article="printing/badge", based_on=3, gap="g_1", note="Say which flap.", why="The printer changed.", provenance=(sentence,))
    whole = replace(whole, state=DraftState.CHANGES_ASKED, reviewer="priya", writers=("lena", "sam"), revision=4)
    given(store, whole, draft("2", content=Content("", "")))
    with store.read() as unit:
        assert unit.drafts.load("d_1") == whole
        assert unit.drafts.load("d_2") == draft("2", content=Content("", ""))
        assert unit.drafts.load("d_9") is None


def test_of_two_who_save_the_same_version_the_second_is_told(store: Store) -> None:
    given(store, draft("1"))
    with store.write() as unit:
        saved = unit.drafts.save(replace(draft("1"), why="first"))
    assert saved.version == 1
    with pytest.raises(DraftChanged), store.write() as unit:
        unit.drafts.save(replace(draft("1"), why="second"))
    with store.read() as unit:
        assert unit.drafts.load("d_1") == replace(draft("1"), why="first", version=1)


def test_a_draft_that_is_not_there_cannot_be_saved(store: Store) -> None:
    with pytest.raises(DraftChanged), store.write() as unit:
        unit.drafts.save(draft("1"))


def test_open_drafts_come_those_changed_last_first_and_what_is_over_is_found_by_article_and_gap(store: Store) -> None:
    over = draft("4", article="a", gap="g_1", state=DraftState.PUBLISHED, updated_at=LATER)
    given(store, draft("1"), draft("2", article="a", updated_at=LATER), draft("3", gap="g_1", state=DraftState.DISCARDED), over)
    with store.read() as unit:
        assert [one.id for one in unit.drafts.open()] == ["d_2", "d_1"]
        assert [one.id for one in unit.drafts.of_article("a")] == ["d_2", "d_4"]
        assert [one.id for one in unit.drafts.of_gap("g_1")] == ["d_4", "d_3"]
        assert unit.drafts.of_gap("g_2") == []


def prepared(text: str = TEXT, article: str = "badge") -> Prepared:
    one = Document(article, BUILT_IN, "", "Badge printer jams", text, "desk", Audience.of(["hr"]), review_by=date(2027, 5, 1), tags=("printing",))
    return Publisher(MemoryArticleStore(), HashingEmbedder(16)).prepare(one, split(text))


def published(store: Store, text: str = TEXT, signed: Signed = Signed("lena", "priya", "new")) -> Article:
    with store.write() as unit:
        return unit.articles.publish(prepared(text), signed, NOON)


def test_what_a_transaction_publishes_is_live_with_its_end(store: Store) -> None:
    with store.read() as unit:
        assert not unit.articles.is_taken("badge")
    article = published(store)
    assert (article.revision, article.source, article.updated_at, article.ahead) == (1, BUILT_IN, NOON, True)
    assert published(store, f"{TEXT}\n\nMore.").revision == 2
    with store.read() as unit:
        live = unit.articles.article("badge")
        assert live is not None and live.revision == 2
        assert unit.articles.is_taken("badge")
        assert unit.articles.article("other") is None


def test_what_fails_publishes_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as unit:
        unit.articles.publish(prepared(), Signed(), NOON)
        raise ZeroDivisionError
    with store.read() as unit:
        assert unit.articles.article("badge") is None


def test_the_same_words_again_are_the_same_revision(store: Store) -> None:
    assert published(store) == published(store, signed=Signed("sam"))


def test_the_latest_trial_of_a_draft_comes_back_as_it_was_stored(store: Store) -> None:
    seen = Seen(True, 0.8, "badge", "Badge printer", "Steps", "Open the flap.")
    tried = Tried("how do I print a badge", "maria", True, Seen(False, 0.2), seen)
    done = Trial("d_1", 2, "lena", NOON, TrialState.DONE, 1, 1, "", (tried,), (("no words", 3),))
    with store.write() as unit:
        unit.trials.put(Trial("d_1", 1, "lena", NOON))
        unit.trials.put(done)
        unit.trials.put(Trial("d_2", 1, "lena", NOON, TrialState.FAILED, why="No model."))
    with store.read() as unit:
        assert unit.trials.load("d_1") == done
        failed = unit.trials.load("d_2")
        assert failed is not None and failed.why == "No model."
        assert unit.trials.load("d_3") is None


def test_only_the_trial_that_is_under_way_advances(store: Store) -> None:
    with store.write() as unit:
        unit.trials.put(Trial("d_1", 2, "lena", NOON))
        assert not unit.trials.advance("d_1", 1, 5, 9), "another has taken its place"
        assert unit.trials.advance("d_1", 2, 5, 9)
        assert not unit.trials.advance("d_2", 2, 5, 9)
    with store.write() as unit:
        trial = unit.trials.load("d_1")
        assert trial is not None and (trial.state, trial.done, trial.total) == (TrialState.RUNNING, 5, 9)
        unit.trials.put(replace(trial, state=TrialState.FAILED))
        assert not unit.trials.advance("d_1", 2, 6, 9)
