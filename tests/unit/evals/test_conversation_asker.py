"""The simulated person: what they do with each kind of reply."""

from __future__ import annotations

import random
from typing import Any, cast

from evals.conversations.asker import Asker
from evals.conversations.case import Case
from evals.conversations.channel import Chat
from evals.conversations.stage import Stage
from evals.conversations.wording import Voice

YES_NO = ("yes", "no", "person")


def reply(
    kind: str, state: str, text: str = "Text.", choices: tuple[str, ...] = YES_NO, cites: tuple[str, ...] = (), **action: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "state": state,
        "text": text,
        "choices": [{"id": one, "label": one, "article": one.partition("=")[2]} for one in choices],
        "citations": [{"article": one} for one in cites],
        "action": {"id": "a_1", "tool": "unlock_account", **action} if action else None,
    }


class ScriptedChat:
    """Answers one after another, and remembers what was sent."""

    def __init__(self, *replies: dict[str, Any]) -> None:
        self.replies, self.sent = list(replies), list[str]()

    def say(self, text: str, device: str = "") -> dict[str, Any]:
        self.sent.append(f"{text}@{device}" if device else text)
        return self.replies.pop(0)

    def press(self, choice: str) -> dict[str, Any]:
        self.sent.append(f"[{choice}]")
        return self.replies.pop(0)

    def enter(self, action: str, code: str) -> dict[str, Any]:
        self.sent.append(f"code {code}")
        return {"type": "code", "reply": self.replies.pop(0)}

    def next_reply(self, seconds: float) -> dict[str, Any] | None:
        self.sent.append("waits")
        return self.replies.pop(0) if self.replies else None


class QuietStage:
    """Sends one code and notes what approvers and authors do."""

    def __init__(self) -> None:
        self.done = list[str]()

    def code_of(self, person: str, after: int) -> str:
        return "246810"

    def codes_sent(self, person: str) -> int:
        return 0

    def decide(self, person: str, action: str, approves: bool) -> str:
        self.done.append(f"{person} {approves}")
        return ""

    def withdraw(self, articles: tuple[str, ...]) -> None:
        self.done.append(f"withdrawn {articles[0]}")


CLOSED = reply("action", "resolved", choices=("person",))
ANSWER = reply("answer", "awaiting_confirmation", cites=("email-quota-full",))
FILED = reply("action", "filed", choices=("person",))


def play(case: dict[str, Any], *replies: dict[str, Any]) -> tuple[list[str], Asker]:
    made = {"title": "Mailbox", "group": "answerable", "person": "maria.santos", "says": "Full", "goal": {}, "expect": {}} | case
    chat, stage = ScriptedChat(*replies), QuietStage()
    asker = Asker(Case.model_validate(made), cast(Chat, chat), cast(Stage, stage), Voice(random.Random(1), "en", False))
    asker.play()
    return chat.sent + stage.done, asker


RIGHT = {"goal": {"articles": ["email-quota-full"]}}


def test_they_say_yes_when_the_answer_comes_from_what_solves_it() -> None:
    assert play(RIGHT, ANSWER, CLOSED)[0] == ["Full", "[yes]"]


def test_they_say_no_when_it_comes_from_something_else() -> None:
    assert play({}, ANSWER, FILED)[0] == ["Full", "[no]"]


def test_silent_people_go_away_after_right_and_wrong_answers_alike() -> None:
    assert play({**RIGHT, "silent": True}, ANSWER)[0] == ["Full"]
    assert play({"silent": True}, ANSWER)[0] == ["Full"]


def test_a_wrong_answer_makes_them_say_what_they_know_before_they_say_no() -> None:
    sent, _ = play({"knows": {"details": ["It is the archive"]}}, ANSWER, ANSWER, FILED)
    assert sent == ["Full", "It is the archive", "[no]"]


def test_they_pick_the_topic_that_they_mean_from_a_list() -> None:
    asked = reply("clarification", "clarifying", choices=("topic:0=printing-problems", "topic:1=email-quota-full", "file"))
    assert play(RIGHT, asked, ANSWER, CLOSED)[0] == ["Full", "[topic:1=email-quota-full]", "[yes]"]


def test_they_name_their_system_when_they_are_asked_for_it() -> None:
    asked = reply("clarification", "clarifying", choices=("platform:ios", "platform:android"))
    assert play({**RIGHT, "knows": {"platform": "android"}}, asked, ANSWER, CLOSED)[0] == ["Full", "[platform:android]", "[yes]"]


def test_they_say_more_once_and_then_take_the_way_out_that_is_theirs() -> None:
    nothing = reply("abstention", "clarifying", choices=("file", "person"))
    offered = reply("abstention", "offering_ticket", choices=("file", "not_now", "person"))
    knows = {"details": ["On the web"]}
    assert play({"knows": knows}, nothing, offered, FILED)[0] == ["Full", "On the web", "[file]"]
    assert play({"knows": knows, "gives_up": "person"}, nothing, offered, FILED)[0] == ["Full", "On the web", "[person]"]
    assert play({"knows": knows, "gives_up": "leave"}, nothing, offered)[0] == ["Full", "On the web"]


def test_they_ask_in_words_for_what_no_button_offers() -> None:
    nothing = reply("abstention", "clarifying", choices=())
    assert play({}, nothing, FILED)[0] == ["Full", "Please open a ticket for this."]


