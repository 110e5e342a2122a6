"""docs/guide/chat-protocol.md and the code say the same."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from assistant.domain import reply as replies
from assistant.domain.action import Status
from assistant.domain.conversation import State
from assistant.domain.reply import ActionView, Choice, CitationView, DeviceView, Reply, ReplyKind, TicketView
from assistant.domain.ticket import TicketStatus
from assistant.entrypoints.web import actions, attachments, chat, feedback, rest
from assistant.entrypoints.web.rest import TEXT_LIMIT
from assistant.governance.rendering import TAGS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "guide" / "chat-protocol.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")


def rows(after: str) -> list[list[str]]:
    """Return the cells of the first table after a heading."""
    lines = DOCUMENT.split(after, 1)[1].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


ENVELOPE = {CODE.findall(field)[0]: (kind, CODE.findall(meaning)) for field, kind, meaning in rows("## The reply envelope")}


def kind_of(annotation: Any) -> str:
    """Return how the document writes a type."""
    if get_origin(annotation) in (UnionType,):
        return f"{kind_of(get_args(annotation)[0])} or null"
    if get_origin(annotation) is tuple:
        return "list"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "object"
    return "number" if annotation is float else "string"


def test_the_envelope_has_exactly_the_fields_of_the_document_in_its_order() -> None:
    assert list(Reply.model_fields) == list(ENVELOPE)


def test_every_field_has_the_type_that_the_document_gives() -> None:
    assert {name: kind_of(field.annotation) for name, field in Reply.model_fields.items()} == {name: kind for name, (kind, _) in ENVELOPE.items()}


@pytest.mark.parametrize(("field", "enum", "internal"), [("state", State, {"answering"}), ("kind", ReplyKind, set())])
def test_the_document_lists_every_value(field: str, enum: type[StrEnum], internal: set[str]) -> None:
    assert set(ENVELOPE[field][1]) == {member.value for member in enum} - internal


@pytest.mark.parametrize(
    ("field", "model"), [("citations", CitationView), ("choices", Choice), ("ticket", TicketView), ("device", DeviceView), ("action", ActionView)]
)
def test_the_document_names_every_part_of_a_nested_object(field: str, model: type[BaseModel]) -> None:
    named = set(ENVELOPE[field][1])
    assert set(model.model_fields) <= named, set(model.model_fields) - named


def test_the_document_lists_every_status_of_an_action_and_every_way_to_press() -> None:
    assert {status.value for status in Status} <= set(ENVELOPE["action"][1])
    listed = re.search(r"Choice ids that the service offers: (.+)\.", DOCUMENT)
    assert listed is not None
    assert all(f"`{way}<action id>`" in listed[1] for way in (replies.DO, replies.DROP, replies.SHOW, replies.UNDO))


def test_every_frame_that_clients_may_send_is_in_the_document() -> None:
    named = set(re.findall(r'^\{"v": 1, "type": "(\w+)"', DOCUMENT.split("Client to server:")[1].split("Server to client:")[0], re.MULTILINE))
    known = {get_args(frame.model_fields["type"].annotation)[0] for frame in (chat.Hello, chat.Said, chat.Chose, chat.Code, chat.Ping)}
    assert named == known


def test_the_document_lists_every_ticket_status() -> None:
    assert {status.value for status in TicketStatus} <= set(ENVELOPE["ticket"][1])


def test_the_renderer_makes_only_the_elements_that_the_document_allows() -> None:
    listed = re.search(r"closed renderer: `([a-z0-9 ]+)`", DOCUMENT)
    assert listed is not None
    assert set(listed[1].split()) == TAGS


def test_every_choice_that_can_be_offered_is_in_the_document() -> None:
    listed = re.search(r"Choice ids that the service offers: (.+)\.", DOCUMENT)
    assert listed is not None
    fixed = {entry.partition(":")[0] for entry in CODE.findall(listed[1])}
    constants = {value.id for value in vars(replies).values() if isinstance(value, Choice)}
    assert constants <= fixed


def test_every_close_code_of_the_socket_is_in_the_document() -> None:
    listed = {int(code) for code in CODE.findall(DOCUMENT.split("Close codes:")[1]) if code.isdigit()}
    assert {chat.BAD_FRAME, chat.NO_TOKEN, chat.NO_CONVERSATION, chat.NO_HELLO, chat.TOO_MANY, 1009, 1012} == listed


def test_the_limits_in_the_document_are_those_of_the_code() -> None:
    assert f"at most {chat.FRAME_LIMIT // 1024} KiB" in DOCUMENT
    assert f"at most {TEXT_LIMIT:,} characters" in DOCUMENT
    assert chat.HELLO_SECONDS == 5
    assert "within five seconds" in DOCUMENT
    assert "(at most 64 characters)" in DOCUMENT
    assert chat.Said.model_json_schema()["properties"]["id"]["maxLength"] == 64


def test_every_rest_call_of_the_document_exists_and_every_call_is_documented() -> None:
    documented = {tuple(CODE.findall(cells[0])[0].partition("?")[0].split()) for cells in rows("## REST")}
    routes = (*rest.router.routes, *actions.router.routes, *attachments.router.routes, *feedback.router.routes)
    offered = {(method, re.sub(r"\{\w+(:path)?\}", "{id}", route.path)) for route in routes for method in route.methods}  # type: ignore[attr-defined]
    assert documented == offered
