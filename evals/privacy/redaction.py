"""Measures redaction: on rows of spans, on texts made from templates, and on clean text that must stay as it is."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.governance.redaction import redact
from evals.beir import BadInput
from evals.privacy.samples import FREE, STRUCTURED, Sample, spoken, structured
from evals.report import Metric, bootstrap, exact, mean

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A text with the spans that must go; without any, all of it must stay."""

    id: str
    text: str
    spans: tuple[str, ...]

    def faults(self) -> list[str]:
        """Return what was left that had to go, and what went that had to stay."""
        left = redact(self.text)
        faults = [f"{self.id}: a secret was left in {left!r}" for span in self.spans if span in left]
        place = 0
        for kept in _outside(self.text, self.spans):
            found = left.find(kept, place)
            if found < 0:
                faults.append(f"{self.id}: {kept!r} is gone from {left!r}")
            place = max(place, found + len(kept))
        return faults


def _outside(text: str, spans: tuple[str, ...]) -> Iterator[str]:
    for span in spans:
        before, _, text = text.partition(span)
        if before.strip():
            yield before.strip()
    if text.strip():
        yield text.strip()


def read_rows(path: Path) -> list[Row]:
    """Read rows of the form ``{"id", "payload", "expected": {"redact_spans": [...]}}``, one JSON object on a line.

    Raises:
        BadInput: a line is not of that form.
    """
    rows = []
    for number, line in _lines(path):
        try:
            row = json.loads(line)
            spans = tuple(row["expected"]["redact_spans"])
            if not isinstance(row["payload"], str) or not all(isinstance(span, str) and span in row["payload"] for span in spans):
                raise ValueError("a span is not part of the payload")
            rows.append(Row(str(row["id"]), row["payload"], spans))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path}, line {number}: {error}") from error
    return rows


def read_clean(path: Path) -> Iterator[str]:
    """Yield the lines of texts without secrets: of the fields title, body and text of JSON lines, or of any other text file.

    Raises:
        BadInput: the file cannot be read.
    """
    for number, line in _lines(path):
        if path.name.removesuffix(".gz").endswith(".jsonl"):
            try:
                row: dict[str, Any] = json.loads(line)
                texts = [str(row.get(name) or "") for name in ("title", "body", "text")]
            except (ValueError, AttributeError) as error:
                raise BadInput(f"{path}, line {number}: {error}") from error
        else:
            texts = [line]
        yield from (one.strip() for text in texts for one in text.splitlines() if one.strip())


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from enumerate(file, 1)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


@dataclass(slots=True)
class Tally:
    """What a measurement came to; ``missed`` and ``altered`` hold examples."""

    hits: dict[str, list[float]] = field(default_factory=lambda: {STRUCTURED: [], FREE: []})
    by_kind: dict[str, list[float]] = field(default_factory=dict)
    rows: list[float] = field(default_factory=list)
    clean: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    characters: int = 0
    seconds: float = 0.0

    def metrics(self) -> dict[str, Metric]:
        """Return every figure with its interval."""
        found = {"recall_structured": bootstrap(self.hits[STRUCTURED], mean), "recall_free_text": bootstrap(self.hits[FREE], mean)}
        if self.rows:
            found["rows_as_expected"] = bootstrap(self.rows, mean)
        if self.clean:
            found["clean_altered"] = bootstrap(self.clean, mean)
        worst = sorted(self.by_kind.items(), key=lambda item: (mean(item[1]), item[0]))[:SHOWN]
        found |= {f"recall_{kind.replace(' ', '_')}": exact(mean(hits)) for kind, hits in worst if mean(hits) < 1}
        found["characters_per_s"] = exact(self.characters / self.seconds if self.seconds else 0.0)
        return found


def measure(rows: Iterable[Row], clean: Iterable[str], samples: int, seed: int) -> Tally:
    """Redact everything and count; a sample is found when nothing of its secret but closing punctuation is left."""
    tally, began = Tally(), time.perf_counter()
    for row in rows:
        faults = row.faults()
        tally.rows.append(float(not faults))
        tally.missed += faults
        tally.characters += len(row.text)
    for sample in (*structured(samples, seed), *spoken(samples, seed)):
        _count(tally, sample)
    seen: Counter[str] = Counter()
    for text in clean:
        seen[text] += 1
        if seen[text] > 1:
            continue
        left = redact(text)
        tally.clean.append(float(left != text))
        tally.characters += len(text)
        if left != text:
            tally.altered.append(f"{text[:160]!r} became {left[:160]!r}")
    tally.seconds = time.perf_counter() - began
    return tally


def _count(tally: Tally, sample: Sample) -> None:
    left = redact(sample.text)
    hit = not any(secret.rstrip("!?") in left for secret in sample.secrets)
    tally.hits[sample.sort].append(float(hit))
    tally.by_kind.setdefault(sample.kind, []).append(float(hit))
    tally.characters += len(sample.text)
    if not hit:
        tally.missed.append(f"{sample.kind}: {sample.text[:120]!r}")
