"""What people do in our own Slack: each call does it in the workspace and delivers what Slack would deliver."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from evals.slack.server import Acked, SlackServer, event_of
from evals.slack.workspace import APP, BOT_USER, TEAM, Node, Workspace

Found = TypeVar("Found")


@dataclass
class Somebody:
    """One person at their Slack."""

    server: SlackServer
    id: str

    @property
    def workspace(self) -> Workspace:
        """The workspace that they are in."""
        return self.server.workspace

    @property
    def direct(self) -> str:
        """Their direct messages with the app."""
        return self.workspace.direct(self.id)

    # -- writing --------------------------------------------------------------------------------------------------------

    def written(self, channel: str, text: str, thread: str = "", **more: Any) -> Node:
        """Write something without delivering it; return the message."""
        kept = {"thread_ts": thread} if thread else {}
        said = {"type": "message", "user": self.id, "team": self.workspace.users[self.id]["team_id"], "text": text, "ts": self.workspace.ts()}
        return self.workspace.put(channel, {**said, "channel": channel, **kept, **more})

    def message_event(self, message: Node) -> Node:
        """Return what is delivered of a message."""
        kind = self.workspace.channels[message["channel"]]["kind"]
        return event_of("message", {**message, "channel_type": kind, "event_ts": message["ts"]})

    def say(self, text: str, channel: str = "", thread: str = "") -> str:
        """Write a message, in direct messages when no channel is named; return its time stamp."""
        message = self.written(channel or self.direct, text, thread)
        self.server.send("events_api", self.message_event(message))
        return str(message["ts"])

    def mention(self, text: str, channel: str, thread: str = "") -> str:
        """Write a message that mentions the app: two events come of it, as Slack sends them; return its time stamp."""
        message = self.written(channel, f"<@{BOT_USER}> {text}", thread)
        self.server.send("events_api", event_of("app_mention", {**message, "event_ts": message["ts"]}))
        self.server.send("events_api", self.message_event(message))
        return str(message["ts"])

    def react(self, emoji: str, channel: str, ts: str, author: str) -> None:
        """Put an emoji on a message."""
        item = {"type": "message", "channel": channel, "ts": ts}
        event = {"user": self.id, "reaction": emoji, "item": item, "item_user": author, "event_ts": self.workspace.ts()}
        self.server.send("events_api", event_of("reaction_added", event))

    def open_home(self) -> Node:
        """Open the app's home and return the view that is published there before long."""
        before = self.workspace.homes.get(self.id)
        self.server.send(
            "events_api", event_of("app_home_opened", {"user": self.id, "channel": self.direct, "tab": "home", "event_ts": self.workspace.ts()})
        )
        return self._until(lambda: found if (found := self.workspace.homes.get(self.id)) is not before else None)

    def open_pane(self, context: Node | None = None) -> str:
        """Open the assistant pane and return the thread that it begins."""
        root = self.workspace.put(
            self.direct, {"type": "message", "subtype": "assistant_app_thread", "user": BOT_USER, "ts": self.workspace.ts(), "text": ""}
        )
        thread = {"user_id": self.id, "context": context or {}, "channel_id": self.direct, "thread_ts": root["ts"]}
        self.server.send("events_api", event_of("assistant_thread_started", {"assistant_thread": thread, "event_ts": root["ts"]}))
        return str(root["ts"])

    # -- pressing -------------------------------------------------------------------------------------------------------

    def press(self, channel: str, message: Node, label: str) -> Acked:
        """Press the button of a message that has this label or begins with it."""
        block, element = _button(message, label)
        return self.server.send("interactive", self.press_payload(channel, message, block, element))

    def press_payload(self, channel: str, message: Node, block: Node, element: Node) -> Node:
        """Return what is delivered of a press."""
        pressed = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": block.get("block_id", ""),
            "value": element.get("value", ""),
            "text": element.get("text"),
            "action_ts": self.workspace.ts(),
        }
        ephemeral = message in self.workspace.ephemerals
        container = {"type": "message", "message_ts": message["ts"], "channel_id": channel, "is_ephemeral": ephemeral}
        place = {"container": container, "channel": {"id": channel, "name": self.workspace.channels[channel]["name"]}}
        return {**self._interaction("block_actions"), **place, "message": message, "response_url": self._response_url(), "actions": [pressed]}

    def submit(self, view: Node, **values: str) -> Acked:
        """Submit a modal; values are named by their block."""
        state: Node = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                element, value = block["element"], values.get(block["block_id"], "")
                filled = {"value": value or None} if element["type"] == "plain_text_input" else {"selected_option": _option(element, value)}
                state[block["block_id"]] = {element["action_id"]: {"type": element["type"], **filled}}
        submitted = {**view, "state": {"values": state}}
        return self.server.send("interactive", {**self._interaction("view_submission"), "view": submitted, "response_urls": []})

    def command(self, text: str = "", channel: str = "", command: str = "/it") -> Acked:
        """Use the slash command."""
        channel = channel or self.direct
        payload = {
            "command": command,
            "text": text,
            "user_id": self.id,
            "user_name": self.workspace.users[self.id]["name"],
            "channel_id": channel,
            "channel_name": self.workspace.channels[channel]["name"] or "directmessage",
            "team_id": TEAM,
            "api_app_id": APP,
            "trigger_id": self.workspace.trigger(),
            "response_url": self._response_url(),
            "is_enterprise_install": "false",
        }
        return self.server.send("slash_commands", payload)

    def shortcut(self, channel: str, message: Node, callback: str = "ask_it") -> Acked:
        """Choose the app's entry in the menu of a message."""
        place = {"channel": {"id": channel, "name": self.workspace.channels[channel]["name"]}, "message": message, "message_ts": message["ts"]}
        return self.server.send(
            "interactive", {**self._interaction("message_action"), "callback_id": callback, **place, "response_url": self._response_url()}
        )

    # -- looking --------------------------------------------------------------------------------------------------------

    def modal(self, callback: str, after: int = 0) -> Node:
        """Return the modal with this callback that opens before long, not counting the first ``after``."""
        return self._until(lambda: next(iter([one for one in self.workspace.views.values() if one["callback_id"] == callback][after:]), None))

    def replies(self, thread: str, count: int = 1, channel: str = "", seconds: float = 15.0) -> list[Node]:
        """Return what the app posted in a thread, as soon as it is so much."""
        place = channel or self.direct
        return self._until(lambda: found if len(found := self.workspace.by_bot(place, thread)) >= count else None, seconds)

    def _until(self, look: Callable[[], Found | None], seconds: float = 15.0) -> Found:
        end = time.monotonic() + seconds
        while (found := look()) is None:
            if time.monotonic() > end:
                raise AssertionError(f"it did not come; faults: {self.workspace.violations[-3:]}; last calls: {self.workspace.calls[-3:]}")
            time.sleep(0.01)
        return found

    def _interaction(self, kind: str) -> Node:
        user = self.workspace.users[self.id]
        who = {"id": self.id, "username": user["name"], "name": user["name"], "team_id": user["team_id"]}
        team = {"id": TEAM, "domain": "home"}
        return {"type": kind, "team": team, "user": who, "api_app_id": APP, "trigger_id": self.workspace.trigger(), "is_enterprise_install": False}

    def _response_url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/respond/{uuid.uuid4().hex}"


def _button(shown: Node, label: str) -> tuple[Node, Node]:
    for block in shown.get("blocks", ()):
        elements = block.get("elements", []) if block["type"] == "actions" else [block["accessory"]] if "accessory" in block else []
        for element in elements:
            if element["type"] == "button" and element["text"]["text"].startswith(label):
                return block, element
    raise AssertionError(f"there is no button {label}: {labels(shown)}")


def labels(shown: Node) -> list[str]:
    """Return the labels of the buttons of a message or view."""
    found = []
    for block in shown.get("blocks", ()):
        elements = block.get("elements", []) if block["type"] == "actions" else [block["accessory"]] if "accessory" in block else []
        found += [element["text"]["text"] for element in elements if element["type"] == "button"]
    return found


def words(shown: Node) -> str:
    """Return everything that is to be read in a message or view."""
    found = []
    for block in shown.get("blocks", ()):
        found += [part["text"] for part in [block.get("text"), *block.get("fields", []), block.get("label")] if part]
        found += [part["text"] for part in block.get("elements", []) if part["type"] in ("mrkdwn", "plain_text")]
    return "\n".join(found)


def _option(element: Node, value: str) -> Node | None:
    return next((one for one in element["options"] if one["value"] == value), element.get("initial_option"))
