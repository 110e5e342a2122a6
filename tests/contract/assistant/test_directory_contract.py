"""What every directory, device fleet and clock promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

import pytest
from sqlalchemy import Engine

from assistant.adapters.clock import SystemClock
from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.directory import MemoryDirectory
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.domain.configuration import Company, Device, Entitlement, Organisation, Person, Queue, Role, Service
from assistant.ports.clock import Clock
from assistant.ports.devices import DeviceFleet
from assistant.ports.identity import Account, Directory, Workplace
from kb.model import Platform

ZOE = Person(
    "zoe",
    "Åsa Zoë Lind",
    "zoe@x.example",
    "Engineer",
    "R&D",
    "Lund",
    "amir",
    frozenset({"it-desk", "kb-authors"}),
    delegate="amir",
    demo=1,
    story="new here",
    recovery="zoe@home.example",
)
AMIR = Person("amir", "Amir Dar")
ORGANISATION = Organisation(
    Company("Example", "x.example", "Europe/Stockholm"),
    people=(ZOE, AMIR),
    devices=(
        Device("d3", "zoe", "Pixel", Platform.ANDROID, "Android 15", "phone"),
        Device("d2", "zoe", "MacBook", Platform.MACOS, "macOS 15", "laptop", primary=True, compliant=False),
        Device("d1", "zoe", "ThinkStation", Platform.LINUX, "Ubuntu 24.04", "workstation"),
        Device("d0", "amir", "Latitude", Platform.WINDOWS, "Windows 11"),
    ),
    services=(Service("wifi", "Wi-Fi", "operational"), Service("erp", "Ledger", "degraded", "slow today", "software")),
    queues=(Queue("service-desk", "Service desk"), Queue("network", "Network", ("vpn", "wifi"))),
    entitlements=(Entitlement("ledger", "Ledger", "Books", "amir", "regulated", 40, ("it-desk",)), Entitlement("cad", "CAD")),
    locked=frozenset({"amir"}),
)


class LoadedDirectory(Directory, Workplace, DeviceFleet, Protocol):
    """A directory that can be given an organisation."""

    def replace(self, made: Organisation) -> None: ...


@pytest.fixture
def directory(kind: str, engine_of: Callable[[str], Engine]) -> LoadedDirectory:
    if kind == "memory":
        return MemoryDirectory(ORGANISATION)
    built = BuiltinDirectory(engine_of(kind))
    built.replace(ORGANISATION)
    return built


def test_a_person_comes_back_whole_with_the_roles_that_the_groups_give(directory: LoadedDirectory) -> None:
    assert directory.person("zoe") == replace(ZOE, roles=frozenset({Role.AGENT, Role.AUTHOR}))
    assert directory.person("amir") == AMIR


@pytest.mark.parametrize("name", ["", "nobody", "ZOE", "zoe ", "d1", "wifi", "%", "' OR 1=1 --"])
def test_only_a_persons_exact_id_finds_a_person(directory: LoadedDirectory, name: str) -> None:
    assert directory.person(name) is None


def test_people_come_by_name(directory: LoadedDirectory) -> None:
    assert directory.people() == [AMIR, directory.person("zoe")]


def test_company_services_queues_and_entitlements_come_back(directory: LoadedDirectory) -> None:
    assert directory.company() == ORGANISATION.company
    assert directory.services() == [ORGANISATION.services[1], ORGANISATION.services[0]]
    assert directory.queues() == (ORGANISATION.queues[1], ORGANISATION.queues[0])
    assert directory.entitlements() == (ORGANISATION.entitlements[1], ORGANISATION.entitlements[0])


def test_devices_are_the_persons_own_the_primary_one_first(directory: LoadedDirectory) -> None:
    assert [device.id for device in directory.devices_of("zoe")] == ["d2", "d1", "d3"]
    assert directory.devices_of("zoe")[0] == ORGANISATION.devices[1]
    assert [device.id for device in directory.devices_of("amir")] == ["d0"]


@pytest.mark.parametrize("name", ["", "nobody", "ZOE"])
def test_a_stranger_has_no_devices(directory: LoadedDirectory, name: str) -> None:
    assert directory.devices_of(name) == []


def test_a_replaced_organisation_is_seen_at_once_and_the_old_one_is_gone(directory: LoadedDirectory) -> None:
    moved = replace(ZOE, groups=frozenset({"finance"}), name="Zoe Lind")
    directory.replace(Organisation(Company("Other", "y.example"), people=(moved,)))
    assert directory.person("zoe") == moved
    assert directory.person("amir") is None
    assert directory.devices_of("zoe") == []
    assert (directory.company().name, directory.services(), directory.queues(), directory.entitlements()) == ("Other", [], (), ())


def test_everybody_is_as_they_are_now_however_often_they_were_asked_for(directory: LoadedDirectory) -> None:
    def groups() -> dict[str, frozenset[str]]:
        return {person.id: person.groups for person in directory.people()}

    assert groups() == {"amir": frozenset(), "zoe": ZOE.groups}
    directory.grant("amir", "ledger")
    directory.revoke("zoe", "kb-authors")
    assert groups() == {"amir": {"ledger"}, "zoe": {"it-desk"}}
    assert next(person for person in directory.people() if person.id == "zoe").roles == {Role.AGENT}
    directory.disable("amir")
    assert groups() == {"zoe": {"it-desk"}}
    directory.enable("amir")
    assert groups() == {"amir": {"ledger"}, "zoe": {"it-desk"}}
    directory.replace(replace(ORGANISATION, people=(replace(ZOE, title="Head"),), devices=()))
    assert [person.title for person in directory.people()] == ["Head"]


def changed(directory: LoadedDirectory) -> None:
    """Change everything about Zoe's account that can be changed."""
    directory.reset_password("zoe")
    directory.lock("zoe")
    directory.grant("zoe", "ledger")
    directory.revoke("zoe", "kb-authors")


