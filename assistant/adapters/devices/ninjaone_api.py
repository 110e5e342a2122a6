"""What the adapter of NinjaOne uses of its public API (version 2), in one table. ``firstline devices check-api`` compares it with a description."""

from __future__ import annotations

from assistant.adapters.devices.uses import BOOLEAN, INTEGER, NUMBER, STRING, Call, Shape, fields, list_of, valued
from kb.model import Platform

SIGN_IN = "/ws/oauth/token"
SCOPES = ("monitoring", "management")
PLATFORMS = {
    "WINDOWS_WORKSTATION": Platform.WINDOWS,
    "WINDOWS_SERVER": Platform.WINDOWS,
    "MAC": Platform.MACOS,
    "MAC_SERVER": Platform.MACOS,
    "LINUX_WORKSTATION": Platform.LINUX,
    "LINUX_SERVER": Platform.LINUX,
    "ANDROID": Platform.ANDROID,
    "APPLE_IOS": Platform.IOS,
    "APPLE_IPADOS": Platform.IOS,
}
"""Node classes; others (printers, switches, hosts of virtual machines) are no devices of people and are left out."""
PROTECTED, UNPROTECTED = "PROTECTED", frozenset({"UNPROTECTED", "PENDING"})
"""What BitLocker says of a volume. Its UNKNOWN is neither."""
SWITCHED_ON = "ON"
SCRIPT, ACTION = "SCRIPT", "ACTION"
WITH_BITLOCKER = "bl"

_DEVICE = fields(
    id=INTEGER,
    nodeClass=valued(PLATFORMS),
    displayName=STRING,
    systemName=STRING,
    offline=BOOLEAN,
    lastContact=NUMBER,
    os=fields(name=STRING),
)


def _report(name: str, more: dict[str, Shape], **row: Shape) -> Call:
    query = fields(("cursor", "df"), pageSize=INTEGER, cursor=STRING, df=STRING, **more)
    answer = fields(cursor=fields(name=STRING), results=list_of(fields(deviceId=INTEGER, **row)))
    return Call("GET", f"/v2/queries/{name}", query=query, answer=answer)


DEVICES = Call("GET", "/v2/devices-detailed", query=fields(("after",), pageSize=INTEGER, after=INTEGER), answer=list_of(_DEVICE))
DEVICE = Call("GET", "/v2/device/{id}", places={"id": INTEGER}, answer=_DEVICE)
ANTIVIRUS = _report("antivirus-status", {}, productState=valued({SWITCHED_ON}), definitionStatus=STRING)
VOLUMES = _report("volumes", {"include": valued({WITH_BITLOCKER})}, bitLockerStatus=fields(protectionStatus=valued({PROTECTED, *UNPROTECTED})))
SYSTEMS = _report("operating-systems", {}, buildNumber=STRING)
RUN = Call(
    "POST",
    "/v2/device/{id}/script/run",
    places={"id": INTEGER},
    body=fields(("id", "uid"), type=valued({SCRIPT, ACTION}), id=INTEGER, uid=STRING, parameters=STRING),
)
CALLS = (DEVICES, DEVICE, ANTIVIRUS, VOLUMES, SYSTEMS, RUN)
