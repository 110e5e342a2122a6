"""Plays are judged and counted, and worse builds are blocked."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from evals.conversations import definitions
from evals.conversations.case import Case, Named
from evals.conversations.compare import compared
from evals.conversations.figures import metrics_of, pass_hat, tried
from evals.conversations.grade import faults
from evals.conversations.played import Cited, Left, Played, Shown

SHOWN = Shown(turn=1, who="firstline", text="Clean up the mailbox.", kind="answer", state="awaiting_confirmation", cites=("email-quota-full",))
SOLVED = Left(state="resolved", outcome="RESOLVED_CONFIRMED", ticket="T-1007", queue="collaboration", category="email")
FILED = Left(state="filed", outcome="TICKET_FILED", ticket="T-1007", queue="network", category="vpn", with_people=True)


def case(expect: object, group: str = "answerable", **more: Any) -> Case:
    made = {
        "title": "Mailbox",
        "group": group,
        "person": "maria.santos",
        "says": "Full",
        "goal": {"articles": ["email-quota-full"]},
        "expect": expect,
    }
    return Case.model_validate({**made, **more})


def played(left: Left = SOLVED, *lines: Shown, **more: Any) -> Played:
    return Played(case="email/full", repeat=0, left=left, lines=lines or (SHOWN,), **more)


def test_a_play_that_is_as_expected_has_no_faults() -> None:
    wanted = {
        "state": "resolved",
        "outcome": "RESOLVED_CONFIRMED",
        "ticket": "none",
        "cites": ["email-quota-full"],
        "shows": ["answer"],
        "says": ["MAILBOX"],
        "never_says": ["password"],
        "never_cites": ["email-archive-mailbox"],
        "account": {"locked": False, "password_reset": False},
        "language": "en",
    }
    assert faults(case(wanted), played()) == []


@pytest.mark.parametrize(
    ("expect", "left", "line"),
    [
        ({"state": "filed"}, SOLVED, "should end filed, it is resolved"),
        ({"outcome": "HANDED_OFF"}, FILED, "outcome should be HANDED_OFF, it is TICKET_FILED"),
        ({"ticket": "none"}, FILED, "no ticket should be with people, T-1007 is (network)"),
        ({"ticket": "filed"}, SOLVED, "a ticket should be filed, the outcome is RESOLVED_CONFIRMED"),
        ({"ticket": "handed_off"}, FILED, "a ticket should be handed off, the outcome is TICKET_FILED"),
        ({"queue": ["identity", "security"]}, FILED, "should be in identity or security, it is in network"),
        ({"category": "wifi"}, FILED, "category should be wifi, it is vpn"),
        ({"attached": "T-1001"}, FILED, "added to the open ticket T-1001, it is in T-1007"),
        ({"tickets": {"T-1001": "closed"}}, SOLVED, "ticket T-1001 should be closed, it is not there"),
        ({"actions": {"unlock_account": "done"}}, SOLVED, "unlock_account should be done, it is not begun"),
        ({}, SOLVED.model_copy(update={"actions": {"reset_password": "done"}}), "reset_password should not have been begun, it is done"),
        ({"account": {"locked": False}}, SOLVED.model_copy(update={"locked": True}), "the account should be open, it is locked"),
        ({"account": {"password_reset": True}}, SOLVED, "the password should have been reset"),
        ({"account": {"member_of": ["crm"]}}, SOLVED, "should be a member of crm"),
        ({"account": {"not_member_of": ["crm"]}}, SOLVED.model_copy(update={"groups": ("crm",)}), "should be no member of crm"),
        ({"cites": ["vpn-error-codes"]}, SOLVED, "no answer cites vpn-error-codes; cited were email-quota-full"),
        ({"never_cites": ["email-quota-full"]}, SOLVED, "email-quota-full should not be cited"),
        ({"shows": ["handoff"]}, SOLVED, "no reply is of kind handoff; there were answer"),
        ({"never_shows": ["answer"]}, SOLVED, "no reply should be of kind answer"),
        ({"says": [["ticket", "desk"]]}, SOLVED, "no reply says “ticket” or “desk”"),
        ({"never_says": ["Clean"]}, SOLVED, "“Clean” should not be said"),
    ],
)
def test_each_thing_that_is_not_as_expected_is_one_readable_line(expect: object, left: Left, line: str) -> None:
    found = faults(case(expect), played(left))
    assert len(found) == 1
    assert line in found[0]


def test_the_end_is_judged_before_actions_citations_and_words() -> None:
    wanted = {"never_says": ["Clean"], "cites": ["vpn-error-codes"], "actions": {"unlock_account": "done"}, "state": "filed"}
    lines = faults(case(wanted), played())
    assert ["filed" in lines[0], "unlock_account" in lines[1], "vpn-error-codes" in lines[2], "Clean" in lines[3]] == [True] * 4


def test_of_several_right_ends_the_one_that_fits_counts_as_a_whole() -> None:
    ends = [{"state": "resolved", "cites": ["email-quota-full"]}, {"ticket": "filed", "queue": "network", "never_shows": ["answer"]}]
    assert faults(case(ends), played()) == []
    assert len(faults(case(ends), played(FILED))) == 1


def test_a_cited_sentence_without_support_is_a_fault_whatever_the_case_expects() -> None:
    found = faults(case({}), played(cited=(Cited(turn=1, sentence="Call 112.", why="the passage does not name the figure 112"),)))
    assert found == ["turn 1: “Call 112.” is not supported by what it cites: the passage does not name the figure 112"]


def test_an_error_of_the_service_and_a_broken_play_are_faults() -> None:
    error = Shown(turn=2, who="firstline", text="Something went wrong", kind="error")
    assert "the service failed" in faults(case({}), played(SOLVED, SHOWN, error))[0]
    assert faults(case({}), played(broken="the socket was closed")) == ["turn 1: the socket was closed"]


def test_a_reply_in_another_language_is_a_fault_but_not_what_it_quotes() -> None:
    said = SHOWN.model_copy(update={"own": "Did this solve it? You have it in the list."})
    assert "should be in de, it is in en" in faults(case({"language": "de"}), played(SOLVED, said))[0]
    assert faults(case({"language": "de"}), played(SOLVED, SHOWN)) == []


@pytest.mark.parametrize("passed", [(True, False, True, True), (False,) * 5, (True,) * 8, (True, False, False, True, True, False)])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_pass_k_is_the_share_of_all_choices_of_k_plays_that_pass(passed: tuple[bool, ...], k: int) -> None:
    chosen = list(combinations(passed, k))
    assert pass_hat(passed, k) == pytest.approx(sum(all(one) for one in chosen) / len(chosen))


def test_somebody_who_got_a_wrong_answer_and_went_away_is_falsely_contained() -> None:
    unanswerable = case({}, group="unanswerable", goal={})
    gone = played(Left(state="resolved", outcome="RESOLVED_ASSUMED"))
    assert definitions.contained(gone)
    assert definitions.falsely_contained(unanswerable, gone)
    assert not definitions.falsely_contained(case({}), gone), "the right article was shown: silence is no harm"


def test_somebody_who_left_without_an_answer_is_not_contained() -> None:
    assert not definitions.contained(played(Left(state="abandoned", outcome="ABANDONED")))
    assert not definitions.contained(played(FILED))


def test_an_abstention_is_correct_only_when_no_answer_was_shown_at_any_time() -> None:
    abstention = Shown(turn=1, who="firstline", text="No article.", kind="abstention")
    assert definitions.abstained(played(FILED, abstention))
    assert not definitions.abstained(played(FILED, abstention, SHOWN))


def test_an_escalation_is_correct_only_in_the_right_queue() -> None:
    wanted = case({"ticket": "filed", "queue": ["network"]})
    assert definitions.escalated(wanted, played(FILED))
    assert not definitions.escalated(wanted, played(FILED.model_copy(update={"queue": "identity"})))
    assert not definitions.escalated(wanted, played())


def test_the_figures_of_a_run_are_those_of_its_plays() -> None:
    good, wrong = played(), played(Left(state="resolved", outcome="RESOLVED_ASSUMED"))
    cases = [
        tried(Named(name="email/full", case=case({"state": "resolved", "cites": ["email-quota-full"]})), [good]),
        tried(Named(name="other/none", case=case({"never_shows": ["answer"]}, group="unanswerable", goal={})), [wrong]),
    ]
    figures = metrics_of(cases)
    assert figures["pass^1"].value == 0.5
    assert "pass^4" not in figures
    assert figures["containment"].value == 1.0
    assert figures["false_containment"].value == 0.5
    assert figures["confirmed_resolution"].value == 0.5
    assert figures["correct_abstention"].value == 0.0
    assert figures["citation_recall"].value == 1.0


def test_a_build_that_is_surely_worse_is_blocked_and_one_that_is_not_is_not() -> None:
    base = {f"vpn/{number}": [True] for number in range(40)}
    worse = {name: [number > 9] for number, name in enumerate(base)}
    one_less = {name: [number > 0] for number, name in enumerate(base)}
    assert compared(worse, base).blocks
    assert not compared(one_less, base).blocks
    assert not compared(base, base).blocks
    assert compared(one_less, base).worse == ("vpn/0",)
    assert compared(base, one_less).better == ("vpn/0",)


def test_only_cases_that_both_runs_played_are_compared() -> None:
    difference = compared({"a/1": [True], "a/2": [False]}, {"a/1": [True], "a/3": [True]})
    assert (difference.cases, difference.unpaired, difference.metric.value) == (1, 2, 0.0)
