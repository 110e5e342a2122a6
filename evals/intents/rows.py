"""Reads labelled messages: JSON lines with ``text`` and ``label``, or a file of examples as the product reads it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from evals.beir import BadInput

OUTSIDE = ("oos", "ood", "out_of_scope", "out-of-scope", "no_nodes_detected", "none", "")
"""Labels, in small letters, of rows that belong to no intent."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message and its label; None for one that belongs to no intent."""

    text: str
    label: str | None


def read_rows(path: Path, outside: frozenset[str], *, all_outside: bool = False) -> list[Row]:
    """Return the rows of a file: JSON lines or, by its name, a TOML file of lists of examples.

    ``outside`` are labels in small letters that stand for no intent; ``all_outside`` says that every row does.

    Raises:
        BadInput: the file cannot be read, is empty, or a line is not as described.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}") from error
    lines = enumerate(_as_lines(path, text) if path.suffix == ".toml" else text.splitlines(), 1)
    rows = [_row(path, number, line, outside, all_outside) for number, line in lines if line.strip()]
    if not rows:
        raise BadInput(f"{path}: no rows")
    return rows


def _as_lines(path: Path, text: str) -> list[str]:
    try:
        found = {name: value["examples"] if isinstance(value, dict) else value for name, value in tomllib.loads(text).items() if name != "words"}
        return [json.dumps({"text": one, "label": name}) for name, texts in found.items() for one in texts]
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: {error!r}") from error


def _row(path: Path, number: int, line: str, outside: frozenset[str], all_outside: bool) -> Row:
    try:
        found = json.loads(line)
        text, label = found["text"], "" if all_outside else found["label"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}:{number}: {error!r}") from error
    if not isinstance(text, str) or not isinstance(label, str | None):
        raise BadInput(f"{path}:{number}: text and label have to be texts")
    return Row(text, None if label is None or all_outside or label.casefold() in outside else label)
