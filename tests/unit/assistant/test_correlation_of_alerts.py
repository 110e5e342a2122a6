"""What belongs together and what does not: groups, weights that are learned, what a review says, and rules of the policy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.desk.correlation.following import take
from assistant.desk.correlation.grouping import Correlator
from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.reading import signature_of
from assistant.desk.correlation.retuning import FARTHEST, refit
from assistant.desk.correlation.scoring import RULES, SHIPPED, SPEAKS_FOR, compare
from assistant.desk.correlation.standing import confidence_of
from assistant.domain.alert import Judgement, Report, Verdict
from assistant.governance.correlation_rules import read_rules
from assistant.workflows.alerts_section import precision_of
from tests.support.alarms import NOW, burst, report

RULES_ = read_rules({})


def groups_of(*reports: Report) -> list[str]:
    """Return the group of each report."""
    correlator = Correlator(RULES_.window.total_seconds())
    taken = take(correlator, reports, {}, RULES_)
    into = {gone: kept for kept, gone in taken.united}
    found = {alert.id: alert.group for alert in (*taken.earlier, *taken.alerts.values())}

    def end(group: str) -> str:
        return end(into[group]) if group in into else group

    return [end(found[one]) for one in taken.of_report]


def sizes(*reports: Report) -> list[int]:
    return sorted(Counter(groups_of(*reports)).values(), reverse=True)


def test_one_failing_update_is_one_group_also_over_several_sites() -> None:
    elsewhere = [report(f"mal-ws-{n:03d}", minutes=n, site="Malmo", version="KB5031234", reason="0x80070643") for n in range(6)]
    assert sizes(*burst(6), *elsewhere) == [12]


def test_the_same_check_at_two_sites_for_two_reasons_is_two_groups() -> None:
    one = [report(f"a-{n}", "disk usage", n / 2, reason="log runaway", service="files") for n in range(6)]
    other = [report(f"b-{n}", "disk usage", n / 2, site="Malmo", reason="backup stuck", service="files") for n in range(6)]
    assert sizes(*(x for pair in zip(one, other, strict=True) for x in pair)) == [6, 6]


def test_two_versions_are_two_groups() -> None:
    other = [report(f"got-ws-{n:03d}", minutes=n, version="KB9999999", reason="0x80070643") for n in range(6)]
    assert sizes(*(x for pair in zip(burst(6), other, strict=True) for x in pair)) == [6, 6]


def test_what_names_the_thing_that_failed_belongs_to_it() -> None:
    root = report("db-07", "process down", 0, service="orders-db", text="postgres is down on db-07")
    hangers = [
        report(f"web-{n}", f"check {n}", n, service=f"shop-{n}", site=f"site-{n}", text=f"cannot connect to db-07 after {n} tries")
        for n in range(1, 5)
    ]
    assert sizes(root, *hangers) == [5]


def test_two_checks_that_fail_behind_one_router_are_one_group_though_not_every_alert_names_it() -> None:
    def behind(check: str, service: str, first: float) -> list[Report]:
        via = [report(f"{service}-{n}", check, first + n, service=service, text=f"{check} broke via got-rtr-07") for n in range(3)]
        return [*via, *(report(f"{service}-{n}", check, first + n, service=service, text=f"{check} broke") for n in range(3, 5))]

    assert sizes(*behind("mail queue", "mail", 0), *behind("print spool", "printing", 1)) == [10]


def test_who_reports_the_same_check_and_does_not_name_what_the_others_hang_on_stands_apart() -> None:
    behind = [report(f"got-lt-{n}", "mail queue", n, service="mail", text="mail queue broke via got-rtr-07") for n in range(5)]
    apart = report("got-lt-90", "mail queue", 3, service="mail", text="mail queue broke while it was cleaned", reason="disk is full")
    assert sizes(*behind, apart) == [5, 1]
    assert sizes(*behind, replace(apart, reason="", text="mail queue broke via got-rtr-07")) == [6]


def test_a_reason_that_none_of_many_says_weighs_more_than_one_that_is_missing() -> None:
    silent = Profile.over(signature_of(f"a{n}", one) for n, one in enumerate(replace(one, reason="") for one in burst(8, "")))
    telling = Profile.over(signature_of(f"a{n}", one) for n, one in enumerate(burst(8, "")))
    own, missing = (
        compare(signature_of("x", report("got-lt-099", minutes=2, reason=reason)), group, Correlator(3600), SHIPPED).probability
        for reason, group in (("0x80070643", silent), ("", telling))
    )
    assert own < missing


def test_many_small_causes_at_one_time_do_not_hide_the_group_that_an_alert_belongs_to() -> None:
    own = burst(4)
    crowd = [report(f"d-{n}", "antivirus update", n / 60, site=f"site-{n}", reason=f"r{n}", version=f"1.0.{n}") for n in range(60)]
    last = report("got-lt-099", minutes=5, version="KB5031234", reason="0x80070643")
    groups = groups_of(*own, *crowd, last)
    assert groups[-1] == groups[0]


def test_place_and_time_alone_join_nothing() -> None:
    odd = [report(f"d-{n}", f"check {n}", n / 10, service=f"s{n}", text=f"thing{n} broke", reason=f"r{n}") for n in range(8)]
    assert sizes(*odd) == [1] * 8


def test_one_alert_like_both_does_not_chain_two_causes() -> None:
    patches, disks = burst(6), [report(f"srv-{n}", "disk usage", n, service="files", reason="full", text="disk is full") for n in range(6)]
    bridge = report("got-lt-003", "disk usage", 3, service="files", text="update KB5031234 left the disk full")
    found = groups_of(*patches, *disks, bridge)
    assert len(set(found[:6])) == len(set(found[6:12])) == 1
    assert found[0] != found[6]


def test_an_alert_without_its_site_is_placed_by_its_device() -> None:
    known = report("got-srv-1", "backup", -60, reason="other", service="backup", text="backup late")
    alerts = [report(f"got-srv-{n}", "disk usage", n / 2, reason="full", service="files") for n in range(1, 6)]
    assert sizes(known, *(replace(one, site="") if one.item == "got-srv-1" else one for one in alerts)) == [5, 1]


def test_what_comes_days_later_is_another_group() -> None:
    later = [replace(one, at=one.at + timedelta(days=2)) for one in burst(4)]
    assert sizes(*burst(4), *later) == [4, 4]


def test_a_profile_survives_being_stored() -> None:
    made = Profile.over(signature_of(f"a{n}", one) for n, one in enumerate(burst(20)))
    made.joins(0.9, [0.1] * len(RULES))
    assert Profile.of_plain(made.plain()) == made


def test_confidence_grows_with_evidence_and_one_alert_is_none() -> None:
    found = []
    for count in (1, 2, 3, 8):
        made = Profile.over(signature_of(f"a{n}", one) for n, one in enumerate(burst(count)))
        found.append(confidence_of(made))
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] > 0.99


def judgement(number: int, *, same: bool, wrong_rule: str) -> Judgement:
    """A decision in which one rule spoke for what people then split, or put together."""
    values = [0.0] * len(RULES)
    values[0] = 1.0
    values[[rule.name for rule in RULES].index(wrong_rule)] = 1.0
    pairs = tuple((tuple(values), same) for _ in range(4))
    return Judgement(f"j_{number}", Verdict.SPLIT, "i", "k", "anders", NOW, 6, 2, pairs=pairs)


def test_weights_follow_what_people_say_and_stay_within_bounds() -> None:
    split = [judgement(n, same=False, wrong_rule="same site") for n in range(30)]
    joined = [judgement(100 + n, same=True, wrong_rule="same version") for n in range(30)]
    found = refit([*split, *joined], SHIPPED)
    assert found.better
    place = [rule.name for rule in RULES].index("same site")
    assert found.values[place] < SHIPPED[place]
    assert all(abs(new - old) <= FARTHEST and new * old >= 0 for new, old in zip(found.values, SHIPPED, strict=True))
    assert found.facts["loss_after"] < found.facts["loss_before"]


@pytest.mark.parametrize(("rule", "same", "bound"), [("same device", False, 0.0), ("same words", False, 0.0), ("other check, explained", True, 0.0)])
def test_no_decision_turns_a_rule_around(rule: str, same: bool, bound: float) -> None:
    against = [judgement(n, same=same, wrong_rule=rule) for n in range(60)]
    others = [judgement(100 + n, same=not same, wrong_rule="same version") for n in range(60)]
    found = refit([*against, *others], SHIPPED).values
    assert all(weight >= 0 if positive else weight <= 0 for weight, positive in zip(found, SPEAKS_FOR, strict=True))
    assert found[[one.name for one in RULES].index(rule)] == bound


def test_what_is_shipped_speaks_for_exactly_where_it_has_words_for_it() -> None:
    assert all(rule.weight >= 0 if rule.sentence else rule.weight <= 0 for rule in RULES)


def test_few_decisions_change_no_weight() -> None:
    found = refit([judgement(n, same=False, wrong_rule="same site") for n in range(5)], SHIPPED)
    assert (found.better, found.values, found.facts["why"]) == (False, SHIPPED, "not enough decisions yet")


def test_decisions_that_were_taken_back_teach_nothing() -> None:
    split = [replace(judgement(n, same=n % 2 == 0, wrong_rule="same site"), undone_at=NOW) for n in range(60)]
    assert refit(split, SHIPPED).facts["fitted_on"] == 0


def test_every_rule_speaks_in_the_place_of_its_name() -> None:
    one, *rest = [signature_of(f"a{n}", each) for n, each in enumerate(burst(5))]
    found = compare(one, Profile.over(rest), Correlator(7200.0), SHIPPED)
    said = dict(zip((rule.name for rule in RULES), found.values, strict=True))
    assert said["same version"] > 0.5
    assert said["other version"] == 0
    assert said["same site"] > 0.5
    assert said["only place and time"] == 0


def judged(kept: int, of: int, number: int) -> Judgement:
    return Judgement(f"j_{number}", Verdict.SPLIT, f"i_{number}", "", "anders", NOW, of, kept)


def test_the_precision_of_a_week_has_an_interval_over_groups_and_is_not_said_of_few() -> None:
    assert precision_of([judged(10, 10, n) for n in range(4)]) is None
    found = precision_of([judged(10, 10, n) for n in range(8)] + [judged(0, 20, 9)])
    assert found is not None
    assert (found.kept, found.judged, found.groups) == (80, 100, 9)
    assert found.low < 0.8 < found.high


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"colour": 1}, "unknown: colour"),
        ({"window_minutes": "long"}, "has to be a number"),
        ({"window_minutes": 0}, "above 0"),
        ({"flap_changes": 1}, "2 or more"),
        ({"calm_minutes": 300}, "longer than window_minutes"),
        ({"skew_minutes": 3000}, "longer than back_hours"),
        ({"assign": [{"check": "*", "category": "x"}]}, "queue is missing"),
        ({"assign": [{"category": "x", "queue": "y"}]}, "what it is for"),
        ({"assign": [{"check": 3, "category": "x", "queue": "y"}]}, "every value is a text"),
        ({"assign": {"check": "*"}}, "list of tables"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(table: dict[str, object], why: str) -> None:
    with pytest.raises((ValueError, TypeError), match=why):
        read_rules(table)
