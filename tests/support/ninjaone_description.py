"""A small OpenAPI description by hand, of as much of NinjaOne's API as Firstline uses: for tests that change one thing in it."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
STRING, INTEGER, NUMBER = {"type": "string"}, {"type": "integer", "format": "int32"}, {"type": "number", "format": "double"}
CLASSES = ("WINDOWS_WORKSTATION", "WINDOWS_SERVER", "MAC", "MAC_SERVER", "LINUX_WORKSTATION", "LINUX_SERVER", "ANDROID", "APPLE_IOS", "APPLE_IPADOS")


def known_as(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def holding(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _get(parameters: dict[str, Schema], schema: Schema, code: str = "default") -> Schema:
    named = [{"name": name, "in": "path" if name == "id" else "query", "required": name == "id", "schema": one} for name, one in parameters.items()]
    return {"get": {"parameters": named, "responses": {code: {"content": {"application/json": {"schema": schema}}}}}}


def _report(row: str, **more: Schema) -> Schema:
    rows = holding(cursor=known_as("Cursor"), results={"type": "array", "items": known_as(row)})
    return _get({"df": STRING, "ts": STRING, "cursor": STRING, "pageSize": INTEGER, **more}, rows)


def description() -> Schema:
    """Return it anew, with nothing in it that differs."""
    device = holding(
        id=INTEGER,
        nodeClass={"type": "string", "enum": [*CLASSES, "NMS_PRINTER"]},
        displayName=STRING,
        systemName=STRING,
        offline={"type": "boolean"},
        lastContact=NUMBER,
        deviceType=STRING,
    )
    device["discriminator"] = {"propertyName": "deviceType"}
    status = holding(protectionStatus={"type": "string", "enum": ["UNPROTECTED", "PROTECTED", "UNKNOWN", "PENDING"]})
    schemas = {
        "Device": device,
        "AgentDevice": {"type": "object", "allOf": [known_as("Device"), holding(os=holding(name=STRING))]},
        "Cursor": holding(name=STRING, count=INTEGER),
        "Antivirus": holding(deviceId=INTEGER, productState=STRING, definitionStatus=STRING),
        "Volume": holding(deviceId=INTEGER, driveLetter=STRING, bitLockerStatus=status),
        "System": holding(deviceId=INTEGER, buildNumber=STRING),
        "Run": holding(type={"type": "string", "enum": ["ACTION", "SCRIPT"]}, id=INTEGER, uid=STRING, parameters=STRING, runAs=STRING),
    }
    flow = {"tokenUrl": "https://app.example.com/ws/oauth/token", "scopes": {"monitoring": "", "management": "", "control": ""}}
    run = {"requestBody": {"content": {"application/json": {"schema": known_as("Run")}}}, "responses": {"204": {}}}
    place = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": INTEGER}]}
    return {
        "openapi": "3.0.1",
        "info": {"title": "Devices", "version": "7"},
        "paths": {
            "/v2/devices-detailed": _get({"df": STRING, "pageSize": INTEGER, "after": INTEGER}, {"type": "array", "items": known_as("Device")}),
            "/v2/device/{id}": _get({"id": INTEGER}, known_as("Device"), "200"),
            "/v2/device/{deviceId}/script/run": {**place, "post": run},
            "/v2/queries/antivirus-status": _report("Antivirus"),
            "/v2/queries/volumes": _report("Volume", include=STRING),
            "/v2/queries/operating-systems": _report("System"),
        },
        "components": {"schemas": schemas, "securitySchemes": {"oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}}},
    }
