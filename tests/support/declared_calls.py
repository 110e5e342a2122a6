"""Whether what an adapter sends, and what a double answers, is what the adapter's table of calls says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from assistant.adapters.devices.uses import Call, Shape

TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


def call_to(calls: Iterable[Call], method: str, path: str) -> Call | None:
    """Return the declared call that a request is."""
    return next((call for call in calls if call.method == method and re.fullmatch(re.sub(r"\{[^{}]*\}", "[^/]+", call.path), path)), None)


def of_text(shape: Shape, value: str) -> Any:
    """Return a parameter of a query as what it is meant to be."""
    return int(value) if shape.type == "integer" and re.fullmatch(r"-?\d+", value) else value


def misfits_of_request(call: Call, query: dict[str, str], body: Any) -> Iterator[str]:
    """Say what of a request is not as the table has it."""
    yield from _misfits(call.query, {name: of_text(call.query.fields[name], v) if name in call.query.fields else v for name, v in query.items()}, "?")
    if call.body is not None:
        yield from _misfits(call.body, body, "body")


def misfits_of_answer(call: Call, answer: Any) -> Iterator[str]:
    """Say what of an answer is of another type than the table says; a double may answer more than is read."""
    if call.answer is not None:
        yield from _types(call.answer, answer, "answer")


def _misfits(shape: Shape, value: dict[str, Any], where: str) -> Iterator[str]:
    yield from (f"{where} {name} is not declared" for name in value if name not in shape.fields)
    yield from (f"{where} {name} is missing" for name in set(shape.fields) - shape.sometimes - set(value))
    for name, part in shape.fields.items():
        if part.values and name in value and value[name] not in part.values:
            yield f"{where} {name} is {value[name]!r}"
    yield from _types(shape, value, where)


def _types(shape: Shape, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, TYPES[shape.type]) or (isinstance(value, bool) and shape.type != "boolean"):
        yield f"{where} is {value!r}, declared as {shape.type}"
        return
    for name, part in shape.fields.items():
        if name in value and value[name] is not None:
            yield from _types(part, value[name], f"{where}.{name}")
    for inner in value if shape.items is not None else ():
        assert shape.items is not None
        yield from _types(shape.items, inner, f"{where}[]")
