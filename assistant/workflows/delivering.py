"""Shows what happened in a conversation where its person talks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assistant.desk.fulfilment import SYSTEM
from assistant.ports.channels import Channel, Delivery, Place, Posted, Thread
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.store import Event, OutboxEntry, Store, UnitOfWork
from assistant.workflows.errands import DONE, FAILED, Call, Ended

Shows = Callable[[Event, str, bool], tuple[Event, bool]]
"""Shows a stored event to a person as it may be shown now, in a place that is public or not; and says whether it is confidential there."""


@dataclass(frozen=True, slots=True)
class DeliverEvent:
    """``channel.deliver``. A second call under the same key looks first."""

    store: Store
    shows: Shows
    channels: Mapping[str, Channel] = field(default_factory=dict)
    patience: timedelta = timedelta(hours=24)

    def begin(self, unit: UnitOfWork, entry: OutboxEntry, at: datetime) -> list[Event] | None:
        """See the protocol. A channel that this process does not serve may be served again; what is too old by then is not shown any more."""
        del unit
        if entry.body["channel"] in self.channels:
            return None
        if at - entry.created_at > self.patience:
            return []
        raise Unavailable(f"{entry.body['channel']} is not served here")

    def look(self, entry: OutboxEntry) -> dict[str, Any]:
        """Nothing has to be known before."""
        del entry
        return {}

    def call(self, call: Call) -> dict[str, Any]:
        """See the protocol."""
        body = call.entry.body
        place = Place(body["channel"], body["place"], body["public"])
        thread = Thread(place, body["person"], body["conversation"])
        with self.store.read() as unit:
            event = next((one for one in unit.conversations.events(thread.conversation, body["number"] - 1) if one.number == body["number"]), None)
        if event is None:
            raise Refused("the conversation is gone")
        shown, confidential = self.shows(event, thread.person, place.public)
        delivery = Delivery(thread, shown, call.entry.key, call.uncertain, confidential)
        return {"post": self.channels[place.channel].deliver(delivery)}

    def end(self, unit: UnitOfWork, entry: OutboxEntry, ended: Ended, at: datetime) -> list[Event]:
        """See the protocol. A post is remembered, so that it can be changed; what did not arrive stands on the ticket, for those who work it."""
        post = ended.result.get("post", "") if ended.state == DONE else ""
        if post:
            about = f"{entry.body['conversation']}/{entry.body['number']}"
            unit.posts.note(Posted(entry.body["channel"], about, entry.body["place"], post, at))
        conversation = unit.conversations.load(entry.body["conversation"]) if ended.state != DONE else None
        if conversation is not None and conversation.episode.ticket:
            sure = "did not arrive" if ended.state == FAILED else "may or may not have arrived"
            note = f"A reply {sure} by {entry.body['channel']}: {ended.result.get('why', '')}. Somebody has to reach the person in another way."
            unit.tickets.comment(conversation.episode.ticket, SYSTEM, note, at, public=False)
        return []
