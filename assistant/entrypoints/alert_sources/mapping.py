"""A mapping file: which path of a system's JSON fills which field of an alert. It is checked as a whole before it is used."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from assistant.domain.alert import FIELDS, Fingerprint, Report, Severity, State, fingerprint_of

GENERIC = Path(__file__).with_name("generic.toml")
FILLED = ("time", *FIELDS, "text", "state", "severity", "fingerprint")
LENGTH, TEXT_LENGTH, FIELD_LENGTH, OTHER_FIELDS, DEPTH = 200, 2_000, 200, 20, 4
MILLISECONDS = 100_000_000_000
"""From here on a number is no time in seconds that anybody sends."""
NUMBERS = frozenset({"id", "uuid", "guid", "event_id", "alert_id", "seq", "sequence", "number", "nr", "value", "count", "received", "received_at"})
"""Names of other fields that tell nothing of a cause."""


class MappingRefused(ValueError):
    """A mapping file cannot be used; the message says why."""


class Malformed(ValueError):
    """An alert cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True)
class Mapped:
    """A mapping that was checked."""

    alerts: str
    paths: Mapping[str, tuple[str, ...]]
    resolved: frozenset[str]
    severities: Mapping[str, Severity]

    @cached_property
    def _used(self) -> frozenset[str]:
        return frozenset(path.casefold() for paths in self.paths.values() for path in paths)

    def rows(self, document: Any) -> list[Any]:
        """Return the alerts of a document.

        Raises:
            Malformed: there is no list where the mapping says.
        """
        found = _flat_path(document, self.alerts) if self.alerts else document
        if isinstance(found, dict) and not self.alerts:
            return [found]
        if not isinstance(found, list):
            raise Malformed(f"there is no list of alerts{f' in “{self.alerts}”' if self.alerts else ''}")
        return found

    def report(self, source: str, row: Any, received_at: datetime) -> Report:
        """Read one alert.

        Raises:
            Malformed: it is no object, has no time, or says nothing that tells it from others.
        """
        if not isinstance(row, dict):
            raise Malformed("it is no JSON object")
        flat = self._by_leaf(dict(_flat(row)))
        said = {name: self._first(flat, name) for name in FILLED}
        if not said["time"]:
            raise Malformed("it has no time")
        at = time_of(said["time"])
        core: dict[str, Any] = {name: said[name][:LENGTH] for name in FIELDS}
        text = said["text"][:TEXT_LENGTH]
        if not (core["check"] or core["item"] or text):
            raise Malformed("it names no check, no device and no text")
        return Report(
            source=source,
            fingerprint=self._fingerprint(source, said, core, text),
            state=State.RESOLVED if said["state"].casefold() in self.resolved else State.FIRING,
            at=at,
            received_at=received_at,
            severity=self.severities.get(said["severity"].casefold(), Severity.WARNING),
            text=text,
            fields=tuple(self._others(flat)),
            **core,
        )

    def _by_leaf(self, flat: dict[str, str]) -> dict[str, str]:
        """Call what stands deeper by its last name too, unless that is taken or the mapping names the whole path."""
        for path in [one for one in flat if "." in one and one not in self._used]:
            leaf = path.rpartition(".")[2]
            if leaf not in flat:
                flat[leaf] = flat.pop(path)
        return flat

    def _fingerprint(self, source: str, said: Mapping[str, str], core: Mapping[str, Any], text: str) -> Fingerprint:
        if said["fingerprint"]:
            return fingerprint_of(source, said["fingerprint"])
        if core["check"] and core["item"]:
            return fingerprint_of(source, core["check"], core["item"], core["version"])
        # Without a check or a device only everything that it says tells it from others.
        return fingerprint_of(source, *(core[name] for name in FIELDS), text)

    def _first(self, flat: Mapping[str, str], name: str) -> str:
        return next((flat[path.casefold()] for path in self.paths.get(name, ()) if flat.get(path.casefold())), "")

    def _others(self, flat: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        kept = ((name, value[:FIELD_LENGTH]) for name, value in flat.items() if value and name not in self._used and name not in NUMBERS)
        for _, pair in zip(range(OTHER_FIELDS), kept, strict=False):
            yield pair


def _flat(row: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        path = f"{before}{name}".casefold()
        if isinstance(value, dict) and depth < DEPTH:
            yield from _flat(value, f"{path}.", depth + 1)
        elif isinstance(value, bool):
            yield path, "true" if value else "false"
        elif isinstance(value, str | int | float):
            yield path, str(value).strip()
        elif isinstance(value, list) and value and all(isinstance(one, str | int | float) for one in value):
            yield path, " ".join(map(str, value[:OTHER_FIELDS]))


def _flat_path(document: Any, path: str) -> Any:
    found = document
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def time_of(said: str) -> datetime:
    """Return the moment of an ISO 8601 text (in UTC where it names no zone) or of a number of seconds or milliseconds since 1970.

    Raises:
        Malformed: it is neither.
    """
    try:
        number = float(said)
        return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    try:
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(f"“{said[:60]}” is no time") from None


def read_mapping(path: Path = GENERIC) -> Mapped:
    """Read a mapping file.

    Raises:
        MappingRefused: it cannot be used.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingRefused(f"the mapping {path} cannot be read: {error}") from error
    faults = list(_faults(rows))
    if faults:
        raise MappingRefused(f"the mapping {path} cannot be used: {'; '.join(faults)}")
    paths = {name: tuple([said] if isinstance(said, str) else said) for name, said in rows["fields"].items()}
    resolved = frozenset(word.casefold() for word in rows.get("states", {}).get("resolved", ()))
    severities = {word.casefold(): Severity(name) for name, words in rows.get("severities", {}).items() for word in words}
    return Mapped(rows.get("alerts", ""), paths, resolved, severities)


def _faults(rows: Mapping[str, Any]) -> Iterator[str]:
    unknown = sorted(set(rows) - {"alerts", "fields", "states", "severities"})
    if unknown:
        yield f"unknown: {', '.join(unknown)}"
    if not isinstance(rows.get("alerts", ""), str):
        yield "alerts is a path"
    fields = rows.get("fields")
    if not isinstance(fields, dict) or "time" not in fields or not {"check", "item", "text"} & set(fields):
        yield "[fields] has to say where time is, and one of check, item and text"
    else:
        for name, said in fields.items():
            if name not in FILLED:
                yield f"fields.{name} is none of {', '.join(FILLED)}"
            elif not said or not all(isinstance(path, str) and path for path in ([said] if isinstance(said, str) else said)):
                yield f"fields.{name} has to be a path or a list of paths"
    yield from _word_faults(rows, "states", ("resolved",))
    yield from _word_faults(rows, "severities", tuple(Severity))


def _word_faults(rows: Mapping[str, Any], table: str, known: tuple[str, ...]) -> Iterator[str]:
    said = rows.get(table, {})
    if not isinstance(said, dict):
        yield f"[{table}] is a table"
        return
    for name, words in said.items():
        if name not in known:
            yield f"{table}.{name} is none of {', '.join(known)}"
        elif not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            yield f"{table}.{name} is a list of words"
