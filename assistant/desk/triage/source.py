"""Where the history stands that a model was learnt from, as it is remembered: a path and the meaning of its columns, nothing of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.desk.triage.columns import Columns
from assistant.domain.triage import Field


def source_facts(path: Path, columns: Columns, corrections: int) -> dict[str, Any]:
    """Return what is remembered. ``corrections`` is how many decisions of people there were when it was learnt from."""
    named = {
        "text": list(columns.text),
        "labels": {one.value: name for one, name in columns.labels.items()},
        "fields": dict(columns.fields),
        "opened": columns.opened,
        "key": columns.key,
    }
    return {"path": str(path.resolve()), "columns": named, "corrections": corrections}


def columns_of(source: Mapping[str, Any]) -> Columns:
    """Return the meaning of the columns that is remembered.

    Raises:
        KeyError, ValueError: nothing usable is remembered.
    """
    named = source["columns"]
    labels = {Field(one): str(name) for one, name in named["labels"].items()}
    return Columns(tuple(named["text"]), labels, dict(named["fields"]), str(named["opened"]), str(named["key"]))
