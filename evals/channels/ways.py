"""The channels on which cases can be played."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from evals.channels.direct import DirectSide
from evals.channels.mailing import MailSide
from evals.channels.slacking import slack_by_http, slack_by_socket
from evals.conversations.channel import Talking
from evals.conversations.play import on_the_socket
from evals.conversations.stage import Stage

if TYPE_CHECKING:
    from assistant.bootstrap import Assistant
    from assistant.entrypoints.surface import Surface

DIRECT, WIDGET = "direct", "widget"


class OtherSide(Protocol):
    """What stands on the other side of a channel, for one play."""

    @property
    def settings(self) -> dict[str, Any]:
        """What the service is configured with, by the names of its settings."""

    def surfaces(self, assistant: Assistant) -> Sequence[Surface]:
        """Return the channels that the service runs beside the widget."""

    def end(self, stage: Stage, person: str) -> AbstractContextManager[Talking]:
        """Open a person's end.

        Raises:
            ChannelBroken: it cannot be opened.
        """


class WidgetSide(DirectSide):
    """The chat socket."""

    def end(self, stage: Stage, person: str) -> AbstractContextManager[Talking]:
        """Talk as the widget does."""
        return on_the_socket(stage, person)


def _alone(made: Callable[[], OtherSide]) -> Callable[[], AbstractContextManager[OtherSide]]:
    @contextmanager
    def opened() -> Iterator[OtherSide]:
        yield made()

    return opened


CHANNELS: dict[str, Callable[[], AbstractContextManager[OtherSide]]] = {
    DIRECT: _alone(DirectSide),
    WIDGET: _alone(WidgetSide),
    "mail": _alone(MailSide),
    "slack-socket": slack_by_socket,
    "slack-http": slack_by_http,
}
"""By name. ``direct`` is what the others are compared with."""
