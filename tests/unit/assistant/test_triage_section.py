"""What a weekly review says of triage: misroutes with their denominator once every correction could count, and what waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from assistant.adapters.memory.store import MemoryStore
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.domain.review import Severity
from assistant.domain.triage import Field, Route, Suggested, Triage
from assistant.domain.week import Week
from assistant.governance.policy import Policy
from assistant.workflows.triage_section import TriageSection

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
WEEK = Week.of(NOW, "UTC").later(-1)
READ = {Field.CATEGORY: Suggested("vpn", 0.9, "m-0001"), Field.QUEUE: Suggested("network", 0.9, "m-0001")}


def reviewed(*triages: Triage) -> Found:
    store, found = MemoryStore(0.8), Found()
    with store.write() as unit:
        for one in triages:
            unit.triage.add(one)
    with store.read() as unit:
        TriageSection(lambda _: Policy("v", {}))(unit, Period(WEEK, "UTC", NOW, 1, "x", ""), [], found)
    return found


def routed(number: int, at: datetime, corrected: bool = False) -> Triage:
    made = Triage(f"T-{number}", at, Route.AUTO, "r", READ, "m-0001", "v", ("general", "service-desk"))
    return replace(made, settled=("mfa", "identity"), settled_at=at + timedelta(days=2), settled_by="sam") if corrected else made


def test_misroutes_are_those_of_the_last_week_whose_corrections_are_in() -> None:
    old, fresh = NOW - timedelta(weeks=3) + timedelta(days=1), NOW - timedelta(days=3)
    rows = [routed(number, old, number < 3) for number in range(40)] + [routed(100 + number, fresh, True) for number in range(9)]
    [finding] = reviewed(*rows).findings
    assert "routed 40 tickets by itself" in finding.text
    assert "8 % of 40" in finding.text
    assert (finding.figures[0].hits, finding.figures[0].total) == (3, 40)


def test_of_a_few_routed_tickets_no_share_is_concluded() -> None:
    [finding] = reviewed(routed(1, NOW - timedelta(weeks=3) + timedelta(days=1), True)).findings
    assert "not enough yet" in finding.text
    assert finding.severity is Severity.KNOW


def test_what_waits_long_is_to_be_done_in_the_week_that_begins() -> None:
    waiting = replace(routed(1, NOW - timedelta(days=4)), route=Route.REVIEW)
    [finding] = reviewed(waiting).findings
    assert finding.text.startswith("1 ticket waits for somebody to look at what triage suggests, the oldest for 96 hours")
    assert finding.severity is Severity.WEEK


def test_without_tickets_nothing_is_said() -> None:
    assert reviewed().findings == []
