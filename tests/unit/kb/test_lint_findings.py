"""Duplicates, overdue and ownerless articles, and the list that each owner gets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from kb.adapters.memory import MemoryArticleStore
from kb.lint.duplicates import duplicates
from kb.lint.examine import examine
from kb.lint.findings import NOBODY, by_owner, overdue, ownerless
from kb.lint.sentences import sentences
from kb.lint.show import NO_OWNER, finding_facts, finding_text, overdue_facts, overdue_text
from kb.model import Audience, Passage, Platform
from kb.publish import Publisher
from tests.support.kb_samples import EMBEDDER, document, passage, sections, unit

TODAY = date(2026, 11, 23)
WORDS = (
    "open the lid of the printer with both hands wait until the drum has cooled lift the grey lever pull the sheet out slowly"
    " and close the lid again until it clicks twice"
)


def text(changed: int = 0) -> str:
    return " ".join(f"other{n}" if n < changed else word for n, word in enumerate(WORDS.split()))


def articles(*facts: dict[str, object]) -> list[Passage]:
    return [passage(text(), article_id=f"a{n}", **one) for n, one in enumerate(facts)]  # type: ignore[arg-type]


def test_nearly_the_same_passage_in_two_articles_is_one_finding() -> None:
    (found,) = duplicates([passage(text(), article_id="a"), passage(text(4), article_id="b")], {})
    assert [quote.article for quote in found.quotes] == ["a", "b"]
    assert 0.6 <= found.likeness < 1


def test_passages_with_other_words_are_no_duplicates() -> None:
    assert duplicates([passage(text(), article_id="a"), passage(text(16), article_id="b")], {}) == []


def test_fewer_common_words_are_enough_when_the_meaning_is_all_but_the_same() -> None:
    pair = [passage(text(), article_id="a"), passage(text(9), article_id="b")]
    same, other = unit(1, 0)[None, :], unit(1, 1)[None, :]
    assert duplicates(pair, {}) == duplicates(pair, {"a@1#0": same, "b@1#0": other}) == []
    assert len(duplicates(pair, {"a@1#0": same, "b@1#0": same})) == 1


def test_a_text_in_many_articles_is_one_finding_with_all_of_them() -> None:
    (found,) = duplicates(articles(*({} for _ in range(120))), {})
    assert len(found.quotes) == 120
    assert (found.likeness, found.passages) == (1.0, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"platforms": frozenset({Platform.WINDOWS})}, {"platforms": frozenset({Platform.LINUX})}),
        ({"audience": Audience.of(["sales"])}, {"audience": Audience.of(["finance"])}),
    ],
)
def test_variants_for_other_readers_are_no_duplicates(one: dict[str, object], other: dict[str, object]) -> None:
    assert duplicates(articles(one, other), {}) == []
    assert len(duplicates(articles(one, {}), {})) == 1


def test_short_passages_and_one_articles_own_repetitions_are_no_duplicates() -> None:
    assert duplicates([passage("Call the desk.", article_id="a"), passage("Call the desk.", article_id="b")], {}) == []
    assert duplicates([passage(text(), article_id="a"), passage(text(), article_id="a")], {}) == []


def test_sentences_know_where_they_stand() -> None:
    written = "## Heading\n\nRead **this**, e.g. now. Then\ngo on!\n\n1. Press *Start*.\n   Wait.\n\n| a | b |\n|---|---|\n| Limit | 5 GB |\n"
    found = sentences(written)
    assert [one.plain for one in found] == ["Read this, e.g. now.", "Then go on!", "Press Start.", "Wait.", "Limit ; 5 GB"]
    assert [written[one.start : one.end] for one in found][0] == "Read **this**, e.g. now."


def late(days: int, owner: str) -> dict[str, object]:
    return {"owner": owner, "review_by": date.fromordinal(TODAY.toordinal() - days)}


def test_an_article_is_overdue_from_the_day_after_its_date() -> None:
    heads = [one.article for one in articles(late(0, "x"), late(1, "x"), late(40, "y"), {"owner": "y"})]
    assert [(one.article, one.days) for one in overdue(heads, TODAY)] == [("a2", 40), ("a1", 1)]
    assert [(owner, len(mine)) for owner, mine in by_owner(overdue(heads, TODAY))] == [("x", 1), ("y", 1)]


def test_a_blank_owner_is_no_owner_and_comes_last() -> None:
    heads = [one.article for one in articles(late(3, "  "), late(2, "Zoe"), late(1, "adam"))]
    assert [one.article for one in ownerless(heads)] == ["a0"]
    assert [owner for owner, _ in by_owner(overdue(heads, TODAY))] == ["adam", "Zoe", NOBODY]
    lines = overdue_text(overdue(heads, TODAY))
    assert lines[1] == "Articles past their review date, by owner"
    assert NO_OWNER in lines
    assert overdue_facts(overdue(heads, TODAY))[0] == {
        "owner": "adam",
        "articles": [{"article": "a2", "title": "A title", "review_by": "2026-11-22", "days": 1}],
    }
    assert overdue_text(()) == []


def test_each_owner_gets_one_list_and_a_pair_of_two_owners_stands_in_both() -> None:
    store = MemoryArticleStore()
    one = document("keep", "Deleted mail of the sales staff is kept in the archive for 30 days.", title="Keep mail")
    other = document("find", "Deleted mail of the sales staff is kept in the archive for 90 days.", title="Find mail")
    documents = [replace(one, owner="anna", review_by=date(2026, 1, 1)), replace(other, owner="bo"), document("third", "Nothing about that.")]
    Publisher(store, EMBEDDER).publish([(each, sections(each)) for each in documents])
    findings = examine(store, EMBEDDER.identity, TODAY)
    assert findings.owners == ["anna", "bo"]
    assert (len(findings), len(findings.of("anna")), len(findings.of("bo"))) == (2, 2, 1)
    facts = finding_facts(findings, 3, TODAY)
    assert json.loads(json.dumps(facts))["counts"] == {"overdue": 1, "ownerless": 0, "contradictions": 1, "duplicates": 0}
    assert [row["owner"] for row in finding_facts(findings, 1, TODAY, "bo")["owners"]] == ["bo"]
    shown = finding_text(findings, 3, TODAY)
    assert "== anna ==" in shown
    assert "for 30 days" in shown
    assert "for 90 days" in shown
    assert "different quantity: 30 days / 90 days" in shown or "different quantity: 90 days / 30 days" in shown
    assert finding_text(findings, 0, TODAY, "nobody").endswith("Nothing to put right.")
