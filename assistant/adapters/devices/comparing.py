"""Where a description of an API says otherwise than an adapter relies on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from assistant.adapters.devices.description import Description, Unfollowable
from assistant.adapters.devices.uses import Call, Shape

JSON = "application/json"
READ = {"number": {"number", "integer"}}
"""Types that a described value may have where one is read; a type that is not here fits only itself."""
IN_BODY = {"integer": {"integer", "number"}}
IN_ADDRESS = {"integer": {"integer", "number", "string"}}
"""A parameter is text on its way, so a number is also a string."""
Fitting = Mapping[str, set[str]]


@dataclass(slots=True)
class Compared:
    """One call, and what of it differs; ``unsaid`` is what we rely on and the description neither says nor denies."""

    call: str
    differs: list[str] = field(default_factory=list)
    unsaid: list[str] = field(default_factory=list)


def compared(description: Description, calls: Iterable[Call]) -> list[Compared]:
    """Compare each call with what a description says of it."""
    return [_Comparison(description, Compared(f"{call.method} {call.path}")).of(call) for call in calls]


def compared_token(description: Description, path: str, scopes: Iterable[str]) -> Compared:
    """Compare where tokens are had as a client of its own, and the scopes that are asked for."""
    found = Compared(f"POST {path}")
    try:
        flows, said = description.flows(), description.scopes()
    except Unfollowable as error:
        found.differs.append(str(error))
        return found
    flow = flows.get("clientCredentials")
    if flow is None:
        found.unsaid.append("where a client gets its own token (no flow clientCredentials)")
    elif not urlsplit(str(flow.get("tokenUrl", ""))).path.endswith(path):
        found.differs.append(f"tokens are had at {flow.get('tokenUrl')}")
    if not said:
        found.unsaid.append("which scopes there are")
    else:
        found.differs += [f"there is no scope {scope}{_near(scope, said)}" for scope in scopes if scope not in said]
    return found


class _Comparison:
    def __init__(self, description: Description, into: Compared) -> None:
        self._description, self._into = description, into

    def of(self, call: Call) -> Compared:
        try:
            operations = self._description.operations(call.path)
            if operations is None:
                self._differs("there is no such path" + _near(call.path, map(str, self._description.document["paths"])))
            elif call.method.lower() not in operations:
                self._differs(f"there is no {call.method} at this path")
            else:
                operation = self._description.followed(operations[call.method.lower()])
                self._parameters(call, [*_list(operations.get("parameters")), *_list(operation.get("parameters"))])
                self._body(call, operation.get("requestBody"))
                self._answer(call, operation.get("responses"))
        except Unfollowable as error:
            self._differs(str(error))
        return self._into

    def _differs(self, how: str) -> None:
        self._into.differs.append(how)

    def _parameters(self, call: Call, listed: list[Any]) -> None:
        known = [self._description.followed(one) for one in listed]
        query = {str(one.get("name")): one for one in known if one.get("in") == "query"}
        for name, shape in call.query.fields.items():
            if name not in query:
                self._differs(f"there is no parameter {name}{_near(name, query)}")
                continue
            self._value(_schema_of(query[name]), shape, f"the parameter {name}", IN_ADDRESS)
        always = set(call.query.fields) - call.query.sometimes
        for name, one in query.items():
            if one.get("required") is True and name not in always:
                self._differs(f"the parameter {name} is required, and we do not always send it")
        places = [one for one in known if one.get("in") == "path"]
        for shape, one in zip(call.places.values(), places, strict=False):
            self._value(_schema_of(one), shape, f"the place {one.get('name')}", IN_ADDRESS)

    def _body(self, call: Call, described: Any) -> None:
        body = self._description.followed(described)
        if call.body is None:
            if body.get("required") is True:
                self._differs("a body is required, and we send none")
            return
        content = body.get("content")
        if not isinstance(content, dict) or JSON not in content:
            self._differs("it takes no JSON")
            return
        self._value(_schema_of(content[JSON]), call.body, "the body", IN_BODY)

    def _answer(self, call: Call, described: Any) -> None:
        if call.answer is None:
            return
        answers = {str(code).upper(): one for code, one in self._description.followed(described).items()}
        code = next((one for one in ("200", "2XX", *sorted(answers)) if one in answers and one.startswith("2")), "DEFAULT")
        content = self._description.followed(answers.get(code)).get("content")
        media = content if isinstance(content, dict) else {}
        schema = _schema_of(media.get(JSON) or media.get("*/*"))
        if not schema:
            self._differs("it says nothing of what is answered")
            return
        self._value(schema, call.answer, "the answer", READ)

    def _value(self, schema: Any, shape: Shape, where: str, fitting: Fitting) -> None:
        parts = self._description.parts_of(schema)
        types = _types(parts)
        if types and not types & fitting.get(shape.type, {shape.type}):
            self._differs(f"{where} is {' or '.join(sorted(types))}, and we {'read' if fitting is READ else 'send'} {shape.type}")
            return
        if not types:
            self._into.unsaid.append(f"what {where} is")
        self._values(parts, shape, where)
        if shape.items is not None:
            items = [one["items"] for one in parts if isinstance(one.get("items"), dict)]
            self._best(items, shape.items, f"{where}[]", fitting)
        for name, inner in shape.fields.items():
            self._field(parts, name, inner, where, fitting)
        self._required(schema, shape, where, fitting)

    def _values(self, parts: list[Mapping[str, Any]], shape: Shape, where: str) -> None:
        known = [one["enum"] for one in parts if isinstance(one.get("enum"), list)]
        if shape.values and not known:
            self._into.unsaid.append(f"which values {where} may have (we rely on {', '.join(shape.values)})")
        missing = [value for value in shape.values if known and not any(value in values for values in known)]
        if missing:
            self._differs(f"{where} is never {', '.join(missing)}")

    def _field(self, parts: list[Mapping[str, Any]], name: str, shape: Shape, where: str, fitting: Fitting) -> None:
        properties = [one["properties"] for one in parts if isinstance(one.get("properties"), dict)]
        found = [one[name] for one in properties if name in one]
        if not found:
            self._differs(f"{where} has no {name}{_near(name, {other for one in properties for other in one})}")
            return
        self._best(found, shape, f"{where}.{name}", fitting)

    def _best(self, schemas: list[Any], shape: Shape, where: str, fitting: Fitting) -> None:
        """Compare with the one that fits best: a device is one of several kinds, and not each says everything of it."""
        tried = []
        for schema in schemas:
            alone = _Comparison(self._description, Compared(where))
            alone._value(schema, shape, where, fitting)
            tried.append(alone._into)
        if not tried:
            self._into.unsaid.append(f"what {where} is")
            return
        best = min(tried, key=lambda one: (len(one.differs), len(one.unsaid)))
        self._into.differs += best.differs
        self._into.unsaid += best.unsaid

    def _required(self, schema: Any, shape: Shape, where: str, fitting: Fitting) -> None:
        if fitting is READ:
            return
        required = {str(name) for one in self._description.parts_of(schema, kinds=False) for name in _list(one.get("required"))}
        for name in sorted(required - (set(shape.fields) - shape.sometimes)):
            self._differs(f"{where} has to have {name}, and we do not always send it")


def _types(parts: Iterable[Mapping[str, Any]]) -> set[str]:
    said: set[str] = set()
    inner = False
    for one in parts:
        named = one.get("type")
        said |= set(map(str, named)) if isinstance(named, list) else {named} if isinstance(named, str) else set()
        inner = inner or isinstance(one.get("properties"), dict)
    return said - {"null"} or ({"object"} if inner else set())


def _schema_of(holder: Any) -> Any:
    return holder.get("schema") if isinstance(holder, dict) else None


def _list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []


def _near(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, [str(one) for one in names], 1, 0.7)
    return f" (there is {near[0]})" if near else ""
