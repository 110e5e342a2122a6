"""The state of our own Slack: people, channels, messages, views; and the Web API over it, which refuses what Slack would refuse."""

from __future__ import annotations

import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evals.slack.rules import message_faults, view_faults

Node = dict[str, Any]
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-local-only", "xapp-local-only", "local-signing-secret"
TEAM, BOT_USER, BOT, APP = "T0HOME", "U0FIRSTLINE", "B0FIRSTLINE", "A0FIRSTLINE"
TRIGGER_SECONDS = 3.0
PAGE = 100
SCOPES: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history", "mpim:history"),
    "conversations.history": ("channels:history", "groups:history", "im:history", "mpim:history"),
    "conversations.info": ("channels:read", "groups:read", "im:read", "mpim:read"),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read.email",),
    "views.open": (),
    "views.push": (),
    "views.update": (),
    "views.publish": (),
    "assistant.threads.setStatus": ("assistant:write",),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
    "assistant.threads.setTitle": ("assistant:write",),
}
"""What a bot token needs for each method (docs.slack.dev/reference/methods); where several are named, the kind of the channel decides."""
OF_CHANNEL = {"im": "im:", "mpim": "mpim:", "group": "groups:", "channel": "channels:"}
EVENTS: dict[str, str] = {
    "message.im": "im:history",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.mpim": "mpim:history",
    "app_mention": "app_mentions:read",
    "app_home_opened": "",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
    "reaction_added": "reactions:read",
}
"""The scope that an event needs (docs.slack.dev/reference/events)."""
EVERYTHING = frozenset(scope for needed in SCOPES.values() for scope in needed) | frozenset(filter(None, EVENTS.values())) | {"commands"}


class SlackSays(Exception):
    """An answer with ``ok: false``."""


@dataclass
class Fault:
    """What goes wrong with a method: an error, a status with headers, or the answer is lost after the effect (``lost``)."""

    method: str
    times: int = 1
    error: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False


@dataclass
class Called:
    """One call of the Web API."""

    method: str
    arguments: Node
    answer: Node
    at: float


