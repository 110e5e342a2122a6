"""Why people get what an action or the policy left to them: in the handoff, in the ticket and in the audit, with what was handed over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from assistant.adapters.store.organisation import BuiltinDirectory
from assistant.agent.handover import Handover
from assistant.domain.handoff import HandoffReason
from assistant.ports.outside import Refused
from tests.support.world import Talk, World

MARIA, PRIYA, MANAGER, SAM = "maria.santos", "priya.nair", "johan.ekstrom", "sam.oduya"
CRM = "I need access to the CRM for a week"


def recorded(world: World) -> list[dict[str, Any]]:
    """Return the audit as people read it."""
    with world.assistant.store.read() as unit:
        return [line.facts for line in unit.audit.lines()]


def check(world: World, talk: Talk, reason: HandoffReason) -> dict[str, Any]:
    """See that handoff, ticket and audit give this reason; return the audit's record."""
    with world.assistant.store.read() as unit:
        last = unit.handoffs.of_conversation(str(talk.conversation))[-1]
    assert last.reason is reason
    assert dict(world.ticket(last.ticket).body.facts)["Why it came to people"] == reason.label
    (entry,) = [one for one in recorded(world) if one["detail"].get("reason") == reason.value]
    assert (entry["detail"]["ticket"], entry["context"]["ticket"]) == (last.ticket, last.ticket)
    assert entry["context"]["lines"] == len(world.ticket(last.ticket).body.transcript)
    assert world.audit_faults() == []
    return entry


def pressed(world: World, person: str, text: str) -> Talk:
    """Ask for an action, press its card, and have what is due carried out."""
    talk = world.talk(person)
    asked = talk.say(text)
    assert asked.action is not None, asked.text
    talk.press(f"do:{asked.action.id}")
    world.assistant.carrier.drain()
    return talk


@pytest.mark.parametrize("wish", ["Please unlock Jonas Weber's account", "Please give me access to Spendwell approvals for a day"])
def test_what_only_people_may_do_comes_to_them_with_the_reason(world: World, wish: str) -> None:
    talk = world.talk(MARIA)
    assert talk.say(wish).action is None
    talk.press("file")
    check(world, talk, HandoffReason.SENSITIVE if "Spendwell" in wish else HandoffReason.NEEDS_PERSON)


def test_what_was_done_too_often_comes_to_people(world: World) -> None:
    for _ in range(world.assistant.policy.tools["unlock_account"].per_day):
        pressed(world, PRIYA, "My account is locked, please unlock it")
    talk = world.talk(PRIYA)
    assert talk.say("My account is locked, please unlock it").action is None
    talk.press("file")
    check(world, talk, HandoffReason.NEEDS_PERSON)


def test_an_action_that_failed_comes_to_people(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: BuiltinDirectory, person_id: str) -> bool:
        raise Refused("no right to unlock")

    monkeypatch.setattr(BuiltinDirectory, "unlock", refuses)
    talk = pressed(world, PRIYA, "My account is locked, please unlock it")
    entry = check(world, talk, HandoffReason.ACTION_FAILED)
    assert (entry["step"], entry["decision"], entry["tool"], entry["actor"]) == ("file", "failed", "unlock_account", "firstline")


def test_a_request_that_was_refused_comes_to_people(world: World) -> None:
    talk = pressed(world, MARIA, CRM)
    action = talk.last.action
    assert action is not None
    deciding, manager = world.assistant.deciding, world.assistant.directory.person(MANAGER)
    assert manager is not None
    deciding.decide(manager, action.id, False, deciding.request(manager, action.id).action.hash, "")
    entry = check(world, talk, HandoffReason.APPROVAL_ENDED)
    assert (entry["decision"], entry["action"]) == ("refused", action.id)


def test_a_request_that_nobody_decided_comes_to_people(world: World) -> None:
    talk = pressed(world, MARIA, CRM)
    world.clock.advance(timedelta(hours=world.assistant.policy.chains["access"].hours, minutes=1))
    world.assistant.carrier.drain()
    assert check(world, talk, HandoffReason.APPROVAL_ENDED)["decision"] == "expired"


def test_somebody_who_steps_in_is_on_record_with_what_they_got(world: World) -> None:
    talk = world.talk(MARIA)
    talk.say("I cannot connect to the VPN")
    Handover(world.assistant.parts).take(SAM, str(talk.conversation))
    entry = check(world, talk, HandoffReason.STEPPED_IN)
    assert (entry["actor"], entry["subject"], entry["step"]) == (SAM, MARIA, "hand_off")
    assert entry["context"]["articles"]


def test_what_let_an_action_run_is_on_record_and_decides_the_same_again(world: World) -> None:
    """The last decision is the one in the transaction that lets it run."""
    from assistant.governance.replay import Comparison, replay

    talk = pressed(world, PRIYA, "My account is locked, please unlock it")
    with world.assistant.store.read() as unit:
        (begun,) = [line for line in unit.audit.lines() if line.facts["decision"] == "begun"]
    assert (begun.facts["verdict"], begun.facts["rule"], begun.facts["conversation"]) == ("allow", "tools.unlock_account", talk.conversation)
    assert begun.facts["facts"]["pressed"] is True
    assert begun.facts["confidence"] == begun.facts["facts"]["confidence"]
    assert replay(begun, world.assistant.policies).comparison is Comparison.SAME


def test_what_somebody_wanted_done_is_no_gap_of_the_knowledge_base(world: World) -> None:
    talk = pressed(world, MARIA, CRM)
    talk.say("I want to talk to a person")
    check(world, talk, HandoffReason.REQUESTED)
    talk = world.talk(PRIYA)
    talk.say("Please unlock Jonas Weber's account")
    talk.press("file")
    assert world.unresolved() == []
