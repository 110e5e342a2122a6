"""Files of a folder as browsers get them: read once, scripts and styles without their comments, compressed where that is taken."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

COMMENTED = {".js", ".css"}
COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n|^[ \t]*//[^\n]*\n", re.MULTILINE | re.DOTALL)
"""A comment that has its lines to itself. One behind code stays, so that no string can be mistaken for one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its media type, its bytes plain and compressed, and the mark of its version."""

    kind: str
    plain: bytes
    packed: bytes
    mark: str


def read_asset(path: Path) -> Asset:
    """Read a file as it is sent."""
    content = path.read_bytes()
    if path.suffix in COMMENTED:
        content = COMMENT.sub("", content.decode()).encode()
    kind = guess_type(path)[0] or "application/octet-stream"
    return Asset(kind, content, gzip.compress(content, 9, mtime=0), f'W/"{sha256(content).hexdigest()[:16]}"')


class Assets:
    """An ASGI application over the files of a folder and the folders below it; no other path leads anywhere."""

    def __init__(self, folder: Path) -> None:
        """Read them all; what changes afterwards is seen at the next start."""
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._assets = {path.relative_to(folder).as_posix(): read_asset(path) for path in files}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asset = self._assets.get(scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/"))
        if scope["type"] != "http" or asset is None:
            raise HTTPException(404)
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        await _answer(asset, Headers(scope=scope))(scope, receive, send)


def _answer(asset: Asset, asked: Headers) -> Response:
    headers = {"ETag": asset.mark, "Vary": "Accept-Encoding"}
    if asset.mark in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    packed = "gzip" in asked.get("accept-encoding", "")
    content = asset.packed if packed else asset.plain
    return Response(content, media_type=asset.kind, headers=headers | ({"Content-Encoding": "gzip"} if packed else {}))
