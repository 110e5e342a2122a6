"""NinjaOne's public API (version 2): devices, what its queries report of them, and scripts that it runs.

What it sends and reads stands in ``ninjaone_api``, which a description of the API is compared with. NinjaOne keeps no keys of ours, so a script
whose answer was lost is never sent again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from assistant.adapters.devices import ninjaone_api as api
from assistant.adapters.devices.calls import FleetCalls, patiently, rows_of
from assistant.adapters.devices.uses import Call
from assistant.adapters.ticketing.calls import NotThere
from assistant.domain.compliance import Posture
from assistant.domain.configuration import Device
from assistant.domain.secret import Secret
from assistant.ports.outside import Refused, Unavailable
from kb.model import Platform

PAGE = 200
EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""
MOST_PAGES = 5_000
REPORTS: tuple[tuple[Call, dict[str, str]], ...] = ((api.ANTIVIRUS, {}), (api.VOLUMES, {"include": api.WITH_BITLOCKER}), (api.SYSTEMS, {}))


@dataclass(frozen=True, slots=True)
class Script:
    """What stands for a remedy there: a script by its number, or a built-in action by its uid; with parameters."""

    type: str
    reference: str
    parameters: str = ""

    @classmethod
    def parse(cls, text: str) -> Script:
        """Read SCRIPT:NUMBER or ACTION:UID, each with :PARAMETERS or without.

        Raises:
            ValueError: it is neither.
        """
        kind, _, rest = text.partition(":")
        reference, _, parameters = rest.partition(":")
        if kind not in (api.SCRIPT, api.ACTION) or not reference or (kind == api.SCRIPT and not reference.isdigit()):
            raise ValueError(f"{text!r} is neither SCRIPT:NUMBER nor ACTION:UID")
        return cls(kind, reference, parameters)

    def request(self) -> dict[str, Any]:
        """Return it as a RunScriptRequest."""
        which: dict[str, Any] = {"id": int(self.reference)} if self.type == api.SCRIPT else {"uid": self.reference}
        return api.RUN.filled(type=self.type, **which, parameters=self.parameters)


class NinjaOneFleet:
    """The ``DeviceFleet`` protocol. A device's id is NinjaOne's number of it."""

    name = "NinjaOne"
    honours_keys = False

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: Secret,
        scripts: Mapping[str, Script],
        timeout_seconds: float = 20.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the instance at a URL as a client that may monitor and manage; ``scripts`` stand for remedies."""
        self._calls = FleetCalls(self.name, url, {}, timeout_seconds)
        self._client, self._secret, self._scripts, self._sleep = client_id, secret, dict(scripts), sleep
        self._token, self._until, self._guard = "", 0.0, threading.Lock()

    # -- devices ----------------------------------------------------------------------------------------------------

    def devices_of(self, person_id: str) -> list[Device]:
        """See the port. NinjaOne knows its own users, not our people; the list of devices that is kept here knows who uses which."""
        del person_id
        return []

    def device(self, device_id: str) -> Device | None:
        """See the port."""
        try:
            return _device(self._node(device_id))
        except NotThere:
            return None

    def all(self) -> Iterator[Device]:
        """See the port."""
        for node in self._nodes():
            device = _device(node)
            if device is not None:
                yield device

    # -- compliance -------------------------------------------------------------------------------------------------

    def compliance(self) -> Iterator[Posture]:
        """See the port. A report that cannot be had leaves its part unknown; the devices are given all the same."""
        reports = [self._report_or_nothing(call, **more) for call, more in REPORTS]
        for node in self._nodes():
            device = _device(node)
            if device is not None:
                yield _posture(device, node, *(report.get(device.id, []) for report in reports))

    def verify(self, device_id: str) -> Posture:
        """See the port."""
        node = self._node(device_id)
        device = _device(node)
        if device is None:
            raise Refused(f"{device_id} is no device of a person")
        mine = {"df": f"id = {device.id}"}
        antivirus, volumes, systems = (self._report(call, **mine, **more).get(device.id, []) for call, more in REPORTS)
        return _posture(device, node, antivirus, volumes, systems)

    def _report_or_nothing(self, call: Call, **more: str) -> dict[str, list[dict[str, Any]]]:
        try:
            return self._report(call, **more)
        except (Refused, Unavailable):
            return {}

    def _report(self, call: Call, **more: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of a report by their device."""
        found: dict[str, list[dict[str, Any]]] = {}
        cursor = ""
        for _ in range(MOST_PAGES):
            body = self._get(call, {}, pageSize=PAGE, **more, **({"cursor": cursor} if cursor else {}))
            rows = rows_of(body.get("results") if isinstance(body, dict) else None, f"the report {call.path}")
            for row in rows:
                found.setdefault(str(row.get("deviceId", "")), []).append(row)
            following = body.get("cursor")
            cursor = str(following.get("name") or "") if isinstance(following, dict) else ""
            if len(rows) < PAGE or not cursor:
                return found
        raise Unavailable(f"the report {call.path} has no end")

    def _nodes(self) -> Iterator[dict[str, Any]]:
        after = 0
        for _ in range(MOST_PAGES):
            rows = rows_of(self._get(api.DEVICES, {}, pageSize=PAGE, **({"after": after} if after else {})), "the list of devices")
            yield from rows
            if len(rows) < PAGE:
                return
            following = max((row["id"] for row in rows if isinstance(row.get("id"), int)), default=after)
            if following <= after:
                raise Unavailable("the list of devices does not go on")
            after = following
        raise Unavailable("the list of devices has no end")

    def _node(self, device_id: str) -> dict[str, Any]:
        if not (device_id.isascii() and device_id.isdigit()):
            raise NotThere(f"{device_id} is no number of a device")
        body = self._get(api.DEVICE, {"id": device_id})
        if not isinstance(body, dict):
            raise Unavailable("the device is no object")
        return body

    # -- remedies ---------------------------------------------------------------------------------------------------

    def remediate(self, device_id: str, remedy: str, key: str) -> None:
        """See the port. A device that is offline gets nothing: a script that waits there would run outside of every window."""
        del key
        script = self._scripts.get(remedy)
        if script is None:
            raise Refused(f"no script stands for {remedy}: FIRSTLINE_FLEET_REMEDIES")
        node = self._node(device_id)
        if node.get("offline"):
            raise Unavailable(f"{device_id} is offline")
        self._calls.tell(api.RUN.method, api.RUN.address(id=device_id), script.request(), self._bearer())

    # -- calls ------------------------------------------------------------------------------------------------------

    def _get(self, call: Call, places: Mapping[str, str], **parameters: str | int) -> Any:
        """Return what the table names of the answer; the rest of it is not seen here."""
        path, sent = call.address(**places), call.parameters(**parameters)
        body = patiently(lambda: self._calls.fetch(path, self._bearer(), **sent), self._sleep).body
        return call.answer.kept(body) if call.answer is not None else None

    def _bearer(self) -> dict[str, str]:
        with self._guard:
            if time.monotonic() >= self._until:
                form = {"grant_type": "client_credentials", "client_id": self._client, "client_secret": self._secret.reveal()}
                body = self._calls.submit(api.SIGN_IN.removeprefix("/"), {**form, "scope": " ".join(api.SCOPES)}).body
                if not isinstance(body, dict) or not isinstance(body.get("access_token"), str):
                    raise Unavailable("NinjaOne gave no token")
                life = body.get("expires_in", 0)
                self._token = body["access_token"]
                self._until = time.monotonic() + max(float(life) - EARLY, 0.0) if isinstance(life, int | float) else 0.0
            return {"Authorization": f"Bearer {self._token}"}


def _device(node: Mapping[str, Any]) -> Device | None:
    platform = api.PLATFORMS.get(str(node.get("nodeClass", "")))
    if platform is None or not isinstance(node.get("id"), int):
        return None
    name = str(node.get("displayName") or node.get("systemName") or node["id"])
    system = node.get("os") if isinstance(node.get("os"), dict) else {}
    return Device(str(node["id"]), "", name, platform, str((system or {}).get("name", "")))


def _posture(
    device: Device, node: Mapping[str, Any], antivirus: list[dict[str, Any]], volumes: list[dict[str, Any]], systems: list[dict[str, Any]]
) -> Posture:
    contact = node.get("lastContact")
    seen = datetime.fromtimestamp(contact, UTC) if isinstance(contact, int | float) else None
    return Posture(
        device,
        signatures_current=_current(antivirus),
        encrypted=_encrypted(device, volumes),
        os_version=_version(device, systems),
        seen_at=seen,
    )


def _current(rows: list[dict[str, Any]]) -> bool | None:
    """Return whether an antivirus that is switched on says that its definitions are up to date; None where none says anything."""
    said = [(str(row.get("productState", "")).upper(), "".join(filter(str.isalpha, str(row.get("definitionStatus", "")).lower()))) for row in rows]
    known = [(state, status) for state, status in said if status]
    return any(state == api.SWITCHED_ON and status.startswith("uptodate") for state, status in known) if known else None


def _encrypted(device: Device, rows: list[dict[str, Any]]) -> bool | None:
    """Return whether every volume with a BitLocker status is protected; None where one says neither. Of other systems the report says nothing."""
    if device.platform is not Platform.WINDOWS:
        return None
    known = [row["bitLockerStatus"] for row in rows if isinstance(row.get("bitLockerStatus"), dict)]
    states = {str(one.get("protectionStatus", "")).upper() for one in known}
    if states & api.UNPROTECTED:
        return False
    return True if states == {api.PROTECTED} else None


def _version(device: Device, rows: list[dict[str, Any]]) -> str:
    build = next((str(row["buildNumber"]) for row in rows if row.get("buildNumber")), "")
    return f"10.0.{build}" if device.platform is Platform.WINDOWS and build.isdigit() else build
