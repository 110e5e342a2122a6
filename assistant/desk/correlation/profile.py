"""What a group of alerts has in common: counts of what its alerts say, which new alerts are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from assistant.desk.correlation.reading import Signature
from assistant.domain.alert import FIELDS

KEPT, PRUNED = 300, 200
"""When a count knows more values than this, the rarest go."""
SAMPLE = 8
Key = tuple[str, ...]


@dataclass(slots=True)
class Profile:
    """Counts over the alerts of one group. Times are Unix seconds."""

    size: int = 0
    first: float = 0.0
    last: float = 0.0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FIELDS})
    known: Counter[str] = field(default_factory=Counter)
    """How many alerts have a field at all."""
    words: Counter[str] = field(default_factory=Counter)
    worded: int = 0
    names: Counter[str] = field(default_factory=Counter)
    others: dict[str, Counter[str]] = field(default_factory=dict)
    sample: list[Signature] = field(default_factory=list)
    """Some of its alerts as they are, spread over its life."""
    evidence: list[float] = field(default_factory=list)
    """By rule, the sum of what spoke for the alerts that joined, in log odds."""
    likeness: float = 0.0
    """The sum of the probabilities with which they joined."""
    joined: int = 0
    name: str = ""
    """What most of its alerts name, the first in order of those that equally many do."""

    def add(self, one: Signature) -> None:
        """Count an alert."""
        self.first = min(self.first, one.at) if self.size else one.at
        self.last = max(self.last, one.at) if self.size else one.at
        self.size += 1
        for name, value in one.fields.items():
            _count(self.counts[name], (value,))
            self.known[name] += 1
        if one.words:
            self.worded += 1
            _count(self.words, one.words)
        _count(self.names, one.names)
        self._learn_name(one.names)
        for name, value in one.others.items():
            _count(self.others.setdefault(name, Counter()), (value,))
        self._keep(one)

    def _learn_name(self, names: Iterable[str]) -> None:
        for name in names:
            if (-self.names[name], name) < (-self.names[self.name], self.name):
                self.name = name

    def _keep(self, one: Signature) -> None:
        """Keep every alert of a small group, of a larger one those at 1, 2, 4, 8 ... times its size."""
        if len(self.sample) < SAMPLE:
            self.sample.append(one)
        elif self.size & (self.size - 1) == 0:
            self.sample[self.size.bit_length() % SAMPLE] = one

    def joins(self, probability: float, spoke: Iterable[float]) -> None:
        """Note how an alert joined."""
        self.joined += 1
        self.likeness += probability
        spoken = list(spoke)
        self.evidence = [a + b for a, b in zip(self.evidence, spoken, strict=True)] if self.evidence else spoken

    def absorb(self, other: Profile) -> None:
        """Count all alerts of another group."""
        if not other.size:
            return
        self.first = min(self.first, other.first) if self.size else other.first
        self.last = max(self.last, other.last) if self.size else other.last
        self.size += other.size
        for name in FIELDS:
            self.counts[name].update(other.counts[name])
        self.known.update(other.known)
        self.words.update(other.words)
        self.worded += other.worded
        self.names.update(other.names)
        self._learn_name(other.names)
        for name, count in other.others.items():
            self.others.setdefault(name, Counter()).update(count)
        self.sample = (self.sample + other.sample)[: SAMPLE // 2] + (other.sample + self.sample)[: SAMPLE // 2]
        if other.evidence:
            self.evidence = [a + b for a, b in zip(self.evidence, other.evidence, strict=True)] if self.evidence else list(other.evidence)
        self.likeness += other.likeness
        self.joined += other.joined

    def share(self, name: str, value: str) -> float:
        """Return the share of a value among the alerts that have the field."""
        total = self.known[name]
        return self.counts[name][value] / total if total else 0.0

    def relative(self, name: str, value: str) -> float:
        """Return how frequent a value is beside the most frequent one of its field: a group may have several checks."""
        counts = self.counts[name]
        found = counts[value]
        return (found / max(counts.values())) ** 0.5 if found else 0.0

    def top(self, name: str) -> tuple[str, int]:
        """Return the most frequent value of a field and its count, ("", 0) where no alert has it."""
        return self.counts[name].most_common(1)[0] if self.counts[name] else ("", 0)

    def summary(self, usual: float) -> Signature:
        """Return an alert that says what at least such a share of the group's alerts says, and at least two of them in names."""
        fields = {name: value for name in FIELDS if (top := self.top(name))[1] >= usual * max(self.known[name], self.size / 2) and (value := top[0])}
        words = frozenset(word for word, count in self.words.items() if count >= usual * self.worded)
        names = frozenset(name for name, count in self.names.items() if count >= max(2, usual * self.size))
        others = {name: value for name, counts in self.others.items() for value, count in counts.most_common(1) if count >= usual * self.size}
        return Signature(self.sample[0].alert, (self.first + self.last) / 2, fields, words, names, others)

    @property
    def mean_likeness(self) -> float:
        """Return the mean probability with which alerts joined, 1 while none did."""
        return self.likeness / self.joined if self.joined else 1.0

    def plain(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "size": self.size,
            "first": self.first,
            "last": self.last,
            "counts": {name: dict(count) for name, count in self.counts.items() if count},
            "known": dict(self.known),
            "words": dict(self.words),
            "worded": self.worded,
            "names": dict(self.names),
            "others": {name: dict(count) for name, count in self.others.items()},
            "sample": [one.plain() for one in self.sample],
            "evidence": self.evidence,
            "likeness": self.likeness,
            "joined": self.joined,
        }

    @classmethod
    def of_plain(cls, row: dict[str, Any]) -> Profile:
        """Read plain values."""
        counts = {name: Counter(row["counts"].get(name, {})) for name in FIELDS}
        others = {name: Counter(count) for name, count in row["others"].items()}
        sample = [Signature.of_plain(one) for one in row["sample"]]
        made = cls(
            row["size"],
            row["first"],
            row["last"],
            counts,
            Counter(row["known"]),
            Counter(row["words"]),
            row["worded"],
            Counter(row["names"]),
            others,
            sample,
            list(row["evidence"]),
            row["likeness"],
            row["joined"],
        )
        made._learn_name(made.names)
        return made

    @classmethod
    def over(cls, alerts: Iterable[Signature]) -> Profile:
        """Return the profile of these alerts."""
        made = cls()
        for one in alerts:
            made.add(one)
        return made


def _count(counter: Counter[str], values: Iterable[str]) -> None:
    for value in values:
        counter[value] += 1
    if len(counter) > KEPT:
        kept = dict(counter.most_common(PRUNED))
        counter.clear()
        counter.update(kept)


def keys_of(one: Signature) -> Iterator[Key]:
    """Return the keys under which an alert looks for groups and is found, the most telling first."""
    check, item, site, service, version, reason = (one.fields.get(name, "") for name in FIELDS)
    yield from (("item", item),) if item else ()
    yield from (("version", version),) if version else ()
    yield from (("check-site", check, site),) if check and site else ()
    yield from (("check", check),) if check else ()
    yield from (("service-site", service, site),) if service and site else ()
    yield from (("reason", reason),) if reason else ()
    for name in sorted(one.names | one.own):
        yield ("name", name)
    yield from (("service", service),) if service else ()
    yield from (("site", site),) if site else ()
