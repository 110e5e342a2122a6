"""A problem's states: every entry of the table, everything that is not in it, and the rules of the policy around it."""

from __future__ import annotations

from itertools import product

import pytest

from assistant.domain.problem import ACTIVE, TRANSITIONS, Event, IllegalStep, ProblemState, advance
from assistant.governance.policy import Disposition, Policy, PolicyError
from assistant.governance.policy_file import PACKAGED, parse_policy
from assistant.governance.problem_rules import CHAT, STEP, ProblemRules, band_of, rules_of

S, E = ProblemState, Event
LEGAL = {
    (S.CANDIDATE, E.ACCEPT): S.OPEN,
    (S.CANDIDATE, E.DISMISS): S.DISMISSED,
    (S.OPEN, E.DISMISS): S.DISMISSED,
    (S.OPEN, E.KNOW): S.KNOWN_ERROR,
    (S.KNOWN_ERROR, E.KNOW): S.KNOWN_ERROR,
    (S.KNOWN_ERROR, E.FORGET): S.OPEN,
    (S.OPEN, E.RESOLVE): S.RESOLVED,
    (S.KNOWN_ERROR, E.RESOLVE): S.RESOLVED,
    (S.RESOLVED, E.UNDO): S.OPEN,
    (S.RESOLVED, E.SETTLE): S.CLOSED,
    (S.DISMISSED, E.RESTORE): S.CANDIDATE,
}


def shipped(old: str = "", new: str = "") -> Policy:
    text = PACKAGED.read_text(encoding="utf-8")
    assert old in text
    return parse_policy(text.replace(old, new, 1), "somewhere.toml")


@pytest.mark.parametrize(("state", "event"), sorted(product(S, E)))
def test_a_problem_moves_as_the_table_says_and_in_no_other_way(state: ProblemState, event: Event) -> None:
    if (state, event) in LEGAL:
        assert advance(state, event) is LEGAL[state, event]
    else:
        with pytest.raises(IllegalStep, match=state.label):
            advance(state, event)
    assert len(TRANSITIONS) == len(LEGAL)


def test_people_are_told_of_what_is_worked_on_and_of_nothing_else() -> None:
    assert {state for state in S if state.is_active} == ACTIVE == {S.OPEN, S.KNOWN_ERROR}


def test_the_shipped_policy_lets_people_accept_every_candidate() -> None:
    policy = shipped()
    assert rules_of(policy) == ProblemRules(people=3, undo_hours=24)
    assert policy.decide(STEP, 0.99) is Disposition.REVIEW
    assert band_of(policy, CHAT).auto > band_of(policy, STEP).review


def test_a_policy_that_does_not_name_the_steps_does_neither() -> None:
    assert band_of(parse_policy("[steps.answer]\nauto=0.3\nreview=0.1\n[steps.attach]\nauto=0.8\nreview=0.8\n", "bare"), STEP).of(1.0) is (
        Disposition.ESCALATE
    )


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("people = 1", "from 2 to 100"),
        ("people = true", "whole number"),
        ("people = 2.5", "whole number"),
        ("window_hours = 0", "from 1 to"),
        ("undo_hours = nan", "whole number"),
        ("wait_seconds = -1", "from 0 to"),
        ("persons = 3", "unknown: persons"),
        ("people = 50\nmost = 20", "cannot be found among 20"),
    ],
)
def test_rules_that_cannot_be_are_refused_in_words(rules: str, why: str) -> None:
    with pytest.raises(PolicyError, match=why):
        shipped("[problems]\npeople = 3\nundo_hours = 24", f"[problems]\n{rules}")
