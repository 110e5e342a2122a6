"""Which columns of an export stand for what: by their names and by what is in them. What is only known after a ticket was worked is never read.

The names are those that ServiceNow, Jira Service Management, Zendesk, Request Tracker and plain spreadsheets give such columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from assistant.desk.exports import dates
from assistant.domain.triage import Field

AFTERWARDS = frozenset(
    [
        "last",
        "final",
        "resolved",
        "resolution",
        "resolve",
        "solved",
        "solution",
        "solve",
        "closed",
        "closure",
        "close",
        "closing",
        "completed",
        "ended",
        "reopens",
        "reopened",
        "reopen",
        "reassigned",
        "reassignment",
        "reassignments",
        "sla",
        "breached",
        "breach",
        "duration",
        "elapsed",
        "spent",
        "worked",
        "workaround",
        "updated",
        "modified",
        "events",
        "mod",
        "rfc",
        "caused",
        "outcome",
        "satisfaction",
        "csat",
        "knowledge",
        "problem",
        "rating",
        "survey",
        "answered",
        "responded",
    ]
)
"""Words in the name of a column that holds something nobody knew when the ticket was opened."""
TEXTS = ("title", "subject", "summary", "short_description", "name", "text", "body", "description", "content", "message", "details", "comment")
OPENED = ("opened_at", "opened", "created_at", "created", "sys_created_on", "reported", "submitted", "date", "timestamp", "time")
KEYS = ("number", "id", "ticket", "ticket_id", "key", "issue_key", "incident", "case")
LABELS: Mapping[Field, tuple[str, ...]] = {
    Field.CATEGORY: ("category", "topic", "type", "issue_type", "request_type", "label", "class"),
    Field.SERVICE: ("business_service", "service", "cmdb_ci", "application", "configuration_item"),
    Field.URGENCY: ("urgency",),
    Field.IMPACT: ("impact",),
    Field.SENTIMENT: ("sentiment", "mood", "tone", "polarity"),
    Field.QUEUE: ("assignment_group", "queue", "group", "team", "assigned_group", "resolver_group", "assigned_team"),
}
MOSTLY = 0.95
WORDS_IN_TEXT = 4.0
OWN_VALUES = 0.95
"""A column in which this share of the values occurs once names the row."""
EMPTY = frozenset({"", "?", "-", "none", "null", "nan", "n/a", "na", "unknown", "(empty)"})


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of an export stand for. ``fields`` are read as they were when the ticket was opened, by the name they are learnt under."""

    text: tuple[str, ...]
    labels: Mapping[Field, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    opened: str = ""
    key: str = ""

    def missing(self, header: Sequence[str]) -> list[str]:
        """Return the columns that are named here and not in the header."""
        named = [*self.text, *self.labels.values(), *self.fields.values(), self.opened, self.key]
        return sorted({name for name in named if name and name not in header})


def plain(name: str) -> str:
    """Return a column's name in one form: "Short description" and "shortDescription" are the same."""
    return "_".join(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))


def known_afterwards(name: str) -> str:
    """Return the word that says that a column holds what came later, "" when none does."""
    return next((word for word in plain(name).split("_") if word in AFTERWARDS), "")


def guessed(header: Sequence[str]) -> Columns:
    """Return what the columns most likely stand for, by their names."""
    by_name = {plain(name): name for name in reversed(header)}
    labels = {
        one: next(by_name[name] for name in names if name in by_name) for one, names in LABELS.items() if any(name in by_name for name in names)
    }
    text = tuple(dict.fromkeys(by_name[name] for name in TEXTS if name in by_name and by_name[name] not in labels.values()))
    fields: dict[str, str] = {
        name: by_name[name] for name in ("channel", "department", "location", "title", "device") if name in by_name and by_name[name] not in text
    }
    if "contact_type" in by_name:
        fields.setdefault("channel", by_name["contact_type"])
    opened = next((by_name[name] for name in OPENED if name in by_name), "")
    return Columns(text, labels, fields, opened, next((by_name[name] for name in KEYS if name in by_name), ""))


def moment(value: str) -> datetime | None:
    """Return the time that a value says, in UTC where it names no zone; None when it says none. Of 03/04 the day is taken to stand first."""
    return dates.moment(value, dates.Order.DAY, UTC)


def empty(value: str) -> bool:
    """Say whether a value says nothing."""
    return value.strip().casefold() in EMPTY


@dataclass(frozen=True, slots=True)
class Used:
    """How the columns of rows are read where nobody said it, and which are left out, each with the reason."""

    text: tuple[str, ...]
    fields: tuple[str, ...]
    opened: str
    left_out: Mapping[str, str]


def sorted_out(rows: Sequence[Mapping[str, str]], labels: Sequence[str], target: str, only: frozenset[str] | None = None) -> Used:
    """Return how to read the columns of training rows to find ``labels``, the values of the column ``target``.

    ``only`` are the columns that the other rows have too; the others cannot be read there.
    """
    names = sorted({name for row in rows for name in row} - {target})
    text, fields, left_out, times = list[str](), list[str](), dict[str, str](), list[str]()
    for name in names:
        values = [row.get(name, "") for row in rows]
        why = _refused(name, values, labels, only)
        if why:
            left_out[name] = why
        elif _says(values, lambda value: moment(value) is not None and len(value) >= len("2016-01-01")):
            times.append(name)
        elif sum(len(value.split()) for value in values) / len(values) >= WORDS_IN_TEXT or plain(name) in TEXTS:
            text.append(name)
        elif _names_rows(values):
            left_out[name] = "it names the row"
        else:
            fields.append(name)
    opened = next((name for known in OPENED for name in times if plain(name) == known), times[0] if len(times) == 1 else "")
    left_out |= {name: "a time other than that of the opening" for name in times if name != opened}
    return Used(tuple(text), tuple(fields), opened, left_out)


def _refused(name: str, values: Sequence[str], labels: Sequence[str], only: frozenset[str] | None) -> str:
    if only is not None and name not in only:
        return "the rows to be read do not have it"
    if word := known_afterwards(name):
        return f"known only after the ticket was worked (“{word}” in its name)"
    return "it gives the label away" if gives_away(values, labels) else ""


def _says(values: Sequence[str], says: object) -> bool:
    assert callable(says)
    told = [value for value in values[:2_000] if not empty(value)]
    return bool(told) and sum(bool(says(value)) for value in told) >= MOSTLY * len(told)


def _names_rows(values: Sequence[str]) -> bool:
    told = [value for value in values if not empty(value)]
    return len(told) > 20 and sum(count == 1 for count in Counter(told).values()) >= OWN_VALUES * len(told)


def gives_away(values: Sequence[str], labels: Sequence[str]) -> bool:
    """Say whether a column leaves hardly anything of the label open: by what the first half of the rows says about the second.

    A column that is as good as the label is no use, for whoever fills it in has decided already.
    """
    half = len(values) // 2
    if half < 50 or len(set(values)) < 2:
        return False
    seen: dict[str, Counter[str]] = {}
    for value, label in zip(values[:half], labels[:half], strict=True):
        seen.setdefault(value, Counter())[label] += 1
    read = {value: counts.most_common(1)[0][0] for value, counts in seen.items()}
    commonest = Counter(labels[:half]).most_common(1)[0][0]
    later = list(zip(values[half:], labels[half:], strict=True))
    hits = sum(read.get(value, commonest) == label for value, label in later) / len(later)
    base = sum(label == commonest for _, label in later) / len(later)
    return base < 1 and (hits - base) / (1 - base) >= MOSTLY
