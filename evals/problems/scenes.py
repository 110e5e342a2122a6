"""Generates a week of tickets: outages that several people report, each in their own words, among everyday tickets that look like them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from evals.problems.words import ALONE, CODES, FAULTS, HOW_TO, NAMELESS, SAYS, SERVICES, SITES, TAILS, WISHES

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PEOPLE = 90
UNNAMED, CODED, AT_ONE_SITE, UNKNOWN_SITE = 0.12, 0.45, 0.3, 0.15
"""Shares: of reports that do not name the application, of those that name the error where there is one, of outages of one site, of people
whose site is not known."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that somebody wrote. ``incident`` is its label: "" for what belongs to none."""

    id: str
    person: str
    site: str
    at: datetime
    text: str
    category: str
    incident: str


@dataclass(frozen=True, slots=True)
class Outage:
    """What is broken."""

    id: str
    service: tuple[str, str, str]
    fault: str
    code: str
    site: str
    start: datetime
    hours: float
    reporters: int


@dataclass(slots=True)
class Week:
    """A generated week: its tickets in the order of time, and what people ask in conversations while outages go on."""

    outages: list[Outage] = field(default_factory=list)
    tickets: list[Said] = field(default_factory=list)
    asks: list[Said] = field(default_factory=list)


def week(seed: int, hard: bool = True) -> Week:
    """Return the week of a seed. A hard one has outages that overlap, and everyday tickets about the same applications."""
    draw, made = random.Random(f"problems {seed}"), Week()
    sites = {f"p{number}": "" if draw.random() < UNKNOWN_SITE else draw.choice(SITES) for number in range(PEOPLE)}
    for number in range(draw.randint(3, 6)):
        made.outages.append(_outage(draw, number, made.outages if hard else []))
    for outage in made.outages:
        people = _reporters(draw, outage, sites)
        made.tickets += [_report(draw, outage, person, sites[person], f"{outage.id}.{at}") for at, person in enumerate(people)]
        others = [person for person in sites if person not in people]
        made.asks += [_report(draw, outage, draw.choice(others), "", f"{outage.id}.ask{at}") for at in range(4)]
    made.tickets += [_everyday(draw, sites, made.outages if hard else [], f"e{at}") for at in range(draw.randint(70, 120))]
    made.asks += [_everyday(draw, sites, made.outages, f"a{at}") for at in range(40)]
    made.tickets.sort(key=lambda one: (one.at, one.id))
    return made


def _outage(draw: random.Random, number: int, before: list[Outage]) -> Outage:
    service = draw.choice(before).service if before and draw.random() < 0.25 else draw.choice(SERVICES)
    used = {one.fault for one in before if one.service == service}
    fault = draw.choice([one for one in FAULTS if one not in used])
    code = draw.choice(CODES[service[2]]) if draw.random() < 0.6 else ""
    site = draw.choice(SITES) if draw.random() < AT_ONE_SITE else ""
    start = MONDAY + timedelta(days=draw.randrange(5), hours=draw.uniform(1, 8))
    near = draw.choice(before).start + timedelta(hours=draw.uniform(-3, 3)) if before and draw.random() < 0.4 else start
    return Outage(f"o{number}", service, fault, code, site, near, draw.uniform(1, 10), draw.randint(2, 12))


def _reporters(draw: random.Random, outage: Outage, sites: dict[str, str]) -> list[str]:
    there = [person for person, site in sites.items() if site in (outage.site, "") or not outage.site]
    return draw.sample(there, min(outage.reporters, len(there)))


def _report(draw: random.Random, outage: Outage, person: str, site: str, key: str) -> Said:
    name = outage.service[1]
    named = draw.random() >= UNNAMED
    text = draw.choice(FAULTS[outage.fault]).format(app=_called(draw, name) if named else draw.choice(NAMELESS))
    if outage.code and (draw.random() < CODED or not named):
        code = outage.code.removeprefix("error ") if draw.random() < 0.3 else outage.code
        text = f"{text}. {draw.choice(SAYS).format(code=code)}"
    at = outage.start + timedelta(hours=min(draw.expovariate(2 / outage.hours), outage.hours))
    category = outage.service[2] if draw.random() < 0.7 else "general"
    return Said(key, person, site, at, _typed(draw, f"{text} {draw.choice(TAILS)}".strip()), category or "general", outage.id)


def _everyday(draw: random.Random, sites: dict[str, str], outages: list[Outage], key: str) -> Said:
    """Return a ticket of its own cause: half of them name an application, and some of these report that something of it is broken."""
    person = draw.choice(list(sites))
    at = MONDAY + timedelta(days=draw.randrange(5), hours=draw.uniform(0, 11))
    kind = draw.random()
    service = draw.choice(outages).service if outages and draw.random() < 0.5 else draw.choice(SERVICES)
    category = service[2] or "general"
    if kind < 0.28:
        text = draw.choice(HOW_TO).format(app=service[1])
    elif kind < 0.40:
        text = _own_fault(draw, service)
    elif kind < 0.55:
        text, category = draw.choice(WISHES), "general"
    else:
        text, category = draw.choice(ALONE), "laptop" if draw.random() < 0.5 else "general"
    return Said(key, person, sites[person], at, _typed(draw, f"{text} {draw.choice(TAILS)}".strip()), category, "")


def _own_fault(draw: random.Random, service: tuple[str, str, str]) -> str:
    """Return something that is broken for one person alone."""
    return draw.choice(
        (
            "{app} shows my old surname, please correct it",
            "One customer is missing in {app}, number {n}",
            "I closed a record in {app} by mistake, number {n}",
            "The language of {app} is wrong on my computer",
            "{app} prints on the wrong tray for form {n}",
            "My signature in {app} has the wrong phone number",
            "A colleague who left still receives tasks from {app}",
            "The font in {app} is too small on my new screen",
        )
    ).format(app=service[1], n=draw.randint(100, 999))


def _called(draw: random.Random, name: str) -> str:
    return name.lower() if draw.random() < 0.25 and not name.isupper() else name


def _typed(draw: random.Random, text: str) -> str:
    """Return a text as people type it: now and then with two letters exchanged, without a capital, or without its last stop."""
    if draw.random() < 0.25:
        place = draw.randrange(1, max(len(text) - 2, 2))
        if text[place].isalpha() and text[place + 1 : place + 2].isalpha() and text[place].islower():
            text = f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}"
    return text[0].lower() + text[1:] if draw.random() < 0.3 and not text[:2].isupper() else text
