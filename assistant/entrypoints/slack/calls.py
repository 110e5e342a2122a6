"""Calls of Slack's Web API, each ending as ``ports.outside`` says. Nothing here calls twice by itself."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from assistant.entrypoints.slack.blocks import Said
from assistant.ports.outside import Refused, Unavailable, Uncertain

if TYPE_CHECKING:
    from slack_sdk import WebClient

Node = dict[str, Any]
METADATA = "firstline_post"
API = "https://slack.com/api/"
TIMEOUT_SECONDS = 10
PAGE, PAGES = 200, 10
SOON = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
DOUBTFUL = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable", "team_added_to_org"})
"""Slack says that some aspect of the call may have succeeded (docs.slack.dev/reference/methods/chat.postMessage)."""
TOO_MUCH = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "slack_connect_blocked_file_type"})
CLOSED = frozenset(
    {"channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_thread_only_channel", "thread_not_found"}
)


class SlackRefused(Refused):
    """Slack said no; ``error`` is its word for why."""

    def __init__(self, method: str, error: str) -> None:
        """Remember the word."""
        super().__init__(f"Slack refused {method}: {error}")
        self.error = error


@dataclass
class Calls:
    """The calls that the app makes, as the bot. Safe from any thread."""

    token: str = field(repr=False)
    api: str = API

    @cached_property
    def client(self) -> WebClient:
        """The library's client, without its own repeated calls: what may be repeated is decided here."""
        from slack_sdk import WebClient

        quiet = logging.getLogger("firstline.slack.http")
        quiet.setLevel(logging.WARNING)
        return WebClient(self.token, base_url=self.api, timeout=TIMEOUT_SECONDS, retry_handlers=[], logger=quiet)

    def call(self, method: str, *, repeatable: bool = True, **arguments: Any) -> Node:
        """Make one call and return its answer; ``repeatable`` says that doing it twice is the same as once.

        Raises:
            SlackRefused: Slack said no.
            Unavailable: nothing happened, or doing it again does no harm.
            Uncertain: it may have happened.
        """
        from slack_sdk.errors import SlackApiError

        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            answer: Any = self.client.api_call(method, json=given) if method not in FORMS else self.client.api_call(method, params=given)
            return dict(answer.data)
        except SlackApiError as error:
            raise self._said(method, error, repeatable) from None
        except (URLError, OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise _lost(method, reason, repeatable) from None

    @staticmethod
    def _said(method: str, error: Any, repeatable: bool) -> Exception:
        answer = error.response
        said = answer.data.get("error", "") if isinstance(answer.data, dict) else ""
        if answer.status_code == 429 or said in SOON:
            return Unavailable(f"Slack asks to wait before {method}", _seconds(answer.headers))
        if answer.status_code >= 500 or said in DOUBTFUL or not said:
            why = f"Slack answered {method} with {said or answer.status_code}"
            return Unavailable(why, _seconds(answer.headers)) if repeatable else Uncertain(why)
        return SlackRefused(method, said)

    # -- messages -------------------------------------------------------------------------------------------------------

    def post(self, channel: str, said: Said, thread: str = "", key: str = "") -> str:
        """Post a message under a key by which it is found again; return its time stamp."""
        metadata = {"event_type": METADATA, "event_payload": {"key": key}} if key else None
        quiet = {"unfurl_links": False, "unfurl_media": False}
        shown = {"text": said.text, "blocks": list(said.blocks) or None, "thread_ts": thread or None, "metadata": metadata}
        return str(self.call("chat.postMessage", repeatable=False, channel=channel, **shown, **quiet)["ts"])

    def show_alone(self, channel: str, user: str, said: Said, thread: str = "") -> str:
        """Show a message to one person where others talk; return its time stamp. Slack keeps no copy of it."""
        shown = {"text": said.text, "blocks": list(said.blocks) or None, "thread_ts": thread or None}
        return str(self.call("chat.postEphemeral", repeatable=False, channel=channel, user=user, **shown).get("message_ts", ""))

    def change(self, channel: str, ts: str, said: Said) -> None:
        """Put something else in the place of a message of ours."""
        self.call("chat.update", channel=channel, ts=ts, text=said.text, blocks=list(said.blocks))

    def respond(self, url: str, said: Said) -> None:
        """Replace a message that one person alone saw, through the address that its press carried."""
        from slack_sdk.webhook import WebhookClient

        sender = WebhookClient(url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
        try:
            answer = sender.send(text=said.text, blocks=list(said.blocks), replace_original=True)
        except (URLError, OSError, http.client.HTTPException) as error:
            raise _lost("response_url", getattr(error, "reason", error), True) from None
        if answer.status_code != 200:
            raise SlackRefused("response_url", str(answer.status_code))

    def find(self, channel: str, thread: str, key: str) -> str:
        """Return the time stamp of the message that was posted under a key, "" when there is none."""
        for message in self._read(channel, thread):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == METADATA and metadata.get("event_payload", {}).get("key") == key:
                return str(message["ts"])
        return ""

    def _read(self, channel: str, thread: str) -> Iterator[Node]:
        method = "conversations.replies" if thread else "conversations.history"
        cursor = ""
        for _ in range(PAGES):
            place: Node = {"channel": channel, "ts": thread or None, "limit": PAGE, "include_all_metadata": True, "cursor": cursor or None}
            answer = self.call(method, **place)
            yield from answer["messages"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    def message(self, channel: str, ts: str) -> Node | None:
        """Return a message of a channel, also one inside a thread; None when it is not there."""
        found = self.call("conversations.replies", channel=channel, ts=ts, limit=1, inclusive=True)["messages"]
        return next((one for one in found if one["ts"] == ts), None)

    def direct(self, user: str) -> str:
        """Return the channel of direct messages with somebody."""
        return str(self.call("conversations.open", users=user)["channel"]["id"])

    # -- people and views -----------------------------------------------------------------------------------------------

    def user(self, user: str) -> Node:
        """Return what Slack says of somebody."""
        found: Node = self.call("users.info", user=user)["user"]
        return found

    def user_by_address(self, address: str) -> Node | None:
        """Return who has an e-mail address in this workspace, or None."""
        try:
            found: Node = self.call("users.lookupByEmail", email=address)["user"]
        except SlackRefused as refused:
            if refused.error == "users_not_found":
                return None
            raise
        return found

    def own(self) -> Node:
        """Return who we are: ``team_id``, ``user_id``, ``url``."""
        return self.call("auth.test")

    def publish(self, user: str, view: Node) -> None:
        """Show somebody's home."""
        self.call("views.publish", user_id=user, view=view)

    def status(self, channel: str, thread: str, status: str) -> None:
        """Say in the assistant pane what is being done; the next message of ours ends it."""
        self.call("assistant.threads.setStatus", channel_id=channel, thread_ts=thread, status=status)

    def entitle(self, channel: str, thread: str, title: str) -> None:
        """Name a thread of the assistant pane."""
        self.call("assistant.threads.setTitle", channel_id=channel, thread_ts=thread, title=title)

    def suggest(self, channel: str, thread: str, prompts: Sequence[tuple[str, str]]) -> None:
        """Offer first questions in the assistant pane: what they are called, and what is said by them."""
        offered = [{"title": title, "message": message} for title, message in prompts]
        self.call("assistant.threads.setSuggestedPrompts", channel_id=channel, thread_ts=thread, prompts=offered)


FORMS = frozenset({"users.info", "users.lookupByEmail", "conversations.replies", "conversations.history"})
"""Methods that take no JSON."""


def _lost(method: str, reason: object, repeatable: bool) -> Exception:
    refused = isinstance(reason, ConnectionRefusedError) or "Name or service" in str(reason) or "name resolution" in str(reason)
    if repeatable or refused:
        return Unavailable(f"Slack cannot be reached for {method}")
    return Uncertain(f"the answer to {method} was lost")


def _seconds(headers: Any) -> float | None:
    for name, value in dict(headers).items():
        if name.lower() == "retry-after":
            text = value[0] if isinstance(value, list) else value
            return float(text) if str(text).isdigit() else None
    return None
