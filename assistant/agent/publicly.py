"""What of a conversation may stand where others read too."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.agent.present import Presenter
from assistant.domain.reply import ReplyKind
from assistant.ports.identity import Directory
from assistant.ports.store import Event
from kb.model import Reader

FOR_ALL = frozenset({ReplyKind.ANSWER, ReplyKind.CLARIFICATION, ReplyKind.ABSTENTION, ReplyKind.SMALLTALK, ReplyKind.ERROR})
"""Kinds of replies that are about a question. All others are about the person: their account, their tickets, their requests."""


@dataclass(frozen=True, slots=True)
class Showing:
    """Shows stored events to the people whose conversations they are, with the rights that they have now."""

    presenter: Presenter
    directory: Directory

    def __call__(self, event: Event, person_id: str, public: bool) -> tuple[Event, bool]:
        """Return an event as the person may see it now, and whether it may not stand in a place that is ``public``.

        It may not where it is about the person, where somebody of the desk speaks to them, or where everybody would be shown less than they are.
        """
        person = self.directory.person(person_id)
        (shown,) = self.presenter.events([event], Reader(person.groups if person else frozenset()))
        if not public:
            return shown, False
        (for_all,) = self.presenter.events([event], Reader())
        return shown, for_all != shown or _personal(event)


def _personal(event: Event) -> bool:
    if event.body["type"] != "reply":
        return bool(event.body["type"] == "person")
    reply = event.body["reply"]
    attached = (reply.get("ticket") or {}).get("attached", False)
    return bool(reply["kind"] not in FOR_ALL or reply.get("action") or attached)
