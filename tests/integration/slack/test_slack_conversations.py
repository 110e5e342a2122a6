"""Conversations in Slack, over both transports, with the real libraries on our side and a Slack of our own on the other."""

from __future__ import annotations

import random

from evals.slack.people import Somebody, labels, words
from evals.slack.server import event_of
from tests.integration.slack.conftest import LISTENED, QUIET
from tests.support.slack import Office, until

VPN = "I can't connect to the VPN from my laptop"
SET_UP = "How do I set up the VPN on Windows 11?"


def private(office: Office, person: Somebody) -> list[str]:
    return [words(one) or one["text"] for one in office.workspace.by_bot(person.direct)]


class TestDirectMessages:
    def test_a_question_is_answered_in_its_thread_with_sources_and_buttons(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        thread = maria.say(VPN)
        (reply,) = maria.replies(thread)
        assert "[1]" in words(reply)
        assert labels(reply)[:2] == ["Yes, solved", "No"]
        assert "Talk to a person" in labels(reply)
        assert reply["text"] and reply["metadata"]["event_payload"]["key"]

    def test_a_thread_keeps_its_conversation_and_another_message_begins_a_new_one(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        thread = maria.say(VPN)
        maria.replies(thread)
        maria.say("it still fails with an error 809", thread=thread)
        maria.replies(thread, 2)
        other = maria.say("How do I add a printer?")
        maria.replies(other)
        with slack.service.assistant.store.read() as unit:
            found = {one.conversation for ts in (thread, other) for one in unit.threads.of_place("slack", f"T0HOME/{maria.direct}/{ts}/{maria.id}")}
        assert len(found) == 2

    def test_a_pressed_button_gives_way_to_what_was_pressed_and_the_conversation_goes_on(self, slack: Office) -> None:
        jonas = slack.somebody("jonas.weber")
        thread = jonas.say(SET_UP)
        (reply,) = jonas.replies(thread)
        assert jonas.press(jonas.direct, reply, "Yes").status == 200
        jonas.replies(thread, 2)
        until(lambda: labels(reply) == [], why="the buttons stay")
        assert "You chose: Yes, solved" in words(reply)

    def test_talk_to_a_person_files_a_ticket_and_says_which(self, slack: Office) -> None:
        jonas = slack.somebody("jonas.weber")
        thread = jonas.say("my screen flickers since this morning")
        (reply,) = jonas.replies(thread)
        jonas.press(jonas.direct, reply, "Talk to a person")
        assert "T-" in words(jonas.replies(thread, 2)[1])

    def test_what_the_desk_writes_comes_into_the_thread_and_the_assistant_is_silent(self, slack: Office) -> None:
        maria, handover = slack.somebody("maria.santos"), slack_handover(slack)
        thread = maria.say("please let me talk to a person")
        maria.replies(thread)
        conversation = conversation_of(slack, maria, thread)
        handover.take(AGENT, conversation)
        maria.replies(thread, 2)
        handover.say(AGENT, conversation, "w1", "Hello <!channel>, which *error* do you see?")
        said = maria.replies(thread, 3)[2]
        assert "Hello &lt;!channel&gt;, which *error* do you see?" in words(said)
        before = len(slack.workspace.by_bot(maria.direct, thread))
        maria.say("error 809", thread=thread)
        until(lambda: "error 809" in str(events(slack, conversation)), why="the words did not reach the conversation")
        assert len(slack.workspace.by_bot(maria.direct, thread)) == before


class TestChannels:
    def test_a_mention_is_answered_once_in_its_thread_although_two_events_come_of_it(self, slack: Office) -> None:
        maria, channel = slack.somebody("maria.santos"), slack.channel("help")
        thread = maria.mention(SET_UP, channel)
        (reply,) = maria.replies(thread, 1, channel)
        assert "[1]" in words(reply)
        assert "LT-" not in words(reply), "in a public place no device is named"
        maria.say("and on my phone?", channel, thread)
        maria.replies(thread, 2, channel)
        assert len(slack.workspace.by_bot(channel)) == 2

    def test_what_somebody_else_writes_in_the_thread_is_theirs_until_they_mention_us(self, slack: Office) -> None:
        maria, jonas, channel = slack.somebody("maria.santos"), slack.somebody("jonas.weber"), slack.channel("talk")
        thread = maria.mention(SET_UP, channel)
        maria.replies(thread, 1, channel)
        jonas.say("I have that too", channel, thread)
        jonas.mention("how do I set up the VPN?", channel, thread)
        jonas.replies(thread, 2, channel)
        assert len(slack.workspace.by_bot(channel)) == 2

    def test_somebody_elses_buttons_are_not_mine_to_press(self, slack: Office) -> None:
        maria, jonas, channel = slack.somebody("maria.santos"), slack.somebody("jonas.weber"), slack.channel("others")
        thread = maria.mention("How do I change my password on Windows?", channel)
        (reply,) = maria.replies(thread, 1, channel)
        jonas.press(channel, reply, "Yes")
        note = until(lambda: [one for one in slack.workspace.ephemerals if one["channel"] == channel], why="nothing is said")
        assert note[0]["user"] == jonas.id and "belong to the person who asked" in note[0]["text"]
        assert labels(reply), "the buttons are still the asker's"

    def test_what_is_not_for_everybody_goes_to_the_asker_alone_and_the_thread_says_so(self, slack: Office) -> None:
        maria, channel = slack.somebody("maria.santos"), slack.channel("open")
        thread = maria.mention("what is the status of my tickets?", channel)
        (note,) = maria.replies(thread, 1, channel)
        assert "direct message" in note["text"] and not labels(note)
        assert any("T-" in text for text in private(slack, maria))
        assert not any("T-1" in (words(one) or one["text"]) for one in slack.workspace.by_bot(channel))

    def test_a_private_answer_goes_on_in_the_direct_messages(self, slack: Office) -> None:
        jonas, channel = slack.somebody("jonas.weber"), slack.channel("open-too")
        thread = jonas.mention("what is the status of my tickets?", channel)
        jonas.replies(thread, 1, channel)
        answer = slack.workspace.by_bot(jonas.direct)[-1]
        root = answer.get("thread_ts", answer["ts"])
        jonas.say("thank you", thread=root)
        until(lambda: len(slack.workspace.thread(jonas.direct, root)) >= 3, why="it did not go on there")
        assert len(slack.workspace.by_bot(channel)) == 1


class TestListening:
    def test_a_sure_answer_is_given_where_it_is_listened_to_and_small_talk_is_left_alone(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        if LISTENED not in slack.workspace.channels:
            slack.channel("questions", LISTENED)
        maria.say("who is coming to lunch today, and where do we meet?", LISTENED)
        thread = maria.say(SET_UP, LISTENED)
        maria.replies(thread, 1, LISTENED)
        assert len(slack.workspace.by_bot(LISTENED)) == 1

    def test_a_quiet_channel_shows_the_answer_to_the_person_alone(self, slack: Office) -> None:
        jonas = slack.somebody("jonas.weber")
        if QUIET not in slack.workspace.channels:
            slack.channel("quiet", QUIET)
        thread = jonas.say(SET_UP, QUIET)
        shown = until(lambda: [one for one in slack.workspace.ephemerals if one["channel"] == QUIET and one["thread_ts"] == thread])
        assert shown[0]["user"] == jonas.id and labels(shown[0])
        assert slack.workspace.by_bot(QUIET) == []
        jonas.press(QUIET, {**shown[0]}, "Yes")
        until(lambda: [one for one in slack.workspace.ephemerals if one["channel"] == QUIET and one is not shown[0]], why="no second reply")

    def test_a_channel_that_is_not_listened_to_is_not_read(self, slack: Office) -> None:
        maria, channel = slack.somebody("maria.santos"), slack.channel("elsewhere")
        maria.say(SET_UP, channel)
        with slack.service.assistant.store.read() as unit:
            assert unit.inbox.standing()[0] == 0
        assert slack.workspace.by_bot(channel) == []

    def test_the_emoji_asks_for_help_with_a_message(self, slack: Office) -> None:
        maria, jonas, channel = slack.somebody("maria.santos"), slack.somebody("jonas.weber"), slack.channel("emoji")
        asked = maria.written(channel, "How do I change my password on a Mac?")
        jonas.react("thumbsup", channel, asked["ts"], maria.id)
        jonas.react("ask-it", channel, asked["ts"], maria.id)
        (reply,) = jonas.replies(asked["ts"], 1, channel)
        assert "[1]" in words(reply)


class TestOtherWaysIn:
    def test_the_pane_greets_offers_questions_shows_that_it_works_and_answers(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        thread = maria.open_pane({"channel_id": "C123", "team_id": "T0HOME"})
        assert "Maria" in words(maria.replies(thread)[0])
        begun = len(slack.workspace.pane)
        maria.say(VPN, thread=thread)
        maria.replies(thread, 2)
        kinds = [one.method for one in slack.workspace.pane if one.arguments["thread_ts"] == thread]
        assert kinds.count("setSuggestedPrompts") == 1 and "setStatus" in kinds and "setTitle" in kinds
        assert begun

    def test_the_command_with_words_is_answered_in_a_direct_message(self, slack: Office) -> None:
        jonas, channel = slack.somebody("jonas.weber"), slack.channel("anywhere")
        acked = jonas.command("how do I set up the VPN?", channel)
        assert "direct message" in str(acked.body)
        root = until(lambda: [one for one in slack.workspace.by_bot(jonas.direct) if one["text"].startswith("You asked: how do I set up the VPN")])[
            -1
        ]
        assert "[1]" in words(jonas.replies(root["ts"])[0])
        assert slack.workspace.by_bot(channel) == []

    def test_the_command_without_words_opens_the_form_and_the_form_asks(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        seen = len([one for one in slack.workspace.views.values() if one["callback_id"] == "ask"])
        maria.command()
        form = maria.modal("ask", seen)
        wrong = maria.submit(form, words="   ")
        assert wrong.body["response_action"] == "errors" and "words" in wrong.body["errors"]
        assert maria.submit(form, words="How do I add the *printer* on floor 2?").status == 200
        root = until(lambda: [one for one in slack.workspace.by_bot(maria.direct) if "printer" in one["text"] and "You asked" in one["text"]])[-1]
        maria.replies(root["ts"])

    def test_ask_it_about_this_brings_the_words_of_the_message_into_the_form(self, slack: Office) -> None:
        maria, channel = slack.somebody("maria.santos"), slack.channel("menu")
        message = maria.written(channel, "The VPN says &lt;error 809&gt;, see <https://x.test|this>")
        seen = len([one for one in slack.workspace.views.values() if one["callback_id"] == "ask"])
        maria.shortcut(channel, message)
        form = maria.modal("ask", seen)
        assert form["blocks"][0]["element"]["initial_value"] == "The VPN says <error 809>, see https://x.test"

    def test_home_shows_tickets_and_for_authors_gaps(self, slack: Office) -> None:
        people = slack.service.assistant.directory.people()
        author = next(one for one in people if one.is_author)
        other = slack.somebody("maria.santos")
        assert "gaps" not in words(other.open_home()).lower()
        assert "My tickets" in words(other.workspace.homes[other.id])
        assert "This week's gaps" in words(slack.somebody(author.id).open_home())


class TestDeliveredAgain:
    def test_four_deliveries_in_any_order_are_one_turn(self, slack: Office) -> None:
        maria = slack.somebody("maria.santos")
        messages = [maria.written(maria.direct, text) for text in (VPN, "How do I add a printer?", "my mailbox is full")]
        payloads = [maria.message_event(one) for one in messages] * 4
        random.Random(6).shuffle(payloads)
        for number, payload in enumerate(payloads):
            assert slack.server.wait(slack.server.deliver("events_api", payload, number % 4)).status == 200
        for message in messages:
            maria.replies(message["ts"])
        slack.server.wait(_moment())
        assert [len(slack.workspace.by_bot(maria.direct, one["ts"])) for one in messages] == [1, 1, 1]

    def test_the_same_press_again_is_one_press(self, slack: Office) -> None:
        jonas = slack.somebody("jonas.weber")
        thread = jonas.say(SET_UP)
        (reply,) = jonas.replies(thread)
        block = next(one for one in reply["blocks"] if one["type"] == "actions")
        payload = jonas.press_payload(jonas.direct, dict(reply), block, block["elements"][0])
        for _ in range(4):
            slack.server.send("interactive", payload)
        jonas.replies(thread, 2)
        slack.server.wait(_moment())
        assert len(slack.workspace.by_bot(jonas.direct, thread)) == 2

    def test_what_machines_and_we_ourselves_say_is_not_answered(self, slack: Office) -> None:
        robot = Somebody(slack.server, slack.workspace.add_user("Robot", "", is_bot=True))
        thread = robot.say(VPN)
        message = {
            "type": "message",
            "channel": robot.direct,
            "channel_type": "im",
            "user": "U0FIRSTLINE",
            "bot_id": "B0FIRSTLINE",
            "text": VPN,
            "ts": "1.2",
        }
        slack.server.send("events_api", event_of("message", message))
        slack.server.wait(_moment())
        assert slack.workspace.by_bot(robot.direct, thread) == []


AGENT = "sam.oduya"


def slack_handover(office: Office):  # type: ignore[no-untyped-def]
    from assistant.agent.handover import Handover

    return Handover(office.service.assistant.parts)


def conversation_of(office: Office, person: Somebody, thread: str) -> str:
    with office.service.assistant.store.read() as unit:
        (found,) = unit.threads.of_place("slack", f"T0HOME/{person.direct}/{thread}/{person.id}")
    return found.conversation


def events(office: Office, conversation: str) -> list[object]:
    with office.service.assistant.store.read() as unit:
        return [one.body for one in unit.conversations.events(conversation)]


async def _moment() -> None:
    import asyncio

    await asyncio.sleep(1.5)
