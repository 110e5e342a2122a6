"""Puts alerts into groups as they come: each is compared with a few groups that share something with it, never with all.

A group is compared as a whole, by its profile: two causes that overlap do not become one because one alert of each looks like the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from math import log

from assistant.desk.correlation.profile import Key, Profile, keys_of
from assistant.desk.correlation.reading import Signature, prefix_of
from assistant.desk.correlation.scoring import SHIPPED, Compared, compare, rarity_of, weigh

JOIN = 0.6
"""From this probability on an alert joins a group."""
UNITE, MOST = 0.6, 0.7
"""From this mean probability on two groups become one, when so many of the compared alerts reach ``JOIN`` too."""
COMPARED = 5
"""Alerts of a group that stand for it when it is compared with another."""
HOLDERS = 48
"""Under one key only the groups that grew last are looked at."""
CANDIDATES = 96
"""An alert is compared with no more groups."""
KEYS = 40
PARTNERS = 24
SURE = 0.95
USUAL, SPOKEN, GAINSAID = 0.25, 0.7, 0.5
"""What such a share of its alerts says is said by a group. Two groups become one, too, when what one says belongs to the other so probably, and
what the other says belongs to it at least this probably."""
PLACES, PURE, SEEN_OFTEN = 50_000, 0.95, 4
TRUST_PRIOR = 4.0
WORDED = 3.0
"""So much more likely, in log odds, has a check to be than the next, to be filled in from words."""


@dataclass(slots=True)
class Seen:
    """What is remembered of devices, to fill in what an alert leaves out, and of fields that the rules do not know."""

    places: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    versions: dict[str, None] = field(default_factory=dict)
    worded: dict[str, Counter[str]] = field(default_factory=dict)
    """By word, the checks in whose texts it stands."""
    checks: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    differed: Counter[str] = field(default_factory=Counter)

    def learn(self, one: Signature) -> None:
        """Remember where a device stands and what it serves, which versions there are, and how a check words what it finds."""
        self._learn_words(one)
        item = one.fields.get("item", "")
        if not item:
            return
        for name in ("site", "service"):
            value = one.fields.get(name)
            if value:
                self._note((name, item), value)
                if name == "site" and prefix_of(item):
                    self._note(("prefix", prefix_of(item)), value)

    def _times(self, word: str, check: str) -> int:
        return self.worded[word][check] if word in self.worded else 0

    def _note(self, key: tuple[str, str], value: str) -> None:
        if len(self.places) >= PLACES and key not in self.places:
            self.places.pop(next(iter(self.places)))
        self.places.setdefault(key, Counter())[value] += 1

    def _learn_words(self, one: Signature) -> None:
        version, check = one.fields.get("version"), one.fields.get("check")
        if version and len(self.versions) < PLACES:
            self.versions[version] = None
        if check and one.words and len(self.worded) < PLACES:
            self.checks[check] += 1
            for word in one.words:
                self.worded.setdefault(word, Counter())[check] += 1

    def fill(self, one: Signature) -> Signature:
        """Return the alert with what it leaves out and others told: its site by its device, or by devices named alike; its version where its
        text names one; its check where its words are those of one check.
        """
        found: dict[str, str] = {}
        item = one.fields.get("item", "")
        if item and "site" not in one.fields:
            found["site"] = self._sure(("site", item), 1) or self._sure(("prefix", prefix_of(item)), SEEN_OFTEN)
        if "version" not in one.fields:
            found["version"] = next((name for name in sorted(one.names) if name in self.versions), "")
        if "check" not in one.fields and one.words:
            found["check"] = self._worded(one)
        kept = {name: value for name, value in found.items() if value}
        return replace(one, fields={**one.fields, **kept}) if kept else one

    def _worded(self, one: Signature) -> str:
        """Return the check of which the words are, when no other comes near (naive Bayes)."""
        likely = Counter[str]()
        for word in one.words:
            likely.update(list(self.worded.get(word, ())))
        odds = []
        for check, shared in likely.most_common(8):
            if shared * 2 <= len(one.words):
                continue
            total = self.checks[check]
            said = sum(log((self._times(word, check) + 0.1) / (total + 1)) for word in one.words)
            odds.append((said + log(total), check))
        odds.sort(reverse=True)
        return odds[0][1] if odds and (len(odds) == 1 or odds[0][0] - odds[1][0] > WORDED) else ""

    def _sure(self, key: tuple[str, str], least: int) -> str:
        counts = self.places.get(key)
        if not counts:
            return ""
        value, count = counts.most_common(1)[0]
        total = sum(counts.values())
        return value if total >= least and count >= PURE * total else ""

    def learn_fields(self, one: Signature, group: Profile) -> None:
        """Remember which fields agree among alerts that surely belong together."""
        for name, value in one.others.items():
            counts = group.others.get(name)
            if counts:
                self.agreed[name] += counts[value] > 0
                self.differed[name] += counts[value] == 0

    def trust(self, name: str) -> float:
        """See ``scoring.Known``."""
        agreed, differed = self.agreed[name] + TRUST_PRIOR / 2, self.differed[name] + TRUST_PRIOR / 2
        return max(0.0, 2 * agreed / (agreed + differed) - 1)


@dataclass(slots=True)
class Live:
    """An open group in memory."""

    id: str
    profile: Profile
    settled: bool = False
    keys: set[Key] = field(default_factory=set)
    held: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an alert went: the group, whether it was made for it, and how it compared."""

    group: str
    new: bool
    compared: Compared | None


