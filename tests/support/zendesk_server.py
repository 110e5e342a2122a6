"""A stateful Zendesk on loopback that holds every request and every answer against the vendor's description."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.zendesk_description import CALLS, FAILED, STATUS, Draft202012Validator

ACCOUNT, TOKEN = "firstline@desk.test", "test-only-token"
AGENT, PERSON = 11, 12
GROUPS = {"IT": 501, "Network": 502}
CATEGORY_FIELD = 360001
BEGUN = 1_790_000_000
EXPORT_LAG = 60
PAGE_LIMIT = 100


class Problem(Exception):
    """A refusal with its status and body."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({"description": description} if description else {})}


class ZendeskState:
    """Tickets, people and what happened, by a clock that moves by a second with each change."""

    def __init__(self) -> None:
        self.seconds = BEGUN
        self.numbers = 1_000
        self.tickets: dict[int, dict[str, Any]] = {}
        self.audits: dict[int, list[dict[str, Any]]] = {}
        self.users = {AGENT: ("Firstline", ACCOUNT), PERSON: ("Pat Desk", "pat@desk.test")}
        self.idempotent: dict[str, tuple[Any, dict[str, Any]]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.violations: list[str] = []
        self.faults: list[Callable[[Handler, bytes], bool]] = []
        self.lock = threading.RLock()
        self.before_update: Callable[[int], None] = lambda ticket: None

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def now(self) -> str:
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def write(self, ticket: int, author: int, text: str, public: bool) -> None:
        """Write a comment as somebody."""
        self.change(ticket, author, {"comment": {"body": text, "public": public}})

    def create(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if wanted.get("group_id") not in GROUPS.values():
            raise Problem(422, "RecordInvalid", "Record validation errors")
        ticket_id = self.number()
        self.tickets[ticket_id] = {
            "id": ticket_id,
            "url": f"https://desk.test/api/v2/tickets/{ticket_id}.json",
            "external_id": wanted.get("external_id"),
            "subject": wanted.get("subject"),
            "description": wanted["comment"]["body"],
            "status": "new",
            "group_id": wanted["group_id"],
            "requester_id": self._user(wanted["requester"]),
            "submitter_id": AGENT,
            "custom_fields": wanted.get("custom_fields", []),
            "created_at": self.now(),
            "updated_at": self.now(),
            "is_public": True,
            "tags": [],
        }
        self.audits[ticket_id] = []
        self._audit(ticket_id, AGENT, [self._comment(wanted["comment"])], {})
        return self.tickets[ticket_id]

    def change(self, ticket_id: int, author: int, wanted: dict[str, Any]) -> dict[str, Any]:
        ticket = self.tickets[ticket_id]
        if ticket["status"] == "closed":
            raise Problem(422, "RecordInvalid", "Status: closed prevents ticket update")
        if wanted.get("safe_update") and wanted.get("updated_stamp") != ticket["updated_at"]:
            raise Problem(409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data")
        if "group_id" in wanted and wanted["group_id"] not in GROUPS.values():
            raise Problem(422, "RecordInvalid", "Record validation errors")
        events = [self._comment(wanted["comment"])] if "comment" in wanted else []
        for name in ("status", "subject", "group_id"):
            if name in wanted and wanted[name] != ticket[name]:
                events.append(
                    {"id": self.number(), "type": "Change", "field_name": name, "value": str(wanted[name]), "previous_value": str(ticket[name])}
                )
                ticket[name] = wanted[name]
        before = {one["id"]: one["value"] for one in ticket["custom_fields"]}
        for one in wanted.get("custom_fields", ()):
            if one["value"] != before.get(one["id"]):
                told = {"field_name": str(one["id"]), "value": one["value"], "previous_value": before.get(one["id"])}
                events.append({"id": self.number(), "type": "Change", **told})
        ticket["custom_fields"] = wanted.get("custom_fields", ticket["custom_fields"])
        self._audit(ticket_id, author, events, wanted.get("metadata", {}))
        return ticket

    def _comment(self, wanted: dict[str, Any]) -> dict[str, Any]:
        body = wanted["body"]
        if any(token not in self.uploads for token in wanted.get("uploads", ())):
            raise Problem(422, "RecordInvalid", "Upload token is not valid")
        files = [self.uploads.pop(token) for token in wanted.get("uploads", ())]
        return {"id": self.number(), "type": "Comment", "body": body, "plain_body": body, "public": wanted.get("public", True), "attachments": files}

    def upload(self, name: str, media: str, content: bytes) -> dict[str, Any]:
        token, file = secrets.token_urlsafe(16), {"id": self.number(), "file_name": name, "content_type": media, "size": len(content)}
        self.uploads[token], self.files[name] = file, content
        return {"upload": {"token": token, "attachment": file, "attachments": [file]}}

    def _audit(self, ticket_id: int, author: int, events: list[dict[str, Any]], custom: dict[str, Any]) -> None:
        self.seconds += 1
        self.tickets[ticket_id]["updated_at"] = self.now()
        audit = {
            "id": self.number(),
            "ticket_id": ticket_id,
            "author_id": author,
            "created_at": self.now(),
            "events": [{"author_id": author, **event} if event["type"] == "Comment" else event for event in events],
            "metadata": {"system": {}, "custom": custom},
            "via": {"channel": "api", "source": {}},
        }
        self.audits[ticket_id].append(audit)

    def _user(self, wanted: dict[str, Any]) -> int:
        known = next((number for number, (_, email) in self.users.items() if email == wanted.get("email")), 0)
        if not known:
            known = self.number()
            self.users[known] = (wanted["name"], wanted.get("email"))
        return known

    def user(self, number: int) -> dict[str, Any]:
        return {"id": number, "name": self.users[number][0], "email": self.users[number][1]}


class Handler(BaseHTTPRequestHandler):
    """Answers one call, after it has been held against the description."""

    protocol_version = "HTTP/1.1"
    state: ZendeskState

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(datetime.fromtimestamp(self.state.seconds, UTC), usegmt=True)

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def _handle(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.state.lock:
            if self.state.faults and self.state.faults.pop(0)(self, sent):
                return
            try:
                status, body, headers = self._answer(sent)
            except Problem as problem:
                status, body, headers = problem.status, problem.body, {}
                self._hold("answer", Draft202012Validator(FAILED), body)
            self.reply(status, json.dumps(body).encode(), headers)

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def commit(self, sent: bytes) -> None:
        """Do what is asked and say nothing of it."""
        self._answer(sent)

    def _hold(self, what: str, against: Draft202012Validator, value: Any) -> None:
        self.state.violations += [f"{what} of {self.command} {self.path}: {error.message[:200]}" for error in against.iter_errors(value)]

    def _answer(self, sent: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix("/api/v2/"), {name: values[0] for name, values in parse_qs(parts.query).items()}
        shape = re.sub(r"(?<=/)\d+(?=/|$)", "{id}", path)
        call = CALLS.get((self.command, shape))
        if call is None:
            self.state.violations.append(f"the description has no {self.command} {shape}")
            raise Problem(404, "InvalidEndpoint", "Not found")
        if self.headers.get("authorization") != "Basic " + base64.b64encode(f"{ACCOUNT}/token:{TOKEN}".encode()).decode():
            raise Problem(401, "Couldn't authenticate you")
        for name, value in query.items():
            if not re.fullmatch(call.query.get(name, "$^"), value):
                self.state.violations.append(f"query {name}={value} of {self.command} {shape}")
        wanted = json.loads(sent) if sent and shape != "uploads" else sent
        if call.request is not None:
            self._hold("request", call.request, wanted)
        body, headers = self._done(shape, path, query, wanted)
        self._hold("answer", call.answer, body)
        return call.status, body, headers

    def _done(self, shape: str, path: str, query: dict[str, str], wanted: Any) -> tuple[dict[str, Any], dict[str, str]]:
        if (self.command, shape) == ("POST", "tickets"):
            return self._create(wanted["ticket"])
        if shape == "uploads":
            return self.state.upload(query["filename"], self.headers.get("content-type", ""), wanted), {}
        if self.command == "PUT":
            return {"ticket": self._change(self._found(path), wanted["ticket"])}, {}
        number = int(path.split("/")[1]) if "{id}" in shape else 0
        return self._read(shape, number, query), {}

    def _create(self, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        key = self.headers.get("idempotency-key", "")
        if key and key in self.state.idempotent:
            before, answer = self.state.idempotent[key]
            if before != wanted:
                raise Problem(400, "IdempotentRequestError", "Request parameters do not match the first request with this key")
            return answer, {"x-idempotency-lookup": "hit"}
        answer = {"ticket": dict(self.state.create(wanted))}
        if key:
            self.state.idempotent[key] = wanted, answer
        return answer, {"x-idempotency-lookup": "miss"}

    def _change(self, number: int, wanted: dict[str, Any]) -> dict[str, Any]:
        self.state.before_update(number)
        if "status" in wanted and wanted["status"] not in STATUS["enum"]:
            raise Problem(422, "RecordInvalid", "Status is not valid")
        return self.state.change(number, AGENT, wanted)

    def _found(self, path: str) -> int:
        number = int(path.split("/")[1])
        if number not in self.state.tickets:
            raise Problem(404, "RecordNotFound", "Not found")
        return number

    def _read(self, shape: str, number: int, query: dict[str, str]) -> dict[str, Any]:
        state = self.state
        if shape.startswith("tickets/{id}"):
            self._found(f"tickets/{number}")
        readers: dict[str, Callable[[], dict[str, Any]]] = {
            "tickets": lambda: {"tickets": [one for one in state.tickets.values() if one["external_id"] == query["external_id"]]},
            "tickets/{id}": lambda: {"ticket": state.tickets[number]},
            "tickets/{id}/audits": lambda: self._page("audits", state.audits[number], query),
            "tickets/{id}/comments": lambda: self._page("comments", self._comments(number), query),
            "incremental/ticket_events": lambda: self._events(int(query["start_time"])),
            "groups": lambda: self._page("groups", [{"id": group, "name": name, "deleted": False} for name, group in GROUPS.items()], query),
            "users/me": lambda: {"user": state.user(AGENT)},
            "users/show_many": lambda: {"users": [state.user(int(one)) for one in query["ids"].split(",") if int(one) in state.users]},
            "users/search": lambda: {"users": [state.user(one) for one, (_, email) in state.users.items() if query["query"] in str(email)]},
            "users/{id}/tickets/requested": lambda: self._page(
                "tickets", [one for one in state.tickets.values() if one["requester_id"] == number], query
            ),
        }
        return readers[shape]()

    def _comments(self, number: int) -> list[dict[str, Any]]:
        return [
            {**event, "created_at": audit["created_at"], "audit_id": audit["id"]}
            for audit in self.state.audits[number]
            for event in audit["events"]
            if event["type"] == "Comment"
        ]

    @staticmethod
    def _page(name: str, items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        start, size = int(query.get("page[after]", 0)), min(int(query.get("page[size]", PAGE_LIMIT)), PAGE_LIMIT)
        more = len(items) > start + size
        meta = {"has_more": more, "after_cursor": str(start + size) if more else None, "before_cursor": None}
        return {name: items[start : start + size], "meta": meta, "links": {}}

    def _events(self, since: int) -> dict[str, Any]:
        until = self.state.seconds - EXPORT_LAG
        if since > until:
            raise Problem(422, "StartTimeTooRecent", f"Too recent start_time. Use a start_time older than {EXPORT_LAG} seconds")
        events = [
            {
                "id": audit["id"],
                "ticket_id": audit["ticket_id"],
                "timestamp": made,
                "updater_id": audit["author_id"],
                "event_type": "Audit",
                "child_events": [],
            }
            for audits in self.state.audits.values()
            for audit in audits
            if since <= (made := int(datetime.fromisoformat(audit["created_at"]).timestamp())) <= until
        ]
        last = max((int(event["timestamp"]) for event in events), default=None)
        return {"ticket_events": events, "count": len(events), "end_time": last, "end_of_stream": True, "next_page": None}


@contextlib.contextmanager
def zendesk_server() -> Iterator[tuple[str, ZendeskState]]:
    """Serve inside the block; every violation of the description fails the test that made it."""
    state = ZendeskState()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"state": state}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="zendesk")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", state
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
    assert state.violations == []
