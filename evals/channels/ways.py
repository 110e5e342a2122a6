"""The channels on which cases can be played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evals.channels.direct import direct
from evals.channels.mailing import SETTINGS as MAIL_SETTINGS
from evals.channels.mailing import mail, mail_surface
from evals.conversations.play import Ends, on_the_socket
from evals.conversations.stage import Opens

DIRECT, WIDGET = "direct", "widget"


@dataclass(frozen=True, slots=True)
class Channel:
    """How people talk on one channel, and what the service needs for it."""

    end: Ends
    surfaces: Opens = lambda _: ()
    settings: Mapping[str, object] = field(default_factory=dict)


CHANNELS: dict[str, Channel] = {
    DIRECT: Channel(direct),
    WIDGET: Channel(on_the_socket),
    "mail": Channel(mail, mail_surface, MAIL_SETTINGS),
}
"""By name. ``direct`` is what the others are compared with."""
