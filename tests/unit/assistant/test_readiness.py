"""Readiness: scores by their formulas, what cannot be judged said, and the fixes with most demand first."""

from __future__ import annotations

import io
from itertools import cycle, islice

import pytest

from assistant.desk.exports.reading import look_through
from assistant.desk.readiness.gathering import Followed, Gathered, Sample, gathered
from assistant.desk.readiness.labels import is_catch_all, same_names, told_apart
from assistant.desk.readiness.scoring import Tried, assessed
from assistant.desk.readiness.telling import text_of
from assistant.domain.readiness import HISTORY, KNOWLEDGE, TAXONOMY, WORKFLOWS, Prerequisite, ReadinessAssessment

WORDS = {"vpn": "tunnel gateway remote connect", "print": "paper toner printer tray", "mail": "outlook inbox calendar send"}


def rows_of(category: str, words: str, count: int, note: str = "") -> list[str]:
    picked = islice(cycle(words.split()), count * 3)
    return [f"{category},{next(picked)} {next(picked)} {next(picked)} {number},{note.format(number)}" for number in range(count)]


def found(rows: list[str], head: str = "category,description,resolution notes") -> Gathered:
    text = "\n".join([head, *rows]) + "\n"
    return gathered(look_through(lambda: io.BytesIO(text.encode())))


def made(gathered_: Gathered, tried: list[Tried] | None = None) -> ReadinessAssessment:
    return assessed(gathered_, tried, None if tried is None else 7, 0.3, "x", ())


def part(assessment: ReadinessAssessment, name: str) -> Prerequisite:
    return next(one for one in assessment.prerequisites if one.name == name)


def good() -> list[str]:
    return [row for name, words in WORDS.items() for row in rows_of(name, words, 80, "restarted the client and cleared {} from the cache")]


def test_a_clean_history_scores_full_and_names_nothing_to_mend() -> None:
    tried = [Tried(name, True, True) for name in WORDS for _ in range(10)]
    assessment = made(found(good()), tried)
    assert [one.score for one in assessment.prerequisites] == [100, 100, 100, 100]
    assert assessment.fixes == ()


def test_a_catch_all_lowers_the_taxonomy_by_its_share() -> None:
    rows = good() + rows_of("Other", "thing matter something else", 80)
    assert part(made(found(rows)), TAXONOMY).score == 75


def test_labels_that_nobody_can_tell_apart_are_named_with_their_confusion() -> None:
    rows = rows_of("Access", WORDS["vpn"], 120) + rows_of("Authorisation", WORDS["vpn"], 120) + rows_of("print", WORDS["print"], 120)
    taxonomy = part(made(found(rows)), TAXONOMY)
    assert [row.what for row in taxonomy.evidence if "/" in row.what] == ["Access / Authorisation"]
    assert taxonomy.score == 33


def test_labels_with_different_words_are_told_apart() -> None:
    told = told_apart([(f"{words} {number}", name) for name, words in WORDS.items() for number in range(40)])
    assert told is not None and told.confused == () and told.right.share == 1.0
    assert told_apart([("words", "only one")] * 50) is None


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["Hardware", "hard-ware", "Network"], [("Hardware", "hard-ware")]),
        (["Hardware", "hardwares", "Network"], [("Hardware", "hardwares")]),
        (["Password reset", "Reset Password"], [("Password reset", "Reset Password")]),
        (["Printer", "Printing", "Print er"], []),
        (["Authentication", "Authentification"], [("Authentication", "Authentification")]),
        (["Category 26", "Category 27", "Category 2"], []),
        (["VPN", "VPA"], []),
    ],
)
def test_names_that_differ_in_spelling_alone_are_paired_and_numbers_keep_names_apart(names: list[str], pairs: list[tuple[str, str]]) -> None:
    assert same_names(names) == pairs


def test_catch_alls_are_known_by_their_names() -> None:
    assert [is_catch_all(name) for name in ("Other", "Misc.", "Others", "Other - Hardware", "Hardware", "Mother board")] == [True] * 4 + [False] * 2


def test_history_counts_labels_examples_and_contradictions() -> None:
    rows = good() + [f",no label {number}," for number in range(60)]
    assert part(made(found(rows)), HISTORY).score == 80
    small = part(made(found(good() + rows_of("rare", "odd strange", 10))), HISTORY)
    assert small.score == 96 and [row.what for row in small.evidence] == ["rare"]
    twice = [*good(), *["vpn,the very same words,"] * 30, *["print,The VERY  same words,"] * 30]
    consistent = next(one for one in part(made(found(twice)), HISTORY).factors if one.name == "consistent")
    assert consistent.share == 0.5


def test_notes_that_say_nothing_or_are_a_form_are_no_workflow() -> None:
    short = part(made(found([row for name, words in WORDS.items() for row in rows_of(name, words, 80, "done")])), WORKFLOWS)
    form = part(
        made(found([row for name, words in WORDS.items() for row in rows_of(name, words, 80, "closed as agreed with the user today")])), WORKFLOWS
    )
    assert (short.score, form.score) == (0, 0)
    assert part(made(found(good())), WORKFLOWS).score == 100


def test_coverage_is_weighted_by_demand_and_its_gap_is_the_first_fix() -> None:
    rows = rows_of("vpn", WORDS["vpn"], 300) + rows_of("print", WORDS["print"], 100)
    tried = [Tried("vpn", number < 2, False) for number in range(10)] + [Tried("print", True, True) for _ in range(10)]
    assessment = made(found(rows, "category,description,colour"), tried)
    assert part(assessment, KNOWLEDGE).score == 40
    assert assessment.fixes[0].text.startswith("Write articles for “vpn”: 2 of 10") and assessment.fixes[0].tickets == 240


def test_what_cannot_be_judged_is_said_and_has_no_score() -> None:
    assessment = made(
        found([f"C{number % 3}" for number in range(300)], "category")
        if False
        else found([f"C{number % 3},1" for number in range(300)], "category,priority")
    )
    assert part(assessment, KNOWLEDGE).score is None and part(assessment, WORKFLOWS).score is None
    assert part(assessment, TAXONOMY).said == "100 of 100, by 2 of 3 parts"
    assert "cannot be judged: the export has no text" in text_of(assessment)


def test_five_fixes_at_most_those_with_most_demand_first() -> None:
    rows = [row for number in range(9) for row in rows_of(f"name{chr(97 + number)}", WORDS["vpn"], 60 + number)]
    tried = [Tried(f"name{chr(97 + number)}", False, False) for number in range(9) for _ in range(6)]
    fixes = made(found(rows), tried).fixes
    assert len(fixes) == 5 and [one.tickets for one in fixes] == sorted((one.tickets for one in fixes), reverse=True)


def test_followed_texts_are_thinned_evenly_and_a_text_stays_with_its_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.desk.readiness.gathering.MOST_TEXTS", 100)
    followed = Followed()
    for number in range(5_000):
        followed.saw(f"text {number}", "a")
        followed.saw(f"TEXT   {number}", "b")
    assert 20 < len(followed.counts) <= 100
    assert all(counts == {"a": 1, "b": 1} for counts in followed.counts.values())


def test_a_sample_is_the_same_for_the_same_rows_and_reaches_all_of_them() -> None:
    def drawn(start: int) -> list[tuple[str, str]]:
        sample = Sample(50)
        for number in range(start, start + 1_000):
            sample.add((str(number), "x"))
        return sample.kept

    assert drawn(0) == drawn(0) != drawn(1)
    numbers = [int(text) for text, _ in drawn(0)]
    assert len(numbers) == 50 and min(numbers) < 100 and max(numbers) > 900
