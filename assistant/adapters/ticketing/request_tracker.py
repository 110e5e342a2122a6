"""Request Tracker 5 by its REST 2 interface (docs/guide/request-tracker.md)."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from assistant.adapters.ticketing.calls import DeskCalls, NotThere, Stale, checked_key, is_number
from assistant.adapters.ticketing.words import plain_words
from assistant.domain.ticket import TicketStatus
from assistant.ports.outside import Refused, Unavailable
from assistant.ports.ticketing import Changed, DeskChange, DeskFile, DeskNote, DeskTicket, OutgoingTicket, UnknownTicket

PAGE = 100
PAGES = 50
TRIES = 3
UNSETTLED = timedelta(minutes=2)
"""Transactions are numbered when they begin and seen when they are committed, so the last ones are asked for again."""
AUTOMATIC = "RT_System"
STATUSES = {
    "new": TicketStatus.OPEN,
    "open": TicketStatus.IN_PROGRESS,
    "stalled": TicketStatus.WAITING,
    "resolved": TicketStatus.RESOLVED,
    "rejected": TicketStatus.CLOSED,
    "deleted": TicketStatus.CLOSED,
}
THEIRS = {
    TicketStatus.OPEN: "open",
    TicketStatus.IN_PROGRESS: "open",
    TicketStatus.WAITING: "stalled",
    TicketStatus.RESOLVED: "resolved",
    TicketStatus.CLOSED: "resolved",
}
FIELDS = {"fields": "Subject,Status,Queue,LastUpdated,CustomFields", "fields[Queue]": "Name"}


def status_of(theirs: str) -> TicketStatus:
    """Return our status for theirs; one of a lifecycle that we do not know counts as being worked on, never as closed."""
    return STATUSES.get(theirs, TicketStatus.IN_PROGRESS)


class RequestTracker:
    """The ``TicketDesk`` port. Tickets and comments carry their key in a custom field; a search finds it.

    It cannot say that two calls with one key that overlap make one ticket, as Request Tracker itself knows no such keys.
    """

    def __init__(
        self,
        url: str,
        token: str,
        account: str,
        queues: Mapping[str, str],
        *,
        key_field: str,
        category_field: str,
        categories: Mapping[str, str],
        timeout_seconds: float,
    ) -> None:
        """Speak for ``account``, to which ``token`` belongs.

        ``queues`` and ``categories`` give their names for ours, which are the same where nothing is given. ``category_field`` is
        their custom field for categories, "" for none.
        """
        self._url = url.rstrip("/")
        self._calls = DeskCalls("Request Tracker", f"{self._url}/REST/2.0", {"Authorization": f"token {token}"}, timeout_seconds)
        self._account = account
        self._queues, self._categories = dict(queues), dict(categories)
        self._key_field, self._category_field = key_field, category_field
        self._ready: set[str] = set()
        self._category_number = ""

    @property
    def name(self) -> str:
        """See the port."""
        return "Request Tracker"

    @property
    def honours_keys(self) -> bool:
        """See the port."""
        return False

    def create(self, made: OutgoingTicket, key: str) -> DeskTicket:
        """See the port."""
        if found := self.find(key):
            return found[0]
        fields = {self._key_field: key} | ({self._category_field: self._category(made.category)} if self._category_field else {})
        body = {
            "Queue": self._queue(made.queue),
            "Subject": " ".join(made.subject.split()),
            "Requestor": made.requester,
            "Content": made.text,
            "ContentType": "text/plain",
            "CustomFields": fields,
        }
        return self._existing(str(self._calls.tell("POST", "ticket", body).body["id"]))

    def find(self, key: str) -> list[DeskTicket]:
        """See the port."""
        return self._search(f"'CF.{{{self._key_field}}}' = '{checked_key(key)}'")

    def ticket(self, ticket_id: str) -> DeskTicket | None:
        """See the port."""
        if not is_number(ticket_id):
            return None
        return next(iter(self._search(f"id = {ticket_id}")), None) or self._merged_or_deleted(ticket_id)

    def notes(self, ticket_id: str) -> list[DeskNote]:
        """See the port."""
        return [self._note(item) for item in self._history(ticket_id) if item["Type"] in ("Create", "Correspond", "Comment")]

    def update(self, ticket_id: str, key: str, *, subject: str = "", queue: str = "", category: str = "") -> DeskTicket:
        """See the port. The key is not needed: the same values again change nothing."""
        checked_key(key)
        self._state(ticket_id)
        wanted: dict[str, Any] = {"Subject": " ".join(subject.split())} if subject else {}
        if queue:
            wanted["Queue"] = self._queue(queue)
        if category and self._category_field:
            wanted["CustomFields"] = {self._category_field: self._category(category)}
        said = self._calls.tell("PUT", f"ticket/{ticket_id}", wanted, repeatable=True).body if wanted else []
        now = next(iter(self._items("tickets", query=f"id = {ticket_id}", **FIELDS)), {})
        there = {
            "Subject": now.get("Subject"),
            "Queue": now.get("Queue", {}).get("Name"),
            "CustomFields": {self._category_field: _value(now, self._category_field)},
        }
        if any(there[name] != value for name, value in wanted.items()):
            raise Refused(f"Request Tracker did not change ticket {ticket_id}: {'; '.join(map(str, said))[:300]}")
        return self._existing(ticket_id)

    def comment(self, ticket_id: str, text: str, key: str, public: bool = True, files: Sequence[DeskFile] = ()) -> None:
        """See the port."""
        checked_key(key)
        history = self._history(ticket_id)
        if not any(field["name"] == self._key_field for item in history for field in item.get("CustomFields", ())):
            raise Refused(f"the transactions of ticket {ticket_id} have no custom field '{self._key_field}'; see the guide of Request Tracker")
        if any(_value(item, self._key_field) == key for item in history):
            return
        body: dict[str, Any] = {"Content": text, "ContentType": "text/plain", "TxnCustomFields": {self._key_field: key}}
        if files:
            body["Attachments"] = [
                {"FileName": _mail_word(file.name), "FileType": file.media, "FileContent": base64.b64encode(file.content).decode()} for file in files
            ]
        self._calls.tell("POST", f"ticket/{ticket_id}/{'correspond' if public else 'comment'}", body)

    def change_status(self, ticket_id: str, status: TicketStatus, key: str) -> DeskTicket:
        """See the port. Asks again whether the ticket has the status: Request Tracker answers 200 to a change that it refuses."""
        checked_key(key)
        wanted = THEIRS[status]
        for _ in range(TRIES):
            now, version = self._state(ticket_id)
            if now == wanted or status_of(now) is status:
                return self._existing(ticket_id)
            try:
                said = self._calls.tell("PUT", f"ticket/{ticket_id}", {"Status": wanted}, {"If-Match": version}, repeatable=True).body
            except Stale:
                continue
            if self._state(ticket_id)[0] != wanted:
                raise Refused(f"Request Tracker did not change ticket {ticket_id}: {'; '.join(map(str, said or ['no reason given']))[:300]}")
            return self._existing(ticket_id)
        raise Unavailable(f"ticket {ticket_id} of Request Tracker keeps changing")

    def link(self, ticket_id: str, other_id: str, key: str) -> None:
        """See the port."""
        checked_key(key)
        self._state(ticket_id)
        self._state(other_id)
        said = self._calls.tell("PUT", f"ticket/{ticket_id}", {"AddRefersTo": [other_id]}, repeatable=True).body
        if not self._search(f"id = {ticket_id} AND RefersTo = {other_id}"):
            raise Refused(f"Request Tracker did not link ticket {ticket_id}: {'; '.join(map(str, said))[:300]}")

    def open_of(self, requester: str) -> list[DeskTicket]:
        """See the port."""
        quoted = requester.replace("\\", "\\\\").replace("'", "\\'")
        return self._search(f"Requestor.EmailAddress = '{quoted}' AND Status = '__Active__'")[::-1]

    def changed_since(self, cursor: str) -> Changed:
        """See the port. The cursor is the number of a transaction before which nothing can appear any more.

        Times cannot be asked for: Request Tracker reads them in the time zone of the account, and takes those that it cannot
        read for the year 1970.
        """
        if not cursor:
            newest = self._calls.ask("transactions", query="id > 0", orderby="id", order="DESC", per_page=1).body["items"]
            return Changed((), newest[0]["id"] if newest else "0")
        settled = parsedate_to_datetime(self._calls.ask("rt").headers["date"]) - UNSETTLED
        query = (
            f"id > {int(cursor)} AND TicketCreator = '{self._account}' AND Creator != '{self._account}'"
            f" AND (Type = 'Status' OR Type = 'Correspond' OR Type = 'Comment' OR Type = 'CustomField' OR (Type = 'Set' AND Field = 'Queue'))"
            f" AND (Creator != '{AUTOMATIC}' OR NewValue != 'open')"
        )
        found = list(islice(self._items("transactions", query=query, fields="ObjectId,Created", orderby="id"), PAGE * PAGES))
        # Of more changes than fit into one answer, the rest is asked for the next time.
        latest = [] if len(found) == PAGE * PAGES else self._latest(cursor)
        done = [int(item["id"]) for item in (*found, *latest) if _time(item["Created"]) <= settled]
        return Changed(tuple(dict.fromkeys(str(item["ObjectId"]) for item in found)), str(max(done, default=int(cursor))))

    def _latest(self, cursor: str) -> list[dict[str, Any]]:
        """Return the newest transactions of all tickets, so that the cursor moves on where nothing of ours happens."""
        parameters = {"fields": "Created", "orderby": "id", "order": "DESC"}
        found: list[dict[str, Any]] = self._calls.ask("transactions", query=f"id > {int(cursor)}", per_page=PAGE, **parameters).body["items"]
        return found

    def changes_of(self, ticket_id: str, known: Container[str]) -> list[DeskChange]:
        """See the port. That Request Tracker opens a new ticket by itself when somebody writes, or moves one by a rule, is nobody's doing and
        not told.
        """
        changes = [self._change(item, ticket_id) for item in self._history(ticket_id) if item["id"] not in known and not self._ours(item)]
        return [change for change in changes if change is not None]

    def _change(self, item: Mapping[str, Any], ticket_id: str) -> DeskChange | None:
        """Return what a transaction says, None when it is neither words, a status nor a place."""
        place = DeskChange(item["id"], ticket_id, _time(item["Created"]), _author(item))
        automatic = _creator(item) == AUTOMATIC
        match item["Type"]:
            case "Correspond" | "Comment":
                return replace(place, note=_words(self._parts(item["id"])), public=item["Type"] == "Correspond")
            case "Status" if not automatic or item["NewValue"] != "open":
                return replace(place, status=status_of(item["NewValue"]))
            case "Set" if item["Field"] == "Queue" and not automatic:
                return replace(place, requeued=True)
            case "CustomField" if item["Field"] == self._category_id(ticket_id) and not automatic:
                return replace(place, recategorised=True)
        return None

    def _category_id(self, ticket_id: str) -> str:
        """Return the number of their field for categories, "" for none: their history names fields by it."""
        if self._category_field and not self._category_number:
            item = next(iter(self._items("tickets", query=f"id = {ticket_id}", **FIELDS)), {})
            self._category_number = next((str(one["id"]) for one in item.get("CustomFields", ()) if one["name"] == self._category_field), "")
        return self._category_number

    def _queue(self, ours: str) -> str:
        """Return their name of a queue that is ready for our keys."""
        theirs = self._queues.get(ours, ours)
        if theirs in self._ready:
            return theirs
        try:
            queue = self._calls.ask(f"queue/{theirs}").body
        except Refused as error:
            raise Refused(f"Request Tracker shows our account no queue '{theirs}' for our '{ours}' ({error})") from None
        for kind, of in (("TicketCustomFields", "tickets"), ("TicketTransactionCustomFields", "transactions")):
            if all(field["name"] != self._key_field for field in queue.get(kind, ())):
                raise Refused(f"queue '{theirs}' of Request Tracker has no custom field '{self._key_field}' for {of}; see its guide")
        self._ready.add(theirs)
        return theirs

    def _category(self, ours: str) -> str:
        return self._categories.get(ours, ours)

    def _state(self, ticket_id: str) -> tuple[str, str]:
        """Return a ticket's status and the version that changes are made against."""
        if not is_number(ticket_id):
            raise UnknownTicket(ticket_id)
        try:
            found = self._calls.ask(f"ticket/{ticket_id}")
        except NotThere:
            raise UnknownTicket(ticket_id) from None
        return str(found.body["Status"]), found.headers.get("etag", "*")

    def _existing(self, ticket_id: str) -> DeskTicket:
        found = self.ticket(ticket_id)
        if found is None:
            raise UnknownTicket(ticket_id)
        return found

    def _merged_or_deleted(self, ticket_id: str) -> DeskTicket | None:
        """Return a ticket that searches leave out: one that was merged into another is answered as that, a deleted one as closed."""
        try:
            item = self._calls.ask(f"ticket/{ticket_id}").body
            queue = self._calls.ask(f"queue/{item['Queue']['id']}").body
        except NotThere:
            return None
        return self._ticket({**item, "Queue": queue})

    def _search(self, query: str) -> list[DeskTicket]:
        return [self._ticket(item) for item in self._items("tickets", query=query, orderby="id", **FIELDS)]

    def _ticket(self, item: Mapping[str, Any]) -> DeskTicket:
        category = _value(item, self._category_field) if self._category_field else ""
        return DeskTicket(
            id=str(item["id"]),
            status=status_of(item["Status"]),
            subject=item["Subject"],
            queue=next((ours for ours, theirs in self._queues.items() if theirs == item["Queue"]["Name"]), item["Queue"]["Name"]),
            url=f"{self._url}/Ticket/Display.html?id={item['id']}",
            updated_at=_time(item["LastUpdated"]),
            key=_value(item, self._key_field),
            category=next((ours for ours, theirs in self._categories.items() if theirs == category), category),
        )

    def _history(self, ticket_id: str) -> list[dict[str, Any]]:
        """Return a ticket's transactions. Request Tracker answers with none for a ticket that it does not have."""
        if not is_number(ticket_id):
            raise UnknownTicket(ticket_id)
        fields = {"fields": "Type,Field,Created,Creator,NewValue,CustomFields", "fields[Creator]": "Name,RealName"}
        found = list(self._items(f"ticket/{ticket_id}/history", **fields))
        if not found:
            self._state(ticket_id)
        return found

    def _items(self, path: str, **parameters: str) -> Iterator[dict[str, Any]]:
        """Yield everything in a list. Its total is null for accounts that may not see all, so a page that is not full is the last."""
        for page in range(1, PAGES + 1):
            items = self._calls.ask(path, page=page, per_page=PAGE, **parameters).body["items"]
            yield from items
            if len(items) < PAGE:
                return
        raise Refused(f"Request Tracker has more than {PAGE * PAGES} entries for {path}")

    def _note(self, item: Mapping[str, Any]) -> DeskNote:
        parts = self._parts(item["id"])
        files = tuple(str(part["Filename"]) for part in parts if part.get("Filename"))
        return DeskNote(item["id"], _author(item), _words(parts), item["Type"] != "Comment", _time(item["Created"]), self._ours(item), files)

    def _parts(self, transaction: str) -> list[dict[str, Any]]:
        """Return what a transaction consists of: its words, in each form that they have, and its files."""
        return list(self._items(f"transaction/{transaction}/attachments", fields="ContentType,Content,Filename"))

    def _ours(self, item: Mapping[str, Any]) -> bool:
        return _creator(item) == self._account


def _mail_word(name: str) -> str:
    """Return a name as a header of a mail would say it: Request Tracker makes one of a file, and fails at letters beyond ASCII."""
    return name if name.isascii() else f"=?UTF-8?B?{base64.b64encode(name.encode()).decode()}?="


def _words(parts: list[dict[str, Any]]) -> str:
    said = [part for part in parts if not part.get("Filename") and part.get("Content")]
    plain = next((part["Content"] for part in said if part["ContentType"] == "text/plain"), "")
    return plain or next((plain_words(part["Content"]) for part in said if part["ContentType"] == "text/html"), "")


def _creator(item: Mapping[str, Any]) -> str:
    creator = item["Creator"]
    return str(creator.get("Name") or creator["id"])


def _author(item: Mapping[str, Any]) -> str:
    return str(item["Creator"].get("RealName") or _creator(item))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _value(item: Mapping[str, Any], field: str) -> str:
    """Return the value of a custom field, "" when it has none."""
    return next((str(value) for one in item.get("CustomFields", ()) if one["name"] == field for value in one["values"]), "")
