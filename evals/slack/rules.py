"""What Slack refuses: the published limits of Block Kit, views, messages and metadata (docs.slack.dev/reference), as faults in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Node = dict[str, Any]
BLOCKS_OF_MESSAGE, BLOCKS_OF_VIEW = 50, 100
TEXT_LIMIT = 40_000
METADATA_LIMIT = 16_384
ID_LIMIT = 255
OBJECT_LIMIT = 3_000
HEADER_LIMIT, TITLE_LIMIT, BUTTON_LIMIT, VALUE_LIMIT = 150, 24, 75, 2_000
OPTION_LIMIT, OPTION_VALUE_LIMIT, OPTIONS = 75, 150, 100
LABEL_LIMIT, PLACEHOLDER_LIMIT = 2_000, 150
PRIVATE_METADATA_LIMIT = 3_000
STYLES = ("primary", "danger")
TAGS = re.compile(r"<[^<>]*>")
LINK = re.compile(r"<(https|mailto):[^<>|\s]+(\|[^<>|]+)?>")
DATE = re.compile(r"<!date\^\d+\^[^<>^]+(\^https:[^<>|]+)?\|[^<>]+>")
MENTION = re.compile(r"(?<![\w.])@(?:here|channel|everyone|group)\b")
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def text_object(node: Any, kinds: tuple[str, ...], limit: int, where: str, least: int = 1) -> Iterator[str]:
    """Find what is wrong with a text object."""
    if not isinstance(node, dict) or node.get("type") not in kinds or not isinstance(node.get("text"), str):
        yield f"{where}: a text object of type {' or '.join(kinds)} is wanted"
        return
    if not least <= len(node["text"]) <= limit:
        yield f"{where}: {len(node['text'])} characters, {least} to {limit} are allowed"
    if node["type"] == "mrkdwn":
        yield from marked(node["text"], where)
        if "emoji" in node:
            yield f"{where}: emoji is for plain_text only"
    elif "verbatim" in node:
        yield f"{where}: verbatim is for mrkdwn only"


def marked(text: str, where: str) -> Iterator[str]:
    """Find marks that Slack would read otherwise than our app means: nothing of ours mentions anybody, and nothing is half escaped."""
    for tag in TAGS.findall(text):
        if not LINK.fullmatch(tag) and not DATE.fullmatch(tag):
            yield f"{where}: the mark {tag[:60]}"
    rest = TAGS.sub("", text)
    if "<" in rest or ENTITY.search(rest):
        yield f"{where}: something is not escaped"
    if MENTION.search(text):
        yield f"{where}: a mention of everybody"


def _ids(node: Node, where: str) -> Iterator[str]:
    for name in ("action_id", "block_id", "callback_id", "external_id"):
        if name in node and not (isinstance(node[name], str) and 0 < len(node[name]) <= ID_LIMIT):
            yield f"{where}: {name} has 1 to {ID_LIMIT} characters"


def _button(node: Node, where: str) -> Iterator[str]:
    yield from text_object(node.get("text"), ("plain_text",), BUTTON_LIMIT, f"{where}.text")
    if len(node.get("value", "")) > VALUE_LIMIT:
        yield f"{where}: value has at most {VALUE_LIMIT} characters"
    if "style" in node and node["style"] not in STYLES:
        yield f"{where}: style is primary or danger"
    if "url" in node and len(node["url"]) > OBJECT_LIMIT:
        yield f"{where}: url has at most {OBJECT_LIMIT} characters"
    if len(node.get("accessibility_label", "")) > BUTTON_LIMIT:
        yield f"{where}: accessibility_label has at most {BUTTON_LIMIT} characters"
    if "confirm" in node:
        yield from _confirm(node["confirm"], f"{where}.confirm")


def _confirm(node: Node, where: str) -> Iterator[str]:
    for name, kinds, limit in (
        ("title", ("plain_text",), 100),
        ("text", ("plain_text", "mrkdwn"), 300),
        ("confirm", ("plain_text",), 30),
        ("deny", ("plain_text",), 30),
    ):
        yield from text_object(node.get(name), kinds, limit, f"{where}.{name}")


def _options(node: Node, where: str) -> Iterator[str]:
    options = node.get("options") or []
    if not 1 <= len(options) <= OPTIONS:
        yield f"{where}: 1 to {OPTIONS} options"
    for number, option in enumerate(options):
        yield from text_object(option.get("text"), ("plain_text", "mrkdwn"), OPTION_LIMIT, f"{where}.options[{number}]")
        if not 1 <= len(option.get("value", "")) <= OPTION_VALUE_LIMIT:
            yield f"{where}.options[{number}]: value has 1 to {OPTION_VALUE_LIMIT} characters"
    if "initial_option" in node and node["initial_option"] not in options:
        yield f"{where}: initial_option is none of the options"
    if "placeholder" in node:
        yield from text_object(node["placeholder"], ("plain_text",), PLACEHOLDER_LIMIT, f"{where}.placeholder")


def _plain_input(node: Node, where: str) -> Iterator[str]:
    if "placeholder" in node:
        yield from text_object(node["placeholder"], ("plain_text",), PLACEHOLDER_LIMIT, f"{where}.placeholder")
    if not 0 <= node.get("min_length", 0) <= OBJECT_LIMIT or not 1 <= node.get("max_length", 1) <= OBJECT_LIMIT:
        yield f"{where}: lengths are at most {OBJECT_LIMIT}"
    if len(node.get("initial_value", "")) > node.get("max_length", OBJECT_LIMIT):
        yield f"{where}: initial_value is longer than max_length"


ELEMENTS: dict[str, Callable[[Node, str], Iterator[str]]] = {"button": _button, "static_select": _options, "plain_text_input": _plain_input}
KNOWN = {
    "button": {"type", "text", "action_id", "value", "style", "url", "confirm", "accessibility_label"},
    "static_select": {"type", "action_id", "options", "placeholder", "initial_option", "confirm", "focus_on_load"},
    "plain_text_input": {
        "type",
        "action_id",
        "placeholder",
        "multiline",
        "initial_value",
        "min_length",
        "max_length",
        "focus_on_load",
        "dispatch_action_config",
    },
    "section": {"type", "block_id", "text", "fields", "accessory", "expand"},
    "header": {"type", "block_id", "text"},
    "divider": {"type", "block_id"},
    "context": {"type", "block_id", "elements"},
    "actions": {"type", "block_id", "elements"},
    "input": {"type", "block_id", "label", "element", "hint", "optional", "dispatch_action"},
}


def _unknown(node: Node, where: str) -> Iterator[str]:
    extra = sorted(set(node) - KNOWN.get(str(node.get("type")), set(node)))
    if extra:
        yield f"{where}: {node['type']} has no {', '.join(extra)}"


def _element(node: Node, where: str, kinds: tuple[str, ...]) -> Iterator[str]:
    kind = str(node.get("type"))
    if kind not in kinds:
        yield f"{where}: {kind} cannot stand here"
        return
    yield from _unknown(node, where)
    yield from _ids(node, where)
    yield from ELEMENTS[kind](node, where)


def _section(node: Node, where: str) -> Iterator[str]:
    if "text" not in node and not node.get("fields"):
        yield f"{where}: a section needs text or fields"
    if "text" in node:
        yield from text_object(node["text"], ("mrkdwn", "plain_text"), OBJECT_LIMIT, f"{where}.text")
    fields = node.get("fields", [])
    if len(fields) > 10:
        yield f"{where}: at most 10 fields"
    for number, one in enumerate(fields):
        yield from text_object(one, ("mrkdwn", "plain_text"), 2_000, f"{where}.fields[{number}]")
    if "accessory" in node:
        yield from _element(node["accessory"], f"{where}.accessory", ("button", "static_select"))


def _context(node: Node, where: str) -> Iterator[str]:
    if not 1 <= len(node.get("elements", [])) <= 10:
        yield f"{where}: 1 to 10 elements"
    for number, one in enumerate(node.get("elements", [])):
        yield from text_object(one, ("mrkdwn", "plain_text"), OBJECT_LIMIT, f"{where}.elements[{number}]")


def _actions(node: Node, where: str) -> Iterator[str]:
    elements = node.get("elements", [])
    if not 1 <= len(elements) <= 25:
        yield f"{where}: 1 to 25 elements"
    ids = [one.get("action_id") for one in elements]
    if len(set(ids)) != len(ids):
        yield f"{where}: action_id has to be unique in a block"
    for number, one in enumerate(elements):
        yield from _element(one, f"{where}.elements[{number}]", ("button", "static_select"))


def _input(node: Node, where: str) -> Iterator[str]:
    yield from text_object(node.get("label"), ("plain_text",), LABEL_LIMIT, f"{where}.label")
    if "hint" in node:
        yield from text_object(node["hint"], ("plain_text",), LABEL_LIMIT, f"{where}.hint")
    yield from _element(node.get("element", {}), f"{where}.element", ("plain_text_input", "static_select"))


def _header(node: Node, where: str) -> Iterator[str]:
    yield from text_object(node.get("text"), ("plain_text",), HEADER_LIMIT, f"{where}.text")


def _divider(node: Node, where: str) -> Iterator[str]:
    yield from _ids(node, where)


KINDS: dict[str, Callable[[Node, str], Iterator[str]]] = {
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "header": _header,
    "divider": _divider,
}


def blocks_faults(blocks: Any, most: int, inputs: bool) -> Iterator[str]:
    """Find what is wrong with a list of blocks; ``inputs`` says whether input blocks may stand in it."""
    if not isinstance(blocks, list) or len(blocks) > most:
        yield f"blocks: a list of at most {most} is wanted"
        return
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) != len(ids):
        yield "blocks: block_id has to be unique"
    for number, block in enumerate(blocks):
        where, kind = f"blocks[{number}]", str(block.get("type"))
        if kind not in KINDS or (kind == "input" and not inputs):
            yield f"{where}: {kind} cannot stand here"
            continue
        yield from _unknown(block, where)
        yield from _ids(block, where)
        yield from KINDS[kind](block, where)


def message_faults(arguments: Node) -> Iterator[str]:
    """Find what is wrong with the arguments of a call that posts or changes a message."""
    text, blocks = arguments.get("text", ""), arguments.get("blocks") or []
    if not text:
        yield "text: every message needs words for notifications and screen readers"
    if len(text) > TEXT_LIMIT:
        yield f"text: at most {TEXT_LIMIT} characters"
    yield from marked(text, "text")
    yield from blocks_faults(blocks, BLOCKS_OF_MESSAGE, False)
    if "metadata" in arguments:
        yield from metadata_faults(arguments["metadata"])


def metadata_faults(metadata: Any) -> Iterator[str]:
    """Find what is wrong with a message's metadata."""
    kind, payload = (metadata.get("event_type"), metadata.get("event_payload")) if isinstance(metadata, dict) else (None, None)
    if not isinstance(kind, str) or not re.fullmatch(r"[a-z0-9_]{1,80}", kind) or not isinstance(payload, dict):
        yield "metadata: event_type and event_payload are wanted"
    elif len(json.dumps(payload)) > METADATA_LIMIT:
        yield f"metadata: at most {METADATA_LIMIT} bytes"
    elif any(not isinstance(value, str | int | float | bool) for value in payload.values()):
        yield "metadata: values are strings, numbers or booleans"


def view_faults(view: Any) -> Iterator[str]:
    """Find what is wrong with a modal or a home tab."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        yield "view: type is modal or home"
        return
    yield from _ids(view, "view")
    yield from blocks_faults(view.get("blocks"), BLOCKS_OF_VIEW, True)
    if len(view.get("private_metadata", "")) > PRIVATE_METADATA_LIMIT:
        yield f"view: private_metadata has at most {PRIVATE_METADATA_LIMIT} characters"
    if view["type"] == "home":
        return
    for name in ("title", "submit", "close"):
        if name in view or name == "title":
            yield from text_object(view.get(name), ("plain_text",), TITLE_LIMIT, f"view.{name}")
    if "submit" not in view and any(block.get("type") == "input" for block in view.get("blocks") or []):
        yield "view: a modal with inputs needs submit"
