"""What is stored of alerts goes at its time, people who are named in it go with their erasure, and without persistence no words are stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from assistant.domain.alert import Report, Standing
from assistant.governance.retention import Kind
from assistant.privacy import erase, retain
from tests.support.alarms import burst, report
from tests.support.world import World, opened_world

MARIA, NAME = "maria.santos", "Maria Santos"


def deliver(world: World, *reports: Report, delivery: str = "d") -> None:
    at = world.clock.now()
    alerting = world.assistant.practices.alerts.alerting
    assert alerting.receive("monitor", delivery, [replace(one, at=at - timedelta(seconds=n), received_at=at) for n, one in enumerate(reports)])
    alerting.drain()


def stored(home: Path, word: str) -> bool:
    return any(word.encode() in path.read_bytes() for path in home.rglob("firstline.db*"))


def test_old_alerts_go_and_an_open_incident_stays(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        deliver(world, *burst(6), report("lonely-771", "odd check", site="elsewhere", text="heron-2291 broke"))
        world.clock.advance(timedelta(days=29))
        assert retain(world.assistant)[Kind.REPORTS] == 0
        world.clock.advance(timedelta(days=2))
        deleted = retain(world.assistant)
        assert (deleted[Kind.REPORTS], deleted[Kind.ALERTS]) == (7, 1)
        with world.assistant.store.read() as unit:
            [kept] = unit.alerts.groups(tuple(Standing), 10)
            assert (kept.standing, len(unit.alerts.alerts_of(kept.id))) == (Standing.INCIDENT, 6)
        assert not stored(demo_home, "heron-2291")


def test_somebody_who_is_erased_is_named_in_no_alert(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        text = f"the laptop of {NAME} ({MARIA}) is not encrypted"
        fields = (("user", MARIA),)
        deliver(world, *(replace(one, text=text, fields=fields) for one in burst(4)))
        with world.assistant.store.read() as unit:
            [group] = unit.alerts.groups((Standing.INCIDENT,), 10)
        world.assistant.practices.alerts.judging.confirm(group.id, MARIA)
        assert erase(world.assistant, MARIA).wiped
        with world.assistant.store.read() as unit:
            said = repr([unit.alerts.alerts_of(group.id), unit.alerts.group(group.id), unit.alerts.judgements_of(group.id)])
        assert NAME.casefold() not in said.casefold()
        assert MARIA not in said


def test_without_persistence_no_words_of_alerts_are_stored(demo_home: Path) -> None:
    with opened_world(demo_home, zero_persistence=True) as world:
        deliver(world, *(replace(one, text="heron-2291 says so", fields=(("user", "heron-2291"),)) for one in burst(6)))
        with world.assistant.store.read() as unit:
            [group] = unit.alerts.groups((Standing.INCIDENT,), 10)
            assert group.alerts == 6
        assert not stored(demo_home, "heron-2291")


def test_a_ticket_of_alerts_goes_to_a_desk_elsewhere_in_the_name_of_the_organisation(demo_home: Path) -> None:
    with opened_world(demo_home) as world:
        deliver(world, *burst(5))
        with world.assistant.store.read() as unit:
            [group] = unit.alerts.groups((Standing.INCIDENT,), 10)
        from assistant.bootstrap import _ourselves, _outgoing

        sent = _outgoing(world.assistant.parts, group.ticket, _ourselves(world.assistant.settings))
        assert (sent.requester, sent.requester_name) == ("firstline@localhost", "IT help")
        assert "got-lt-004" in sent.text
