"""Alerts in the whole assistant: deduplicated, flapping, resolved, reopened; split, merged, dismissed and taken back; and nothing lost by a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.store import MemoryStore
from assistant.desk.correlation.following import Taken
from assistant.desk.correlation.scoring import RULES, SHIPPED
from assistant.desk.review.found import Found
from assistant.desk.review.making import Period
from assistant.domain.alert import Alert, AlertGroup, Judgement, Report, Severity, Standing, State, Verdict
from assistant.domain.ticket import TicketStatus
from assistant.domain.week import Week
from assistant.governance.correlation_rules import read_rules
from assistant.workflows.alert_judging import AlertJudging, CannotJudge
from assistant.workflows.alerting import Alerting
from assistant.workflows.alerts_errands import CannotUndo, Retune, Retuning, in_use
from assistant.workflows.alerts_section import AlertSection
from tests.support.alarms import NOW, SmallWorkplace, burst, report


class Bench:
    """Alerts over a store in memory, at a time that the test sets."""

    def __init__(self, store: MemoryStore) -> None:
        self.store, self.clock, self.deliveries = store, FixedClock(NOW), 0
        self.alerting = self.fresh()
        self.judging = AlertJudging(store, self.clock, self.alerting)

    def fresh(self) -> Alerting:
        """A process that begins anew on the same tables."""
        return Alerting(self.store, self.clock, lambda: read_rules({}), lambda: "p", SmallWorkplace())

    def say(self, *reports: Report, minutes: float | None = None) -> None:
        self.deliveries += 1
        if minutes is not None:
            self.clock.set(NOW + timedelta(minutes=minutes))
        at = self.clock.now()
        assert self.alerting.receive("monitor", f"d{self.deliveries}", [replace(one, received_at=at) for one in reports])
        self.alerting.drain()

    def wait(self, minutes: float) -> None:
        self.clock.set(NOW + timedelta(minutes=minutes))
        self.alerting.follow()

    def groups(self, *standings: Standing) -> list[AlertGroup]:
        with self.store.read() as unit:
            return unit.alerts.groups(standings or tuple(Standing), 100)

    def status(self, ticket: str) -> TicketStatus:
        with self.store.read() as unit:
            found = unit.tickets.ticket(ticket)
        assert found is not None
        return found.status

    def notes(self, ticket: str) -> list[str]:
        with self.store.read() as unit:
            found = unit.tickets.ticket(ticket)
        assert found is not None
        return [note.text for note in found.notes]


@pytest.fixture
def bench() -> Iterator[Bench]:
    yield Bench(MemoryStore(0.72))


def ended(one: Report, minutes: float) -> Report:
    return replace(one, state=State.RESOLVED, at=NOW + timedelta(minutes=minutes))


def again(one: Report, minutes: float) -> Report:
    return replace(one, state=State.FIRING, at=NOW + timedelta(minutes=minutes))


def test_one_alert_makes_no_incident_and_two_make_a_candidate(bench: Bench) -> None:
    first, second, *_ = burst(2)
    bench.say(first, minutes=1)
    assert [one.standing for one in bench.groups()] == [Standing.SINGLE]
    bench.say(second)
    assert [one.standing for one in bench.groups()] == [Standing.CANDIDATE]
    assert bench.groups()[0].ticket == ""


def test_a_candidate_that_grows_becomes_an_incident_with_one_ticket(bench: Bench) -> None:
    for one in burst(8):
        bench.say(one, minutes=10)
    [group] = bench.groups()
    assert (group.standing, group.alerts, group.items) == (Standing.INCIDENT, 8, 8)
    with bench.store.read() as unit:
        assert [one.id for one in unit.tickets.all()] == [group.ticket]


def test_an_incident_says_which_name_its_alerts_have_in_common(bench: Bench) -> None:
    for n in range(5):
        bench.say(report(f"got-lt-{n}", "mail queue", n, service="mail", site=f"site-{n}", text="mail queue broke via got-rtr-07"))
    [group] = bench.groups()
    assert "5 of 5 alerts name “got-rtr-07”, which few others do." in group.why


def test_the_same_alert_again_is_counted_and_makes_nothing_new(bench: Bench) -> None:
    [one] = burst(1)
    for minute in range(5):
        bench.say(again(one, minute), minutes=minute)
    [group] = bench.groups()
    with bench.store.read() as unit:
        assert [(alert.count, alert.flapping) for alert in unit.alerts.alerts_of(group.id)] == [(5, False)]


def test_two_causes_at_one_site_at_one_time_are_two_incidents(bench: Bench) -> None:
    patches = burst(6)
    disks = [report(f"got-srv-{n:02d}", "disk usage", n / 2, service="files", reason="volume full", text="disk D is full") for n in range(6)]
    bench.say(*[one for pair in zip(patches, disks, strict=True) for one in pair], minutes=10)
    assert sorted(one.check for one in bench.groups(Standing.INCIDENT)) == ["antivirus update", "disk usage"]


def test_an_incident_is_resolved_when_all_its_alerts_ended_a_while_ago_and_reopens_when_they_fire_again(bench: Bench) -> None:
    alerts = burst(6)
    bench.say(*alerts, minutes=10)
    [group] = bench.groups()
    bench.say(*(ended(one, 12) for one in alerts), minutes=12)
    bench.wait(20)
    assert bench.status(group.ticket) is TicketStatus.OPEN
    bench.wait(23)
    assert (bench.groups()[0].standing, bench.status(group.ticket)) == (Standing.RESOLVED, TicketStatus.RESOLVED)
    bench.say(again(alerts[0], 30), minutes=30)
    assert (bench.groups()[0].standing, bench.status(group.ticket)) == (Standing.INCIDENT, TicketStatus.OPEN)
    assert len(bench.groups()) == 1


def test_one_that_fires_again_late_is_another_alert(bench: Bench) -> None:
    alerts = burst(6)
    bench.say(*alerts, minutes=10)
    bench.say(*(ended(one, 12) for one in alerts), minutes=12)
    bench.wait(23)
    bench.wait(500)
    bench.say(again(alerts[0], 500), minutes=500)
    assert sorted(one.standing.value for one in bench.groups()) == ["resolved", "single"]


def test_an_alert_that_flaps_is_named_and_opens_nothing_again(bench: Bench) -> None:
    alerts = burst(5)
    bench.say(*alerts, minutes=10)
    [group] = bench.groups()
    bench.say(*(ended(one, 11) for one in alerts), minutes=11)
    for minute in range(12, 17):
        one = alerts[0]
        bench.say(again(one, minute) if minute % 2 == 0 else ended(one, minute), minutes=minute)
    with bench.store.read() as unit:
        flapping = [one.report.item for one in unit.alerts.alerts_of(group.id) if one.flapping]
    assert flapping == [alerts[0].item]
    bench.say(ended(alerts[0], 17), minutes=17)
    bench.wait(40)
    assert bench.status(group.ticket) is TicketStatus.RESOLVED
    for minute in (41.0, 41.5, 42.0, 42.5, 43.0):
        bench.say(again(alerts[0], minute) if minute % 1 == 0 else ended(alerts[0], minute), minutes=minute)
    reopened = sum("fire again" in note for note in bench.notes(group.ticket))
    assert reopened == 1


def test_a_late_report_of_the_beginning_does_not_open_what_ended(bench: Bench) -> None:
    [one] = burst(1)
    bench.say(ended(one, 9), minutes=10)
    bench.say(again(one, 2), minutes=11)
    [group] = bench.groups()
    with bench.store.read() as unit:
        [alert] = unit.alerts.alerts_of(group.id)
    assert (alert.firing, alert.first_at) == (False, NOW + timedelta(minutes=2))


def test_a_critical_alert_that_stays_alone_is_shown_after_a_while(bench: Bench) -> None:
    bench.say(report("core-sw-01", "reachability", 0, severity=Severity.CRITICAL), minutes=1)
    assert bench.groups()[0].standing is Standing.SINGLE
    bench.wait(6)
    assert bench.groups()[0].standing is Standing.CANDIDATE


def test_the_ticket_gets_one_note_for_many_alerts_that_join(bench: Bench) -> None:
    alerts = [replace(one, at=NOW + timedelta(seconds=5 * n)) for n, one in enumerate(burst(30))]
    bench.say(*alerts[:5], minutes=5)
    [group] = bench.groups()
    for one in alerts[5:]:
        bench.say(one)
    assert sum("joined" in note for note in bench.notes(group.ticket)) == 0
    bench.wait(11)
    [told] = [note for note in bench.notes(group.ticket) if "joined" in note]
    assert told == "25 alerts joined, 25 devices more: 30 in all, 30 still fire."


def devices_in(bench: Bench, ticket_id: str) -> int:
    with bench.store.read() as unit:
        ticket = unit.tickets.ticket(ticket_id)
    assert ticket is not None
    return len(dict(ticket.body.facts)["Devices"].split(", "))


def test_the_text_of_a_ticket_names_every_device_long_before_the_next_note(bench: Bench) -> None:
    bench.say(*burst(5))
    (group,) = bench.groups(Standing.INCIDENT)
    bench.say(*burst(14)[5:], minutes=3)
    (grown,) = bench.groups(Standing.INCIDENT)
    assert (grown.alerts, devices_in(bench, group.ticket)) == (14, 14)


def test_while_alerts_join_by_the_second_a_text_is_written_anew_every_few_seconds_and_at_last(bench: Bench) -> None:
    bench.say(*burst(5), minutes=10)
    (group,) = bench.groups(Standing.INCIDENT)
    for n in range(5, 14):
        bench.say(burst(14)[n], minutes=10 + n / 120)
        assert devices_in(bench, group.ticket) >= n - 10 + 5
    assert devices_in(bench, group.ticket) < 14
    bench.alerting = bench.fresh()
    bench.wait(10 + 13 / 120 + 0.1)
    assert devices_in(bench, group.ticket) == 14, "nothing new came, and a process that begins anew knows what is left to say"
    assert bench.notes(group.ticket) == ["Opened.", "Filed with the queue security."], "a note comes only after some minutes"


def test_a_process_that_begins_anew_goes_on_with_the_groups_that_there_are(bench: Bench) -> None:
    alerts = burst(8)
    bench.say(*alerts[:4], minutes=5)
    bench.alerting = bench.fresh()
    bench.say(*alerts[4:])
    [group] = bench.groups()
    assert (group.alerts, group.standing) == (8, Standing.INCIDENT)


def test_what_was_stored_and_not_worked_on_is_worked_on_after_a_crash(bench: Bench) -> None:
    alerts = burst(6)
    bench.clock.set(NOW + timedelta(minutes=6))
    bench.alerting.receive("monitor", "before the crash", alerts)
    bench.fresh().drain()
    assert [one.alerts for one in bench.groups()] == [6]


def split_in_two(bench: Bench) -> tuple[AlertGroup, AlertGroup]:
    bench.say(*burst(8), minutes=10)
    [group] = bench.groups()
    with bench.store.read() as unit:
        some = [one.id for one in unit.alerts.alerts_of(group.id)][:3]
    made = bench.judging.split(group.id, some, "anders")
    with bench.store.read() as unit:
        kept, out = unit.alerts.group(group.id), unit.alerts.group(made.other)
    assert kept is not None
    assert out is not None
    return kept, out


def test_people_split_a_group_and_it_stays_split(bench: Bench) -> None:
    kept, out = split_in_two(bench)
    assert (kept.alerts, out.alerts) == (5, 3)
    bench.say(report("got-lt-099", minutes=11, version="KB5031234", reason="0x80070643"), minutes=12)
    assert sorted(one.alerts for one in bench.groups(Standing.INCIDENT, Standing.CANDIDATE, Standing.SINGLE))[0] >= 3
    [judgement] = judgements(bench, kept.id)
    assert (judgement.pairs_judged, judgement.pairs_kept) == (28, 13)
    assert {same for _, same in judgement.pairs} == {True, False}


def judgements(bench: Bench, group: str) -> list:  # type: ignore[type-arg]
    with bench.store.read() as unit:
        return unit.alerts.judgements_of(group)


def test_a_split_that_is_taken_back_leaves_the_group_as_it_was(bench: Bench) -> None:
    kept, out = split_in_two(bench)
    [judgement] = judgements(bench, kept.id)
    bench.judging.undo(judgement.id, "anders")
    with bench.store.read() as unit:
        whole, gone = unit.alerts.group(kept.id), unit.alerts.group(out.id)
    assert whole is not None
    assert gone is not None
    assert (whole.alerts, whole.standing, gone.standing) == (8, Standing.INCIDENT, Standing.MERGED)
    with pytest.raises(CannotJudge, match="taken back"):
        bench.judging.undo(judgement.id, "anders")


def two_incidents(bench: Bench) -> tuple[AlertGroup, AlertGroup]:
    disks = [report(f"mal-srv-{n:02d}", "disk usage", n, site="Malmo", service="files", reason="volume full") for n in range(5)]
    bench.say(*burst(5), *disks, minutes=10)
    one, other = sorted(bench.groups(Standing.INCIDENT), key=lambda group: group.check)
    return one, other


def test_people_merge_groups_and_the_double_ticket_is_closed_and_opened_again_when_that_is_taken_back(bench: Bench) -> None:
    one, other = two_incidents(bench)
    made = bench.judging.merge(one.id, other.id, "anders")
    assert [(group.id, group.alerts) for group in bench.groups(Standing.INCIDENT)] == [(one.id, 10)]
    assert bench.status(other.ticket) is TicketStatus.CLOSED
    bench.judging.undo(made.id, "operator")
    assert sorted((group.id, group.alerts) for group in bench.groups(Standing.INCIDENT)) == sorted([(one.id, 5), (other.id, 5)])
    assert bench.status(other.ticket) is TicketStatus.OPEN


def test_a_dismissed_group_closes_its_ticket_and_takes_further_alerts_without_telling_anybody(bench: Bench) -> None:
    bench.say(*burst(5), minutes=10)
    [group] = bench.groups()
    bench.judging.dismiss(group.id, "anders")
    assert bench.status(group.ticket) is TicketStatus.CLOSED
    bench.say(report("got-lt-050", minutes=11, version="KB5031234", reason="0x80070643"), minutes=11)
    assert [(one.standing, one.alerts) for one in bench.groups()] == [(Standing.DISMISSED, 6)]


def test_a_confirmed_candidate_gets_its_ticket(bench: Bench) -> None:
    bench.say(*burst(2), minutes=5)
    [group] = bench.groups(Standing.CANDIDATE)
    bench.judging.confirm(group.id, "anders")
    [confirmed] = bench.groups(Standing.INCIDENT)
    assert bench.status(confirmed.ticket) is TicketStatus.OPEN


def test_an_earlier_decision_cannot_be_taken_back_before_a_later_one(bench: Bench) -> None:
    bench.say(*burst(2), minutes=5)
    [group] = bench.groups(Standing.CANDIDATE)
    first = bench.judging.confirm(group.id, "anders")
    bench.judging.dismiss(group.id, "anders")
    with pytest.raises(CannotJudge, match="since"):
        bench.judging.undo(first.id, "anders")


def test_every_decision_stands_in_the_audit(bench: Bench) -> None:
    kept, _ = split_in_two(bench)
    [judgement] = judgements(bench, kept.id)
    bench.judging.undo(judgement.id, "anders")
    with bench.store.read() as unit:
        said = [(line.facts["step"], line.facts["decision"]) for line in unit.audit.lines()]
    assert said == [("correlate", "incident"), ("correlate", "incident"), ("judge alerts", "split"), ("judge alerts", "undone")]


def test_the_weights_are_learned_once_a_week_and_can_be_taken_back(bench: Bench) -> None:
    retuning = Retuning(bench.store, bench.clock, lambda: "Europe/Stockholm")
    place = [rule.name for rule in RULES].index("same site")
    values = tuple(float(n in (0, place)) for n in range(len(RULES)))
    with bench.store.write() as unit:
        for number in range(40):
            pairs = ((values, False),) * 4
            unit.alerts.judge(Judgement(f"j_{number}", Verdict.SPLIT, "i", "k", "anders", NOW, 6, 2, pairs=pairs))
            joined = tuple(float(n in (0, place, 3)) for n in range(len(RULES)))
            unit.alerts.judge(Judgement(f"k_{number}", Verdict.CONFIRM, "i", "", "anders", NOW, 6, 6, pairs=((joined, True),) * 4))
    retuning.follow_schedule()
    with bench.store.read() as unit:
        [entry] = unit.outbox.waiting()
    bench.clock.set(entry.due_at)
    with bench.store.write() as unit:
        assert Retune(retuning).begin(unit, entry, entry.due_at) == []
        unit.outbox.finish(entry.key, "done", entry.due_at, {})
    with bench.store.read() as unit:
        [learned] = unit.alerts.weights()
        [following] = unit.outbox.waiting()
    assert learned.version == 1
    assert in_use([learned])[place] < SHIPPED[place]
    assert following.due_at > entry.due_at
    taken = retuning.undo("anders")
    assert in_use([taken]) == SHIPPED
    with pytest.raises(CannotUndo):
        retuning.undo("anders")


def test_the_weekly_review_says_how_many_pairs_were_kept_and_when_that_is_not_enough(bench: Bench) -> None:
    period = Period(Week.of(NOW, "Europe/Stockholm"), "Europe/Stockholm", NOW + timedelta(days=8), 1, "firstline", "")
    silent, few, enough = Found(), Found(), Found()
    with bench.store.read() as unit:
        AlertSection()(unit, period, [], silent)
    assert silent.findings == []
    split_in_two(bench)
    with bench.store.read() as unit:
        AlertSection()(unit, period, [], few)
    assert "not enough yet" in few.findings[0].text
    with bench.store.write() as unit:
        for number in range(6):
            unit.alerts.judge(Judgement(f"j_{number}", Verdict.CONFIRM, f"i_{number}", "", "anders", NOW, 10, 10))
        unit.alerts.judge(Judgement("j_9", Verdict.DISMISS, "i_9", "", "anders", NOW))
    with bench.store.read() as unit:
        AlertSection()(unit, period, [], enough)
    precision, false = enough.findings
    assert precision.text.startswith("Of 88 pairs of alerts in 7 groups that people judged, 83 % belong together (95 %: ")
    assert "14 % of 7" in false.text


def test_a_group_that_is_taken_in_by_a_new_one_which_is_taken_in_itself_keeps_its_alerts_and_its_ticket(bench: Bench) -> None:
    bench.say(*burst(3))  # an incident with a ticket
    bench.say(report("srv-1", "disk usage", 1, service="files", reason="full", text="disk is full"))
    [old], [last] = bench.groups(Standing.INCIDENT), bench.groups(Standing.SINGLE)
    fresh = Alert("a_new", report("srv-2", "backup", 2), NOW, NOW, group="i_new")
    taken = Taken(alerts={fresh.report.fingerprint: fresh}, united=[("i_new", old.id), (last.id, "i_new")])
    with bench.store.write() as unit:
        bench.alerting.keeping(unit, bench.alerting.as_of(unit)).keep(taken, [])
        kept, gone = unit.alerts.group(last.id), unit.alerts.group(old.id)
        assert len(unit.alerts.alerts_of(last.id)) == 5
        assert unit.alerts.group("i_new") is None
        assert unit.alerts.alerts_of("i_new") == []
    assert kept is not None
    assert (kept.standing, kept.ticket, kept.alerts) == (Standing.INCIDENT, old.ticket, 5)
    assert gone is not None
    assert (gone.standing, gone.into, gone.ticket) == (Standing.MERGED, last.id, "")


def test_of_two_incidents_that_become_one_with_a_third_group_one_ticket_stays_open(bench: Bench) -> None:
    bench.say(*burst(3))
    bench.say(*(report(f"srv-{n}", "disk usage", n, service="files", reason="full", text="disk is full", site="Malmo") for n in range(3)))
    bench.say(report("mon-1", "backup", 3, site="Berlin", service="backup", text="late"))
    one, other = bench.groups(Standing.INCIDENT)
    [third] = bench.groups(Standing.SINGLE)
    fresh = Alert("a_new", report("srv-9", "backup", 3), NOW, NOW, group=third.id)
    taken = Taken(alerts={fresh.report.fingerprint: fresh}, united=[(one.id, other.id), (third.id, one.id)])
    with bench.store.write() as unit:
        bench.alerting.keeping(unit, bench.alerting.as_of(unit)).keep(taken, [])
    closed = {bench.status(one.ticket), bench.status(other.ticket)}
    assert TicketStatus.CLOSED in closed
    assert len(closed) == 2
    [kept] = bench.groups(Standing.INCIDENT)
    assert (kept.id, kept.alerts) == (third.id, 8)
    assert bench.status(kept.ticket).is_open
