"""A person's end of Slack: direct messages in our own workspace, over the real Slack libraries on the service's side."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evals.channels.stored import Reply, StoredChat
from evals.conversations.channel import CannotSay, ChannelBroken
from evals.conversations.stage import Stage

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface
    from evals.slack.people import Somebody
    from evals.slack.server import SlackServer

CONNECT_SECONDS = 20.0
_KEY = re.compile(r"channel\.deliver:(c_\w+)/(\d+):")


@dataclass
class SlackChat(StoredChat):
    """One person in their direct messages with the app."""

    at_slack: Somebody = field(kw_only=True)
    thread: str = ""
    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    pressed: int = 0

    def say(self, text: str, device: str = "") -> Reply:
        """Write a direct message, the first time a new one, then in its thread."""
        if device:
            raise CannotSay("the case chooses a device in the widget; Slack has a list of devices only under an answer")
        began = time.monotonic()
        typed = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")  # as Slack's clients send it
        sent = self.at_slack.say(typed, thread=self.thread)
        self.thread = self.thread or sent
        return self._complete(began)

    def press(self, choice: str) -> Reply:
        """Press the button with this choice, of the latest message that has one."""
        began, found = time.monotonic(), self._button(choice)
        if found is None:
            raise CannotSay(f"the case presses {choice.partition(':')[0]}, and no message has a button for that any more")
        acked = self.at_slack.server.send("interactive", self.at_slack.press_payload(self.at_slack.direct, *found))
        if acked.status != 200:
            raise ChannelBroken(f"Slack got {acked.status} for a press")
        return self._complete(began)

    def enter(self, action: str, code: str) -> dict[str, Any]:
        """Open the form of the card and enter a one-time code; return what the form says."""
        found = self._button(action)
        if found is None:
            raise CannotSay("the case enters a code for an action that no message asks one for")
        self.pressed += 1
        self.at_slack.server.send("interactive", self.at_slack.press_payload(self.at_slack.direct, *found))
        acked = self.at_slack.submit(self.at_slack.modal("code", self.pressed - 1), code=code)
        errors = (acked.body or {}).get("errors", {}) if isinstance(acked.body, dict) else {}
        with self.stage.assistant.store.read() as unit:
            now = unit.actions.load(action)
        assert now is not None, "a card is about an action"
        shown = self.last.get("action") or {"id": action, "tool": now.tool, "needs": "code"}
        return {"reply": {**self.last, "text": " ".join(errors.values()), "action": {**shown, "status": now.status.value}}}

    def shown(self) -> list[tuple[str, int]]:
        """See the base: the posts in this thread, by the key in their metadata."""
        for post in self.at_slack.workspace.by_bot(self.at_slack.direct, self.thread):
            key = str(((post.get("metadata") or {}).get("event_payload") or {}).get("key", ""))
            if found := _KEY.match(key):
                self.conversation = self.conversation or found.group(1)
                if found.group(1) == self.conversation:
                    self.posts[int(found.group(2))] = post
        return [(self.conversation, number) for number in self.posts]

    def _button(self, value: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]] | None:
        for number in sorted(self.posts, reverse=True):
            for block in self.posts[number].get("blocks") or ():
                for element in block.get("elements", ()) if block["type"] == "actions" else ():
                    if element.get("value") == value:
                        return self.posts[number], block, element
        return None

    def _complete(self, began: float) -> Reply:
        """Return the reply, once its post has a button for everything that it offers.

        Raises:
            ChannelBroken: there is none in time, or a button is missing.
        """
        reply = self.await_reply("", began)
        missing = [one["id"] for one in reply["choices"] if self._button(one["id"]) is None]
        if missing:
            raise ChannelBroken(f"the post lacks a button for {', '.join(missing)}")
        return reply


@dataclass
class SlackSide:
    """Our own Slack, for one play."""

    server: SlackServer
    transport: str

    @property
    def settings(self) -> dict[str, Any]:
        """What the service is configured with."""
        from evals.slack.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, TEAM

        tokens = {"slack_bot_token": BOT_TOKEN, "slack_app_token": APP_TOKEN, "slack_signing_secret": SIGNING_SECRET}
        return {**tokens, "slack_transport": self.transport, "slack_workspaces": [TEAM], "slack_api": self.server.api, "messages_per_minute": 10_000}

    def surfaces(self, assistant: Assistant) -> Sequence[Surface]:
        """Return the Slack channel."""
        from assistant.surfaces import open_slack

        return (open_slack(assistant),)

    @contextmanager
    def end(self, stage: Stage, person: str) -> Iterator[SlackChat]:
        """Talk in direct messages."""
        from evals.slack.people import Somebody

        if self.transport == "http":
            self.server.target = f"http://127.0.0.1:{stage.port}/slack/events"
        until = time.monotonic() + CONNECT_SECONDS
        while self.transport == "socket" and not self.server.sockets:
            if time.monotonic() > until:
                raise ChannelBroken("nothing connected over Socket Mode")
            time.sleep(0.02)
        known = stage.assistant.directory.person(person)
        assert known is not None, "the cases speak of people of the demo company"
        user = self.server.workspace.add_user(known.name, known.email)
        yield SlackChat(stage, person, at_slack=Somebody(self.server, user))
        if self.server.workspace.violations:
            raise ChannelBroken(f"Slack would refuse: {self.server.workspace.violations[0]}")


@contextmanager
def slack_by_socket() -> Iterator[SlackSide]:
    """Our own Slack, reached over Socket Mode."""
    from evals.slack.server import SlackServer

    with SlackServer() as server:
        yield SlackSide(server, "socket")


@contextmanager
def slack_by_http() -> Iterator[SlackSide]:
    """Our own Slack, which delivers over HTTP."""
    from evals.slack.server import SlackServer

    with SlackServer() as server:
        yield SlackSide(server, "http")
