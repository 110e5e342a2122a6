"""The support rule: what it lets through, what it stops, and how far it agrees with people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evals import citations
from evals.citations import Judged, judge, kappa, read_pairs
from kb.cite import marked
from kb.claims import Kind, claims
from kb.split import split
from kb.support import Support, supported

ROOT = Path(__file__).parents[3]
PAIRS = ROOT / "evals" / "cases" / "support_pairs.jsonl"
PASSAGE = (
    "Wait 15 minutes after five wrong attempts. Do not try in the meantime: each attempt starts the 15 minutes again.\n\n"
    "1. Open **Company Portal** on the laptop.\n2. Press **Ctrl + Shift + M** and go to [account.lindqvist.example](https://account.lindqvist.example).\n"
    "3. If it shows `HC-610`, call extension 4357, 07:00-18:00 CET.\n\nPrivate disks can be read but not written to. Version 5.4 or newer is needed."
)
TITLE = "Unlock an account on a Windows laptop\n\nGet back in"


def demo_passages() -> Iterator[tuple[str, str, str]]:
    for path in sorted((ROOT / "kb" / "articles").glob("*/*.md")):
        front, text = path.read_text(encoding="utf-8").split("---\n", 2)[1:]
        title = next(line.removeprefix("title: ") for line in front.splitlines() if line.startswith("title: "))
        yield from ((title, part.heading, text[part.start : part.end]) for part in split(text))


@pytest.mark.parametrize(
    "sentence",
    [
        "Wait 15 minutes after five wrong attempts.",
        "Wait 15 minutes after 5 wrong attempts, because each attempt starts the 15 minutes again.",
        "Open **Company Portal** on the Windows laptop.",
        "If you see HC-610, call extension 4357.",
        "You need version 5.4 or newer.",
        "Private disks cannot be written to.",
        "",
    ],
)
def test_what_the_passage_says_is_supported(sentence: str) -> None:
    assert supported(sentence, PASSAGE, TITLE) == Support(True)


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Wait 50 minutes after five wrong attempts.", "figure 50"),
        ("Wait 5 minutes after five wrong attempts.", "the passage says 15"),
        ("If it shows HC-510, call extension 4357.", "figure hc510"),
        ("If it shows `HC-610`, call extension 4911.", "figure 4911"),
        ("Call extension 4357, 08:00-18:00 CET.", "figure 08:00"),
        ("Go to login.lindqvist.example.", "address login.lindqvist.example"),
        ("Write to desk@lindqvist.example.", "address desk@lindqvist.example"),
        ("Open **Company Portal** on the Mac.", "system mac"),
        ("Press **Ctrl + Shift + O**.", "does not say"),
        ("Open **Control Panel** on the laptop.", "does not say"),
        ("Private disks can be read and written to.", "opposite"),
        ("Each attempt does not start the 15 minutes again.", "opposite"),
        ("Version 5.3 or newer is needed.", "figure 5.3"),
        ("Ask Petra to unlock the laptop.", "Petra"),
        ("Restart the router and wait until its lamp is green.", "of its words"),
    ],
)
def test_an_altered_or_invented_detail_is_not(sentence: str, reason: str) -> None:
    judged = supported(sentence, PASSAGE, TITLE)
    assert not judged.value
    assert reason in judged.reason


def test_the_title_names_things_but_says_nothing() -> None:
    assert not supported("Unlock an account on a Windows laptop by waiting 15 minutes.", "Wait 15 minutes.", "").value
    assert not supported("Unlock an account.", "Wait 15 minutes.", TITLE).value


def test_every_sentence_of_every_demo_article_is_supported_by_its_own_passage() -> None:
    judged = 0
    for title, heading, passage in demo_passages():
        for claim in claims(marked(passage, 1)):
            if claim.kind is not Kind.HEADING:
                assert claim.numbers == (1,), claim
                assert supported(claim.text, passage, f"{title}\n\n{heading}").value, claim
                judged += 1
    assert judged > 2_000


def test_the_labels_are_enough_and_the_halves_share_no_passage() -> None:
    tuning, kept = read_pairs(PAIRS, "tuning"), read_pairs(PAIRS, "kept")
    assert len(tuning) + len(kept) == len(read_pairs(PAIRS, "")) >= 200
    assert not {pair.passage for pair in tuning} & {pair.passage for pair in kept}
    assert all(0.3 < sum(pair.label for pair in half) / len(half) < 0.7 for half in (tuning, kept))
    shipped = {passage for _, _, passage in demo_passages()}
    assert {pair.passage for pair in (*tuning, *kept)} <= shipped, "every labelled passage stands in the demo articles as it is"


def test_on_the_half_kept_aside_the_rule_agrees_with_people() -> None:
    rows = judge(read_pairs(PAIRS, "kept"))
    assert kappa(rows) >= 0.7


def test_rules_that_look_away_do_not_agree_with_people(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = read_pairs(PAIRS, "kept")
    monkeypatch.setattr(citations, "supported", lambda sentence, passage, context: Support(True))
    assert kappa(judge(pairs)) < 0.01
    monkeypatch.setattr("kb.support._invented_fact", lambda sentence, passage: "")
    monkeypatch.setattr(citations, "supported", supported)
    assert kappa(judge(pairs)) < 0.7, "without the check of figures and names"


def test_kappa_is_one_for_agreement_and_zero_for_chance() -> None:
    assert kappa([Judged(True, True), Judged(False, False)]) == 1
    assert kappa([Judged(True, True), Judged(True, False), Judged(False, True), Judged(False, False)]) == 0
