"""What every knowledge base promises to the assistant: the real one, and the one in memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from assistant.adapters.knowledge import KnowledgeFromBase
from assistant.adapters.memory.knowledge import MemoryKnowledge
from assistant.ports.knowledge import Knowledge
from kb.bootstrap import open_knowledge
from kb.cite import cite
from kb.model import Article, Audience, Citation, Document, Platform, Reader
from kb.settings import KnowledgeSettings
from kb.split import split

ANYBODY, FINANCE = Reader(), Reader(frozenset({"finance"}))
SCANNER = Document(
    "scanner-jam",
    "test",
    "scanner.md",
    "Clear a jam in the document scanner",
    "The scanner stops when paper is stuck.\n\n## Steps\n\n1. Open the green lid of the scanner.\n2. Pull the paper out – slowly.\n\n"
    "## If it happens again\n\nClean the rubber rollers of the scanner with a dry cloth.\n",
    owner="desk@x.example",
    tags=("printing",),
)
BUDGET = Document(
    "budget-freeze",
    "test",
    "budget.md",
    "Unfreeze a cost centre budget",
    "## Steps\n\n1. Open the budget sheet of the cost centre.\n2. Choose **Unfreeze** for the cost centre.\n",
    audience=Audience(frozenset({"finance"})),
    tags=("finance",),
)
DOCK_MAC = Document(
    "dock-mac",
    "test",
    "m.md",
    "Use the docking station with a Mac",
    "1. Plug the docking station into the Mac.\n",
    platforms=frozenset({Platform.MACOS}),
)
DOCK_WINDOWS = Document(
    "dock-windows",
    "test",
    "w.md",
    "Use the docking station with Windows",
    "1. Plug the docking station into the laptop.\n",
    platforms=frozenset({Platform.WINDOWS}),
)
JAM = "paper is stuck in the document scanner"
COSTS = "how do I unfreeze the budget of a cost centre"
DOCK = "how do I use the docking station"


@dataclass(frozen=True)
class Shelf:
    """A knowledge base that a test can publish to."""

    knowledge: Knowledge
    publish: Callable[[Document], Article]
    withdraw: Callable[[str], None]


def in_memory() -> Shelf:
    knowledge = MemoryKnowledge()
    return Shelf(knowledge, lambda document: knowledge.publish(document, split(document.text)), knowledge.withdraw)


@contextmanager
def opened(home: Path) -> Iterator[Shelf]:
    base = open_knowledge(KnowledgeSettings(home=home))
    assert base.keeper.own()

    def publish(document: Document) -> Article:
        (article,) = base.publisher.publish([(document, split(document.text))])
        base.keeper.catch_up()
        return article

    yield Shelf(KnowledgeFromBase(base), publish, lambda article_id: base.store.withdraw([article_id]))
    base.close()


def fill(shelf: Shelf) -> Shelf:
    for document in (SCANNER, BUDGET, DOCK_MAC, DOCK_WINDOWS):
        shelf.publish(document)
    return shelf


@pytest.fixture(scope="session")
def filled_home(model_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("knowledge") / "home"
    home.mkdir()
    (home / "models").symlink_to(model_home / "models")
    with opened(home) as shelf:
        fill(shelf)
    return home


@pytest.fixture(params=["memory", "real"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    if request.param == "memory":
        yield fill(in_memory())
        return
    home = shutil.copytree(request.getfixturevalue("filled_home"), tmp_path / "home", symlinks=True)
    with opened(home) as real:
        yield real


def found(shelf: Shelf, question: str, reader: Reader = ANYBODY, platform: Platform | None = None, exclude: Sequence[str] = ()) -> list[str]:
    return [article.id for article in shelf.knowledge.passages_for(question, reader, platform, exclude).articles]


def citations(shelf: Shelf, article: str, reader: Reader = ANYBODY) -> list[Citation]:
    return [cite(passage, date(2026, 3, 2)) for passage in shelf.knowledge.passages_of(article, reader)]


def test_the_article_that_answers_comes_first_and_is_surer_than_for_nonsense(shelf: Shelf) -> None:
    good = shelf.knowledge.passages_for(JAM, ANYBODY, None)
    bad = shelf.knowledge.passages_for("which wine goes with oysters", ANYBODY, None)
    assert good.articles[0].id == "scanner-jam"
    assert 0 <= bad.confidence < good.confidence <= 1
    assert [item.fused for item in good.ranked] == sorted((item.fused for item in good.ranked), reverse=True)


def test_a_passage_is_exactly_its_span_of_the_live_revision(shelf: Shelf) -> None:
    for document, reader in ((SCANNER, ANYBODY), (BUDGET, FINANCE)):
        held = shelf.knowledge.article(document.article_id, reader)
        assert held is not None
        article, text = held
        assert (article.title, text) == (document.title, document.text)
        passages = shelf.knowledge.passages_of(document.article_id, reader)
        assert [passage.ordinal for passage in passages] == sorted(passage.ordinal for passage in passages)
        assert passages
        assert all(text[passage.start : passage.end] == passage.text for passage in passages)
        assert "1. Open" in "".join(passage.text for passage in passages)


def test_a_restricted_article_is_there_for_its_group_only(shelf: Shelf) -> None:
    assert found(shelf, COSTS, FINANCE)[0] == "budget-freeze"
    assert "budget-freeze" not in found(shelf, COSTS)
    assert "budget-freeze" not in found(shelf, COSTS, Reader(frozenset({"hr", "financ", "FINANCE"})))
    assert shelf.knowledge.passages_of("budget-freeze", ANYBODY) == []
    assert shelf.knowledge.passages_of("budget-freeze", FINANCE) != []
    assert shelf.knowledge.article("budget-freeze", ANYBODY) is None
    assert shelf.knowledge.article("budget-freeze", FINANCE) is not None


def test_what_others_could_read_is_told_apart(shelf: Shelf) -> None:
    hidden = shelf.knowledge.exists_for_others(COSTS, shelf.knowledge.embed(COSTS))
    assert hidden.articles[0].id == "budget-freeze"
    assert hidden.confidence > shelf.knowledge.passages_for(COSTS, ANYBODY, None).confidence


def test_articles_for_another_system_are_left_out(shelf: Shelf) -> None:
    assert found(shelf, DOCK, platform=Platform.MACOS)[0] == "dock-mac"
    assert "dock-windows" not in found(shelf, DOCK, platform=Platform.MACOS)
    assert found(shelf, DOCK, platform=Platform.WINDOWS)[0] == "dock-windows"
    assert {"dock-mac", "dock-windows"} <= set(found(shelf, DOCK))
    assert "scanner-jam" in found(shelf, JAM, platform=Platform.LINUX)


def test_excluded_articles_stay_out(shelf: Shelf) -> None:
    assert "scanner-jam" not in found(shelf, JAM, exclude=["scanner-jam"])
    everything = ["scanner-jam", "budget-freeze", "dock-mac", "dock-windows"]
    nothing = shelf.knowledge.passages_for(JAM, FINANCE, None, everything)
    assert (nothing.ranked, nothing.confidence) == ((), 0.0)


def test_a_text_has_one_vector_of_length_one_and_alike_texts_are_near(shelf: Shelf) -> None:
    def cosine(left: str, right: str) -> float:
        return sum(x * y for x, y in zip(shelf.knowledge.embed(left), shelf.knowledge.embed(right), strict=True))

    assert shelf.knowledge.embed(JAM) == shelf.knowledge.embed(JAM)
    assert cosine(JAM, JAM) == pytest.approx(1.0, abs=1e-5)
    assert cosine(JAM, "the document scanner has stuck paper") > cosine(JAM, COSTS)
    assert shelf.knowledge.passages_for(JAM, ANYBODY, None).vector == pytest.approx(shelf.knowledge.embed(JAM))


@pytest.mark.parametrize("question", ["", " ", "?!", "🙂", 'AND OR NOT ( " : ^ ~ [', "x" * 5_000, "\x00\x01", "שלום עולם"])
def test_any_text_is_a_question(shelf: Shelf, question: str) -> None:
    result = shelf.knowledge.passages_for(question, ANYBODY, None, vector=shelf.knowledge.embed(question))
    assert 0 <= result.confidence <= 1
    assert "budget-freeze" not in [article.id for article in result.articles]


class TestStanding:
    def test_a_cited_revision_stands_for_whoever_may_read_it(self, shelf: Shelf) -> None:
        both = {("scanner-jam", 1), ("budget-freeze", 1)}
        found = shelf.knowledge.standing(both, FINANCE)
        assert {pair: (standing.article.id, standing.unchanged) for pair, standing in found.items()} == {pair: (pair[0], True) for pair in both}
        assert set(shelf.knowledge.standing(both, ANYBODY)) == {("scanner-jam", 1)}
        assert shelf.knowledge.standing([], FINANCE) == {}

    def test_an_edit_is_told_from_a_change_of_owner_and_a_withdrawn_article_is_missing(self, shelf: Shelf) -> None:
        shelf.publish(replace(SCANNER, owner="new@x.example"))
        standing = shelf.knowledge.standing({("scanner-jam", 1)}, ANYBODY)["scanner-jam", 1]
        assert (standing.article.revision, standing.article.owner, standing.unchanged) == (2, "new@x.example", True)
        shelf.publish(replace(SCANNER, text="Something else.\n"))
        assert not shelf.knowledge.standing({("scanner-jam", 1)}, ANYBODY)["scanner-jam", 1].unchanged
        shelf.withdraw("scanner-jam")
        assert shelf.knowledge.standing({("scanner-jam", 1)}, ANYBODY) == {}


class TestStillTrue:
    def test_what_was_just_found_is(self, shelf: Shelf) -> None:
        assert shelf.knowledge.still_true(citations(shelf, "scanner-jam"), ANYBODY)
        assert shelf.knowledge.still_true([], ANYBODY)

    def test_a_withdrawn_article_is_not_and_is_not_found(self, shelf: Shelf) -> None:
        before = citations(shelf, "scanner-jam")
        shelf.withdraw("scanner-jam")
        assert not shelf.knowledge.still_true(before, ANYBODY)
        assert "scanner-jam" not in found(shelf, JAM)
        assert shelf.knowledge.passages_of("scanner-jam", ANYBODY) == []
        assert shelf.knowledge.article("scanner-jam", ANYBODY) is None

    def test_a_changed_article_is_not_but_its_old_text_can_be_read(self, shelf: Shelf) -> None:
        before = citations(shelf, "scanner-jam")
        changed = shelf.publish(replace(SCANNER, text="1. Open the blue lid of the scanner.\n"))
        assert changed.revision == 2
        assert not shelf.knowledge.still_true(before, ANYBODY)
        assert shelf.knowledge.still_true(citations(shelf, "scanner-jam"), ANYBODY)
        old, new = shelf.knowledge.article("scanner-jam", ANYBODY, 1), shelf.knowledge.article("scanner-jam", ANYBODY)
        assert old is not None
        assert new is not None
        assert (old[1], new[1]) == (SCANNER.text, "1. Open the blue lid of the scanner.\n")
        assert shelf.knowledge.article("scanner-jam", ANYBODY, 7) is None

    def test_an_article_that_became_restricted_is_not(self, shelf: Shelf) -> None:
        before = citations(shelf, "scanner-jam")
        shelf.publish(replace(SCANNER, audience=Audience(frozenset({"finance"}))))
        assert not shelf.knowledge.still_true(before, ANYBODY)
        assert "scanner-jam" not in found(shelf, JAM)
        assert "scanner-jam" in found(shelf, JAM, FINANCE)

    def test_an_article_that_was_opened_to_more_people_keeps_its_earlier_text_from_them(self, shelf: Shelf) -> None:
        shelf.publish(replace(SCANNER, text="The door code is 4711.", audience=Audience(frozenset({"finance"}))))
        shelf.publish(replace(SCANNER, text="Ask the desk for the door code."))
        everybodys, finances = shelf.knowledge.article("scanner-jam", ANYBODY, 2), shelf.knowledge.article("scanner-jam", FINANCE, 2)
        assert everybodys is None
        assert finances is not None
        assert finances[1] == "The door code is 4711."
        assert shelf.knowledge.article("scanner-jam", ANYBODY, 1) is not None, "the first revision was for everybody"

    def test_one_bad_citation_spoils_all(self, shelf: Shelf) -> None:
        mixed = citations(shelf, "scanner-jam") + citations(shelf, "budget-freeze", FINANCE)
        assert shelf.knowledge.still_true(mixed, FINANCE)
        assert not shelf.knowledge.still_true(mixed, ANYBODY)


def test_without_a_model_there_is_no_vector_and_search_goes_on(tmp_path: Path) -> None:
    memory = in_memory()
    memory.publish(SCANNER)
    assert isinstance(memory.knowledge, MemoryKnowledge)
    memory.knowledge.model_available = False
    base = open_knowledge(KnowledgeSettings(home=tmp_path / "bare"))
    try:
        assert memory.knowledge.embed(JAM) == KnowledgeFromBase(base).embed(JAM) == ()
        assert KnowledgeFromBase(base).passages_for(JAM, ANYBODY, None).degraded
        assert [article.id for article in memory.knowledge.passages_for(JAM, ANYBODY, None).articles] == ["scanner-jam"]
    finally:
        base.close()


def test_the_fake_is_as_sure_as_it_is_told() -> None:
    shelf = in_memory()
    shelf.publish(SCANNER)
    assert isinstance(shelf.knowledge, MemoryKnowledge)
    shelf.knowledge.confidences[JAM] = 0.31
    assert shelf.knowledge.passages_for(JAM, ANYBODY, None).confidence == 0.31
