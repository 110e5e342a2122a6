"""An OpenAPI 3 description of somebody else's API: read with bounds, and looked up with its references followed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

MOST_BYTES = 10_000_000
DEEPEST = 200
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OPENS = yaml.events.CollectionStartEvent
CLOSES = yaml.events.CollectionEndEvent
PLACE = re.compile(r"\{[^{}]*\}")
Node = Mapping[str, Any]


class DescriptionError(ValueError):
    """This is no description that can be read; the message says why."""


class Unfollowable(ValueError):
    """A reference of the description leads nowhere, to itself, or out of the file."""


def read_description(path: Path) -> Description:
    """Read a description in JSON or YAML.

    Raises:
        DescriptionError: it cannot be read, is longer than 10 MB, repeats parts by anchors, or is no OpenAPI 3.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DescriptionError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise DescriptionError(f"{path} is longer than {MOST_BYTES // 1_000_000} MB")
    try:
        document = _parsed(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise DescriptionError(f"{path} is no text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DescriptionError(f"{path} is neither JSON nor YAML{line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DescriptionError(f"{path} is neither JSON nor YAML that can be read: {error}") from None
    return Description(_checked(document, path))


def _parsed(text: str) -> Any:
    if text.lstrip().startswith("{"):
        document = json.loads(text)
        _check_depth(document)
        return document
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.events.AliasEvent):
            raise ValueError("it repeats parts by anchors, which no description of an API has to")
        depth += isinstance(event, OPENS) - isinstance(event, CLOSES)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
    loader = LOADER(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _check_depth(document: Any) -> None:
    layer, depth = [document], 0
    while layer:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        layer = [inner for one in layer if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)]


def _checked(document: Any, path: Path) -> Node:
    if not isinstance(document, dict):
        raise DescriptionError(f"{path} is no OpenAPI description: it is no object")
    if "swagger" in document:
        raise DescriptionError(f"{path} is OpenAPI {document['swagger']}; version 3 is read")
    if not str(document.get("openapi", "")).startswith("3.") or not isinstance(document.get("paths"), dict):
        raise DescriptionError(f"{path} is no OpenAPI 3 description: it has no openapi: 3.x with paths")
    return document


@dataclass(frozen=True, slots=True)
class Description:
    """A description as it was read."""

    document: Node

    def named(self) -> str:
        """Return what it calls itself, with its version."""
        about = _object(self.document.get("info"))
        return f"{about.get('title', 'a description without a title')}, version {about.get('version', 'not said')}"

    def operations(self, path: str) -> Node | None:
        """Return what stands at a path, whatever the names of its places; None where nothing does. Servers may stand for its beginning."""
        wanted = PLACE.sub("{}", path)
        servers = self.document.get("servers")
        urls = [str(_object(one).get("url", "")) for one in (servers if isinstance(servers, list) else [])]
        for start in ("", *(urlsplit(url).path.rstrip("/") for url in urls)):
            for found, operations in self.document["paths"].items():
                if PLACE.sub("{}", start + str(found)) == wanted:
                    return self.followed(operations)
        return None

    def followed(self, node: Any) -> Node:
        """Return an object, or the one that its reference stands for.

        Raises:
            Unfollowable: the reference leads nowhere, to itself, or out of the file.
        """
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            if reference in seen:
                raise Unfollowable(f"the reference {reference} leads to itself")
            seen.add(reference)
            node = self._at(reference)
        return _object(node)

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise Unfollowable(f"the reference {reference} leads out of the file")
        node: Any = self.document
        for part in reference[2:].split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or name not in node:
                raise Unfollowable(f"the reference {reference} leads nowhere")
            node = node[name]
        return node

    def parts_of(self, schema: Any, *, kinds: bool = True) -> list[Node]:
        """Return a schema and those that it is made of; with ``kinds`` also those of which it may be one, each of them once."""
        found: list[Node] = []
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            one = self.followed(waiting.pop(0))
            if id(one) in seen:
                continue
            seen.add(id(one))
            found.append(one)
            for joint in ("allOf", "oneOf", "anyOf") if kinds else ("allOf",):
                waiting += one[joint] if isinstance(one.get(joint), list) else []
            if kinds and isinstance(one.get("discriminator"), dict):
                waiting += self._kinds_of(one)
        return found

    def _kinds_of(self, base: Node) -> Iterator[Any]:
        """Yield the schemas that say, by allOf, that they are a kind of another: a discriminator names them no other way."""
        for schema in _object(_object(self.document.get("components")).get("schemas")).values():
            joined = _object(schema).get("allOf")
            if isinstance(joined, list) and any(self._leads_to(one, base) for one in joined):
                yield schema

    def _leads_to(self, node: Any, schema: Node) -> bool:
        try:
            return self.followed(node) == schema
        except Unfollowable:
            return False

    def scopes(self) -> set[str]:
        """Return every scope that it speaks of."""
        said: set[str] = set()
        for flow in self.flows().values():
            said |= set(map(str, _object(flow.get("scopes"))))
        required = self.document.get("security")
        for one in required if isinstance(required, list) else []:
            said |= {str(scope) for scopes in _object(one).values() if isinstance(scopes, list) for scope in scopes}
        return said

    def flows(self) -> dict[str, Node]:
        """Return the ways in which it says that tokens are had, by their name."""
        schemes = _object(_object(self.document.get("components")).get("securitySchemes")).values()
        return {str(name): _object(flow) for one in schemes for name, flow in _object(self.followed(one).get("flows")).items()}


def _object(node: Any) -> Node:
    return node if isinstance(node, dict) else {}
