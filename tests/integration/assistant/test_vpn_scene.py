"""The scene that sells the product: the VPN question, answered for each person's own device, confirmed, and its ticket closed."""

from __future__ import annotations

import pytest

from assistant.domain.conversation import Outcome, State
from assistant.domain.reply import ReplyKind
from assistant.domain.ticket import ASSISTANT, TicketStatus
from tests.support.world import World, cited, offered

VPN = "I can't connect to the VPN"


def test_her_own_guide_then_yes_closes_the_ticket_without_a_person(world: World) -> None:
    maria = world.talk("maria.santos")
    answer = maria.say(VPN)
    assert answer.kind is ReplyKind.ANSWER
    assert answer.state == State.AWAITING_CONFIRMATION
    assert cited(answer) == {"vpn-install-windows"}
    assert offered(answer) == ["yes", "no", "person"]
    assert answer.device is not None
    assert answer.device.platform == "windows"
    assert answer.ticket is not None
    opened = world.ticket(answer.ticket.id)
    assert (opened.requester, opened.status, opened.assignee, opened.category) == ("maria.santos", TicketStatus.OPEN, ASSISTANT, "vpn")

    closed = maria.press("yes")
    assert closed.kind is ReplyKind.ACTION
    assert closed.state == State.RESOLVED
    assert closed.ticket is not None
    assert (closed.ticket.id, closed.ticket.status) == (opened.id, "closed")
    ticket = world.ticket(opened.id)
    assert (ticket.status, ticket.assignee) == (TicketStatus.CLOSED, ASSISTANT)
    assert {note.author for note in ticket.notes} == {"maria.santos"}
    (episode,) = world.episodes(closed.conversation)
    assert (episode.outcome, episode.reopened, episode.ticket) == (Outcome.RESOLVED_CONFIRMED, False, opened.id)
    assert world.unresolved() == []


@pytest.mark.parametrize(
    ("person", "platform", "guide"),
    [("maria.santos", "windows", "vpn-install-windows"), ("jonas.weber", "macos", "vpn-install-macos"), ("priya.nair", "linux", "vpn-install-linux")],
)
def test_the_same_question_cites_the_guide_of_the_askers_device(world: World, person: str, platform: str, guide: str) -> None:
    answer = world.talk(person).say(VPN)
    assert cited(answer) == {guide}
    assert answer.device is not None
    assert answer.device.platform == platform
    assert all(set(citation.platforms) <= {platform} for citation in answer.citations)


@pytest.mark.parametrize(
    ("person", "guide"), [("maria.santos", "vpn-install-ios"), ("jonas.weber", "vpn-install-android")], ids=["iPhone", "Android"]
)
def test_and_on_my_phone_goes_on_with_the_issue_for_the_phone(world: World, person: str, guide: str) -> None:
    talk = world.talk(person)
    first = talk.say(VPN)
    second = talk.say("and on my phone?")
    assert (second.kind, cited(second)) == (ReplyKind.ANSWER, {guide})
    assert second.ticket is not None
    assert first.ticket is not None
    assert second.ticket.id == first.ticket.id


def test_a_citation_resolves_to_the_articles_own_words(world: World) -> None:
    answer = world.talk("maria.santos").say(VPN)
    store = world.assistant.knowledge_base.store
    for citation in answer.citations:
        text = store.revision_text(citation.article, citation.revision)
        assert text is not None
        assert text[citation.start : citation.end] == citation.quote
    for number in range(1, len(answer.citations) + 1):
        assert f"[{number}]" in answer.text
    assert "1. " in answer.text, "the procedure is there"


def test_naming_another_device_answers_for_it(world: World) -> None:
    maria = world.talk("maria.santos")
    assert cited(maria.say("How do I connect my MacBook to the VPN?")) == {"vpn-install-macos"}


def test_a_device_chosen_by_the_sender_is_used_if_it_is_the_persons_own(world: World) -> None:
    phone = next(device for device in world.assistant.workplace.devices_of("maria.santos") if device.kind == "phone")
    laptop_of_jonas = world.assistant.workplace.devices_of("jonas.weber")[0]
    assert cited(world.talk("maria.santos").say(VPN, device=phone.id)) == {"vpn-install-ios"}
    assert cited(world.talk("maria.santos").say(VPN, device=laptop_of_jonas.id)) == {"vpn-install-windows"}