class Workspace:
    """One workspace. Times are seconds; ids are Slack's in form. Safe from any thread."""

    def __init__(self, scopes: frozenset[str] = EVERYTHING) -> None:
        """Begin with the bot alone; its token has these scopes."""
        self.scopes = scopes
        self.lock = threading.RLock()
        self.users: dict[str, Node] = {}
        self.channels: dict[str, Node] = {}
        self.messages: dict[str, list[Node]] = {}
        self.ephemerals: list[Node] = []
        self.views: dict[str, Node] = {}
        self.homes: dict[str, Node] = {}
        self.pane: list[Called] = []
        self.calls: list[Called] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.triggers: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._methods: dict[str, Callable[[Node], Node]] = {
            name: getattr(self, f"_{name.replace('.', '_')}") for name in SCOPES if hasattr(self, f"_{name.replace('.', '_')}")
        }
        self.add_user("Firstline", "", BOT_USER, is_bot=True)

    # -- people and places ----------------------------------------------------------------------------------------------

    def add_user(self, name: str, email: str, user_id: str = "", team: str = TEAM, confirmed: bool = True, **flags: bool) -> str:
        """Add somebody and return their id."""
        user_id = user_id or f"U{uuid.uuid4().hex[:9].upper()}"
        self.users[user_id] = {
            "id": user_id,
            "team_id": team,
            "name": name.split()[0].lower(),
            "real_name": name,
            "deleted": False,
            "tz": "Europe/Berlin",
            "is_bot": False,
            "is_restricted": False,
            "is_ultra_restricted": False,
            "is_email_confirmed": confirmed,
            "profile": {"email": email, "real_name": name, "display_name": name.split()[0]},
            **flags,
        }
        return user_id

    def add_channel(self, name: str, kind: str = "channel", channel_id: str = "", user: str = "") -> str:
        """Add a channel (``channel``, ``group``, ``mpim`` or ``im``) and return its id."""
        channel_id = channel_id or f"{'D' if kind == 'im' else 'C'}{uuid.uuid4().hex[:9].upper()}"
        self.channels[channel_id] = {"id": channel_id, "name": name, "kind": kind, "user": user, "is_im": kind == "im"}
        self.messages[channel_id] = []
        return channel_id

    def direct(self, user: str) -> str:
        """Return the direct-message channel between the bot and somebody."""
        with self.lock:
            known = next((one["id"] for one in self.channels.values() if one["kind"] == "im" and one["user"] == user), "")
            return known or self.add_channel("", "im", user=user)

    def ts(self) -> str:
        """Return the next time stamp; they are unique."""
        with self.lock:
            return f"{int(time.time())}.{next(self._numbers):06d}"

    def trigger(self) -> str:
        """Return a fresh trigger id."""
        made = f"{next(self._numbers)}.{uuid.uuid4().hex}"
        self.triggers[made] = time.monotonic()
        return made

    def put(self, channel: str, message: Node) -> Node:
        """Store a message."""
        with self.lock:
            self.messages[channel].append(message)
        return message

    def find(self, channel: str, ts: str) -> Node | None:
        """Return a message, None when there is none."""
        return next((one for one in self.messages.get(channel, ()) if one["ts"] == ts), None)

    def thread(self, channel: str, ts: str) -> list[Node]:
        """Return a thread, its first message first."""
        with self.lock:
            return [one for one in self.messages.get(channel, ()) if ts in (one["ts"], one.get("thread_ts"))]

    def by_bot(self, channel: str, thread: str = "") -> list[Node]:
        """Return what the bot posted in a channel, or in one thread of it."""
        with self.lock:
            return [one for one in self.messages.get(channel, ()) if one.get("bot_id") and thread in ("", one.get("thread_ts"))]

    # -- the Web API ----------------------------------------------------------------------------------------------------

    def call(self, method: str, arguments: Node) -> tuple[Node, Fault | None]:
        """Carry out one call; return the answer, and the fault that befell it."""
        with self.lock:
            fault = next((one for one in self.faults if one.method == method and one.times > 0), None)
            if fault is not None:
                fault.times -= 1
            if fault is not None and not fault.lost:
                answer: Node = {"ok": False, "error": fault.error or "ratelimited"}
            else:
                answer = self._answer(method, arguments)
            self.calls.append(Called(method, arguments, answer, time.monotonic()))
            return answer, fault

    def _answer(self, method: str, arguments: Node) -> Node:
        if method not in self._methods:
            self.violations.append(f"{method}: unknown method")
            return {"ok": False, "error": "unknown_method"}
        try:
            self._check_scope(method, arguments)
            return {"ok": True, **self._methods[method](arguments)}
        except SlackSays as said:
            return {"ok": False, "error": str(said)}

    def _check_scope(self, method: str, arguments: Node) -> None:
        needed = SCOPES[method]
        channel = self.channels.get(str(arguments.get("channel", "")))
        if len(needed) > 1 and channel is not None:
            needed = tuple(one for one in needed if one.startswith(OF_CHANNEL[channel["kind"]]))
        if needed and not self.scopes & set(needed):
            self.violations.append(f"{method}: the scope {' or '.join(needed)} is missing")
            raise SlackSays("missing_scope")

    def _hold(self, method: str, faults: list[str], error: str) -> None:
        if faults:
            self.violations.extend(f"{method}: {fault}" for fault in faults)
            raise SlackSays(error)

    def _channel(self, arguments: Node) -> str:
        channel = str(arguments.get("channel", ""))
        if channel in self.users:
            return self.direct(channel)
        if channel not in self.channels:
            raise SlackSays("channel_not_found")
        return channel

    def _auth_test(self, _arguments: Node) -> Node:
        return {"url": "https://home.example/", "team": "Home", "user": "firstline", "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}

    def _chat_postMessage(self, arguments: Node) -> Node:
        channel = self._channel(arguments)
        self._hold("chat.postMessage", list(message_faults(arguments)), "invalid_blocks")
        if "thread_ts" in arguments and self.find(channel, arguments["thread_ts"]) is None:
            raise SlackSays("thread_not_found")
        shown = {name: arguments[name] for name in ("text", "blocks", "thread_ts", "metadata") if arguments.get(name)}
        message = self.put(channel, {"type": "message", "ts": self.ts(), "channel": channel, "user": BOT_USER, "bot_id": BOT, **shown})
        return {"channel": channel, "ts": message["ts"], "message": message}

    def _chat_update(self, arguments: Node) -> Node:
        message = self.find(self._channel(arguments), str(arguments.get("ts")))
        if message is None:
            raise SlackSays("message_not_found")
        if message.get("bot_id") != BOT:
            raise SlackSays("cant_update_message")
        self._hold("chat.update", list(message_faults(arguments)), "invalid_blocks")
        message.update({name: arguments[name] for name in ("text", "blocks", "metadata") if name in arguments}, edited={"ts": self.ts()})
        return {"channel": message["channel"], "ts": message["ts"], "text": message["text"], "message": message}

    def _chat_delete(self, arguments: Node) -> Node:
        channel = self._channel(arguments)
        message = self.find(channel, str(arguments.get("ts")))
        if message is None:
            raise SlackSays("message_not_found")
        self.messages[channel].remove(message)
        return {"channel": channel, "ts": message["ts"]}

    def _chat_postEphemeral(self, arguments: Node) -> Node:
        channel = self._channel(arguments)
        if arguments.get("user") not in self.users:
            raise SlackSays("user_not_in_channel")
        self._hold("chat.postEphemeral", list(message_faults(arguments)), "invalid_blocks")
        self.ephemerals.append({**arguments, "channel": channel, "ts": self.ts()})
        return {"message_ts": self.ephemerals[-1]["ts"]}

    def _conversations_open(self, arguments: Node) -> Node:
        user = str(arguments.get("users", ""))
        if user not in self.users:
            raise SlackSays("user_not_found")
        return {"channel": {"id": self.direct(user)}}

    def _conversations_info(self, arguments: Node) -> Node:
        channel = self.channels[self._channel(arguments)]
        return {"channel": {"id": channel["id"], "name": channel["name"], "is_im": channel["is_im"], "is_private": channel["kind"] != "channel"}}

    def _conversations_replies(self, arguments: Node) -> Node:
        return self._page(self.thread(self._channel(arguments), str(arguments.get("ts"))), arguments)

    def _conversations_history(self, arguments: Node) -> Node:
        oldest, latest = str(arguments.get("oldest", "0")), str(arguments.get("latest") or "9")
        within = [one for one in self.messages[self._channel(arguments)] if "thread_ts" not in one or one["thread_ts"] == one["ts"]]
        found = [one for one in within if (oldest <= one["ts"] <= latest if arguments.get("inclusive") else oldest < one["ts"] < latest)]
        return self._page(list(reversed(found)), arguments)

    def _page(self, found: list[Node], arguments: Node) -> Node:
        begin, limit = int(arguments.get("cursor") or 0), min(int(arguments.get("limit") or PAGE), 999)
        metadata = str(arguments.get("include_all_metadata", "")).lower() in ("true", "1")
        shown = [{name: value for name, value in one.items() if metadata or name != "metadata"} for one in found[begin : begin + limit]]
        more = len(found) > begin + limit
        return {"messages": shown, "has_more": more, "response_metadata": {"next_cursor": str(begin + limit) if more else ""}}

    def _users_info(self, arguments: Node) -> Node:
        user = self.users.get(str(arguments.get("user")))
        if user is None:
            raise SlackSays("user_not_found")
        shown = user if "users:read.email" in self.scopes else {**user, "profile": {**user["profile"], "email": ""}}
        return {"user": json.loads(json.dumps(shown))}

    def _users_lookupByEmail(self, arguments: Node) -> Node:
        user = next((one for one in self.users.values() if one["profile"]["email"] == arguments.get("email")), None)
        if user is None:
            raise SlackSays("users_not_found")
        return {"user": user}

    def _view(self, method: str, arguments: Node, view_id: str = "") -> Node:
        view = arguments.get("view")
        self._hold(method, list(view_faults(view)), "invalid_arguments")
        made = {
            "private_metadata": "",
            "callback_id": "",
            **json.loads(json.dumps(view)),
            "id": view_id or f"V{uuid.uuid4().hex[:9].upper()}",
            "hash": f"{self.ts()}.{uuid.uuid4().hex[:8]}",
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT,
        }
        self.views[made["id"]] = made
        return {"view": made}

    def _use_trigger(self, arguments: Node) -> None:
        begun = self.triggers.pop(str(arguments.get("trigger_id")), None)
        if begun is None:
            raise SlackSays("invalid_trigger_id")
        if time.monotonic() - begun > TRIGGER_SECONDS:
            raise SlackSays("expired_trigger_id")

    def _views_open(self, arguments: Node) -> Node:
        self._use_trigger(arguments)
        return self._view("views.open", arguments)

    def _views_push(self, arguments: Node) -> Node:
        self._use_trigger(arguments)
        return self._view("views.push", arguments)

    def _views_update(self, arguments: Node) -> Node:
        if arguments.get("view_id") not in self.views:
            raise SlackSays("not_found")
        return self._view("views.update", arguments, str(arguments["view_id"]))

    def _views_publish(self, arguments: Node) -> Node:
        if arguments.get("user_id") not in self.users:
            raise SlackSays("user_not_found")
        made = self._view("views.publish", arguments)
        self.homes[str(arguments["user_id"])] = made["view"]
        return made

    def _in_pane(self, method: str, arguments: Node) -> Node:
        if self.find(str(arguments.get("channel_id")), str(arguments.get("thread_ts"))) is None:
            raise SlackSays("thread_not_found")
        self.pane.append(Called(method, arguments, {}, time.monotonic()))
        return {}

    def _assistant_threads_setStatus(self, arguments: Node) -> Node:
        return self._in_pane("setStatus", arguments)

    def _assistant_threads_setTitle(self, arguments: Node) -> Node:
        return self._in_pane("setTitle", arguments)

    def _assistant_threads_setSuggestedPrompts(self, arguments: Node) -> Node:
        prompts = arguments.get("prompts")
        if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4 or any(set(one) != {"title", "message"} for one in prompts):
            self.violations.append("assistant.threads.setSuggestedPrompts: 1 to 4 prompts of title and message")
            raise SlackSays("invalid_arguments")
        return self._in_pane("setSuggestedPrompts", arguments)
