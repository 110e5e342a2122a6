"""What of Slack's deliveries is kept, and under which id: a pure function from a payload to the row of the inbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from assistant.entrypoints.slack.blocks import CHOICE, DEVICE
from assistant.entrypoints.slack.config import SlackConfig
from assistant.entrypoints.slack.places import SLACK
from assistant.ports.channels import Received

Node = dict[str, Any]
APPROVE, ASK_FORM = "approve", "ask"
SAID, ASKED, FOLLOWED, HEARD, REACTED = "said", "asked", "followed", "heard", "reacted"
COMMAND, FORM, PRESSED, DECIDED, HOME, PANE = "command", "form", "pressed", "decided", "home", "pane"
OWN_WORDS = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of messages that somebody wrote; all others are about messages."""
WORDS_LIMIT = 12_000


def received_of(body: Node, config: SlackConfig, now: datetime) -> Received | None:
    """Return the row of a delivery, None for what is of no concern: it is acknowledged and forgotten."""
    kind = str(body.get("type", ""))
    if kind == "event_callback":
        event = body.get("event") or {}
        reader = _EVENTS.get(str(event.get("type")))
        kept = reader(body, event, config) if reader is not None else None
        return _row(str(body.get("event_id", "")), kept, _moment(event, now)) if kept is not None and body.get("event_id") else None
    if kind == "block_actions":
        return _pressed(body, now)
    if kind == "view_submission":
        return _form(body, now)
    if body.get("command"):
        return _command(body, now)
    return None


def _row(own: str, kept: Node, at: datetime) -> Received:
    lined = f"{kept['channel']}/{kept['thread']}" if kept.get("thread") else ""
    return Received(SLACK, own[:120], at, kept, lined[:120])


def _moment(event: Node, now: datetime) -> datetime:
    """Return when something was written, so that what comes out of order is handled in order; never a moment that is still to come."""
    try:
        return min(datetime.fromtimestamp(float(str(event.get("ts") or event.get("event_ts"))), UTC), now)
    except (ValueError, OverflowError, OSError):
        return now


def _id(kind: str, *parts: object) -> str:
    return f"{kind}:" + sha256("\n".join(map(str, parts)).encode()).hexdigest()[:40]


# -- events -------------------------------------------------------------------------------------------------------------


def _message(body: Node, event: Node, config: SlackConfig) -> Node | None:
    if event.get("bot_id") or not event.get("user") or event.get("subtype") not in OWN_WORDS or event.get("hidden"):
        return None
    thread, text = event.get("thread_ts") or event.get("ts"), str(event.get("text") or "")
    own = _own(body)
    kept = {
        "user": event["user"],
        "team": _team(body),
        "channel": event.get("channel"),
        "thread": thread,
        "ts": event.get("ts"),
        "text": text[:WORDS_LIMIT],
    }
    kept["own"] = own
    if event.get("channel_type") == "im":
        return {**kept, "kind": SAID}
    if own and f"<@{own}" in text:
        return None  # that comes as app_mention too
    if thread != event.get("ts"):
        return {**kept, "kind": FOLLOWED}
    return {**kept, "kind": HEARD} if event.get("channel") in config.channels else None


def _mention(body: Node, event: Node, _config: SlackConfig) -> Node | None:
    if event.get("bot_id") or not event.get("user") or event.get("subtype") not in OWN_WORDS:
        return None
    thread = event.get("thread_ts") or event.get("ts")
    place = {"user": event["user"], "team": _team(body), "channel": event.get("channel"), "thread": thread, "ts": event.get("ts")}
    return {**place, "own": _own(body), "text": str(event.get("text") or "")[:WORDS_LIMIT], "kind": ASKED}


def _home(body: Node, event: Node, _config: SlackConfig) -> Node | None:
    return {"user": event.get("user"), "team": _team(body), "kind": HOME} if event.get("tab") == "home" else None


