"""What is done with a ticket: by bands, by categories, by origin, by the rollout; and the matrix of priorities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assistant.desk.triage.deciding import decide
from assistant.domain.triage import Field, Route, Suggested, level, priority
from assistant.governance.policy import Band, Disposition, Policy, PolicyError
from assistant.governance.policy_file import load_policy, read_policy
from assistant.governance.triage_rules import TriageRules, read_triage, rules_of

BANDS = {"triage_category": Band(0.8, 0.4), "triage_queue": Band(0.9, 0.5)}
POLICY = Policy("v", BANDS, practices={"triage": TriageRules(frozenset({"security"}), frozenset({"hr"}))})
BEFORE = ("general", "service-desk")


def said(category: float, queue: float, name: str = "vpn") -> dict[Field, Suggested]:
    return {Field.CATEGORY: Suggested(name, category, "m-0001"), Field.QUEUE: Suggested("network", queue, "m-0001")}


@pytest.mark.parametrize(
    ("category", "queue", "route", "rule"),
    [
        (0.8, 0.9, Route.AUTO, "steps.triage_category"),
        (0.99, 0.89, Route.REVIEW, "steps.triage_queue"),
        (0.79, 0.99, Route.REVIEW, "steps.triage_category"),
        (0.99, 0.49, Route.ESCALATE, "steps.triage_queue"),
        (0.39, 0.6, Route.ESCALATE, "steps.triage_category"),
    ],
)
def test_the_less_sure_of_category_and_queue_decides(category: float, queue: float, route: Route, rule: str) -> None:
    found = decide(POLICY, said(category, queue), BEFORE, "", Disposition.AUTO)
    assert (found.route, found.rule) == (route, rule)


def test_a_field_that_was_not_read_leaves_the_ticket_to_a_person() -> None:
    assert decide(POLICY, {Field.QUEUE: Suggested("network", 1.0)}, BEFORE, "", Disposition.AUTO).route is Route.ESCALATE


def test_a_category_under_review_is_never_moved_by_itself_whether_it_was_filed_or_read_so() -> None:
    read_so = decide(POLICY, said(1.0, 1.0, "Security"), BEFORE, "", Disposition.AUTO)
    filed_so = decide(POLICY, said(1.0, 1.0), ("security", "security"), "", Disposition.AUTO)
    assert (read_so.route, filed_so.route) == (Route.REVIEW, Route.REVIEW)
    assert decide(POLICY, said(0.1, 0.1, "security"), BEFORE, "", Disposition.AUTO).route is Route.ESCALATE


def test_in_a_category_for_people_nothing_is_suggested() -> None:
    assert decide(POLICY, said(1.0, 1.0, "HR"), BEFORE, "", Disposition.AUTO) == decide(POLICY, said(1.0, 1.0), ("hr", "x"), "", Disposition.AUTO)
    assert decide(POLICY, said(1.0, 1.0, "HR"), BEFORE, "", Disposition.AUTO).route is Route.ESCALATE


@pytest.mark.parametrize("origin", ["alerts", "problems", "changes", "joiners", "compliance", "people-file"])
def test_a_ticket_of_another_practice_keeps_its_queue(origin: str) -> None:
    assert decide(POLICY, said(1.0, 1.0), BEFORE, origin, Disposition.AUTO).route is Route.KEPT


def test_the_rollout_can_only_hold_triage_back() -> None:
    assert decide(POLICY, said(1.0, 1.0), BEFORE, "", Disposition.REVIEW).route is Route.REVIEW
    assert decide(POLICY, said(1.0, 1.0), BEFORE, "", Disposition.ESCALATE).route is Route.ESCALATE
    assert decide(POLICY, said(0.0, 0.0), BEFORE, "", Disposition.AUTO).route is Route.ESCALATE


def test_a_policy_without_bands_of_triage_moves_nothing() -> None:
    assert decide(replace(POLICY, bands={}), said(1.0, 1.0), BEFORE, "", Disposition.AUTO).route is Route.ESCALATE


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"review": ["HR"], "people": ["hr"]}, "hr stands under review and under people"),
        ({"reviews": []}, "unknown: reviews"),
        ({"review": "hr"}, "list of categories"),
        ({"misroute_days": 0}, "1 or more"),
        ({"misroute_days": 365}, "at most 90"),
        ({"learn_weekly": 1}, "true or false"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused_in_words(table: dict[str, object], why: str) -> None:
    with pytest.raises((TypeError, ValueError), match=why):
        read_triage(table)


def test_the_shipped_policy_holds_security_back_and_a_contradiction_stops_it_from_loading() -> None:
    policy = load_policy()
    assert rules_of(policy).review == {"security"}
    assert {step for step in policy.bands if step.startswith("triage_")} == {f"triage_{one.value}" for one in Field}
    with pytest.raises(PolicyError, match="stands under review and under people"):
        read_policy(policy.text.replace("people = []", 'people = ["security"]', 1), "x")


def test_priority_is_impact_times_urgency() -> None:
    assert [priority(impact, urgency) for impact in ("low", "medium", "high") for urgency in ("low", "medium", "high")] == list("543432321")
    assert priority("1 - High", "3 - Low") == "3"
    assert priority("", "high") == ""


@pytest.mark.parametrize(
    ("value", "means"), [("2 - Medium", "medium"), ("HIGH", "high"), ("3", "low"), ("critical", "high"), ("urgent?", ""), ("", "")]
)
def test_levels_are_read_as_organisations_write_them(value: str, means: str) -> None:
    assert level(value) == means


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(ValueError, match="no probability"):
        Suggested("vpn", 1.01)
