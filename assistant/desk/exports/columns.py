"""Which column of an export means what: as somebody said, or guessed from its name, with the reason."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.desk.exports.decoding import ExportUnreadable

_FILE = Path(__file__).with_name("columns.toml")
_BETWEEN = re.compile(r"[\s_.\-/()]+")


@dataclass(frozen=True, slots=True)
class Role:
    """One role and the column that has it."""

    role: str
    column: str
    why: str


@cache
def _known() -> Mapping[str, tuple[tuple[str, ...], bool]]:
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {role: (tuple(table["names"]), bool(table.get("time"))) for role, table in found.items()}


def roles() -> tuple[str, ...]:
    """Return all roles that a column can have, as ``--map`` takes them."""
    return tuple(_known())


def is_time(role: str) -> bool:
    """Say whether the values of a role are dates."""
    return _known()[role][1]


def plain(name: str) -> str:
    """Return a column's name as names are compared: small letters, one blank between words."""
    return _BETWEEN.sub(" ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip().lower()


def mapped(columns: Iterable[str], given: Mapping[str, str]) -> tuple[Role, ...]:
    """Return the roles that columns have: those that somebody gave first, then those that a name tells; a column has one role.

    Raises:
        ExportUnreadable: a role or a column that was given does not exist, or one column was given two roles.
    """
    names = list(columns)
    found = _given(names, given)
    taken = {one.column for one in found}
    by_name = {plain(name): name for name in reversed(names)}
    for role, (known, _) in _known().items():
        if role in given:
            continue
        name = next((by_name[one] for one in known if one in by_name and by_name[one] not in taken), "")
        if name:
            found.append(Role(role, name, "its name says so"))
            taken.add(name)
    return tuple(found)


def _given(names: list[str], given: Mapping[str, str]) -> list[Role]:
    found: list[Role] = []
    for role, column in given.items():
        if role not in _known():
            raise ExportUnreadable(f"There is no role {role!r}. A column can be: {', '.join(roles())}.")
        if not column:
            continue
        if column not in names:
            near = difflib.get_close_matches(column, names, 1)
            meant = f"; did you mean {near[0]!r}?" if near else "."
            raise ExportUnreadable(f"There is no column {column!r}{meant} The columns are: {', '.join(names)}.")
        if column in {one.column for one in found}:
            raise ExportUnreadable(f"The column {column!r} was given two roles; it can have one.")
        found.append(Role(role, column, "you said so"))
    return found


def pairs(said: Iterable[str]) -> dict[str, str]:
    """Return a mapping as it is written on the command line: ``role=column``; an empty column means that none has the role.

    Raises:
        ExportUnreadable: one is written otherwise, or a role is given twice.
    """
    found: dict[str, str] = {}
    for one in said:
        role, sign, column = one.partition("=")
        role = role.strip()
        if not sign or not role:
            raise ExportUnreadable(f"{one!r} is no mapping; one is written as category=Topic.")
        if role in found:
            raise ExportUnreadable(f"The role {role!r} is given twice.")
        found[role] = column.strip()
    return found
