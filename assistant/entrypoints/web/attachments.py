"""Files of conversations over REST: sent by their owner, fetched by their owner, and by the desk through the console."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from starlette.datastructures import UploadFile

from assistant.agent.files import KEY_LENGTH
from assistant.domain.attachment import FileRefused, Trouble
from assistant.domain.configuration import Person
from assistant.entrypoints.web.frame import agent
from assistant.entrypoints.web.rest import Me, Sender
from assistant.entrypoints.web.site import Site, site_of
from assistant.ports.attachments import Attachment

FORM_SECONDS = 120.0
CHECKS = 2
"""So many files are in memory at the same time; the others wait on the disk."""
DOWNLOAD = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "private, no-store",
}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "key": {"type": "string", "maxLength": KEY_LENGTH, "description": "Your own id; the same key is the same file."},
                    },
                }
            }
        },
    }
}
router = APIRouter(prefix="/v1", tags=["files"])
desk = APIRouter(prefix="/console/attachments", include_in_schema=False)
OurSite = Annotated[Site, Depends(site_of)]


def facts(attachment: Attachment) -> dict[str, Any]:
    """Return an attachment as clients see it."""
    kept = {"id": attachment.id, "name": attachment.name, "kind": attachment.kind, "size": attachment.size}
    return {**kept, "at": attachment.at.isoformat()}


@router.post("/conversations/{conversation_id}/attachments", status_code=201, openapi_extra=FORM)
async def attach(request: Request, conversation_id: str, person: Sender, site: OurSite) -> dict[str, Any]:
    """Add a file to a conversation: a picture, a PDF or text, after a check of its content."""
    await to_thread.run_sync(site.files.check_room, person.id, conversation_id)
    try:
        async with asyncio.timeout(FORM_SECONDS), request.form(max_files=1, max_fields=1, max_part_size=1_024) as form:
            file, key = form.get("file"), form.get("key", "")
            if not isinstance(file, UploadFile) or not isinstance(key, str) or len(key) > KEY_LENGTH:
                raise HTTPException(422, f"send one file in the field 'file', and in 'key' your own id, if any, of at most {KEY_LENGTH} characters")
            taken = partial(_taken, site, person.id, conversation_id, file, key or secrets.token_hex(16))
            return facts(await to_thread.run_sync(taken, limiter=request.app.state.file_checks))
    except TimeoutError:
        raise HTTPException(408, "the file took too long to arrive") from None


def _taken(site: Site, person_id: str, conversation_id: str, file: UploadFile, key: str) -> Attachment:
    if (file.size or 0) > site.files.limits.file_bytes:
        raise FileRefused(Trouble.TOO_LARGE)
    return site.files.attach(person_id, conversation_id, file.filename or "", file.file.read(), key)


@router.get("/conversations/{conversation_id}/attachments/{attachment_id}")
def fetch(conversation_id: str, attachment_id: str, person: Me, site: OurSite) -> Response:
    """Return a file of one's own conversation, always as a download."""
    return download(*site.files.open(person.id, conversation_id, attachment_id))


@router.delete("/conversations/{conversation_id}/attachments/{attachment_id}", status_code=204)
def remove(conversation_id: str, attachment_id: str, person: Sender, site: OurSite) -> None:
    """Delete a file of one's own conversation, while the service desk has not got it."""
    site.files.remove(person.id, conversation_id, attachment_id)


@desk.get("/{attachment_id}")
def fetch_for_desk(attachment_id: str, site: OurSite, person: Annotated[Person, Depends(agent)]) -> Response:
    """Return a file of a ticket or of a conversation that came to people; who opened it goes to the audit."""
    return download(*site.files.open_for_desk(person, attachment_id))


def download(attachment: Attachment, content: bytes) -> Response:
    """Return a file that a browser saves and never shows in place: it can do nothing in the name of this site."""
    plain = attachment.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    said = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(attachment.name, safe='')}"
    kind = f"{attachment.media}; charset=utf-8" if attachment.media == "text/plain" else attachment.media
    return Response(content, headers={**DOWNLOAD, "Content-Disposition": said, "Content-Type": kind})
