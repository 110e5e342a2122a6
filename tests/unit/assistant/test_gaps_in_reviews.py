"""Gaps and spikes in a review: the costliest first, each with what to do, and no words of a few people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assistant.desk.review.found import Found
from assistant.desk.review.topics import MOST, find_gaps, find_spikes
from assistant.domain.review import Finding, Severity
from kb.model import FailureClass, Gap, GapState, Spike

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
ZONE = "Europe/Stockholm"


def gap(name: str = "g_1", **changes: Any) -> Gap:
    facts: dict[str, Any] = {"named": True, "category": "vpn", "failures": {FailureClass.NO_ARTICLE: 12}, "people": 9, "tickets": 2}
    return Gap(name, "vpn, hotel, token", AT, **(facts | changes))


def said(found: Found, one: Finding, text: str = "") -> str:
    about, owner = (found.names.known[key].text if key else "" for key in (one.about, one.owner))
    return (text or one.text).replace("{about}", about).replace("{owner}", owner)


def found_of(*priced: tuple[Gap, float], before: dict[str, int] | None = None) -> Found:
    found = Found()
    find_gaps(found, priced, before or {}, {"elin": "Elin Berg"}.get)  # type: ignore[arg-type]
    return found


def test_a_gap_is_told_with_demand_people_change_class_and_cost() -> None:
    found = found_of((gap(assigned_to="elin"), 160.0), before={"g_1": 3})
    [one] = found.findings
    assert said(found, one) == (
        "“vpn, hotel, token”: asked 12 times by 9 people, 9 more than the week before; because: no article. "
        "It cost people about 160 minutes, with 2 tickets."
    )
    assert said(found, one, one.todo) == "Write the article on “vpn, hotel, token”."
    assert (found.names.known[one.owner].text, one.weight, one.href) == ("Elin Berg", 16.0, "/console/gaps/g_1")


@pytest.mark.parametrize("changes", [{"people": 4}, {"named": False}])
def test_a_gap_of_a_few_people_has_no_name(changes: dict[str, Any]) -> None:
    found = found_of((gap(**changes), 10.0))
    assert said(found, found.findings[0]).startswith("a gap in vpn: asked")
    assert not any("hotel" in name.text for name in found.names.known.values())


def test_a_name_of_what_people_asked_goes_when_their_questions_go() -> None:
    found = found_of((gap(), 10.0))
    assert [name.words for name in found.names.known.values()] == [True]


@pytest.mark.parametrize("failure", list(FailureClass))
def test_each_class_has_its_own_remedy_but_what_is_out_of_scope(failure: FailureClass) -> None:
    [one] = found_of((gap(failures={failure: 7}), 10.0)).findings
    assert bool(one.todo) is (failure is not FailureClass.OUT_OF_SCOPE)
    assert one.severity is (Severity.WEEK if one.todo else Severity.KNOW)
    assert one.role == ("operators" if failure in (FailureClass.TOOL_MISSING, FailureClass.ERROR) else "authors")


def test_a_draft_that_was_begun_is_to_be_finished() -> None:
    [one] = found_of((gap(state=GapState.DRAFTED), 10.0)).findings
    assert one.todo == "Finish the draft on {about}."


def test_what_nobody_has_to_do_anything_about_is_not_told_but_can_be_checked() -> None:
    found = found_of((gap(state=GapState.PUBLISHED), 50.0), (gap("g_2", failures={}), 0.0), (gap("g_3"), 10.0))
    assert [one.subject for one in found.findings] == ["g_3"]
    assert {name: figure.value for name, figure in found.gauges.items()} == {"gap:g_1": 12, "gap:g_2": 0, "gap:g_3": 12}


def test_the_costliest_gaps_are_told_and_no_more_than_fit() -> None:
    found = found_of(*((gap(f"g_{number}"), 100.0 - number) for number in range(40)))
    assert [one.subject for one in found.findings] == [f"g_{number}" for number in range(MOST)]
    assert len(found.gauges) == 40


def spike(subject: str = "category:vpn", ago: timedelta = timedelta(days=3)) -> Spike:
    return Spike(subject, "vpn", AT - ago, AT - ago + timedelta(minutes=50), 14, 1.3, 1e-6)


def test_a_spike_is_told_in_local_time_with_what_is_usual() -> None:
    found = Found()
    find_spikes(found, [spike()], {}, ZONE, AT)
    [one] = found.findings
    assert said(found, one) == "14 questions about vpn within an hour from Friday 07:00; 1.3 are usual then; seen last at 07:50."
    assert (one.todo, one.severity) == ("", Severity.KNOW)


def test_a_spike_that_goes_on_cannot_wait() -> None:
    found = Found()
    find_spikes(found, [spike(ago=timedelta(minutes=55))], {}, ZONE, AT)
    assert found.findings[0].severity is Severity.NOW
    assert found.findings[0].todo


def test_two_spikes_of_one_subject_are_two_findings_and_a_small_gap_is_not_named() -> None:
    found, small = Found(), gap(people=2)
    find_spikes(found, [spike("gap:g_1"), spike("gap:g_1", timedelta(days=5))], {"g_1": small}, ZONE, AT)
    assert len({one.id for one in found.findings}) == 2
    assert {name.text for name in found.names.known.values()} == {"a gap in vpn"}
