"""Generates labelled scenes of alerts: many causes at once, told apart by what alerts say and not by when they come.

Names of sites, services, checks and codes, and the wording of messages, are made up anew for every seed. Every row says that it is generated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

BEGIN = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
SYLLABLES = [
    "ba",
    "be",
    "bo",
    "da",
    "de",
    "do",
    "fa",
    "fi",
    "ga",
    "go",
    "ka",
    "ke",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "no",
    "pa",
    "pe",
    "po",
    "ra",
    "re",
    "ro",
    "sa",
    "se",
    "so",
    "ta",
    "te",
    "to",
    "va",
    "ve",
    "vi",
    "zu",
]
SUBJECTS = [
    "update",
    "agent",
    "disk",
    "volume",
    "link",
    "tunnel",
    "sensor",
    "battery",
    "queue",
    "certificate",
    "backup",
    "login",
    "mailbox",
    "replica",
    "index",
    "license",
    "cooling",
    "session",
]
FAULTS = ["failed", "timed out", "is full", "is unreachable", "exceeded its limit", "was rejected", "is degraded", "did not start", "lost contact"]
FILLERS = ["attempt", "again", "after", "while", "during", "on", "for", "reported by", "see", "please check", "threshold", "current value"]


@dataclass(frozen=True, slots=True)
class Setting:
    """How hard scenes are."""

    skew_minutes: float
    missing: float
    late: float
    noise: float
    crowded: bool
    """Whether causes begin together, at the same sites, with the same checks."""


SETTINGS = {"easy": Setting(0.5, 0.03, 0.02, 0.15, False), "hard": Setting(6.0, 0.15, 0.06, 0.35, True)}


@dataclass(slots=True)
class Check:
    """A check with the ways in which it words what it found."""

    name: str
    service: str
    wordings: list[str]
    reasons: list[str]


@dataclass(slots=True)
class World:
    """The made-up organisation of one seed."""

    random: Random
    setting: Setting
    sites: list[tuple[str, str, str]] = field(default_factory=list)
    """(name, region, prefix of devices)."""
    devices: dict[int, list[str]] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    skews: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, setting: Setting) -> World:
        """Make an organisation."""
        world = cls(Random(seed), setting)
        random = world.random
        regions = [world.word().capitalize() for _ in range(3)]
        names = [world.word().capitalize() for _ in range(random.randint(14, 22))]
        for name in names:
            world.sites.append((name, random.choice(regions), name[:3].casefold()))
        for name, region, prefix in world.sites[:4]:  # the same name in another region
            other = random.choice([one for one in regions if one != region])
            world.sites.append((name, other, prefix + random.choice("xyz")))
        kinds = ["ws", "lt", "srv", "prn", "kiosk"]
        named = random.random() < 0.7  # whether devices are called after their site
        for number, (_, _, prefix) in enumerate(world.sites):
            world.devices[number] = [
                f"{prefix if named else world.word()}-{random.choice(kinds)}-{random.randint(1, 999):03d}" for _ in range(random.randint(40, 90))
            ]
        world.services = [world.word() for _ in range(random.randint(6, 10))]
        for _ in range(random.randint(24, 36)):
            subject = random.choice(SUBJECTS)
            name = random.choice([f"{subject}_{random.choice(['health', 'state', 'check', 'usage'])}", f"{subject.capitalize()} {world.word()}"])
            wordings = [world.wording(subject) for _ in range(random.randint(1, 3))]
            reasons = [world.code() for _ in range(random.randint(4, 8))]
            world.checks.append(Check(name, random.choice(world.services), wordings, reasons))
        return world

    def word(self) -> str:
        """Return a word that means nothing."""
        return "".join(self.random.choice(SYLLABLES) for _ in range(self.random.randint(2, 3)))

    def code(self) -> str:
        """Return a code or a short reason."""
        random = self.random
        return random.choice([f"0x{random.getrandbits(32):08X}", f"E{random.randint(100, 9999)}", f"{self.word()} {random.choice(FAULTS)}"])

    def wording(self, subject: str) -> str:
        """Return a sentence with places for what changes."""
        random = self.random
        parts = [f"{subject} {random.choice(FAULTS)}", f"{random.choice(FILLERS)} {{number}}", "{{extra}}"]
        if random.random() < 0.5:
            parts.append(f"{random.choice(FILLERS)} {{device}}")
        random.shuffle(parts)
        return " ".join(parts).replace("{{", "{").replace("}}", "}")

    def site(self) -> int:
        """Return a site."""
        return self.random.randrange(len(self.sites))

    def some(self, site: int, least: int, most: int) -> list[str]:
        """Return different devices of a site."""
        return self.random.sample(self.devices[site], min(self.random.randint(least, most), len(self.devices[site])))


@dataclass(slots=True)
class Said:
    """One report before it is spoiled."""

    at: float
    """Seconds after the begin."""
    site: int
    device: str
    check: Check
    extra: str = ""
    version: str = ""
    reason: str = ""
    state: str = "firing"


Cause = Callable[[World, float], Iterator[Said]]


def _rollout(world: World, start: float) -> Iterator[Said]:
    """A version fails wherever it goes."""
    random, check = world.random, world.random.choice(world.checks)
    version = random.choice([f"KB{random.randint(5000000, 5999999)}", f"{random.randint(1, 30)}.{random.randint(0, 9)}.{random.randint(0, 99)}"])
    reasons, span = random.sample(check.reasons, random.choice([1, 1, 2])), random.uniform(600, 4200)
    for site in random.sample(range(len(world.sites)), random.randint(1, 4)):
        for device in world.some(site, 3, 15):
            extra = f"installing {version}" if random.random() < 0.5 else ""
            yield Said(start + random.uniform(0, span), site, device, check, extra, version, random.choice(reasons))


def _local(world: World, start: float, check: Check | None = None, site: int | None = None) -> Iterator[Said]:
    """One check fails at one site, for one reason."""
    random = world.random
    check, site = check or random.choice(world.checks), world.site() if site is None else site
    reason, span = random.choice(check.reasons), random.uniform(300, 2400)
    for device in world.some(site, 3, 14):
        yield Said(start + random.uniform(0, span), site, device, check, "", "", reason)


def _outage(world: World, start: float, site: int | None = None) -> Iterator[Said]:
    """A thing that others hang on goes, and they say so, most of them by its name."""
    random, site = world.random, world.site() if site is None else site
    root = f"{world.sites[site][2]}-{random.choice(['sw', 'rtr', 'ups', 'ap'])}-{random.randint(1, 99):02d}"
    own, others = random.choice(world.checks), random.sample(world.checks, 2)
    yield Said(start, site, root, own, "", "", random.choice(own.reasons))
    for device in world.some(site, 5, 20):
        check = random.choice([own, own, *others])
        extra = f"via {root}" if check is not own or random.random() < 0.5 else ""
        yield Said(start + random.expovariate(1 / 240), site, device, check, extra)


def _cascade(world: World, start: float) -> Iterator[Said]:
    """A service fails, then those that need it, which name it."""
    random, site = world.random, world.site()
    chain = random.sample(world.services, min(random.randint(3, 4), len(world.services)))
    at, before = start, f"{chain[0]}-db-{random.randint(1, 20):02d}"
    first = random.choice(world.checks)
    yield Said(at, site, before, first, "", "", random.choice(first.reasons))
    for service in chain:
        check = Check(random.choice(world.checks).name, service, [random.choice(world.checks).wordings[0]], [])
        here = f"{service}-{random.choice(['app', 'web', 'api'])}-{random.randint(1, 40):02d}"
        for _ in range(random.randint(1, 4)):
            at += random.uniform(5, 120)
            yield Said(
                at, site if random.random() < 0.8 else world.site(), here, check, f"{random.choice(['upstream', 'waiting for', 'calling'])} {before}"
            )
        before = here


def _named(world: World, start: float) -> Iterator[Said]:
    """One named thing, such as a certificate, is wrong everywhere."""
    random, check = world.random, world.random.choice(world.checks)
    name = f"{world.word()}.{world.word()}.example"
    for _ in range(random.randint(5, 18)):
        site = world.site()
        yield Said(start + random.uniform(0, 2400), site, random.choice(world.devices[site]), check, f"{random.choice(['of', 'for', 'at'])} {name}")


def _device(world: World, start: float) -> Iterator[Said]:
    """One device goes wrong in several ways."""
    random, site = world.random, world.site()
    device = random.choice(world.devices[site])
    for check in random.sample(world.checks, random.randint(2, 4)):
        yield Said(start + random.uniform(0, 900), site, device, check, "", "", random.choice(check.reasons))


def _flapping(world: World, start: float) -> Iterator[Said]:
    """One check of one device goes to and fro."""
    random, site, check = world.random, world.site(), world.random.choice(world.checks)
    device, reason, at = random.choice(world.devices[site]), random.choice(check.reasons), start
    for number in range(random.randint(6, 24)):
        yield Said(at, site, device, check, "", "", reason, "resolved" if number % 2 else "firing")
        at += random.uniform(20, 150)


CAUSES: Sequence[tuple[Cause, float]] = (
    (_rollout, 3),
    (_local, 4),
    (_outage, 2),
    (_cascade, 2),
    (_named, 1.5),
    (_device, 1.5),
    (_flapping, 1),
)


def _causes(world: World, count: int, hours: float) -> Iterator[tuple[str, Iterator[Said]]]:
    random, made = world.random, 0
    while made < count:
        start = random.uniform(0, hours * 3600)
        roll = random.random() if world.setting.crowded else 1.0
        if roll < 0.12:  # the same check at several sites at once, each for its own reason
            check = random.choice(world.checks)
            for site in random.sample(range(len(world.sites)), 3):
                yield "local", _local(world, start + random.uniform(0, 300), check, site)
            made += 3
        elif roll < 0.24:  # different causes at one site at once
            site = world.site()
            yield "outage", _outage(world, start, site)
            yield "local", _local(world, start + random.uniform(0, 300), None, site)
            made += 2
        else:
            cause = random.choices([cause for cause, _ in CAUSES], [weight for _, weight in CAUSES])[0]
            yield cause.__name__.strip("_"), cause(world, start)
            made += 1


def scenes(seed: int, scale: int, setting: str = "hard") -> list[dict[str, Any]]:
    """Return about ``scale`` labelled rows in the order in which they arrive; ``incident`` is None for what has no cause in common."""
    world = World.of(seed, SETTINGS[setting])
    random, noise = world.random, int(scale * world.setting.noise)
    incidents = max(3, int((scale - noise) / 15))
    hours = max(2.0, scale / (250 if world.setting.crowded else 120))
    said: list[tuple[Said, str | None]] = []
    for number, (kind, cause) in enumerate(_causes(world, incidents, hours)):
        said += [(one, f"{kind}-{number:04d}") for one in cause]
        if len(said) >= scale - noise:
            break
    for _ in range(noise):
        site, check = world.site(), random.choice(world.checks)
        found = Said(random.uniform(0, hours * 3600), site, random.choice(world.devices[site]), check, "", "", random.choice(check.reasons))
        said.append((found, None))
    rows = [(_arrival(world, one), _row(world, one, label)) for one, label in said]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _arrival(world: World, said: Said) -> float:
    random = world.random
    return said.at + (random.uniform(300, 2400) if random.random() < world.setting.late else random.uniform(0, 5))


def _row(world: World, said: Said, label: str | None) -> dict[str, Any]:
    random, setting = world.random, world.setting
    skew = world.skews.setdefault(said.device, random.gauss(0, setting.skew_minutes / 2) * 60 if random.random() < 0.2 else random.gauss(0, 2))
    name, region, _ = world.sites[said.site]
    text = random.choice(said.check.wordings).format(number=random.randint(1, 999), extra=said.extra, device=said.device)
    row = {
        "time": (BEGIN + timedelta(seconds=said.at + skew)).isoformat(),
        "device": said.device,
        "check": said.check.name,
        "site": name,
        "region": region,
        "service": said.check.service,
        "version": said.version,
        "error_code": said.reason,
        "message": " ".join(text.split()),
        "severity": random.choice(["critical", "warning", "warning", "info"]),
        "status": said.state,
    }
    for optional in ("device", "check", "site", "region", "service", "version", "error_code", "message"):
        if row[optional] and random.random() < setting.missing and not (optional in ("device", "message") and random.random() < 0.5):
            row[optional] = ""
    if not (row["device"] or row["check"] or row["message"]):
        row["check"] = said.check.name
    return {key: value for key, value in row.items() if value != ""} | {"incident": label, "generated": True}
