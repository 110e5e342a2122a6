"""What every store promises of cases of joiners and leavers, and every inventory of its stock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from assistant.adapters.memory.clock import FixedClock
from assistant.adapters.memory.inventory import MemoryInventory
from assistant.adapters.store.fleet import BuiltinFleet
from assistant.adapters.store.inventory import BuiltinInventory
from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.domain.configuration import Company, Device, Organisation, Person
from assistant.domain.onboarding import Case, CaseKind, CaseStatus, Document, Newcomer, PlannedStep, StepKind, StepState, StepStatus
from assistant.ports.inventory import Inventory, OutOfStock
from assistant.ports.onboarding import CaseChanged
from assistant.ports.store import Store
from kb.model import Platform

NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
PLANNED = (
    PlannedStep("laptop", "Keep a laptop", StepKind.LAPTOP, -10, owner="group:it-desk", platform="macos", only={"department": ("R&D", "Sales")}),
    PlannedStep("rules", "Rules", StepKind.POLICIES, needs=("laptop",), documents=(Document("Use of IT", "https://x.example/it"),), to=("manager",)),
)
STATES = (
    StepState(
        "laptop", StepStatus.DONE, NOW, NOW + timedelta(days=1), 2, NOW, NOW, "ann", "a_1", "T-1", "why", {"device": "d1", "list": ["a"]}, NOW, NOW
    ),
    StepState("rules", StepStatus.WAITING, NOW + timedelta(days=2)),
)


def case(name: str = "j_1", day: date = date(2026, 12, 1), status: CaseStatus = CaseStatus.RUNNING, **changes: object) -> Case:
    made = Case(
        id=name,
        kind=CaseKind.JOIN,
        status=status,
        employee=f"E-{name}",
        person=f"person.{name}",
        manager="amir",
        who=Newcomer("Åsa Zoë Lind", "a@x.example", "a@home.example", "Engineer", "R&D", "Lund"),
        day=day,
        moment=NOW,
        zone="Europe/Stockholm",
        started_by="hr",
        source="hr",
        told_at=NOW,
        created_at=NOW,
        changed_at=NOW,
        checklist="0123",
        planned=PLANNED,
        steps=STATES,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def stored(store: Store, *cases: Case) -> None:
    with store.write() as unit:
        for one in cases:
            unit.joiners.add(one)


def test_a_case_comes_back_whole_with_its_steps_in_the_order_of_the_checklist(store: Store) -> None:
    stored(store, case())
    with store.read() as unit:
        assert unit.joiners.load("j_1") == case()
        assert unit.joiners.load("j_none") is None


def test_a_case_that_somebody_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    stored(store, case())
    with store.write() as unit:
        unit.joiners.save(replace(case(), steps=(replace(STATES[0], why="changed"), STATES[1])))
    with pytest.raises(CaseChanged), store.write() as unit:
        unit.joiners.save(case())
    with pytest.raises(CaseChanged), store.write() as unit:
        unit.joiners.add(case())
    with store.read() as unit:
        kept = unit.joiners.load("j_1")
    assert kept is not None
    assert (kept.version, kept.state("laptop").why) == (1, "changed")


def test_lists_hold_the_cases_of_a_manager_page_by_page(store: Store) -> None:
    days = [date(2026, 12, day) for day in (3, 1, 2, 2)]
    stored(store, *(case(f"j_{number}", day) for number, day in enumerate(days)), case("j_other", manager="zoe"))
    stored(store, case("j_old", status=CaseStatus.DONE), case("j_older", date(2026, 11, 1), CaseStatus.WITHDRAWN))
    with store.read() as unit:
        first = unit.joiners.listed(True, 2, "amir")
        assert [one.id for one in first] == ["j_1", "j_2"]
        assert [one.id for one in unit.joiners.listed(True, 5, "amir", first[-1].id)] == ["j_3", "j_0"]
        assert [one.id for one in unit.joiners.listed(False, 5)] == ["j_old", "j_older"]
        assert [one.id for one in unit.joiners.listed(False, 5, after="j_old")] == ["j_older"]
        assert len(unit.joiners.listed(True, 50)) == 5


def test_cases_are_found_by_employee_person_day_and_change(store: Store) -> None:
    old = NOW - timedelta(days=30)
    stored(store, case("j_1"), case("j_2", date(2026, 12, 8), employee="E-j_1", created_at=NOW + timedelta(hours=1)))
    stored(store, case("j_3", date(2026, 11, 2), CaseStatus.DONE, changed_at=old))
    with store.read() as unit:
        assert [one.id for one in unit.joiners.of_employee("E-j_1")] == ["j_1", "j_2"]
        assert [one.id for one in unit.joiners.of_person("person.j_2")] == ["j_2"]
        assert [one.id for one in unit.joiners.between(date(2026, 12, 1), date(2026, 12, 8))] == ["j_1"]
        assert [one.id for one in unit.joiners.changed_since(NOW - timedelta(days=1))] == ["j_1", "j_2"]
        assert [one.id for one in unit.joiners.changed_since(old)] == ["j_3", "j_1", "j_2"]


def test_only_open_cases_wait_for_tickets(store: Store) -> None:
    asked = (replace(STATES[0], status=StepStatus.ASKED), STATES[1])
    stored(store, case("j_1", steps=asked), case("j_2", status=CaseStatus.DONE, steps=asked), case("j_3"))
    with store.read() as unit:
        assert unit.joiners.open_tickets() == [("j_1", "laptop", "T-1")]


# -- the stock ----------------------------------------------------------------------------------------------------------

DEVICES = (
    Device("d1", "", "Latitude 1", Platform.WINDOWS, "Windows 11"),
    Device("d2", "", "Latitude 2", Platform.WINDOWS, "Windows 11", compliant=False),
    Device("d3", "", "MacBook", Platform.MACOS, "macOS 15"),
    Device("d4", "", "Pixel", Platform.ANDROID, "Android 15", "phone"),
    Device("d5", "amir", "Latitude 5", Platform.WINDOWS, "Windows 11"),
)


@pytest.fixture
def inventory(kind: str, engine_of: Callable[[str], Engine]) -> Inventory:
    if kind == "memory":
        return MemoryInventory(DEVICES)
    engine = engine_of(kind)
    BuiltinDirectory(engine).replace(Organisation(Company("Example", "x.example"), people=(Person("amir", "Amir Dar"),), devices=DEVICES))
    return BuiltinInventory(engine, FixedClock(NOW))


def test_the_stock_is_what_nobody_has(inventory: Inventory) -> None:
    assert [one.id for one in inventory.stock()] == ["d1", "d2", "d3"]
    assert [one.id for one in inventory.stock(platform="macos")] == ["d3"]
    assert [one.id for one in inventory.stock("phone")] == ["d4"]


def test_a_reservation_asked_for_again_is_the_same_device(inventory: Inventory) -> None:
    first = inventory.reserve("k1", "zoe", platform="windows")
    assert (first.id, first.owner) == ("d1", "zoe")
    assert inventory.reserve("k1", "zoe", platform="windows") == first == inventory.held("k1")
    assert inventory.reserve("k2", "ben", platform="windows").id == "d2"
    assert [one.id for one in inventory.stock()] == ["d3"]
    assert {key: one.id for key, one in inventory.kept_for("zoe").items()} == {"k1": "d1"}


def test_an_empty_stock_says_so_and_keeps_nothing(inventory: Inventory) -> None:
    inventory.reserve("k1", "zoe", platform="macos")
    with pytest.raises(OutOfStock, match="no macos laptop is in stock"):
        inventory.reserve("k2", "ben", platform="macos")
    assert inventory.held("k2") is None


def test_what_is_kept_for_somebody_is_shown_as_theirs(engine_of: Callable[[str], Engine], kind: str) -> None:
    if kind == "memory":
        pytest.skip("what is in memory is not joined")
    engine = engine_of(kind)
    known = BuiltinDirectory(engine)
    known.replace(Organisation(Company("Example", "x.example"), people=(Person("amir", "Amir Dar"),), devices=DEVICES))
    BuiltinInventory(engine, FixedClock(NOW)).reserve("k1", "zoe")
    for fleet in (known, BuiltinFleet(engine, lambda: NOW)):
        assert [(one.id, one.owner) for one in fleet.devices_of("zoe")] == [("d1", "zoe")]
    known.replace(Organisation(Company("Example", "x.example"), people=(Person("amir", "Amir Dar"),), devices=DEVICES))
    assert [one.id for one in known.devices_of("zoe")] == ["d1"], "a reload of the people file keeps it"


def test_what_is_released_is_in_stock_again_and_only_once(inventory: Inventory) -> None:
    inventory.reserve("k1", "zoe", platform="macos")
    assert inventory.release("k1")
    assert not inventory.release("k1")
    assert inventory.held("k1") is None
    assert inventory.reserve("k2", "ben", platform="macos").id == "d3"
