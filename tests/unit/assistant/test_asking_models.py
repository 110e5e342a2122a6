"""How a step asks its model: attempts, repair, places, budget, and the ledger of it all."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assistant.adapters.memory.scripted_chat import Said, ScriptedChat
from assistant.agent.asking import PACKAGED, Lane, Limits, Prompt, PromptError, StepModel, Unusable, json_object, read_prompt
from assistant.domain.model_use import Account, Budget, Price, Spent
from assistant.ports.chat import Answered, Ask, ChatFailed, Line, Trouble, Usage

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASK = Ask((Line("system", "Say yes."), Line("user", "{}")))
SAID = Said("yes", usage=Usage(1_000, 500))


def step(
    *replies: Said | ChatFailed, attempts: int = 2, budget: Budget = Budget(), lane: Lane | None = None
) -> tuple[StepModel, ScriptedChat, list[float]]:
    chat, waits = ScriptedChat(list(replies)), list[float]()
    prompt = Prompt("answer", "1", "says yes", "Say yes.")
    limits = Limits(5.0, attempts)
    return StepModel("answer", chat, prompt, limits, Price(1.0, 10.0), budget, lane or Lane(1), lambda: NOON, waits.append), chat, waits


def is_yes(answered: Answered) -> str:
    if answered.text != "yes":
        raise Unusable("it is not yes")
    return answered.text


def test_a_usable_reply_stands_in_the_ledger_with_its_cost() -> None:
    model, _, _ = step(SAID)
    account = Account()
    assert model.ask(account, ASK, is_yes) == "yes"
    (call,) = account.calls
    assert (call.step, call.model, call.at, call.read, call.written, call.trouble) == ("answer", "scripted:1", NOON, 1_000, 500, "")
    assert call.cost == pytest.approx(0.006)
    assert account.done_by == {"answer": ("scripted:1", model.prompt.identity)}
    assert account.fell_back == {}


def test_a_turn_that_is_tried_again_asks_nothing_twice() -> None:
    model, chat, _ = step(SAID)
    account = Account()
    assert [model.ask(account, ASK, is_yes) for _ in range(3)] == ["yes"] * 3
    assert len(chat.asked) == 1
    failing, chat, _ = step(ChatFailed(Trouble.REFUSED))
    for _ in range(2):
        with pytest.raises(ChatFailed):
            failing.ask(account, Ask((Line("user", "other"),)), is_yes)
    assert len(chat.asked) == 1


@pytest.mark.parametrize("trouble", [one for one in Trouble if one.passes])
def test_what_may_pass_is_tried_again(trouble: Trouble) -> None:
    model, chat, waits = step(ChatFailed(trouble), SAID)
    account = Account()
    assert model.ask(account, ASK, is_yes) == "yes"
    assert [call.trouble for call in account.calls] == [trouble.value, ""]
    assert (len(chat.asked), len(waits)) == (2, 1)


@pytest.mark.parametrize("trouble", [one for one in Trouble if not one.passes and one is not Trouble.MALFORMED])
def test_what_will_not_pass_is_not_tried_again(trouble: Trouble) -> None:
    model, chat, _ = step(ChatFailed(trouble), SAID)
    account = Account()
    with pytest.raises(ChatFailed):
        model.ask(account, ASK, is_yes)
    assert len(chat.asked) == 1
    assert account.fell_back == {"answer": trouble.value}


def test_a_reply_of_the_wrong_form_is_repaired_once_with_the_reason_and_then_given_up() -> None:
    model, chat, _ = step(Said("no"), SAID)
    assert model.ask(Account(), ASK, is_yes) == "yes"
    again = chat.asked[1].lines
    assert again[:2] == ASK.lines
    assert again[2] == Line("assistant", "no")
    assert "it is not yes" in again[3].text
    model, chat, _ = step(Said("no"), Said("never"), SAID)
    account = Account()
    with pytest.raises(ChatFailed) as failed:
        model.ask(account, ASK, is_yes)
    assert failed.value.trouble is Trouble.MALFORMED
    assert [call.trouble for call in account.calls] == ["malformed", "malformed"]


def test_a_repair_may_be_interrupted_and_still_counts_once() -> None:
    model, chat, _ = step(Said("no"), ChatFailed(Trouble.UNAVAILABLE), SAID)
    assert model.ask(Account(), ASK, is_yes) == "yes"
    assert len(chat.asked) == 3


@pytest.mark.parametrize(("after", "asked"), [(0.0, 2), (1.5, 2), (2.5, 1), (600.0, 1)])
def test_a_wish_to_wait_is_followed_as_long_as_a_turn_can_wait(after: float, asked: int) -> None:
    model, chat, waits = step(ChatFailed(Trouble.RATE_LIMITED, after=after), SAID)
    try:
        model.ask(Account(), ASK, is_yes)
    except ChatFailed:
        assert asked == 1
    assert len(chat.asked) == asked
    assert waits == ([after or 0.1] if asked == 2 else [])


def test_without_time_left_nothing_is_asked() -> None:
    model, chat, _ = step(SAID)
    account = Account(until=time.monotonic() + 0.1)
    with pytest.raises(ChatFailed) as failed:
        model.ask(account, ASK, is_yes)
    assert failed.value.trouble is Trouble.TIMEOUT
    assert (chat.asked, account.calls) == ([], [])


def test_no_more_calls_begin_than_there_are_places_and_each_place_comes_back() -> None:
    lane = Lane(1)
    assert lane.enter()
    model, chat, _ = step(SAID, lane=lane)
    with pytest.raises(ChatFailed) as failed:
        model.ask(Account(), ASK, is_yes)
    assert failed.value.trouble is Trouble.BUSY
    assert chat.asked == []
    lane.leave()
    for replies in ([SAID], [ChatFailed(Trouble.REFUSED)], [Said("no"), Said("no")]):
        model, _, _ = step(*replies, lane=lane)
        with contextlib.suppress(ChatFailed):
            model.ask(Account(), ASK, is_yes)
        assert lane.enter(), "the place came back"
        lane.leave()


@pytest.mark.parametrize(
    ("budget", "conversation", "day"),
    [
        (Budget(conversation_cost=1.0), Spent(1, 10, 1.0), Spent()),
        (Budget(conversation_tokens=10), Spent(1, 10, 0.0), Spent()),
        (Budget(day_cost=1.0), Spent(), Spent(9, 10, 1.5)),
        (Budget(day_tokens=10), Spent(), Spent(9, 10, 0.0)),
    ],
)
def test_a_used_up_budget_stops_calls_and_what_this_turn_spent_counts(budget: Budget, conversation: Spent, day: Spent) -> None:
    model, chat, _ = step(SAID, SAID, budget=budget)
    account = Account(conversation=conversation, day=day)
    with pytest.raises(ChatFailed) as failed:
        model.ask(account, ASK, is_yes)
    assert failed.value.trouble is Trouble.OVER_BUDGET
    fresh = Account()
    if not budget.allows(Spent(1, 1_500, 0.006), Spent(1, 1_500, 0.006)):
        model.ask(fresh, ASK, is_yes)
        with pytest.raises(ChatFailed):
            model.ask(fresh, Ask((Line("user", "another"),)), is_yes)
        assert len(chat.asked) == 1


def test_the_packaged_prompts_have_a_version_and_a_purpose_and_an_edit_changes_their_identity(tmp_path: Path) -> None:
    found = {path.stem: read_prompt(path) for path in PACKAGED.glob("*.j2")}
    assert set(found) == {"understand", "answer", "act", "summarise", "draft"}
    for name, prompt in found.items():
        assert prompt.identity.startswith(f"{name}/{prompt.version}@")
        assert prompt.purpose.endswith(".")
        assert "material" in prompt.text, "every prompt says that text is material and no instruction"
    edited = tmp_path / "answer.j2"
    edited.write_text(found["answer"].text.replace("plain", "PLAIN") + "\nBe brief.")
    assert read_prompt(edited).identity != found["answer"].identity


@pytest.mark.parametrize(
    ("content", "why"), [("Just words.", "does not begin"), ("{#- version: 1 -#}\n{#- purpose: x -#}\n{% if %}", "is no template")]
)
def test_a_prompt_that_cannot_be_used_is_refused(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "mine.j2"
    path.write_text(content)
    with pytest.raises(PromptError, match=why):
        read_prompt(path)
    with pytest.raises(PromptError, match="cannot be read"):
        read_prompt(tmp_path / "none.j2")


@pytest.mark.parametrize("text", ["", "yes", "[1]", "null", "{", '{"a": 1} and more', "[" * 50_000, "```json\n[]\n```"])
def test_what_is_no_json_object_is_unusable(text: str) -> None:
    with pytest.raises(Unusable):
        json_object(Answered(text))


def test_an_object_in_a_code_block_is_read() -> None:
    assert json_object(Answered('```json\n{"a": {"b": 1}}\n```')) == {"a": {"b": 1}}


def test_a_listener_hears_only_longer_views_of_an_answer_also_when_the_turn_is_tried_again() -> None:
    heard: list[str] = []
    account = Account(hear=heard.append)
    assert [account.tell(text) for text in ("One.", "One. Two.", "One. Two.", "One.", "Three. Four. Five.")] == [True, True, False, False, True]
    assert heard == ["One.", "One. Two.", "Three. Four. Five."]
    assert not Account().tell("nobody listens")
