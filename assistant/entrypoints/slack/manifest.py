"""The manifest that installs the Slack app in one paste (docs.slack.dev/reference/app-manifest)."""

from __future__ import annotations

from typing import Any

import yaml

from assistant.entrypoints.slack.app_names import COMMAND, SHORTCUT

PATH = "/slack/events"
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "chat:write",
    "commands",
    "groups:history",
    "im:history",
    "im:write",
    "mpim:history",
    "reactions:read",
    "users:read",
    "users:read.email",
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "assistant_thread_context_changed",
    "assistant_thread_started",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "reaction_added",
)
DESCRIPTION = "Answers IT questions from your company's own articles, with sources, and files what it cannot solve."
LONG = (
    "Write to Firstline, mention it in a channel, or use /it. It answers from the articles of your own company and shows the words it relies on. "
    "What it may do for you, it shows first and does only when you press the button. The rest goes to the service desk with all that was said, "
    "so that nobody asks you twice. You can talk to a person at any time."
)


def manifest(url: str = "") -> dict[str, Any]:
    """Return the manifest: over Socket Mode, or over HTTP with the service's own public address, which begins with https://."""
    target = {"request_url": f"{url.rstrip('/')}{PATH}"} if url else {}
    command = {"command": COMMAND, "description": "Ask IT", "usage_hint": "what is not working, or what you need", "should_escape": False}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": "Firstline", "description": DESCRIPTION, "long_description": LONG, "background_color": "#1b4965"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": "Firstline", "always_online": True},
            "assistant_view": {"assistant_description": DESCRIPTION},
            "slash_commands": [{**command, **({"url": target["request_url"]} if url else {})}],
            "shortcuts": [
                {"name": "Ask IT about this", "type": "message", "callback_id": SHORTCUT, "description": "Ask IT with the words of this message"}
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**target, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **target},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def as_yaml(url: str = "") -> str:
    """Return the manifest as YAML, to be pasted."""
    text: str = yaml.safe_dump(manifest(url), sort_keys=False, allow_unicode=True, width=100)
    return text
