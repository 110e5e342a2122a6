"""Reads the CSV file of devices; its columns are in docs/guide/devices.md."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from assistant.adapters.devices.listed import Listed, Trouble
from assistant.domain.configuration import Device
from kb.model import Platform

COLUMNS = (
    "id", "owner", "name", "platform", "os", "kind", "primary", "signatures", "encrypted", "os_version", "newest_os", "seen", "trouble",
)  # fmt: skip
NEEDED = ("id", "name", "platform")
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
LONGEST_ID = 120
SHOWN = 5


class FleetFileError(ValueError):
    """The file cannot be used; the message says why and where."""


def read_fleet_file(path: Path) -> list[Listed]:
    """Return the devices of a file. Either all of it can be used or nothing is.

    Raises:
        FleetFileError: it cannot be read, lacks a column, or has rows that cannot be used; the first five are named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FleetFileError(f"the file {path} cannot be read as UTF-8: {error}") from error
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
    unknown = [name for name in rows.fieldnames or () if name not in COLUMNS]
    if missing or unknown:
        said = [f"the column {name} is missing" for name in missing] + [f"there is no column {name!r}" for name in unknown]
        raise FleetFileError(f"the file {path} cannot be used: {'; '.join(said)}. Its columns are {', '.join(COLUMNS)}")
    found: dict[str, Listed] = {}
    faults: list[str] = []
    try:
        for row in rows:
            try:
                one = _listed(row)
                if one.device.id in found:
                    raise ValueError(f"{one.device.id} stands here twice")
                found[one.device.id] = one
            except ValueError as error:
                faults.append(f"line {rows.line_num}: {error}")
    except csv.Error as error:
        faults.append(f"line {rows.line_num}: {error}")
    if faults:
        more = f"; and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise FleetFileError(f"the file {path} cannot be used: {'; '.join(faults[:SHOWN])}{more}")
    return list(found.values())


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return ";" if head.count(";") > head.count(",") else ","


def _listed(row: Mapping[str, str | None]) -> Listed:
    if None in row:
        raise ValueError("it has more fields than the first line")
    value = {name: (row.get(name) or "").strip() for name in COLUMNS}
    empty = [name for name in NEEDED if not value[name]]
    if empty:
        raise ValueError(f"{' and '.join(empty)} must not be empty")
    if len(value["id"]) > LONGEST_ID:
        raise ValueError(f"an id has at most {LONGEST_ID} characters")
    try:
        platform, trouble = Platform(value["platform"].lower()), Trouble(value["trouble"].lower())
    except ValueError as error:
        raise ValueError(f"{error}; platforms are {', '.join(Platform)}, and trouble is one of {', '.join(filter(None, Trouble))} or empty") from None
    primary = _flag("primary", value["primary"]) or False
    device = Device(value["id"], value["owner"], value["name"], platform, value["os"], value["kind"] or "laptop", primary)
    return Listed(
        device,
        signatures_at=_time("signatures", value["signatures"]),
        encrypted=_flag("encrypted", value["encrypted"]),
        os_version=value["os_version"],
        newest_os=value["newest_os"],
        seen_at=_time("seen", value["seen"]),
        trouble=trouble,
    )


def _flag(name: str, value: str) -> bool | None:
    if value and value.lower() not in (*YES, *NO):
        raise ValueError(f"{name} is {value!r} and has to be yes, no or empty")
    return value.lower() in YES if value else None


def _time(name: str, value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError(f"{name} is {value!r} and has to be a day or a time, as 2026-11-22 or 2026-11-22T06:00+01:00") from None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
