"""What a look at the fleet found of somebody's device is what the chat says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from assistant.domain.compliance import ComplianceFinding, finding_id
from tests.support.world import MONDAY, World

QUESTION = "Which devices do I have?"
SAID = "does not meet the security rules"


def found(world: World, device: str, name: str) -> ComplianceFinding:
    """Store that a device's disk is not encrypted."""
    made = ComplianceFinding(finding_id(device, "encryption", MONDAY), device, name, "encryption", "the disk is not encrypted", MONDAY, MONDAY)
    with world.assistant.store.write() as unit:
        unit.compliance.open(made)
    return made


@pytest.mark.parametrize("numbered", [False, True], ids=["by its id", "by the name that a system with numbers of its own has for it"])
def test_a_device_with_an_open_finding_is_said_not_to_be_compliant_until_it_is(world: World, numbered: bool) -> None:
    mine = world.assistant.parts.fleet.devices_of("maria.santos")[0]
    assert mine.compliant
    finding = found(world, *(("4711", mine.id) if numbered else (mine.id, mine.name)))
    said = world.talk("maria.santos").say(QUESTION).text
    assert [SAID in line for line in said.splitlines() if line.startswith("- ")] == [True, False]
    with world.assistant.store.write() as unit:
        unit.compliance.save(replace(finding, closed_at=MONDAY + timedelta(hours=1)))
    assert SAID not in world.talk("maria.santos").say(QUESTION).text
    assert world.assistant.parts.fleet.devices_of("maria.santos")[0] == mine