def test_an_account_begins_as_the_organisation_says(directory: LoadedDirectory) -> None:
    assert directory.account("amir").locked
    assert not directory.account("zoe").locked


def test_what_was_changed_about_an_account_outlives_a_reload_of_the_organisation(directory: LoadedDirectory) -> None:
    changed(directory)
    directory.unlock("amir")
    before = directory.account("zoe")
    directory.replace(ORGANISATION)
    assert directory.account("zoe") == before == Account("zoe", True, True, True, frozenset({"it-desk", "ledger"}), "1")
    assert not directory.account("amir").locked


def test_what_the_organisation_now_says_itself_is_no_change_any_more(directory: LoadedDirectory) -> None:
    changed(directory)
    directory.replace(replace(ORGANISATION, people=(replace(ZOE, groups=frozenset({"it-desk", "ledger"})), AMIR)))
    assert directory.account("zoe").groups == {"it-desk", "ledger"}
    directory.replace(ORGANISATION)
    assert directory.account("zoe").groups == ZOE.groups


def test_a_grant_of_what_is_no_group_any_more_is_over(directory: LoadedDirectory) -> None:
    changed(directory)
    directory.replace(replace(ORGANISATION, entitlements=()))
    assert directory.account("zoe").groups == {"it-desk"}


def test_somebody_who_left_and_comes_back_begins_anew(directory: LoadedDirectory) -> None:
    changed(directory)
    directory.replace(replace(ORGANISATION, people=(AMIR,), devices=()))
    directory.replace(ORGANISATION)
    assert directory.account("zoe") == Account("zoe", groups=ZOE.groups)


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock(datetime(2026, 3, 2, 13, tzinfo=timezone(timedelta(hours=1))))], ids=["system", "fixed"])
def test_a_clock_tells_an_aware_time_in_utc_that_never_goes_back(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == timedelta(0)
    assert first <= second


def test_the_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert clock.advance(timedelta(hours=2)) == clock.now() == datetime(2026, 3, 2, 14, tzinfo=UTC)
    with pytest.raises(ValueError, match="zone"):
        clock.set(datetime(2026, 3, 2, 12))