@dataclass(slots=True)
class Correlator:
    """The open groups, and how alerts find them. ``window`` is in seconds: groups whose last alert is older take none any more."""

    window: float
    weights: Sequence[float] = SHIPPED
    groups: dict[str, Live] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    _index: dict[Key, dict[str, None]] = field(default_factory=dict)
    _holders: Counter[tuple[str, str]] = field(default_factory=Counter)

    # -- what is known of all open groups (see ``scoring.Known``) -----------------------------------------------------------

    def rarity(self, kind: str, value: str) -> float:
        """See ``scoring.Known``."""
        return rarity_of(self._holders[kind, value], len(self.groups))

    def trust(self, name: str) -> float:
        """See ``scoring.Known``."""
        return self.seen.trust(name)

    # -- placing ------------------------------------------------------------------------------------------------------------

    def place(self, one: Signature) -> Placed:
        """Put an alert into the group that it most probably belongs to, or into a new one."""
        one = self.seen.fill(one)
        self.seen.learn(one)
        best, found = self._best(one)
        if best is not None and found is not None:
            if found.probability >= SURE:
                self.seen.learn_fields(one, best.profile)
            best.profile.joins(found.probability, found.spoke(self.weights))
            self._grow(best, one)
            return Placed(best.id, False, found)
        made = Live(group_id(one.alert), Profile())
        self.groups[made.id] = made
        self._grow(made, one)
        return Placed(made.id, True, None)

    def _best(self, one: Signature) -> tuple[Live | None, Compared | None]:
        best: Live | None = None
        chosen: Compared | None = None
        alert = weigh(one, self)
        for group in self.near(one):
            found = compare(alert, group.profile, self, self.weights)
            if found.probability >= JOIN and (chosen is None or found.probability > chosen.probability):
                best, chosen = group, found
        return best, chosen

    def near(self, one: Signature, without: Collection[str] = ()) -> list[Live]:
        """Return the open groups that share most with an alert, at most ``CANDIDATES``."""
        votes: Counter[str] = Counter()
        for weight, key in enumerate(list(keys_of(one))[:KEYS]):
            for group in islice(reversed(self._index.get(key, {})), HOLDERS):
                votes[group] += KEYS - weight
        chosen = [self.groups[group] for group, _ in votes.most_common(CANDIDATES) if group in self.groups and group not in without]
        return [one_group for one_group in chosen if self._open_to(one_group, one.at)]

    def _open_to(self, group: Live, at: float) -> bool:
        return group.profile.first - self.window <= at <= group.profile.last + self.window

    def _grow(self, group: Live, one: Signature) -> None:
        group.profile.add(one)
        self._enter(group, one)

    def _enter(self, group: Live, one: Signature) -> None:
        for key in list(keys_of(one))[:KEYS]:
            holders = self._index.setdefault(key, {})
            holders.pop(group.id, None)
            holders[group.id] = None
            group.keys.add(key)
        for held in _held(one):
            if held not in group.held:
                group.held.add(held)
                self._holders[held] += 1

    # -- uniting ------------------------------------------------------------------------------------------------------------

    def unite(self, touched: Iterable[str]) -> list[tuple[str, str]]:
        """Make one group of those that turned out to belong together; return (group that stays, group that is gone).

        Only groups that were touched are looked at, with the few that share most with them. What people decided about stays as it is.
        """
        united: list[tuple[str, str]] = []
        for group_id_ in list(touched):
            group = self.groups.get(group_id_)
            while group is not None and not group.settled:
                partner = self._partner(group)
                if partner is None:
                    break
                kept, gone = (group, partner) if (group.profile.size, partner.id) >= (partner.profile.size, group.id) else (partner, group)
                self.absorb(kept.id, gone.id)
                united.append((kept.id, gone.id))
                group = kept
        return united

    def _partner(self, group: Live) -> Live | None:
        found: dict[str, Live] = {}
        for one in group.profile.sample[:3]:
            found.update({near.id: near for near in self.near(one, {group.id})[:PARTNERS]})
        best, chosen = UNITE, None
        for other in found.values():
            likeness = self.likeness(group.profile, other.profile) if not other.settled else 0.0
            if likeness >= best:
                best, chosen = likeness, other
        return chosen

    def likeness(self, one: Profile, other: Profile) -> float:
        """Return how probably two groups are one.

        That is the probability that what one says as a whole belongs to the other, where nothing gainsays it, or else the mean probability with
        which some alerts of the smaller belong to the larger; 0 when too few would join it. Of those one direction is enough: whatever all hang
        on is named by them, and names none of them.
        """
        small, large = sorted((one, other), key=lambda profile: profile.size)
        if small.size > 1:
            said = [compare(a.summary(USUAL), b, self, self.weights).probability for a, b in ((small, large), (large, small))]
            if min(said) >= GAINSAID and max(said) >= SPOKEN:
                return max(said)
        likely = [compare(alert, large, self, self.weights).probability for alert in small.sample[:COMPARED]]
        if not likely or sum(each >= JOIN for each in likely) < MOST * len(likely):
            return 0.0
        return sum(likely) / len(likely)

    def absorb(self, kept: str, gone: str) -> None:
        """Put the alerts of one group into another."""
        other = self.groups[gone]
        self._leave(other)
        into = self.groups[kept]
        into.profile.absorb(other.profile)
        for key in other.keys:
            self._index.setdefault(key, {})[kept] = None
        into.keys |= other.keys
        for held in other.held - into.held:
            into.held.add(held)
            self._holders[held] += 1

    # -- keeping ------------------------------------------------------------------------------------------------------------

    def enter(self, group: str, profile: Profile, settled: bool) -> None:
        """Take in an open group as it was stored."""
        live = Live(group, profile, settled)
        self.groups[group] = live
        for one in profile.sample:
            self._enter(live, one)
        for name in ("check", "site", "service", "version", "item", "reason"):
            for value in profile.counts[name]:
                self._index.setdefault((name, value), {})[group] = None
                live.keys.add((name, value))

    def close(self, group: str) -> None:
        """Let nothing join a group any more."""
        if group in self.groups:
            self._leave(self.groups[group])

    def _leave(self, group: Live) -> None:
        del self.groups[group.id]
        for key in group.keys:
            holders = self._index.get(key)
            if holders is not None:
                holders.pop(group.id, None)
                if not holders:
                    del self._index[key]
        self._holders.subtract(dict.fromkeys(group.held, 1))
        for held in group.held:
            if self._holders[held] <= 0:
                del self._holders[held]

    def close_before(self, moment: float) -> list[str]:
        """Close the groups whose last alert was more than the window before a moment, in Unix seconds; return them."""
        over = [group.id for group in self.groups.values() if group.profile.last + self.window < moment]
        for group in over:
            self.close(group)
        return over


def group_id(alert: str) -> str:
    """Return the id of the group that is made for an alert."""
    return f"i_{sha256(alert.encode()).hexdigest()[:14]}"


def _held(one: Signature) -> Iterable[tuple[str, str]]:
    yield from one.fields.items()
    yield from (("name", name) for name in one.names)
    yield from (("word", word) for word in one.words)
    yield from ((f"other {name}", value) for name, value in one.others.items())
