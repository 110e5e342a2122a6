"""What a model is shown of the tools, and what each of them declares: no subject, no free text, a way back or somebody who agrees."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from string import Formatter
from typing import Any

import pytest

from assistant.adapters.memory.store import MemoryStore
from assistant.agent.tools.registry import TOOLS, schemas, switched_off
from assistant.agent.tools.tool import Handles, Offered, Surroundings, Tool, UnknownArgument, resolve
from assistant.domain.action import Effect, Tier
from assistant.domain.configuration import Device
from assistant.domain.ticket import Ticket, TicketStatus
from assistant.governance.policy_file import PACKAGED, load_policy, parse_policy
from kb.model import Platform
from tests.support.workshop import MADE, MONDAY, Workshop

POLICY = load_policy()
ASKED_FOR = {name: tool for name, tool in TOOLS.items() if tool.offered}
WRITES = {name: tool for name, tool in ASKED_FOR.items() if tool.effect is Effect.WRITE}
FORBIDDEN = re.compile(
    r"user|person|subject|account|owner|actor|requester|approv|manager|tenant|org|company|token|secret|passw|credential|key|code|mail"
)
ANN = MADE.people[0]
HANDLES = Handles(b"key")


def ticket(number: str, requester: str = "ann") -> Ticket:
    return Ticket(number, requester, "VPN drops", TicketStatus.OPEN, "network", "vpn", "", MONDAY, MONDAY)


SURROUNDINGS = Surroundings(
    person=ANN,
    devices=(Device("LT-1", "ann", "Laptop", Platform.WINDOWS, "Windows 11"),),
    tickets=(ticket("T-1"), ticket("T-2")),
    entitlements=MADE.entitlements,
    services=MADE.services,
    queues=MADE.queues,
    company=MADE.company,
    read_ticket=ticket,
)
OFFERS = HANDLES.offers(SURROUNDINGS, "c_1", MONDAY)


@pytest.fixture(scope="module")
def shown() -> list[dict[str, Any]]:
    """What a model is shown in an assistant of which no tool is switched off."""
    workshop = Workshop(MemoryStore(0.78))
    found = schemas(OFFERS, POLICY, workshop.acting.hands)
    workshop.close()
    return found


def test_a_model_is_shown_exactly_the_tools_that_may_be_asked_for(shown: list[dict[str, Any]]) -> None:
    assert {schema["name"] for schema in shown} == set(ASKED_FOR)


def test_no_schema_has_a_subject_an_approver_a_tenant_or_a_credential(shown: list[dict[str, Any]]) -> None:
    names = {name for schema in shown for name in schema["parameters"]["properties"]}
    assert names == {"ticket", "category", "group", "days", "service"}
    assert [name for name in names if FORBIDDEN.search(name)] == []


def test_every_argument_is_an_enum_and_nothing_can_be_added(shown: list[dict[str, Any]]) -> None:
    kinds = {offer.handle for offer in OFFERS}
    for schema in shown:
        parameters = schema["parameters"]
        assert parameters["additionalProperties"] is False
        assert set(parameters["required"]) == set(parameters["properties"])
        for name, slot in parameters["properties"].items():
            assert slot["type"] == "string"
            assert slot["enum"], name
            assert all(value in kinds or value in {"1", "7", "30", "90"} for value in slot["enum"])


@pytest.mark.parametrize("name", WRITES)
def test_what_changes_something_can_be_taken_back_or_needs_somebody_who_agrees(name: str) -> None:
    tool, rule = TOOLS[name], POLICY.tools[name]
    if tool.undo is not None:
        return
    assert rule.tier is Tier.APPROVAL or (rule.tier is Tier.SENSITIVE and (rule.second_factor_approves or rule.chain))


def test_every_tool_that_may_be_asked_for_stands_in_the_policy_and_no_other_does() -> None:
    assert {name for name, rule in POLICY.tools.items() if not rule.of_practice} == set(ASKED_FOR)
    assert not any(TOOLS[name].offered for name, rule in POLICY.tools.items() if rule.of_practice)


@pytest.mark.parametrize("name", ASKED_FOR)
def test_the_tier_of_the_policy_fits_what_the_tool_does(name: str) -> None:
    assert (POLICY.tools[name].tier is Tier.READ) == (TOOLS[name].effect is Effect.READ)


def test_a_policy_that_takes_a_change_for_a_look_switches_the_tool_off() -> None:
    text = PACKAGED.read_text(encoding="utf-8").replace('[tools.unlock_account]\ntier = "own"', '[tools.unlock_account]\ntier = "read"')
    workshop = Workshop(MemoryStore(0.78), policy=parse_policy(text, "test"))
    off = switched_off(workshop.acting.policy, workshop.acting.hands)
    workshop.close()
    assert off == {"unlock_account": "the policy takes it for one that only shows something"}


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_does_one_thing_in_one_place(name: str) -> None:
    tool = TOOLS[name]
    assert sum(way is not None for way in (tool.show, tool.inside, tool.outside)) == 1
    assert (tool.show is not None) == (tool.effect is Effect.READ)
    assert (tool.plan is not None) == (tool.effect is Effect.WRITE and tool.offered)


@pytest.mark.parametrize("name", [name for name, tool in TOOLS.items() if tool.effect is Effect.WRITE])
def test_what_is_said_at_the_end_takes_only_what_the_tool_has(name: str) -> None:
    tool = TOOLS[name]
    results = {"ticket"} if tool.inside is not None else set()
    for said in (tool.done, tool.unchanged):
        wanted = {field for _, field, _, _ in Formatter().parse(said) if field}
        assert wanted <= {slot.name for slot in tool.slots} | results, said
    assert tool.done


class TestHandles:
    def test_a_handle_works_for_an_hour_at_least_and_two_at_most(self) -> None:
        first = _handle("ticket", OFFERS)
        for minutes, works in ((0, True), (60, True), (120, False), (10_000, False)):
            later = HANDLES.offers(SURROUNDINGS, "c_1", datetime.fromtimestamp(MONDAY.timestamp() + 60 * minutes, UTC))
            assert _resolves("close_ticket", {"ticket": first}, later) is works, minutes

    def test_a_handle_of_another_conversation_person_or_installation_is_none(self) -> None:
        somebody = _with_person("bo")
        elsewhere = (
            HANDLES.offers(SURROUNDINGS, "c_2", MONDAY),
            HANDLES.offers(somebody, "c_1", MONDAY),
            Handles(b"other").offers(SURROUNDINGS, "c_1", MONDAY),
        )
        for offers in elsewhere:
            assert not _resolves("close_ticket", {"ticket": _handle("ticket", offers)}, OFFERS)
            assert _resolves("close_ticket", {"ticket": _handle("ticket", offers)}, offers)

    def test_a_handle_stops_working_with_the_right(self) -> None:
        first = _handle("ticket", OFFERS)
        assert not _resolves("close_ticket", {"ticket": first}, HANDLES.offers(_with_tickets(), "c_1", MONDAY))

    def test_a_handle_of_one_kind_fits_no_slot_of_another(self) -> None:
        for kind in ("entitlement", "held", "service", "category"):
            assert not _resolves("close_ticket", {"ticket": _handle(kind, OFFERS)}, OFFERS)
        assert not _resolves("give_up_access", {"group": _handle("entitlement", OFFERS)}, OFFERS)
        assert not _resolves("grant_access", {"group": _handle("held", OFFERS), "days": "7"}, OFFERS)

    @pytest.mark.parametrize(
        "arguments",
        [
            {},
            {"ticket": "T-1"},
            {"ticket": ""},
            {"ticket": None},
            {"ticket": ["T-1"]},
            {"ticket": {"id": "T-1"}},
            {"ticket": "handle", "subject": "bo"},
            {"ticket": "handle", "": ""},
            {"TICKET": "handle"},
        ],
    )
    def test_anything_else_is_refused(self, arguments: dict[str, Any]) -> None:
        real = _handle("ticket", OFFERS)
        given = {name: real if value == "handle" else value for name, value in arguments.items()}
        assert not _resolves("close_ticket", given, OFFERS)

    @pytest.mark.parametrize("days", [7, 7.0, True, "07", "7 ", "-7", "365", "", None, ["7"]])
    def test_a_number_of_days_is_one_of_those_that_are_offered(self, days: object) -> None:
        group = _handle("entitlement", OFFERS)
        assert not _resolves("grant_access", {"group": group, "days": days}, OFFERS)
        assert _resolves("grant_access", {"group": group, "days": "7"}, OFFERS)


def _resolves(name: str, arguments: dict[str, Any], offers: tuple[Offered, ...]) -> bool:
    tool: Tool = TOOLS[name]
    try:
        resolve(tool, arguments, offers)
    except UnknownArgument:
        return False
    return True


def _handle(kind: str, offers: tuple[Offered, ...]) -> str:
    return next(offer.handle for offer in offers if offer.kind == kind)


def _with_person(person: str) -> Surroundings:
    other = next(one for one in MADE.people if one.id == person)
    return replace(SURROUNDINGS, person=other)


def _with_tickets(*tickets: Ticket) -> Surroundings:
    return replace(SURROUNDINGS, tickets=tickets)