def test_people_give_up_when_their_patience_ends() -> None:
    chatter = [reply("smalltalk", "open", choices=("person",)) for _ in range(10)]
    details = {"details": [f"more {number}" for number in range(10)]}
    sent, _ = play({"knows": details, "patience": 2, "gives_up": "leave"}, *chatter)
    assert sent == ["Full", "more 0", "more 1"]


def test_they_press_the_card_that_they_want_and_leave_every_other() -> None:
    card = reply("action", "confirming_action", choices=("do:a_1", "drop:a_1"), needs="press", status="proposed")
    left = reply("action", "abandoned", needs="", status="cancelled")
    done = reply("action", "awaiting_confirmation", needs="", status="done")
    assert play({}, card, left)[0] == ["Full", "[drop:a_1]"]
    assert play({"presses": ["unlock_account"], "goal": {"action": "unlock_account"}}, card, done, CLOSED)[0] == ["Full", "[do:a_1]", "[yes]"]


def test_they_wait_for_an_action_that_is_being_carried_out() -> None:
    card = reply("action", "confirming_action", choices=("do:a_1",), needs="press", status="proposed")
    running = reply("action", "acting", choices=("person",), needs="", status="ready")
    done = reply("action", "awaiting_confirmation", choices=("undo:a_1", *YES_NO), needs="", status="done")
    case = {"presses": ["unlock_account"], "then": [{"presses": "do"}, {"presses": "undo"}]}
    sent, _ = play(case, card, running, done, reply("action", "awaiting_confirmation", needs="", status="done", reverts="a_0"))
    assert sent == ["Full", "[do:a_1]", "waits", "[undo:a_1]"]


def test_the_code_is_read_from_the_second_channel_or_is_wrong_or_does_not_come() -> None:
    card = reply("action", "acting", needs="code", status="challenged")
    done = reply("action", "awaiting_confirmation", needs="", status="done")
    goal = {"goal": {"action": "unlock_account"}}
    assert play(goal, card, reply("action", "acting", needs="", status="ready"), done, CLOSED)[0] == ["Full", "code 246810", "waits", "[yes]"]
    assert play({**goal, "code": "wrong"}, card, reply("action", "acting", needs="code", status="challenged"))[0] == ["Full", "code 000000"]
    assert play({**goal, "code": "none"}, card)[0] == ["Full"]


def test_approvers_decide_in_their_order_and_nobody_else_does() -> None:
    asked = reply("approval", "acting", needs="approval", status="awaiting")
    done = reply("action", "awaiting_confirmation", needs="", status="done")
    case = {"goal": {"action": "unlock_account"}, "approvers": {"nils.forsberg": "approves", "rachel.thornton": "refuses"}}
    sent, asker = play(case, asked, done, CLOSED)
    assert sent == ["Full", "waits", "[yes]", "nils.forsberg True", "rachel.thornton False"]
    assert [line.text for line in asker.lines if line.who == "approver"] == ["nils.forsberg approves", "rachel.thornton refuses"]
    assert play({**case, "approvers": {}}, asked)[0] == ["Full"]


def test_what_they_do_of_their_own_accord_waits_for_the_reply_that_it_belongs_to() -> None:
    hello = reply("clarification", "clarifying", choices=())
    then = [{"after": "answer", "withdraws": ["email-quota-full"], "says": "And the archive?", "device": "PH-0931"}, {"leaves": True}]
    case = {"knows": {"details": ["In Outlook"]}, "then": then}
    sent, _ = play(case, hello, ANSWER, ANSWER)
    assert sent == ["Full", "In Outlook", "And the archive?@PH-0931", "withdrawn email-quota-full"]


def test_they_try_again_once_after_an_error() -> None:
    error = reply("error", "open", choices=("retry", "person"))
    assert play({"gives_up": "person"}, error, error, FILED)[0] == ["Full", "[retry]", "[person]"]


def test_words_that_they_wanted_to_hear_are_enough() -> None:
    status = reply("status", "open", "Ledgerline is degraded.", choices=("person",))
    assert play({"goal": {"told": ["degraded"]}}, status)[0] == ["Full"]


def test_somebody_who_wanted_nothing_goes_away_without_a_ticket() -> None:
    assert play({"goal": {"nothing": True}}, reply("abstention", "clarifying", choices=("file",)))[0] == ["Full"]


def test_they_take_what_is_offered_beside_an_answer_when_that_is_what_they_want() -> None:
    beside = reply("answer", "awaiting_confirmation", choices=("show:a_1", *YES_NO), cites=("other-article",))
    card = reply("action", "confirming_action", choices=("do:a_1", "drop:a_1"), needs="press", status="proposed")
    done = reply("action", "awaiting_confirmation", needs="", status="done")
    case = {"goal": {"action": "unlock_account"}, "presses": ["unlock_account"]}
    assert play(case, beside, card, done, CLOSED)[0] == ["Full", "[show:a_1]", "[do:a_1]", "[yes]"]


def test_every_line_says_at_which_turn_it_was_and_what_the_service_says_itself() -> None:
    answer = reply("answer", "awaiting_confirmation", "Delete old mail. [1]\n\nDid this solve it?", cites=("email-quota-full",))
    _, asker = play(RIGHT, answer, CLOSED)
    assert [(line.turn, line.who) for line in asker.lines] == [(1, "person"), (1, "firstline"), (2, "person"), (2, "firstline")]
    assert asker.lines[1].own == "Did this solve it?"
    assert asker.lines[2].text == "[yes]"
