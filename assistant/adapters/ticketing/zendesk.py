"""Zendesk Support by its Ticketing API, ``/api/v2`` (docs/guide/zendesk.md)."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from assistant.adapters.ticketing.calls import DeskCalls, NotThere, Stale, checked_key, is_number
from assistant.domain.ticket import TicketStatus
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.ticketing import Changed, DeskChange, DeskFile, DeskNote, DeskTicket, OutgoingTicket, UnknownTicket

PAGE = 100
PAGES = 50
TRIES = 3
EXPORT_LAG_SECONDS = 120
"""The export leaves out the last minute, and refuses to begin within it."""
KEY_FIELD = "firstline_key"
STATUSES = {
    "new": TicketStatus.OPEN,
    "open": TicketStatus.IN_PROGRESS,
    "pending": TicketStatus.WAITING,
    "hold": TicketStatus.WAITING,
    "solved": TicketStatus.RESOLVED,
    "closed": TicketStatus.CLOSED,
}
THEIRS = {
    TicketStatus.OPEN: "open",
    TicketStatus.IN_PROGRESS: "open",
    TicketStatus.WAITING: "pending",
    TicketStatus.RESOLVED: "solved",
    TicketStatus.CLOSED: "solved",
}
"""Zendesk closes what is solved by itself, later and for good; until then it can be reopened."""


class Zendesk:
    """The ``TicketDesk`` port. A ticket carries its key as external id and is created with it as ``Idempotency-Key``; a comment
    carries it in the metadata of its audit.

    Zendesk forgets an ``Idempotency-Key`` after two hours; by then the external id is found.
    """

    def __init__(
        self,
        url: str,
        token: str,
        account: str,
        queues: Mapping[str, str],
        *,
        category_field: str,
        categories: Mapping[str, str],
        timeout_seconds: float,
    ) -> None:
        """Speak for ``account``, the e-mail address of an agent, with an API token.

        ``queues`` gives the names of their groups for our queues, ``categories`` the values of the custom field whose id is
        ``category_field``, "" for none. What is not given is the same there.
        """
        secret = base64.b64encode(f"{account}/token:{token}".encode()).decode()
        self._url = url.rstrip("/")
        self._calls = DeskCalls("Zendesk", f"{self._url}/api/v2", {"Authorization": f"Basic {secret}"}, timeout_seconds)
        self._queues, self._categories = dict(queues), dict(categories)
        self._category_field = category_field
        self._groups: dict[str, int] = {}
        self._me = 0

    @property
    def name(self) -> str:
        """See the port."""
        return "Zendesk"

    @property
    def honours_keys(self) -> bool:
        """See the port."""
        return True

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        """See the port. Whatever becomes of the answer, the call may be made again."""
        if found := self.find(key):
            return found[0]
        ticket = {
            "subject": " ".join(made.subject.split()),
            "comment": {"body": made.text, "public": True},
            "requester": {"name": made.requester_name or made.requester, "email": made.requester},
            "external_id": key,
            "group_id": self._group(made.queue),
            **self._category(made.category),
        }
        return self._ticket(self._told("POST", "tickets", ticket, {"Idempotency-Key": key}, repeatable=True))

    def find(self, key: str) -> list[DeskTicket]:
        """See the port."""
        found = self._calls.ask("tickets", external_id=checked_key(key)).body["tickets"]
        return [self._ticket(item) for item in sorted(found, key=lambda item: int(item["id"]))]

    def ticket(self, ticket_id: str) -> DeskTicket | None:
        """See the port."""
        try:
            return self._ticket(self._read(ticket_id))
        except UnknownTicket:
            return None

    def notes(self, ticket_id: str) -> list[DeskNote]:
        """See the port."""
        self._read(ticket_id)
        items = list(self._items(f"tickets/{ticket_id}/comments", "comments"))
        names, me = self._names(item["author_id"] for item in items), self._own_id()
        return [
            DeskNote(
                str(item["id"]),
                names.get(item["author_id"], ""),
                _words(item),
                bool(item["public"]),
                datetime.fromisoformat(item["created_at"]),
                item["author_id"] == me,
                tuple(file["file_name"] for file in item["attachments"]),
            )
            for item in items
        ]

    def update(self, ticket_id: str, key: str, *, subject: str = "", queue: str = "", category: str = "") -> DeskTicket:
        """See the port. The key is not needed: the same values again change nothing."""
        checked_key(key)
        wanted: dict[str, Any] = {"subject": " ".join(subject.split())} if subject else {}
        if queue:
            wanted["group_id"] = self._group(queue)
        if category:
            wanted |= self._category(category)
        before = self._read(ticket_id)
        if not wanted:
            return self._ticket(before)
        now = self._told("PUT", f"tickets/{ticket_id}", wanted, repeatable=True)
        if any(now[name] != value for name, value in wanted.items() if name != "custom_fields"):
            raise Refused(f"Zendesk did not change ticket {ticket_id}")
        return self._ticket(now)

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True, files: Sequence[DeskFile] = ()) -> None:
        """See the port. A file is left there first; one that no comment names, Zendesk forgets within the hour."""
        checked_key(key)
        self._read(ticket_id)
        if any(audit.get("metadata", {}).get("custom", {}).get(KEY_FIELD) == key for audit in self._audits(ticket_id)):
            return
        left = [self._calls.leave("uploads", file.content, file.media, filename=file.name).body["upload"]["token"] for file in files]
        body = {"comment": {"body": text, "public": public, **({"uploads": left} if left else {})}, "metadata": {KEY_FIELD: key}}
        self._told("PUT", f"tickets/{ticket_id}", body)

    def change_status(self, ticket_id: str, status: TicketStatus, key: str) -> DeskTicket:
        """See the port."""
        checked_key(key)
        wanted = THEIRS[status]
        for _ in range(TRIES):
            item = self._read(ticket_id)
            if item["status"] == wanted or STATUSES.get(item["status"]) is status:
                return self._ticket(item)
            change = {"status": wanted, "safe_update": True, "updated_stamp": item["updated_at"]}
            try:
                now = self._calls.tell("PUT", f"tickets/{ticket_id}", {"ticket": change}, repeatable=True).body["ticket"]
            except Stale:
                continue
            if now["status"] != wanted:
                raise Refused(f"Zendesk did not change ticket {ticket_id}: it is {now['status']}")
            return self._ticket(now)
        raise Unavailable(f"ticket {ticket_id} of Zendesk keeps changing")

    def link(self, ticket_id: str, other_id: str, key: str) -> None:
        """See the port. Zendesk has no links between tickets of any kind; a note that the requester does not see says it."""
        self._read(other_id)
        if ticket_id == other_id:
            raise Refused("a ticket cannot be linked to itself")
        self.comment(ticket_id, f"See also ticket #{other_id}, which is about the same.", key, public=False)

    def open_of(self, requester: str) -> list[DeskTicket]:
        """See the port."""
        people = self._calls.ask("users/search", query=requester).body["users"]
        mine = [item["id"] for item in people if str(item.get("email", "")).lower() == requester.lower()]
        found = [item for person in mine for item in self._items(f"users/{person}/tickets/requested", "tickets")]
        tickets = [self._ticket(item) for item in sorted(found, key=lambda item: -int(item["id"]))]
        return [ticket for ticket in tickets if ticket.status.is_open]

    def changed_since(self, cursor: str) -> Changed:
        """See the port. The cursor is a Unix time of Zendesk's clock; changes are named one to two minutes after they were made."""
        if not cursor:
            now = parsedate_to_datetime(self._calls.ask("users/me").headers["date"])
            return Changed((), str(int(now.timestamp()) - EXPORT_LAG_SECONDS))
        me, tickets = self._own_id(), dict[str, None]()
        for _ in range(PAGES):
            page = self._calls.ask("incremental/ticket_events", start_time=cursor).body
            tickets |= {str(event["ticket_id"]): None for event in page["ticket_events"] if event["updater_id"] != me}
            before, cursor = cursor, str(page["end_time"] or cursor)
            if page["end_of_stream"] or cursor == before:
                break
        return Changed(tuple(tickets), cursor)

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        """See the port."""
        self._read(ticket_id)
        me = self._own_id()
        audits = [audit for audit in self._audits(ticket_id) if audit["author_id"] != me]
        names, changes = self._names(audit["author_id"] for audit in audits), []
        for audit in audits:
            at, author = datetime.fromisoformat(audit["created_at"]), names.get(audit["author_id"], "")
            for event in audit["events"]:
                change = self._change(event, DeskChange(str(event["id"]), ticket_id, at, author), audit["author_id"] > 0)
                if change is not None and change.id not in known:
                    changes.append(change)
        return changes

    def _change(self, event: Mapping[str, Any], place: DeskChange, person: bool) -> DeskChange | None:
        """Return what an event of an audit says, None when it is neither words, a status nor a place. What a rule of theirs moved, no person did."""
        if event["type"] == "Comment":
            return replace(place, note=_words(event), public=bool(event["public"]))
        named = event.get("field_name") if event["type"] == "Change" else None
        if named == "status":
            return replace(place, status=STATUSES.get(str(event["value"]), TicketStatus.IN_PROGRESS))
        if not person or (event.get("via") or {}).get("channel") == "rule":
            return None
        if named == "group_id":
            return replace(place, requeued=True)
        return replace(place, recategorised=True) if named and named == self._category_field else None

    def _told(self, method: str, path: str, ticket: object, headers: Mapping[str, str] | None = None, *, repeatable: bool = False) -> dict[str, Any]:
        """Change a ticket and return it. A conflict that we did not ask for says that Zendesk is busy with the ticket: nothing was done."""
        try:
            told: dict[str, Any] = self._calls.tell(method, path, {"ticket": ticket}, headers, repeatable=repeatable).body["ticket"]
        except Stale as error:
            raise Unavailable(str(error)) from None
        return told

    def _read(self, ticket_id: str) -> dict[str, Any]:
        if not is_number(ticket_id):
            raise UnknownTicket(ticket_id)
        try:
            found: dict[str, Any] = self._calls.ask(f"tickets/{ticket_id}").body["ticket"]
        except NotThere:
            raise UnknownTicket(ticket_id) from None
        return found

    def _audits(self, ticket_id: str) -> Iterator[dict[str, Any]]:
        return self._items(f"tickets/{ticket_id}/audits", "audits")

    def _items(self, path: str, name: str) -> Iterator[dict[str, Any]]:
        """Yield everything in a list that is paged by a cursor."""
        after: dict[str, str] = {}
        for _ in range(PAGES):
            page = self._calls.ask(path, **{"page[size]": PAGE}, **after).body
            yield from page[name]
            meta = page.get("meta") or {}
            if not meta.get("has_more") or not meta.get("after_cursor"):
                return
            after = {"page[after]": str(meta["after_cursor"])}
        raise Refused(f"Zendesk has more than {PAGE * PAGES} entries for {path}")

    def _names(self, authors: Iterator[int]) -> dict[int, str]:
        """Return the names of people; those who do not exist any more, and Zendesk itself, have none."""
        ids = sorted({author for author in authors if author > 0})
        found: dict[int, str] = {}
        for start in range(0, len(ids), PAGE):
            users = self._calls.ask("users/show_many", ids=",".join(map(str, ids[start : start + PAGE]))).body["users"]
            found |= {user["id"]: user["name"] for user in users}
        return found

    def _own_id(self) -> int:
        if not self._me:
            self._me = int(self._calls.ask("users/me").body["user"]["id"] or 0)
            if not self._me:
                raise Refused("Zendesk does not accept our credentials")
        return self._me

    def _group(self, ours: str) -> int:
        theirs = self._queues.get(ours, ours)
        if theirs not in self._groups:
            self._groups = {group["name"]: int(group["id"]) for group in self._items("groups", "groups") if not group.get("deleted")}
        if theirs not in self._groups:
            raise Refused(f"Zendesk has no group '{theirs}' for our queue '{ours}'")
        return self._groups[theirs]

    def _queue(self, group: int | None) -> str:
        if group not in self._groups.values():
            self._groups = {found["name"]: int(found["id"]) for found in self._items("groups", "groups")}
        theirs = next((name for name, number in self._groups.items() if number == group), "")
        return next((ours for ours, name in self._queues.items() if name == theirs), theirs)

    def _category(self, ours: str) -> dict[str, Any]:
        if not self._category_field:
            return {}
        return {"custom_fields": [{"id": int(self._category_field), "value": self._categories.get(ours, ours)}]}

    def _category_of(self, item: Mapping[str, Any]) -> str:
        given = (one["value"] for one in item.get("custom_fields") or () if str(one["id"]) == self._category_field)
        theirs = str(next(given, None) or "")
        return next((ours for ours, tag in self._categories.items() if tag == theirs), theirs)

    def _ticket(self, item: Mapping[str, Any]) -> DeskTicket:
        return DeskTicket(
            id=str(item["id"]),
            status=STATUSES.get(item["status"], TicketStatus.IN_PROGRESS),
            subject=item["subject"] or "",
            queue=self._queue(item["group_id"]),
            url=f"{self._url}/agent/tickets/{item['id']}",
            updated_at=datetime.fromisoformat(item["updated_at"]),
            key=item["external_id"] or "",
            category=self._category_of(item),
        )


def _words(item: Mapping[str, Any]) -> str:
    return str(item.get("plain_body") or item.get("body") or "")
