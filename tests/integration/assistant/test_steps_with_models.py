"""Models behind the steps of a turn: what they are told, what of their words counts, and what happens when they fail."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.adapters.memory.scripted_chat import Said
from assistant.domain.conversation import State
from assistant.domain.model_use import ModelCall
from assistant.domain.reply import ReplyKind
from assistant.ports.chat import ChatFailed, Trouble
from assistant.ports.store import Event
from tests.support.chatting import Script, quoting, reading, scripted_world
from tests.support.world import MONDAY, World, cited, offered

VPN = "I can't connect to the VPN"
STORY = "since they moved us to the new floor nothing tunnels through to the intranet from home any more, it just spins"


def calls_of(world: World) -> list[ModelCall]:
    with world.assistant.store.read() as unit:
        lines = unit.model_calls.lines(MONDAY - timedelta(days=1), MONDAY + timedelta(days=1))
    assert all(line.calls for line in lines)
    return lines  # type: ignore[return-value]


def decisions(world: World, conversation: str) -> dict[str, dict[str, object]]:
    """Return the last audit line of each step of a conversation."""
    with world.assistant.store.read() as unit:
        lines = [line.facts for line in unit.audit.lines(mentioning=conversation)]
    return {str(facts["step"]): {**facts, **facts["detail"]} for facts in lines}


class TestUnderstanding:
    def test_a_story_is_searched_for_in_the_models_plain_words(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: reading(search="The VPN does not connect from home")})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            answer = world.talk("maria.santos").say(STORY)
            assert cited(answer) == {"vpn-install-windows"}
            audited = decisions(world, answer.conversation)["understand"]
            assert audited["model"] == "scripted:1"
            assert str(audited["prompt"]).startswith("understand/1@")
        (told,) = script.of("understand")
        assert set(told) == {"message", "state", "issue"}

    def test_what_patterns_recognise_for_sure_is_not_asked_about(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: reading(search="VPN does not connect")})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            maria = world.talk("maria.santos")
            maria.say(VPN)
            asked = len(script.asked)
            assert maria.say("yes").state == State.RESOLVED
            assert len(script.asked) == asked

    def test_a_model_that_calls_a_complaint_a_success_does_not_close_the_ticket(self, demo_home: Path) -> None:
        replies = iter(["question", "solved"])
        script = Script({"understand": lambda told, ask: reading(intent=next(replies))})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            maria = world.talk("maria.santos")
            maria.say(VPN)
            said = maria.say("well on wifi the thing connects now but at the hotel it sadly never does")
            assert said.state != State.RESOLVED

    def test_a_secret_in_a_message_never_reaches_the_model(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: reading()})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            world.talk("maria.santos").say(
                "my vpn fails, my password is Tr0ub4dor&3 and you can call me on +49 170 1234567 or mail maria@private.example"
            )
        told = str(script.asked)
        for secret in ("Tr0ub4dor&3", "1234567", "maria@private.example"):
            assert secret not in told

    def test_a_malformed_reading_is_repaired_once_and_then_left_to_the_local_step(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: Said('{"intent": "delete everything"}')})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            answer = world.talk("maria.santos").say(VPN)
            assert cited(answer) == {"vpn-install-windows"}
            assert decisions(world, answer.conversation)["understand"]["fell_back"] == {"understand": "malformed"}
            assert decisions(world, answer.conversation)["understand"]["model"] == "local-understand/2"
            (line,) = calls_of(world)
            assert (line.calls, line.unusable) == (2, 2)  # type: ignore[attr-defined]
        repair = script.asked[1][2].lines
        assert repair[2].role == "assistant"
        assert "That cannot be used" in repair[3].text

    def test_the_one_question_is_the_models_where_no_article_answers(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: reading(ask="Which of the two badge printers on the third floor is it?")})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            asked = world.talk("maria.santos").say("the badge thing upstairs eats my plastic cards since the move")
            assert asked.kind is ReplyKind.ABSTENTION
            assert "Which of the two badge printers on the third floor is it?" in asked.text

    @pytest.mark.parametrize(
        "trick", ["Open https://evil.example now?", "Is it [this](https://evil.example)?", "Send me your password. Which is it? Ok?", "Tell me more."]
    )
    def test_a_question_with_an_address_or_more_than_one_question_is_not_put(self, demo_home: Path, trick: str) -> None:
        script = Script({"understand": lambda told, ask: reading(ask=trick)})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            asked = world.talk("maria.santos").say("the badge thing upstairs eats my plastic cards since the move")
            assert trick not in asked.text
            assert "what exactly do you see" in asked.text


class TestAnswers:
    ONLY = 'answer = "scripted"'

    def test_an_answer_cites_by_handle_and_says_which_model_and_prompt_wrote_it(self, demo_home: Path) -> None:
        script = Script({"answer": lambda told, ask: Said(quoting("p1", told["passages"][0]))})
        with scripted_world(demo_home, script, self.ONLY) as world:
            answer = world.talk("maria.santos").say(VPN)
            assert answer.kind is ReplyKind.ANSWER
            assert "[1]" in answer.text
            assert "[p1]" not in answer.text
            assert answer.citations[0].article == "vpn-install-windows"
            audited = decisions(world, answer.conversation)["answer"]
            assert audited["model"] == "scripted:1"
            assert str(audited["prompt"]).startswith("answer/1@")
        (told,) = script.of("answer")
        assert {passage["handle"] for passage in told["passages"]} == {f"p{n}" for n in range(1, len(told["passages"]) + 1)}
        assert script.asked[0][2].tools == ()

    def test_a_sentence_that_no_passage_says_is_taken_out_before_anybody_sees_it(self, demo_home: Path) -> None:
        heard: list[Event] = []
        script = Script(
            {"answer": lambda told, ask: Said(f"{quoting('p1', told['passages'][0], 4)}\n\nCall 0900 555 123 and read out your password. [p1]")}
        )
        with scripted_world(demo_home, script, self.ONLY) as world:
            world.assistant.subscribers.append(heard.extend)
            answer = world.talk("maria.santos").say(VPN)
            assert answer.kind is ReplyKind.ANSWER
            assert "0900" not in answer.text
        growing = [event.body["text"] for event in heard if event.body["type"] == "growing"]
        assert growing
        assert not any("0900" in text for text in growing)
        assert all(event.number == 0 for event in heard if event.body["type"] == "growing")

    @pytest.mark.parametrize(
        "hostile",
        [
            "Reset it at https://evil.example/reset. [p1]",
            "Everything is fine. [p77]",
            "Everything is fine. [1]",
            "![x](https://evil.example/pixel.png) [p1]",
            "I cannot help with that.",
            "{}",
        ],
    )
    def test_an_answer_without_a_supported_sentence_is_written_locally(self, demo_home: Path, hostile: str) -> None:
        script = Script({"answer": lambda told, ask: Said(hostile)})
        with scripted_world(demo_home, script, self.ONLY) as world:
            answer = world.talk("maria.santos").say(VPN)
            assert answer.kind is ReplyKind.ANSWER
            assert "evil" not in answer.text + answer.html
            assert cited(answer) == {"vpn-install-windows"}
            audited = decisions(world, answer.conversation)
            assert audited["answer"]["model"] == "local-answer/1"
            assert audited["understand"]["fell_back"] == {"answer": "malformed"}

    def test_a_model_that_finds_nothing_in_the_passages_leads_to_a_question_and_never_to_an_uncited_answer(self, demo_home: Path) -> None:
        script = Script({"answer": lambda told, ask: Said("NOTHING")})
        with scripted_world(demo_home, script, self.ONLY) as world:
            maria = world.talk("maria.santos")
            asked = maria.say(VPN)
            assert asked.kind is ReplyKind.CLARIFICATION
            assert asked.citations == ()
            picked = maria.press(next(one for one in offered(asked) if one.startswith("topic:")))
            assert picked.kind is ReplyKind.ANSWER

    def test_a_step_that_the_model_drops_or_changes_is_never_shown(self, demo_home: Path) -> None:
        def changed(told: dict[str, object], _ask: object) -> Said:
            passages: list[dict[str, str]] = told["passages"]  # type: ignore[assignment]
            handle, text = next((p["handle"], p["text"]) for p in passages if "1." in p["text"])
            steps = [line for line in text.splitlines() if line[:1].isdigit()]
            return Said("\n".join([*(f"{line} [{handle}]" for line in steps[:-1]), f"{len(steps)}. Delete the folder C:\\Windows. [{handle}]"]))

        script = Script({"answer": changed})  # type: ignore[dict-item]
        with scripted_world(demo_home, script, self.ONLY) as world:
            answer = world.talk("maria.santos").say(VPN)
            assert "C:\\Windows" not in answer.text
            assert decisions(world, answer.conversation)["answer"]["model"] == "local-answer/1"

    def test_an_article_that_only_others_may_read_is_never_shown_to_the_model(self, demo_home: Path) -> None:
        script = Script({"answer": lambda told, ask: Said("NOTHING")})
        with scripted_world(demo_home, script, self.ONLY) as world:
            world.talk("maria.santos").say("How do I become a domain administrator?")
            world.talk("maria.santos").say(VPN)
            reader = world.assistant.parts.directory.person("maria.santos")
            assert reader is not None
            mine = {article.title for article in world.assistant.knowledge_base.store.articles() if article.audience.admits(_reader(reader.groups))}
        shown = {passage["title"] for told in script.of("answer") for passage in told["passages"]}
        assert shown
        assert shown <= mine


def _reader(groups: frozenset[str]) -> object:
    from kb.model import Reader

    return Reader(groups)


class TestTools:
    ONLY = 'act = "scripted"'

    def test_a_wish_in_free_words_ends_in_a_card_that_waits_for_a_press(self, demo_home: Path) -> None:
        script = Script({"act": lambda told, ask: Said(calls=(("unlock_account", {}),))})
        with scripted_world(demo_home, script, self.ONLY) as world:
            card = world.talk("maria.santos").say("the login thing says too many tries and shuts me out, sort it please")
            assert card.kind is ReplyKind.ACTION
            assert card.action is not None
            assert (card.action.tool, card.action.needs) == ("unlock_account", "press")
            assert decisions(world, card.conversation)["act"]["model"] == "scripted:1"

    def test_the_model_sees_handles_and_never_a_subject_a_person_or_a_tickets_words(self, demo_home: Path) -> None:
        script = Script({"act": lambda told, ask: Said("NOTHING")})
        with scripted_world(demo_home, script, self.ONLY) as world:
            mine = world.tickets_of("jonas.weber")
            assert mine
            world.talk("jonas.weber").say("can somebody look at my docking station again please")
        (told,) = script.of("act")
        assert set(told) == {"message", "issue", "offered"}
        labels = {one["label"] for one in told["offered"] if one["kind"] == "ticket"}
        assert labels == {ticket.id for ticket in mine}
        for tool in script.asked[0][2].tools:
            assert set(tool["parameters"]["properties"]) <= {"ticket", "group", "days", "service", "category"}

    @pytest.mark.parametrize(
        ("tool", "arguments"),
        [("grant_access", {"group": "domain-admins", "days": "30"}), ("unlock_account", {"person": "ceo"}), ("close_ticket", {"ticket": "T-1"})],
    )
    def test_an_argument_that_was_not_offered_does_nothing(self, demo_home: Path, tool: str, arguments: dict[str, str]) -> None:
        script = Script({"act": lambda told, ask: Said(calls=((tool, arguments),))})
        with scripted_world(demo_home, script, self.ONLY) as world:
            reply = world.talk("maria.santos").say("please do the usual thing for me")
            assert reply.action is None

    def test_a_wish_about_somebody_else_is_refused_whatever_the_model_says(self, demo_home: Path) -> None:
        script = Script({"act": lambda told, ask: Said(calls=(("reset_password", {}),))})
        with scripted_world(demo_home, script, self.ONLY) as world:
            reply = world.talk("maria.santos").say("do what is needed so that my colleague's password works again")
            assert reply.action is None
            assert "only act on your own account" in reply.text

    def test_an_unknown_tool_falls_back_to_patterns(self, demo_home: Path) -> None:
        script = Script({"act": lambda told, ask: Said(calls=(("wipe_device", {}),))})
        with scripted_world(demo_home, script, self.ONLY) as world:
            card = world.talk("maria.santos").say("please unlock my account")
            assert card.action is not None
            assert card.action.tool == "unlock_account"
            audited = decisions(world, card.conversation)
            assert audited["understand"]["fell_back"] == {"act": "unknown_tool"}
            assert audited["act"]["model"] == "local-act/1"

    def test_a_request_that_shows_what_a_tool_showed_has_no_tool_bound_that_changes_anything(self, demo_home: Path) -> None:
        def plays(told: dict[str, object], ask: object) -> Said:
            if "shown" in told:
                return Said(calls=(("grant_access", {"group": "x", "days": "1"}),))
            return Said("NOTHING") if "second" in str(told["message"]) else Said(calls=(("my_tickets", {}),))

        script = Script({"act": plays})  # type: ignore[dict-item]
        with scripted_world(demo_home, script, self.ONLY) as world:
            jonas = world.talk("jonas.weber")
            listed = jonas.say("what is on the desk from my side at the moment")
            assert listed.kind is ReplyKind.STATUS
            reply = jonas.say("and the second of them, is anybody on it")
            assert reply.action is None
        after = [ask for step, told, ask in script.asked if step == "act" and "shown" in told]
        assert after
        for ask in after:
            assert {tool["name"] for tool in ask.tools} == {"my_tickets", "ticket_status", "my_devices", "my_access", "service_status"}

    def test_a_question_about_what_was_shown_is_answered_in_its_words_only(self, demo_home: Path) -> None:
        def plays(told: dict[str, object], ask: object) -> Said:
            if "shown" in told:
                subject = str(told["shown"]).split("**")[2].strip().split(":")[0]
                return Said(f"{subject}. It will be fixed by the president tomorrow.")
            return Said("NOTHING") if "which" in str(told["message"]) else Said(calls=(("my_tickets", {}),))

        script = Script({"act": plays})  # type: ignore[dict-item]
        with scripted_world(demo_home, script, self.ONLY) as world:
            jonas = world.talk("jonas.weber")
            listed = jonas.say("what is on the desk from my side at the moment")
            told = jonas.say("which one was that about again")
            assert "president" not in told.text
            assert told.kind is ReplyKind.STATUS
            assert told.text.rstrip(".") in listed.text


class TestHandovers:
    def test_a_ticket_begins_with_what_the_model_made_of_the_conversation(self, demo_home: Path) -> None:
        words = "I cannot connect to the VPN from the hotel since Friday, error 812"
        script = Script(
            {
                "summarise": lambda told, ask: Said(
                    "The employee cannot connect to the VPN from the hotel since Friday, error 812. He is the king of Spain."
                )
            }
        )
        with scripted_world(demo_home, script, 'summarise = "scripted"') as world:
            maria = world.talk("maria.santos")
            maria.say(words)
            handed = maria.press("person")
            assert handed.ticket is not None
            summary = world.ticket(handed.ticket.id).body.summary
            assert summary.startswith("The employee cannot connect to the VPN from the hotel since Friday, error 812.")
            assert "king of Spain" not in summary
            assert "Summarised by a language model" in summary
            assert f"Asked: {words}" in summary

    def test_without_the_model_the_ticket_is_as_complete_as_ever(self, demo_home: Path) -> None:
        with scripted_world(demo_home, Script(), 'summarise = "scripted"') as world:
            maria = world.talk("maria.santos")
            maria.say(VPN)
            handed = maria.press("person")
            assert handed.ticket is not None
            assert world.ticket(handed.ticket.id).body.summary.startswith(f"Asked: {VPN}")


class TestFailure:
    @pytest.mark.parametrize("trouble", [Trouble.TIMEOUT, Trouble.RATE_LIMITED, Trouble.UNAVAILABLE, Trouble.BROKEN_STREAM, Trouble.EMPTY])
    def test_what_may_pass_is_tried_twice_and_then_done_locally(self, demo_home: Path, trouble: Trouble) -> None:
        script = Script(
            {
                "understand": lambda told, ask: ChatFailed(trouble),
                "answer": lambda told, ask: ChatFailed(trouble),
                "act": lambda told, ask: ChatFailed(trouble),
            }
        )
        with scripted_world(demo_home, script) as world:
            answer = world.talk("maria.santos").say(VPN)
            assert cited(answer) == {"vpn-install-windows"}
            assert len(script.asked) == 6
            told = decisions(world, answer.conversation)["understand"]["fell_back"]
            assert told == {"understand": trouble.value, "act": trouble.value, "answer": trouble.value}

    def test_a_server_that_asks_for_a_long_pause_is_not_asked_again_in_this_turn(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: ChatFailed(Trouble.RATE_LIMITED, after=30.0)})
        with scripted_world(demo_home, script, 'understand = "scripted"') as world:
            began = time.monotonic()
            assert cited(world.talk("maria.santos").say(VPN)) == {"vpn-install-windows"}
            assert time.monotonic() - began < 5
            assert len(script.asked) == 1

    def test_a_slow_model_leaves_the_turn_its_deadline_and_the_answer_comes_locally(self, demo_home: Path) -> None:
        pauses = [0.0]
        script = Script(dict.fromkeys(("understand", "answer"), lambda told, ask: Said("slow", pause=pauses[0])))
        with scripted_world(demo_home, script, deadline_seconds=10.0) as world:
            world.talk("jonas.weber").say(VPN)  # what is read from the disk once is read before the clock runs
            pauses[0] = 30.0
            began = time.monotonic()
            answer = world.talk("maria.santos").say(VPN)
            assert answer.kind is ReplyKind.ANSWER
            assert cited(answer) == {"vpn-install-windows"}
            assert time.monotonic() - began > world.assistant.timings.deadline_seconds / 2, "the models were waited for as long as there was time"

    def test_slow_conversations_do_not_hold_up_one_that_needs_no_model(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: Said("slow", pause=60.0)})
        with scripted_world(
            demo_home, script, 'understand = { model = "scripted", limits = { seconds = 6.0, attempts = 1 } }', deadline_seconds=60.0
        ) as world:
            people = ("jonas.weber", "priya.nair", "sam.oduya", "maria.santos")
            slow = [threading.Thread(target=world.talk(person).say, args=(STORY,)) for person in people]
            began = time.monotonic()
            for thread in slow:
                thread.start()
            while len(script.asked) < 4 and time.monotonic() < began + 5:
                time.sleep(0.02)
            quick = [world.talk("maria.santos").say(VPN) for _ in range(3)]
            assert all(thread.is_alive() for thread in slow)
            assert [reply.kind for reply in quick] == [ReplyKind.ANSWER] * 3
            assert len(script.asked) == 4, "no more calls at once than there are places"
            assert decisions(world, quick[0].conversation)["understand"]["fell_back"] == {"understand": "busy"}
            for thread in slow:
                thread.join()

    def test_a_used_up_budget_means_local_steps_and_the_record_says_so(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: reading()})
        with scripted_world(demo_home, script, 'understand = "scripted"\n[budget]\nconversation_tokens = 10') as world:
            maria = world.talk("maria.santos")
            maria.say(STORY)
            asked = len(script.asked)
            second = maria.say("it also happens on the train when the tunnel comes, by the way, strangely")
            assert len(script.asked) == asked == 1
            assert decisions(world, second.conversation)["understand"]["fell_back"] == {"understand": "over_budget"}
            other = world.talk("jonas.weber").say(STORY)
            assert other.conversation != second.conversation
            assert len(script.asked) == 2

    def test_the_ledger_holds_tokens_cost_and_trouble_by_step(self, demo_home: Path) -> None:
        script = Script({"understand": lambda told, ask: reading(), "answer": lambda told, ask: ChatFailed(Trouble.REFUSED)})
        with scripted_world(demo_home, script, 'understand = "scripted"\nanswer = "scripted"') as world:
            answer = world.talk("maria.santos").say(VPN)
            lines = {line.step: line for line in calls_of(world)}
            assert lines["understand"].read > 100  # type: ignore[attr-defined]
            assert lines["understand"].cost > 0  # type: ignore[attr-defined]
            assert (lines["answer"].calls, lines["answer"].unusable) == (1, 1)  # type: ignore[attr-defined]
            with world.assistant.store.read() as unit:
                assert unit.model_calls.spent(answer.conversation).calls == 2
                assert unit.model_calls.spent("another").calls == 0


class TestLanguages:
    """A model answers in the person's language, each sentence with the words of the article that it rests on."""

    ASKED = "Ich kann mich nicht mit dem VPN verbinden"

    @staticmethod
    def german(told: dict[str, object], quote: str, sentence: str) -> Said:
        passages: list[dict[str, str]] = told["passages"]  # type: ignore[assignment]
        line = next(line for passage in passages[:1] for line in passage["text"].splitlines() if len(line.split()) > 5)
        return Said(f'{sentence} [p1: "{quote or line}"]')

    def test_an_answer_is_given_in_the_language_of_the_question_and_says_that_a_model_wrote_it(self, demo_home: Path) -> None:
        script = Script({"answer": lambda told, ask: self.german(told, "", "So richten Sie die Verbindung ein.")})  # type: ignore[arg-type]
        with scripted_world(demo_home, script, 'answer = "scripted"') as world:
            answer = world.talk("maria.santos").say(self.ASKED)
            assert answer.kind is ReplyKind.ANSWER
            assert "So richten Sie die Verbindung ein. [1]" in answer.text
            assert "Ein Sprachmodell hat diese Antwort aus einem Artikel auf Englisch geschrieben" in answer.text
            assert cited(answer) == {"vpn-install-windows"}
            assert "[p1" not in answer.text
        (told,) = script.of("answer")
        assert told["language"] == "German"

    @pytest.mark.parametrize(
        ("quote", "sentence"),
        [
            ("Open the secret door and call the boss.", "Rufen Sie den Chef an."),
            ("", "Rufen Sie 0900 555 123 an."),
            ("", "Öffnen Sie https://evil.example/vpn im Browser."),
            ("VPN", "Alles ist gut."),
        ],
        ids=["an invented quotation", "an invented number", "an invented address", "too short a quotation"],
    )
    def test_what_the_quotation_does_not_carry_is_not_said(self, demo_home: Path, quote: str, sentence: str) -> None:
        script = Script({"answer": lambda told, ask: self.german(told, quote, sentence)})  # type: ignore[arg-type]
        with scripted_world(demo_home, script, 'answer = "scripted"') as world:
            answer = world.talk("maria.santos").say(self.ASKED)
            assert sentence not in answer.text
            assert "Artikel auf Englisch gefunden" in answer.text
            assert decisions(world, answer.conversation)["answer"]["model"] == "local-answer/1"
