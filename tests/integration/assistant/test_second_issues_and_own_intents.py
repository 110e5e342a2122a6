"""Two issues in one message, and intents of the organisation's own, through whole turns of the real assistant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assistant.agent.steps.understand_file import BadExamples
from assistant.bootstrap import open_assistant
from assistant.domain.conversation import State
from assistant.domain.reply import ReplyKind
from assistant.settings import Settings
from tests.support.world import World, cited, offered, opened_world


def entries(world: World) -> list[dict[str, Any]]:
    with world.assistant.store.read() as unit:
        return [line.facts for line in unit.audit.lines()]


TWO = "I can't connect to the VPN and my mailbox is full"
MAIL = "email-quota-full"
WISHES = """
[canteen_card]
examples = ["my canteen card is empty", "how do I charge the canteen card", "the canteen card does not pay any more", "top up my canteen card"]
article = "{article}"

[desk_move]
examples = ["my desk moves to another floor", "we move office next week", "please carry my computer to the new desk"]
ticket = "laptop"

[works_council]
examples = ["I want to reach the works council", "works council please", "whom do I ask at the works council", "the works council has to hear this"]
person = true

[forgot_phrase]
examples = ["the magic phrase has left my mind", "I no longer know the magic phrase", "magic phrase forgotten", "a new magic phrase for me"]
tool = "reset_password"
"""


def test_the_first_issue_is_answered_and_the_second_is_offered_and_taken_up(world: World) -> None:
    priya = world.talk("priya.nair")
    first = priya.say(TWO)
    assert first.kind is ReplyKind.ANSWER
    assert MAIL not in cited(first)
    assert "You also asked: “my mailbox is full”" in first.text
    assert next(one.label for one in first.choices if one.id == "next") == "Next: my mailbox is full"
    second = priya.press("next")
    assert second.kind is ReplyKind.ANSWER
    assert MAIL in cited(second)
    assert "next" not in offered(second)
    memory = world.conversation(second.conversation).memory
    assert (memory["issue"], memory["later"]) == ("my mailbox is full", [])


def test_confirming_the_first_issue_asks_for_the_second_which_is_a_new_one(world: World) -> None:
    priya = world.talk("priya.nair")
    first = priya.say(TWO)
    solved = priya.press("yes")
    assert solved.state == State.RESOLVED
    assert "You also asked: “my mailbox is full”. Shall I go on with that?" in solved.text
    second = priya.press("next")
    assert (second.kind, second.state) == (ReplyKind.ANSWER, State.AWAITING_CONFIRMATION)
    episodes = world.episodes(second.conversation)
    assert len(episodes) == 2
    assert not episodes[0].reopened
    assert first.ticket is not None and second.ticket is not None
    assert first.ticket.id != second.ticket.id


def test_a_second_issue_waits_through_a_handover_and_is_not_added_to_the_ticket_of_the_first(world: World) -> None:
    priya = world.talk("priya.nair")
    priya.say(TWO)
    handed = priya.press("person")
    assert handed.kind is ReplyKind.HANDOFF
    assert "next" in offered(handed)
    assert handed.ticket is not None
    second = priya.press("next")
    assert second.kind is ReplyKind.ANSWER
    assert second.ticket is not None and second.ticket.id != handed.ticket.id


def test_an_action_and_a_question_in_one_message_both_come_to_something(world: World) -> None:
    priya = world.talk("priya.nair")
    first = priya.say("please reset my password and how do I print on both sides of the printer paper?")
    assert first.action is not None
    assert first.action.tool == "reset_password"
    assert "next" in offered(first)
    dropped = priya.press(f"drop:{first.action.id}")
    assert "You also asked" in dropped.text
    assert priya.press("next").kind in (ReplyKind.ANSWER, ReplyKind.CLARIFICATION, ReplyKind.ABSTENTION)


def test_an_old_press_of_next_after_it_was_taken_up_says_so(world: World) -> None:
    priya = world.talk("priya.nair")
    priya.say(TWO)
    priya.press("next")
    priya.replies.pop()
    assert "earlier step" in priya.press("next").text


def test_mood_and_urgency_reach_the_ticket_and_the_audit(world: World) -> None:
    priya = world.talk("priya.nair")
    priya.say("the VPN is so frustrating and I have a customer call in five minutes")
    handed = priya.press("person")
    assert handed.ticket is not None
    facts = dict(world.ticket(handed.ticket.id).body.facts)
    assert (facts["Mood"], facts["Urgency, as said"]) == ("negative", "high")
    understood = next(entry for entry in entries(world) if entry["step"] == "understand")
    assert (understood["detail"]["sentiment"], understood["detail"]["urgency"]) == ("negative", "high")


def test_giving_the_laptop_back_is_a_question_about_it(world: World) -> None:
    reply = world.talk("priya.nair").say("do I have to give my laptop back when I go on leave?")
    assert reply.kind in (ReplyKind.ANSWER, ReplyKind.CLARIFICATION)


@pytest.mark.parametrize(
    "said",
    [
        "Hi, I got a prompt on my phone to approve a sign-in that I did not start, can you help?",
        "i told a man on the phone my pasword, he said he was from IT",
    ],
)
def test_what_may_be_an_attack_is_answered_from_security_or_asks_about_it(world: World, said: str) -> None:
    reply = world.talk("maria.santos").say(said)
    offered_titles = [choice.label for choice in reply.choices if choice.id.startswith("topic")]
    if reply.kind is ReplyKind.ANSWER:
        assert set() < cited(reply) <= {"security-suspicious-call-or-message", "security-report-phishing"}
    else:
        assert "Handle suspicious calls and messages" in offered_titles
        assert not any("Approve" in title or "password" in title for title in offered_titles)


def test_a_sign_in_of_ones_own_stays_a_question_about_it(world: World) -> None:
    reply = world.talk("maria.santos").say("How do I set up Approve on my iPhone?")
    assert cited(reply) == {"mfa-set-up-approve-ios"}


class TestOwnIntents:
    @pytest.fixture
    def own(self, demo_home: Path, tmp_path: Path) -> Path:
        path = tmp_path / "intents.toml"
        path.write_text(WISHES.format(article=MAIL), encoding="utf-8")
        return path

    def test_each_brings_about_what_its_file_says(self, demo_home: Path, own: Path) -> None:
        with opened_world(demo_home, intents_file=own) as world:
            card = world.talk("priya.nair").say("my canteen card is empty again")
            assert card.kind is ReplyKind.ANSWER
            assert {citation.article for citation in card.citations} == {MAIL}
            moving = world.talk("maria.santos")
            asked = moving.say("my desk is moving to another floor")
            assert (asked.state, offered(asked)) == (State.OFFERING_TICKET, ["file", "not_now", "person"])
            filed = moving.press("file")
            assert filed.ticket is not None
            assert world.ticket(filed.ticket.id).category == "laptop"
            council = world.talk("maria.santos").say("I want to talk to the works council")
            assert council.kind is ReplyKind.HANDOFF
            phrase = world.talk("priya.nair").say("the magic phrase has left my mind again")
            assert phrase.action is not None
            assert (phrase.action.tool, phrase.action.status, phrase.action.needs) == ("reset_password", "proposed", "press")
            named = [entry["detail"].get("intent") for entry in entries(world) if entry["step"] == "understand"]
            assert {"canteen_card", "desk_move", "works_council", "forgot_phrase"} <= set(named)
            rules = [entry.get("rule") for entry in entries(world)]
            assert "intents.canteen_card" in rules and "intents.desk_move" in rules

    def test_an_article_that_is_not_there_leaves_an_ordinary_question(self, demo_home: Path, own: Path) -> None:
        own.write_text(WISHES.format(article="no-such-article"), encoding="utf-8")
        with opened_world(demo_home, intents_file=own) as world:
            assert world.talk("priya.nair").say("my canteen card is empty again").kind is not ReplyKind.ERROR

    def test_a_bad_file_stops_the_start_with_its_place(self, demo_home: Path, own: Path) -> None:
        own.write_text("[canteen]\nexamples = ['a b', 'c d', 'e f']\n", encoding="utf-8")
        with pytest.raises(BadExamples, match=r"intents\.toml, line 1, canteen: say with exactly one of"):
            open_assistant(Settings(home=demo_home, intents_file=own))
