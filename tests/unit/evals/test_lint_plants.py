"""Planted contradictions and look-alikes: what is changed, and how the finds are counted."""

from __future__ import annotations

import json
import random
import re
from datetime import date
from pathlib import Path

import pytest

from evals.beir import BadInput
from evals.hygiene import edits
from evals.hygiene.measure import Outcome, metrics_of, read_cases, wrong
from evals.hygiene.plants import Plant, plant_all
from kb.lint.findings import Contradiction, quote_of
from kb.model import Platform
from tests.support.kb_samples import document, passage

SENTENCES = {
    "duration": ("Wait 30 minutes before you try once more.", r"Wait (60|90|35) minutes"),
    "amount": ("A mailbox in Leeds holds 50 GB at most.", r"holds (100|150|55) GB"),
    "host": ("Sign in at [mail](https://mail.lindqvist.example) today.", r"https://\w+\.lindqvist\.example"),
    "phone": ("Call the desk on extension 4357 right now.", r"extension \d{4}"),
    "email": ("Write to mail@lindqvist.example about all of it.", r"\w+\.mail@lindqvist\.example"),
    "version": ("The client needs version 5.4 or newer.", r"version \d\d\.\d or"),
    "hours": ("The desk answers 07:00-18:00 on weekdays.", r"answers 0[689]:[03]0-"),
    "menu": ("Open **Settings > General > Storage** to see it.", r"\*\*[\w ]+ > General > Storage\*\*"),
    "negation": ("Guests must sign the agreement on paper.", "must not sign"),
    "opposite": ("The archive is enabled for all of us.", "is disabled"),
}


@pytest.mark.parametrize("kind", list(edits.CONTRADICTING))
def test_each_edit_changes_what_it_is_named_for_and_nothing_else(kind: str) -> None:
    before, pattern = SENTENCES[kind]
    after = edits.CONTRADICTING[kind](before, random.Random(1))
    assert after is not None
    assert after != before
    assert re.search(pattern, after)
    assert edits.CONTRADICTING[kind]("Nothing of that kind stands here.", random.Random(1)) is None


def test_a_paraphrase_keeps_facts_links_and_menus() -> None:
    said = "Open **Select > Help** at [help](https://help.lindqvist.example) and wait 5 minutes (usually less)."
    for seed in range(30):
        told = edits.paraphrase(said, random.Random(seed))
        assert "**Select > Help**" in told
        assert "https://help.lindqvist.example" in told
        assert "5 minutes" in told


def test_the_same_time_in_another_unit_is_the_same_time() -> None:
    assert edits.same_time("It takes 2 days.", random.Random(1)) == "It takes 48 hours."


def test_the_same_seed_plants_the_same_articles() -> None:
    texts = " ".join(before for before, _ in SENTENCES.values())
    windows = frozenset({Platform.WINDOWS})
    passages = [passage(texts, title=f"About Ledgerline {n}", article_id=f"a{n}", platforms=windows) for n in range(4)]
    first, second = plant_all(passages, 2, 5), plant_all(passages, 2, 5)
    assert [plant.document for plant in first] == [plant.document for plant in second]
    assert plant_all(passages, 2, 6) != first
    kinds = {plant.kind for plant in first if plant.contradicts}
    assert kinds == set(edits.CONTRADICTING)
    (other, *_) = [plant for plant in first if plant.kind == "other system"]
    assert not other.document.platforms & windows
    (thing, *_) = [plant for plant in first if plant.kind == "other thing"]
    assert "Ledgerline" not in thing.document.title


def planted(key: str, contradicts: bool, source: str = "a") -> Plant:
    return Plant("duration", contradicts, source, document(key), "It takes 5 days.", "It takes 9 days.")


def against(first: str, second: str) -> Contradiction:
    one, other = (quote_of(passage("It takes 7 days.", article_id=key)) for key in (first, second))
    return Contradiction(one, other, "quantity", "", "")


def test_a_plant_counts_as_found_only_against_its_source() -> None:
    plants = [planted("found", True), planted("elsewhere", True), planted("quiet", False), planted("alarm", False), planted("known", False)]
    found = {
        "found": [against("a", "found")],
        "elsewhere": [against("elsewhere", "z")],
        "quiet": [],
        "alarm": [against("alarm", "a")],
        "known": [against("known", "b")],
    }
    outcome = Outcome(1, 1, [against("a", "b")], [], plants, found)
    metrics = metrics_of(outcome)
    assert metrics["recall"].value == 0.5
    assert metrics["false_alarms"].value == pytest.approx(1 / 3)
    assert metrics["untouched_contradictions"].value == 1
    assert [plant.document.article_id for plant in wrong(outcome)] == ["elsewhere", "alarm"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"article": "a", "quote": "It takes 6 days.", "title": "t", "text": "x", "contradicts": True}, "line 1: a does not say"),
        ({"article": "a", "quote": "It takes 5 days."}, "line 1: KeyError"),
        ({"article": "a", "quote": "It", "title": "t", "text": "x", "contradicts": True, "platforms": ["amiga"]}, "amiga"),
    ],
)
def test_a_malformed_case_is_refused_with_its_line(tmp_path: Path, row: dict[str, object], message: str) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps(row))
    with pytest.raises(BadInput, match=message):
        read_cases(file, [passage("It takes 5 days.", article_id="a", review_by=date(2027, 1, 1))])
