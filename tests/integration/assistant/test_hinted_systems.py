"""The system that a client says it runs on: it chooses the guide where no device is known, can be corrected, and grants nothing."""

from __future__ import annotations

from dataclasses import replace

from assistant.adapters.store.organisation import read_people_file
from assistant.agent.state import Inbound
from assistant.domain.reply import Reply
from tests.support.service import PEOPLE_FILE
from tests.support.world import World, cited

VPN = "How do I install and connect the VPN?"
PERSON = "maria.santos"


def without_devices(world: World) -> None:
    made, _ = read_people_file(PEOPLE_FILE)
    world.assistant.workplace.replace(replace(made, devices=tuple(device for device in made.devices if device.owner != PERSON)))


def send(world: World, number: int, text: str, conversation: str | None = None, **more: str) -> Reply:
    return world.assistant.turns.take(PERSON, conversation, Inbound(f"hint-{number}", text, **more), "test")


def test_where_no_device_is_known_the_hint_chooses_the_guide_and_is_shown(world: World) -> None:
    without_devices(world)
    for number, (hint, guide) in enumerate([("windows", "vpn-install-windows"), ("macos", "vpn-install-macos"), ("ios", "vpn-install-ios")]):
        reply = send(world, number, VPN, hint=hint)
        assert cited(reply) == {guide}
        assert reply.device is not None
        assert (reply.device.id, reply.device.platform) == ("", hint)


def test_without_a_hint_the_device_is_asked_for_and_a_hint_that_means_nothing_is_none(world: World) -> None:
    without_devices(world)
    for number, hint in enumerate(["", "beos", "../windows"], 10):
        reply = send(world, number, VPN, hint=hint)
        assert reply.device is None
        assert "platform:windows" in [choice.id for choice in reply.choices]


def test_a_device_in_the_inventory_comes_before_the_hint(world: World) -> None:
    assert cited(send(world, 20, VPN, hint="macos")) == {"vpn-install-windows"}


def test_what_the_person_says_or_chooses_comes_before_the_hint_and_stays(world: World) -> None:
    without_devices(world)
    first = send(world, 30, VPN, hint="windows")
    said = send(world, 31, "and on my Mac?", first.conversation, hint="windows")
    assert cited(said) == {"vpn-install-macos"}
    chosen = send(world, 32, VPN, hint="windows", device="platform:linux")
    assert cited(chosen) == {"vpn-install-linux"}
    later = send(world, 33, VPN, chosen.conversation, hint="windows")
    assert cited(later) == {"vpn-install-linux"}, "the correction holds for the conversation"


def test_a_hint_is_remembered_for_the_conversation_also_after_a_crash(world: World) -> None:
    without_devices(world)
    first = send(world, 40, "hello", hint="macos")
    assert world.conversation(first.conversation).memory["hint"] == "macos"
    assert cited(send(world, 41, VPN, first.conversation)) == {"vpn-install-macos"}


def test_a_hint_grants_nothing(world: World) -> None:
    without_devices(world)
    question = "How do I renew my banking portal token?"
    for number, hint in enumerate(["", "windows", "finance", "everyone"], 50):
        assert "access-banking-portal-tokens" not in cited(send(world, number, question, hint=hint))
