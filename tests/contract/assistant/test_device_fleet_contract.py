"""Every device fleet keeps the same promises: the list in tables, the one in memory, NinjaOne and Salt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.adapters.devices import ninjaone
from assistant.adapters.devices.listed import Listed, Trouble
from assistant.adapters.devices.ninjaone import NinjaOneFleet, Script
from assistant.adapters.devices.salt import SaltFleet
from assistant.adapters.memory.fleet import MemoryFleet
from assistant.adapters.store.fleet import BuiltinFleet
from assistant.bootstrap import MIGRATIONS, SCHEMA_TABLE
from assistant.domain.compliance import Check, Judgement, Posture, Subject
from assistant.domain.configuration import Device
from assistant.domain.secret import Secret
from assistant.ports.devices import DeviceFleet
from assistant.ports.outside import Refused, Unavailable, Uncertain
from kb.adapters.store.engine import open_engine
from kb.adapters.store.migrate import migrate
from kb.model import Platform
from tests.support.fleet_servers import REMEDIES, SECRET, FleetServer, NinjaServer, SaltServer, serving

NOW = datetime.now(UTC)
SIGNATURES = Check("signatures", "Signatures", Subject.SIGNATURES, frozenset(Platform), 7)
ENCRYPTION = Check("encryption", "Encryption", Subject.ENCRYPTION, frozenset(Platform))
VERSION = Check("os", "System", Subject.OS_VERSION, frozenset({Platform.WINDOWS}), at_least={Platform.WINDOWS: "10.0.22631"})
KINDS = ("memory", "builtin", "ninjaone", "salt")


def laptop(number: int, *, days: int = 20, trouble: Trouble = Trouble.NONE, encrypted: bool | None = True, build: str = "22631") -> Listed:
    device = Device(f"LT-{number:02}", "ann", f"Laptop {number:02}", Platform.WINDOWS, "Windows 11")
    return Listed(device, NOW - timedelta(days=days), None, encrypted, f"10.0.{build}", "10.0.26100", NOW, trouble)


@dataclass
class Bench:
    """A fleet with its devices, and what reached them."""

    fleet: DeviceFleet
    fill: Callable[[Sequence[Listed]], None]
    effects: Callable[[], int]
    id: Callable[[str], str] = lambda device: device
    server: FleetServer | None = None

    def postures(self) -> dict[str, Posture]:
        return {one.device.name: one for one in self.fleet.compliance()}


def filling(server: FleetServer) -> Callable[[Sequence[Listed]], None]:
    return lambda devices: server.listed.update({one.device.id: one for one in devices})


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    if request.param == "memory":
        memory = MemoryFleet()
        yield Bench(memory, memory.replace, lambda: len(memory.effects))
    elif request.param == "builtin":
        engine = open_engine(f"sqlite:///{tmp_path / 'fleet.db'}")
        migrate(engine)
        migrate(engine, MIGRATIONS, SCHEMA_TABLE)
        listed = BuiltinFleet(engine, lambda: datetime.now(UTC))
        yield Bench(listed, listed.replace, lambda: _count(listed))
        engine.dispose()
    elif request.param == "ninjaone":
        monkeypatch.setattr(ninjaone, "PAGE", 3)
        ninja = NinjaServer()
        scripts = {name: Script.parse(text) for name, text in REMEDIES.items()}
        with serving(ninja) as url:
            fleet = NinjaOneFleet(url, "firstline", Secret(SECRET), scripts, sleep=lambda _seconds: None)
            yield Bench(fleet, filling(ninja), lambda: len(ninja.effects), lambda device: str(ninja.number(device)), ninja)
    else:
        salt = SaltServer()
        with serving(salt) as url:
            states = {name: name for name in REMEDIES}
            yield Bench(
                SaltFleet(url, "firstline", Secret(SECRET), states, wait_seconds=0.0, sleep=lambda _seconds: None),
                filling(salt),
                lambda: len(salt.effects),
                server=salt,
            )


def _count(listed: BuiltinFleet) -> int:
    from sqlalchemy import func, select

    from assistant.adapters.store.change_tables import fleet_effects

    with listed.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(fleet_effects)).scalar() or 0


def test_every_device_is_given_over_all_pages(bench: Bench) -> None:
    bench.fill([laptop(n) for n in range(8)])
    assert sorted(one.name for one in bench.fleet.all()) == [f"Laptop {n:02}" for n in range(8)]


def test_a_device_is_found_by_its_id_and_another_is_not(bench: Bench) -> None:
    bench.fill([laptop(1), laptop(2)])
    found = bench.fleet.device(bench.id("LT-02"))
    assert found is not None
    assert (found.name, found.platform) == ("Laptop 02", Platform.WINDOWS)
    for stranger in ("999999", "LT-99", "*", "../1", ""):
        if bench.fleet.name == "Salt" and stranger == "":
            continue
        assert bench.fleet.device(stranger) is None


def test_what_is_known_of_devices_is_judged_by_the_same_checks(bench: Bench) -> None:
    bench.fill([laptop(1, days=1), laptop(2), laptop(3, days=1, encrypted=False), laptop(4, days=1, encrypted=None, build="19045")])
    found = {
        name: tuple(check.judge(posture, datetime.now(UTC))[0] for check in (SIGNATURES, ENCRYPTION, VERSION))
        for name, posture in bench.postures().items()
    }
    met, failed, unknown = Judgement.MET, Judgement.FAILED, Judgement.UNKNOWN
    assert found == {
        "Laptop 01": (met, met, met),
        "Laptop 02": (failed, met, met),
        "Laptop 03": (met, failed, met),
        "Laptop 04": (met, unknown, failed),
    }


def test_a_device_that_does_not_answer_is_given_and_nothing_is_known_of_it(bench: Bench) -> None:
    bench.fill([laptop(1), laptop(2, trouble=Trouble.OFFLINE), laptop(3)])
    judged = [SIGNATURES.judge(one, NOW)[0] for one in bench.fleet.compliance()]
    assert sorted(judged) == [Judgement.FAILED, Judgement.FAILED, Judgement.UNKNOWN]


def test_a_remedy_changes_its_device_and_no_other(bench: Bench) -> None:
    bench.fill([laptop(1), laptop(2)])
    bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "change.device:ch_1:0")
    judged = {name: SIGNATURES.judge(bench.fleet.verify(bench.id(name)), datetime.now(UTC))[0] for name in ("LT-01", "LT-02")}
    assert judged == {"LT-01": Judgement.MET, "LT-02": Judgement.FAILED}
    assert bench.effects() == 1


def test_where_keys_are_honoured_the_same_key_has_one_effect(bench: Bench) -> None:
    bench.fill([laptop(1)])
    for _ in range(3):
        bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "change.device:ch_1:0")
    assert bench.effects() == (1 if bench.fleet.honours_keys else 3)


def test_a_device_that_refuses_is_refused_and_one_that_is_away_is_unavailable(bench: Bench) -> None:
    bench.fill([laptop(1, trouble=Trouble.REFUSES), laptop(2, trouble=Trouble.OFFLINE)])
    with pytest.raises(Refused):
        bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "k1")
    with pytest.raises(Unavailable):
        bench.fleet.remediate(bench.id("LT-02"), "update-signatures", "k2")
    assert bench.effects() == 0


@pytest.mark.parametrize(("device", "remedy"), [("LT-77", "update-signatures"), ("LT-01", "format-disk")])
def test_an_unknown_device_or_remedy_is_refused(bench: Bench, device: str, remedy: str) -> None:
    bench.fill([laptop(1)])
    with pytest.raises(Refused):
        bench.fleet.remediate(device if device == "LT-77" else bench.id(device), remedy, "k1")
    with pytest.raises(Refused):
        bench.fleet.verify("LT-77")
    assert bench.effects() == 0


# -- what only happens over a line -----------------------------------------------------------------------------------------


@pytest.fixture
def server(bench: Bench) -> FleetServer:
    if bench.server is None:
        pytest.skip("there is no line that could break")
    bench.fill([laptop(n) for n in range(7)])
    return bench.server


def test_a_lost_answer_to_a_remedy_is_uncertain(bench: Bench, server: FleetServer) -> None:
    where = "state.apply" if bench.fleet.honours_keys else "script/run"
    server.go_wrong(where, 0, done=True)
    with pytest.raises(Uncertain):
        bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "k1")
    assert bench.effects() == 1
    if bench.fleet.honours_keys:
        bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "k1")
        assert bench.effects() == 1


@pytest.mark.parametrize(("status", "kind"), [(500, Uncertain), (503, Unavailable), (429, Unavailable), (400, Refused), (403, Refused)])
def test_each_failing_answer_says_what_may_be_done_next(bench: Bench, server: FleetServer, status: int, kind: type[Exception]) -> None:
    server.go_wrong("state.apply" if bench.fleet.honours_keys else "script/run", status)
    with pytest.raises(kind):
        bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "k1")
    assert bench.effects() == 0


def test_credentials_that_are_not_accepted_are_refused(bench: Bench, server: FleetServer) -> None:
    del server
    other = {"ninjaone": NinjaOneFleet, "salt": SaltFleet}["salt" if bench.fleet.honours_keys else "ninjaone"]
    address = str(bench.fleet._calls._client.base_url)  # type: ignore[attr-defined]
    fleet = other(address, "firstline", Secret("wrong"), {})
    with pytest.raises(Refused):
        list(fleet.all())


def test_ninjaone_gives_the_devices_of_the_pages_before_the_one_that_broke_off() -> None:
    server = NinjaServer()
    filling(server)([laptop(n) for n in range(7)])
    with serving(server) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ninjaone, "PAGE", 3)
        fleet = NinjaOneFleet(url, "firstline", Secret(SECRET), {}, sleep=lambda _seconds: None)
        walk, heard = fleet.compliance(), list[Posture]()
        heard.append(next(walk))
        server.go_wrong("devices-detailed", 500)
        with pytest.raises(Unavailable):
            for posture in walk:
                heard.append(posture)
    assert [one.device.name for one in heard] == ["Laptop 00", "Laptop 01", "Laptop 02"]


def test_ninjaone_is_waited_for_while_it_says_how_long_it_is_busy() -> None:
    server, slept = NinjaServer(), list[float]()
    filling(server)([laptop(1)])
    with serving(server) as url:
        fleet = NinjaOneFleet(url, "firstline", Secret(SECRET), {}, sleep=slept.append)
        server.go_wrong("devices-detailed", 429, Retry_After="7")
        server.go_wrong("antivirus-status", 429, Retry_After="2")
        assert len(list(fleet.compliance())) == 1
        assert slept == [2.0, 7.0]
        server.go_wrong("devices-detailed", 429, Retry_After="900")
        with pytest.raises(Unavailable):
            list(fleet.all())


def test_ninjaone_without_one_report_says_the_rest() -> None:
    server = NinjaServer()
    filling(server)([laptop(1)])
    with serving(server) as url:
        fleet = NinjaOneFleet(url, "firstline", Secret(SECRET), {}, sleep=lambda _seconds: None)
        server.go_wrong("volumes", 500)
        (posture,) = fleet.compliance()
    assert (posture.signatures_current, posture.encrypted, posture.os_version) == (False, None, "10.0.22631")


def test_salt_replaces_a_token_that_ended_and_says_what_it_does_not_let_us_run() -> None:
    server = SaltServer()
    filling(server)([laptop(1)])
    with serving(server) as url:
        fleet = SaltFleet(url, "firstline", Secret(SECRET), {"update-signatures": "update-signatures"})
        list(fleet.all())
        server.go_wrong("manage.status", 401)
        assert len(list(fleet.all())) == 1
        for _ in range(2):
            server.go_wrong("manage.status", 401)
        with pytest.raises(Refused, match=r"does not let us run manage\.status"):
            list(fleet.all())


def test_a_job_that_salt_began_and_that_does_not_end_is_found_again_and_not_begun_anew() -> None:
    server = SaltServer()
    filling(server)([laptop(1)])
    server.silent = True
    with serving(server) as url:
        fleet = SaltFleet(url, "firstline", Secret(SECRET), {"update-signatures": "update-signatures"}, wait_seconds=0, sleep=lambda _seconds: None)
        for _ in range(3):
            with pytest.raises(Uncertain):
                fleet.remediate("LT-01", "update-signatures", "k1")
        server.silent = False
        fleet.remediate("LT-01", "update-signatures", "k1")
    assert len(server.effects) == 1


def test_a_list_keeps_what_a_device_was_like_so_that_a_remedy_can_be_taken_back(bench: Bench) -> None:
    before = laptop(1)
    bench.fill([before])
    bench.fleet.remediate(bench.id("LT-01"), "update-signatures", "k1")
    bench.fleet.remediate(bench.id("LT-01"), "older-signatures", "k2")
    assert SIGNATURES.judge(bench.fleet.verify(bench.id("LT-01")), NOW)[0] is Judgement.FAILED
    assert replace(before) == before
