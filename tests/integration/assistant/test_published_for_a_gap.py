"""What an author publishes for a gap opens its experiment in the same transaction; what goes back to its old words ends it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assistant.bootstrap import Assistant
from assistant.desk.experiments import opened
from assistant.domain.configuration import Person
from assistant.domain.experiment import Experiment, Standing
from assistant.learning import look_at_experiments
from kb.drafts import Content
from kb.model import Article, Gap, GapState
from tests.support.world import MONDAY, World

WRITER, READER = "elin.berg", "laura.keane"
TEXT = "# Steaming\n\n1. Hold the clasp for three seconds.\n2. Let it cool for a minute.\n"


@pytest.fixture
def assistant(world: World) -> Assistant:
    with world.assistant.store.write() as unit:
        unit.gaps.save(Gap("g_iron", "the steam iron of the lobby", MONDAY - timedelta(days=20)))
    return world.assistant


def person(assistant: Assistant, name: str) -> Person:
    found = assistant.directory.person(name)
    assert found is not None
    return found


def content(text: str = TEXT) -> Content:
    return Content("Using the steam iron in the lobby", text, "Facilities", review_by=MONDAY.date() + timedelta(days=90), tags=("other",))


def write(assistant: Assistant, text: str = TEXT, article: str = "", gap: str = "g_iron") -> Article:
    """Write and publish an article as its author and a second person do."""
    authoring, writer, second = assistant.authoring, person(assistant, WRITER), person(assistant, READER)
    draft = authoring.begin(writer, article, gap, content(text))
    draft = authoring.save(writer, draft.id, draft.version, content(text), "It was asked for.")
    draft = authoring.submit(writer, draft.id, draft.version)
    return authoring.publish(second, draft.id, draft.version)


def experiments(assistant: Assistant) -> list[Experiment]:
    with assistant.store.read() as unit:
        return unit.experiments.all()


def gap_state(assistant: Assistant) -> GapState:
    with assistant.store.read() as unit:
        gap = unit.gaps.load("g_iron")
    assert gap is not None
    return gap.state


def test_publishing_opens_the_experiment_and_publishes_the_gap(assistant: Assistant) -> None:
    article = write(assistant)
    (found,) = experiments(assistant)
    assert (found.gap, found.article, found.revision, found.standing) == ("g_iron", article.id, article.revision, Standing.RUNNING)
    assert found.published_at == assistant.clock.now()
    assert gap_state(assistant) is GapState.PUBLISHED


def test_a_draft_moves_the_gap_and_measures_nothing_yet(assistant: Assistant) -> None:
    writer = person(assistant, WRITER)
    draft = assistant.authoring.begin(writer, gap="g_iron", content=content())
    assert gap_state(assistant) is GapState.DRAFTED
    assistant.authoring.discard(writer, draft.id, draft.version)
    assert gap_state(assistant) is GapState.OPEN
    assert experiments(assistant) == []


def test_without_the_experiment_nothing_is_published(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr("assistant.authors.opened", fails)
    with pytest.raises(RuntimeError, match="went away"):
        write(assistant)
    assert gap_state(assistant) is GapState.DRAFTED
    assert not [one for one in assistant.knowledge_base.store.articles() if "steam iron" in one.title]


def test_an_article_that_goes_back_to_its_old_words_ends_its_experiment(assistant: Assistant, world: World) -> None:
    first = write(assistant, gap="")
    second = write(assistant, f"{TEXT}3. Unplug it.\n", article=first.id)
    assert experiments(assistant)[0].revision == second.revision
    world.clock.advance(timedelta(days=3))
    look_at_experiments(assistant)
    assert experiments(assistant)[0].standing is Standing.RUNNING
    assistant.authoring.restore(person(assistant, READER), first.id, first.revision, "The new step was wrong.")
    look_at_experiments(assistant)
    (found,) = experiments(assistant)
    assert found.standing is Standing.WITHDRAWN
    assert found.why == f"the article went back to revision {first.revision}"


def test_an_article_that_was_withdrawn_ends_its_experiment(assistant: Assistant) -> None:
    article = write(assistant)
    assistant.knowledge_base.store.withdraw([article.id])
    look_at_experiments(assistant)
    assert experiments(assistant)[0].why == "the article was withdrawn"


def test_a_running_experiment_of_an_article_from_a_file_stays(assistant: Assistant) -> None:
    with assistant.store.write() as unit:
        opened(unit, "g_iron", assistant.knowledge_base.store.articles()[0].id, 1, MONDAY)
    look_at_experiments(assistant)
    assert experiments(assistant)[0].standing is Standing.RUNNING
