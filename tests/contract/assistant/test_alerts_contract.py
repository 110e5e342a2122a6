"""Alerts over every store: what is received waits, what is worked on does not, and groups are found by how they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from assistant.domain.alert import Alert, AlertGroup, Judgement, Report, Severity, Standing, State, Verdict, Weights
from assistant.ports.alerts import AlertsChanged
from assistant.ports.store import Store
from tests.support.alarms import NOW, burst, report


def alert(one: Report, group: str, name: str, **changes: object) -> Alert:
    made = Alert(name, one, one.at, one.at, group=group)
    return replace(made, **changes)  # type: ignore[arg-type]


def group(name: str, standing: Standing = Standing.SINGLE, minutes: float = 0, **said: object) -> AlertGroup:
    at = NOW + timedelta(minutes=minutes)
    made = AlertGroup(name, standing, at, at, at, title=f"Title of {name}", profile={"size": 1}, why=("Because.",))
    return replace(made, **said)  # type: ignore[arg-type]


def test_reports_wait_in_the_order_of_arrival_until_they_were_worked_on(store: Store) -> None:
    first = burst(3)
    with store.write() as unit:
        unit.alerts.receive([*first, report("late", aside="it is from the future")])
    with store.read() as unit:
        waiting = unit.alerts.waiting(2)
        aside = unit.alerts.kept_aside(10)
        assert [one.item for one in waiting] == ["got-lt-000", "got-lt-001"]
        assert [(one.item, one.aside) for one in aside] == [("late", "it is from the future")]
        assert unit.alerts.kept_aside(10, aside[0].number) == []
        assert unit.alerts.counts() == {"waiting": 3, "aside": 1}
    with store.write() as unit:
        unit.alerts.worked_on([one.number for one in waiting])
    with store.read() as unit:
        rest = unit.alerts.waiting(10)
    assert [replace(one, number=0) for one in rest] == [first[2]]


def test_a_report_that_was_not_worked_on_waits_although_a_later_number_was(store: Store) -> None:
    with store.write() as unit:
        unit.alerts.receive(burst(3))
    with store.write() as unit:
        unit.alerts.worked_on([unit.alerts.waiting(3)[-1].number])
        assert [one.item for one in unit.alerts.waiting(10)] == ["got-lt-000", "got-lt-001"]


def test_the_latest_alert_of_a_fingerprint_is_found(store: Store) -> None:
    one = report(fields=(("region", "west"),))
    earlier, later = alert(one, "i_1", "a_1"), alert(replace(one, at=NOW + timedelta(hours=9)), "i_2", "a_2", changes=(NOW,), flapping=True)
    with store.write() as unit:
        unit.alerts.keep([replace(later, last_at=NOW + timedelta(hours=9)), earlier])
    with store.read() as unit:
        found = unit.alerts.of_fingerprints([one.fingerprint])
        assert found[one.fingerprint] == replace(later, last_at=NOW + timedelta(hours=9))
        assert unit.alerts.with_ids(["a_1", "a_9"]) == [earlier]


def test_a_kept_alert_takes_the_place_of_what_was_stored_of_it(store: Store) -> None:
    one = alert(report(), "i_1", "a_1")
    with store.write() as unit:
        unit.alerts.keep([one])
        unit.alerts.keep([replace(one, count=7, report=replace(one.report, state=State.RESOLVED))])
    with store.read() as unit:
        assert [(found.count, found.firing) for found in unit.alerts.alerts_of("i_1")] == [(7, False)]


def test_a_group_is_counted_by_its_alerts(store: Store) -> None:
    made = [alert(one, "i_1", f"a_{number}") for number, one in enumerate(burst(4))]
    made[1] = replace(made[1], flapping=True)
    made[2] = replace(made[2], report=replace(made[2].report, state=State.RESOLVED))
    made[3] = replace(made[3], report=replace(made[3].report, item=made[0].report.item))
    with store.write() as unit:
        unit.alerts.keep(made)
    with store.read() as unit:
        assert unit.alerts.tally(["i_1", "i_2"]) == {"i_1": (4, 3, 2, 3)}
        assert unit.alerts.devices_of("i_1", 2) == ["got-lt-000", "got-lt-001"]
        assert [one.id for one in unit.alerts.alerts_of("i_1", 2, "a_1")] == ["a_2", "a_3"]


def test_alerts_change_their_group(store: Store) -> None:
    with store.write() as unit:
        unit.alerts.keep([alert(one, "i_1", f"a_{number}") for number, one in enumerate(burst(4))])
        unit.alerts.move(["a_0", "a_2"], "i_2")
        unit.alerts.move_all("i_1", "i_3")
    with store.read() as unit:
        assert {name: [one.id for one in unit.alerts.alerts_of(name)] for name in ("i_1", "i_2", "i_3")} == {
            "i_1": [],
            "i_2": ["a_0", "a_2"],
            "i_3": ["a_1", "a_3"],
        }


def test_groups_are_paged_by_their_last_alert(store: Store) -> None:
    made = [group(f"i_{n}", Standing.CANDIDATE, n) for n in range(3)] + [group("i_9", Standing.MERGED, 9, into="i_1")]
    with store.write() as unit:
        unit.alerts.keep_groups(made)
    with store.read() as unit:
        first = unit.alerts.groups((Standing.CANDIDATE,), 2)
        assert [one.id for one in first] == ["i_2", "i_1"]
        assert unit.alerts.groups((Standing.CANDIDATE,), 2, first[-1].last_at) == [made[0]]
        assert unit.alerts.these(["i_9", "none"]) == {"i_9": made[3]}
        assert unit.alerts.group("i_9") == made[3]
        assert unit.alerts.group("none") is None
        assert unit.alerts.counts() == {"candidate": 3, "merged": 1}


def test_what_is_calm_and_what_is_alone_is_found(store: Store) -> None:
    calm, loud = group("i_1", Standing.INCIDENT, calm_since=NOW), group("i_2", Standing.INCIDENT)
    alone, mild = group("i_3"), group("i_4")
    bad = report("srv", severity=Severity.CRITICAL)
    with store.write() as unit:
        unit.alerts.keep_groups([calm, loud, alone, mild])
        unit.alerts.keep([alert(bad, "i_3", "a_3"), alert(report("ws"), "i_4", "a_4"), alert(bad, "i_2", "a_2")])
    with store.read() as unit:
        assert unit.alerts.calming(Standing.INCIDENT, NOW, 10) == [calm]
        assert unit.alerts.calming(Standing.INCIDENT, NOW - timedelta(seconds=1), 10) == []
        assert unit.alerts.lonely(NOW, NOW - timedelta(hours=1), 10) == [alone]
        assert unit.alerts.lonely(NOW - timedelta(minutes=1), NOW - timedelta(hours=1), 10) == []
        assert unit.alerts.lonely(NOW, NOW, 10) == []


def test_who_changes_groups_at_the_same_time_is_told(store: Store) -> None:
    with store.write() as unit:
        assert unit.alerts.revision() == 0
        assert unit.alerts.advance(0) == 1
        assert unit.alerts.advance(1) == 2
    with pytest.raises(AlertsChanged), store.write() as unit:
        unit.alerts.advance(1)
    with store.read() as unit:
        assert unit.alerts.revision() == 2


def judgement(name: str, at: datetime, **said: object) -> Judgement:
    made = Judgement(name, Verdict.SPLIT, "i_1", "i_2", "anders", at, 6, 2, moved=("a_1",), before={"ticket": "T-1"}, pairs=(((0.5, 1.0), False),))
    return replace(made, **said)  # type: ignore[arg-type]


def test_judgements_are_found_by_time_and_by_group_and_can_be_undone(store: Store) -> None:
    first, second = judgement("j_1", NOW), judgement("j_2", NOW + timedelta(days=1), group="i_3", other="i_1")
    with store.write() as unit:
        unit.alerts.judge(second)
        unit.alerts.judge(first)
        unit.alerts.judge(replace(first, undone_at=NOW, undone_by="operator"))
    with store.read() as unit:
        assert unit.alerts.judgement("j_1") == replace(first, undone_at=NOW, undone_by="operator")
        assert unit.alerts.judgements(NOW, NOW + timedelta(days=1)) == [replace(first, undone_at=NOW, undone_by="operator")]
        assert [one.id for one in unit.alerts.judgements_of("i_1")] == ["j_1", "j_2"]
        assert unit.alerts.judgement("j_9") is None


def test_weights_are_kept_as_versions(store: Store) -> None:
    first, second = Weights(1, NOW, (1.0, -2.5), {"pairs": 40}), Weights(2, NOW, (1.5, -2.0))
    with store.write() as unit:
        unit.alerts.keep_weights(first)
        unit.alerts.keep_weights(second)
        unit.alerts.keep_weights(replace(second, undone_at=NOW, undone_by="operator"))
    with store.read() as unit:
        assert unit.alerts.weights() == [replace(second, undone_at=NOW, undone_by="operator"), first]


def test_incidents_are_counted_by_when_their_first_alert_came(store: Store) -> None:
    with store.write() as unit:
        unit.alerts.keep_groups([group("i_1", Standing.INCIDENT, ticket="T-1", service="vpn", items=4), group("i_2", Standing.CANDIDATE)])
        unit.alerts.keep([alert(one, "i_1", f"a_{number}") for number, one in enumerate(burst(4))])
    with store.read() as unit:
        assert unit.alerts.made_incidents(NOW, NOW + timedelta(minutes=1)) == 1
        assert unit.alerts.made_incidents(NOW + timedelta(minutes=1), NOW + timedelta(days=1)) == 0
