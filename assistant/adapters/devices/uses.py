"""What an adapter uses of somebody else's API: its calls, what it sends with them and what it reads of the answers.

The adapter sends and reads through this and nothing else, so that a description of the API can be compared with what the adapter really does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


class NotDeclared(LookupError):
    """An adapter sends something that its table does not name: the table is wrong, or the adapter is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One value: ``type`` is that of JSON Schema. ``values`` are those that the adapter sends or tells apart; none means any."""

    type: str
    fields: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    values: tuple[str, ...] = ()
    sometimes: frozenset[str] = frozenset()
    """Fields that are not always sent."""

    def kept(self, value: Any) -> Any:
        """Return a value with the named fields of its objects and no others; what is of another type stays as it is."""
        if self.type == "object" and isinstance(value, dict):
            return {name: part.kept(value[name]) for name, part in self.fields.items() if name in value}
        if self.items is not None and isinstance(value, list):
            return [self.items.kept(one) for one in value]
        return value


STRING, INTEGER, NUMBER, BOOLEAN = Shape("string"), Shape("integer"), Shape("number"), Shape("boolean")


def valued(values: Collection[str]) -> Shape:
    """Return a string of which these values are sent or told apart."""
    return Shape("string", values=tuple(sorted(values)))


def fields(sometimes: Collection[str] = (), /, **parts: Shape) -> Shape:
    """Return an object with these fields, of which some are not always sent."""
    return Shape("object", fields=parts, sometimes=frozenset(sometimes))


def list_of(items: Shape) -> Shape:
    """Return a list of values of one shape."""
    return Shape("array", items=items)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``places`` are the parts of the path in braces; an ``answer`` of None is not read."""

    method: str
    path: str
    places: Mapping[str, Shape] = field(default_factory=dict)
    query: Shape = field(default_factory=fields)
    body: Shape | None = None
    answer: Shape | None = None

    def address(self, **places: str) -> str:
        """Return the path to call, below the address of the system."""
        return self.path.format(**{name: quote(value, safe="") for name, value in places.items()}).removeprefix("/")

    def parameters(self, **given: str | int) -> dict[str, str | int]:
        """Return the parameters as they are given.

        Raises:
            NotDeclared: one of them is not in the table, or one that is always sent is missing.
        """
        self._declared(self.query, given)
        return given

    def filled(self, **given: Any) -> dict[str, Any]:
        """Return the body as it is given; raises as ``parameters``."""
        self._declared(self.body or fields(), given)
        return given

    def _declared(self, shape: Shape, given: Collection[str]) -> None:
        unknown, missing = set(given) - set(shape.fields), set(shape.fields) - shape.sometimes - set(given)
        if unknown or missing:
            raise NotDeclared(f"{self.method} {self.path}: {', '.join(sorted(unknown | missing))}")
