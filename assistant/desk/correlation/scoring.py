"""How probable it is that an alert belongs to a group: rules with weights in log odds, added up (logistic model).

Each rule is a number in about [0, 1] for an alert and a group's profile; ``RULES`` names them in order, with the shipped weights. Values that
only one of the two has say nothing. What agrees counts by how many open groups share it: what everybody reports connects nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p
from typing import Protocol

from assistant.desk.correlation.profile import Profile
from assistant.desk.correlation.reading import Signature
from assistant.domain.alert import CorrelationRule

RULES: tuple[CorrelationRule, ...] = (
    CorrelationRule("base", -0.40, ""),
    CorrelationRule("same check", 1.14, "report the same check"),
    CorrelationRule("other check", -2.05, ""),
    CorrelationRule("other check, explained", -0.22, ""),
    CorrelationRule("same version", 2.78, "are about the same version"),
    CorrelationRule("other version", -5.58, ""),
    CorrelationRule("same reason", 0.27, "fail for the same reason"),
    CorrelationRule("other reason", -3.36, ""),
    CorrelationRule("reason missing", -1.99, ""),
    CorrelationRule("reason of its own", -2.37, ""),
    CorrelationRule("same site", 2.67, "come from the same site"),
    CorrelationRule("other site", -2.00, ""),
    CorrelationRule("same service", 0.58, "concern the same service"),
    CorrelationRule("other service", -0.83, ""),
    CorrelationRule("same device", 0.00, "come from the same device"),
    CorrelationRule("same device, other check", 1.13, "come from the same device"),
    CorrelationRule("named by the other", 2.06, "name one another's device"),
    CorrelationRule("service named by the other", 0.50, "name one another's service"),
    CorrelationRule("same words", 0.00, "use the same words"),
    CorrelationRule("same rare name", 4.33, "name the same thing"),
    CorrelationRule("does not name it", -1.69, ""),
    CorrelationRule("same other fields", 2.17, "agree in other fields"),
    CorrelationRule("other other fields", -0.98, ""),
    CorrelationRule("time between", -1.07, ""),
    CorrelationRule("only place and time", -1.08, ""),
    CorrelationRule("no common word", -0.69, ""),
)
SHIPPED = tuple(rule.weight for rule in RULES)
SPEAKS_FOR = tuple(bool(rule.sentence) for rule in RULES)
"""Which rules can say why alerts belong together; the others speak against it. No fit turns one around."""
BASE = 0
BESIDE_MINUTES = 2.0
"""Alerts so close in time are as good as at the same time."""
RARE_FROM = 20
"""As if so many other groups were there: with few groups nothing is known to be rare."""
RARE_NAME = 0.6
NO_COMMON_WORD = 0.05
OWN_PERHAPS = 0.5
"""What an alert names that does not say its device may be its own device."""


class Known(Protocol):
    """What is known of all open groups."""

    def rarity(self, kind: str, value: str) -> float:
        """Return how rare a value is among open groups, from 0, all have it, to 1."""

    def trust(self, name: str) -> float:
        """Return how far a field that the rules do not know keeps together, from 0 to 1, as alerts that surely belong together showed."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An alert beside a group: the probability that it belongs there, and what each rule says."""

    probability: float
    values: tuple[float, ...]

    def spoke(self, weights: Sequence[float]) -> list[float]:
        """Return what each rule adds to the log odds."""
        return [value * weight for value, weight in zip(self.values, weights, strict=True)]


@dataclass(frozen=True, slots=True)
class Weighed:
    """An alert with the rarity of everything that it says, looked up once for all groups that it is compared with."""

    one: Signature
    fields: dict[str, float]
    words: tuple[tuple[str, float], ...]
    worded: float
    """The sum over the words."""
    names: tuple[tuple[str, float], ...]
    others: tuple[tuple[str, str, float, float], ...]
    """(name, value, trust, rarity) of fields that the rules do not know and that are trusted at all."""


def weigh(one: Signature, known: Known) -> Weighed:
    """Look up how rare what an alert says is."""
    words = tuple((word, known.rarity("word", word)) for word in one.words)
    names = tuple((name, rarity) for name in one.names if (rarity := known.rarity("name", name)) >= RARE_NAME)
    others = tuple(
        (name, value, trust, known.rarity(f"other {name}", value)) for name, value in one.others.items() if (trust := known.trust(name)) > 0
    )
    return Weighed(one, {name: known.rarity(name, value) for name, value in one.fields.items()}, words, sum(w for _, w in words), names, others)


def compare(one: Signature | Weighed, group: Profile, known: Known, weights: Sequence[float]) -> Compared:
    """Compare an alert with a group."""
    values = _values(one if isinstance(one, Weighed) else weigh(one, known), group, known)
    odds = 0.0
    for value, weight in zip(values, weights, strict=True):
        if value:
            odds += value * weight
    return Compared(sigmoid(odds), values)


