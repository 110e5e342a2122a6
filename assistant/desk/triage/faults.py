"""What is wrong with a history before anything is learnt from it: labels that nobody can learn, and columns or words that give the label away."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from assistant.desk.triage.columns import gives_away, known_afterwards
from assistant.desk.triage.exports import Row, count_labels
from assistant.desk.triage.teaching import FEWEST

RARE = 10
ALIKE = 0.9
MOST_COMPARED = 400
SAID_IN_TEXT = 0.3
NAMED = 8


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a field, with how many rows it touches."""

    field: str
    kind: str
    text: str
    rows: int


def faults_of(rows: Sequence[Row], used: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with the labels of rows, and what gives them away. ``used`` are the columns of the fields that are read, by name."""
    found: list[Fault] = []
    for one in sorted({name for row in rows[:1] for name in row.labels}):
        labels = [row.labels.get(one, "") for row in rows]
        found += _of_labels(one.value, count_labels(rows, one), len(rows)) + _contradictions(one.value, rows, labels)
        found += _given_away(one.value, rows, labels, used)
    return found


def _of_labels(name: str, counted: Counter[str], total: int) -> list[Fault]:
    found = []
    if counted[""]:
        found.append(Fault(name, "empty labels", f"{counted['']:,} of {total:,} rows have no {name}; they are not learnt from", counted[""]))
    told = {label: count for label, count in counted.items() if label}
    rare = sorted(label for label, count in told.items() if count < RARE)
    if rare:
        text = f"{len(rare)} of {len(told)} labels have fewer than {RARE} rows, and those below {FEWEST} are not learnt: {_named(rare)}"
        found.append(Fault(name, "rare labels", text, sum(told[label] for label in rare)))
    for first, second in _alike(told):
        text = f"“{first}” ({told[first]:,}) and “{second}” ({told[second]:,}) look like one label written in two ways"
        found.append(Fault(name, "near-duplicate labels", text, min(told[first], told[second])))
    return found


def _named(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return ", ".join(labels[:NAMED]) + more


def _alike(counted: Mapping[str, int]) -> list[tuple[str, str]]:
    names = sorted(counted, key=lambda label: (-counted[label], label))[:MOST_COMPARED]
    plain = {label: re.sub(r"[\W_]+", " ", label).strip().casefold() for label in names}
    found = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            a, b = plain[first], plain[second]
            same = a == b or a.rstrip("s") == b.rstrip("s")
            digits = re.sub(r"\D", "", a) == re.sub(r"\D", "", b)
            if same or (
                digits and len(a) > 5 and SequenceMatcher(None, a, b).quick_ratio() >= ALIKE and SequenceMatcher(None, a, b).ratio() >= ALIKE
            ):
                found.append((first, second))
    return found


def _contradictions(name: str, rows: Sequence[Row], labels: Sequence[str]) -> list[Fault]:
    """Return how often equal texts have different labels; nobody's words are shown, the labels are."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for row, label in zip(rows, labels, strict=True):
        said = " ".join(row.example.text.lower().split())
        if said and label:
            seen[said][label] += 1
    split = [counts for counts in seen.values() if len(counts) > 1]
    repeated = sum(sum(counts.values()) - 1 for counts in seen.values())
    found = []
    if split:
        pairs = Counter(tuple(sorted(label for label, _ in counts.most_common(2))) for counts in split)
        text = f"{len(split):,} texts occur with different labels, most often {' and '.join(pairs.most_common(1)[0][0])}"
        found.append(Fault(name, "same text, different labels", text, sum(sum(counts.values()) for counts in split)))
    if repeated:
        text = f"{repeated:,} rows repeat the text of another; equal texts are kept on one side of every split, so that nothing is measured twice"
        found.append(Fault(name, "repeated texts", text, repeated))
    return found


def _given_away(name: str, rows: Sequence[Row], labels: Sequence[str], used: Mapping[str, str]) -> list[Fault]:
    found = []
    for field, column in used.items():
        if word := known_afterwards(column):
            found.append(Fault(name, "leakage", f"the column {column} is known only after the ticket was worked (“{word}” in its name)", len(rows)))
        elif gives_away([row.example.fields.get(field, "") for row in rows], labels):
            found.append(Fault(name, "leakage", f"the column {column} leaves hardly anything of the label open", len(rows)))
    told = [(row.example.text.casefold(), label.casefold()) for row, label in zip(rows, labels, strict=True) if label and row.example.text]
    named = sum(re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text) is not None for text, label in told)
    if told and named >= SAID_IN_TEXT * len(told):
        text = f"{named:,} of {len(told):,} texts name their label: they may have been filled in by a template, or after the decision"
        found.append(Fault(name, "leakage", text, named))
    return found


def fault_facts(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Return them for programs."""
    return [asdict(one) for one in faults]
