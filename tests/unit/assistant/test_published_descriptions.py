"""What an adapter uses of an API is held against the API's published description: each difference is said, and nothing else is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from assistant.adapters.devices import description as reading
from assistant.adapters.devices import ninjaone_api as api
from assistant.adapters.devices.comparing import compared, compared_token
from assistant.adapters.devices.description import Description, DescriptionError, read_description
from assistant.adapters.devices.uses import NotDeclared
from assistant.cli import app
from tests.support.ninjaone_description import INTEGER, STRING, Schema, description, holding, known_as

Change = Callable[[Schema], object]
REPORT = "/v2/queries/antivirus-status"
VOLUMES = "/v2/queries/volumes"
RUN = "/v2/device/{deviceId}/script/run"


def differences(document: Schema) -> list[str]:
    found = [*compared(Description(document), api.CALLS), compared_token(Description(document), api.SIGN_IN, api.SCOPES)]
    return [f"{one.call}: {how}" for one in found for how in one.differs]


def schema(document: Schema, name: str) -> Schema:
    found: Schema = document["components"]["schemas"][name]
    return found


def properties(document: Schema, name: str) -> Schema:
    found: Schema = schema(document, name)["properties"]
    return found


def renamed(holder: Schema, old: str, new: str) -> None:
    holder[new] = holder.pop(old)


def parameter(document: Schema, path: str, name: str) -> Schema:
    return next(one for one in document["paths"][path]["get"]["parameters"] if one["name"] == name)


def test_a_description_that_says_what_we_rely_on_differs_in_nothing() -> None:
    assert differences(description()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda d: renamed(d["paths"], REPORT, "/v2/queries/antivirus-state"),
            f"GET {REPORT}: there is no such path (there is /v2/queries/antivirus-state)",
        ),
        (lambda d: renamed(d["paths"][RUN], "post", "put"), "POST /v2/device/{id}/script/run: there is no POST at this path"),
        (lambda d: parameter(d, REPORT, "pageSize").update(name="pagesize"), f"GET {REPORT}: there is no parameter pageSize (there is pagesize)"),
        (
            lambda d: parameter(d, REPORT, "pageSize").update(schema={"type": "boolean"}),
            f"GET {REPORT}: the parameter pageSize is boolean, and we send integer",
        ),
        (
            lambda d: parameter(d, REPORT, "df").update(required=True),
            f"GET {REPORT}: the parameter df is required, and we do not always send it",
        ),
        (
            lambda d: parameter(d, REPORT, "ts").update(required=True),
            f"GET {REPORT}: the parameter ts is required, and we do not always send it",
        ),
        (
            lambda d: renamed(properties(d, "Antivirus"), "definitionStatus", "definitionsStatus"),
            f"GET {REPORT}: the answer.results[] has no definitionStatus (there is definitionsStatus)",
        ),
        (
            lambda d: properties(d, "Volume").update(bitLockerStatus=STRING),
            f"GET {VOLUMES}: the answer.results[].bitLockerStatus is string, and we read object",
        ),
        (
            lambda d: properties(d, "Volume")["bitLockerStatus"]["properties"]["protectionStatus"].update(enum=["ON", "OFF", "UNPROTECTED"]),
            f"GET {VOLUMES}: the answer.results[].bitLockerStatus.protectionStatus is never PENDING, PROTECTED",
        ),
        (
            lambda d: properties(d, "Run").update(type={"type": "string", "enum": ["SCRIPT"]}),
            "POST /v2/device/{id}/script/run: the body.type is never ACTION",
        ),
        (
            lambda d: schema(d, "Run").update(required=["runAs"]),
            "POST /v2/device/{id}/script/run: the body has to have runAs, and we do not always send it",
        ),
        (
            lambda d: properties(d, "Run").update(id={"type": "number"}, uid=INTEGER),
            "POST /v2/device/{id}/script/run: the body.uid is integer, and we send string",
        ),
        (lambda d: d["paths"][RUN]["post"].pop("requestBody"), "POST /v2/device/{id}/script/run: it takes no JSON"),
        (lambda d: d["paths"][REPORT]["get"].pop("responses"), f"GET {REPORT}: it says nothing of what is answered"),
        (
            lambda d: d["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"].update(tokenUrl="https://app.example.com/oauth/v3"),
            "POST /ws/oauth/token: tokens are had at https://app.example.com/oauth/v3",
        ),
        (
            lambda d: renamed(d["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"], "monitoring", "monitor"),
            "POST /ws/oauth/token: there is no scope monitoring (there is monitor)",
        ),
    ],
)
def test_each_difference_is_said_and_nothing_else(change: Change, said: str) -> None:
    changed = description()
    change(changed)
    assert differences(changed) == [said]


def test_a_node_class_that_is_gone_is_said_for_each_call_that_reads_it() -> None:
    changed = description()
    properties(changed, "Device")["nodeClass"]["enum"].remove("MAC")
    assert differences(changed) == [
        "GET /v2/devices-detailed: the answer[].nodeClass is never MAC",
        "GET /v2/device/{id}: the answer.nodeClass is never MAC",
    ]


def test_a_field_may_stand_with_a_kind_of_the_thing_but_has_to_stand_somewhere() -> None:
    changed = description()
    del changed["components"]["schemas"]["AgentDevice"]
    assert [how.partition(": ")[2] for how in differences(changed)] == ["the answer[] has no os", "the answer has no os"]
    for joint in ("oneOf", "anyOf", "allOf"):
        schema(changed, "Device")[joint] = [holding(name=STRING), holding(os=holding(name=STRING))]
        assert differences(changed) == []
        del schema(changed, "Device")[joint]


def test_of_two_kinds_that_have_a_field_one_that_fits_is_enough() -> None:
    changed = description()
    phone = {"type": "object", "allOf": [known_as("Device"), holding(os=STRING)]}
    changed["components"]["schemas"] = {"Phone": phone} | changed["components"]["schemas"]
    assert differences(changed) == []
    del changed["components"]["schemas"]["AgentDevice"]
    assert [how.partition(": ")[2] for how in differences(changed)] == [
        "the answer[].os is string, and we read object",
        "the answer.os is string, and we read object",
    ]


def test_kinds_are_found_where_the_references_were_replaced_by_what_they_stand_for() -> None:
    changed = description()
    whole = json.loads(json.dumps(schema(changed, "Device")))
    schema(changed, "AgentDevice")["allOf"][0] = whole
    assert differences(changed) == []


def test_references_that_lead_in_circles_end() -> None:
    changed = description()
    schema(changed, "Device")["allOf"] = [known_as("AgentDevice"), known_as("Device")]
    properties(changed, "Cursor")["before"] = known_as("Cursor")
    assert differences(changed) == []


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("#/components/schemas/Row", "leads to itself"),
        ("#/components/schemas/Nobody", "leads nowhere"),
        ("common.yaml#/Row", "leads out of the file"),
        ("#/openapi/deeper", "leads nowhere"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_a_difference_of_its_call_alone(reference: str, why: str) -> None:
    changed = description()
    changed["components"]["schemas"]["Row"] = {"$ref": reference}
    changed["components"]["schemas"]["Other"] = {"allOf": [known_as("Nowhere")]}
    changed["paths"]["/v2/queries/operating-systems"]["get"]["responses"] = known_as("Row")
    assert differences(changed) == [f"GET /v2/queries/operating-systems: the reference {reference} {why}"]


def test_what_the_description_leaves_open_is_said_and_is_no_difference() -> None:
    changed = description()
    del changed["components"]["securitySchemes"]
    properties(changed, "System")["buildNumber"] = {}
    found = [*compared(Description(changed), api.CALLS), compared_token(Description(changed), api.SIGN_IN, api.SCOPES)]
    assert differences(changed) == []
    assert [what for one in found for what in one.unsaid] == [
        "which values the answer.results[].productState may have (we rely on ON)",
        "which values the parameter include may have (we rely on bl)",
        "what the answer.results[].buildNumber is",
        "where a client gets its own token (no flow clientCredentials)",
        "which scopes there are",
    ]


def test_paths_may_begin_in_the_address_of_the_server() -> None:
    changed = description()
    changed["servers"] = [{"url": "https://eu.example.com/v2"}]
    changed["paths"] = {path.removeprefix("/v2"): operations for path, operations in changed["paths"].items()}
    assert differences(changed) == []


def test_types_of_a_newer_openapi_are_read_with_null_among_them() -> None:
    changed = description() | {"openapi": "3.1.0"}
    properties(changed, "Device").update(displayName={"type": ["string", "null"]}, lastContact={"type": ["integer", "null"]})
    assert differences(changed) == []


@pytest.mark.parametrize("broken", [None, [], "words", {"allOf": "x"}, {"properties": []}, {"enum": 3}, {"type": 5}, {"required": True}])
def test_parts_of_odd_types_are_differences_or_gaps_and_never_a_crash(broken: Any) -> None:
    for name in description()["components"]["schemas"]:
        changed = description()
        changed["components"]["schemas"][name] = broken
        differences(changed)
    for path in description()["paths"]:
        changed = description()
        changed["paths"][path] = broken
        assert differences(changed)


# -- the file --------------------------------------------------------------------------------------------------------------


def written(folder: Path, text: str, name: str = "description.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("write", [json.dumps, lambda document: yaml.dump(json.loads(json.dumps(document)))])
def test_json_and_yaml_say_the_same(tmp_path: Path, write: Callable[[Schema], str]) -> None:
    found = read_description(written(tmp_path, write(description())))
    assert found.named() == "Devices, version 7"
    assert differences(dict(found.document)) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no object"),
        ("[]", "it is no object"),
        ("{", "is neither JSON nor YAML"),
        ("a: b: c", "line 1"),
        ("name: Anything\nversion: 3\n", "is no OpenAPI 3 description"),
        ('{"openapi": "3.0.1"}', "is no OpenAPI 3 description"),
        ('{"swagger": "2.0", "paths": {}}', "is OpenAPI 2.0; version 3 is read"),
        ("openapi: 3.0.1\npaths: &all {}\ncomponents: *all\n", "repeats parts by anchors"),
        ("a: &a [1, 1]\nb: &b [*a, *a]\nc: [*b, *b]\n", "repeats parts by anchors"),
        ("[" * 1000 + "]" * 1000, "nested more than 200 deep"),
        ('{"a":' * 400 + "1" + "}" * 400, "nested more than 200 deep"),
        ('{"a":' * 100_000, "is neither JSON nor YAML"),
        ("openapi: !!python/object/apply:os.getcwd []\n", "is neither JSON nor YAML"),
    ],
)
def test_what_is_no_description_is_refused_with_a_sentence(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DescriptionError, match=why):
        read_description(written(tmp_path, text))


def test_a_file_that_is_too_long_not_text_or_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DescriptionError, match="cannot be read: No such file"):
        read_description(tmp_path / "nowhere.yaml")
    (tmp_path / "binary.yaml").write_bytes(os.urandom(64) + b"\xff\xfe\x00")
    with pytest.raises(DescriptionError, match="no text in UTF-8"):
        read_description(tmp_path / "binary.yaml")
    monkeypatch.setattr(reading, "MOST_BYTES", 1_000_000)
    with pytest.raises(DescriptionError, match="longer than 1 MB"):
        read_description(written(tmp_path, "#" * 1_000_001))


# -- the command -----------------------------------------------------------------------------------------------------------


def test_the_command_says_each_call_and_ends_with_1_when_one_differs(tmp_path: Path) -> None:
    good = CliRunner().invoke(app, ["devices", "check-api", str(written(tmp_path, json.dumps(description())))])
    assert good.exit_code == 0
    assert good.stdout.startswith("Devices, version 7: 7 calls compared.\nGET /v2/devices-detailed: ok\n")
    changed = description()
    del properties(changed, "System")["buildNumber"]
    bad = CliRunner().invoke(app, ["devices", "check-api", str(written(tmp_path, json.dumps(changed)))])
    assert bad.exit_code == 1
    assert "GET /v2/queries/operating-systems: differs\n  differs: the answer.results[] has no buildNumber\n" in bad.stdout
    nothing = CliRunner().invoke(app, ["devices", "check-api", str(written(tmp_path, "words"))])
    assert (nothing.exit_code, "is no OpenAPI description" in nothing.stderr) == (2, True)


# -- the table -------------------------------------------------------------------------------------------------------------


def test_what_the_table_does_not_name_cannot_be_sent() -> None:
    assert api.DEVICES.parameters(pageSize=3) == {"pageSize": 3}
    for given in ({"pageSize": 3, "page": 2}, {}, {"after": 7}):
        with pytest.raises(NotDeclared, match="GET /v2/devices-detailed"):
            api.DEVICES.parameters(**given)
    with pytest.raises(NotDeclared, match="runAs"):
        api.RUN.filled(type="SCRIPT", id=7, parameters="", runAs="SYSTEM")


def test_what_the_table_does_not_name_cannot_be_read() -> None:
    answer = [{"id": 7, "dnsName": "x", "os": {"name": "Windows 11", "locale": "sv"}}, "words"]
    assert api.DEVICES.answer is not None
    assert api.DEVICES.answer.kept(answer) == [{"id": 7, "os": {"name": "Windows 11"}}, "words"]


def test_a_place_of_a_path_cannot_lead_elsewhere() -> None:
    assert api.DEVICE.address(id="7/../8?x=1") == "v2/device/7%2F..%2F8%3Fx%3D1"
