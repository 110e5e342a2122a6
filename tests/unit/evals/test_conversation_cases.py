"""Cases: those that come along are whole, and bad ones are refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
import yaml

from evals.beir import BadInput
from evals.conversations.case import Case, Group, Language, load_cases, read_case, sampled

GOOD = {
    "title": "Mailbox is full",
    "group": "answerable",
    "person": "maria.santos",
    "says": "My mailbox is full",
    "goal": {"articles": ["email-quota-full"]},
    "expect": {"state": "resolved", "cites": ["email-quota-full"]},
}


def written(place: Path, **changed: object) -> Path:
    path = place / "email" / "full.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({**GOOD, **changed}))
    return path


def test_the_bundled_cases_can_be_read_and_cover_every_group_and_language() -> None:
    cases = [named.case for named in load_cases()]
    groups, languages = Counter(case.group for case in cases), Counter(case.language for case in cases)
    assert len(cases) >= 120
    assert set(groups) == set(get_args(Group))
    assert min(groups.values()) >= 8
    assert set(languages) == set(get_args(Language))


def test_people_who_go_away_without_a_word_are_among_those_whom_nothing_answers() -> None:
    silent = [named for named in load_cases() if named.case.group == "unanswerable" and named.case.silent]
    assert len(silent) >= 10, "without them no answer would ever be wrongly taken for a success"


def test_a_case_may_be_written_with_single_words_where_lists_stand(tmp_path: Path) -> None:
    case = read_case(written(tmp_path))
    assert case.says == ("My mailbox is full",)
    assert case.expect[0].cites == (("email-quota-full",),)


def test_one_of_several_articles_is_enough_where_they_stand_in_one_line(tmp_path: Path) -> None:
    case = read_case(written(tmp_path, expect={"cites": [["email-quota-full", "email-archive-mailbox"]]}))
    assert case.expect[0].cites == (("email-quota-full", "email-archive-mailbox"),)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"person": "nobody.knows"}, "unknown to the demo company: nobody.knows"),
        ({"goal": {"articles": ["no-such-article"]}}, "unknown to the demo company: no-such-article"),
        ({"expect": {"never_cites": ["no-such-article"]}}, "no-such-article"),
        ({"approvers": {"nobody.knows": "approves"}}, "nobody.knows"),
        ({"colour": "blue"}, "colour: Extra inputs are not permitted"),
        ({"group": "easy"}, "group: Input should be"),
        ({"says": []}, "says: Tuple should have at least 1 item"),
        ({"expect": {"state": "finished"}}, "state"),
        ({"expect": []}, "expect"),
        ({"then": [{"says": "Hello", "presses": "yes"}]}, "exactly one of them"),
        ({"then": [{"after": "answer"}]}, "exactly one of them"),
        ({"goal": {"nothing": True, "articles": ["email-quota-full"]}}, "a goal of nothing has no articles"),
    ],
)
def test_a_bad_case_is_refused_with_its_file_and_the_reason(tmp_path: Path, changed: dict[str, object], reason: str) -> None:
    path = written(tmp_path, **changed)
    with pytest.raises(BadInput) as refused:
        read_case(path)
    assert str(path) in str(refused.value)
    assert reason in str(refused.value)


def test_a_file_that_is_no_yaml_is_refused_with_its_name(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text("title: [")
    with pytest.raises(BadInput, match=r"full\.yaml"):
        read_case(path)


def test_an_article_that_the_case_brings_along_may_be_cited(tmp_path: Path) -> None:
    own = [{"id": "own-article", "title": "Own", "text": "Text."}]
    case = read_case(written(tmp_path, world={"articles": own}, expect={"cites": ["own-article"]}))
    assert case.world.articles[0].category == "general"


def test_cases_are_chosen_by_pattern_or_by_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert [named.name for named in load_cases(tmp_path, ["email/*"])] == ["email/full"]
    assert [named.intent for named in load_cases(tmp_path, [str(path)])] == ["email"]
    with pytest.raises(BadInput, match="no case matches vpn"):
        load_cases(tmp_path, ["vpn/*"])
    with pytest.raises(BadInput, match="holds no cases"):
        load_cases(tmp_path / "email")


def test_a_case_wants_people_only_when_every_right_end_is_with_them() -> None:
    end = {"ticket": "filed"}
    assert Case.model_validate({**GOOD, "expect": [end, {"ticket": "handed_off"}]}).wants_people
    assert not Case.model_validate({**GOOD, "expect": [end, {"state": "resolved"}]}).wants_people


def test_a_sample_holds_every_group_in_proportion_and_is_the_same_for_a_seed() -> None:
    cases = load_cases()
    drawn = sampled(cases, 60, 1)
    assert len(drawn) == 60
    assert drawn == sampled(cases, 60, 1)
    assert drawn != sampled(cases, 60, 2)
    whole, part = (Counter(named.case.group for named in some) for some in (cases, drawn))
    for group, number in whole.items():
        assert abs(part[group] - 60 * number / len(cases)) <= 1.5, group
    assert sampled(cases, 10_000, 1) == cases
    assert len({named.case.group for named in sampled(cases, 11, 3)}) == 11
