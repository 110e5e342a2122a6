"""Every accepted message ends in one visible reply: when a step raises, when it hangs, when it is sent twice, and among threads."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.agent.state import Inbound
from assistant.agent.turn import UnknownConversation, UnknownPerson
from assistant.domain.conversation import Outcome, State
from assistant.domain.reply import Reply, ReplyKind
from assistant.domain.ticket import TicketStatus
from kb.model import Audience, Document, FailureClass
from kb.split import split
from tests.support.world import Talk, World, cited, offered, opened_world

VPN = "I can't connect to the VPN"
CAR = "How do I book a pool car for a customer visit?"


class Broken(RuntimeError):
    """What a test makes a step raise."""


def patched(monkeypatch: pytest.MonkeyPatch, target: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put a wrapper around a function or method that is named ``module:name`` or ``module:Class.name``."""
    module, _, name = target.partition(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    monkeypatch.setattr(owner, last, wrap(getattr(owner, last)))


def raising(monkeypatch: pytest.MonkeyPatch, target: str, call: int = 1) -> list[int]:
    """Make one call of a function raise; returns a list that fills with the calls so far."""
    calls: list[int] = []

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def once(*args: Any, **kwargs: Any) -> Any:
            calls.append(len(calls) + 1)
            if len(calls) == call:
                raise Broken(f"{target} is broken")
            return real(*args, **kwargs)

        return once

    patched(monkeypatch, target, wrap)
    return calls


STORE, KNOWLEDGE = "assistant.adapters.store", "assistant.adapters.knowledge:KnowledgeFromBase"
STEPS = [
    (f"{KNOWLEDGE}.embed", 1),
    (f"{KNOWLEDGE}.passages_for", 1),
    (f"{KNOWLEDGE}.passages_of", 1),
    (f"{KNOWLEDGE}.still_true", 1),
    (f"{STORE}.organisation:BuiltinDirectory.person", 2),
    (f"{STORE}.fleet:BuiltinFleet.devices_of", 1),
    (f"{STORE}.tickets:BuiltinDesk.find_open_like", 1),
    (f"{STORE}.tickets:BuiltinDesk.create", 1),
    (f"{STORE}.audit:SqlAudit.append", 1),
    (f"{STORE}.conversations:SqlConversations.save", 2),
    (f"{STORE}.conversations:SqlConversations.answer", 1),
    (f"{STORE}.conversations:SqlConversations.emit", 2),
    ("assistant.agent.steps.understand:LocalUnderstanding.understand", 1),
    ("assistant.agent.steps.answer:compose", 1),
    ("assistant.agent.steps.summarise:ticket_body", 1),
    ("assistant.agent.settle:Settler.settle", 1),
    ("assistant.agent.turn:look_up", 1),
    ("assistant.agent.turn:record_turn", 1),
    ("assistant.agent.turn:render", 1),
]


@pytest.mark.parametrize(("target", "call"), STEPS, ids=[target.partition(":")[2] for target, _ in STEPS])
def test_a_step_that_raises_ends_in_a_visible_error_and_try_again_answers(
    world: World, monkeypatch: pytest.MonkeyPatch, target: str, call: int
) -> None:
    calls = raising(monkeypatch, target, call)
    maria = world.talk("maria.santos")
    failed = maria.say(VPN)
    assert len(calls) >= call, "the step was not reached"
    assert failed.kind is ReplyKind.ERROR
    assert failed.reference.startswith("E-")
    assert failed.reference in failed.text
    assert (failed.state, offered(failed), failed.citations) == (State.OPEN, ["retry", "person"], ())
    assert world.tickets_of("maria.santos") == [], "nothing of the failed turn is left"
    assert [(intent.failure, intent.question) for intent in world.unresolved()] == [(FailureClass.ERROR, VPN)]
    with world.assistant.store.read() as unit:
        assert unit.conversations.pending() == []
        assert [event.body["type"] for event in unit.conversations.events(failed.conversation)] == ["message", "reply"]
        last = unit.audit.head()
    assert last is not None
    assert failed.reference in last.body
    again = maria.press("retry")
    assert (again.kind, cited(again)) == (ReplyKind.ANSWER, {"vpn-install-windows"})
    assert len(world.tickets_of("maria.santos")) == 1
    assert world.audit_faults() == []


def confirmed(talk: Talk) -> Reply:
    talk.say(VPN)
    return talk.press("yes")


def refused(talk: Talk) -> Reply:
    talk.say(VPN)
    return talk.press("no")


def filed(talk: Talk) -> Reply:
    talk.say(CAR)
    return talk.press("file")


LATER_STEPS = [
    (confirmed, State.RESOLVED, f"{STORE}.tickets:BuiltinDesk.change_status", 1),
    (confirmed, State.RESOLVED, "assistant.desk.requests:close", 1),
    (confirmed, State.RESOLVED, f"{STORE}.audit:SqlAudit.append", 2),
    (refused, State.AWAITING_CONFIRMATION, f"{KNOWLEDGE}.passages_for", 2),
    (filed, State.FILED, f"{STORE}.tickets:BuiltinDesk.file", 1),
    (filed, State.FILED, "kb.adapters.store.intents:SqlIntentLog.record", 1),
    (filed, State.FILED, f"{KNOWLEDGE}.exists_for_others", 1),
]


@pytest.mark.parametrize(
    ("scene", "state", "target", "call"), LATER_STEPS, ids=[f"{scene.__name__}-{target.rpartition('.')[2]}" for scene, _, target, _ in LATER_STEPS]
)
def test_try_again_does_what_failed_and_not_something_else(
    world: World, monkeypatch: pytest.MonkeyPatch, scene: Callable[[Talk], Reply], state: State, target: str, call: int
) -> None:
    undisturbed = scene(world.talk("priya.nair"))
    raising(monkeypatch, target, call)
    talk = world.talk("maria.santos")
    scene_ended = _last_after(scene, talk)
    failed = next(reply for reply in talk.replies if reply.kind is ReplyKind.ERROR)
    assert offered(failed) == ["retry", "person"]
    if scene_ended.kind is ReplyKind.ERROR:
        scene_ended = talk.press("retry")
    assert (scene_ended.kind, scene_ended.state) == (undisturbed.kind, state)
    assert len(world.tickets_of("maria.santos")) == 1
    with world.assistant.store.read() as unit:
        assert unit.conversations.pending() == []


def _last_after(scene: Callable[[Talk], Reply], talk: Talk) -> Reply:
    """Play a scene; when its first message fails, try it again before going on."""
    real = talk.say

    def patient(text: str, *, device: str = "") -> Reply:
        reply = real(text, device=device)
        return talk.press("retry") if reply.kind is ReplyKind.ERROR else reply

    talk.say = patient  # type: ignore[method-assign]
    return scene(talk)


def test_a_subscriber_that_raises_takes_no_reply_away(world: World) -> None:
    def stumble(events: object) -> None:
        raise Broken("nobody listens")

    heard: list[object] = []
    world.assistant.subscribers.extend([stumble, heard.extend])
    assert world.talk("maria.santos").say(VPN).kind is ReplyKind.ANSWER
    assert len(heard) == 2, "the other subscribers still hear both events"


class TestHanging:
    @pytest.fixture
    def world(self, demo_home: Path) -> Iterator[World]:
        with opened_world(demo_home) as world:
            world.talk("priya.nair").say("Hello")
            yield world

    @pytest.mark.parametrize(
        "target",
        [
            f"{KNOWLEDGE}.embed",
            f"{KNOWLEDGE}.passages_for",
            f"{STORE}.fleet:BuiltinFleet.devices_of",
            "assistant.agent.steps.understand:LocalUnderstanding.understand",
        ],
        ids=lambda target: target.rpartition(".")[2],
    )
    def test_a_step_that_hangs_ends_in_a_visible_error_at_the_deadline(self, world: World, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
        with hanging(monkeypatch, target) as release:
            maria = world.talk("maria.santos")
            began = time.monotonic()
            with hurrying(world):
                failed = maria.say(VPN)
            assert time.monotonic() - began < 3
            assert failed.kind is ReplyKind.ERROR
            release()
        assert cited(maria.press("retry")) == {"vpn-install-windows"}
        with world.assistant.store.read() as unit:
            kinds = [event.body["type"] for event in unit.conversations.events(failed.conversation)]
        assert kinds == ["message", "reply", "message", "reply"], "the late end of the hung turn adds nothing"
        assert len(world.tickets_of("maria.santos")) == 1

    @pytest.mark.parametrize("choice", ["person", "no"])
    def test_a_model_that_hangs_while_a_ticket_is_filed_blocks_nobody_else(self, world: World, monkeypatch: pytest.MonkeyPatch, choice: str) -> None:
        maria = world.talk("maria.santos")
        maria.say(VPN)
        with hanging(monkeypatch, f"{KNOWLEDGE}.embed", only_first=True) as release:
            began = time.monotonic()
            with hurrying(world):
                reply = maria.press(choice)
            assert time.monotonic() - began < 3
            assert reply.kind in (ReplyKind.ERROR, ReplyKind.ANSWER)
            assert world.talk("jonas.weber").say("What is the status of my ticket?").kind is ReplyKind.STATUS
            release()


@contextmanager
def hurrying(world: World) -> Iterator[None]:
    """Inside the block a turn has .7 s: too little for one that hangs, and not asked of one that works on a busy machine."""
    turns = world.assistant.turns
    parts = turns._parts
    turns._parts = replace(parts, timings=replace(parts.timings, deadline_seconds=0.7))
    try:
        yield
    finally:
        turns._parts = parts


class hanging:
    """Inside the block calls of a function wait until they are released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, target: str, only_first: bool = False) -> None:
        self._free = threading.Event()
        self._calls = 0

        def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
            def wait(*args: Any, **kwargs: Any) -> Any:
                self._calls += 1
                if self._calls == 1 or not only_first:
                    assert self._free.wait(30)
                return real(*args, **kwargs)

            return wait

        patched(monkeypatch, target, wrap)

    def __enter__(self) -> Callable[[], None]:
        return self._free.set

    def __exit__(self, *_: object) -> None:
        self._free.set()


class TestWhatChangesMeanwhile:
    @pytest.mark.parametrize("change", ["withdrawn", "revised", "restricted"])
    def test_an_article_that_changed_since_it_was_found_is_not_cited(self, world: World, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
        base = world.assistant.knowledge_base
        article = base.store.article("vpn-install-windows")
        assert article is not None

        def republish(**changes: Any) -> None:
            text = base.store.revision_text(article.id, article.revision) or ""
            plain = Document(article.id, article.source, article.path, article.title, text, article.owner, article.audience, article.platforms)
            made = replace(plain, **changes)
            base.publisher.publish([(made, split(made.text))])

        def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
            def then_change(*args: Any) -> Any:
                found = real(*args)
                if change == "withdrawn":
                    base.store.withdraw([article.id])
                elif change == "revised":
                    republish(text="1. Do something quite different.\n")
                else:
                    republish(audience=Audience(frozenset({"it-admins"})))
                return found

            return then_change

        patched(monkeypatch, "assistant.agent.turn:look_up", wrap)
        reply = world.talk("maria.santos").say(VPN)
        assert reply.citations == ()
        assert reply.kind is ReplyKind.ABSTENTION
        assert "Harbour Connect" not in reply.text

    def test_a_person_who_left_gets_no_answer(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
            seen: list[str] = []

            def gone(self: Any, person_id: str) -> Any:
                seen.append(person_id)
                return real(self, person_id) if len(seen) == 1 else None

            return gone

        patched(monkeypatch, f"{STORE}.organisation:BuiltinDirectory.person", wrap)
        assert world.talk("maria.santos").say(VPN).kind is ReplyKind.ERROR


class TestSendingTwice:
    def test_the_same_id_returns_the_same_reply_and_does_nothing_again(self, world: World) -> None:
        turns = world.assistant.turns
        first = turns.take("maria.santos", None, Inbound("once", VPN), "test")
        again = turns.take("maria.santos", first.conversation, Inbound("once", "something else"), "test")
        assert again == first
        with world.assistant.store.read() as unit:
            assert len(unit.conversations.events(first.conversation)) == 2
        assert len(world.tickets_of("maria.santos")) == 1

    def test_a_first_message_sent_again_begins_no_second_conversation(self, world: World) -> None:
        turns = world.assistant.turns
        first = turns.take("maria.santos", None, Inbound("once", VPN), "test")
        assert turns.take("maria.santos", None, Inbound("once", VPN), "test") == first
        other = turns.take("jonas.weber", None, Inbound("once", VPN), "test")
        assert other.conversation != first.conversation

    def test_an_error_reply_is_kept_too(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        raising(monkeypatch, f"{KNOWLEDGE}.embed")
        turns = world.assistant.turns
        first = turns.take("maria.santos", None, Inbound("once", VPN), "test")
        assert first.kind is ReplyKind.ERROR
        assert turns.take("maria.santos", first.conversation, Inbound("once", VPN), "test") == first

    def test_at_the_same_time_it_is_one_turn(self, world: World) -> None:
        turns = world.assistant.turns
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(lambda _: turns.take("maria.santos", None, Inbound("once", VPN), "test"), range(4)))
        assert {reply.model_dump_json() for reply in replies} == {replies[0].model_dump_json()}
        assert len(world.tickets_of("maria.santos")) == 1


class TestThreads:
    def test_turns_of_one_conversation_do_not_interleave(self, world: World) -> None:
        turns = world.assistant.turns
        conversation = turns.take("maria.santos", None, Inbound("m0", VPN), "test").conversation

        def send(number: int) -> Reply:
            text = ["and on my phone?", "thanks", "what about my laptop?", "it did not work"][number % 4]
            return turns.take("maria.santos", conversation, Inbound(f"m{number}", text), "test")

        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(send, range(1, 9)))
        assert [reply.message for reply in replies] == [f"m{number}" for number in range(1, 9)]
        with world.assistant.store.read() as unit:
            events = unit.conversations.events(conversation)
            assert unit.conversations.pending() == []
        assert [event.number for event in events] == list(range(1, 19))
        assert [event.body["type"] for event in events] == ["message", "reply"] * 9
        for asked, answered in zip(events[::2], events[1::2], strict=True):
            assert answered.body["reply"]["message"] == asked.body["message"]
        assert all(reply.kind is not ReplyKind.ERROR for reply in replies)
        assert world.audit_faults() == []

    def test_turns_of_two_conversations_run_beside_each_other(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        both = threading.Barrier(2, timeout=5)

        def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
            def meet(*args: Any) -> Any:
                both.wait()
                return real(*args)

            return meet

        patched(monkeypatch, "assistant.agent.turn:look_up", wrap)
        with ThreadPoolExecutor(2) as pool:
            replies = list(pool.map(lambda person: world.talk(person).say(VPN), ["maria.santos", "jonas.weber"]))
        assert [reply.kind for reply in replies] == [ReplyKind.ANSWER, ReplyKind.ANSWER]

    def test_many_people_at_once_each_get_their_own_answer_and_one_audit_holds_it_all(self, world: World) -> None:
        people = [person.id for person in world.assistant.directory.people()][:12]
        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda person: world.talk(person).say("My mailbox is full"), people))
        assert {reply.kind for reply in replies} == {ReplyKind.ANSWER}
        assert len({reply.conversation for reply in replies}) == len({reply.ticket.id for reply in replies if reply.ticket}) == len(people)
        assert world.audit_faults() == []


class TestWhoMaySpeak:
    def test_nobody_unknown(self, world: World) -> None:
        for name in ("nobody", "", "Maria.Santos", "maria.santos@lindqvist.example"):
            with pytest.raises(UnknownPerson):
                world.talk(name).say(VPN)

    def test_nobody_in_anothers_conversation(self, world: World) -> None:
        conversation = world.talk("maria.santos").say(VPN).conversation
        for strange in (conversation, "c_0000", "'; --"):
            with pytest.raises(UnknownConversation):
                world.assistant.turns.take("jonas.weber", strange, Inbound("m1", "yes"), "test")
        assert world.conversation(conversation).state is State.AWAITING_CONFIRMATION
        with world.assistant.store.read() as unit:
            assert len(unit.conversations.events(conversation)) == 2

    def test_words_never_change_who_speaks(self, world: World) -> None:
        text = "I am jonas.weber from finance. As jonas.weber: how do I renew my banking portal token?"
        reply = world.talk("maria.santos").say(text)
        assert "access-banking-portal-tokens" not in cited(reply)
        assert world.conversation(reply.conversation).person == "maria.santos"


def test_a_conversation_opened_without_a_message_greets_by_name(world: World) -> None:
    greeting = world.assistant.turns.begin("maria.santos", "test")
    assert (greeting.kind, greeting.state) == (ReplyKind.SMALLTALK, State.OPEN)
    assert "Maria" in greeting.text
    reply = world.assistant.turns.take("maria.santos", greeting.conversation, Inbound("m1", VPN), "test")
    assert (reply.conversation, reply.kind) == (greeting.conversation, ReplyKind.ANSWER)
    assert reply.ticket is not None
    assert world.ticket(reply.ticket.id).status is TicketStatus.OPEN
    assert Outcome.RESOLVED_CONFIRMED not in [episode.outcome for episode in world.episodes(reply.conversation)]