def sigmoid(odds: float) -> float:
    """Return the probability of log odds."""
    return 1 / (1 + exp(-odds)) if odds > -60 else 0.0


def _values(alert: Weighed, group: Profile, known: Known) -> tuple[float, ...]:
    one = alert.one
    check, other_check = _agrees(alert, group, "check")
    version, other_version = _agrees(alert, group, "version")
    reason, other_reason = _agrees(alert, group, "reason")
    site, other_site = _agrees(alert, group, "site")
    service, other_service = _agrees(alert, group, "service")
    reasonless, own_reason = _one_sided(one, group, "reason")
    device = bool(group.counts["item"][one.fields.get("item", "")])
    named, served = _named(alert, group)
    rare, often = _rare(alert, group)
    unnamed = _unnamed(alert, group, known)
    words, wordless = _words(alert, group)
    others, differing = _others(alert, group)
    minutes = max(group.first - one.at, one.at - group.last, 0.0) / 60
    explained = min(1.0, max(float(version > 0), rare, named))
    nothing = not (check or version or reason or device or named or served or rare)
    return (
        1.0,
        check,
        other_check * (1 - explained),
        other_check * explained,
        version,
        other_version,
        reason,
        other_reason,
        reasonless * (1 - explained),
        own_reason * (1 - explained),
        site,
        other_site * (1 - explained),
        service,
        other_service * (1 - explained),
        (1 - other_check) if device else 0.0,
        other_check if device else 0.0,
        named,
        served,
        words,
        often,
        unnamed,
        others,
        differing,
        log1p(max(0.0, minutes - BESIDE_MINUTES)),
        float(nothing),
        wordless,
    )


def _agrees(alert: Weighed, group: Profile, name: str) -> tuple[float, float]:
    """Return how far a field agrees, by its rarity, and how far it differs; 0 and 0 where one of the two does not have it."""
    value = alert.one.fields.get(name)
    if not value or not group.known[name]:
        return 0.0, 0.0
    share = group.relative(name, value)
    return share * (0.5 + 0.5 * alert.fields[name]) if share else 0.0, 1 - share


def _one_sided(one: Signature, group: Profile, name: str) -> tuple[float, float]:
    """Return how far an alert lacks a field that the group has, and has one that the group lacks, which says the more the larger the group is."""
    having = group.known[name] / group.size
    return (0.0, (1 - having) * group.size / (group.size + 1)) if name in one.fields else (having, 0.0)


def _named(alert: Weighed, group: Profile) -> tuple[float, float]:
    """Return how far the alert names the group's devices, or is named by its alerts, by the rarity of the name; and the same of services."""
    one, items, services = alert.one, group.counts["item"], group.counts["service"]
    item, service = one.fields.get("item", ""), one.fields.get("service", "")
    named = alert.fields["item"] if item and group.names[item] else 0.0
    served = alert.fields["service"] if service and group.names[service] else 0.0
    for name, rarity in alert.names:
        if name in items and name != item:
            named = max(named, rarity if item else rarity * OWN_PERHAPS)
        if name in services and name != service:
            served = max(served, rarity)
    return named, served


def _rare(alert: Weighed, group: Profile) -> tuple[float, float]:
    """Return how rare the rarest name is that some of the group say too, and the most of rarity and share."""
    rare = often = 0.0
    for name, rarity in alert.names:
        count = group.names[name]
        if count:
            rare = max(rare, rarity * (1 - 0.5**count))
            often = max(often, rarity * min(1.0, count / group.size))
    return rare, often


def _unnamed(alert: Weighed, group: Profile, known: Known) -> float:
    """Return how far an alert with words does not name what most of the group do: something rare that at least two of them name."""
    one, count = alert.one, group.names[group.name]
    if count < 2 or not one.words or group.name in one.names or group.name in one.own:
        return 0.0
    return count / group.size * known.rarity("name", group.name)


def _words(alert: Weighed, group: Profile) -> tuple[float, float]:
    if not alert.words or not group.worded:
        return 0.0, 0.0
    found, counts, worded = 0.0, group.words, group.worded
    for word, rarity in alert.words:
        count = counts[word]
        if count:
            found += rarity * min(1.0, count / worded)
    alike = found / alert.worded if alert.worded else 0.0
    return alike, float(alike < NO_COMMON_WORD)


def _others(alert: Weighed, group: Profile) -> tuple[float, float]:
    same = differs = 0.0
    for name, value, trust, rarity in alert.others:
        counts = group.others.get(name)
        if counts:
            share = min(1.0, counts[value] / group.size) if len(counts) > 1 else float(value in counts)
            same += trust * share * rarity
            differs += trust * (1 - share)
    return min(same, 1.0), min(differs, 1.0)


def rarity_of(holders: int, groups: int) -> float:
    """Return how rare something is that ``holders`` of ``groups`` open groups have."""
    everybody = RARE_FROM + groups
    return log(everybody / (1 + holders)) / log(everybody) if holders < everybody - 1 else 0.0
