"""The table of what is used of NinjaOne's API names what the adapter really sends and reads: no less, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.adapters.devices import ninjaone
from assistant.adapters.devices import ninjaone_api as api
from assistant.adapters.devices.listed import Listed
from assistant.adapters.devices.ninjaone import NinjaOneFleet, Script
from assistant.adapters.devices.uses import Shape
from assistant.domain.configuration import Device
from assistant.domain.secret import Secret
from kb.model import Platform
from tests.support.fleet_servers import REMEDIES, SECRET, NinjaServer, serving

NOW = datetime.now(UTC)


class Heard(dict[str, Any]):
    """An object that notes which of its fields are asked for."""

    def __init__(self, value: dict[str, Any], where: str, heard: set[str]) -> None:
        super().__init__({name: listened(inner, f"{where}.{name}", heard) for name, inner in value.items()})
        self.where, self.heard = where, heard

    def get(self, name: str, default: Any = None) -> Any:
        self.heard.add(f"{self.where}.{name}")
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.heard.add(f"{self.where}.{name}")
        return super().__getitem__(name)


def listened(value: Any, where: str, heard: set[str]) -> Any:
    if isinstance(value, dict):
        return Heard(value, where, heard)
    return [listened(one, where, heard) for one in value] if isinstance(value, list) else value


def named(shape: Shape, where: str) -> Iterator[str]:
    """Yield every field of a shape by its path."""
    if shape.items is not None:
        yield from named(shape.items, where)
    for name, part in shape.fields.items():
        yield f"{where}.{name}"
        yield from named(part, f"{where}.{name}")


def laptop(number: int, name: str = "Laptop") -> Listed:
    device = Device(f"LT-{number}", "ann", name, Platform.WINDOWS, "Windows 11")
    return Listed(device, NOW, None, True, "10.0.22631", "10.0.26100", NOW)


@pytest.fixture
def server() -> NinjaServer:
    found = NinjaServer()
    found.listed = {one.device.id: one for one in (laptop(n) for n in range(4))}
    return found


def fleet_at(url: str) -> NinjaOneFleet:
    return NinjaOneFleet(url, "firstline", Secret(SECRET), {name: Script.parse(text) for name, text in REMEDIES.items()})


def all_that_it_does(fleet: NinjaOneFleet, server: NinjaServer) -> None:
    list(fleet.compliance())
    first = str(server.number("LT-0"))
    fleet.verify(first)
    fleet.device(first)
    for remedy in REMEDIES:
        fleet.remediate(first, remedy, "k1")


def test_everything_that_the_table_names_is_sent(server: NinjaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ninjaone, "PAGE", 3)
    with serving(server) as url:
        all_that_it_does(fleet_at(url), server)
    declared = {(call.path, name) for call in api.CALLS for shape in (call.query, call.body) if shape is not None for name in shape.fields}
    assert server.sent == declared


def test_everything_that_the_table_names_is_read_and_nothing_else_is_asked_for(server: NinjaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ninjaone, "PAGE", 3)
    heard: set[str] = set()
    paths = {id(call.answer): call.path for call in api.CALLS}
    whole = Shape.kept

    def kept(shape: Shape, value: Any) -> Any:
        found = whole(shape, value)
        return listened(found, paths[id(shape)], heard) if id(shape) in paths and shape is not api.DEVICE.answer else found

    nameless = laptop(3)
    server.listed["LT-3"] = replace(nameless, device=replace(nameless.device, name=""))
    monkeypatch.setattr(Shape, "kept", kept)
    with serving(server) as url:
        all_that_it_does(fleet_at(url), server)
    lists = {call.path: call.answer for call in api.CALLS if call.answer is not None and call is not api.DEVICE}
    declared = {name for path, answer in lists.items() for name in named(answer, path)}
    assert api.DEVICES.answer is not None
    assert api.DEVICES.answer.items is api.DEVICE.answer
    assert heard == declared - {f"{api.DEVICES.path}.offline"}


@pytest.mark.parametrize("wrong", [{"id": "7"}, {"lastContact": "yesterday"}, {"offline": 1}, {"os": "Windows 11"}])
def test_a_double_that_answers_otherwise_than_the_table_is_noticed(
    server: NinjaServer, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    true = NinjaServer._node
    monkeypatch.setattr(NinjaServer, "_node", lambda self, one: true(self, one) | wrong)
    with pytest.raises(AssertionError, match="declared as"), serving(server) as url:
        list(fleet_at(url).all())


@pytest.mark.parametrize(
    ("states", "encrypted"),
    [
        (("PROTECTED", "PROTECTED"), True),
        (("PROTECTED", "UNPROTECTED"), False),
        (("PENDING", "UNKNOWN"), False),
        (("PROTECTED", "UNKNOWN"), None),
        (("UNKNOWN",), None),
        (("PROTECTED", "something new"), None),
        ((), None),
    ],
)
def test_a_volume_of_which_bitlocker_knows_nothing_fails_no_device(
    server: NinjaServer, states: tuple[str, ...], encrypted: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = NinjaServer._report

    def reported(self: NinjaServer, name: str, query: dict[str, str]) -> tuple[int, Any]:
        if name != "volumes":
            return true(self, name, query)
        return 200, {"results": [{"deviceId": self.number("LT-0"), "bitLockerStatus": {"protectionStatus": state}} for state in states]}

    monkeypatch.setattr(NinjaServer, "_report", reported)
    with serving(server) as url:
        assert fleet_at(url).verify(str(server.number("LT-0"))).encrypted is encrypted
