"""What Slack is configured with, handed down as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assistant.entrypoints.slack.calls import API


@dataclass(frozen=True, slots=True)
class Listening:
    """How a channel is listened to: from which confidence up a question is answered that nobody asked us, and who sees the answer."""

    confidence: float
    answers: Literal["public", "ephemeral"] = "public"


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """Everything that the surface needs to know of its workspace."""

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    """For Socket Mode; without it deliveries come over HTTP."""
    signing_secret: str = field(default="", repr=False)
    teams: frozenset[str] = frozenset()
    """Workspaces whose people count, beside the one that the token is of."""
    reaction: str = ""
    """The emoji that asks for help with a message; "" for none."""
    channels: Mapping[str, Listening] = field(default_factory=dict)
    api: str = API

    @property
    def by_socket(self) -> bool:
        """Say whether deliveries come over Socket Mode."""
        return bool(self.app_token)