def _pane(body: Node, event: Node, _config: SlackConfig) -> Node | None:
    begun = event.get("assistant_thread") or {}
    place = {"user": begun.get("user_id"), "channel": begun.get("channel_id"), "thread": begun.get("thread_ts")}
    return {**place, "team": _team(body), "kind": PANE} if all(place.values()) else None


def _reaction(body: Node, event: Node, config: SlackConfig) -> Node | None:
    item = event.get("item") or {}
    if not config.reaction or event.get("reaction") != config.reaction or item.get("type") != "message":
        return None
    return {"user": event.get("user"), "team": _team(body), "channel": item.get("channel"), "ts": item.get("ts"), "own": _own(body), "kind": REACTED}


_EVENTS: dict[str, Callable[[Node, Node, SlackConfig], Node | None]] = {
    "message": _message,
    "app_mention": _mention,
    "app_home_opened": _home,
    "assistant_thread_started": _pane,
    "reaction_added": _reaction,
}


def _own(body: Node) -> str:
    return next((str(one.get("user_id")) for one in body.get("authorizations") or () if one.get("is_bot")), "")


def _team(body: Node) -> str:
    return str(body.get("team_id") or "")


# -- interactions -------------------------------------------------------------------------------------------------------


def _who(body: Node) -> Node:
    user, team = body.get("user") or {}, body.get("team") or {}
    return {"user": user.get("id"), "team": str(team.get("id") or user.get("team_id") or "")}


def _pressed(body: Node, now: datetime) -> Received | None:
    action: Node = next(iter(body.get("actions") or ()), {})
    name, block = str(action.get("action_id", "")), str(action.get("block_id", ""))
    value = str((action.get("selected_option") or {}).get("value") or action.get("value") or "")
    container, message = body.get("container") or {}, body.get("message") or {}
    place = {
        "channel": (body.get("channel") or {}).get("id") or container.get("channel_id"),
        "ts": container.get("message_ts"),
        "thread": container.get("thread_ts") or message.get("thread_ts") or container.get("message_ts"),
    }
    label = str((action.get("text") or (action.get("selected_option") or {}).get("text") or {}).get("text", ""))
    kept = {**_who(body), **place, "value": value, "label": label, "block": block, "url": body.get("response_url", "")}
    alone = bool(container.get("is_ephemeral"))
    if name.startswith((f"{CHOICE}:", DEVICE)):
        own = _id("press", kept["user"], place["channel"], place["ts"], block, value)
        return _row(own, {**kept, "kind": PRESSED, "alone": alone, "blocks": message.get("blocks") or []}, now)
    if name.startswith(APPROVE):
        own = _id("decide", kept["user"], place["ts"], value, action.get("action_ts"))
        return _row(own, {**kept, "kind": DECIDED}, now)
    return None


def _form(body: Node, now: datetime) -> Received | None:
    view = body.get("view") or {}
    words = text_of(view)
    if view.get("callback_id") != ASK_FORM or not words:
        return None
    device = str(((_field(view, "device") or {}).get("selected_option") or {}).get("value") or "")
    return _row(_id("form", view.get("id")), {**_who(body), "text": words[:WORDS_LIMIT], "device": device, "kind": FORM}, now)


def _field(view: Node, block: str) -> Node | None:
    return next(iter(((view.get("state") or {}).get("values", {}).get(block) or {}).values()), None)


def text_of(view: Node, block: str = "words") -> str:
    """Return what was typed into a field of a modal."""
    return str((_field(view, block) or {}).get("value") or "").strip()


def _command(body: Node, now: datetime) -> Received | None:
    text = str(body.get("text") or "").strip()
    if not text:
        return None
    kept = {"user": body.get("user_id"), "team": str(body.get("team_id") or ""), "text": text[:WORDS_LIMIT], "kind": COMMAND}
    return _row(_id("command", body.get("user_id"), body.get("trigger_id")), kept, now)
