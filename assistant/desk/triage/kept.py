"""The versions of the model in the state folder: arrays and plain JSON, nothing that runs. One is in use; earlier ones stay for undoing."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from assistant.desk.triage.counts import Counted
from assistant.desk.triage.features import Vocabulary
from assistant.desk.triage.model import FieldReader
from assistant.desk.triage.teaching import Encoder
from assistant.domain.triage import Field

FORM = 1
"""Raised when files of an earlier version of Firstline cannot be read any more."""
IN_USE = "in-use.json"
SOURCE = "source.json"
ARRAYS = ("rarity", "weights", "bias", "counts", "prior", "by_meaning", "mixing", "shift")


class CannotKeep(ValueError):
    """A version cannot be read or undone; the message says why."""


@dataclass(frozen=True, slots=True)
class Readers:
    """A version of the model: the readers of the fields that history taught, and what is known of how it was made."""

    name: str
    fields: Mapping[Field, FieldReader]
    facts: Mapping[str, Any]
    encoder: Encoder | None = None
    """The fine-tuned encoder whose vectors it wants; None for those of the embedding model."""

    @property
    def vectors_by(self) -> str:
        """The name of that encoder, "" for the embedding model."""
        return self.encoder.name if self.encoder is not None else ""

    @property
    def reads_meaning(self) -> bool:
        """Say whether a field wants the meaning of the text."""
        return any(len(one.by_meaning) for one in self.fields.values())


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder of versions."""

    folder: Path

    def names(self) -> list[str]:
        """Return the versions, the oldest first."""
        return sorted(path.stem for path in self.folder.glob("m-*.npz"))

    def in_use(self) -> str:
        """Return the version in use, "" for none."""
        taken = self._taken()
        return taken[-1] if taken else ""

    def _taken(self) -> list[str]:
        """Return the versions that were taken and not undone, in order."""
        try:
            found = json.loads((self.folder / IN_USE).read_text(encoding="utf-8"))["taken"]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return [str(name) for name in found if (self.folder / f"{name}.npz").exists()]

    def add(self, fields: Mapping[Field, FieldReader], facts: Mapping[str, Any], encoder: Encoder | None = None) -> Readers:
        """Keep a new version beside the others; it is not in use by that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        last = max((int(name[2:]) for name in self.names()), default=0)
        made = Readers(f"m-{last + 1:04d}", dict(fields), dict(facts), encoder)
        path = self.folder / f"{made.name}.npz"
        fresh = path.with_name(f"{made.name}.{secrets.token_hex(4)}.tmp")
        with fresh.open("wb") as out:
            np.savez_compressed(out, allow_pickle=False, **_arrays(made))
        fresh.replace(path)
        return made

    def facts(self, name: str) -> dict[str, Any]:
        """Return what is known of how a version was made.

        Raises:
            CannotKeep: it cannot be read.
        """
        with self._opened(name) as held:
            return dict(_plain(held["facts"])["facts"])

    def load(self, name: str) -> Readers:
        """Return a version.

        Raises:
            CannotKeep: it cannot be read.
        """
        try:
            with self._opened(name) as held:
                head = _plain(held["facts"])
                if head["form"] != FORM:
                    raise CannotKeep(f"{name} was kept by another version of Firstline; train again")
                fields = {Field(one): _reader(held, one, head["fields"][one]) for one in head["fields"]}
                return Readers(name, fields, head["facts"], _encoder(head.get("encoder")))
        except (KeyError, ValueError, TypeError) as error:
            raise CannotKeep(f"the model {name} in {self.folder} cannot be read: {error}") from error

    def _opened(self, name: str) -> Any:
        try:
            return np.load(self.folder / f"{name}.npz", allow_pickle=False)
        except (OSError, ValueError, BadZipFile) as error:
            raise CannotKeep(f"the model {name} in {self.folder} cannot be read: {error}") from error

    def take(self, name: str) -> None:
        """Put a version into use."""
        self._write(IN_USE, {"taken": [*self._taken(), name]})

    def undo(self) -> tuple[str, str]:
        """Put the version before into use again; return the undone one, and the one in use now ("" for none).

        Raises:
            CannotKeep: none is in use.
        """
        taken = self._taken()
        if not taken:
            raise CannotKeep("no model is in use, so there is nothing to undo")
        self._write(IN_USE, {"taken": taken[:-1]})
        return taken[-1], taken[-2] if len(taken) > 1 else ""

    def remember_source(self, facts: Mapping[str, Any]) -> None:
        """Remember where the history stands and how its columns are read; nothing of its rows."""
        self._write(SOURCE, facts)

    def source(self) -> dict[str, Any]:
        """Return that, {} where nothing was learnt from a file."""
        try:
            found = json.loads((self.folder / SOURCE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, facts: Mapping[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{name}.{secrets.token_hex(4)}.tmp"
        fresh.write_text(json.dumps(facts, indent=1), encoding="utf-8")
        fresh.replace(self.folder / name)


class InUse:
    """Gives the readers in use, read anew when another process took or undid a version. A version that cannot be read is none."""

    def __init__(self, kept: Kept) -> None:
        """Begin without having read anything."""
        self.kept = kept
        self._readers: Readers | None = None

    def __call__(self) -> Readers | None:
        """Return the readers, or None.

        Raises:
            CannotKeep: the version in use cannot be read.
        """
        name = self.kept.in_use()
        if not name:
            self._readers = None
        elif self._readers is None or self._readers.name != name:
            self._readers = self.kept.load(name)
        return self._readers


def _bytes(plain: Any) -> np.ndarray:
    return np.frombuffer(json.dumps(plain).encode(), dtype=np.uint8)


def _plain(held: np.ndarray) -> Any:
    return json.loads(held.tobytes())


def _arrays(made: Readers) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    heads: dict[str, Any] = {}
    for field, reader in made.fields.items():
        heads[field.value] = {"labels": reader.labels, "keys": reader.counted.keys, "thresholds": reader.thresholds}
        found[f"{field.value}/names"] = _bytes(reader.vocabulary.names)
        found[f"{field.value}/values"] = _bytes(reader.counted.values)
        for name, array in zip(ARRAYS, _numbers(reader), strict=True):
            found[f"{field.value}/{name}"] = array
    encoder = None
    if made.encoder is not None:
        until = made.encoder.until.isoformat() if made.encoder.until else ""
        encoder = {"name": made.encoder.name, "until": until, "unseen": made.encoder.unseen}
    return found | {"facts": _bytes({"form": FORM, "facts": dict(made.facts), "fields": heads, "encoder": encoder})}


def _encoder(told: Mapping[str, Any] | None) -> Encoder | None:
    if not told:
        return None
    return Encoder(told["name"], datetime.fromisoformat(told["until"]) if told["until"] else None, float(told["unseen"]))


def _numbers(reader: FieldReader) -> tuple[np.ndarray, ...]:
    counted = reader.counted
    return (reader.vocabulary.rarity, reader.weights, reader.bias, counted.counts, counted.prior, reader.by_meaning, reader.mixing, reader.shift)


def _reader(held: Any, field: str, head: Mapping[str, Any]) -> FieldReader:
    rarity, weights, bias, counts, prior, by_meaning, mixing, shift = (held[f"{field}/{name}"] for name in ARRAYS)
    names, values = _plain(held[f"{field}/names"]), _plain(held[f"{field}/values"])
    counted = Counted(tuple(map(tuple, head["keys"])), tuple((number, value) for number, value in values), counts, prior)
    vocabulary = Vocabulary(tuple(names), rarity)
    return FieldReader(tuple(head["labels"]), vocabulary, weights, bias, counted, by_meaning, mixing, shift, tuple(head["thresholds"]))
