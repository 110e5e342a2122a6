"""NinjaOne's API and salt-api as servers on this host, over a list of devices: as far as the adapters use them, and as badly as they may behave.

What NinjaOne is sent and answers is held against the adapter's table of calls, and that against NinjaOne's description; salt-api answers as a
real one was seen to.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from assistant.adapters.devices import ninjaone_api
from assistant.adapters.devices.listed import Listed, Trouble
from kb.model import Platform
from tests.support.declared_calls import call_to, misfits_of_answer, misfits_of_request

NODE_CLASSES = {Platform.WINDOWS: "WINDOWS_WORKSTATION", Platform.MACOS: "MAC", Platform.LINUX: "LINUX_WORKSTATION"}
KERNELS = {Platform.WINDOWS: "Windows", Platform.MACOS: "Darwin", Platform.LINUX: "Linux"}
REMEDIES = {"update-signatures": "SCRIPT:11", "older-signatures": "ACTION:8f0e5f0e-0000-4000-8000-000000000012", "encrypt-disk": "SCRIPT:13"}
SECRET = "a secret of tests only"
HTML = b"<!DOCTYPE html><html><head><title>401 Unauthorized</title></head><body>No permission</body></html>"


class FleetServer:
    """What both have in common: the devices, what is to go wrong next, and every request that came."""

    def __init__(self) -> None:
        self.listed: dict[str, Listed] = {}
        self.effects: list[tuple[str, str]] = []
        self.wrong: list[tuple[str, int, dict[str, str], bool]] = []
        """(part of a path or function, status, headers, whether it is done all the same)."""
        self.requests: list[tuple[str, str]] = []
        self.misfits: list[str] = []
        """What was sent or answered otherwise than the adapter's table of calls says; ``serving`` lets none pass."""
        self.guard = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def go_wrong(self, where: str, status: int, *, done: bool = False, **headers: str) -> None:
        """Answer the next request about something with a status; status 0 cuts the line."""
        self.wrong.append((where, status, {name.replace("_", "-"): value for name, value in headers.items()}, done))

    def takes(self, where: str) -> tuple[str, int, dict[str, str], bool] | None:
        with self.guard:
            found = next((one for one in self.wrong if one[0] in where), None)
            if found is not None:
                self.wrong.remove(found)
            return found

    def remedied(self, device: str, remedy: str) -> bool:
        """Carry a remedy out; return whether the device let it."""
        listed = self.listed[device]
        if listed.trouble is Trouble.REFUSES:
            return False
        with self.guard:
            self.listed[device] = listed.remedied(remedy, self.now())
            self.effects.append((device, remedy))
        return True

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, headers: Any) -> tuple[int, Any]:
        raise NotImplementedError


