"""What Zendesk's published OpenAPI description says of the calls that we make, as JSON Schema.

Written by hand from the description of the Ticketing API (ListTickets, CreateTicket, ShowTicket, UpdateTicket, ListAuditsForTicket,
ListTicketComments, IncrementalTicketEvents, ListGroups, ShowCurrentUser, ShowManyUsers, SearchUsers, ListUserRequestedTickets,
UploadFiles): names and
types of fields are the vendor's. It is stricter than the vendor's in one thing: a field that the description does not know is refused.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

Schema = dict[str, Any]
INTEGER, STRING, BOOLEAN = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
OBJECT: Schema = {"type": "object"}
STATUS = {"enum": ["new", "open", "pending", "hold", "solved", "closed"]}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def array(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def closed(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


CUSTOM_FIELDS = array(closed(("id", "value"), id=INTEGER, value=maybe(STRING)))
COMMENT_IN = closed(("body",), body=STRING, html_body=STRING, public=BOOLEAN, author_id=INTEGER, uploads=array(STRING))
REQUESTER_IN = closed(("name",), name=STRING, email=STRING, locale_id=INTEGER)
CREATE = closed(
    ("ticket",),
    ticket=closed(
        ("comment",),
        subject=STRING,
        comment=COMMENT_IN,
        requester=REQUESTER_IN,
        requester_id=INTEGER,
        external_id=STRING,
        group_id=INTEGER,
        custom_fields=CUSTOM_FIELDS,
        status=STATUS,
        priority={"enum": ["urgent", "high", "normal", "low"]},
        type={"enum": ["problem", "incident", "question", "task"]},
        tags=array(STRING),
        metadata=OBJECT,
    ),
)
UPDATE = closed(
    ("ticket",),
    ticket=closed(
        subject=STRING,
        comment=COMMENT_IN,
        status=STATUS,
        group_id=INTEGER,
        custom_fields=CUSTOM_FIELDS,
        safe_update=BOOLEAN,
        updated_stamp=TIME,
        external_id=STRING,
        metadata=OBJECT,
    ),
)
TICKET = closed(
    ("id", "status", "subject", "group_id", "external_id", "requester_id", "created_at", "updated_at", "url"),
    id=INTEGER,
    url=STRING,
    external_id=maybe(STRING),
    subject=maybe(STRING),
    raw_subject=maybe(STRING),
    description=STRING,
    status=STATUS,
    group_id=maybe(INTEGER),
    requester_id=INTEGER,
    submitter_id=INTEGER,
    custom_fields=CUSTOM_FIELDS,
    created_at=TIME,
    updated_at=TIME,
    is_public=BOOLEAN,
    tags=array(STRING),
)
VIA = closed(("channel",), channel=STRING, source=OBJECT)
META = closed(("has_more",), has_more=BOOLEAN, after_cursor=maybe(STRING), before_cursor=maybe(STRING))
PAGING: dict[str, Schema] = {"meta": META, "links": OBJECT, "next_page": maybe(STRING), "previous_page": maybe(STRING), "count": INTEGER}
AUDIT = closed(
    ("id", "ticket_id", "author_id", "created_at", "events", "metadata", "via"),
    id=INTEGER,
    ticket_id=INTEGER,
    author_id=INTEGER,
    created_at=TIME,
    events=array({"type": "object", "required": ["id", "type"], "properties": {"id": INTEGER, "type": STRING}}),
    metadata=closed(("system",), system=OBJECT, custom=OBJECT),
    via=VIA,
)
STORED_FILE = closed(
    ("id", "file_name", "content_type", "size"), id=INTEGER, file_name=STRING, content_type=STRING, size=INTEGER, content_url=STRING, inline=BOOLEAN
)
UPLOADED = closed(("token",), token=STRING, attachment=STORED_FILE, attachments=array(STORED_FILE))
COMMENT = closed(
    ("id", "author_id", "body", "public", "created_at"),
    id=INTEGER,
    type=STRING,
    author_id=INTEGER,
    body=STRING,
    html_body=STRING,
    plain_body=STRING,
    public=BOOLEAN,
    created_at=TIME,
    audit_id=INTEGER,
    attachments=array(STORED_FILE),
    via=VIA,
    metadata=OBJECT,
)
EVENT = {
    "type": "object",
    "required": ["id", "ticket_id", "timestamp", "updater_id", "event_type", "child_events"],
    "properties": {
        "id": INTEGER,
        "ticket_id": INTEGER,
        "timestamp": INTEGER,
        "updater_id": INTEGER,
        "event_type": STRING,
        "child_events": array(OBJECT),
    },
}
USER = closed(("id", "name", "email"), id=maybe(INTEGER), name=STRING, email=maybe(STRING), role=STRING)
GROUP = closed(("id", "name"), id=INTEGER, name=STRING, deleted=BOOLEAN)
FAILED: Schema = {"type": "object", "required": ["error"], "properties": {"error": {}, "description": STRING, "details": OBJECT}}
CURSOR = {"page[size]": r"\d{1,2}|100", "page[after]": r".+"}


class Call:
    """One operation: its query parameters with what they look like, its request and its answer."""

    def __init__(self, status: int, answer: Schema, request: Schema | None = None, **query: str) -> None:
        self.status = status
        self.answer = Draft202012Validator(answer)
        self.request = Draft202012Validator(request) if request is not None else None
        self.query = query


CALLS: dict[tuple[str, str], Call] = {
    ("GET", "tickets"): Call(200, closed(("tickets",), tickets=array(TICKET), **PAGING), external_id=r".{1,255}"),
    ("POST", "tickets"): Call(201, closed(("ticket",), ticket=TICKET, audit=AUDIT), CREATE),
    ("GET", "tickets/{id}"): Call(200, closed(("ticket",), ticket=TICKET)),
    ("PUT", "tickets/{id}"): Call(200, closed(("ticket",), ticket=TICKET, audit=AUDIT), UPDATE),
    ("GET", "tickets/{id}/audits"): Call(200, closed(("audits",), audits=array(AUDIT), **PAGING), **CURSOR),
    ("GET", "tickets/{id}/comments"): Call(200, closed(("comments",), comments=array(COMMENT), **PAGING), **CURSOR, include="users"),
    ("GET", "incremental/ticket_events"): Call(
        200,
        closed(
            ("ticket_events", "end_time", "end_of_stream", "count", "next_page"),
            ticket_events=array(EVENT),
            end_time=maybe(INTEGER),
            end_of_stream=BOOLEAN,
            count=INTEGER,
            next_page=maybe(STRING),
        ),
        start_time=r"\d{10}",
    ),
    ("POST", "uploads"): Call(201, closed(("upload",), upload=UPLOADED), filename=r".{1,255}"),
    ("GET", "groups"): Call(200, closed(("groups",), groups=array(GROUP), **PAGING), **CURSOR),
    ("GET", "users/me"): Call(200, closed(("user",), user=USER)),
    ("GET", "users/show_many"): Call(200, closed(("users",), users=array(USER), **PAGING), ids=r"\d+(,\d+)*"),
    ("GET", "users/search"): Call(200, closed(("users",), users=array(USER), **PAGING), query=r".+"),
    ("GET", "users/{id}/tickets/requested"): Call(200, closed(("tickets",), tickets=array(TICKET), **PAGING), **CURSOR),
}
