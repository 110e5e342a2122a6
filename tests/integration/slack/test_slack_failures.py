"""Bad days: Slack asks to wait, loses answers, refuses; signatures are wrong; the service dies between taking and posting."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from assistant.entrypoints.inbox import Inbox
from assistant.entrypoints.slack.arriving import received_of
from assistant.surfaces import open_slack
from evals.slack.people import Somebody, labels, words
from evals.slack.server import SlackServer
from evals.slack.workspace import Fault, Workspace
from tests.support.service import copy_demo
from tests.support.slack import Office, slack_settings, until
from tests.support.world import World, opened_world

QUESTION = "How do I set up the VPN on Windows 11?"
Node = dict[str, Any]


@pytest.fixture
def home(tmp_path: Path, model_home: Path) -> Path:
    return copy_demo(tmp_path / "home", model_home)


class Standing:
    """A company that is not served: what arrives is handled and carried out step by step, and lost in between as a test wants."""

    def __init__(self, world: World, server: SlackServer) -> None:
        self.world, self.server = world, server
        self.surface = open_slack(world.assistant)
        world.assistant.channels["slack"] = self.surface
        self.inbox = Inbox(world.assistant.store, world.clock, {"slack": self.surface}, "holder")

    def take_in(self, payload: Node) -> None:
        received = received_of(payload, self.surface.parts.config, self.world.clock.now())
        assert received is not None
        self.inbox.put(received)

    def work(self, seconds: float = 0.0) -> None:
        from datetime import timedelta

        self.world.clock.advance(timedelta(seconds=seconds))
        self.inbox.drain()
        self.world.assistant.carrier.drain()


def somebody(server: SlackServer, world: World, person: str = "jonas.weber") -> Somebody:
    known = world.assistant.directory.person(person)
    assert known is not None
    user = next((one["id"] for one in server.workspace.users.values() if one["profile"]["email"] == known.email), "")
    return Somebody(server, user or server.workspace.add_user(known.name, known.email))


class TestPosting:
    def test_slack_is_given_the_time_that_it_asks_for(self, home: Path) -> None:
        with SlackServer() as server, opened_world(home, **slack_settings(server, "http")) as world:
            standing, jonas = Standing(world, server), somebody(server, world)
            server.workspace.faults = [Fault("chat.postMessage", 1, status=429, headers={"Retry-After": "30"})]
            message = jonas.written(jonas.direct, QUESTION)
            standing.take_in(jonas.message_event(message))
            standing.work()
            standing.work(20)
            assert server.workspace.by_bot(jonas.direct) == []
            assert len([one for one in server.workspace.calls if one.method == "chat.postMessage"]) == 1, "nothing is called before the time"
            standing.work(11)
            assert len(server.workspace.by_bot(jonas.direct, message["ts"])) == 1

    @pytest.mark.parametrize("lost", [True, False], ids=["the answer is lost", "an error that says nothing"])
    def test_a_post_of_which_nobody_knows_is_looked_for_before_it_is_posted_again(self, home: Path, lost: bool) -> None:
        with SlackServer() as server, opened_world(home, **slack_settings(server, "http")) as world:
            standing, jonas = Standing(world, server), somebody(server, world)
            server.workspace.faults = [Fault("chat.postMessage", 1, status=200 if lost else 500, lost=lost)]
            message = jonas.written(jonas.direct, QUESTION)
            standing.take_in(jonas.message_event(message))
            standing.work()
            standing.work(5)
            standing.work(60)
            assert len(server.workspace.by_bot(jonas.direct, message["ts"])) == 1
            assert any(one.method == "conversations.replies" and one.arguments["include_all_metadata"] for one in server.workspace.calls)

    def test_a_private_answer_whose_note_was_lost_is_sent_once(self, home: Path) -> None:
        with SlackServer() as server, opened_world(home, **slack_settings(server, "http")) as world:
            standing, jonas = Standing(world, server), somebody(server, world)
            channel = server.workspace.add_channel("help")
            message = jonas.written(channel, "<@U0FIRSTLINE> what is the status of my tickets?")
            from evals.slack.server import event_of

            standing.take_in(event_of("app_mention", message))
            for method in ("conversations.open", "chat.postMessage"):
                server.workspace.faults.append(Fault(method, 1, lost=True))
            for seconds in (0, 5, 30, 60, 120):
                standing.work(seconds)
            assert len(server.workspace.by_bot(channel)) == 1
            assert len(server.workspace.by_bot(jonas.direct)) == 1

    @pytest.mark.parametrize("error", ["is_archived", "not_in_channel", "channel_not_found"])
    def test_what_cannot_be_said_in_a_channel_comes_as_a_direct_message(self, home: Path, error: str) -> None:
        with SlackServer() as server, opened_world(home, **slack_settings(server, "http")) as world:
            standing, jonas = Standing(world, server), somebody(server, world)
            channel = server.workspace.add_channel("closed")
            from evals.slack.server import event_of

            server.workspace.faults = [Fault("chat.postMessage", 1, error=error)]
            standing.take_in(event_of("app_mention", jonas.written(channel, QUESTION)))
            standing.work()
            assert len(server.workspace.by_bot(jonas.direct)) == 1

    def test_blocks_that_slack_does_not_take_give_way_to_words(self, home: Path) -> None:
        with SlackServer() as server, opened_world(home, **slack_settings(server, "http")) as world:
            standing, jonas = Standing(world, server), somebody(server, world)
            server.workspace.faults = [Fault("chat.postMessage", 1, error="msg_blocks_too_long")]
            message = jonas.written(jonas.direct, QUESTION)
            standing.take_in(jonas.message_event(message))
            standing.work()
            (reply,) = server.workspace.by_bot(jonas.direct, message["ts"])
            assert "blocks" not in reply and "VPN" in reply["text"]

    def test_what_cannot_be_handled_ends_in_a_note_and_not_in_silence(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with SlackServer() as server, opened_world(home, **slack_settings(server, "http")) as world:
            standing, jonas = Standing(world, server), somebody(server, world)
            monkeypatch.setattr(world.assistant.turns, "take", _breaks)
            message = jonas.written(jonas.direct, QUESTION)
            standing.take_in(jonas.message_event(message))
            for _ in range(14):
                standing.work(200)
            (note,) = server.workspace.by_bot(jonas.direct, message["ts"])
            assert "could not be handled" in note["text"] and "E-" in note["text"]


def _breaks(*_: object, **__: object) -> None:
    raise RuntimeError("the database is away")


class TestOnceOnly:
    @pytest.mark.parametrize("seed", range(6))
    def test_four_deliveries_in_any_order_with_crashes_in_between_have_one_effect(self, home: Path, seed: int) -> None:
        """Each piece of the work is cut off at a random place; everything in memory is lost and begun anew from the tables."""
        chance = random.Random(seed)
        with SlackServer() as server:
            with opened_world(home, **slack_settings(server, "http")) as world:
                jonas = somebody(server, world)
            messages = [
                jonas.written(jonas.direct, text) for text in (QUESTION, "How do I change my password on Windows?", "I want to talk to a person")
            ]
            payloads = [jonas.message_event(one) for one in messages] * 4
            chance.shuffle(payloads)
            for part in (payloads[:4], payloads[4:8], payloads[8:], [], []):
                with opened_world(home, **slack_settings(server, "http")) as world:
                    standing = Standing(world, server)
                    for payload in part:
                        standing.take_in(payload)
                    cut = chance.choice(["before anything", "after the turn", "after the post", "never"])
                    _until_cut(standing, cut)
            for seconds in (1, 30, 300):
                with opened_world(home, **slack_settings(server, "http")) as world:
                    Standing(world, server).work(seconds + 600)
            assert [len(server.workspace.by_bot(jonas.direct, one["ts"])) for one in messages] == [1, 1, 1]
            assert server.workspace.violations == []
            with opened_world(home, **slack_settings(server, "http")) as world, world.assistant.store.read() as unit:
                found = unit.conversations.of_person("jonas.weber")
                assert len(found) == 3
                assert sum(event.body["type"] == "message" for one in found for event in unit.conversations.events(one.id)) == 3


def _until_cut(standing: Standing, cut: str) -> None:
    carrier = standing.world.assistant.carrier
    if cut == "before anything":
        return
    standing.inbox.drain()
    if cut == "after the turn":
        return
    if cut == "after the post":
        for entry in carrier.due():
            if carrier.begin(entry.key):
                carrier.call(entry.key)  # the post is made, and nobody notes that it was
        return
    carrier.drain()


class TestSignatures:
    BODY = {"type": "url_verification", "challenge": "c0ffee"}

    def refused(self, slack: Office, **how: Any) -> int:
        return slack.server.wait(slack.server.post("events_api", self.BODY, **how))[0]

    def test_only_what_slack_signed_just_now_is_taken_in(self, slack: Office) -> None:
        if slack.transport != "http":
            assert slack.service.client().post("/slack/events", json=self.BODY).status_code in (404, 405), "over Socket Mode nothing listens"
            return
        assert slack.server.wait(slack.server.post("events_api", self.BODY))[1] == {"challenge": "c0ffee"}
        assert self.refused(slack, secret="another secret") == 401
        assert self.refused(slack, age=301) == 401
        assert self.refused(slack, age=-301) == 401
        assert self.refused(slack, **{"X-Slack-Signature": ""}) == 401
        assert self.refused(slack, **{"X-Slack-Signature": "v0=\u00e9"}) == 401
        assert self.refused(slack, **{"X-Slack-Request-Timestamp": "soon"}) == 401
        assert self.refused(slack, **{"X-Slack-Request-Timestamp": "9" * 400}) == 401

    def test_a_body_that_was_changed_on_the_way_is_refused_and_one_sent_again_does_nothing_more(self, slack: Office) -> None:
        if slack.transport != "http":
            pytest.skip("over Socket Mode nothing is signed")
        maria = slack.somebody("maria.santos")
        message = maria.written(maria.direct, QUESTION)
        payload = maria.message_event(message)
        for _ in range(3):
            assert slack.server.wait(slack.server.post("events_api", payload))[0] == 200
        maria.replies(message["ts"])
        assert len(slack.workspace.by_bot(maria.direct, message["ts"])) == 1
        assert self.refused(slack, age=0, secret="") == 401


class TestConnections:
    def test_a_connection_that_is_refreshed_or_lost_comes_back_and_nothing_is_missed(self, slack: Office) -> None:
        if slack.transport != "socket":
            pytest.skip("over HTTP there is no connection")
        maria = slack.somebody("maria.santos")
        assert slack.service.client().get("/healthz").json()["channels"]["slack"]["state"] == "ready"
        slack.server.wait(slack.server.refresh())
        thread = maria.say("How do I add a printer?")
        maria.replies(thread)
        slack.server.wait(slack.server.cut())
        until(lambda: not slack.server.sockets or slack.server.sockets, why="no connection")
        message = maria.written(maria.direct, "How do I change my password on Windows?")
        acked = slack.server.send("events_api", maria.message_event(message))
        if acked.status != 200:
            until(lambda: slack.server.sockets, 30, why="it did not connect again")
            assert slack.server.send("events_api", maria.message_event(message)).status == 200
        maria.replies(message["ts"])

    def test_what_could_not_be_stored_is_not_acknowledged_and_comes_again(self, slack: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        maria = slack.somebody("maria.santos")
        message = maria.written(maria.direct, QUESTION)
        store, fails = slack.service.assistant.store, iter([True, True])
        real = type(store).write

        def write(self: Any) -> Any:
            import threading

            if threading.current_thread().name.startswith("AnyIO") and next(fails, False):
                raise OSError("the disk is full")
            return real(self)

        monkeypatch.setattr(type(store), "write", write)
        slack.server.wait(slack.server.deliver("events_api", maria.message_event(message)))
        acked = slack.server.send("events_api", maria.message_event(message))
        monkeypatch.undo()
        assert acked.status == 200
        assert labels(maria.replies(message["ts"])[0])
        assert words(slack.workspace.by_bot(maria.direct, message["ts"])[0])


def test_the_workspace_of_our_own_refuses_what_slack_refuses() -> None:
    """The rules that every other test relies on are seen to break."""
    workspace = Workspace()
    channel = workspace.add_channel("x")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
    for wrong in (
        {"blocks": [section] * 51, "text": "x"},
        {"blocks": [{**section, "text": {"type": "mrkdwn", "text": "x" * 3001}}], "text": "x"},
        {"blocks": [section], "text": ""},
        {"blocks": [{**section, "text": {"type": "mrkdwn", "text": "<!channel>"}}], "text": "x"},
        {"text": "hello @here"},
        {"text": "a < b"},
        {"blocks": [{"type": "actions", "elements": [_button("y" * 76, "a")]}], "text": "x"},
        {"blocks": [{"type": "actions", "elements": [_button("y", "a"), _button("z", "a")]}], "text": "x"},
        {"text": "x", "metadata": {"event_type": "Wrong Type", "event_payload": {}}},
    ):
        answer, _ = workspace.call("chat.postMessage", {"channel": channel, **wrong})
        assert not answer["ok"], wrong
    assert not workspace.call(
        "views.open", {"trigger_id": workspace.trigger(), "view": {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}}}
    )[0]["ok"]
    assert len(workspace.violations) > 9


def _button(label: str, action: str) -> Node:
    return {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label}}