class NinjaServer(FleetServer):
    """NinjaOne: devices by number, in pages."""

    page = 3

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, int] = {}
        self.sent: set[tuple[str, str]] = set()
        """(path of the call, name of a parameter or field of the body), of everything that came."""

    def number(self, device: str) -> int:
        return self.numbers.setdefault(device, 100 + len(self.numbers))

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, headers: Any) -> tuple[int, Any]:
        if path == ninjaone_api.SIGN_IN:
            scoped = body.get("scope", "").split() == [*ninjaone_api.SCOPES]
            good = body.get("client_secret") == SECRET and body.get("grant_type") == "client_credentials" and scoped
            return (200, {"access_token": "t1", "expires_in": 3600, "scope": body["scope"]}) if good else (400, {"error": "invalid_client"})
        if headers.get("Authorization") != "Bearer t1":
            return 401, {"error": "unauthorized"}
        call = call_to(ninjaone_api.CALLS, method, path)
        if call is None:
            self.misfits.append(f"{method} {path} is not declared")
            return 404, None
        self.sent |= {(call.path, name) for name in (*query, *body)}
        self.misfits += misfits_of_request(call, query, body)
        status, answer = self._answered(method, path, query, body)
        if status == 200:
            self.misfits += misfits_of_answer(call, answer)
        return status, answer

    def _answered(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        if path == "/v2/devices-detailed":
            nodes = [self._node(one) for one in self._by_number() if self.number(one.device.id) > int(query.get("after", 0))]
            return 200, nodes[: int(query.get("pageSize", 1000))]
        if parts[:2] == ["v2", "queries"]:
            return self._report(parts[2], query)
        known = {str(self.number(one)): one for one in self.listed}.get(parts[2])
        if known is None:
            return 404, {"errorMessage": "not found"}
        if parts[3:] == ["script", "run"] and method == "POST":
            return self._run(known, body)
        return (200, self._node(self.listed[known])) if len(parts) == 3 else (404, None)

    def _run(self, device: str, body: Any) -> tuple[int, Any]:
        reference = f"SCRIPT:{body['id']}" if body["type"] == "SCRIPT" else f"ACTION:{body['uid']}"
        remedy = next(name for name, value in REMEDIES.items() if value == reference)
        return (204, None) if self.remedied(device, remedy) else (403, {"errorMessage": "the device refuses"})

    def _by_number(self) -> list[Listed]:
        return sorted(self.listed.values(), key=lambda one: self.number(one.device.id))

    def _node(self, one: Listed) -> dict[str, Any]:
        node: dict[str, Any] = {"id": self.number(one.device.id), "nodeClass": NODE_CLASSES[one.device.platform], "displayName": one.device.name}
        node |= {"os": {"name": one.device.os, "architecture": "64-bit"}} if one.device.os else {}
        return {**node, "systemName": one.device.id, "offline": one.trouble is Trouble.OFFLINE, "lastContact": self.now().timestamp()}

    def _report(self, name: str, query: dict[str, str]) -> tuple[int, Any]:
        rows: list[dict[str, Any]] = []
        for one in self._by_number():
            number = {"deviceId": self.number(one.device.id), "timestamp": self.now().timestamp()}
            if query.get("df", f"id = {number['deviceId']}") != f"id = {number['deviceId']}" or one.trouble is Trouble.OFFLINE:
                continue
            if name == "antivirus-status" and one.signatures_at is not None:
                fresh = "Up-to-Date" if (self.now() - one.signatures_at).days < 7 else "Out-of-Date"
                rows.append({**number, "productName": "Defender", "productState": "ON", "definitionStatus": fresh})
            if name == "volumes" and one.encrypted is not None:
                state = "PROTECTED" if one.encrypted else "UNPROTECTED"
                rows.append({**number, "driveLetter": "C:", "bitLockerStatus": {"protectionStatus": state}})
            if name == "operating-systems" and one.os_version:
                rows.append({**number, "name": one.device.os, "buildNumber": one.os_version.rpartition(".")[2]})
        start, size = int(query.get("cursor", "0")), int(query.get("pageSize", 1000))
        more = {"cursor": {"name": str(start + size), "count": len(rows)}} if start + size < len(rows) else {"cursor": None}
        return 200, {**more, "results": rows[start : start + size]}


class SaltServer(FleetServer):
    """salt-api over a master."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, dict[str, Any]] = {}
        self.silent = False
        """Jobs are begun and never end."""

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, headers: Any) -> tuple[int, Any]:
        del method, query
        if path == "/login":
            good = body.get("password") == SECRET and body.get("eauth") == "sharedsecret"
            return (200, {"return": [{"token": "t1", "user": body["username"]}]}) if good else (401, HTML)
        if headers.get("X-Auth-Token") != "t1":
            return 401, HTML
        fun, wanted = body["fun"], body.get("tgt", [])
        answers = {
            "manage.status": lambda: {"up": [n for n in self.listed if not self._down(n)], "down": [n for n in self.listed if self._down(n)]},
            "jobs.list_jobs": lambda: {jid: {} for jid, job in self.jobs.items() if job["key"] == body["kwarg"]["search_metadata"]["firstline"]},
            "jobs.list_job": lambda: {"jid": body["kwarg"]["jid"], "Result": {} if self.silent else self.jobs[body["kwarg"]["jid"]]["result"]},
            "grains.item": lambda: {name: self._grains(name) for name in wanted if name in self.listed and not self._down(name)},
            "test.ping": lambda: {name: True for name in wanted if name in self.listed and not self._down(name)},
            "state.apply": lambda: self._apply(body),
        }
        return (200, {"return": [answers[fun]()]}) if fun in answers else (401, HTML)

    def _down(self, name: str) -> bool:
        return self.listed[name].trouble is Trouble.OFFLINE

    def _grains(self, name: str) -> dict[str, Any]:
        one = self.listed[name]
        facts = {"id": name, "kernel": KERNELS[one.device.platform], "os": one.device.os, "osrelease": one.os_version, "model": one.device.name}
        signed = one.signatures_at.isoformat() if one.signatures_at is not None else ""
        return {
            **facts,
            "assigned_user": one.device.owner,
            "antivirus_signatures": signed,
            "disk_encrypted": "" if one.encrypted is None else one.encrypted,
        }

    def _apply(self, body: Any) -> dict[str, Any]:
        name, key, jid = body["tgt"], body["metadata"]["firstline"], f"2026112200000000{len(self.jobs):04}"
        if name not in self.listed or self._down(name):
            return {}
        done = self.remedied(name, body["arg"][0])
        state = {"file_|-x_|-x_|-managed": {"result": done, "comment": "" if done else "the device refuses"}}
        self.jobs[jid] = {"key": key, "result": {name: {"return": state, "success": done, "retcode": 0 if done else 2}}}
        return {"jid": jid, "minions": [name]}


class Handler(BaseHTTPRequestHandler):
    """Hands requests to the fleet's server, and answers as wrongly as it was told to."""

    fleet: FleetServer

    def _handle(self) -> None:
        where, query, body = self._read()
        self.fleet.requests.append((self.command, where))
        wrong = self.fleet.takes(where)
        path = urlsplit(self.path).path
        answered = self.fleet.answer(self.command, path, query, body, self.headers) if wrong is None or wrong[3] else (200, None)
        if wrong is None:
            self._answer(*answered)
        elif wrong[1]:
            self._answer(wrong[1], {"error": "wrong"}, wrong[2])
        else:
            self.close_connection = True
            self.connection.close()

    def _read(self) -> tuple[str, dict[str, str], Any]:
        where = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = "urlencoded" in (self.headers.get("Content-Type") or "")
        body = {name: values[0] for name, values in parse_qs(raw).items()} if form else json.loads(raw) if raw else {}
        return f"{where.path} {body.get('fun', '')}", {name: values[0] for name, values in parse_qs(where.query).items()}, body

    def _answer(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        content = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html" if isinstance(answer, bytes) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _handle

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle_one_request(self) -> None:
        """Let a line that was cut end quietly."""
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True


@contextmanager
def serving(server: FleetServer) -> Iterator[str]:
    """Serve on a free port of this host for the block; gives the address."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fleet": server}))
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.server_address[1]}"
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
    assert not server.misfits, server.misfits
